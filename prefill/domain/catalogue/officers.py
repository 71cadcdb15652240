"""The functions of a company's officers as registrars write them: who may bind it, first of all, who supervises, who audits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from prefill.domain.disclosure import MASK, masked
from prefill.domain.identifiers import luhn


class Duty(Enum):
    REPRESENTS = "represents"
    SUPERVISES = "supervises"
    AUDITS = "audits"
    ACTS_FOR_OTHERS = "acts for others"  # of the creditors, by order of a court


# Who does not represent the company, whatever else the words say. Texts are folded: lower case, no accents, single spaces.
APART: tuple[tuple[Duty, re.Pattern[str]], ...] = (
    (Duty.AUDITS, re.compile(r"\bcom+is+aires?\b|\bcac\b|\bc a c\b")),
    (Duty.AUDITS, re.compile(r"\b(control(eur|euse|eure)|verificat(eur|rice)|audit(eur|rice)|revis(eur|euse|rice))s?\b")),
    (Duty.SUPERVISES, re.compile(r"\bsurveillance\b|\bcenseure?s?\b")),
    (Duty.ACTS_FOR_OTHERS, re.compile(r"\bmandataires? judiciaires?\b|\brepresentante?s? des (creanciers|salaries)\b")),
)  # fmt: skip
LIQUIDATOR = re.compile(r"\bliquidat(eur|rice)s?\b")
PERMANENT = re.compile(r"\brepresentante? (permanente?|de|du)\b")
OTHERWISE = re.compile("")  # no function, as of a sole trader, or one that is not in the table
# Who may bind the company, the first one first; each word is tried in this order.
RANKS: tuple[re.Pattern[str], ...] = (
    LIQUIDATOR,
    re.compile(r"\bpresidente? direct(eur|rice) generale?\b|\bp ?d ?g\b"),
    re.compile(r"(?<!vice )\bpresidente?\b(?! (du|de|d un) (conseil|comite))"),
    re.compile(r"\b(co ?)?gerante?s?\b"),
    re.compile(r"\b(direct(eur|rice) generale?|d ?g)\b(?! (delegue|adjoint))"),
    re.compile(r"\bdirect(eur|rice) generale?\b|\bd ?g ?d\b"),
    re.compile(r"\bdirectoire\b"),
    re.compile(r"\bengager\b|\brepresentante? legale?\b|\bfondee? de pouvoirs?\b|\ben france\b|\bexploitante?\b|\bchef\b"),
    re.compile(r"(?<!vice )\bpresidente?\b"),
    re.compile(r"\badministrat(eur|rice) (judiciaire|provisoire)\b|\bad hoc\b"),
    OTHERWISE,
    re.compile(r"\badministrat(eur|rice)s?\b|\bvice presidente?\b|\bmembres?\b|\bassociee?s?\b|\bsecretaire\b|\btresori"),
    PERMANENT,
)  # fmt: skip
UNRANKED = RANKS.index(OTHERWISE)


def fold(text: str | None) -> str:
    """Reduce a text to its words, to compare what is written by hand.

    >>> fold("Co-commissaire\xa0aux  Comptes")
    'co commissaire aux comptes'
    """
    plain = unicodedata.normalize("NFKD", text or "").encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[a-z0-9]+", plain.casefold()))


def duty(role: str | None) -> Duty:
    """Tell what an officer does.

    >>> duty("Contrôleuse des comptes"), duty("Gérante"), duty(None)
    (<Duty.AUDITS: 'audits'>, <Duty.REPRESENTS: 'represents'>, <Duty.REPRESENTS: 'represents'>)
    """
    words = fold(role)
    return next((apart for apart, pattern in APART if pattern.search(words)), Duty.REPRESENTS)


def rank(role: str | None) -> int:
    """Rank a function among those that may bind the company: 0 is the first."""
    words = fold(role)
    ranks = (place for place, pattern in enumerate(RANKS) if pattern is not OTHERWISE and pattern.search(words))
    return next(ranks, UNRANKED)


def is_liquidator(role: str | None) -> bool:
    return LIQUIDATOR.search(fold(role)) is not None


Officer = Mapping[str, Any]


def representatives(officers: Iterable[object]) -> list[Any]:
    """Choose who may represent the company, who binds it first; each once, auditors and supervisors left out.

    A natural person who stands for the legal person listed just before is written beside it (`represente_par`). An officer
    whose function is withheld is a mask: nobody can tell what it does.
    """
    shown = _with_stand_ins(officers)
    chosen = [row for row in shown if row == MASK or duty(row.get("fonction")) is Duty.REPRESENTS]
    return _once(sorted(chosen, key=lambda row: UNRANKED if row == MASK else rank(row.get("fonction"))))


def supervisors(officers: Iterable[object]) -> list[Any]:
    """Choose who supervises the company without representing it, each once."""
    rows = [row for row in officers if isinstance(row, Mapping) and not masked(row.get("fonction"))]
    return _once([_numbered(row) for row in rows if duty(row.get("fonction")) is Duty.SUPERVISES])


def _with_stand_ins(officers: Iterable[object]) -> list[Any]:
    """Write beside each legal person the natural person who stands for it; a masked function masks the row."""
    shown: list[Any] = []
    for row in officers:
        if not isinstance(row, Mapping):
            shown.extend([MASK] if isinstance(row, str) and masked(row) else [])
        elif masked(row.get("fonction")):
            shown.append(MASK)
        elif PERMANENT.search(fold(row.get("fonction"))) and shown and _awaits_a_person(shown[-1]):
            shown[-1] = {**shown[-1], "represente_par": _full_name(row)}
        else:
            shown.append(_numbered(row))
    return shown


def _awaits_a_person(row: Any) -> bool:
    return bool(isinstance(row, Mapping) and row.get("raison_sociale") and not row.get("represente_par"))


def _full_name(row: Officer) -> str | None:
    parts = [row.get(key) for key in ("prenom", "nom")]
    if masked(parts):
        return MASK
    return " ".join(part for part in parts if isinstance(part, str) and part) or None


def _numbered(row: Officer) -> dict[str, Any]:
    """Keep as a number only what can be a SIREN: registrars write « RCS ANNECY » there too."""
    number = row.get("numero_identification")
    digits = re.sub(r"\s", "", number) if isinstance(number, str) and not masked(number) else None
    known = number if masked(number) else digits if digits and re.fullmatch(r"\d{9}", digits) and luhn(digits) else None
    return {**row, "numero_identification": known}


def _once(rows: list[Any]) -> list[Any]:
    """Merge the lines of the same officer, the functions one after the other."""
    merged: list[Any] = []
    places: dict[tuple[str, ...], list[int]] = {}
    for row in rows:
        key = _identity(row)
        namesakes = places.setdefault(key, []) if key else []
        same = next((place for place in namesakes if _may_be_one(merged[place], row)), None)
        if same is not None:
            merged[same] = _joined(merged[same], row)
            continue
        namesakes.append(len(merged))
        merged.append(row)
    return merged


def _may_be_one(one: Officer, namesake: Officer) -> bool:
    """Tell whether two companies of one name are one, as far as their numbers say."""
    numbers = {row.get("numero_identification") for row in (one, namesake)} - {None}
    return len(numbers) < 2


def _identity(row: Any) -> tuple[str, ...]:
    """Say who an officer is; empty when it cannot be told."""
    if not isinstance(row, Mapping) or masked([row.get(key) for key in ("nom", "prenom", "raison_sociale")]):
        return ()
    name = tuple(
        fold(part) if isinstance(part := row.get(key), str) else "" for key in ("nom", "prenom", "raison_sociale")
    )
    return name if any(name) else ()


def _joined(first: Officer, second: Officer) -> dict[str, Any]:
    roles = [row.get("fonction") for row in (first, second)]
    number = first.get("numero_identification") or second.get("numero_identification")
    both = {**second, **first, **({"numero_identification": number} if number else {})}
    if not isinstance(roles[1], str) or fold(roles[1]) in map(fold, str(roles[0] or "").split(", ")):
        return both
    return {**both, "fonction": ", ".join(role for role in roles if isinstance(role, str) and role)}
