"""Who gets what: every route, every kind of caller, every source; and what is protected is nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient

from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.permissions import Audience, can_query
from prefill.domain.sources import Identifier
from tests.support.factories import (
    OTHER_KEY,
    SIGNING_KEY,
    SIREN,
    SIRET,
    ask,
    bearer,
    identity,
    known_company,
    lines_of,
    proofs_of,
    secret,
    write_keys,
    write_tenants,
)
from tests.support.simulator import OpenService, Simulator, wrapped

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CANARY = "CANARI"


def _unsigned() -> str:
    return identity(None, "none")


def _signed_with_the_public_key() -> str:
    """The old confusion: the public key, which everybody has, used as an HMAC secret."""
    import base64
    import hashlib
    import hmac

    body = identity().rsplit(".", 1)[0].split(".")[1]
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one","typ":"JWT"}').rstrip(b"=").decode()
    public = SIGNING_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    mark = hmac.new(public, f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"


# Each kind of caller, and what it is answered: for the dossier, for a document, for the archive.
REFUSED = (401, 401, 401)
CALLERS: dict[str, tuple[Callable[[], dict[str, str]], tuple[int, int, int]]] = {
    "nobody": (dict, REFUSED),
    "a candidate's page": (lambda: {"Origin": "https://candidats.example"}, REFUSED),
    "a candidate that names a buyer": (lambda: {"X-Prefill-Tenant": "lyon"}, REFUSED),
    "an unknown key": (lambda: bearer(secret("nobody")), REFUSED),
    "a key with another secret": (lambda: bearer(secret("right")[:-1] + "z"), REFUSED),
    "an expired key": (lambda: bearer(secret("expired")), REFUSED),
    "a revoked key": (lambda: bearer(secret("revoked")), REFUSED),
    "a key sent as a password": (lambda: {"Authorization": "Basic " + secret("right")}, REFUSED),
    "an empty proof": (lambda: {"Authorization": ""}, REFUSED),
    "a key for another buyer": (lambda: {**bearer(secret("other")), "X-Prefill-Tenant": "lyon"}, (403, 403, 403)),
    "a key without documents": (lambda: bearer(secret("reader")), (200, 403, 403)),
    "a key without dossiers": (lambda: bearer(secret("loader")), (403, 200, 403)),
    "the right key": (lambda: bearer(secret("right")), (200, 200, 200)),
    "the right key, of another buyer": (lambda: bearer(secret("other")), (200, 200, 200)),
    "the right identity": (lambda: bearer(identity()), (200, 200, 200)),
    "an identity without rights": (lambda: bearer(identity(roles=["lecteur"])), (403, 403, 403)),
    "a forged identity": (lambda: bearer(identity(OTHER_KEY)), REFUSED),
    "an expired identity": (lambda: bearer(identity(exp=LONG_AGO)), REFUSED),
    "an identity for later": (lambda: bearer(identity(nbf=datetime.now(UTC) + timedelta(hours=1))), REFUSED),
    "an identity for another service": (lambda: bearer(identity(aud="autre")), REFUSED),
    "an identity of another issuer": (lambda: bearer(identity(iss="https://sso.example")), REFUSED),
    "an identity without a signature": (lambda: bearer(_unsigned()), REFUSED),
    "an identity signed with the public key": (lambda: bearer(_signed_with_the_public_key()), REFUSED),
}
ROUTES = (SIRET, f"{SIRET}/documents/certificats_cnetp", f"{SIRET}/documents.zip")
KNOWN_AGENTS = frozenset({
    "a key without documents", "a key without dossiers", "the right key", "the right identity", "an identity without rights",
})  # fmt: skip
OPEN_ROUTES = ("/v1/schemas/dossier", "/v1/schemas/dossier/schema.json", f"/v1/prefill/{SIRET}?schema=dossier")


@pytest.fixture
def trace(tmp_path) -> Path:
    return tmp_path / "trace.log"


@pytest.fixture
def service(open_service: OpenService, tmp_path: Path, trace: Path) -> FlaskClient:
    tenants = write_tenants(tmp_path, str(write_keys(tmp_path)))
    return open_service(tenants=str(tenants), audit=str(trace), token=None, metrics_token="m")


@pytest.fixture
def registers(simulator: Simulator) -> Simulator:
    """Every register knows the company, and every text that is protected holds a canary of its own."""
    simulator.add(*(canary_case(source.name) for source in SOURCES if source.usable and source.path))
    return simulator


PROTECTED: dict[str, Any] = {
    "exercices": [{"chiffre_affaires": 9876543, "date_fin_exercice": "2024-12-31"}],
    "attestations_fiscales_dgfip": {"document_url": "DOC", "date_delivrance_attestation": "2031-07-13"},
    "attestations_sociales_acoss": {
        "entity_status": {"code": "ok", "libelle": "CANARI-LIBELLE", "description": "CANARI-DESCRIPTION"},
        "document_url": "DOC", "date_debut_validite": "2031-07-14", "date_fin_validite": "2099-07-15",
        "code_securite": "CANARI-CODE",
    },
    "cotisations_msa": {"status": "outdated"},
    "cotisation_retraite_probtp": {"eligible": False},
    "certificats_cnetp": {"document_url": "DOC"},
}  # fmt: skip
CANARIES = ("CANARI", "9876543", "2031-07-13", "2031-07-14", "2099-07-15", "not_up_to_date", "non à jour", "4321.5")


def canary_case(name: str) -> dict[str, Any]:
    """Tell something of our company in that source: a canary where the source is protected."""
    row = CATALOGUE[name]
    number = SIRET if row.identifier in (Identifier.SIRET, Identifier.RNA_OR_SIRET) else SIREN
    params = {row.identifier.value: number, **row.parameters}
    if "{year}" in row.path:
        params["year"] = str(datetime.now(UTC).year - row.years_back)
    if row.open and name != "etablissements":
        return {"path": row.path, "params": params, "status": 404, "payload": {"errors": [{"code": "01003"}]}}
    return {"path": row.path, "params": params, "status": 200, "payload": _canary_payload(name)}


def _canary_payload(name: str) -> dict[str, Any]:
    row = CATALOGUE[name]
    if name.startswith("effectifs"):
        staff = [{"regime": "CANARI-REGIME", "value": 4321.5, "nature": "CANARI-NATURE"}]
        return wrapped({"siren": SIREN, "annee": "2025", "effectifs_annuel": staff})
    if name in PROTECTED:
        text = json.dumps(PROTECTED[name]).replace(
            "DOC", "https://storage.entreprise.api.gouv.fr/siade/CANARI-LIEN.pdf"
        )
        data = json.loads(text)
        return {"data": [wrapped(one) for one in data], "links": {}, "meta": {}} if row.rows else wrapped(data)
    if name.startswith("associations"):
        return wrapped(
            {"nom": "CANARI-ASSOCIATION", "rna": "CANARI-RNA", "regime": "CANARI", "activites": {"objet": "CANARI"}}
        )
    return known_company()["payload"] if row.open else known_company(enseigne="CANARI-ENSEIGNE")["payload"]


@pytest.mark.parametrize("kind", CALLERS)
@pytest.mark.parametrize("route", range(len(ROUTES)), ids=("dossier", "document", "archive"))
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_each_caller_gets_what_it_may(service, registers, trace, kind, route, accept):
    proof, expected = CALLERS[kind]

    response = ask(service, ROUTES[route], {**proof(), "Accept": accept})
    assert response.status_code == expected[route]
    if expected[route] == 200:
        assert response.data
        assert lines_of(trace)[0]["outcome"] == "requested"
        assert len(lines_of(trace)) == 2
        return
    assert response.json["code"] == {401: "unauthorized", 403: "forbidden"}[expected[route]]
    assert not [canary for canary in CANARIES if canary in response.text]
    assert (registers.total(), lines_of(trace)) == (0, [])
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("kind", [kind for kind, (_, expected) in CALLERS.items() if expected == REFUSED])
def test_whoever_is_refused_is_told_the_same(service, registers, kind):
    told = ask(service, SIRET, CALLERS[kind][0]()).json

    assert {**told, "requestId": ""} == {**ask(service, SIRET, {}).json, "requestId": ""}


@pytest.mark.parametrize("source", [source.name for source in SOURCES])
@pytest.mark.parametrize("kind", ["nobody", "a candidate's page", "the right key"])
def test_no_source_is_open_to_a_candidate_by_this_door_or_the_other(service, registers, kind, source):
    headers = {**CALLERS[kind][0](), "X-Prefill-Tenant": "lyon"}
    document = ask(service, f"{SIRET}/documents/{source}", headers)
    asked = service.get(f"/v1/prefill/{SIRET}?schema=dume&with={source}", headers=headers)

    if kind != "the right key":
        assert document.status_code == 401
    if not can_query(Audience.CANDIDATE, CATALOGUE[source]):
        assert asked.status_code == 403
    assert not [canary for canary in CANARIES if canary in asked.text]


@pytest.mark.parametrize("path", OPEN_ROUTES)
@pytest.mark.parametrize("kind", CALLERS)
def test_the_agents_form_is_behind_no_other_route(service, registers, kind, path):
    response = service.get(path, headers={"X-Prefill-Tenant": "lyon", **CALLERS[kind][0]()})

    described = kind in KNOWN_AGENTS and path.startswith("/v1/schemas/")  # its fields, without any company
    assert response.status_code in ((200,) if described else (401, 403, 404))
    assert not [canary for canary in CANARIES if canary in response.text]


def test_the_agent_sees_every_canary_that_tells_of_the_company(service, registers):
    """The test of the test: what the others do not see is really there."""
    text = ask(service, SIRET, bearer(secret("right")), all="1").text

    assert [canary for canary in CANARIES if canary not in text] == []


def test_protected_data_is_in_no_log_metric_error_trace_or_key(service, registers, trace, capsys):
    right = bearer(secret("right"))
    for path in (*ROUTES, f"{SIRET}/documents/attestations_sociales_acoss"):
        ask(service, path, right, all="1")
    registers.fail({"dgfip": "500", "urssaf": "shape"})
    ask(service, SIRET, bearer(secret("other")), all="1")
    candidate = service.get(f"/v1/prefill/{SIRET}?schema=dume", headers={"X-Prefill-Tenant": "lyon"}).text
    metrics = service.get("/metrics", headers=bearer("m")).text
    services = service.application.extensions["prefill"].tenant_services.for_tenant("lyon")
    keys = repr(services.upstream.cache.keys())
    told = capsys.readouterr()

    assert "upstream.call" in told.err
    for where in (candidate, metrics, keys, told.err, told.out, trace.read_text()):
        assert [canary for canary in CANARIES if canary in where] == []
    for where in (metrics, keys, told.err):
        assert secret("right") not in where
        assert "jeton-de-lyon" not in where
    assert SIRET not in metrics + told.err


def test_what_one_buyer_was_told_is_not_told_to_another(service, registers):
    ask(service, SIRET, bearer(secret("right")), all="1")
    before = registers.calls()
    ask(service, SIRET, bearer(secret("other")), all="1")

    path = CATALOGUE["attestations_sociales_acoss"].path.replace("{siren}", SIREN)
    assert (before[path], registers.calls()[path]) == (1, 2)
    assert {one["query"]["recipient"] for one in registers.log()} == {"21690123100011", "21060088800015"}


def test_no_page_of_another_site_may_present_a_key(service):
    preflight = service.options(
        f"/v1/dossiers/{SIRET}",
        headers={"Origin": "https://candidats.example", "Access-Control-Request-Headers": "authorization"},
    )

    assert not [name for name in dict(preflight.headers) if name.startswith("Access-Control")]


@pytest.mark.parametrize("path", ROUTES)
def test_an_agents_answer_is_kept_by_no_cache(service, registers, path):
    response = ask(service, path, bearer(secret("right")))

    assert "no-store" in response.headers["Cache-Control"]
    assert "ETag" not in response.headers


def test_states_are_read_in_the_language_of_the_agent(service, registers):
    body = ask(service, SIRET, {**bearer(secret("right")), "Accept-Language": "en"}, all="1").json

    assert proofs_of(body)["cotisation_retraite_probtp"]["word"] == "not up to date according to ProBTP"
