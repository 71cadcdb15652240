"""What the dates of a proof say on a day."""

from datetime import date, timedelta

import pytest

from prefill.dossier.model import Detail
from prefill.dossier.states import State
from prefill.dossier.validity import next_deadline, state_on, with_validity
from prefill.forms.filling import Provenance
from prefill.forms.model import Field

TODAY = date(2026, 11, 30)
YESTERDAY, TOMORROW = TODAY - timedelta(1), TODAY + timedelta(1)


def detail(name, value):
    return Detail(name, Field(f"/proofs/a/{name}", name), value, Provenance(f"/proofs/a/{name}", "a", "A", None))


@pytest.mark.parametrize(
    ("until", "state"),
    [(TOMORROW, State.VALID), (TODAY, State.VALID), (YESTERDAY, State.EXPIRED), (None, State.AVAILABLE)],
)
def test_a_certificate_is_valid_to_the_end_of_its_last_day(until, state):
    assert state_on(State.AVAILABLE, (), until, TODAY) is state


@pytest.mark.parametrize(("day", "state"), [(TOMORROW, State.AVAILABLE), (TODAY, State.CLOSED)])
def test_a_closure_counts_from_its_day(day, state):
    assert state_on(State.CLOSED, (detail("closedOn", day.isoformat()),), None, TODAY) is state


def test_dates_change_nothing_of_what_a_register_did_not_give():
    assert state_on(State.NOT_DELIVERED, (), YESTERDAY, TODAY) is State.NOT_DELIVERED


def test_archived_certificates_alone_are_expired():
    rows = [{"archived": True, "validUntil": TOMORROW.isoformat()}]

    assert state_on(State.AVAILABLE, (detail("certificates", rows),), None, TODAY) is State.EXPIRED
    assert next_deadline((detail("certificates", rows),), TODAY) is None


def test_the_next_deadline_is_the_first_to_come_else_the_last_that_passed():
    rows = [{"validUntil": day.isoformat()} for day in (YESTERDAY, TOMORROW, TOMORROW + timedelta(9))]

    assert next_deadline((detail("certificates", rows),), TODAY) == TOMORROW
    assert next_deadline((detail("validUntil", YESTERDAY.isoformat()),), TODAY) == YESTERDAY
    assert next_deadline((), TODAY) is None


def test_qualifications_on_probation_do_not_prolong_those_that_expired():
    probation = detail("probationaryValidUntil", TOMORROW.isoformat())
    expired, valid = (detail("validUntil", day.isoformat()) for day in (YESTERDAY, TOMORROW + timedelta(9)))

    assert next_deadline((expired, probation), TODAY) == YESTERDAY
    assert next_deadline((valid, probation), TODAY) == TOMORROW
    assert next_deadline((probation,), TODAY) == TOMORROW


def test_each_row_says_whether_it_is_valid():
    rows = [{"validUntil": TOMORROW.isoformat()}, {"validUntil": YESTERDAY.isoformat()}, {"name": "x"}]

    assert [row.get("valid") for row in with_validity(detail("certificates", rows), TODAY).value] == [True, False, None]
