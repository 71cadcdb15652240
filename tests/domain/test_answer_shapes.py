"""The shapes of the registers' answers, held against what the sandbox sends and against the catalogue's own columns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prefill.authoring.cases import DEFAULT_DAY
from prefill.domain.answer_shapes.model import Kind, Shape
from prefill.domain.answer_shapes.notation import answer
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.dates import paris_date
from prefill.domain.disclosure import disclose, masked
from prefill.forms.functions import read_iso_date
from prefill.sandbox.companies import COMPANIES
from prefill.sandbox.contract.cases import cases_of
from prefill.sandbox.model import URL

ASKED = [source for source in SOURCES if source.usable]
FITS = {
    Kind.TEXT: lambda value: isinstance(value, str),
    Kind.DATE: lambda value: (
        isinstance(value, str) and (read_iso_date(value) is not None or value in ("1900-01-01", ""))
    ),
    Kind.TIMESTAMP: lambda value: paris_date(value) is not None or value == -2208989361,
    Kind.INTEGER: lambda value: isinstance(value, int) and not isinstance(value, bool),
    Kind.NUMBER: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    Kind.BOOLEAN: lambda value: isinstance(value, bool),
    Kind.OBJECT: lambda value: isinstance(value, dict),
    Kind.LIST: lambda value: isinstance(value, list),
    Kind.ANY: lambda value: True,
}


def misfits(shape: Shape, value: Any, path: str = "") -> list[str]:
    """List where a value has not the shape; what the shape does not name is not compared."""
    if value is None:
        return [] if shape.nullable else [f"{path}: null"]
    if masked(value) and not isinstance(value, dict | list):
        return []
    if not FITS[shape.kind](value):
        return [f"{path}: {value!r} is not a {shape.kind}"]
    found: list[str] = []
    if shape.kind is Kind.LIST:
        for row in value:
            found += misfits(shape.item, row, f"{path}[]")
    for key, member in shape.members.items():
        if key in value:
            found += misfits(member, value[key], f"{path}.{key}")
        elif not member.nullable:
            found.append(f"{path}.{key}: absent")
    return found


def sent():
    """Give what the sandbox sends of each company: the source and the `data`."""
    for case in cases_of(COMPANIES):
        if case.reply and case.reply.body and not case.reply.fault:
            source = next(one for one in SOURCES if one.path == case.path)
            data = json.loads(case.write(DEFAULT_DAY, URL))["data"]
            yield source, [row["data"] for row in data] if source.rows else data


def test_what_the_sandbox_sends_has_the_shape_of_the_catalogue():
    wrong = {
        f"{source.name}{fault}" for source, data in sent() for fault in misfits(source.answer, disclose(source, data))
    }

    assert wrong == set()


@pytest.mark.parametrize("source", ASKED, ids=lambda source: source.name)
def test_every_source_has_a_shape_and_every_key_a_meaning(source):
    paths = dict(source.answer.paths())

    assert paths
    assert all(shape.meaning for path, shape in paths.items()), [path for path in paths if not paths[path].meaning]
    assert not source.keys & source.personal
    assert set(source.shape) <= set(paths) | {path.split("[]")[0] for path in paths}


def test_a_line_that_is_not_a_key_is_refused():
    with pytest.raises(ValueError, match="not a key"):
        answer("siret")


def test_a_shape_names_its_keys_at_whatever_depth():
    assert {"adresse", "code_postal", "unite_legale", "de"} <= CATALOGUE["etablissements"].keys
    assert CATALOGUE["exercices"].rows
    assert not CATALOGUE["etablissements"].rows
