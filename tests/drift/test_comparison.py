"""The drift guard, on our own copy of what we rely on, and on that copy changed in each way that the upstream may change."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from prefill.assembly import read_forms
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.drift.comparison import Finding, Kind, compare
from prefill.drift.published import UnreadableDocument, read_document
from prefill.settings import Settings

RELIED_ON = Path(__file__).with_name("relied_on.yaml")
FORMS = read_forms(Settings()).forms.values()
ESTABLISHMENT = CATALOGUE["etablissements"].path
RCS = CATALOGUE["extraits_rcs_infogreffe"].path
TAX = CATALOGUE["attestations_fiscales_dgfip"].path
VAT = CATALOGUE["numero_tva"].path
Document = dict[str, Any]


def schema_of(written: Any) -> Document:
    """Write the JSON Schema of a shape: `string?`, a list of one, a list of objects under `items`, or keys."""
    if isinstance(written, list):
        return {"type": "array", "items": schema_of(written[0])}
    if isinstance(written, str):
        return {"type": written.removesuffix("?"), "nullable": written.endswith("?")}
    if set(written) == {"items"}:
        return {"type": "array", "items": schema_of(written["items"])}
    return {"type": "object", "properties": {key: schema_of(value) for key, value in written.items()}}


def published() -> Document:
    """Write our copy as the upstream publishes its contract."""
    copied = yaml.safe_load(RELIED_ON.read_text(encoding="utf-8"))
    paths = {}
    for path, endpoint in copied.items():
        data = copied[endpoint["data_of"]]["data"] if "data_of" in endpoint else endpoint["data"]
        schema = {"type": "object", "properties": {"data": schema_of(data)}}
        paths[path] = {
            "get": {
                "deprecated": endpoint.get("deprecated", False),
                "parameters": [{"name": "context", "in": "query", "required": True}],
                "responses": {
                    "200": {
                        "headers": {"RateLimit-Limit": {"example": 50}},
                        "content": {"application/json": {"schema": schema}},
                    }
                },
            }
        }
    return {"openapi": "3.0.1", "paths": paths}


PUBLISHED = published()


def drift(document: Document, tmp_path: Path) -> tuple[Finding, ...]:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return compare(SOURCES, FORMS, read_document(file))


def data(document: Document, path: str) -> Document:
    body = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    properties: Document = body["properties"]["data"]["properties"]
    return properties


def test_what_the_catalogue_and_the_forms_read_is_in_the_copy(tmp_path):
    """A row or a form that reads something new is written in relied_on.yaml, once the published contract has it."""
    assert [finding for finding in drift(PUBLISHED, tmp_path) if finding.blocking] == []


def test_known_deprecations_and_what_is_not_published_yet_are_remarks(tmp_path):
    assert {(finding.source, finding.kind) for finding in drift(PUBLISHED, tmp_path)} == {
        ("numero_tva", Kind.PATH),
        ("documents_associations", Kind.DEPRECATED),
        ("conventions_collectives", Kind.DEPRECATED),
    }


def remove(path: str) -> Callable[[Document], None]:
    return lambda document: document["paths"].pop(path)


def publish(path: str, twin: str) -> Callable[[Document], None]:
    return lambda document: document["paths"].update({path: document["paths"][twin]})


def deprecate(path: str) -> Callable[[Document], None]:
    return lambda document: document["paths"][path]["get"].update(deprecated=True)


def forget(path: str, *keys: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        holder = data(document, path)
        for key in keys[:-1]:
            holder = holder[key]["properties"]
        del holder[keys[-1]]

    return change


def retype(path: str, key: str, **schema: Any) -> Callable[[Document], None]:
    return lambda document: data(document, path)[key].update(schema)


def require(path: str, name: str) -> Callable[[Document], None]:
    parameter = {"name": name, "in": "query", "required": True}
    return lambda document: document["paths"][path]["get"]["parameters"].append(parameter)


def limit(path: str, calls: int) -> Callable[[Document], None]:
    header = {"RateLimit-Limit": {"example": calls}}
    return lambda document: document["paths"][path]["get"]["responses"]["200"].update(headers=header)


def add(path: str, key: str) -> Callable[[Document], None]:
    return lambda document: data(document, path).update({key: {"type": "string"}})


CHANGES: Mapping[str, tuple[Callable[[Document], None], str, Kind, str]] = {
    "a path that is gone": (remove(TAX), "attestations_fiscales_dgfip", Kind.PATH, "n'est plus publié"),
    "a newer version": (publish(RCS.replace("/v3/", "/v4/"), RCS), "extraits_rcs_infogreffe", Kind.VERSION, "/v4/infogreffe"),
    "a deprecation": (deprecate(RCS), "extraits_rcs_infogreffe", Kind.DEPRECATED, "que le catalogue ne sait pas"),
    "a key that a form reads": (
        forget(RCS, "date_immatriculation"), "extraits_rcs_infogreffe", Kind.KEY, "« date_immatriculation » n'est plus publiée ; lue par",
    ),
    "a key inside an object": (
        forget(ESTABLISHMENT, "adresse", "code_postal"), "etablissements", Kind.KEY, "« adresse.code_postal » n'est plus publiée",
    ),
    "a key that a function reads": (
        forget(ESTABLISHMENT, "adresse", "type_voie"), "etablissements", Kind.KEY, "« adresse.type_voie » n'est plus publiée",
    ),
    "a whole object": (forget(ESTABLISHMENT, "adresse"), "etablissements", Kind.KEY, "« adresse » n'est plus publiée"),
    "a key of a document": (forget(TAX, "document_url"), "attestations_fiscales_dgfip", Kind.KEY, "ses documents"),
    "another type": (retype(ESTABLISHMENT, "siege_social", type="string"), "etablissements", Kind.TYPE, "« siege_social » est publiée string"),
    "a null where none was": (retype(ESTABLISHMENT, "siret", nullable=True), "etablissements", Kind.TYPE, "null ou string"),
    "a parameter that is required": (require(RCS, "year"), "extraits_rcs_infogreffe", Kind.PARAMETER, "year est devenu obligatoire"),
    "a key about a person": (add(RCS, "lieu_naissance"), "extraits_rcs_infogreffe", Kind.PERSONAL, "lieu_naissance"),
    "an open path beside ours": (
        publish("/v3/infogreffe/rcs/unites_legales/diffusibles/{siren}/extrait_kbis", RCS),
        "extraits_rcs_infogreffe", Kind.OPENING, "le chemin ouvert est",
    ),
    "another budget": (limit(RCS, 5), "extraits_rcs_infogreffe", Kind.BUDGET, "5 appels par minute publiés, 250"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "source", "kind", "words"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_the_upstream_is_found(change, source, kind, words, tmp_path):
    document = copy.deepcopy(PUBLISHED)
    change(document)

    found = [finding for finding in drift(document, tmp_path) if (finding.source, finding.kind) == (source, kind)]
    assert all(finding.blocking for finding in found)
    assert any(words in finding.message for finding in found)


def test_a_whole_object_that_is_gone_is_one_finding(tmp_path):
    document = copy.deepcopy(PUBLISHED)
    forget(ESTABLISHMENT, "unite_legale", "personne_physique_attributs")(document)

    gone = [
        one
        for one in drift(document, tmp_path)
        if one.source == "etablissements" and "n'est plus publiée" in one.message
    ]
    assert [one.message.partition(" »")[0] for one in gone] == ["« unite_legale.personne_physique_attributs"]


def test_what_the_catalogue_holds_as_unpublished_is_told_when_it_is_published(tmp_path):
    document = copy.deepcopy(PUBLISHED)
    document["paths"][VAT] = document["paths"][RCS]

    told = [finding for finding in drift(document, tmp_path) if finding.source == "numero_tva"]
    assert any("retirez « unpublished »" in finding.message for finding in told)


def test_an_object_whose_keys_are_not_declared_may_hold_anything(tmp_path):
    document = copy.deepcopy(PUBLISHED)
    data(document, ESTABLISHMENT)["adresse"] = {"type": "object"}

    assert not [finding for finding in drift(document, tmp_path) if "adresse." in finding.message]


def test_references_and_alternatives_are_followed(tmp_path):
    document = copy.deepcopy(PUBLISHED)
    holder = data(document, ESTABLISHMENT)
    document["components"] = {"schemas": {"Adresse": holder["adresse"]}}
    holder["adresse"] = {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Adresse"}]}

    assert not [finding for finding in drift(document, tmp_path) if "adresse." in finding.message]


def test_a_document_in_yaml_is_read_too(tmp_path):
    file = tmp_path / "openapi.yaml"
    file.write_text(yaml.safe_dump(PUBLISHED), encoding="utf-8")

    assert read_document(file).keys() == PUBLISHED["paths"].keys()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "ni du JSON ni du YAML"),
        (b"a: b", "pas de « paths »"),
        (b"[]", "pas de « paths »"),
        (b'{"paths": {"/a": {"get": 7}}}', "ne se lit pas"),
        (b"\xff\xfe\xff", "UTF-8"),
    ],
    ids=["broken", "something else", "a list", "no operation", "no text"],
)
def test_what_is_not_a_description_is_refused_in_a_sentence(content, words, tmp_path):
    file = tmp_path / "openapi.json"
    file.write_bytes(content)

    with pytest.raises(UnreadableDocument, match=words):
        read_document(file)


def test_a_file_that_is_not_there_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(UnreadableDocument, match="ne peut pas être lu"):
        read_document(tmp_path / "absent.json")
