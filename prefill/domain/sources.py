"""What a row of the catalogue says of an endpoint, and the rate groups of API Entreprise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from prefill.domain.company import SPOKEN, Company, Condition, anyone


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
class Source:
    """One upstream endpoint.

    `path` holds its identifier in braces and is empty for a withdrawn service. `fresh` is how many
    seconds an answer stays good, `keep` how long it may still be served when the source fails.
    `names_people` marks a register that would name those whom a partial disclosure protects.
    `personal` names the keys that a tender form has no use for, at whatever depth. `shape` gives the
    keys that a readable answer must hold, with their types; `keys` the keys it is known to hold, for
    a « did you mean ». `documents` is a JMESPath to its files (addresses, or objects of `url` and `title`),
    `under_review` the error codes that mean « being analysed ». `refusal` is the sentence that a form naming
    a refused row is answered.
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
    on_demand: bool = False
    names_people: bool = False
    twin_of: str | None = None
    shape: Mapping[str, type | tuple[type, ...]] = field(default_factory=dict)
    rows: bool = False
    personal: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    parameters: Mapping[str, str] = field(default_factory=dict)
    years_back: int = 0
    documents: str | None = None
    under_review: frozenset[str] = frozenset()

    @property
    def timeout(self) -> float:
        """Seconds the whole call may take, as the upstream advises."""
        return TIMEOUTS[self.kind]

    @property
    def spoken(self) -> str:
        """The producer as a French sentence begins with it."""
        return SPOKEN.get(self.producer, self.producer)

    @property
    def usable(self) -> bool:
        return self.tenders and not self.withdrawn

    def identify(self, company: Company) -> str | None:
        """Choose the number this endpoint wants of a company; None when it has none."""
        if self.identifier is Identifier.SIREN:
            return company.siren
        if self.identifier is Identifier.SIRET:
            return company.siret
        other = company.siren if self.identifier is Identifier.RNA_OR_SIREN else company.siret
        return other if self.identifier is Identifier.RNA_OR_SIREN else company.rna or other

    def path_for(self, number: str, year: int) -> str:
        """Write the path for a company; `year` is the current one, for the rows that count back from it."""
        return self.path.replace("{" + self.identifier + "}", number).replace("{year}", str(year - self.years_back))
