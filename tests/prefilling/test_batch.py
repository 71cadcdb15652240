"""Several companies asked for together: one plan of calls, and what fails for one leaves the others as they are."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import date

from prefill.domain.answers import Answer, Status
from prefill.domain.permissions import Audience
from prefill.forms.expressions import compile_expression
from prefill.forms.model import Field, Form, ValueSource
from prefill.prefilling.batch import prefill_all
from prefill.prefilling.service import Prefill, Request, Service
from prefill.problems import CompanyUnknown

LEAD, MEMBER, BRANCH, UNKNOWN = "00000100800010", "00000200600013", "00000200600021", "00001600600017"
INSEE, RCS, VAT = "etablissements", "extraits_rcs_infogreffe", "numero_tva"
FORM = Form(
    "f", "F", "1", Audience.CANDIDATE,
    tuple(
        Field(f"/{name}", name, (ValueSource(name, compile_expression(key)),))
        for name, key in ((INSEE, "siret"), (RCS, "greffe.code"), (VAT, "numero_tva"))
    ),
)  # fmt: skip


def establishment(siret: str) -> dict[str, object]:
    return {
        "siret": siret, "siege_social": siret != BRANCH, "etat_administratif": "A", "status_diffusion": "diffusible",
        "unite_legale": {
            "siren": siret[:9], "status_diffusion": "diffusible", "etat_administratif": "A",
            "forme_juridique": {"code": "5710"},
        },
        "adresse": {},
    }  # fmt: skip


class Registers:
    """Registers that answer at once, and note what they are asked in its order."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def submit(self, source, company, **_: object) -> Future[Answer]:
        self.asked.append((source.name, source.identify(company)))
        future: Future[Answer] = Future()
        future.set_result(self.answer(source.name, company))
        return future

    def answer(self, name, company) -> Answer:
        if name == INSEE and company.siret != UNKNOWN:
            return Answer(name, Status.OK, establishment(company.siret))
        return Answer(name, Status.ABSENT if name == INSEE else Status.UNAVAILABLE)

    def is_cached(self, source, company) -> bool:
        return False


def outcomes_of(*numbers: str) -> tuple[list[object], Registers]:
    registers = Registers()
    service = Service(registers, deadline=5.0, clock=lambda: 0.0, today=lambda: date(2026, 11, 23))
    return prefill_all(service, [Request(number, FORM) for number in numbers]), registers


def test_every_company_is_known_before_anything_else_is_asked_and_then_each_has_its_turn():
    outcomes, registers = outcomes_of(LEAD, MEMBER)

    assert [outcome.filled.data[INSEE] for outcome in outcomes] == [LEAD, MEMBER]
    assert registers.asked == [
        (INSEE, LEAD), (INSEE, MEMBER), (RCS, LEAD[:9]), (RCS, MEMBER[:9]), (VAT, LEAD[:9]), (VAT, MEMBER[:9]),
    ]  # fmt: skip


def test_two_establishments_of_one_company_share_its_calls_though_they_fail():
    outcomes, registers = outcomes_of(MEMBER, BRANCH)

    assert [outcome.filled.data[INSEE] for outcome in outcomes] == [MEMBER, BRANCH]
    assert [name for name, _ in registers.asked].count(RCS) == 1
    assert all(outcome.answers[RCS].status is Status.UNAVAILABLE for outcome in outcomes)


def test_a_company_that_nobody_knows_is_a_problem_in_its_place():
    (first, problem, last), registers = outcomes_of(LEAD, UNKNOWN, MEMBER)

    assert isinstance(problem, CompanyUnknown)
    assert isinstance(first, Prefill)
    assert isinstance(last, Prefill)
    assert (RCS, UNKNOWN[:9]) not in registers.asked


def test_no_company_is_no_call():
    assert outcomes_of()[0] == []
