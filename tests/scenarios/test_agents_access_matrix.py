"""Who gets what of the agents' newer doors: sessions, procedures, exports, receipts and deep links, every kind of caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from prefill.app import create_app
from prefill.auth.signin.sessions import Session
from prefill.domain.catalogue import SOURCES
from prefill.receipts.keys import new_seed
from prefill.settings import Settings
from tests.scenarios.test_access_matrix import CALLERS, CANARIES, canary_case
from tests.support.factories import LYON, NICE, OBJECT, SIRET, bearer, lines_of, secret, write_keys, write_tenants
from tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, sign_in_table
from tests.support.sandbox import ServedSandbox, run_sandbox

PROVIDER = "https://proconnect.example"
CSRF = "jeton-de-la-session"
Headers = Callable[[FlaskClient], dict[str, str]]


def session(tenant: str = "lyon", siret: str = LYON, *, csrf: str | None = CSRF, **more: str) -> Headers:
    """A browser with the session of an agent, on a page that sends its token."""

    def headers(service: FlaskClient) -> dict[str, str]:
        context = service.application.extensions["prefill"]
        kept = Session(tenant, PROVIDER, CLIENT_ID, "odile", "Odile", "", siret, CSRF, context.now().timestamp(), "")
        cookie = context.cookie_signer.write_session(context.sign_in.sessions.open(kept))
        return {"Cookie": f"prefill-session={cookie}", **({"X-Prefill-CSRF": csrf} if csrf else {}), **more}

    return headers


def ended(service: FlaskClient) -> dict[str, str]:
    headers = session()(service)
    service.post("/signout", headers=headers)
    return headers


def forged(service: FlaskClient) -> dict[str, str]:
    headers = session()(service)
    return {**headers, "Cookie": headers["Cookie"][:-3] + "xyz"}


Outcome = tuple[int, str]
YES, NO, NOT_ALLOWED, FORGED = (200, ""), (401, "unauthorized"), (403, "forbidden"), (403, "cross_site_request")
SESSIONS: dict[str, tuple[Headers, tuple[Outcome, Outcome, Outcome]]] = {
    "a session": (session(), (YES, YES, YES)),
    "a session without documents": (session("nice", NICE), (YES, NOT_ALLOWED, NOT_ALLOWED)),
    "a session without its token": (session(csrf=None), (FORGED, FORGED, FORGED)),
    "a session with another's token": (session(csrf="autre"), (FORGED, FORGED, FORGED)),
    "a session that names another buyer": (session(**{"X-Prefill-Tenant": "nice"}), (NOT_ALLOWED,) * 3),
    "a session of an establishment that is no buyer's": (session(siret="13002526500013"), (NO, NO, NO)),
    "a session of a buyer that is gone": (session("sorti"), (NO, NO, NO)),
    "a session that ended": (ended, (NO, NO, NO)),
    "a session with a forged cookie": (forged, (NO, NO, NO)),
    "a session beside a wrong key": (session(**bearer(secret("nobody"))), (NO, NO, NO)),
}  # fmt: skip
CODES = {401: "unauthorized", 403: "forbidden"}
EVERYBODY: dict[str, tuple[Headers, tuple[Outcome, ...]]] = {
    **{
        kind: (lambda _, proof=proof: proof(), tuple((status, CODES.get(status, "")) for status in statuses))
        for kind, (proof, statuses) in CALLERS.items()
    },
    **SESSIONS,
}
Ask = Callable[[FlaskClient, dict[str, str]], Any]
READ: dict[str, tuple[int, Ask]] = {
    "dossier": (0, lambda service, headers: service.get(f"/v1/dossiers/{SIRET}?object={OBJECT}", headers=headers)),
    "ESPD": (0, lambda service, headers: service.get(
        f"/v1/dossiers/{SIRET}/espd?object={OBJECT}", headers={**headers, "Accept": "application/json"})),
    "document": (1, lambda service, headers: service.get(
        f"/v1/dossiers/{SIRET}/documents/certificats_cnetp?object={OBJECT}", headers=headers)),
    "archive": (2, lambda service, headers: service.get(
        f"/v1/dossiers/{SIRET}/documents.zip?object={OBJECT}", headers=headers)),
}  # fmt: skip
TAKEN: dict[str, tuple[int, Ask]] = {
    "archive of a procedure": (2, lambda service, headers: service.post(
        "/v1/procedures/documents.zip", json={"object": OBJECT, "sirets": [SIRET]}, headers=headers)),
    "spreadsheet": (0, lambda service, headers: service.post(
        "/v1/procedures/table.xlsx", json={"rows": [["x"]]}, headers=headers)),
}  # fmt: skip
CASES = [
    *((kind, door, *READ[door]) for kind in SESSIONS for door in READ),
    *((kind, door, *TAKEN[door]) for kind in EVERYBODY for door in TAKEN),
]


@pytest.fixture(scope="module")
def registers() -> Iterator[ServedSandbox]:
    with run_sandbox("--budget-scale", "1000") as sandbox:
        sandbox.add(*(canary_case(source.name) for source in SOURCES if source.usable and source.path))
        yield sandbox


@pytest.fixture(scope="module")
def application(registers: ServedSandbox, tmp_path_factory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("matrix")
    file = write_tenants(folder, str(write_keys(folder)))
    (folder / "client.secret").write_text(CLIENT_SECRET)
    tables = (sign_in_table("lyon", PROVIDER), sign_in_table("nice", PROVIDER, scopes=["dossier:read"]))
    file.write_text(file.read_text() + "\n".join(tables))
    settings = Settings(
        url=registers.url, tenants=str(file), log="json", audit=str(folder / "trace.log"), rate_limit=0, search_rate=0,
        receipt_keys=(new_seed(),),
    )  # fmt: skip
    application = create_app(settings)
    yield application
    application.extensions["prefill"].close()


ADDRESSES = (f"198.51.{rank // 250}.{1 + rank % 250}" for rank in count())


@pytest.fixture
def service(application: Flask) -> FlaskClient:
    """A browser of an address of its own: those of the others that were refused do not throttle it."""
    client = application.test_client(use_cookies=False)
    client.environ_base["REMOTE_ADDR"] = next(ADDRESSES)
    return client


@pytest.fixture
def trace(service: FlaskClient) -> Path:
    path = Path(service.application.extensions["prefill"].settings.audit)
    path.unlink(missing_ok=True)
    return path


@pytest.mark.parametrize(("kind", "door", "rank", "ask"), CASES, ids=[f"{kind}-{door}" for kind, door, _, _ in CASES])
def test_each_caller_gets_what_it_may(service, registers, trace, kind, door, rank, ask):
    headers, expected = EVERYBODY[kind]
    presented, calls = headers(service), registers.total()
    response = ask(service, presented)
    status, code = expected[rank]

    assert response.status_code == status
    assert "Access-Control-Allow-Origin" not in response.headers
    if status == 200:
        assert "no-store" in response.headers["Cache-Control"]
        assert response.data
        assert len(lines_of(trace)) == (0 if door == "spreadsheet" else 2)
        return
    assert response.json["code"] == code
    assert not [canary for canary in CANARIES if canary in response.text]
    assert (registers.total() - calls, lines_of(trace)) == (0, [])


@pytest.mark.parametrize("kind", EVERYBODY)
def test_pages_receipts_and_links_hold_nothing_protected_whoever_asks(service, trace, kind):
    """They are public: a session or a key opens nothing more there, and a link's number is in no answer."""
    headers = EVERYBODY[kind][0](service)
    buyer = {"X-Prefill-Tenant": "lyon"} if "Authorization" not in headers and "Origin" not in headers else {}
    answers = [
        service.get(f"/dossier?siret={SIRET}&object={OBJECT}", headers=headers),
        service.get("/dossiers", headers=headers),
        service.get("/v1/receipts/jwks.json", headers=headers),
        service.post("/v1/verify", json={"receipt": "x", "siret": SIRET, "values": {}}, headers={**headers, **buyer}),
        service.get(f"/v1/prefill/{SIRET}?schema=dume&receipt=x", headers={**headers, **buyer}),
    ]

    assert [answer.status_code for answer in answers[:3]] == [200] * 3
    assert {answer.status_code for answer in answers[3:]} <= {200, 401, 403}
    assert not [canary for answer in answers for canary in CANARIES if canary in answer.text]
    assert SIRET not in answers[0].text
    assert lines_of(trace) == []
