"""The certificates of part IV.D: answered once the candidate confirms them, each kind with one evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefill.espd.model import CriterionAnswer, Declared, Evidence, Note
from prefill.espd.values import at, rows

# Where the JSON has them, and the criterion that each kind answers.
CERTIFICATES = {
    "/partIV/D/qualityAssurance": "qu-certif-indep",
    "/partIV/D/environmentalManagement": "envir-certif-indep",
}


@dataclass(frozen=True, slots=True)
class Certified:
    """What the certificates of one kind give."""

    answers: tuple[CriterionAnswer, ...] = ()
    evidence: Evidence | None = None
    left_out: tuple[Note, ...] = ()


def certified_by(data: Mapping[str, Any], declared: Declared, pointer: str, criterion: str) -> Certified:
    """Answer that certificates can be produced, once the candidate confirms one; the standard takes one evidence each."""
    known = {f"{pointer}/{index}": row for index, row in enumerate(rows(at(data, pointer))) if row.get("name")}
    confirmed = {place: row for place, row in known.items() if place in declared.certificates}
    places = [place for place, row in confirmed.items() if str(row.get("uri", "")).startswith("https://")]
    notes = [
        Note(place, _why_left_out(row, confirmed=place in confirmed))
        for place, row in known.items()
        if place not in places[:1]
    ]
    if not confirmed:
        return Certified(left_out=tuple(notes))
    answers = [CriterionAnswer(criterion, "RG1/RSG1/QSG2/Q1", "INDICATOR", "true")]
    evidence = _evidence(confirmed[places[0]], criterion) if places else None
    if evidence:
        answers += [
            CriterionAnswer(criterion, "RG1/RSG1/QSG3/Q1", "INDICATOR", "true"),
            CriterionAnswer(criterion, "RG1/RSG1/QSG3/QSG1/Q1", "EVIDENCE_IDENTIFIER", evidence.id),
        ]
    return Certified(tuple(answers), evidence, tuple(notes))


def _evidence(row: Mapping[str, Any], criterion: str) -> Evidence:
    return Evidence(criterion, row["name"], str(row.get("code") or row["name"]), row["uri"], row.get("issuer"))


def _why_left_out(row: Mapping[str, Any], *, confirmed: bool) -> str:
    if not confirmed:
        return f"Certificat « {row['name']} » : à confirmer pour y répondre."
    return (
        f"Certificat « {row['name']} » : non joint (sans adresse publique, ou un autre l'est déjà pour cette question)."
    )
