"""Companies that a form can be tried with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prefill.authoring.case_file import read_cases
from prefill.authoring.suite import cases_beside
from prefill.domain.company import Role
from prefill.forms.model import Form

# Companies together, where a form is about several: a role and a number each.
GROUP = "group-lead:00000100800010,group-mem:00000300400017,group-mem:00001400100010"
SUBCONTRACTING = "sole-tenderer:00000200600021,subcont:00000100800010"


@dataclass(frozen=True, slots=True)
class Example:
    """Companies to fill the page with, as the fragment of its address names them: `role:number`, with commas."""

    title: str
    fragment: str


def examples_of(form: Form) -> Iterator[Example]:
    """Several companies where the form is about several, then the form's own cases that change no answer."""
    if Role.GROUP_MEMBER in form.roles:
        yield Example("Un groupement de trois, dont un registre en panne", GROUP)
    if Role.SUBCONTRACTOR in form.roles:
        yield Example("Un titulaire et son sous-traitant", SUBCONTRACTING)
    path = cases_beside(form)
    for case in read_cases(path, form).cases if path else ():
        if not (case.changes or case.answers or case.failures):
            yield Example(case.name, f"{case.role}:{case.company}")
