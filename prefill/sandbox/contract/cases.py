"""What the sandbox answers about whom: cases by path and number, of its invented companies or read from a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from prefill.domain.catalogue import CATALOGUE
from prefill.domain.dates import PARIS
from prefill.domain.sources import Identifier, Source
from prefill.sandbox.contract.published.endpoints import BY_PATH, VAT, VIES, Endpoint
from prefill.sandbox.model import URL, DateDependent, Reply, SandboxCompany

MEMBERS = ("path", "params", "status", "payload")
# Files that API Entreprise holds itself, and addresses of the sandbox: served by whoever serves the case. A third
# party's are left where they are.
OWN_ADDRESSES = re.compile(
    r'"(?:https?://(?:[a-z0-9-]+\.)?entreprise\.api\.gouv\.fr(?=/(?:proxy|files|siade)/)|'
    + re.escape(URL)
    + r')(/[^"]*)"'
)


class InvalidCaseError(ValueError):
    """A case that cannot be answered, with the sentence that says why."""


@dataclass(frozen=True, slots=True)
class Case:
    """One answer to one question.

    Attributes
    ----------
        path: template of the endpoint.
        params: path and query parameters; the best match among the cases of a number wins.
        payload: the body; values may be functions of the day (`DateDependent`).
        relative: dotted paths of members that are so many days from today.
        reply: an error of the provider, in place of `status` and `payload`.
        years_back: how many years before today the parameter `year` is; 0 when `params` says.
    """

    path: str
    params: Mapping[str, str]
    status: int = 200
    payload: Any = None
    relative: Mapping[str, int] = field(default_factory=dict)
    reply: Reply | None = None
    years_back: int = 0

    @classmethod
    def read(cls, member: Mapping[str, Any]) -> Case:
        """Read a case as files and the control route give it."""
        lacking = [name for name in MEMBERS if name not in member]
        if lacking:
            raise InvalidCaseError(f"A case lacks {', '.join(lacking)}: {str(member)[:80]}")
        if member["path"] not in BY_PATH:
            raise InvalidCaseError(f"No endpoint has the path {member['path']}")
        params = {name: str(value) for name, value in member["params"].items()}
        lacking = [name for name in BY_PATH[member["path"]].parameters if name not in params]
        if lacking:
            raise InvalidCaseError(f"A case of {member['path']} lacks the parameter {', '.join(lacking)}")
        return cls(member["path"], params, int(member["status"]), member["payload"], member.get("relative", {}))

    @property
    def number(self) -> str:
        return self.params[BY_PATH[self.path].parameters[0]]

    @property
    def delay(self) -> float:
        return self.reply.delay if self.reply else 0.0

    def likeness(self, params: Mapping[str, str], today: date) -> int:
        """Count the parameters that are those of a question."""
        hits = sum(params.get(name) == value for name, value in self.params.items())
        return hits + (self.years_back > 0 and params.get("year") == str(today.year - self.years_back))

    def write(self, today: date, base_url: str) -> bytes:
        """Write the body of the day; addresses of the API's own files become those of `base_url`."""
        payload = moved(self.payload, self.relative, today) if self.relative else self.payload
        return write_json(payload, today, base_url)


def write_json(payload: object, today: date, base_url: str) -> bytes:
    def of_the_day(value: object) -> object:
        if isinstance(value, DateDependent):
            return value.on(today)
        raise TypeError(f"{type(value).__name__} cannot be written in JSON")

    text = json.dumps(payload, ensure_ascii=False, default=of_the_day)
    return (text if base_url == URL else OWN_ADDRESSES.sub(rf'"{base_url}\1"', text)).encode()


def moved(payload: Any, relative: Mapping[str, int], today: date) -> Any:
    """Copy a payload with some members so many days from today: ISO dates for texts, else midnight in Paris."""
    copy = json.loads(json.dumps(payload))
    for path, days in relative.items():
        *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
        parent = copy
        for step in steps:
            parent = parent[step]
        day = today + timedelta(days)
        iso = isinstance(parent[last], str)
        parent[last] = day.isoformat() if iso else int(datetime.combine(day, time.min, PARIS).timestamp())
    return copy


def read_file(path: Path) -> list[Case]:
    """Read a file of cases: a JSON list."""
    try:
        members = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidCaseError(f"{path} is not JSON: {error}") from error
    return [Case.read(member) for member in read_list(members)]


def read_list(members: object) -> list[Mapping[str, Any]]:
    if not isinstance(members, list) or not all(isinstance(member, Mapping) for member in members):
        raise InvalidCaseError("Cases are a JSON list of objects")
    return members


def cases_of(companies: Iterable[SandboxCompany]) -> Iterator[Case]:
    """Give the cases of companies: one by source and each number by which the source knows it."""
    for company in companies:
        for name, reply in company.answers.items():
            source = CATALOGUE[name]
            yield from (_case(source, number, reply) for number in _numbers(source, company))


def _case(source: Source, number: str, reply: Reply) -> Case:
    params = {source.identifier.value: number, **source.parameters}
    return Case(source.path, params, payload=reply.body, reply=reply, years_back=source.years_back)


def _numbers(source: Source, company: SandboxCompany) -> tuple[str, ...]:
    numbers: Mapping[Identifier, tuple[str | None, ...]] = {
        Identifier.SIREN: (company.siren,),
        Identifier.SIRET: (company.siret,),
        Identifier.RNA_OR_SIREN: (company.siren, company.rna),
        Identifier.RNA_OR_SIRET: (company.siret, company.rna),
    }
    return tuple(filter(None, numbers[source.identifier]))


Index = dict[tuple[str, str], list[Case]]


class Cases:
    """The cases of a sandbox, in layers: those added while it runs, those of files, those of its companies."""

    def __init__(self, companies: Iterable[SandboxCompany], *files: Iterable[Case]) -> None:
        self._added: Index = {}
        self._layers = [_index(cases) for cases in (*reversed(files), cases_of(companies))]

    def add(self, cases: Iterable[Case]) -> None:
        # a new dict, so that a reader in another thread sees the whole of it or nothing
        self._added = _index(cases, {key: list(known) for key, known in self._added.items()})

    def clear(self) -> None:
        self._added = {}

    def find(self, endpoint: Endpoint, params: Mapping[str, str], today: date) -> Case | None:
        """Find the case that fits a question best: added cases first, then files, companies, the open twin."""
        number = params[endpoint.parameters[0]]
        case = self._best(endpoint.path, number, params, today)
        if case is None and endpoint.path == VAT:
            return self._vat_of(number, params, today)
        twin = endpoint.open_twin
        return self._best(twin, number, params, today) if case is None and twin else case

    def _best(self, path: str, number: str, params: Mapping[str, str], today: date) -> Case | None:
        layers = (self._added, *self._layers)
        known = [case for layer in layers for case in layer.get((path, number), ())]
        return max(known, key=lambda case: case.likeness(params, today), default=None)

    def _vat_of(self, siren: str, params: Mapping[str, str], today: date) -> Case | None:
        """Answer the DGFIP's endpoint from what is known of the Commission's, which it replaces."""
        case = self._best(VIES, siren, params, today)
        if case is None or case.status != 200 or (case.reply and case.reply.fault):
            return None
        meta = {"date_derniere_mise_a_jour": DateDependent(lambda day: f"{day - timedelta(1)}T05:00:00.000000+00:00")}
        data = {"numero_tva": case.payload["data"]["tva_number"]}
        return Case(VAT, {"siren": siren}, payload={"data": data, "links": {}, "meta": meta})


def _index(cases: Iterable[Case], into: Index | None = None) -> Index:
    index: Index = {} if into is None else into
    for case in cases:
        index.setdefault((case.path, case.number), []).append(case)
    return index
