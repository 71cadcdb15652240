"""The dossier as data: states, themes, proofs, documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.sources import Source
from prefill.forms.filling import Provenance
from prefill.forms.model import Field
from prefill.problems import Language

EXPIRES_SOON = timedelta(days=30)


class State(StrEnum):
    """What an agent reads of a proof."""

    UP_TO_DATE = "up_to_date"
    NOT_UP_TO_DATE = "not_up_to_date"
    VALID = "valid"
    EXPIRED = "expired"
    CLOSED = "closed"
    TO_CHECK = "to_check"
    AVAILABLE = "available"
    UNDER_REVIEW = "under_review"
    OUT_OF_SCOPE = "out_of_scope"
    NOT_APPLICABLE = "not_applicable"
    NOT_ASKED = "not_asked"
    UNAVAILABLE = "unavailable"
    LATE = "late"
    NOT_ENTITLED = "not_entitled"
    MISCONFIGURED = "misconfigured"
    WITHHELD = "withheld"
    WITHDRAWN = "withdrawn"
    FORBIDDEN = "forbidden"


WORDS: Mapping[State, Mapping[Language, str]] = {
    State.UP_TO_DATE: {"fr": "à jour", "en": "up to date"},
    State.NOT_UP_TO_DATE: {"fr": "non à jour", "en": "not up to date"},
    State.VALID: {"fr": "en cours de validité", "en": "valid"},
    State.EXPIRED: {"fr": "échu", "en": "expired"},
    State.CLOSED: {"fr": "fermé ou radié", "en": "closed or struck off"},
    State.TO_CHECK: {"fr": "à vérifier", "en": "to be checked"},
    State.AVAILABLE: {"fr": "disponible", "en": "available"},
    State.UNDER_REVIEW: {"fr": "en cours d'analyse", "en": "under review"},
    State.OUT_OF_SCOPE: {"fr": "hors périmètre", "en": "out of scope"},
    State.NOT_APPLICABLE: {"fr": "sans objet", "en": "not applicable"},
    State.NOT_ASKED: {"fr": "non demandé", "en": "not asked for"},
    State.UNAVAILABLE: {"fr": "indisponible", "en": "unavailable"},
    State.LATE: {"fr": "en attente", "en": "pending"},
    State.NOT_ENTITLED: {"fr": "non habilité", "en": "not entitled"},
    State.MISCONFIGURED: {"fr": "accès refusé au service", "en": "service misconfigured"},
    State.WITHHELD: {"fr": "non diffusé", "en": "withheld"},
    State.WITHDRAWN: {"fr": "service retiré", "en": "withdrawn"},
    State.FORBIDDEN: {"fr": "interdit pour les marchés", "en": "forbidden for tenders"},
}
SENTENCES: Mapping[State, Mapping[Language, str]] = {
    State.UP_TO_DATE: {
        "fr": "{spoken} atteste que l'entreprise est à jour.",
        "en": "{producer} certifies that the company is up to date.",
    },
    State.NOT_UP_TO_DATE: {
        "fr": "{spoken} n'atteste pas que l'entreprise est à jour.",
        "en": "{producer} does not certify that the company is up to date.",
    },
    State.VALID: {"fr": "Valable aujourd'hui.", "en": "Valid today."},
    State.EXPIRED: {"fr": "La validité est passée.", "en": "Its validity has passed."},
    State.CLOSED: {
        "fr": "{spoken} signale une fermeture, une cessation ou une radiation.",
        "en": "{producer} reports a closure, a cessation or a striking off.",
    },
    State.TO_CHECK: {
        "fr": "{spoken} a répondu sans dire si l'entreprise est à jour : à vérifier.",
        "en": "{producer} answered without saying whether the company is up to date: to be checked.",
    },
    State.AVAILABLE: {"fr": "{spoken} a répondu.", "en": "{producer} answered."},
    State.UNDER_REVIEW: {
        "fr": "{spoken} examine la situation : redemander plus tard.",
        "en": "{producer} is looking into it: ask again later.",
    },
    State.OUT_OF_SCOPE: {
        "fr": "{spoken} n'a rien sur cette entreprise, ou elle est hors de son périmètre : ce n'est pas un manquement.",
        "en": "{producer} holds nothing on this company, or it is out of its scope: this is no breach.",
    },
    State.NOT_APPLICABLE: {
        "fr": "Ne concerne pas ce type d'entreprise ; non interrogé.",
        "en": "Does not concern such a company; not asked.",
    },
    State.NOT_ASKED: {
        "fr": "Le formulaire de l'acheteur ne demande pas cette source.",
        "en": "The buyer's form does not ask for this source.",
    },
    State.UNAVAILABLE: {
        "fr": "{spoken} ne répond pas : redemander plus tard.",
        "en": "{producer} does not answer: ask again later.",
    },
    State.LATE: {
        "fr": "{spoken} tarde à répondre : redemander dans un instant.",
        "en": "{producer} is slow: ask again in a moment.",
    },
    State.NOT_ENTITLED: {
        "fr": "Le jeton de l'acheteur n'a pas ce droit : le demander à API Entreprise.",
        "en": "The buyer's token lacks this right: ask API Entreprise for it.",
    },
    State.MISCONFIGURED: {
        "fr": "API Entreprise refuse l'accès du service : son exploitant doit vérifier son habilitation.",
        "en": "API Entreprise refuses the service's access: its operator must check its credentials.",
    },
    State.WITHHELD: {"fr": "Information non diffusée.", "en": "Not disclosed."},
    State.WITHDRAWN: {"fr": "{refusal}", "en": "Its provider withdrew it."},
    State.FORBIDDEN: {"fr": "Jamais demandé : {refusal}", "en": "Never asked for: tenders may not use it."},
}
THROTTLED: Mapping[Language, str] = {
    "fr": "Trop de demandes en ce moment auprès d'API Entreprise : redemander plus tard.",
    "en": "Too many requests to API Entreprise at the moment: ask again later.",
}
STATES: Mapping[Status, State] = {
    Status.OK: State.AVAILABLE,
    Status.ABSENT: State.OUT_OF_SCOPE,
    Status.WITHHELD: State.WITHHELD,
    Status.NOT_ENTITLED: State.NOT_ENTITLED,
    Status.MISCONFIGURED: State.MISCONFIGURED,
    Status.UNAVAILABLE: State.UNAVAILABLE,
    Status.LATE: State.LATE,
    Status.NOT_APPLICABLE: State.NOT_APPLICABLE,
    Status.NOT_REQUESTED: State.NOT_ASKED,
}
AGAIN = frozenset({State.UNDER_REVIEW, State.UNAVAILABLE, State.LATE})


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
OTHERS: Mapping[Language, str] = {"fr": "Autres renseignements", "en": "Other information"}
PROOFS = "proofs"
COMPANY = "company"
# Rows of the use case that another call answers: the register's own, protected or open.
ANSWERING_SOURCES: Mapping[str, tuple[str, ...]] = {
    "etablissements": ("etablissements_instructeur", "etablissements"),
    "entreprises": ("etablissements_instructeur", "etablissements"),
    "siege_social": ("siege_social_instructeur", "siege_social"),
    "associations": ("associations_instructeur", "associations"),
}
# What stands in today for a withdrawn service.
REPLACEMENTS: Mapping[str, tuple[str, ...]] = {
    "attestations_agefiph": ("effectifs_boeth", "attestations_sociales_acoss"),
}
PUBLIC_SEARCH = "https://data.inpi.fr/entreprises/{siren}"


@dataclass(frozen=True, slots=True)
class Detail:
    """A value of the form beside the field that says its label and its type."""

    name: str
    field: Field
    value: Any
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Document:
    """A file that our own route serves: `n` counts from 1. `url` is the upstream's and never leaves the house."""

    source: str
    n: int
    title: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """One row of the use case, for one company. `stand_ins` are what is served in place of a withdrawn one."""

    source: Source
    state: State
    details: tuple[Detail, ...] = ()
    answer: Answer | None = None
    valid_until: date | None = None
    expires_soon: bool = False
    documents: tuple[Document, ...] = ()
    link: str | None = None
    stand_ins: tuple[Proof, ...] = ()

    @property
    def retry_in(self) -> float | None:
        """In how many seconds to ask again, when the register said so."""
        return self.answer.retry_after if self.answer and self.state in AGAIN else None

    def word(self, language: Language) -> str:
        return WORDS[self.state][language]

    def message(self, language: Language) -> str:
        """Say what the state means, in one sentence."""
        if self.answer and self.answer.cause is Cause.THROTTLED:
            return THROTTLED[language]
        refusal = self.source.refusal
        if self.state is State.WITHDRAWN:
            refusal = refusal[:1].upper() + refusal[1:]
        sentence = SENTENCES[self.state][language]
        return sentence.format(spoken=self.source.spoken, producer=self.source.producer, refusal=refusal)


@dataclass(frozen=True, slots=True)
class Dossier:
    """What an agent reads of a company, as far as it is known."""

    company: tuple[Detail, ...]
    themes: tuple[tuple[Theme, tuple[Proof, ...]], ...]

    @property
    def proofs(self) -> tuple[Proof, ...]:
        return tuple(proof for _, proofs in self.themes for proof in proofs)

    @property
    def expiring(self) -> tuple[Proof, ...]:
        """The proofs whose validity ends soon, the soonest first."""
        soon = [proof for proof in self.proofs if proof.expires_soon]
        return tuple(sorted(soon, key=lambda proof: proof.valid_until or date.max))

    @property
    def documents(self) -> tuple[Document, ...]:
        return tuple(document for proof in self.proofs for document in proof.documents)
