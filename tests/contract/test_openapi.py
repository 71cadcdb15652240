"""The catalogue and the sandbox's companies, held against the public OpenAPI file of API Entreprise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
import yaml

from prefill.assembly import read_forms
from prefill.domain.answer_shapes.model import Kind
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.company import Company
from prefill.domain.sources import Source
from prefill.drift.comparison import compare
from prefill.drift.published import read_document
from prefill.sandbox.adapter import SandboxAdapter
from prefill.sandbox.companies import COMPANIES
from prefill.sandbox.contract.api import ApiEntreprise
from prefill.sandbox.contract.request import Rules
from prefill.sandbox.model import ND, URL, SandboxCompany
from prefill.settings import Settings
from tests.contract.reference import OPENAPI, read, require_reference

require_reference()

RELIED_ON = Path(__file__).parents[1] / "drift" / "relied_on.yaml"
TODAY = date(2026, 11, 23)
ASKED = [source for source in SOURCES if source.usable]
ROUTED = [source for source in ASKED if source.path and not source.unpublished]
API = ApiEntreprise(Rules(quota_scale=1000), today=TODAY)

by_row = pytest.mark.parametrize("source", ROUTED, ids=lambda source: source.name)


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    return read(OPENAPI)["paths"]


def ask(source: Source, number: str) -> requests.Response:
    params = {"context": "c", "object": "o", "recipient": "00001200500013", **source.parameters}
    path = source.path_for(number, TODAY.year)
    with requests.Session() as session:
        session.mount(URL, SandboxAdapter(API, sleep=lambda _: None))
        return session.get(URL + path, params=params, headers={"Authorization": "Bearer any"})


def found(source: Source) -> Iterator[tuple[SandboxCompany, dict[str, Any]]]:
    """Give the body of every 200 of a source, company by company."""
    for company in COMPANIES:
        number = source.identify(Company(company.siren, company.siret, rna=company.rna))
        response = ask(source, number or company.siren)
        if response.status_code == 200:
            yield company, response.json()


def as_json_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Read an OpenAPI 3.0 schema as JSON Schema: nulls, its `date` type, and the mask that only its words mention."""
    kept = {key: value for key, value in schema.items() if key in ("type", "required", "additionalProperties")}
    if "enum" in schema:
        masks = [ND] if ND in schema.get("description", "") else []
        kept["enum"] = schema["enum"] + masks + ([None] if schema.get("nullable") else [])
    kind = "string" if schema.get("type") == "date" else schema.get("type")
    if kind:
        kept["type"] = [kind, "null"] if schema.get("nullable") else kind
    if "properties" in schema:
        kept["properties"] = {key: as_json_schema(value) for key, value in schema["properties"].items()}
    if "items" in schema:
        kept["items"] = as_json_schema(schema["items"])
    return kept


def schema_of(contract: dict[str, Any], source: Source) -> dict[str, Any]:
    responses = contract[source.path]["get"]["responses"]
    return responses["200"]["content"]["application/json"]["schema"]


@by_row
def test_answers_follow_the_public_contract(source, contract):
    validator = jsonschema.Draft202012Validator(as_json_schema(schema_of(contract, source)))

    for company, body in found(source):
        faults = [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(body)]
        # the contract says a number; the real one sends text too, and so does this company
        expected = 1 if (source.name, company.siret) == ("exercices", "00002000800017") else 0
        assert len(faults) == expected, (company.siret, faults)


def masked_paths(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if "remplacée" in schema.get("description", "") and ND in schema["description"]:
        yield path
    for key, value in schema.get("properties", {}).items():
        yield from masked_paths(value, (*path, key))


def at(document: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


@pytest.mark.parametrize("siret", ["00000600700017", "00000700500010"])
def test_all_that_the_contract_says_is_masked_is_masked(siret, contract):
    body = ask(CATALOGUE["etablissements"], siret).json()
    unit = body["data"]["unite_legale"]
    not_its_kind = {"personne_physique": "personne_morale_attributs", "personne_morale": "personne_physique_attributs"}
    paths = list(masked_paths(schema_of(contract, CATALOGUE["etablissements"])))
    concerned = [path for path in paths if not_its_kind[unit["type"]] not in path]

    assert len(concerned) > 15
    assert {at(body, path) for path in concerned} == {ND}


def keys_in(schema):
    if isinstance(schema, dict):
        yield from schema.get("properties") or ()
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from keys_in(part)


def answer_keys(contract, source):
    operation = contract[source.path]["get"]
    return set(keys_in(operation["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["data"]))


@pytest.mark.parametrize(
    "source", [one for one in SOURCES if one.path and not one.unpublished], ids=lambda source: source.name
)
def test_every_path_is_in_the_public_contract(source, contract):
    assert source.path in contract


def test_what_the_catalogue_holds_as_unpublished_is(contract):
    assert [one.name for one in SOURCES if one.unpublished and one.path in contract] == []


def test_the_catalogue_and_every_form_agree_with_the_public_contract():
    """Paths, versions, deprecations, opening, parameters, and every key that a form, a document or a date reads."""
    findings = compare(SOURCES, read_forms(Settings()).forms.values(), read_document(OPENAPI))

    assert [finding for finding in findings if finding.blocking] == []


def test_our_copy_of_what_we_rely_on_is_the_public_contract_s(contract):
    """Each key of the copy, with its type, is in the public document; so is each deprecation."""
    endpoints, copied = read_document(OPENAPI), yaml.safe_load(RELIED_ON.read_text(encoding="utf-8"))
    wrong = [
        (path, keys, kind)
        for path, endpoint in copied.items()
        for keys, kind in leaves(copied[endpoint.get("data_of", path)]["data"])
        if not types_at(endpoints[path], ("data", *keys)) >= {kind.removesuffix("?")}
    ]

    assert wrong == []
    assert {path for path in copied if copied[path].get("deprecated")} == {
        path for path in copied if contract[path]["get"].get("deprecated")
    }


def leaves(written, keys=()):
    if isinstance(written, str):
        yield keys, written
    elif isinstance(written, list):
        yield keys, "array"
    elif set(written) == {"items"}:
        yield from leaves(written["items"], keys)
    else:
        for key, value in written.items():
            yield from leaves(value, (*keys, key))


def types_at(endpoint, keys):
    """List the JSON types at a path of an answer; lists are transparent but where the path ends."""
    schema = endpoint.answer
    for key in keys:
        while "items" in schema:
            schema = schema["items"]
        schema = schema["properties"][key]
    return {schema.get("type", "any")}


# How the contract writes each kind; a date is often a text there, and a timestamp an integer.
WRITTEN = {
    Kind.TEXT: {"string"}, Kind.DATE: {"string", "date"}, Kind.TIMESTAMP: {"integer"}, Kind.INTEGER: {"integer"},
    Kind.NUMBER: {"number"}, Kind.BOOLEAN: {"boolean"}, Kind.OBJECT: {"object"}, Kind.LIST: {"array"},
    Kind.ANY: {"number", "string"},
}  # fmt: skip


def disagreements(shape, schema, path=""):
    """List where a shape says of a type, or of what is never null, something else than the contract."""
    if schema.get("type") not in WRITTEN[shape.kind]:
        yield f"{path} is a {schema.get('type')}, not a {shape.kind}"
    if schema.get("nullable") and not shape.nullable:
        yield f"{path} may be null"
    if shape.kind is Kind.DATE and not re.match(r"\d{4}-\d{2}-\d{2}", str(schema.get("example"))):
        yield f"{path} is no date: {schema.get('example')}"
    if shape.item is not None:
        yield from disagreements(shape.item, schema["items"], f"{path}[]")
    for key, member in shape.members.items():
        yield from disagreements(member, schema["properties"][key], f"{path}.{key}")


@pytest.mark.parametrize("source", ROUTED, ids=lambda source: source.name)
def test_the_type_and_the_nullability_of_every_key_are_those_of_the_public_contract(source, contract):
    schema = contract[source.path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    data = schema["properties"]["data"]
    if source.rows:
        data = {**data, "items": data["items"]["properties"]["data"]}

    assert list(disagreements(source.answer, data)) == []


PERSONAL = re.compile(r"naissance(?!.*nom)|nationalite|telephone|courriel|mail|sexe|civilite|prenom_\d")


@pytest.mark.parametrize("source", [one for one in ROUTED if one.open], ids=lambda source: source.name)
def test_the_personal_keys_of_the_contract_never_come_in(source, contract):
    personal = {key for key in answer_keys(contract, source) if PERSONAL.search(key)} - {"nom_naissance"}

    assert personal <= source.personal
    assert not source.personal & source.keys
