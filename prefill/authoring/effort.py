"""What a form leaves to the candidate: per company, the fields filled, to confirm, to type, and the calls it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from prefill.authoring.cases import Case, Expectation
from prefill.authoring.trial import open_trials
from prefill.domain.answers import Answer, Cause
from prefill.domain.company import Role
from prefill.forms.model import Form
from prefill.forms.reasons import Reason
from prefill.prefilling.service import Prefill
from prefill.problems import Problem

# Failures that cost a call although no HTTP status came back.
WITHOUT_STATUS = (Cause.TIMEOUT, Cause.UNREACHABLE, Cause.TOO_LARGE, Cause.UNREADABLE, Cause.REDIRECTED)


@dataclass(frozen=True, slots=True)
class Effort:
    """A form for one company; the counts add up to the form's fields, but for optional ones that are empty.

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

    @property
    def counts(self) -> tuple[int, ...]:
        """The counts, in the order of `HEADINGS`."""
        return (
            self.filled, self.to_confirm, self.to_type, self.declared, self.on_request, self.reserved, self.useless,
            self.calls,
        )  # fmt: skip


HEADINGS = (
    "Remplis", "À vérifier", "À saisir", "Déclarés", "À la demande", "Réservés", "Sans objet", "Appels",
)  # fmt: skip
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


@contextmanager
def sandbox_filler(form: Form, role: Role) -> Iterator[Callable[[str], tuple[Prefill, int]]]:
    """Open what fills a form for a number on the sandbox, and counts the calls."""
    with open_trials() as trials:

        def fill(number: str) -> tuple[Prefill, int]:
            outcome = trials.run(form, Case("", number, Expectation(), role))
            if outcome.prefill is None:
                raise outcome.problem or AssertionError(number)
            return outcome.prefill, outcome.calls

        yield fill


def measure_all(numbers: Iterable[str], fill: Callable[[str], tuple[Prefill, int]]) -> list[Effort]:
    """Measure a form for several companies."""
    return [measure(number, partial(fill, number)) for number in numbers]


def means(efforts: Sequence[Effort]) -> list[float]:
    """The mean of each count, over the companies that have the form; nothing without any."""
    columns = zip(*(effort.counts for effort in efforts if not effort.refusal), strict=True)
    return [sum(column) / len(column) for column in columns]


def count_calls(answers: Iterable[Answer]) -> int:
    """Count the calls behind some answers, cached ones included: one that stands for several sources was made once."""
    made = {answer.source for answer in answers if answer.http_status is not None or answer.cause in WITHOUT_STATUS}
    return len(made)


def most_typed(form: Form, efforts: Iterable[Effort]) -> list[tuple[str, int]]:
    """Name the fields that are left to type, each with the number of companies, the most often first."""
    counts = Counter(path for effort in efforts for path in effort.typed)
    labels = {part.path: part.label for part in form.fields}
    return [(labels[path], count) for path, count in counts.most_common()]
