"""From a form and the companies of a tender to a document: who is in which section, what is known, what is blank."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from prefill.documents.french import BY_CANDIDATE, EITHER, clean, label_of, source_of, text_of, unbroken
from prefill.documents.model import Document, Line, Origin, Part, Section
from prefill.domain.company import Role
from prefill.forms.filling import FilledForm, Provenance
from prefill.forms.model import Field, Form, Type, section_of
from prefill.forms.reasons import Reason

SOLE_OR_LEAD = (Role.SOLE_TENDERER, Role.GROUP_LEAD)
# Reasons that a reader gains nothing by: the blank says it.
SILENT = frozenset({Reason.ABSENT, Reason.DECLARED, Reason.NOT_REQUESTED})
SIGNATURE = re.compile(r"\bsignatures?\b", re.IGNORECASE)
MENTION = "Mention"  # /…/nameMention goes with /…/name
MAX_COLUMNS = 3  # beside the company's own
TO_COMPLETE = "Document à compléter, à vérifier et à signer par le candidat."
SOURCES = "Une valeur suivie d'une source vient d'un registre public, à la date indiquée."
INVENTED = "BAC À SABLE : toutes les entreprises et toutes les données sont inventées."


@dataclass(frozen=True, slots=True)
class Company:
    """One company of the tender.

    Attributes:
        role: its role.
        number: its number as people read it; empty for one that is still to be named.
        filled: what the registers gave.
        typed: what the candidate typed, by path.
        warnings: what must be told of it.
    """

    role: Role
    number: str = ""
    filled: FilledForm = field(default_factory=FilledForm)
    typed: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def build(form: Form, companies: Sequence[Company], *, day: date, sandbox: bool = False) -> Document:
    """Lay the companies out over the form's sections; a role of the form that nobody has is blank."""
    shown = [_Content(form.for_role(company.role), company) for company in _with_blanks(form, companies)]
    titles = [*form.sections, ""]
    sections = tuple(
        _section(form.sections.get(path, ""), parts) for path in titles if (parts := tuple(_parts(titles, path, shown)))
    )
    told = [f"{content.name} : {one}" for content in shown for one in content.company.warnings]
    values = {path: text for content in reversed(shown) for path, text in content.texts()}
    mark = (INVENTED,) if sandbox else ()
    return Document(
        form.title, form.description, day, (*mark, TO_COMPLETE, SOURCES, *map(clean, told)), sections, values
    )


def _section(title: str, parts: tuple[Part, ...]) -> Section:
    """Lay a section out: with a space to sign where it is signed, as one table where companies have the same few lines."""
    if SIGNATURE.search(title):
        parts = tuple(replace(part, lines=tuple(_signed(part.lines))) for part in parts)
    labels = {tuple(line.label for line in part.lines) for part in parts}
    few = all(len(part.lines) <= MAX_COLUMNS and not any(line.tall for line in part.lines) for part in parts)
    return Section(title, parts, grid=len(parts) > 1 and len(labels) == 1 and few)


def _signed(lines: tuple[Line, ...]) -> Iterator[Line]:
    yield from lines
    if not any(line.tall for line in lines):
        yield Line("Signature", "", "", Origin.BLANK, tall=True)


def _with_blanks(form: Form, companies: Sequence[Company]) -> list[Company]:
    """Add the companies that the form is about and that are not known yet."""
    roles = {company.role for company in companies}
    missing = [] if roles & set(SOLE_OR_LEAD) else [Role.SOLE_TENDERER]
    missing += [role for role in (Role.RELIED_ON, Role.SUBCONTRACTOR) if role in form.roles and role not in roles]
    return [*companies, *(Company(role) for role in missing if role in form.roles)]


def _parts(titles: Sequence[str], path: str, shown: Sequence[_Content]) -> Iterator[Part]:
    found = [(content, lines) for content in shown if (lines := tuple(content.lines(titles, path)))]
    for content, lines in found:
        yield _gathered(Part(content.name if len(found) > 1 else "", lines))


def _gathered(part: Part) -> Part:
    """Say once what would be said of many blanks: that a register does not answer."""
    repeated = [
        why for why, times in Counter(line.note for line in part.lines if not line.text).items() if why and times > 2
    ]
    lines = tuple(replace(line, note="") if line.note in repeated else line for line in part.lines)
    return Part(part.title, lines, " ".join(repeated))


@dataclass(slots=True)
class _Content:
    """What is known of one company, by field."""

    form: Form
    company: Company
    _signed: dict[str, tuple[Any, Provenance]] = field(init=False)

    def __post_init__(self) -> None:
        self._signed = self.company.filled.values()

    @property
    def name(self) -> str:
        """The company as a title names it: its role, its name, its number."""
        texts = dict(self.texts())
        named = (
            texts[part.path]
            for part in self.form.fields
            if part.place[-1] == "name" and part.path in texts and not part.declared
        )
        who = " · ".join(filter(None, (next(named, ""), unbroken(self.company.number))))
        return f"{self.company.role.label} : {who or 'à désigner'}"

    def lines(self, titles: Sequence[str], path: str) -> Iterator[Line]:
        """Give the lines of a section, without the fields that cannot exist for such a company."""
        for part in self.form.fields:
            if section_of(part.path, titles) == path and not self._cannot_exist(part) and not self._is_joined(part):
                yield self._line(part)

    def _cannot_exist(self, part: Field) -> bool:
        gap = self.company.filled.missing.get(part.path)
        return gap is not None and gap.reason is Reason.NOT_APPLICABLE and part.path not in self.company.typed

    def texts(self) -> Iterator[tuple[str, str]]:
        for part in self.form.fields:
            line = self._line(part)
            if line.origin is not Origin.BLANK:
                yield part.path, line.text

    def _line(self, part: Field) -> Line:
        known, one = self._signed.get(part.path, (None, None))
        label = label_of(part)
        if part.path in self.company.typed and self.company.typed[part.path] != known:
            text = text_of(part, self.company.typed[part.path])
            return Line(label, text, BY_CANDIDATE, Origin.CANDIDATE) if text else _blank(part, "")
        if one is None:
            return _blank(part, self._why(part))
        return Line(label, text_of(part, known) + self._mention(part), source_of(one), Origin.REGISTER)

    def _mention(self, part: Field) -> str:
        """Give what the law has written after a name: « EI » for a sole trader (code de commerce, L526-22)."""
        mention, _ = self._signed.get(f"{part.path}{MENTION}", ("", None)) if part.place[-1] == "name" else ("", None)
        return f" {clean(mention)}" if mention else ""

    def _is_joined(self, part: Field) -> bool:
        """Whether a field is written after the register's name instead of on a line of its own."""
        name = part.path.removesuffix(MENTION)
        typed = self.company.typed
        own = name in typed and typed[name] != self._signed.get(name, (None,))[0]
        return name != part.path and {name, part.path} <= self._signed.keys() and not own and part.path not in typed

    def _why(self, part: Field) -> str:
        gap = self.company.filled.missing.get(part.path)
        return "" if gap is None or gap.reason in SILENT else gap.message("fr")


def _blank(part: Field, why: str) -> Line:
    label = label_of(part)
    tall = part.type is Type.STRING and bool(SIGNATURE.search(label))
    return Line(label, EITHER if part.type is Type.BOOLEAN else "", why, Origin.BLANK, tall)
