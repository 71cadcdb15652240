"""Awarded companies asked again over months: what is due, what changed, a register that is dead, the audit trail."""

from __future__ import annotations

import csv
import json
from concurrent.futures import Future
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import icalendar
import pytest

from prefill import assembly
from prefill.audit.factory import open_audit_trail
from prefill.audit.sinks import FileSink
from prefill.audit.trail import AuditTrail
from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.dates import PARIS
from prefill.domain.requester import RequesterKind
from prefill.dossier.states import State
from prefill.prefilling.service import Service
from prefill.problems import AuditUnavailable
from prefill.settings import Settings
from prefill.watch.asking import Asker
from prefill.watch.awards import Award
from prefill.watch.files import write_calendar, write_table
from prefill.watch.run import Watch
from prefill.watch.schedule import Observation, due_on
from prefill.watch.state import StateFile

JOINERY, ROADWORKS = "00000100800010", "00002200400014"
VIGILANCE, RCS = "attestations_sociales_acoss", "extraits_rcs_infogreffe"
START = date(2026, 3, 2)
ENDS = date(2028, 3, 1)


def certificate(until: date, code: str = "ok") -> Answer:
    data = {
        "entity_status": {"code": code, "libelle": "Statut", "description": ""}, "document_url": None,
        "date_debut_validite": (until - timedelta(days=180)).isoformat(), "date_fin_validite": until.isoformat(),
        "code_securite": "ABC",
    }  # fmt: skip
    return Answer(VIGILANCE, Status.OK, data)


def dead(source: str) -> Answer:
    return Answer(source, Status.UNAVAILABLE, cause=Cause.PROVIDER)


class OwnAnswers:
    """The sandbox's registers, of which a test answers some sources itself; notes who asked for what."""

    def __init__(self, registers) -> None:
        self._registers = registers
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str]] = []
        self.requesters = set()

    def submit(self, source, company, **options):
        self.asked.append((source.name, company.siret))
        self.requesters.add((options["requester"].kind, options["object"]))
        if source.name not in self.answers:
            return self._registers.submit(source, company, **options)
        answered: Future[Answer] = Future()
        answered.set_result(self.answers[source.name])
        return answered

    def is_cached(self, source, company):
        return self._registers.is_cached(source, company)


@pytest.fixture(scope="module")
def sandbox():
    upstream = assembly.open_upstream(Settings())
    yield upstream
    upstream.close()


@pytest.fixture
def registers(sandbox):
    own = OwnAnswers(sandbox)
    own.answers[VIGILANCE] = certificate(date(2026, 7, 31))
    return own


class Contracts:
    """A file of contracts and its runs, on the day that a test says."""

    def __init__(self, folder: Path, registers: OwnAnswers, *awards: Award) -> None:
        self.folder, self.awards, self.registers = folder, awards, registers
        self.trail = open_audit_trail(str(folder / "audit.jsonl"))
        self.form = assembly.read_forms(Settings()).forms["dossier"]

    def run(self, day: date, *, companies: int = 100) -> Watch:
        service = Service(self.registers, deadline=20.0, clock=_clock(), today=lambda: day)
        asker = Asker(
            lambda _: service, self.form, self.trail, now=lambda: datetime.combine(day, time(6), PARIS),
            agent="watch:cron", run="run-1",
        )  # fmt: skip
        watch = Watch(self.awards, StateFile(self.folder / "awards.csv"), day)
        watch.note_expiries()
        left = iter(range(companies))
        for _ in watch.ask(asker, lambda: next(left, None) is not None):
            pass
        return watch

    def records(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in (self.folder / "audit.jsonl").read_text().splitlines()]


def _clock():
    import time

    return time.monotonic


@pytest.fixture
def contracts(tmp_path, registers):
    return Contracts(tmp_path, registers, Award("Lot 1", JOINERY, "2026-TRX-014", "sandbox", START, ENDS))


def told(watch: Watch) -> list[tuple[str, State | None, State]]:
    return [(one.proof, one.was and one.was.state, one.now.state) for one in watch.state.changes if not one.written]


def test_a_company_is_asked_at_the_award_then_only_when_something_is_due(contracts, registers):
    contracts.run(START)
    first = {name for name, _ in registers.asked}
    registers.asked.clear()
    contracts.run(START + timedelta(days=1))

    assert {VIGILANCE, RCS} <= first
    assert registers.asked == []
    assert registers.requesters == {(RequesterKind.BACKGROUND, "2026-TRX-014")}


def test_before_the_award_and_after_the_end_nothing_is_asked_and_nothing_is_kept(contracts, registers):
    contracts.run(START - timedelta(days=1))
    assert registers.asked == []
    contracts.run(START)
    registers.asked.clear()
    watch = contracts.run(ENDS + timedelta(days=1))

    assert registers.asked == []
    assert watch.state.known == {}


def test_the_vigilance_certificate_is_asked_again_before_it_ends_and_every_six_months(contracts, registers):
    contracts.run(START)
    registers.asked.clear()
    contracts.run(date(2026, 7, 15))
    early = list(registers.asked)
    registers.answers[VIGILANCE] = certificate(date(2026, 12, 31))
    watch = contracts.run(date(2026, 7, 16))
    asked = {name for name, _ in registers.asked}

    assert early == []
    assert VIGILANCE in asked
    assert RCS not in asked  # six months after the award
    assert (VIGILANCE, State.DELIVERED, State.DELIVERED) in told(watch)
    assert watch.state.known[contracts.awards[0].key][VIGILANCE].until == date(2026, 12, 31)
    registers.asked.clear()
    contracts.run(date(2026, 9, 2))
    assert RCS in {name for name, _ in registers.asked}


def test_what_changed_between_two_runs_is_told_once(contracts, registers, tmp_path):
    assert VIGILANCE not in {proof for proof, _, _ in told(contracts.run(START))}
    registers.answers[VIGILANCE] = certificate(date(2026, 7, 31), "refus_de_delivrance")
    watch = contracts.run(date(2026, 7, 20))
    table = list(csv.reader(write_table(watch).decode("utf-8-sig").splitlines(), delimiter=";"))
    watch.mark_written()
    watch.deliver(None)

    assert (VIGILANCE, State.DELIVERED, State.REFUSED) in told(watch) or watch.state.changes == ()
    refused = next(row for row in table if row[4] == "Attestation de vigilance")
    assert refused[5] == "délivrance refusée par l'Urssaf"
    assert refused[9] == "était : délivrée jusqu'au 2026-07-31"
    again = contracts.run(date(2026, 7, 21))
    assert told(again) == []


def test_a_dead_register_changes_nothing_and_its_question_remains(contracts, registers):
    contracts.run(START)
    registers.answers[VIGILANCE] = dead(VIGILANCE)
    watch = contracts.run(date(2026, 7, 20))

    assert told(watch) == []
    assert watch.report.unanswered == {State.UNAVAILABLE: 1}
    assert not watch.report.whole
    registers.answers[VIGILANCE] = certificate(date(2027, 1, 31))
    assert told(contracts.run(date(2026, 7, 21))) == [(VIGILANCE, State.DELIVERED, State.DELIVERED)]


def test_a_validity_that_ends_while_the_register_is_dead_is_told(contracts, registers):
    contracts.run(START)
    registers.answers[VIGILANCE] = dead(VIGILANCE)
    watch = contracts.run(date(2026, 8, 1))

    assert (VIGILANCE, State.DELIVERED, State.EXPIRED) in told(watch)
    assert VIGILANCE in {name for name, _ in registers.asked}


def test_a_call_that_the_quota_holds_back_waits_for_the_next_run(contracts, registers):
    registers.answers[VIGILANCE] = Answer(VIGILANCE, Status.UNAVAILABLE, cause=Cause.THROTTLED, retry_after=30)
    watch = contracts.run(START)
    assert watch.report.held_back
    registers.answers[VIGILANCE] = certificate(date(2026, 7, 31))
    registers.asked.clear()
    contracts.run(START)

    assert {name for name, _ in registers.asked} == {"etablissements_instructeur", VIGILANCE}


def test_what_waited_longest_goes_first_and_the_rest_is_taken_up_again(tmp_path, registers):
    early = Award("Lot 1", JOINERY, "A", "sandbox", START, ENDS)
    late = Award("Lot 2", ROADWORKS, "A", "sandbox", START + timedelta(days=3), ENDS)
    contracts = Contracts(tmp_path, registers, late, early)
    first = contracts.run(START + timedelta(days=5), companies=1)

    assert first.report.left == 1
    assert set(first.state.known) == {early.key}
    assert set(contracts.run(START + timedelta(days=5)).state.known) == {early.key, late.key}


def test_the_first_answer_is_a_change_only_when_somebody_must_act(tmp_path, sandbox):
    contracts = Contracts(tmp_path, OwnAnswers(sandbox), Award("Lot 2", ROADWORKS, "A", "sandbox", START, ENDS))
    changes = told(contracts.run(date.today()))  # noqa: DTZ011 (the sandbox's validities follow the day)

    assert (VIGILANCE, None, State.REFUSED) in changes
    assert RCS not in {proof for proof, _, _ in changes}


def test_the_intent_is_recorded_before_any_call_and_the_outcome_after(contracts):
    contracts.run(START)
    intent, outcome = contracts.records()

    assert (intent["outcome"], outcome["outcome"]) == ("requested", "complete")
    assert VIGILANCE in intent["sources"].split()
    assert VIGILANCE in outcome["sources"].split()
    for record in (intent, outcome):
        assert (record["agent"], record["tenant"], record["siret"]) == ("watch:cron", "sandbox", JOINERY)
        assert (record["object"], record["request_id"]) == ("2026-TRX-014", "run-1")
    assert contracts.trail.verify().intact


def test_while_no_record_can_be_written_no_register_is_asked(contracts, registers, tmp_path):
    contracts.trail = AuditTrail(FileSink(tmp_path / "missing" / "audit.jsonl"))

    with pytest.raises(AuditUnavailable):
        contracts.run(START)
    assert registers.asked == []


@pytest.mark.parametrize(
    ("status", "problem"), [(Status.ABSENT, "Entreprise inconnue"), (Status.WITHHELD, "Entreprise non diffusible")]
)
def test_what_cannot_be_asked_is_to_ask_by_hand_and_looked_at_again_each_month(contracts, registers, status, problem):
    registers.answers["etablissements_instructeur"] = Answer("etablissements_instructeur", status)
    watch = contracts.run(START)
    states = {row[5] for row in csv.reader(write_table(watch).decode("utf-8-sig").splitlines()[1:], delimiter=";")}

    assert watch.report.problems == {problem: ["Lot 1"]}
    assert states == {"à demander à la main (non diffusé)"}
    watch.mark_written()
    watch.deliver(None)
    assert watch.report.whole
    assert contracts.records()[-1]["outcome"] == "refused"
    assert watch.due() == []
    month_later = contracts.run(START + timedelta(days=30))
    assert told(month_later) == []
    assert month_later.report.asked == 1
    del registers.answers["etablissements_instructeur"]
    assert (VIGILANCE, State.WITHHELD, State.DELIVERED) in told(contracts.run(START + timedelta(days=60)))


def test_a_company_that_sirene_knew_and_knows_no_more_keeps_its_proofs_and_waits_for_the_next_run(contracts, registers):
    contracts.run(START)
    registers.answers["etablissements_instructeur"] = Answer("etablissements_instructeur", Status.ABSENT)
    watch = contracts.run(date(2026, 7, 20))

    assert not watch.report.whole
    assert watch.due() != []
    assert watch.state.known[contracts.awards[0].key][VIGILANCE].until == date(2026, 7, 31)


def test_a_right_that_the_buyer_never_had_is_to_ask_by_hand_and_one_that_is_lost_waits(contracts, registers):
    had = registers.answers[VIGILANCE]
    registers.answers[VIGILANCE] = Answer(VIGILANCE, Status.NOT_ENTITLED)
    never = contracts.run(START)
    registers.answers[VIGILANCE] = had
    contracts.run(START + timedelta(days=30))
    registers.answers[VIGILANCE] = Answer(VIGILANCE, Status.NOT_ENTITLED)
    lost = contracts.run(date(2026, 7, 20))

    assert (VIGILANCE, None, State.NOT_ENTITLED) in told(never)
    assert never.report.unanswered == {}
    assert lost.report.unanswered == {State.NOT_ENTITLED: 1}
    assert lost.state.known[contracts.awards[0].key][VIGILANCE].state is State.DELIVERED


def test_a_change_that_the_webhook_does_not_take_is_kept_until_it_does(contracts, registers):
    contracts.run(START)
    registers.answers[VIGILANCE] = certificate(date(2026, 7, 31), "refus_de_delivrance")
    watch = contracts.run(date(2026, 7, 20))
    watch.mark_written()
    watch.deliver(lambda award, change: "le récepteur répond 503")
    sent = []
    later = contracts.run(date(2026, 7, 21))
    later.deliver(lambda award, change: sent.append((award.reference, change.id)))

    assert (watch.report.undelivered, watch.report.fault) == (1, "le récepteur répond 503")
    assert not watch.report.whole
    assert sent == [("Lot 1", watch.state.changes[0].id)]
    assert later.state.changes == ()


def test_no_cell_of_the_table_is_a_formula(tmp_path, registers):
    award = Award('=HYPERLINK("http://a")', JOINERY, "@SUM(A1)", "sandbox", START, ENDS)
    watch = Contracts(tmp_path, registers, award).run(START)
    rows = list(csv.reader(write_table(watch).decode("utf-8-sig").splitlines(), delimiter=";"))

    assert {row[0] for row in rows[1:]} == {'\'=HYPERLINK("http://a")'}
    assert {row[3] for row in rows[1:]} == {"'@SUM(A1)"}


def test_the_calendar_holds_the_deadlines_and_no_company_in_its_identities(contracts):
    watch = contracts.run(START)
    calendar = icalendar.Calendar.from_ical(write_calendar(watch, datetime(2026, 3, 2, 6, tzinfo=PARIS)))
    events = {str(event["SUMMARY"]): event for event in calendar.walk("VEVENT")}

    vigilance = events["Attestation de vigilance : fin de validité (Lot 1)"]
    assert vigilance["DTSTART"].dt == date(2026, 7, 31)
    assert events["Fin du marché (Lot 1)"]["DTSTART"].dt == ENDS
    assert all(JOINERY not in str(event["UID"]) for event in events.values())
    assert len({str(event["UID"]) for event in events.values()}) == len(events)


def test_a_line_break_in_a_reference_makes_no_event_of_its_own(tmp_path, registers):
    award = Award("Lot 1\r\nEND:VEVENT", JOINERY, "A", "sandbox", START, ENDS)
    watch = Contracts(tmp_path, registers, award).run(START)
    written = write_calendar(watch, datetime(2026, 3, 2, 6, tzinfo=PARIS))

    events = icalendar.Calendar.from_ical(written).walk("VEVENT")
    assert written.count(b"\r\nEND:VEVENT") == len(events)


@pytest.mark.parametrize("state", [State.DELIVERED, State.VALID])
def test_a_state_is_what_it_becomes_with_the_days(state):
    seen = Observation(state, date(2026, 7, 31), START)

    assert seen.on(date(2026, 7, 31)) == seen
    assert seen.on(date(2026, 8, 1)) == replace(seen, state=State.EXPIRED)


def test_a_certificate_that_is_valid_is_asked_again_before_it_ends(contracts):
    seen = Observation(State.VALID, date(2026, 12, 31), START)

    assert due_on(CATALOGUE["certificats_qualibat"], contracts.awards[0], seen) == date(2026, 12, 16)
