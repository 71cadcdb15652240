"""Whether the service is fit to work: the token's own date, its rights, the providers behind API Entreprise."""

from __future__ import annotations

import base64
import json
import re
import socket
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from prefill.assembly import open_tenants, read_forms
from prefill.audit.factory import open_audit_trail
from prefill.clock import Clock
from prefill.domain.catalogue import SOURCES
from prefill.domain.dates import PARIS
from prefill.forms.registry import FormRegistry
from prefill.health import (
    Check,
    check_deployment,
    check_forms,
    check_information,
    check_locally,
    check_redis,
    check_remotely,
    check_search,
    check_token,
    check_trace,
    probe_search,
    token_expiry,
)
from prefill.redis_client import OptionalRedis
from prefill.registers.transport.http import Connection
from prefill.sandbox.adapter import SandboxAdapter
from prefill.sandbox.contract.api import ApiEntreprise
from prefill.sandbox.contract.api import Request as Call
from prefill.sandbox.contract.faults import Response
from prefill.sandbox.model import URL
from prefill.settings import Settings
from tests.support.search import open_stage

NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
BUYER = "21750001600019"
FORMS = read_forms(Settings())


def jwt(claims: object) -> str:
    """Write a token as API Entreprise does; the signature is anything."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{body}.c2lnbmF0dXJl"


def encoded(text: str) -> str:
    return "a." + base64.urlsafe_b64encode(text.encode()).decode() + ".c"


def session_on(app: ApiEntreprise) -> requests.Session:
    """Open a session that has no network: all it can reach is this API."""
    session = requests.Session()
    session.mount("https://", SandboxAdapter(app))
    session.mount("http://", SandboxAdapter(app))
    return session


def checked(url: str, token: str, session: requests.Session) -> dict:
    told = check_remotely(session, Connection(url, token, BUYER, "Test", "Test"), FORMS, lambda: datetime.now(PARIS))
    return {check.name: check for check in told}


def sandbox_checks(token: str) -> dict:
    return checked(URL, token, session_on(ApiEntreprise()))


def test_a_token_tells_its_own_expiry():
    assert token_expiry(jwt({"exp": NOW.timestamp(), "sub": "x"})) == NOW


JUNK = {
    "empty": "",
    "word": "jeton",
    "short": "a.b",
    "letters": "a.b.c",
    "dots": "...",
    "not base64": "a.%%%.c",
    "accents": "é.é.é",
    "not UTF-8": "a." + base64.b64encode(b"\xff\xfe").decode() + ".c",
    "nothing inside": encoded(""),
    "half a JSON": encoded("{"),
    "null": encoded("null"),
    "list": encoded("[]"),
    "text": encoded('"exp"'),
    "deep": encoded("[" * 100_000),
    "no date": encoded("{}"),
    **{
        f"date {exp[:9]}": encoded(f'{{"exp": {exp}}}')
        for exp in ("null", '"demain"', "[1]", "{}", "NaN", "Infinity", "1e30", "-1e30", "9" * 5000)
    },
}


@pytest.mark.parametrize("token", JUNK.values(), ids=JUNK.keys())
def test_a_token_that_tells_nothing_is_no_fault(token):
    assert token_expiry(token) is None
    assert check_token(token, NOW).ok


@pytest.mark.parametrize(
    ("days", "ok", "words"),
    [
        (-1, False, "a expiré le 22/11/2026"),
        (0, False, "a expiré le 23/11/2026"),
        (1, True, "expire bientôt, le 24/11/2026"),
        (59, True, "expire bientôt, le 21/01/2027"),
        (400, True, "valable jusqu'au 28/12/2027"),
    ],
)
def test_an_expired_token_is_a_failure_and_one_that_soon_will_be_a_warning(days, ok, words):
    check = check_token(jwt({"exp": (NOW + timedelta(days)).timestamp()}), NOW)

    assert check.ok is ok
    assert check.vital
    assert words in check.message


def test_a_service_without_any_form_is_not_fit():
    forms, token = check_locally(Settings(), FormRegistry({}), NOW)

    assert (forms.ok, forms.vital) == (False, True)
    assert token.ok
    assert "données inventées" in token.message


def test_with_a_token_its_date_and_its_buyer_are_looked_at():
    settings = Settings(token=jwt({"exp": NOW.timestamp() - 1}), recipient=BUYER)
    checks = {check.name: check for check in check_locally(settings, FormRegistry({}), NOW)}

    assert not checks["token"].ok
    assert checks["recipient"].ok
    assert BUYER in checks["recipient"].message


def test_deprecated_sources_that_a_form_asks_are_named_with_what_replaces_them():
    [check] = check_forms(FormRegistry({"dume": FORMS.forms["dume"]}))

    assert (check.name, check.ok, check.vital) == ("deprecated", False, False)
    assert "conventions_collectives (sans remplaçante)" in check.message
    assert list(check_forms(FormRegistry({}))) == []


def test_no_redis_is_nothing_to_look_at():
    assert list(check_redis(OptionalRedis(None, clock=Clock()))) == []


def test_a_dead_redis_is_a_remark():
    [check] = check_redis(OptionalRedis("redis://127.0.0.1:1", clock=Clock()))

    assert (check.ok, check.vital) == (False, False)


def remarks(settings: Settings, **environ: str) -> dict[str, str]:
    told = list(check_deployment(settings, open_tenants(settings, lambda: FORMS), environ))
    assert not any(check.ok or check.vital for check in told)
    return {check.name: check.message for check in told}


def live(**values: Any) -> Settings:
    return Settings(token="jeton", recipient=BUYER, **values)


def test_threads_beyond_what_the_system_allows_are_told():
    settings = Settings(threads=64, workers=32, sandbox_allowed=True)
    tenants = open_tenants(settings, lambda: FORMS)

    def names(processes, allowed):
        environ = {"WEB_CONCURRENCY": processes}
        return [check.name for check in check_deployment(settings, tenants, environ, threads_allowed=allowed)]

    assert "threads" not in names("1", 256)
    assert "threads" in names("4", 256)
    assert "threads" not in names("4", None)


def test_nothing_is_remarked_of_the_sandbox_nor_of_a_service_that_is_set_well():
    assert remarks(Settings()) == {}
    well_set = live(allowed_origins=("https://marches.exemple.fr",), contact="mailto:a@exemple.fr")
    assert remarks(well_set, PREFILL_LOG="json") == {}


def test_origins_that_let_nobody_in_or_everybody_are_remarked():
    assert "aucune page d'un autre site" in remarks(live())["origins"]
    assert "n'importe quelle page" in remarks(live(allowed_origins=("*",)))["origins"]


def test_a_client_without_a_contact_is_remarked():
    assert "à qui écrire" in remarks(live())["contact"]


def test_a_setting_that_does_not_exist_is_remarked_with_the_one_that_was_meant():
    message = remarks(Settings(), PREFILL_DEADLIN="4")["settings"]

    assert "PREFILL_DEADLIN n'est pas un réglage" in message
    assert "Vouliez-vous dire PREFILL_DEADLINE ?" in message


def test_several_processes_without_a_redis_are_remarked():
    assert "sans REDIS_URL" in remarks(Settings(instances=4))["processes"]
    assert remarks(Settings(instances=4, redis_url="redis://127.0.0.1:1")) == {}


def test_what_candidates_must_be_told_and_nobody_filled_in_is_a_remark():
    settings = live(controller="Ville de Lyon", privacy_url="https://lyon.example", retention_months=60)
    [check] = check_information(settings, open_tenants(settings, lambda: FORMS))

    assert (check.name, check.ok, check.vital) == ("notice", False, False)
    assert "renseignez PREFILL_RIGHTS_CONTACT, PREFILL_DPO dans les réglages" in check.message


def test_nothing_is_remarked_of_a_notice_that_is_whole_nor_of_the_sandbox():
    whole = live(controller="A", rights_contact="b@c.fr", dpo="d@e.fr", privacy_url="https://f.fr", retention_months=1)

    for settings in (whole, Settings()):
        assert list(check_information(settings, open_tenants(settings, lambda: FORMS))) == []


@pytest.mark.parametrize("target", ["/nowhere/at/all/trace.jsonl", "sqlite:////nowhere/at/all.db"])
def test_a_trail_that_cannot_be_written_is_a_remark_before_the_first_agent(target):
    trace = open_audit_trail(target)
    check = check_trace(trace)
    trace.close()

    assert (check.ok, check.vital) == (False, False)
    assert "les données protégées ne sont pas servies" in check.message


@pytest.mark.parametrize("kind", ["file", "database"])
def test_a_trail_that_can_be_written_is_fine_and_nothing_is_written(kind, tmp_path):
    trace = open_audit_trail(f"{tmp_path}/trace.jsonl" if kind == "file" else f"sqlite:///{tmp_path}/trace.db")

    assert check_trace(trace).ok
    assert list(trace.read(NOW.date(), NOW.date())) == []
    trace.close()


def test_a_whole_token_has_every_right():
    checks = sandbox_checks("whole")

    assert checks["privileges"].ok
    assert "sources" not in checks


def test_a_token_with_open_data_alone_is_told_what_it_lacks():
    checks = sandbox_checks("open-data-alone")

    assert checks["privileges"].ok
    assert (checks["habilitation"].ok, checks["habilitation"].vital) == (False, False)
    assert checks["habilitation"].message.startswith("Le formulaire dossier demande des sources")
    told = checks["habilitation"].message + checks.get("sources", Check("", ok=True, message="")).message
    assert set(re.findall(r"\w+", told)) >= {source.name for source in SOURCES if source.usable and not source.open}


def test_a_form_that_the_token_can_fill_is_not_told():
    app = CannedApi({"/privileges": {"data": {"privileges": ["open_data"]}}, "/pings": []}, [])
    candidate = FormRegistry({"dume": FORMS.forms["dume"]})
    told = check_remotely(
        session_on(app), Connection(URL, "open", BUYER, "Test", "Test"), candidate, lambda: datetime.now(PARIS)
    )

    assert "habilitation" not in {check.name for check in told}


@pytest.mark.parametrize(
    ("seconds", "words"), [(90, "en avance de 90 s"), (-3600, "en retard de 3600 s"), (5, None), (-5, None)]
)
def test_a_clock_that_is_wrong_is_a_remark(seconds, words):
    app = CannedApi({"/privileges": {"data": {"privileges": ["open_data"]}}, "/pings": []}, [], date=NOW)
    connection = Connection(URL, "open", BUYER, "Test", "Test")
    told = check_remotely(session_on(app), connection, FORMS, lambda: NOW + timedelta(seconds=seconds))
    checks = {check.name: check for check in told}

    assert ("clock" in checks) is (words is not None)
    if words:
        assert words in checks["clock"].message
        assert not checks["clock"].vital


def test_an_expired_token_is_a_vital_failure_with_the_code_for_support():
    check = sandbox_checks("expired")["privileges"]

    assert (check.ok, check.vital) == (False, True)
    assert "00103" in check.message


@pytest.mark.parametrize(
    ("provider", "ok", "words"),
    [
        ("insee/sirene", True, "répond"),
        ("opqibi/unites_legales", False, "est en maintenance"),
        ("fntp/unites_legales", False, "est dans un état inconnu"),
        ("cnetp/unites_legales", False, "ne répond pas"),
    ],
)
def test_each_provider_says_how_it_is_and_none_is_vital(provider, ok, words):
    check = sandbox_checks("whole")[f"ping/{provider}"]

    assert (check.ok, check.vital) == (ok, False)
    assert check.message == f"Le fournisseur {provider} {words}."


class CannedApi(ApiEntreprise):
    """An API that answers these bodies by path, and nothing else."""

    def __init__(self, answers: dict[str, object], asked: list[str], date: datetime | None = None) -> None:
        super().__init__()
        self._answers = answers
        self._asked = asked
        self._headers = {"Date": format_datetime(date)} if date else {}

    def answer(self, request: Call) -> Response:
        self._asked.append(URL + request.path)
        body = json.dumps(self._answers.get(request.path)).encode()
        return Response(200 if request.path in self._answers else 404, body, self._headers)


def test_the_older_names_of_the_scopes_count():
    older = [
        "open_data", "entreprises", "associations", "exercices", "attestations_fiscales", "attestations_sociales",
        "msa_cotisations", "probtp", "certificat_cnetp", "effectifs_urssaf",
    ]  # fmt: skip
    app = CannedApi({"/privileges": {"data": {"privileges": older}}, "/pings": []}, [])

    assert "sources" not in checked(URL, "older", session_on(app))


def test_a_token_without_open_data_prefills_nothing():
    app = CannedApi({"/privileges": {"data": {"privileges": ["exercices", None, 7]}}, "/pings": []}, [])
    check = checked(URL, "closed", session_on(app))["privileges"]

    assert (check.ok, check.vital) == (False, True)


def test_a_ping_listed_elsewhere_is_asked_where_we_were_told():
    asked: list[str] = []
    listed = [{"url": "https://ailleurs.exemple.fr/ping/insee/sirene"}, {"url": 7}, "ping", {"url": "https://a.fr/x"}]
    app = CannedApi({"/privileges": {}, "/pings": listed, "/ping/insee/sirene": {"status": "ok"}}, asked)

    assert checked(URL, "whole", session_on(app))["ping/insee/sirene"].ok
    assert asked == [f"{URL}/privileges", f"{URL}/pings", f"{URL}/ping/insee/sirene"]


def test_the_simulator_finds_the_service_fit(simulator):
    checks = checked(simulator.url, "whole", requests.Session())

    assert all(checks[name].ok for name in ("privileges", "ping/insee/sirene", "ping/infogreffe/rcs"))
    assert [name for name, check in checks.items() if check.vital and not check.ok] == []
    assert simulator.stats()["violations"] == {}


def test_a_provider_that_is_down_is_a_remark(simulator):
    simulator.fail({"infogreffe": "502"})
    checks = checked(simulator.url, "whole", requests.Session())

    assert checks["ping/insee/sirene"].ok
    assert (checks["ping/infogreffe/rcs"].ok, checks["ping/infogreffe/rcs"].vital) == (False, False)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("401", "statut 401"), ("429", "statut 429"), ("500", "statut 500"), ("redirect", "statut 302"),
        ("reset", "ne répond pas"), ("partial", "ne répond pas"),
        ("malformed", "illisible"), ("html", "illisible"), ("empty", "illisible"), ("null", "illisible"),
        ("shape", "illisible"), ("huge:1", "illisible"), ("gzipbomb", "illisible"),
    ],
)  # fmt: skip
def test_an_api_in_trouble_is_told_in_one_sentence_without_the_token(simulator, fault, words):
    simulator.fail({"privileges": fault, "pings": fault})
    checks = checked(simulator.url, "very-secret", requests.Session())

    for name in ("privileges", "pings"):
        assert not checks[name].ok
        assert words in checks[name].message
    assert "very-secret" not in str(checks)


def test_an_api_that_cannot_be_reached_is_told():
    with socket.socket() as taken:  # bound, and listening to nobody
        taken.bind(("127.0.0.1", 0))
        checks = checked(f"http://127.0.0.1:{taken.getsockname()[1]}", "whole", requests.Session())

    assert "API Entreprise ne répond pas" in checks["privileges"].message
    assert (checks["privileges"].vital, checks["pings"].vital) == (True, False)


def test_the_search_is_tried_by_the_doctor_and_only_looked_at_when_it_is_left_alone():
    stage = open_stage()
    [fine] = probe_search(stage.search)
    assert (fine.ok, fine.message) == (True, "Recherche d'entreprises répond.")
    assert list(check_search(stage.search)) == []

    stage.fail("429:30")
    stage.clock.at += 86_400
    [refused] = probe_search(stage.search)
    assert (refused.ok, refused.vital) == (False, False)
    assert "trop d'appels" in refused.message
    [left_alone] = check_search(stage.search)
    assert "prochain essai dans 30 s" in left_alone.message


def test_an_address_that_is_shut_out_is_said_to_be():
    stage = open_stage()
    stage.fail("reset")
    for _ in range(2):
        list(probe_search(stage.search))
    [check] = check_search(stage.search)
    assert "bannie" in check.message


def test_nothing_is_said_of_a_search_that_the_operator_does_not_want():
    assert [*probe_search(None), *check_search(None)] == []
