"""Run the test cases of forms, and write the report that people read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from prefill.authoring.case_file import CaseFile, path_of_cases, read_cases
from prefill.authoring.cases import Case
from prefill.authoring.comparison import Difference, compare
from prefill.authoring.trial import Outcome, Trials
from prefill.forms.model import Form


@dataclass(frozen=True, slots=True)
class CaseResult:
    case: Case
    outcome: Outcome
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        return not self.differences and not self.case.expected.empty


@dataclass(frozen=True, slots=True)
class FormResult:
    """The results of a form's cases, or what is wrong in their file."""

    form: Form
    file: CaseFile
    results: tuple[CaseResult, ...]

    @property
    def passed(self) -> bool:
        return not self.file.mistakes and all(result.passed for result in self.results)

    @property
    def failed(self) -> dict[int, tuple[Case, Outcome]]:
        """The cases that do not pass, by their rank."""
        return {place: (result.case, result.outcome) for place, result in enumerate(self.results) if not result.passed}


def cases_beside(form: Form) -> Path | None:
    """Find the file of a form's test cases; None when there is none."""
    path = path_of_cases(Path(form.file))
    return path if path.is_file() else None


def run_form(form: Form, path: Path, trials: Trials) -> FormResult:
    file = read_cases(path, form)
    return FormResult(form, file, tuple(_run(form, case, trials) for case in file.cases))


def _run(form: Form, case: Case, trials: Trials) -> CaseResult:
    outcome = trials.run(form, case)
    return CaseResult(case, outcome, compare(form, case, outcome))


def report(results: Iterable[FormResult]) -> Iterator[str]:
    """Write the results: what differs, then one line a form."""
    for result in results:
        for mistake in result.file.mistakes:
            yield str(mistake)
        for one in result.results:
            if not one.passed:
                yield from _report_case(result, one)
        yield _summary(result)


def _report_case(result: FormResult, one: CaseResult) -> Iterator[str]:
    yield f"{result.file.path}:{one.case.line}: {one.case.name}"
    if not one.differences:
        yield "  ce cas n'attend rien : écrivez « expect », ou laissez --update l'écrire"
    for difference in one.differences:
        yield f"  {difference.place}"
        yield from _side("attendu", difference.expected)
        yield from _side("obtenu", difference.obtained)
    yield ""


def _side(word: str, text: str) -> Iterator[str]:
    first, *rest = text.split("\n")
    yield f"    {word:<8}{first}"
    yield from (" " * 12 + line for line in rest)


def _summary(result: FormResult) -> str:
    if result.file.mistakes:
        return f"{result.form.id} : le fichier de tests ne se lit pas"
    count, failed = len(result.results), len(result.failed)
    told = f"{count} cas" if count else "aucun cas"
    return f"{result.form.id} : {told}, {f'{failed} en échec' if failed else 'tous justes'}"
