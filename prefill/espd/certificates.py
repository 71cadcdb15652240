"""The certificates of part IV.D: answered once the candidate confirms them, each kind with one evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prefill.espd.model import CriterionAnswer, Declared, Evidence, Note
from prefill.espd.values import at, is_date, rows, texts
from prefill.espd.versions import Ask, Subject

CERTIFIED = "/partIV/D"


@dataclass(frozen=True, slots=True)
class Certified:
    """What the certificates of one kind give."""

    answers: tuple[CriterionAnswer, ...] = ()
    evidence: Evidence | None = None
    left_out: tuple[Note, ...] = ()
    confirmed: tuple[str, ...] = ()


def name_of(certificate: Mapping[str, str]) -> str:
    """Name a certificate by its body and its code there, or its own name: the same whatever else is listed that day.

    >>> name_of({"name": "Fourniture et pose de menuiseries", "code": "4312", "issuer": "Qualibat"})
    'Qualibat 4312'
    """
    return " ".join(filter(None, (certificate.get("issuer"), certificate.get("code") or certificate.get("name"))))


def names_in(data: Mapping[str, Any], pointer: str) -> frozenset[str]:
    """Name the certificates of one kind that the data lists."""
    return frozenset(name_of(row) for row in map(texts, rows(at(data, pointer))) if row.get("name"))


def certified_by(data: Mapping[str, Any], declared: Declared, pointer: str, criterion: Subject) -> Certified:
    """Answer that certificates can be produced, once the candidate confirms one; the standard takes one evidence each."""
    known = {
        f"{pointer}/{index}": row for index, row in enumerate(map(texts, rows(at(data, pointer)))) if row.get("name")
    }
    confirmed = {place: row for place, row in known.items() if name_of(row) in declared.certificates}
    places = [place for place, row in confirmed.items() if str(row.get("uri", "")).startswith("https://")]
    notes = [
        Note(place, _why_left_out(row, confirmed=place in confirmed), name_of(row))
        for place, row in known.items()
        if place not in places[:1]
    ]
    if not confirmed:
        return Certified(left_out=tuple(notes))
    answers = [CriterionAnswer(criterion, Ask.ANSWER, "true")]
    evidence = _evidence(confirmed[places[0]], criterion) if places else None
    if evidence:
        answers += [
            CriterionAnswer(criterion, Ask.ONLINE, "true"),
            CriterionAnswer(criterion, Ask.EVIDENCE, evidence.id),
        ]
    return Certified(tuple(answers), evidence, tuple(notes), tuple(confirmed))


def unknown_among(declared: Declared, known: frozenset[str]) -> Iterator[Note]:
    """Note the certificates that are confirmed and that no register gives today."""
    for name in sorted(declared.certificates - known):
        why = "confirmé, mais aucun registre ne le donne aujourd'hui."
        yield Note(CERTIFIED, f"Certificat « {name} » : {why}", name)


def _evidence(row: Mapping[str, Any], criterion: Subject) -> Evidence:
    until = row.get("validUntil")
    number = str(row.get("code") or row["name"])
    return Evidence(
        criterion.value, row["name"], number, row["uri"], row.get("issuer"), until if is_date(until) else None
    )


def _why_left_out(row: Mapping[str, Any], *, confirmed: bool) -> str:
    if not confirmed:
        return f"Certificat « {row['name']} » : à confirmer pour y répondre."
    return (
        f"Certificat « {row['name']} » : non joint (sans adresse publique, ou un autre l'est déjà pour cette question)."
    )
