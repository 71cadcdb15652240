"""What a form leaves to type, and what it costs."""

from __future__ import annotations

from pathlib import Path

from prefill.authoring.cases import Case, Expectation
from prefill.authoring.effort import count_calls, measure, most_typed
from prefill.authoring.trial import open_trials
from prefill.forms.registry import load_all

DUME = load_all([Path(__file__).resolve().parents[2] / "schemas"]).forms["dume"]


def effort_of(number):
    with open_trials() as trials:
        outcome = trials.run(DUME, Case("", number, Expectation()))

        def fill():
            if outcome.problem:
                raise outcome.problem
            return outcome.prefill, outcome.calls

        return measure(number, fill), outcome


def test_every_field_is_counted_once():
    effort, outcome = effort_of("00000100800010")
    counts = (
        effort.filled,
        effort.to_confirm,
        effort.to_type,
        effort.declared,
        effort.on_request,
        effort.reserved,
        effort.useless,
    )

    told = {one.field for one in outcome.prefill.filled.provenance.values()} | outcome.prefill.filled.missing.keys()

    assert sum(counts) == len(told)
    assert {part.path for part in DUME.fields} - told <= {part.path for part in DUME.fields if part.optional}
    assert effort.to_confirm
    assert (effort.on_request, effort.reserved) == (6, 5)
    assert effort.to_type == len(effort.typed)
    assert effort.calls == count_calls(outcome.prefill.answers.values()) == 3


def test_a_company_without_a_form_says_why():
    assert effort_of("00001600600017")[0].refusal == "Entreprise inconnue"


def test_the_fields_that_are_typed_most_often_come_first():
    efforts = [effort_of(number)[0] for number in ("00000100800010", "00001000900017", "00001100700010")]

    told = most_typed(DUME, efforts)

    assert [count for _, count in told] == sorted((count for _, count in told), reverse=True)
    assert dict(told)["Code postal"] == 1
