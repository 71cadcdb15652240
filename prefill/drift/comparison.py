"""The catalogue and the forms, held against the published endpoints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import NoneType

from prefill.domain.sources import Source
from prefill.domain.suggestions import closest
from prefill.drift.published import Endpoint
from prefill.drift.reading_paths import Path, paths_read
from prefill.forms.expressions import compile_expression
from prefill.forms.model import Form

VERSION = re.compile(r"/v(\d+)/(.*)")
PARAMETER = re.compile(r"{\w+}")
# How a path says that its answers are open data.
OPEN_MARKS = ("diffusibles/", "open_data/")
# Keys about a person that a tender form has no use for; the name is the one that forms do use.
PERSONAL = re.compile(r"naissance(?!.*nom)|nationalite|telephone|courriel|mail|sexe|civilite|prenom_\d")
PERSONAL_BUT_USED = frozenset({"nom_naissance"})
JSON_TYPES: Mapping[type, str] = {
    str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array", NoneType: "null",
}  # fmt: skip
MAX_PLACES = 3  # fields that a finding names


class Kind(StrEnum):
    """What may have changed."""

    PATH = "chemin"
    VERSION = "version"
    DEPRECATED = "dépréciation"
    KEY = "clé"
    TYPE = "type"
    PARAMETER = "paramètre"
    PERSONAL = "donnée personnelle"
    OPENING = "ouverture"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. A remark (not `blocking`) asks for nothing at once."""

    source: str
    kind: Kind
    message: str
    blocking: bool = True


@dataclass(slots=True)
class _Reads:
    """Where forms read a source: the readers of each path of its `data`."""

    by_path: dict[Path, list[str]] = field(default_factory=dict)

    def add(self, reader: str, paths: Iterable[Path]) -> None:
        for path in paths:
            self.by_path.setdefault(path, []).append(reader)


def compare(sources: Iterable[Source], forms: Iterable[Form], endpoints: Mapping[str, Endpoint]) -> tuple[Finding, ...]:
    """List what the published document says otherwise than the catalogue and the forms, row by row."""
    rows = [source for source in sources if source.usable]
    read = _reads(forms)
    findings = [finding for row in rows for finding in _compare_row(row, read.get(row.name, _Reads()), endpoints)]
    return (*findings, *_compare_budgets(rows, endpoints))


def _reads(forms: Iterable[Form]) -> dict[str, _Reads]:
    reads: dict[str, _Reads] = {}
    for form in forms:
        for part in form.fields:
            for origin in part.origins:
                paths, result = paths_read(origin.expression)
                of_items = (paths_read(item.expression, result)[0] for item in part.items)
                reads.setdefault(origin.source, _Reads()).add(f"{form.id} {part.path}", paths.union(*of_items))
    return reads


def _compare_row(row: Source, reads: _Reads, endpoints: Mapping[str, Endpoint]) -> Iterator[Finding]:
    endpoint = endpoints.get(row.path)
    if endpoint is None:
        yield _missing(row, endpoints)
        return
    if row.unpublished:
        yield _remark(row, Kind.PATH, "publié désormais : retirez « unpublished » de sa ligne du catalogue.")
    yield from _versions(row, endpoints)
    yield from _deprecation(row, endpoint)
    yield from _opening(row, endpoints)
    yield from _parameters(row, endpoint)
    yield from _keys(row, reads, endpoint)
    yield from _types(row, endpoint)
    yield from _personal(row, endpoint)


def _missing(row: Source, endpoints: Mapping[str, Endpoint]) -> Finding:
    if row.unpublished:
        return _remark(row, Kind.PATH, "pas encore publié, comme le dit sa ligne du catalogue.")
    guess = closest(row.path, endpoints)
    hint = f" Le plus proche : {guess}." if guess else ""
    return Finding(row.name, Kind.PATH, f"{row.path} n'est plus publié.{hint}")


def _versions(row: Source, endpoints: Mapping[str, Endpoint]) -> Iterator[Finding]:
    own, place = _version_of(row.path)
    newer = [path for path in endpoints if _version_of(path)[1] == place and _version_of(path)[0] > own]
    for path in newer:
        yield Finding(row.name, Kind.VERSION, f"une version plus récente est publiée : {path}.")


def _version_of(path: str) -> tuple[int, str]:
    found = VERSION.fullmatch(path)
    return (int(found[1]), PARAMETER.sub("{}", found[2])) if found else (0, path)


def _deprecation(row: Source, endpoint: Endpoint) -> Iterator[Finding]:
    if endpoint.deprecated and row.deprecated is None:
        yield Finding(row.name, Kind.DEPRECATED, "dépréciée, ce que le catalogue ne sait pas.")
    elif endpoint.deprecated and row.deprecated:
        yield _remark(row, Kind.DEPRECATED, f"dépréciée, et le catalogue le sait : {row.deprecated.fr}")
    elif row.deprecated:
        yield _remark(row, Kind.DEPRECATED, "dépréciée pour le catalogue, ce que le document ne dit pas.")


def _opening(row: Source, endpoints: Mapping[str, Endpoint]) -> Iterator[Finding]:
    if not row.open and any(mark in row.path for mark in OPEN_MARKS):
        yield Finding(
            row.name, Kind.OPENING, "protégée pour le catalogue, et son chemin est celui de données ouvertes."
        )
    twins = [path for path in endpoints if _unmarked(path) == row.path != path]
    if row.open and twins:
        yield Finding(row.name, Kind.OPENING, f"ouverte pour le catalogue, mais le chemin ouvert est {twins[0]}.")


def _unmarked(path: str) -> str:
    for mark in OPEN_MARKS:
        path = path.replace(mark, "")
    return path


def _parameters(row: Source, endpoint: Endpoint) -> Iterator[Finding]:
    for name in sorted(endpoint.required - row.parameters.keys()):
        yield Finding(row.name, Kind.PARAMETER, f"le paramètre {name} est devenu obligatoire.")


def _keys(row: Source, reads: _Reads, endpoint: Endpoint) -> Iterator[Finding]:
    root = ("data", "data") if row.rows else ("data",)
    if row.documents:
        reads.add("ses documents", paths_read(compile_expression(row.documents))[0])
    for part, key in row.as_of:
        if part == "data":
            reads.add("sa date", [(key,)])
    gone = {path: readers for path, readers in reads.by_path.items() if not endpoint.holds((*root, *path))}
    for path, readers in sorted(gone.items()):
        if path[:-1] not in gone:
            where = ", ".join(readers[:MAX_PLACES]) + (" …" if len(readers) > MAX_PLACES else "")
            yield Finding(row.name, Kind.KEY, f"« {'.'.join(path)} » n'est plus publiée ; lue par {where}.")
    unknown = row.keys - endpoint.key_names() - {key for path in gone for key in path}
    if unknown:
        yield Finding(
            row.name, Kind.KEY, f"clés du catalogue qui ne sont plus publiées : {', '.join(sorted(unknown))}."
        )


def _types(row: Source, endpoint: Endpoint) -> Iterator[Finding]:
    for key, kinds in row.shape.items():
        published = endpoint.types(("data", key))
        wanted = {JSON_TYPES[kind] for kind in (kinds if isinstance(kinds, tuple) else (kinds,))}
        if not published <= wanted:
            message = f"« {key} » est publiée {' ou '.join(sorted(published))}, attendue {' ou '.join(sorted(wanted))}."
            yield Finding(row.name, Kind.TYPE, message)


def _personal(row: Source, endpoint: Endpoint) -> Iterator[Finding]:
    """A key that names or describes a person and that nothing drops before the answer is cached."""
    found = {key for key in endpoint.key_names() if PERSONAL.search(key)} - PERSONAL_BUT_USED
    kept = sorted(found - row.personal)
    if row.open and kept:
        yield Finding(
            row.name, Kind.PERSONAL, f"clés sur des personnes que le catalogue n'écarte pas : {', '.join(kept)}."
        )


def _compare_budgets(rows: Iterable[Source], endpoints: Mapping[str, Endpoint]) -> Iterator[Finding]:
    """Compare budgets, where the document's figures differ from each other: one for all is an example."""
    if len({endpoint.limit for endpoint in endpoints.values() if endpoint.limit}) < 2:
        return
    for row in rows:
        endpoint = endpoints.get(row.path)
        if endpoint and endpoint.limit and endpoint.limit != row.budget.per_minute:
            message = f"{endpoint.limit} appels par minute publiés, {row.budget.per_minute} au catalogue."
            yield Finding(row.name, Kind.BUDGET, message)


def _remark(row: Source, kind: Kind, message: str) -> Finding:
    return Finding(row.name, kind, message, blocking=False)
