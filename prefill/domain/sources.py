"""What a row of the catalogue says of an endpoint, and the rate groups of API Entreprise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from prefill.domain.answer_shapes.model import UNKNOWN, Shape
from prefill.domain.answer_shapes.model import Kind as AnswerKind
from prefill.domain.company import SPOKEN, Company, Condition, anyone
from prefill.domain.dates import register_date
from prefill.problems import Language

Sentence = Mapping[Language, str]


class Identifier(StrEnum):
    SIRET = "siret"
    SIREN = "siren"
    RNA_OR_SIREN = "siren_or_rna"
    RNA_OR_SIRET = "siret_or_rna"


class Kind(StrEnum):
    JSON = "json"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class RateGroup:
    """A group of endpoints that the upstream counts together, or each alone, per token and minute."""

    name: str
    per_minute: int
    per_endpoint: bool = False


JSON = RateGroup("json", 250)
INPI = RateGroup("inpi", 15, per_endpoint=True)
SLOW_DOCUMENTS = RateGroup("slow_documents", 5, per_endpoint=True)
URSSAF = RateGroup("urssaf", 100, per_endpoint=True)
GIP_MDS = RateGroup("gip_mds", 50)
DOCUMENTS = RateGroup("documents", 50)
DOWNLOADS = RateGroup("downloads", 50)
RATE_GROUPS = (JSON, INPI, SLOW_DOCUMENTS, URSSAF, GIP_MDS, DOCUMENTS, DOWNLOADS)
CALLS_PER_ADDRESS = 1000

# Where files may be fetched, beside the host and port of API Entreprise itself.
DOCUMENT_HOSTS = frozenset({"storage.entreprise.api.gouv.fr"})

HOUR = 3600
DAY = 24 * HOUR
TIMEOUTS = {Kind.JSON: 5.0, Kind.DOCUMENTS: 12.0}


@dataclass(frozen=True, slots=True, eq=False)
class Proof:
    """What a document or a status of a register proves.

    Attributes:
        proves: what it states, in the register's own terms.
        until: until when that holds.
        delivered_only_if_in_order: whether it exists only for a company in order; its absence then proves
            neither a breach nor that there is none.
        never_covered: who never has one, though in order.
        refusals: what the upstream's error codes mean, by whole code or by its last three digits.
        caution: what a reader could wrongly conclude from it.
        alternative: the other way to get it.
    """

    proves: Sentence
    until: Sentence
    delivered_only_if_in_order: bool = False
    never_covered: tuple[Sentence, ...] = ()
    refusals: Mapping[str, Sentence] = field(default_factory=dict)
    caution: Sentence | None = None
    alternative: Sentence | None = None

    def refusal(self, code: str | None) -> Sentence | None:
        """Explain an error code. The digits of the provider are often another's: the last three are what counts."""
        return self.refusals.get(code or "") or self.refusals.get((code or "")[-3:])


@dataclass(frozen=True, slots=True)
class Renewal:
    """Why a proof is asked again while a contract runs: every so many `months`, or by its own dates (None)."""

    months: int | None
    fr: str
    en: str


@dataclass(frozen=True, slots=True)
class Deprecation:
    """That the upstream deprecates an endpoint; `successor` is the row that replaces it, if any."""

    successor: str | None
    fr: str
    en: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Where the company can have a register corrected."""

    url: str
    fr: str
    en: str


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One upstream endpoint.

    Attributes:
        path: holds its identifier in braces; empty for a service that no longer exists.
        tenders: whether this service asks for it at all; `refusal` is the sentence that says why not.
        fresh: how many seconds an answer stays good.
        keep: how many seconds it may still be served when the source fails.
        applies: whether the law or the producer excludes such a company; never a guess.
        likely: a guess from the declared activity: where it says no, the source is asked on request only.
        usual: most companies have an answer, so that it is worth asking before it is known what the company is.
        names_people: a register that would name those whom a partial disclosure protects.
        personal: the keys that a tender form has no use for, at whatever depth.
        shape: the keys that a readable answer must hold, with their types.
        answer: the shape of its answer: type, nullability and meaning of each key that it is known to hold;
            an open answer is shown no other.
        documents: a JMESPath to its files (addresses, or objects of `url` and `title`).
        outside_documents: whether its files lie on hosts of third parties, to be offered as links only.
        under_review: the error codes that mean « being analysed ».
        impossible: the error codes by which it says that it has no answer to give, now or later.
        silence: what a 404 means, where it is not « no such information »: a statement without its full stop.
        as_of: where the register's own date stands, the first that is readable: `meta` or `data`, then a key.
        proof: what it proves, for the rows that are proofs.
        renewal: when it is asked again once the contract is awarded.
        deprecated: that the upstream deprecates it.
        unpublished: whether the upstream serves it and its OpenAPI document does not list it yet.
        fix: where the company can have it corrected.
    """

    name: str
    title: str
    producer: str
    path: str
    identifier: Identifier = Identifier.SIREN
    kind: Kind = Kind.JSON
    open: bool = False
    tenders: bool = True
    withdrawn: bool = False
    refusal: str = ""
    budget: RateGroup = JSON
    scope: str | None = "open_data"
    fresh: int = DAY
    keep: int = 3 * DAY
    applies: Condition = anyone
    likely: Condition = anyone
    on_demand: bool = False
    usual: bool = False
    names_people: bool = False
    twin_of: str | None = None
    shape: Mapping[str, type | tuple[type, ...]] = field(default_factory=dict)
    personal: frozenset[str] = frozenset()
    answer: Shape = UNKNOWN
    parameters: Mapping[str, str] = field(default_factory=dict)
    years_back: int = 0
    documents: str | None = None
    outside_documents: bool = False
    under_review: frozenset[str] = frozenset()
    impossible: frozenset[str] = frozenset()
    silence: Sentence | None = None
    as_of: tuple[tuple[str, str], ...] = ()
    proof: Proof | None = None
    renewal: Renewal | None = None
    deprecated: Deprecation | None = None
    unpublished: bool = False
    fix: Fix | None = None

    @property
    def timeout(self) -> float:
        """Seconds the whole call may take, as the upstream advises."""
        return TIMEOUTS[self.kind]

    @property
    def spoken(self) -> str:
        """The producer as a French sentence begins with it."""
        return SPOKEN.get(self.producer, self.producer)

    @property
    def rows(self) -> bool:
        """Whether its answer is a list."""
        return self.answer.kind is AnswerKind.LIST

    @property
    def keys(self) -> frozenset[str]:
        """The keys that its answer is known to hold, at whatever depth."""
        return self.answer.names

    @property
    def states_disclosure(self) -> bool:
        """Whether its answers say how far the company discloses its data: those of the Insee do."""
        return "status_diffusion" in self.shape

    @property
    def usable(self) -> bool:
        return self.tenders and not self.withdrawn

    def register_date(self, data: Any, meta: Mapping[str, Any]) -> date | None:
        """Read the day on which the register itself last changed, as far as the answer says."""
        parts: Mapping[str, Any] = {"data": data, "meta": meta}
        for part, key in self.as_of:
            holder = parts[part]
            day = register_date(holder.get(key)) if isinstance(holder, Mapping) else None
            if day:
                return day
        return None

    def identify(self, company: Company) -> str | None:
        """Choose the number this endpoint wants of a company; None when it has none."""
        if self.identifier is Identifier.SIREN:
            return company.siren or None
        if self.identifier is Identifier.SIRET:
            return company.siret
        if self.identifier is Identifier.RNA_OR_SIREN:
            return company.siren or company.rna
        return company.rna or company.siret

    def path_for(self, number: str, year: int) -> str:
        """Write the path for a company; `year` is the current one, for the rows that count back from it."""
        return self.path.replace("{" + self.identifier + "}", number).replace("{year}", str(year - self.years_back))
