"""What candidates must be told of a buyer."""

from prefill.settings import Settings
from prefill.tenancy.information import FACTS, Information, information_of, read_information


def test_every_fact_that_nobody_filled_in_is_named():
    assert Information().lacking() == tuple(FACTS)
    assert Information("a", "b", "c", "d", 60).lacking() == ()


def test_one_buyer_s_facts_are_settings():
    told = information_of(Settings(controller="Lyon", retention_months=60, consent=True))

    assert (told.controller, told.retention_months, told.consent) == ("Lyon", 60, True)
    assert told.lacking() == ("contact", "dpo", "privacy_url")


def test_the_controller_is_the_buyer_unless_its_notice_says_otherwise():
    assert read_information(None, buyer="Ville de Lyon").controller == "Ville de Lyon"
    assert read_information({"controller": "Métropole"}, buyer="Ville de Lyon").controller == "Métropole"
