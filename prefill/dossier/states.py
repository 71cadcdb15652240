"""The states of a proof, the words and sentences that an agent reads, and how a page shows them.

A state says what its register proves and nothing more: compliance is stated only as the register's own status, with the
register named. A proof that is delivered only to those who are in order proves nothing by its absence.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from prefill.domain.answers import Cause, Status
from prefill.problems import Language


class State(StrEnum):
    """What an agent reads of a proof."""

    NOT_DELIVERED = "not_delivered"
    REFUSED = "refused"
    UP_TO_DATE = "up_to_date"
    NOT_UP_TO_DATE = "not_up_to_date"
    DELIVERED = "delivered"
    VALID = "valid"
    EXPIRED = "expired"
    CLOSED = "closed"
    TO_CHECK = "to_check"
    AVAILABLE = "available"
    UNDER_REVIEW = "under_review"
    OUT_OF_SCOPE = "out_of_scope"
    NOT_APPLICABLE = "not_applicable"
    NOT_QUERIED = "not_queried"
    NOT_ASKED = "not_asked"
    UNAVAILABLE = "unavailable"
    LATE = "late"
    NOT_ENTITLED = "not_entitled"
    MISCONFIGURED = "misconfigured"
    WITHHELD = "withheld"
    WITHDRAWN = "withdrawn"
    NEVER_QUERIED = "never_queried"


class Tone(StrEnum):
    """How a page marks a state: a shape and a colour, never the colour alone. In the order of the summary."""

    ASK = "ask"  # the candidate must be asked
    BAD = "bad"
    WATCH = "watch"
    GOOD = "good"
    DELIVERED = "delivered"
    PLAIN = "plain"
    NONE = "none"


WORDS: Mapping[State, Mapping[Language, str]] = {
    State.NOT_DELIVERED: {"fr": "non délivrée : à demander au candidat", "en": "not delivered: ask the candidate"},
    State.REFUSED: {"fr": "délivrance refusée par {by}", "en": "delivery refused by {producer}"},
    State.UP_TO_DATE: {"fr": "à jour selon {by}", "en": "up to date according to {producer}"},
    State.NOT_UP_TO_DATE: {"fr": "non à jour selon {by}", "en": "not up to date according to {producer}"},
    State.DELIVERED: {"fr": "délivrée", "en": "delivered"},
    State.VALID: {"fr": "en cours de validité", "en": "valid"},
    State.EXPIRED: {"fr": "échu", "en": "expired"},
    State.CLOSED: {"fr": "fermé ou radié", "en": "closed or struck off"},
    State.TO_CHECK: {"fr": "à vérifier", "en": "to be checked"},
    State.AVAILABLE: {"fr": "disponible", "en": "available"},
    State.UNDER_REVIEW: {"fr": "en cours d'analyse", "en": "under review"},
    State.OUT_OF_SCOPE: {"fr": "inconnue ou hors périmètre", "en": "unknown or out of scope"},
    State.NOT_APPLICABLE: {"fr": "sans objet", "en": "not applicable"},
    State.NOT_QUERIED: {"fr": "non interrogé", "en": "not queried"},
    State.NOT_ASKED: {"fr": "non demandé", "en": "not asked for"},
    State.UNAVAILABLE: {"fr": "indisponible", "en": "unavailable"},
    State.LATE: {"fr": "en attente", "en": "pending"},
    State.NOT_ENTITLED: {"fr": "non habilité", "en": "not entitled"},
    State.MISCONFIGURED: {"fr": "accès refusé au service", "en": "service misconfigured"},
    State.WITHHELD: {"fr": "non diffusé", "en": "withheld"},
    State.WITHDRAWN: {"fr": "service retiré", "en": "withdrawn"},
    State.NEVER_QUERIED: {"fr": "jamais demandé", "en": "never queried"},
}
SENTENCES: Mapping[State, Mapping[Language, str]] = {
    State.NOT_DELIVERED: {
        "fr": "{spoken} n'a pas délivré ce document, et ne dit pas pourquoi.",
        "en": "{producer} did not deliver this document and does not say why.",
    },
    State.REFUSED: {
        "fr": "{spoken} refuse de délivrer ce document ; un refus n'est pas définitif.",
        "en": "{producer} refuses to deliver this document; a refusal is not final.",
    },
    State.UP_TO_DATE: {
        "fr": "Statut donné par {by} : à jour.",
        "en": "Status given by {producer}: up to date.",
    },
    State.NOT_UP_TO_DATE: {
        "fr": "Statut donné par {by} : non à jour.",
        "en": "Status given by {producer}: not up to date.",
    },
    State.DELIVERED: {"fr": "{spoken} a délivré ce document.", "en": "{producer} delivered this document."},
    State.VALID: {"fr": "Valable aujourd'hui, d'après ses dates.", "en": "Valid today, by its dates."},
    State.EXPIRED: {"fr": "La date de validité est passée.", "en": "Its date of validity has passed."},
    State.CLOSED: {
        "fr": "{spoken} signale une fermeture, une cessation ou une radiation.",
        "en": "{producer} reports a closure, a cessation or a striking off.",
    },
    State.TO_CHECK: {
        "fr": "{spoken} a répondu sans statut ni date lisible : lire le document, ou le demander au candidat.",
        "en": "{producer} answered without a readable status or date: read the document, or ask the candidate.",
    },
    State.AVAILABLE: {"fr": "{spoken} a répondu.", "en": "{producer} answered."},
    State.UNDER_REVIEW: {
        "fr": "{spoken} examine la situation : redemander plus tard.",
        "en": "{producer} is looking into it: ask again later.",
    },
    State.OUT_OF_SCOPE: {
        "fr": "{spoken} n'a rien sur cette entreprise, ou elle est hors de son périmètre.",
        "en": "{producer} holds nothing on this company, or it is out of its scope.",
    },
    State.NOT_APPLICABLE: {
        "fr": "Ne concerne pas ce type d'entreprise ; non interrogé.",
        "en": "Does not concern such a company; not queried.",
    },
    State.NOT_QUERIED: {
        "fr": "Non interrogé d'office : à interroger si le marché le demande.",
        "en": "Not queried by default: query it if the contract requires it.",
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
    State.NEVER_QUERIED: {"fr": "{refusal}", "en": "This service does not ask for this data."},
}
# Replaces the sentence of NOT_QUERIED where the declared activity is why: a guess, said as one.
UNLIKELY: Mapping[Language, str] = {
    "fr": "Non interrogé (activité déclarée : {activity}). Le code d'activité n'exclut rien : à interroger au besoin.",
    "en": "Not queried (declared activity: {activity}). An activity code excludes nothing: query it if needed.",
}
# Replaces it where the company has no number that the register takes: an association without SIREN.
WITHOUT_NUMBER: Mapping[Language, str] = {
    "fr": "Non interrogé : {spoken} demande un SIREN ou un SIRET, que cette entreprise n'a pas, ou qui n'est pas connu.",
    "en": "Not queried: {producer} takes a SIREN or a SIRET, which this company lacks, or which is not known.",
}
# Replace that of UNAVAILABLE where it is not the register that is silent.
FAILURES: Mapping[Cause, Mapping[Language, str]] = {
    Cause.THROTTLED: {
        "fr": "Trop de demandes en ce moment auprès d'API Entreprise : redemander plus tard.",
        "en": "Too many requests to API Entreprise at the moment: ask again later.",
    },
    Cause.REJECTED: {
        "fr": "API Entreprise n'accepte pas cette demande : le dire à l'exploitant du service.",
        "en": "API Entreprise does not accept this request: tell the operator of the service.",
    },
    Cause.OTHER_COMPANY: {
        "fr": "{spoken} a répondu au sujet d'une autre entreprise : réponse écartée.",
        "en": "{producer} answered about another company: its answer is left out.",
    },
    Cause.UNREADABLE: {
        "fr": "{spoken} a répondu sous une forme que ce service ne sait pas lire.",
        "en": "{producer} answered in a form that this service cannot read.",
    },
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
    Status.NOT_REQUESTED: State.NOT_QUERIED,
}
# Error codes by which a register refuses a document to a company that it knows.
REFUSAL_CODES = frozenset({"38422", "04503"})

TONES: Mapping[State, Tone] = {
    State.NOT_DELIVERED: Tone.ASK,
    State.REFUSED: Tone.BAD,
    State.UP_TO_DATE: Tone.GOOD,
    State.NOT_UP_TO_DATE: Tone.BAD,
    State.DELIVERED: Tone.DELIVERED,
    State.VALID: Tone.GOOD,
    State.EXPIRED: Tone.BAD,
    State.CLOSED: Tone.BAD,
    State.TO_CHECK: Tone.WATCH,
    State.AVAILABLE: Tone.PLAIN,
    State.UNDER_REVIEW: Tone.WATCH,
    State.OUT_OF_SCOPE: Tone.NONE,
    State.NOT_APPLICABLE: Tone.NONE,
    State.NOT_QUERIED: Tone.NONE,
    State.NOT_ASKED: Tone.NONE,
    State.UNAVAILABLE: Tone.WATCH,
    State.LATE: Tone.WATCH,
    State.NOT_ENTITLED: Tone.WATCH,
    State.MISCONFIGURED: Tone.WATCH,
    State.WITHHELD: Tone.NONE,
    State.WITHDRAWN: Tone.NONE,
    State.NEVER_QUERIED: Tone.NONE,
}
RETRIABLE = frozenset({State.UNDER_REVIEW, State.UNAVAILABLE, State.LATE})
# States that a page may fold away; OUT_OF_SCOPE too, but not of a proof (see `model.Proof.folded`).
FOLDED = frozenset({State.NOT_APPLICABLE, State.NOT_ASKED, State.NEVER_QUERIED})
# States whose sentence the catalogue may make more precise by the register's error code.
EXPLAINED = frozenset({State.NOT_DELIVERED, State.REFUSED, State.UNDER_REVIEW, State.OUT_OF_SCOPE})
# States in which the agent needs to know who is never covered, and the other way to get the proof.
WITHOUT_PROOF = frozenset({State.NOT_DELIVERED, State.REFUSED, State.OUT_OF_SCOPE})
# States in which the register gave the proof or its status.
WITH_PROOF = frozenset(
    {State.UP_TO_DATE, State.NOT_UP_TO_DATE, State.DELIVERED, State.VALID, State.EXPIRED, State.TO_CHECK}
)
