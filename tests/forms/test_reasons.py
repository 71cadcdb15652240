"""Why a field has no value, said to a candidate."""

import pytest

from prefill.domain.answers import Cause, Status
from prefill.forms.reasons import REASONS, SENTENCES, Missing, Reason

SOURCE = {"source": "extraits_rcs_infogreffe", "producer": "Infogreffe"}


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_reason_is_one_sentence_without_a_gap(reason, language):
    message = Missing(reason, **SOURCE).message(language)

    assert message.endswith(".")
    assert "{" not in message
    assert "None" not in message


def test_each_status_without_a_value_has_its_reason():
    assert REASONS.keys() == set(Status) - {Status.OK}
    assert SENTENCES.keys() == set(Reason)


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (None, "Infogreffe ne répond pas"),
        (Cause.TIMEOUT, "Infogreffe ne répond pas"),
        (Cause.THROTTLED, "Trop de demandes en ce moment auprès d'API Entreprise"),
        (Cause.OTHER_COMPANY, "au sujet d'une autre entreprise"),
        (Cause.UNREADABLE, "ne sait pas lire"),
        (Cause.REJECTED, "API Entreprise n'accepte pas la demande"),
    ],
)
def test_ways_to_be_unavailable_that_a_candidate_can_tell_apart_are_told(cause, said):
    assert said in Missing(Reason.UNAVAILABLE, cause=cause, **SOURCE).message("fr")


def test_no_register_is_named_where_the_form_and_its_answer_disagree():
    assert "Infogreffe" not in Missing(Reason.UNAVAILABLE).message("fr")


def test_a_register_that_knows_nothing_of_the_company_says_what_that_means():
    absent, unknown = (Missing(Reason.ABSENT, unknown=unknown, **SOURCE).message("en") for unknown in (False, True))

    assert absent != unknown
    assert "does not say that it is in no register" in unknown
