"""The search over the sandbox's companies: what is shown, why, and with how few calls."""

import threading

import pytest

from prefill.company_search.service import CompanySearch, Typists
from prefill.company_search.suggestions import Why
from prefill.domain.answers import Answer, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.sandbox.searched import NAMESAKE
from tests.support.search import open_stage


@pytest.fixture
def stage():
    return open_stage()


def test_a_name_finds_its_company(stage):
    (found,) = stage.search.find("menuiserie val doré").companies
    assert found.siren == "000001008"
    assert (found.name, found.city, found.postal_code) == ("MENUISERIE DU VAL DORE", "RENNES", "35000")
    assert (found.head_office, found.activity, found.closed) == ("00000100800010", "43.32A", False)
    assert (found.why, found.open_establishments) == (Why.NAME, 1)
    (place,) = found.establishments
    assert (place.siret, place.street, place.name) == (
        "00000100800010",
        "14 BIS RUE DES TROIS MIRABELLES",
        "LES FENETRES DU VAL",
    )


@pytest.mark.parametrize(
    ("typed", "siren", "why"),
    [
        ("000001008", "000001008", Why.SIREN),
        ("000 001 008 00010", "000001008", Why.SIRET),
        ("W000000031", "000003004", Why.RNA),
        ("lat", "000003004", Why.ACRONYM),
        ("fenetres val", "000001008", Why.TRADE_NAME),
        ("traverse grenoble", "000002006", Why.ADDRESS),
        ("traverse 38000", "000002006", Why.NAME),
    ],
)
def test_a_company_is_shown_with_what_matched(stage, typed, siren, why):
    (found,) = stage.search.find(typed).companies
    assert (found.siren, found.why) == (siren, why)


def test_a_vat_number_is_checked_against_those_in_force(stage):
    known = stage.search.find("000001008").companies[0]
    assert known
    assert [one.why for one in stage.search.find("FR29000001008").companies] == [Why.VAT]
    assert stage.search.find("FRK7000001008").companies == ()  # a key of letters, which is not the company's
    assert stage.calls == 1


@pytest.mark.parametrize("typed", ["", "ab", "000001009", "00000100800011", "FR99000001008", "0000", "W29", "l' d'"])
def test_what_cannot_find_anything_costs_no_call(stage, typed):
    found = stage.search.find(typed)
    assert found.companies == ()
    assert not found.partial
    assert stage.calls == 0


def test_the_establishment_of_a_typed_siret_is_the_one_shown(stage):
    (found,) = stage.search.find("00000200600021").companies
    assert [place.siret for place in found.establishments] == ["00000200600021"]
    assert found.head_office == "00000200600013"


def test_an_rna_number_is_known_where_a_number_was_typed(stage):
    assert stage.search.find("000003004").companies[0].rna == "W000000031"


def test_companies_of_one_name_are_told_apart(stage):
    found = stage.search.find(NAMESAKE).companies
    assert {one.city for one in found} == {"NANTES", "CHAMBERY", "LILLE"}
    assert [one.closed for one in found] == [False, False, True]


def test_at_most_as_many_as_asked(stage):
    found = stage.search.find(NAMESAKE).first(2)
    assert len(found.companies) == 2
    assert found.partial


def test_an_unfinished_word_is_said_to_be_one(stage):
    found = stage.search.find("menuis")
    assert found.companies == ()
    assert found.incomplete_word
    assert not found.partial


def test_an_unfinished_last_word_is_dropped_then_filtered(stage):
    found = stage.search.find("comptoirs grand estu")
    assert [one.name for one in found.companies] == ["COMPTOIRS DU GRAND ESTUAIRE"]
    assert found.incomplete_word
    assert stage.asked == ["comptoirs grand estu", "comptoirs grand"]


def test_as_the_word_grows_nothing_is_asked_again(stage):
    stage.search.find("menuiserie")
    for typed in ("menuiserie d", "menuiserie do", "menuiserie dor", "menuiserie dore", "menuiserie dore renn"):
        assert stage.names(typed) == ["MENUISERIE DU VAL DORE"]
    assert stage.calls == 1


def test_a_whole_word_comes_before_the_beginning_of_one(stage):
    stage.search.find("halage")
    found = stage.search.find("halage nantes")
    assert not found.incomplete_word
    assert [one.city for one in found.companies] == ["NANTES"]


def test_words_after_one_that_finds_nothing_are_not_asked(stage):
    stage.search.find("menuis")
    found = stage.search.find("menuis dore")
    assert found.companies == ()
    assert not found.incomplete_word
    assert stage.calls == 1


def test_an_establishment_that_was_not_listed_is_asked_for(stage):
    """The answer about a company of sixty establishments lists ten."""
    stage.search.find("estuaire")
    found = stage.search.find("estuaire comptoir brest 57")
    assert stage.calls > 1
    assert [len(one.establishments) for one in found.companies] == [1]


def test_a_letter_is_the_beginning_of_a_word(stage):
    found = stage.search.find("menuiserie v")
    assert found.incomplete_word
    assert found.companies


def test_a_person_who_limits_disclosure_is_found_by_number_alone_and_not_named(stage):
    assert stage.names("canarisse") == []
    (found,) = stage.search.find("000006007").companies
    assert (found.name, found.trade_name, found.postal_code) == (None, None, None)
    assert found.city == "AURILLAC"
    assert [(place.street, place.name, place.postal_code) for place in found.establishments] == [(None, None, None)]


def test_a_company_that_limits_disclosure_keeps_its_name_alone(stage):
    (found,) = stage.search.find("jardins sans bruit").companies
    assert (found.name, found.trade_name, found.postal_code) == ("JARDINS SANS BRUIT", None, None)
    assert stage.names("chardonvert") == []


@pytest.mark.parametrize(
    ("typed", "siren", "partial"),
    [("canarisse", "000006007", []), ("jardins sans bruit", None, ["JARDINS SANS BRUIT"])],
)
def test_what_prefills_learned_of_a_company_hides_it_here_at_once(stage, typed, siren, partial):
    siren = siren or stage.search.find(typed).companies[0].siren
    establishment = CATALOGUE["etablissements"]
    for status, shown in (("partiellement_diffusible", partial), ("non_diffusible", [])):
        stage.search.find(typed)  # from the cache, too
        stage.limits.learn(
            establishment, siren, Answer(establishment.name, Status.OK, data={"status_diffusion": status})
        )
        assert stage.names(typed) == shown
        assert stage.search.find("menuiserie val doré").companies, "others are shown"
    assert stage.search.find(siren).companies == ()


def test_the_same_text_is_asked_once_an_hour(stage):
    for typed in ("Menuiserie", "menuiserie", " MENUISERIE "):
        stage.search.find(typed)
    assert stage.calls == 1
    stage.clock.at += 3601
    stage.search.find("menuiserie")
    assert stage.calls == 2


def test_when_the_quota_is_spent_what_is_known_is_shown():
    stage = open_stage(per_second=1)
    stage.search.find("comptoirs")
    while stage.client.quota.reserve(2.0).allowed:
        pass
    found = stage.search.find("comptoirs cloc")
    assert [one.name for one in found.companies] == ["COMPTOIR DES TROIS CLOCHERS"]
    assert (found.incomplete_word, found.partial) == (True, True)
    assert found.retry_after > 0
    assert stage.calls == 1


def test_when_the_quota_is_spent_and_nothing_is_known_it_says_so():
    stage = open_stage(per_second=1)
    while stage.client.quota.reserve(2.0).allowed:
        pass
    found = stage.search.find("menuiserie")
    assert (found.companies, found.partial) == ((), True)
    assert found.retry_after > 0
    assert stage.calls == 0


@pytest.mark.parametrize(
    "fault",
    [
        "500",
        "404",
        "429",
        "429:date",
        "reset",
        "html",
        "empty",
        "malformed",
        "null",
        "shape",
        "partial",
        "redirect",
        "gzipbomb",
        "timeout",
        "huge:10",
    ],
)
def test_whatever_the_upstream_does_the_search_answers_with_what_it_has(stage, fault):
    stage.search.find("menuiserie")
    stage.fail(fault)
    assert stage.names("menuiserie dor") == ["MENUISERIE DU VAL DORE"]
    found = stage.search.find("tilleul")
    assert (found.companies, found.partial) == ((), True)
    assert found.retry_after > 0


def test_an_older_answer_is_shown_while_the_upstream_fails(stage):
    stage.search.find("menuiserie")
    stage.clock.at += 7200
    stage.fail("503")
    found = stage.search.find("menuiserie")
    assert [one.name for one in found.companies] == ["MENUISERIE DU VAL DORE"]
    assert found.partial


def test_one_that_was_known_a_day_ago_is_forgotten(stage):
    stage.search.find("menuiserie")
    stage.clock.at += 90_000
    stage.fail("503")
    assert stage.search.find("menuiserie").companies == ()


def test_identical_texts_at_once_make_one_call(stage):
    threads = [threading.Thread(target=stage.search.find, args=("menuiserie",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stage.calls == 1


class TestTypists:
    def test_whoever_types_on_abandons_what_was_typed_before(self):
        typists = Typists()
        with typists.typing("v", "menuis") as before, typists.typing("v", "menuiserie") as after:
            assert before.is_set()
            assert not after.is_set()

    def test_others_behind_the_same_address_do_not(self):
        typists = Typists()
        with typists.typing("v", "menuis") as one, typists.typing("v", "tilleul"), typists.typing("w", "menuiserie"):
            assert not one.is_set()

    def test_an_abandoned_text_is_not_asked(self, stage):
        quota = open_stage(per_second=1)
        quota.client.quota.reserve()
        abandoned = threading.Event()
        abandoned.set()
        found = quota.client.fetch({"q": "menuiserie"}, patience=5.0, abandoned=abandoned)
        assert found.page is None
        assert quota.calls == 0


def test_the_service_needs_nothing_but_a_client(stage):
    assert CompanySearch(stage.client).find("tilleul").companies
