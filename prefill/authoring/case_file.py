"""Read the test cases that stand beside a form, in NAME.tests.yaml: every mistake with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import marshmallow
import yaml
from marshmallow import fields

from prefill.authoring.cases import DEFAULT_DAY, FAILURES, Case, Expectation
from prefill.authoring.named_companies import NAMED_COMPANIES
from prefill.authoring.trial import known_sources
from prefill.config_files.diagnostics import Diagnostic
from prefill.config_files.schema import FileSchema, Steps, among, flag, hint, listed, mapping, nested, text
from prefill.config_files.source_file import SourceFile
from prefill.config_files.yaml_file import read_yaml
from prefill.domain.company import Role
from prefill.domain.identifiers import parse
from prefill.forms.model import Form
from prefill.forms.reasons import Reason
from prefill.prefilling.notices import SENTENCES
from prefill.problems import Problem, every_problem
from prefill.sandbox.companies import is_invented

SUFFIX = ".tests.yaml"


def _count(value: str) -> None:
    if not re.fullmatch(r"\d{1,3}", value):
        raise marshmallow.ValidationError(f"attend un nombre d'appels, pas « {value} »")


def _day(value: str) -> None:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise marshmallow.ValidationError(f"attend une date comme 2026-11-23, pas « {value} »") from None


class ExpectationSchema(FileSchema):
    values = mapping(fields.Raw(allow_none=True))
    missing = mapping(text(among(Reason)))
    notices = listed(text(among(SENTENCES)), "codes de notices")
    problem = text(among(problem.code for problem in every_problem()))
    calls = text(_count)
    exact = flag()


class CaseSchema(FileSchema):
    name = text(required=True)
    company = text(required=True)
    role = text(among(Role), load_default=Role.SOLE_TENDERER)
    day = text(_day)
    extra = listed(text(), "sources", data_key="with", load_default=list)
    answers = mapping(fields.Raw())
    changes = mapping(fields.Raw())
    failures = mapping(text(among(FAILURES)))
    expected = nested(ExpectationSchema, data_key="expect", load_default=dict)


class CaseFileSchema(FileSchema):
    cases = listed(nested(CaseSchema), "cas", required=True)


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of a form, and what is wrong in their file: with a mistake there are no cases."""

    path: Path
    cases: tuple[Case, ...] = ()
    mistakes: tuple[Diagnostic, ...] = ()


def path_of_cases(form_file: Path) -> Path:
    """Name the file of a form's test cases.

    >>> str(path_of_cases(Path("schemas/dume.yaml")))
    'schemas/dume.tests.yaml'
    """
    return form_file.with_name(form_file.stem + SUFFIX)


def read_cases(path: Path, form: Form) -> CaseFile:
    """Read the cases of a form."""
    file = SourceFile(path)
    tree = read_yaml(file)
    loaded: Mapping[str, Any] = {}
    if isinstance(tree, dict):
        loaded = file.load(CaseFileSchema(), tree)
    elif file.is_valid():
        file.report((), "attend « cases: », une liste de cas")
    cases = tuple(_cases(file, loaded, form, path)) if file.is_valid() else ()
    mistakes = tuple(sorted(file.diagnostics, key=lambda mistake: mistake.line))
    return CaseFile(path, () if mistakes else cases, mistakes)


def _cases(file: SourceFile, loaded: Mapping[str, Any], form: Form, path: Path) -> Iterator[Case]:
    typed = _typed(path) if loaded else []
    for place, tree in enumerate(loaded.get("cases", [])):
        steps = ("cases", str(place))
        company = _company(file, tree, steps)
        _check_names(file, tree, form.for_role(Role(tree["role"])), steps)
        if company is not None:
            yield Case(
                name=tree["name"],
                company=company,
                expected=_expectation(tree["expected"]),
                role=Role(tree["role"]),
                day=date.fromisoformat(tree["day"]) if "day" in tree else DEFAULT_DAY,
                extra=frozenset(tree["extra"]),
                answers=typed[place].get("answers") or {},
                changes=typed[place].get("changes") or {},
                failures=tree["failures"],
                line=file.line(steps),
            )


def _expectation(tree: Mapping[str, Any]) -> Expectation:
    return Expectation(
        values=tree.get("values", {}),
        missing=tree.get("missing", {}),
        notices=tuple(tree["notices"]) if "notices" in tree else None,
        problem=tree.get("problem"),
        calls=int(tree["calls"]) if "calls" in tree else None,
        exact=tree.get("exact", False),
    )


def _company(file: SourceFile, tree: Mapping[str, Any], steps: Steps) -> str | None:
    """Read a company: a name of the sandbox's, or a number whose answers are known."""
    written = tree["company"]
    if written in NAMED_COMPANIES:
        return NAMED_COMPANIES[written]
    if not re.search(r"\d", written):
        guess = hint(written, NAMED_COMPANIES) or f" ; il y a {', '.join(NAMED_COMPANIES)}"
        file.report((*steps, "company"), f"il n'y a pas d'entreprise « {written} » dans le bac à sable{guess}")
        return None
    try:
        number = parse(written)
    except Problem as problem:
        file.report((*steps, "company"), problem.detail("fr"))
        return None
    if not is_invented(number) and not tree["answers"]:
        file.report(
            (*steps, "company"),
            f"« {written} » n'est pas dans le bac à sable : donnez ses réponses sous « answers » (prefill ask les montre)",
        )
        return None
    return number


def _check_names(file: SourceFile, tree: Mapping[str, Any], form: Form, steps: Steps) -> None:
    """Check the fields and the sources that a case names."""
    names = [name for part in form.fields for name in (part.path, part.alias) if name]
    expected = tree["expected"]
    for key in ("values", "missing"):
        for name in expected.get(key, {}):
            if name not in names:
                guess = hint(name, names)
                file.report((*steps, "expect", key, name), f"le formulaire n'a pas de champ « {name} »{guess}")
    sources = known_sources(form)
    for key in ("answers", "changes", "failures"):
        for name in tree[key]:
            if name not in sources:
                guess = hint(name, sources)
                file.report((*steps, key, name), f"le formulaire ne lit pas de source « {name} »{guess}")
    for place, name in enumerate(tree["extra"]):
        if name not in form.on_demand():
            guess = hint(name, form.on_demand())
            file.report((*steps, "with", str(place)), f"« {name} » n'est pas une source à la demande{guess}")


class _JsonLoader(yaml.SafeLoader):
    """YAML whose plain scalars are JSON's: a date stays a text, and so does `no`."""


_JsonLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"null|~|", "n~"),
    ("bool", r"true|false", "tf"),
    ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)\.[0-9]+", "-0123456789"),
):
    _JsonLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})$"), [*_first, ""])


def _typed(path: Path) -> list[Mapping[str, Any]]:
    """Read the answers of the cases as JSON would: an unquoted number is one there."""
    tree = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_JsonLoader)  # noqa: S506 (a safe loader)
    cases: list[Mapping[str, Any]] = tree["cases"]
    return cases
