"""What a form leaves to the candidate: per company, the fields filled, to confirm, to type, and the calls it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prefill.domain.answers import Answer, Cause
from prefill.forms.model import Form
from prefill.forms.reasons import Reason
from prefill.prefilling.service import Prefill
from prefill.problems import Problem

# Failures that cost a call although no HTTP status came back.
WITHOUT_STATUS = (Cause.TIMEOUT, Cause.UNREACHABLE, Cause.TOO_LARGE, Cause.UNREADABLE, Cause.REDIRECTED)


@dataclass(frozen=True, slots=True)
class Effort:
    """A form for one company; the counts add up to the form's fields.

    Attributes:
        number: the SIRET or SIREN asked.
        filled: fields with a value that needs no second look.
        to_confirm: fields with a value to look at twice.
        to_type: fields that the registers could not fill and that the candidate fills in, when they concern it.
        declared: fields that are the candidate's alone.
        on_request: fields of a source that is asked only when it is named.
        reserved: fields that the buyer obtains.
        useless: fields that cannot exist for such a company.
        calls: calls made to the registers, when nothing is cached.
        typed: the paths of the fields to type.
        refusal: why there is no form at all, in French.
    """

    number: str
    filled: int = 0
    to_confirm: int = 0
    to_type: int = 0
    declared: int = 0
    on_request: int = 0
    reserved: int = 0
    useless: int = 0
    calls: int = 0
    typed: tuple[str, ...] = ()
    refusal: str = ""


NOT_TYPED = frozenset({Reason.DECLARED, Reason.NOT_REQUESTED, Reason.RESERVED, Reason.NOT_APPLICABLE})


def measure(number: str, fill: Callable[[], tuple[Prefill, int]]) -> Effort:
    """Measure the form that `fill` gives for a company, with the number of calls that it cost."""
    try:
        prefill, calls = fill()
    except Problem as problem:
        return Effort(number, refusal=problem.title["fr"])
    filled = prefill.filled
    confirmed = sum(one.confirm for one in filled.provenance.values())
    reasons = Counter(gap.reason for gap in filled.missing.values())
    return Effort(
        number,
        filled=len(filled.provenance) - confirmed,
        to_confirm=confirmed,
        to_type=sum(count for reason, count in reasons.items() if reason not in NOT_TYPED),
        declared=reasons[Reason.DECLARED],
        on_request=reasons[Reason.NOT_REQUESTED],
        reserved=reasons[Reason.RESERVED],
        useless=reasons[Reason.NOT_APPLICABLE],
        calls=calls,
        typed=tuple(path for path, gap in filled.missing.items() if gap.reason not in NOT_TYPED),
    )


def count_calls(answers: Iterable[Answer]) -> int:
    """Count the calls behind some answers, cached ones included: one that stands for several sources was made once."""
    made = {answer.source for answer in answers if answer.http_status is not None or answer.cause in WITHOUT_STATUS}
    return len(made)


def most_typed(form: Form, efforts: Iterable[Effort]) -> list[tuple[str, int]]:
    """Name the fields that are left to type, each with the number of companies, the most often first."""
    counts = Counter(path for effort in efforts for path in effort.typed)
    labels = {part.path: part.label for part in form.fields}
    return [(labels[path], count) for path, count in counts.most_common()]
