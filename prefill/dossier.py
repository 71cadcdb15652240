"""The agent's dossier: what each register lets the entitled buyer see, in the words an agent uses.

The figures and dates come from the instructor form `dossier` through the mapping engine; this module
adds, for every row of the tender use case, its state and what to watch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import jmespath

from prefill.errors import Language
from prefill.expressions import read_iso_date
from prefill.mapping import Filled
from prefill.sources import CATALOGUE, SOURCES, Answer, Source, Status

EXPIRES_SOON = timedelta(days=30)


class State(StrEnum):
    """What an agent reads of a proof."""

    UP_TO_DATE = "up_to_date"
    NOT_UP_TO_DATE = "not_up_to_date"
    EXPIRED = "expired"
    AVAILABLE = "available"
    UNDER_REVIEW = "under_review"
    OUT_OF_SCOPE = "out_of_scope"
    NOT_APPLICABLE = "not_applicable"
    UNAVAILABLE = "unavailable"
    LATE = "late"
    NOT_ENTITLED = "not_entitled"
    WITHHELD = "withheld"
    WITHDRAWN = "withdrawn"
    FORBIDDEN = "forbidden"


WORDS: Mapping[State, Mapping[Language, str]] = {
    State.UP_TO_DATE: {"fr": "à jour", "en": "up to date"},
    State.NOT_UP_TO_DATE: {"fr": "non à jour", "en": "not up to date"},
    State.EXPIRED: {"fr": "échu", "en": "expired"},
    State.AVAILABLE: {"fr": "disponible", "en": "available"},
    State.UNDER_REVIEW: {"fr": "en cours d'analyse", "en": "under review"},
    State.OUT_OF_SCOPE: {"fr": "hors périmètre", "en": "out of scope"},
    State.NOT_APPLICABLE: {"fr": "sans objet", "en": "not applicable"},
    State.UNAVAILABLE: {"fr": "indisponible", "en": "unavailable"},
    State.LATE: {"fr": "en attente", "en": "pending"},
    State.NOT_ENTITLED: {"fr": "non habilité", "en": "not entitled"},
    State.WITHHELD: {"fr": "non diffusé", "en": "withheld"},
    State.WITHDRAWN: {"fr": "service retiré", "en": "withdrawn"},
    State.FORBIDDEN: {"fr": "interdit pour les marchés", "en": "forbidden for tenders"},
}
SENTENCES: Mapping[State, Mapping[Language, str]] = {
    State.UP_TO_DATE: {"fr": "{spoken} confirme que l'entreprise est à jour.", "en": "{producer} confirms it."},
    State.NOT_UP_TO_DATE: {
        "fr": "{spoken} ne confirme pas que l'entreprise est à jour.",
        "en": "{producer} does not confirm that the company is up to date.",
    },
    State.EXPIRED: {"fr": "La validité est passée.", "en": "Its validity has passed."},
    State.AVAILABLE: {"fr": "{spoken} a répondu.", "en": "{producer} answered."},
    State.UNDER_REVIEW: {
        "fr": "{spoken} examine la situation : redemander plus tard.",
        "en": "{producer} is looking into it: ask again later.",
    },
    State.OUT_OF_SCOPE: {
        "fr": "{spoken} n'a rien sur cette entreprise, ou elle est hors de son périmètre : ce n'est pas un manquement.",
        "en": "{producer} holds nothing on this company, or it is out of its scope: this is no breach.",
    },
    State.NOT_APPLICABLE: {"fr": "Ne concerne pas ce type d'entreprise.", "en": "Does not concern such a company."},
    State.UNAVAILABLE: {"fr": "{spoken} ne répond pas : redemander plus tard.", "en": "{producer} does not answer."},
    State.LATE: {"fr": "{spoken} tarde à répondre : redemander dans un instant.", "en": "{producer} is slow."},
    State.NOT_ENTITLED: {
        "fr": "Le jeton de l'acheteur n'a pas ce droit : le demander à API Entreprise.",
        "en": "The buyer's token lacks this right: ask API Entreprise for it.",
    },
    State.WITHHELD: {"fr": "Information non diffusée.", "en": "Not disclosed."},
    State.WITHDRAWN: {"fr": "Service retiré : {refusal}", "en": "Withdrawn: {refusal}"},
    State.FORBIDDEN: {"fr": "Non demandé : {refusal}", "en": "Not asked for: {refusal}"},
}
STATES: Mapping[Status, State] = {
    Status.OK: State.AVAILABLE,
    Status.ABSENT: State.OUT_OF_SCOPE,
    Status.WITHHELD: State.WITHHELD,
    Status.NOT_ENTITLED: State.NOT_ENTITLED,
    Status.MISCONFIGURED: State.UNAVAILABLE,
    Status.UNAVAILABLE: State.UNAVAILABLE,
    Status.LATE: State.LATE,
    Status.NOT_APPLICABLE: State.NOT_APPLICABLE,
    Status.NOT_REQUESTED: State.NOT_APPLICABLE,
}


@dataclass(frozen=True, slots=True)
class Theme:
    id: str
    title: Mapping[Language, str]
    sources: tuple[str, ...]


THEMES: tuple[Theme, ...] = (
    Theme(
        "general",
        {"fr": "Informations générales", "en": "General information"},
        (
            "etablissements",
            "entreprises",
            "siege_social",
            "extraits_rcs_infogreffe",
            "associations",
            "documents_associations",
            "actes_inpi",
            "conventions_collectives",
        ),
    ),
    Theme(
        "financial",
        {"fr": "Capacité financière", "en": "Financial standing"},
        (
            "exercices",
            "effectifs_annuels",
            "effectifs_annuels_precedents",
            "bilans_inpi",
            "bilans_entreprises_bdf",
            "liasses_fiscales_dgfip",
        ),
    ),
    Theme(
        "social_and_tax",
        {"fr": "Attestations sociales et fiscales", "en": "Social and tax certificates"},
        (
            "attestations_fiscales_dgfip",
            "attestations_sociales_acoss",
            "attestations_agefiph",
            "cotisations_msa",
            "cotisation_retraite_probtp",
            "certificats_cnetp",
        ),
    ),
    Theme(
        "certificates",
        {"fr": "Certificats professionnels", "en": "Professional certificates"},
        (
            "cartes_professionnelles_fntp",
            "certificats_rge_ademe",
            "certificats_qualibat",
            "certificats_opqibi",
        ),
    ),
    Theme(
        "intellectual_property",
        {"fr": "Propriété intellectuelle", "en": "Intellectual property"},
        ("extraits_courts_inpi",),
    ),
)
# Rows of the use case that another call answers today: the register's own, protected or open.
ANSWERED_BY: Mapping[str, tuple[str, ...]] = {
    "etablissements": ("etablissements_instructeur", "etablissements"),
    "entreprises": ("etablissements_instructeur", "etablissements"),
    "siege_social": ("siege_social_instructeur", "siege_social"),
    "associations": ("associations_instructeur", "associations"),
    "attestations_agefiph": ("effectifs_boeth",),
}
PUBLIC_SEARCH = "https://data.inpi.fr/entreprises/{siren}"


@dataclass(frozen=True, slots=True)
class Document:
    """A file that our own route serves: `n` counts from 1. `url` is the upstream's and never leaves the house."""

    source: str
    n: int
    title: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """One row of the use case, for one company."""

    source: Source
    state: State
    details: Mapping[str, Any]
    answer: Answer | None = None
    valid_until: date | None = None
    expires_soon: bool = False
    documents: tuple[Document, ...] = ()
    link: str | None = None

    def word(self, language: Language) -> str:
        return WORDS[self.state][language]

    def message(self, language: Language) -> str:
        sentence = SENTENCES[self.state][language]
        return sentence.format(spoken=self.source.spoken, producer=self.source.producer, refusal=self.source.refusal)


def prove(filled: Filled, answers: Mapping[str, Answer], siren: str, today: date) -> dict[str, tuple[Proof, ...]]:
    """Draw up the proofs by theme, from a filled dossier form and the answers it came from."""
    proofs = filled.data.get("proofs") or {}
    return {
        theme.id: tuple(
            _proof(CATALOGUE[name], proofs.get(name) or {}, answers, siren, today) for name in theme.sources
        )
        for theme in THEMES
    }


def documents_of(source: Source, answer: Answer | None) -> tuple[Document, ...]:
    """List the files that an answer names, in its order."""
    if answer is None or not answer.ok or source.documents is None:
        return ()
    urls = jmespath.search(source.documents, answer.data) or []
    return tuple(
        Document(source.name, place, source.title, url)
        for place, url in enumerate(urls, start=1)
        if isinstance(url, str) and url
    )


def has_documents() -> tuple[str, ...]:
    """Name the sources whose answers name files."""
    return tuple(source.name for source in SOURCES if source.documents and source.usable)


def _proof(source: Source, details: Mapping[str, Any], answers: Mapping[str, Answer], siren: str, today: date) -> Proof:
    answer = _answer_for(source, answers)
    details = dict(details)
    state = _state(source, details.pop("state", None), answer)
    until = _next_deadline(details, today)
    if until and until < today and state in (State.UP_TO_DATE, State.AVAILABLE):
        state = State.EXPIRED
    return Proof(
        source=source,
        state=state,
        details=_with_validity(details, today),
        answer=answer,
        valid_until=until,
        expires_soon=bool(until and today <= until <= today + EXPIRES_SOON),
        documents=documents_of(source, answer),
        link=PUBLIC_SEARCH.format(siren=siren) if source.name == "extraits_courts_inpi" else None,
    )


def _answer_for(source: Source, answers: Mapping[str, Answer]) -> Answer | None:
    found = (answers.get(name) for name in ANSWERED_BY.get(source.name, (source.name,)))
    return next((answer for answer in found if answer is not None), None)


def _state(source: Source, told: object, answer: Answer | None) -> State:
    if not source.tenders:
        return State.FORBIDDEN
    if source.withdrawn:
        return State.WITHDRAWN
    if answer is None:
        return State.NOT_APPLICABLE
    if answer.code in source.under_review:
        return State.UNDER_REVIEW
    if answer.ok and isinstance(told, str) and told in State.__members__.values():
        return State(told)
    return STATES[answer.status]


def _next_deadline(details: Mapping[str, Any], today: date) -> date | None:
    """Give the first validity still to end, else the last one that ended."""
    deadlines = sorted(_deadlines(details))
    return next((day for day in deadlines if day >= today), deadlines[-1] if deadlines else None)


def _deadlines(details: Mapping[str, Any]) -> Iterator[date]:
    """Find every end of validity in a proof's details, at whatever depth."""
    for key, value in details.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                yield from _deadlines(one)
            elif key.lower().endswith("validuntil") and isinstance(one, str) and read_iso_date(one):
                yield date.fromisoformat(one)


def _with_validity(details: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Say beside each end of validity whether it is valid today."""
    return {
        key: [_row(one, today) for one in value] if isinstance(value, list) else value for key, value in details.items()
    }


def _row(one: Any, today: date) -> Any:
    if not isinstance(one, Mapping) or not isinstance(one.get("validUntil"), str):
        return one
    return {**one, "valid": date.fromisoformat(one["validUntil"]) >= today}
