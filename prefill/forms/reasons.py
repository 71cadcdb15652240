"""Why a field has no value, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from prefill.domain.answers import Cause, Status
from prefill.domain.catalogue import CATALOGUE, OPEN_DIRECTORY
from prefill.domain.sources import Fix
from prefill.problems import Language


class Reason(StrEnum):
    """Why a field has no value, the strongest first."""

    WITHHELD = "withheld"
    LATE = "late"
    UNAVAILABLE = "unavailable"
    NOT_ENTITLED = "not_entitled"
    ABSENT = "absent"
    NOT_REQUESTED = "not_requested"
    NOT_APPLICABLE = "not_applicable"
    RESERVED = "reserved"
    DECLARED = "declared"


REASONS: Mapping[Status, Reason] = {
    Status.ABSENT: Reason.ABSENT,
    Status.WITHHELD: Reason.WITHHELD,
    Status.NOT_ENTITLED: Reason.NOT_ENTITLED,
    Status.MISCONFIGURED: Reason.UNAVAILABLE,
    Status.UNAVAILABLE: Reason.UNAVAILABLE,
    Status.LATE: Reason.LATE,
    Status.NOT_APPLICABLE: Reason.ABSENT,  # a register that does not hold such companies: the field may exist all the same
    Status.NOT_REQUESTED: Reason.NOT_REQUESTED,
}
# What failed or is withheld outweighs what the registers simply do not hold: there the first origin, which is
# the field's own register, speaks.
WEIGHT = {
    Reason.WITHHELD: 0,
    Reason.LATE: 1,
    Reason.UNAVAILABLE: 2,
    Reason.NOT_ENTITLED: 3,
    Reason.ABSENT: 4,
    Reason.NOT_REQUESTED: 4,
    Reason.NOT_APPLICABLE: 4,
    Reason.RESERVED: 5,
    Reason.DECLARED: 5,
}

SENTENCES: Mapping[Reason, Mapping[Language, str]] = {
    Reason.WITHHELD: {
        "fr": "Information non diffusée publiquement : à saisir.",
        "en": "Not publicly disclosed: please fill in.",
    },
    Reason.LATE: {
        "fr": "{spoken} tarde à répondre : à saisir, ou à redemander dans quelques secondes.",
        "en": "{producer} is slow to answer: fill in, or ask again in a few seconds.",
    },
    Reason.UNAVAILABLE: {
        "fr": "{spoken} ne répond pas : à saisir.",
        "en": "{producer} does not answer: please fill in.",
    },
    Reason.NOT_ENTITLED: {
        "fr": "Ce service n'a pas accès à cette information ({producer}) : à saisir.",
        "en": "This service has no access to this information ({producer}): please fill in.",
    },
    Reason.ABSENT: {
        "fr": "{spoken} n'a pas cette information : à saisir s'il y a lieu.",
        "en": "{producer} does not hold this information: fill in if relevant.",
    },
    Reason.NOT_REQUESTED: {
        "fr": "Fourni à la demande (with={source}).",
        "en": "Given on demand (with={source}).",
    },
    Reason.NOT_APPLICABLE: {
        "fr": "Sans objet pour cette entreprise.",
        "en": "Does not apply to this company.",
    },
    Reason.RESERVED: {
        "fr": "L'acheteur peut l'obtenir directement ({producer}) : à fournir seulement s'il le demande.",
        "en": "The buyer can obtain this directly ({producer}): to be supplied only if it asks.",
    },
    Reason.DECLARED: {
        "fr": "À remplir par le candidat.",
        "en": "For the candidate to fill in.",
    },
}
# No register is named where the form and its answer do not agree on a type: nobody outside can tell which is wrong.
UNREAD: Mapping[Language, str] = {
    "fr": "Cette information n'a pas pu être reprise : à saisir.",
    "en": "This information could not be taken over: please fill in.",
}
# Ways to be unavailable, or closed, that a candidate can tell from others.
CAUSES: Mapping[Cause, Mapping[Language, str]] = {
    Cause.THROTTLED: {
        "fr": "Trop de demandes en ce moment auprès {whom} : à saisir, ou à redemander plus tard.",
        "en": "Too many requests to {whom_en} at the moment: fill in, or ask again later.",
    },
    Cause.NO_TOKEN: {
        "fr": "Ce service n'a pas de jeton API Entreprise, qui donnerait cette information ({producer}) : à saisir.",
        "en": "This service has no API Entreprise token, which would give this information ({producer}): please fill in.",
    },
    Cause.REJECTED: {
        "fr": "API Entreprise n'accepte pas la demande de ce service ({producer}) : à saisir.",
        "en": "API Entreprise does not accept the request of this service ({producer}): please fill in.",
    },
    Cause.OTHER_COMPANY: {
        "fr": "{spoken} a répondu au sujet d'une autre entreprise : à saisir, ou à redemander plus tard.",
        "en": "{producer} answered about another company: fill in, or ask again later.",
    },
    Cause.UNREADABLE: {
        "fr": "{spoken} a répondu sous une forme que ce service ne sait pas lire : à saisir.",
        "en": "{producer} answered in a form that this service cannot read: please fill in.",
    },
}


# What a register that knows nothing of the company means by it, where the catalogue says so.
SILENCE: Mapping[Language, str] = {
    "fr": "{silence} : à saisir s'il y a lieu.",
    "en": "{silence}: fill in if relevant.",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a field has no value.

    Attributes:
        source: the row of the catalogue that has no value to give.
        producer: the institution behind it.
        cause: how the source failed.
        retry_after: in how many seconds to ask again.
        unknown: whether the register knows nothing of the company, rather than not holding this field.
        fix: where the company can have the register completed.
    """

    reason: Reason
    source: str | None = None
    producer: str | None = None
    cause: Cause | None = None
    retry_after: float | None = None
    unknown: bool = False
    fix: Fix | None = None

    def message(self, language: Language) -> str:
        """Say why, and what the candidate can do, in one sentence."""
        row = CATALOGUE.get(self.source or "")
        if self.unknown and row and row.silence:
            return SILENCE[language].format(silence=row.silence[language])
        return _sentence(self.reason, self.cause, self.source, self.producer, language)


@lru_cache(maxsize=4096)  # more than there are
def _sentence(reason: Reason, cause: Cause | None, source: str | None, producer: str | None, language: Language) -> str:
    sentence = SENTENCES[reason]
    if reason in (Reason.UNAVAILABLE, Reason.NOT_ENTITLED) and cause is not None:
        sentence = CAUSES.get(cause, sentence)
    if reason is Reason.UNAVAILABLE and source is None:
        sentence = UNREAD
    row = CATALOGUE.get(source or "")
    directory = row is OPEN_DIRECTORY
    return sentence[language].format(
        spoken=row.spoken if row else "",
        producer=producer,
        source=source,
        whom="de Recherche d'entreprises" if directory else "d'API Entreprise",
        whom_en="Recherche d'entreprises" if directory else "API Entreprise",
    )
