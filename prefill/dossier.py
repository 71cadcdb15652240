"""The agent's dossier: what each register lets the entitled buyer see, in the words an agent uses.

The figures and dates come from the instructor form `dossier` through the mapping engine; this module
adds, for every row of the tender use case, its state and what to watch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import jmespath

from prefill.errors import Language
from prefill.expressions import read_iso_date
from prefill.mapping import Field, Filled, Form, Provenance, pointer_keys
from prefill.sources import CATALOGUE, Answer, Cause, Source, Status

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
ANSWERED_BY: Mapping[str, tuple[str, ...]] = {
    "etablissements": ("etablissements_instructeur", "etablissements"),
    "entreprises": ("etablissements_instructeur", "etablissements"),
    "siege_social": ("siege_social_instructeur", "siege_social"),
    "associations": ("associations_instructeur", "associations"),
}
# What stands in today for a withdrawn service.
STAND_INS: Mapping[str, tuple[str, ...]] = {
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


# -- drawing it up ----------------------------------------------------------------------------------


def draw_up(form: Form, filled: Filled, answers: Mapping[str, Answer], siren: str, today: date) -> Dossier:
    """Draw up the dossier from a filled form and the answers it came from; what has no answer yet is late."""
    asked = form.sources(frozenset(form.on_demand()))
    waiting = {name: Answer(name, Status.LATE) for name in asked}
    known = _Known(form, filled, {**waiting, **answers}, siren, today)
    themes = (*THEMES, *_other_theme(form))
    return Dossier(
        company=details_of(form, filled, COMPANY),
        themes=tuple((theme, tuple(_proof(CATALOGUE[name], known) for name in theme.sources)) for theme in themes),
    )


def details_of(form: Form, filled: Filled, *place: str) -> tuple[Detail, ...]:
    """Gather the values under a place of the form, in the form's order: whatever an integrator added is there."""
    signed = {one.field: (pointer, one) for pointer, one in filled.provenance.items()}
    parts = (part for part in form.fields if part.place[: len(place)] == place and part.path in signed)
    return tuple(
        Detail("/".join(part.place[len(place) :]), part, _at(filled.data, signed[part.path][0]), signed[part.path][1])
        for part in parts
    )


def documents_of(source: Source, answer: Answer | None) -> tuple[Document, ...]:
    """List the files that an answer names, in its order; a file without an address keeps its number."""
    if answer is None or not answer.ok or source.documents is None:
        return ()
    rows = jmespath.search(source.documents, answer.data) or []
    read = ((place, *_link(row)) for place, row in enumerate(rows, start=1))
    return tuple(Document(source.name, place, title or source.title, url) for place, url, title in read if url)


def _link(row: Any) -> tuple[str, str]:
    """Read the address and the title of a file; empty when there is none."""
    url, title = (row.get("url"), row.get("title")) if isinstance(row, Mapping) else (row, None)
    return url if isinstance(url, str) else "", " ".join(title.split()) if isinstance(title, str) else ""


@dataclass(frozen=True, slots=True)
class _Known:
    """All that a proof is drawn up from."""

    form: Form
    filled: Filled
    answers: Mapping[str, Answer]
    siren: str
    day: date


def _other_theme(form: Form) -> Iterator[Theme]:
    """Make room for the sources that an integrator's form adds."""
    placed = {name for theme in THEMES for name in theme.sources}
    named = dict.fromkeys(part.place[1] for part in form.fields if part.place[0] == PROOFS and len(part.place) > 2)
    others = tuple(name for name in named if name in CATALOGUE and name not in placed)
    if others:
        yield Theme("others", OTHERS, others)


def _proof(source: Source, known: _Known) -> Proof:
    details = details_of(known.form, known.filled, PROOFS, source.name)
    answer = _answer_for(source, known.answers)
    until = _next_deadline(details, known.day)
    return Proof(
        source=source,
        state=_state(source, details, answer, until, known),
        details=tuple(_with_validity(one, known.day) for one in details if one.name != "state"),
        answer=answer,
        valid_until=until,
        expires_soon=bool(until and known.day <= until <= known.day + EXPIRES_SOON),
        documents=documents_of(source, answer),
        link=PUBLIC_SEARCH.format(siren=known.siren) if source.name == "extraits_courts_inpi" else None,
        stand_ins=tuple(_proof(CATALOGUE[name], known) for name in STAND_INS.get(source.name, ())),
    )


def _answer_for(source: Source, answers: Mapping[str, Answer]) -> Answer | None:
    """Choose among the calls that answer a row: the first that has something, else the first."""
    names = ANSWERED_BY.get(source.name, (source.name,))
    found = [answers[name] for name in names if name in answers]
    return next((answer for answer in found if answer.ok), found[0] if found else None)


def _state(
    source: Source, details: tuple[Detail, ...], answer: Answer | None, until: date | None, known: _Known
) -> State:
    if not source.tenders:
        return State.FORBIDDEN
    if source.withdrawn:
        return State.WITHDRAWN
    if answer is None:
        return State.NOT_ASKED
    if answer.code in source.under_review:
        return State.UNDER_REVIEW
    state = _told(source, details, known.form) if answer.ok else STATES[answer.status]
    return _state_today(state, details, until, known.day)


def _told(source: Source, details: tuple[Detail, ...], form: Form) -> State:
    """Read the state that the form found in the answer; a form that looks for one and finds none leaves a doubt."""
    told = next((one.value for one in details if one.name == "state"), None)
    if isinstance(told, str) and told in State.__members__.values():
        return State(told)
    sought = any(part.place == (PROOFS, source.name, "state") for part in form.fields)
    return State.TO_CHECK if sought else State.AVAILABLE


def _state_today(state: State, details: tuple[Detail, ...], until: date | None, today: date) -> State:
    """Weigh what the register says against the day: a closing announced for later leaves the company open."""
    if state not in (State.UP_TO_DATE, State.AVAILABLE, State.CLOSED):
        return state
    closed_on = _closed_on(details)
    if closed_on:
        state = State.CLOSED if closed_on <= today else State.AVAILABLE
    if state is State.CLOSED:
        return state
    if until and until < today:
        return State.EXPIRED
    return State.VALID if until and state is State.AVAILABLE else state


def _closed_on(details: tuple[Detail, ...]) -> date | None:
    read = (read_iso_date(str(one.value)) for one in details if one.name == "closedOn")
    return min((date.fromisoformat(day) for day in read if day), default=None)


# -- validity ---------------------------------------------------------------------------------------


def _next_deadline(details: tuple[Detail, ...], today: date) -> date | None:
    """Give the first validity still to end, else the last one that ended."""
    deadlines = sorted(_deadlines({one.name: one.value for one in details}))
    return next((day for day in deadlines if day >= today), deadlines[-1] if deadlines else None)


def _deadlines(values: Mapping[str, Any]) -> Iterator[date]:
    """Find every end of validity in a proof's details, at whatever depth."""
    for key, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                yield from _deadlines(one)
            elif key.lower().endswith("validuntil") and isinstance(one, str) and read_iso_date(one):
                yield date.fromisoformat(one)


def _with_validity(detail: Detail, today: date) -> Detail:
    """Say beside each row of a list whether it is valid today."""
    if not isinstance(detail.value, list):
        return detail
    return replace(detail, value=[_row(one, today) for one in detail.value])


def _row(one: Any, today: date) -> Any:
    if not isinstance(one, Mapping) or not read_iso_date(str(one.get("validUntil"))):
        return one
    return {**one, "valid": date.fromisoformat(one["validUntil"]) >= today}


def _at(data: Any, pointer: str) -> Any:
    """Follow a JSON pointer that `fill` wrote."""
    for key in pointer_keys(pointer):
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data
