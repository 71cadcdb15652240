"""A test case of a form: the company, what its registers answer, and what the filled form must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from prefill.domain.answers import Cause, Status
from prefill.domain.company import Role

DEFAULT_DAY = date(2026, 11, 23)  # the day of a case that names none: what depends on the day stays comparable

# How a source can fail in a case.
FAILURES: Mapping[str, tuple[Status, Cause | None]] = {
    "error": (Status.UNAVAILABLE, Cause.PROVIDER),
    "timeout": (Status.UNAVAILABLE, Cause.TIMEOUT),
    "quota": (Status.UNAVAILABLE, Cause.THROTTLED),
    "unreadable": (Status.UNAVAILABLE, Cause.UNREADABLE),
    "late": (Status.LATE, None),
    "absent": (Status.ABSENT, None),
    "withheld": (Status.WITHHELD, None),
    "not_entitled": (Status.NOT_ENTITLED, None),
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a case expects; what it does not name is not compared.

    Attributes:
        values: by path or alias; « … » stands for any value, and at the end of a list for any further rows.
        missing: the reason why a field is empty, by path or alias.
        notices: the codes of all the notices, in any order; None when they are not compared.
        problem: the code of the refusal, in place of a filled form.
        calls: how many calls the registers receive; None when they are not counted.
        exact: whether a field that `values` does not name must be empty.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] | None = None
    problem: str | None = None
    calls: int | None = None
    exact: bool = False

    @property
    def empty(self) -> bool:
        return self == Expectation(exact=self.exact)


@dataclass(frozen=True, slots=True)
class Case:
    """One case, as it is written in the file of a form's tests.

    Attributes:
        name: a sentence of the author's.
        company: a SIRET or a SIREN.
        expected: what the filled form must hold.
        role: the company's, in a form of several.
        day: the day on which the form is filled.
        extra: the sources asked on demand (`with`).
        answers: by source, the whole `data` of a recorded answer, in place of the sandbox's.
        changes: by source, what of the sandbox's answer differs: objects are merged, anything else is replaced.
        failures: by source, a name of `FAILURES`.
        line: where the case stands in its file.
    """

    name: str
    company: str
    expected: Expectation
    role: Role = Role.SOLE_TENDERER
    day: date = DEFAULT_DAY
    extra: frozenset[str] = frozenset()
    answers: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    line: int = 0
