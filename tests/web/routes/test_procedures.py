"""What an agent takes away of a whole procedure: one archive for all candidates, and its table as a spreadsheet."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from prefill.app import create_app
from prefill.settings import Settings
from prefill.tenancy.model import SANDBOX_AGENT_KEY
from tests.support.factories import OBJECT, RIGHT, bearer, known_company, lines_of, told, write_keys, write_tenants
from tests.support.simulator import establishment, siren, siret, wrapped

IN_ORDER, BEHIND, DOWN = "00000200600021", "00002200400014", "00001300300017"
CANDIDATES = [IN_ORDER, BEHIND, DOWN]
HEADERS = bearer(SANDBOX_AGENT_KEY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("procedures")


@pytest.fixture(scope="module")
def client(folder: Path) -> FlaskClient:
    return create_app(Settings(log="json", audit=str(folder / "trace.log"))).test_client()


@pytest.fixture
def trace(folder: Path) -> Path:
    (folder / "trace.log").unlink(missing_ok=True)
    return folder / "trace.log"


def archive(client: FlaskClient, headers: Any = HEADERS, **body: Any) -> Any:
    whole = {"object": OBJECT, "sirets": CANDIDATES, **body}
    return client.post("/v1/procedures/documents.zip", json=whole, headers=dict(headers))


def unpacked(body: bytes) -> tuple[zipfile.ZipFile, dict[str, Any]]:
    opened = zipfile.ZipFile(io.BytesIO(body))
    return opened, json.loads(opened.read("manifeste.json"))


def test_an_archive_has_a_folder_for_each_candidate_and_a_manifest_of_all(client, trace):
    response = archive(client)
    opened, manifest = unpacked(response.data)
    files = [file for one in manifest["candidates"] for file in one["files"]]

    assert [one["siren"] for one in manifest["candidates"]] == [number[:9] for number in CANDIDATES]
    assert {name.partition("/")[0] for name in opened.namelist()} == {*CANDIDATES, "manifeste.json", "SHA256SUMS"}
    assert {file["name"] for file in files} == set(opened.namelist()) - {"manifeste.json", "SHA256SUMS"}
    assert opened.read("SHA256SUMS").decode().count("\n") == len(files)
    assert manifest["sandbox"] is True
    assert (manifest["next"], manifest["refused"]) == (None, [])
    assert [(line["siret"], line["outcome"]) for line in lines_of(trace)] == [
        (number, outcome) for number in CANDIDATES for outcome in ("requested", "opened")
    ]


def test_one_archive_follows_another_within_the_downloads_of_each_minute(open_service, simulator, tmp_path):
    """Each part is asked of a service of its own, as in another minute: no document twice, none missing."""
    numbers = [siret(siren(rank)) for rank in range(300, 350)]
    for number in numbers:
        found_by_agents = {**known_company(), "params": {"siret": number}, "payload": wrapped(establishment(number))}
        simulator.add(found_by_agents, told("attestations_sociales_acoss", number=number[:9]))
    tenants = str(write_tenants(tmp_path, str(write_keys(tmp_path))))
    packed, parts, start = [], [], "1.1"
    while start:
        service = open_service(tenants=tenants, audit=str(tmp_path / "trace.log"), token=None)
        response = archive(service, RIGHT, sirets=numbers, **{"from": start})
        _, manifest = unpacked(response.data)
        assert not [one for one in manifest["candidates"] if one["failed"]]
        packed += [file["name"][:14] for one in manifest["candidates"] for file in one["files"] if "n" in file]
        parts.append((start, int(response.headers["X-Prefill-Documents"])))
        start = response.headers.get("X-Prefill-Next")

    assert packed == numbers
    assert parts == [("1.1", 40), ("41.1", 10)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"sirets": []}, "parameter_invalid"),
        ({"sirets": "00000200600021"}, "parameter_invalid"),
        ({"sirets": [f"{number:014}" for number in range(51)]}, "parameter_invalid"),
        ({"sirets": [IN_ORDER, "123"]}, "siret_malformed"),
        ({"object": ""}, "parameter_invalid"),
        ({"object": None}, "parameter_invalid"),
        ({"from": "x"}, "parameter_invalid"),
        ({"from": "0.1"}, "parameter_invalid"),
        ({"from": "1"}, "parameter_invalid"),
    ],
)
def test_what_cannot_be_read_is_refused_before_any_record(client, trace, body, code):
    assert archive(client, **body).json["code"] == code
    assert lines_of(trace) == []


def test_nothing_is_served_without_a_record(tmp_path):
    trace = tmp_path / "trace.log"
    broken = create_app(Settings(log="json", audit=str(trace))).test_client()
    trace.unlink(missing_ok=True)
    trace.mkdir()

    response = archive(broken)
    assert (response.status_code, response.json["code"]) == (503, "audit_unavailable")


DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("https://evil.example")',
    "https://evil.example",
    "0123",
    "<b>&",
]


def test_a_spreadsheet_holds_texts_alone(client):
    response = client.post(
        "/v1/procedures/table.xlsx", json={"object": OBJECT, "rows": [["Candidat"], *([text] for text in DANGEROUS)]},
        headers=HEADERS,
    )  # fmt: skip
    book = zipfile.ZipFile(io.BytesIO(response.data))
    sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    strings = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
    space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}

    assert response.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert {cell.get("t") for cell in sheet.iterfind(".//x:c", space)} == {"s"}
    assert sheet.findall(".//x:f", space) == sheet.findall(".//x:hyperlink", space) == []
    assert ["".join(one.itertext()) for one in strings.findall("x:si", space)] == ["Candidat", *DANGEROUS]
    assert b"quotePrefix" in book.read("xl/styles.xml")


@pytest.mark.parametrize("rows", [None, [], "x", [["x"]] * 52, ["x"], [[1]], [["x"] * 21]])
def test_a_table_that_is_none_is_refused(client, rows):
    response = client.post("/v1/procedures/table.xlsx", json={"rows": rows}, headers=HEADERS)

    assert response.json["code"] == "parameter_invalid"


@pytest.mark.parametrize("path", ["/v1/procedures/documents.zip", "/v1/procedures/table.xlsx"])
def test_nobody_else_is_answered_and_no_other_page_reads_it(client, trace, path):
    refused = client.post(path, json={"sirets": CANDIDATES, "object": OBJECT, "rows": [["x"]]})
    preflight = client.options(path, headers={"Origin": "https://candidats.example"})

    assert (refused.status_code, refused.json["code"]) == (401, "unauthorized")
    assert lines_of(trace) == []
    assert not [name for name in dict(preflight.headers) if name.startswith("Access-Control")]
