"""The dossier as data: details, documents and proofs of one company."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.sources import Sentence, Source
from prefill.dossier.mentions import Mention
from prefill.dossier.states import (
    EXPLAINED,
    FAILURES,
    FOLDED,
    RETRIABLE,
    SENTENCES,
    TONES,
    UNLIKELY,
    WITH_PROOF,
    WITHOUT_NUMBER,
    WITHOUT_PROOF,
    WORDS,
    State,
    Tone,
)
from prefill.dossier.themes import Theme
from prefill.forms.filling import Provenance
from prefill.forms.model import Field
from prefill.problems import Language

EXPIRES_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Detail:
    """A value of the form beside the field that gives its label and its type."""

    name: str
    field: Field
    value: Any
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a source. `n` counts from 1.

    `url` is the upstream's address and is never served, unless `outside`: a file on the host of a third party, which the
    agent's browser may open and which this service does not fetch.
    """

    source: str
    n: int
    title: str
    url: str = field(repr=False)
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """One row of the use case for one company.

    Attributes:
        activity: the declared activity, where it is why the source was not queried.
        cautions: what a reader could wrongly conclude.
        replacements: what is served in place of a withdrawn service.
    """

    source: Source
    state: State
    details: tuple[Detail, ...] = ()
    answer: Answer | None = None
    valid_until: date | None = None
    expires_soon: bool = False
    documents: tuple[Document, ...] = ()
    link: str | None = None
    activity: str | None = None
    cautions: tuple[Sentence, ...] = ()
    replacements: tuple[Proof, ...] = ()

    @property
    def retry_in(self) -> float | None:
        """In how many seconds to ask again, when the register said so."""
        return self.answer.retry_after if self.answer and self.state in RETRIABLE else None

    @property
    def tone(self) -> Tone:
        return TONES[self.state]

    @property
    def folded(self) -> bool:
        """Whether a page may fold the row away: never what a register did not deliver."""
        return self.state in FOLDED or (self.state is State.OUT_OF_SCOPE and self.source.proof is None)

    @property
    def queryable(self) -> bool:
        """Whether the register would be asked if the agent named it."""
        return self.state is State.NOT_QUERIED and not self._without_number

    @property
    def _without_number(self) -> bool:
        return self.answer is not None and self.answer.cause is Cause.WITHOUT_NUMBER

    def word(self, language: Language) -> str:
        return self._fill(WORDS[self.state][language])

    def message(self, language: Language) -> str:
        """Return one sentence on what the state means."""
        failure = FAILURES.get(self.answer.cause) if self.answer and self.answer.cause else None
        if failure and self.state is State.UNAVAILABLE:
            return self._fill(failure[language])
        if self.state is State.NOT_QUERIED and self.activity:
            return UNLIKELY[language].format(activity=self.activity)
        if self._without_number:
            return self._fill(WITHOUT_NUMBER[language])
        return self._explanation(language) or self._fill(SENTENCES[self.state][language])

    def _explanation(self, language: Language) -> str | None:
        """Return the meaning of the register's error code, or of its silence, by the catalogue."""
        if self.state not in EXPLAINED or self.answer is None or self.answer.ok:
            return None
        if self.source.proof is None:
            silent = self.source.silence if self.answer.status is Status.ABSENT else None
            return f"{silent[language]}." if silent else None
        sentence = self.source.proof.refusal(self.answer.code)
        return sentence[language] if sentence else None

    def _fill(self, text: str) -> str:
        spoken, producer, refusal = self.source.spoken, self.source.producer, self.source.refusal
        by = producer if spoken == producer else spoken[:1].lower() + spoken[1:]
        return text.format(spoken=spoken, producer=producer, by=by, refusal=refusal[:1].upper() + refusal[1:])

    def proves(self, language: Language) -> str | None:
        """What the proof states, where there is one."""
        return self.source.proof.proves[language] if self.source.proof and self.state in WITH_PROOF else None

    def holds_until(self, language: Language) -> str | None:
        """Until when it holds, where there is one."""
        return self.source.proof.until[language] if self.source.proof and self.state in WITH_PROOF else None

    def perimeter(self, language: Language) -> list[str]:
        """Who never has this proof, though in order: the reasons that its absence may have."""
        if self.source.proof is None or self.state not in WITHOUT_PROOF or self.state is State.REFUSED:
            return []
        return [sentence[language] for sentence in self.source.proof.never_covered]

    def alternative(self, language: Language) -> str | None:
        """The other way to get the proof."""
        if self.source.proof is None or self.state not in WITHOUT_PROOF or self.source.proof.alternative is None:
            return None
        return self.source.proof.alternative[language]


@dataclass(frozen=True, slots=True)
class Dossier:
    """What an agent reads of a company, as far as it is known."""

    company: tuple[Detail, ...]
    themes: tuple[tuple[Theme, tuple[Proof, ...]], ...]
    mentions: tuple[Mention, ...] = ()

    @property
    def proofs(self) -> tuple[Proof, ...]:
        return tuple(proof for _, proofs in self.themes for proof in proofs)

    @property
    def expiring(self) -> tuple[Proof, ...]:
        """The proofs whose validity ends soon, the soonest first."""
        soon = [proof for proof in self.proofs if proof.expires_soon]
        return tuple(sorted(soon, key=lambda proof: proof.valid_until or date.max))

    @property
    def counts(self) -> tuple[tuple[State, int], ...]:
        """How many proofs are in each state, in the order of the tones: what must be asked of the candidate first."""
        counted = Counter(
            proof.state for proof in self.proofs if not proof.folded and proof.state is not State.WITHDRAWN
        )
        order: Mapping[Tone, int] = {tone: rank for rank, tone in enumerate(Tone)}
        return tuple(sorted(counted.items(), key=lambda item: order[TONES[item[0]]]))

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents that this service can serve."""
        return tuple(document for proof in self.proofs for document in proof.documents if not document.outside)
