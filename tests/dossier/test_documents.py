"""The documents: byte for byte from the storage that the catalogue allows, and refused from anywhere else."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from prefill.app import create_app
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.dates import PARIS
from prefill.dossier import documents
from prefill.dossier.documents import MAX_BYTES, file_name, is_allowed
from prefill.dossier.model import Document
from prefill.sandbox.contract.documents import pdf
from prefill.settings import Settings
from prefill.tenancy.model import SANDBOX_AGENT_KEY
from tests.support.factories import (
    RIGHT,
    SIREN,
    SIRET,
    Storage,
    ask,
    bearer,
    known_company,
    lines_of,
    proofs_of,
    running_storage,
    told,
    write_keys,
    write_tenants,
)
from tests.support.simulator import OpenService, Simulator, close_service, open_service_on, run_simulator, wrapped

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 400 + b"\n%%EOF\n"
CNETP = f"{SIRET}/documents/certificats_cnetp"
SANDBOX = bearer(SANDBOX_AGENT_KEY)
# Sources whose files API Entreprise holds itself: those of RGE and Qualifelec are a third party's, never fetched.
SOURCES = (
    "attestations_sociales_acoss", "attestations_fiscales_dgfip", "certificats_qualibat", "documents_associations",
    "actes_inpi", "certificats_cnetp", "cartes_professionnelles_fntp",
)  # fmt: skip


@pytest.fixture
def trace(tmp_path) -> Path:
    return tmp_path / "trace.log"


@pytest.fixture
def buyer(open_service: OpenService, tmp_path: Path, trace: Path) -> FlaskClient:
    tenants = write_tenants(tmp_path, str(write_keys(tmp_path)))
    return open_service(tenants=str(tenants), audit=str(trace), token=None)


@pytest.fixture
def with_documents(simulator: Simulator) -> Simulator:
    simulator.add(known_company(), *map(told, SOURCES))
    return simulator


# The name in the address of the first file of each: the sandbox prints it on the page.
FIRST_FILES = {
    "attestations_sociales_acoss": "vigilance", "attestations_fiscales_dgfip": "fiscale",
    "certificats_qualibat": "qualibat", "documents_associations": "statuts", "actes_inpi": "acte_5d9f",
    "certificats_cnetp": "cnetp", "cartes_professionnelles_fntp": "fntp",
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_a_document_arrives_byte_for_byte_with_one_line(buyer, with_documents, trace, source):
    served = ask(buyer, f"{SIRET}/documents/{source}")
    assert (served.status_code, served.data) == (200, pdf(FIRST_FILES[source]))
    assert served.mimetype == "application/pdf"
    assert served.headers["Content-Disposition"].startswith(f'attachment; filename="{source}_{SIREN}_')
    assert served.headers["Cache-Control"] == "no-store, no-transform"
    assert [(line["sources"], line["outcome"]) for line in lines_of(trace)] == [
        (source, "requested"), (source, "complete"),
    ]  # fmt: skip
    assert with_documents.stats()["violations"] == {}


def test_every_link_of_a_dossier_leads_to_its_document(buyer, with_documents):
    links = [one["href"] for proof in proofs_of(ask(buyer, SIRET, all="1").json).values() for one in proof["documents"]]

    assert len(links) == 8
    assert {buyer.get(link, headers=RIGHT).status_code for link in links} == {200}
    assert not [link for link in links if "siade" in link or "proxy" in link]


def test_a_document_costs_no_call_when_the_dossier_was_read(buyer, with_documents):
    ask(buyer, SIRET, all="1")
    before = with_documents.total()

    assert ask(buyer, CNETP).status_code == 200
    assert with_documents.total() == before


def test_an_address_is_asked_again_once_it_is_dead(buyer, simulator):
    mortal = told("certificats_cnetp")
    mortal["payload"]["data"]["expires_in"] = 0
    simulator.add(known_company(), mortal)
    path = CATALOGUE["certificats_cnetp"].path.replace("{siren}", SIREN)

    assert [ask(buyer, CNETP).status_code for _ in range(2)] == [200, 200]
    assert simulator.calls()[path] == 2


@pytest.mark.parametrize(
    "path",
    ["certificats_cnetp/2", "certificats_cnetp/0", "actes_inpi/99", "cotisations_msa", "bilans_inpi", "etablissements",
     "nothing", "certificats_cnetp%00", "..%2f..%2fetc%2fpasswd"],
)  # fmt: skip
def test_a_document_that_does_not_exist_is_unknown(buyer, with_documents, path):
    response = ask(buyer, f"{SIRET}/documents/{path}")

    assert (response.status_code, response.json["code"]) in ((404, "document_unknown"), (404, "not_found"))


def test_a_register_that_has_nothing_has_no_document(buyer, simulator, trace):
    simulator.add(known_company())

    assert ask(buyer, CNETP).json["code"] == "document_unknown"
    assert [line["outcome"] for line in lines_of(trace)] == ["requested", "refused"]


def test_a_register_that_fails_gives_its_document_later(buyer, with_documents):
    with_documents.fail({"cnetp": "504"})

    assert (ask(buyer, CNETP).status_code, ask(buyer, CNETP).json["code"]) == (503, "document_unavailable")


@pytest.mark.parametrize("fault", ["404", "500", "reset", "partial"])
def test_a_storage_that_fails_is_told_apart_from_a_hostile_one(buyer, with_documents, fault):
    with_documents.fail({"/siade/": fault})

    response = ask(buyer, CNETP)
    assert (response.status_code, response.json["code"]) == (503, "document_unavailable")


def test_the_sandbox_serves_its_documents_and_one_dead_link():
    client = create_app(Settings(log="json", audit="/dev/null")).test_client()

    assert ask(client, "00000100800010/documents/attestations_fiscales_dgfip", SANDBOX).data.startswith(b"%PDF")
    assert ask(client, "00002300200017/documents/attestations_fiscales_dgfip", SANDBOX).status_code == 503


@pytest.fixture
def storage() -> Iterator[Storage]:
    with running_storage() as storage:
        yield storage


def cnetp(url: object) -> dict[str, Any]:
    row = CATALOGUE["certificats_cnetp"]
    return {"path": row.path, "params": {"siren": SIREN}, "status": 200, "payload": wrapped({"document_url": url})}


@pytest.mark.parametrize(
    "url",
    [
        "https://exemple.fr/attestation.php", "http://127.0.0.1:6379/", "http://localhost/", "https://[::1]/a",
        "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "ftp://storage.entreprise.api.gouv.fr/a",
        "//storage.entreprise.api.gouv.fr/a", "data:application/pdf,%25PDF", "gopher://127.0.0.1/",
        "https://storage.entreprise.api.gouv.fr@exemple.fr/a", "https://storage.entreprise.api.gouv.fr:8443/a",
        "https://storage.entreprise.api.gouv.fr.exemple.fr/a", "http://storage.entreprise.api.gouv.fr/a",
        "https://exemple.fr\\@storage.entreprise.api.gouv.fr/a", "https://storage.entreprise.api.gouv.fr /a",
        "https://storage.entreprise.api.gouv.fr\r\nHost: exemple.fr/a", "https://ѕtorage.entreprise.api.gouv.fr/a",
        "https://:443/a", "https://[/a", "../../etc/passwd", "https://storage.entreprise.api.gouv.fr:notaport/a",
    ],
)  # fmt: skip
def test_an_address_elsewhere_is_refused_without_a_call(buyer, simulator, trace, url):
    simulator.add(known_company(), cnetp(url))

    response = ask(buyer, CNETP)
    assert (response.status_code, response.json["code"]) == (502, "document_refused")
    assert [line["outcome"] for line in lines_of(trace)] == ["requested", "refused"]


def test_another_port_of_this_machine_is_elsewhere(buyer, simulator, storage):
    storage.pages["/a"] = (200, {}, PDF)
    simulator.add(known_company(), cnetp(f"{storage.url}/a"))

    assert ask(buyer, CNETP).json["code"] == "document_refused"
    assert storage.asked == []


@pytest.mark.parametrize("fault", ["redirect", "html", "empty", f"huge:{MAX_BYTES // 10**6 + 2}", "gzipbomb"])
def test_what_is_not_a_document_is_refused(buyer, with_documents, fault):
    with_documents.fail({"/siade/": fault})

    response = ask(buyer, CNETP)
    assert (response.status_code, response.json["code"]) == (502, "document_refused")
    assert b"%PDF" not in response.data


@pytest.fixture
def behind(storage: Storage, open_service: OpenService, tmp_path: Path) -> tuple[FlaskClient, Storage]:
    """A service whose API Entreprise is the storage itself: it answers what a test wants."""
    tenants = write_tenants(tmp_path, str(write_keys(tmp_path)))
    company = json.dumps(known_company()["payload"]).encode()
    establishment = CATALOGUE["etablissements_instructeur"].path.replace("{siret}", SIRET)
    certificate = CATALOGUE["certificats_cnetp"].path.replace("{siren}", SIREN)
    storage.pages[establishment] = (200, {"Content-Length": str(len(company))}, company)
    body = json.dumps(wrapped({"document_url": f"{storage.url}/files/../../a%0d%0aSet-Cookie:x.html"})).encode()
    storage.pages[certificate] = (200, {"Content-Length": str(len(body))}, body)
    return open_service(url=storage.url, tenants=str(tenants), token=None, audit="/dev/null"), storage


def serve(storage: Storage, body: bytes, **headers: str) -> None:
    storage.pages["/a%0D%0ASet-Cookie:x.html"] = (200, headers, body)


def test_a_document_is_named_by_us_whatever_its_storage_says(behind):
    service, storage = behind
    serve(storage, PDF, **{
        "Content-Disposition": 'attachment; filename="../../x\\".html"', "Content-Type": "text/html",
        "Content-Length": str(len(PDF)), "Set-Cookie": "a=b",
    })  # fmt: skip

    response = ask(service, CNETP)
    assert (response.status_code, response.data, response.mimetype) == (200, PDF, "application/pdf")
    assert response.headers["Content-Disposition"].startswith(f'attachment; filename="certificats_cnetp_{SIREN}_')
    assert "Set-Cookie" not in response.headers


def test_no_token_goes_with_the_call_for_a_document(behind):
    service, storage = behind
    serve(storage, PDF, **{"Content-Length": str(len(PDF))})
    ask(service, CNETP)

    signed = {path: "Authorization" in headers for path, headers in storage.asked}
    assert [path for path, sent in signed.items() if not sent] == [path for path in signed if "Set-Cookie" in path]
    assert len([path for path in signed if "Set-Cookie" in path]) == 1


def test_an_endless_body_is_cut(behind):
    service, storage = behind
    serve(storage, b"%PDF" + b"x" * 2**20, **{"X-Endless": "1"})

    assert ask(service, CNETP).json["code"] == "document_refused"


def test_a_zip_is_named_as_one(behind):
    service, storage = behind
    serve(storage, b"PK\x03\x04" + b"x" * 100, **{"Content-Length": "104"})

    response = ask(service, CNETP)
    assert response.mimetype == "application/zip"
    assert response.headers["Content-Disposition"].endswith('.zip"')


def test_a_title_from_a_register_is_never_a_name():
    hostile = Document("actes_inpi", 1, "../../x\r\nSet-Cookie: a", "https://a")

    assert "Set-Cookie" not in file_name(hostile, SIREN, documents.date(2026, 1, 2), "pdf")


@pytest.mark.parametrize(
    "url",
    ["https://storage.entreprise.api.gouv.fr/siade/a.pdf?X-Amz-Signature=1", "https://entreprise.api.gouv.fr/proxy/a",
     "https://STORAGE.entreprise.api.gouv.fr/a"],
)  # fmt: skip
def test_the_storage_of_api_entreprise_is_allowed(url):
    assert is_allowed(url, "https://entreprise.api.gouv.fr")


def unpacked(body: bytes) -> tuple[zipfile.ZipFile, dict[str, Any]]:
    archive = zipfile.ZipFile(io.BytesIO(body))
    return archive, json.loads(archive.read("manifeste.json"))


def test_the_archive_holds_every_document_with_its_sum(buyer, with_documents, trace):
    response = ask(buyer, f"{SIRET}/documents.zip", all="1")
    archive, manifest = unpacked(response.data)
    sums = dict(reversed(line.split("  ")) for line in archive.read("SHA256SUMS").decode().splitlines())

    assert archive.testzip() is None
    assert response.headers["X-Prefill-Documents"] == "8"
    assert (len(manifest["files"]), manifest["failed"]) == (9, [])
    assert manifest["failed"] == []
    assert {one["name"]: one["sha256"] for one in manifest["files"]} == sums
    assert all(hashlib.sha256(archive.read(name)).hexdigest() == mark for name, mark in sums.items())
    assert [line["outcome"] for line in lines_of(trace)] == ["requested", "opened"]


def test_in_the_sandbox_the_manifest_and_the_summary_say_that_all_is_invented_and_when_they_were_made():
    client = create_app(Settings(log="json")).test_client()
    archive, manifest = unpacked(ask(client, "00000100800010/documents.zip", SANDBOX).data)
    page = archive.read("dossier.html").decode()

    assert manifest["sandbox"] is True
    assert "Bac à sable : tout est inventé." in page
    assert f"établi le {datetime.fromisoformat(manifest['at']):%d/%m/%Y}" in page


def test_outside_the_sandbox_nothing_says_so(buyer, with_documents):
    archive, manifest = unpacked(ask(buyer, f"{SIRET}/documents.zip", all="1").data)

    assert "sandbox" not in manifest
    assert "Bac à sable" not in archive.read("dossier.html").decode()


def test_the_summary_of_the_archive_is_for_people(buyer, with_documents):
    archive, _ = unpacked(ask(buyer, f"{SIRET}/documents.zip", all="1").data)
    page = archive.read("dossier.html").decode()

    assert "registre à jour du" in page
    assert 'href="https://procedures.inpi.fr/"' in page
    assert "ATELIERS DU GIER" in page
    assert "2026-TRX-014" in page
    assert "valable jusqu" in page.lower()
    assert "http://127.0.0.1" not in page


def test_what_cannot_be_had_is_named_in_the_manifest(buyer, simulator):
    simulator.add(known_company(), cnetp("https://exemple.fr/a.php"), told("cartes_professionnelles_fntp"))

    archive, manifest = unpacked(ask(buyer, f"{SIRET}/documents.zip", all="1").data)
    assert [(one["source"], one["code"]) for one in manifest["failed"]] == [("certificats_cnetp", "document_refused")]
    assert not [name for name in archive.namelist() if "cnetp" in name]


def test_an_archive_without_documents_still_says_so(buyer, simulator):
    simulator.add(known_company())

    archive, manifest = unpacked(ask(buyer, f"{SIRET}/documents.zip").data)
    assert sorted(archive.namelist()) == ["SHA256SUMS", "dossier.html", "manifeste.json"]
    assert [one["name"] for one in manifest["files"]] == ["dossier.html"]


def many_documents(simulator: Simulator, count: int) -> None:
    """Give the association that many files, all of them one file of the sandbox."""
    case = told("documents_associations")
    [first, *_] = case["payload"]["data"]
    case["payload"]["data"] = [first] * count
    simulator.add(known_company(), case)


def test_an_archive_keeps_to_the_downloads_of_the_minute_and_says_where_the_next_begins(
    open_service, simulator, tmp_path, trace
):
    many_documents(simulator, 120)
    tenants = str(write_tenants(tmp_path, str(write_keys(tmp_path))))
    path, packed, parts = f"/v1/dossiers/{SIRET}/documents.zip?object=x&all=1", [], []
    for _ in range(3):
        service = open_service(tenants=tenants, audit=str(trace), token=None)  # another minute: a fresh quota
        response = service.get(path, headers=dict(RIGHT))
        _, manifest = unpacked(response.data)
        parts.append(
            (len(manifest["files"]) - 1, len(manifest["left"]), int(response.headers["X-Prefill-Documents-Left"]))
        )
        packed += [file["n"] for file in manifest["files"] if "n" in file]
        assert manifest["failed"] == []
        assert manifest["documents"] == 120
        link = response.headers.get("Link")
        path = link.removeprefix("<").removesuffix('>; rel="next"') if link else ""

    assert parts == [(40, 80, 80), (40, 40, 40), (40, 0, 0)]
    assert packed == list(range(1, 121))
    assert path == ""


def test_an_archive_without_downloads_left_says_when_to_come_back(tmp_path, trace):
    tenants = str(write_tenants(tmp_path, str(write_keys(tmp_path))))
    with run_simulator() as strict:  # the quota of API Entreprise: 50 downloads a minute
        many_documents(strict, 120)
        service = open_service_on(strict, tenants=tenants, audit=str(trace), token=None)
        minute = datetime.now(PARIS).minute
        _, first = unpacked(ask(service, f"{SIRET}/documents.zip", all="1").data)
        later = ask(service, f"{SIRET}/documents.zip", all="1", **{"from": "41"})
        single = ask(service, f"{SIRET}/documents/documents_associations/41")
        violations = strict.stats()["violations"]
        close_service(service)

    assert first["failed"] == []
    assert single.status_code == 200  # the reserve
    assert violations == {}
    if datetime.now(PARIS).minute == minute:
        assert (later.status_code, later.json["code"]) == (503, "document_unavailable")
        assert 0 < later.json["retryAfter"] <= 60


@pytest.mark.parametrize("text", ["0", "-1", "x", "", "99999999999"])
def test_a_rank_that_is_none_is_refused(buyer, simulator, text):
    assert ask(buyer, f"{SIRET}/documents.zip", **{"from": text}).json["code"] == "parameter_invalid"


def test_a_certifiers_file_is_fetched_only_from_a_host_that_the_operator_lists(
    buyer, simulator, open_service, tmp_path, trace
):
    case = told("certificats_rge_ademe")
    case["payload"]["data"][0]["data"]["url"] = "https://certificats.example/a.pdf"
    simulator.add(known_company(), case)

    first = proofs_of(ask(buyer, SIRET, all="1").json)["certificats_rge_ademe"]["documents"][0]
    assert (first["href"], first["host"]) == ("https://certificats.example/a.pdf", "certificats.example")
    assert ask(buyer, f"{SIRET}/documents/certificats_rge_ademe/1").json["code"] == "document_refused"
    tenants = str(write_tenants(tmp_path, str(write_keys(tmp_path))))
    listing = open_service(tenants=tenants, audit=str(trace), token=None, document_hosts=("certificats.example",))
    first = proofs_of(ask(listing, SIRET, all="1").json)["certificats_rge_ademe"]["documents"][0]
    assert "host" not in first
    assert first["href"].startswith(f"/v1/dossiers/{SIRET}/documents/certificats_rge_ademe/1")
    assert is_allowed("https://certificats.example/a.pdf", "https://entreprise.api.gouv.fr", ("certificats.example",))
    assert not is_allowed(
        "http://certificats.example/a.pdf", "https://entreprise.api.gouv.fr", ("certificats.example",)
    )
    assert not is_allowed(
        "https://certificats.example:8443/a.pdf", "https://entreprise.api.gouv.fr", ("certificats.example",)
    )
