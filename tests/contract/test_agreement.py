"""Our stand-in and the reference simulator, asked the same: same statuses, codes, headers, bodies and violations."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from prefill.sandbox.contract.published.endpoints import ENDPOINTS, OPERATION_PREFIX, VAT, Endpoint
from tests.contract.reference import CASES, OPENAPI, PRODUCTION_SHAPES, read, require_reference, run_reference
from tests.support.sandbox import run_sandbox

require_reference()

BUYER = "13002526500013"
TRACING = {"context": "Marchés publics", "object": "2026-042", "recipient": BUYER}
KNOWN = {"siren": "418166096", "siret": "41816609600069", "year": "2023", "month": "01"}
QUOTA_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After")
EVERY_CASE = [*read(CASES), *read(PRODUCTION_SHAPES)]
# The reference's names of breaches, and ours.
VIOLATIONS = {
    "no bearer token": "no_token",
    "called without the scope": "no_scope",
    "called over budget": "over_quota",
    "banned": "banned",
    "called while banned": "called_while_banned",
    "missing context": "missing_context",
    "missing object": "missing_object",
    "missing recipient": "missing_recipient",
    "recipient is not a SIRET": "malformed_recipient",
    "object longer than 50 characters": "object_too_long",
    "malformed siret": "malformed_number",
    "malformed siren": "malformed_number",
    "recipient is the company asked about": "recipient_is_the_company",
    "identical call already in flight": "identical_call_in_flight",
    "unknown path": "unknown_path",
    "no delegation for this recipient": "no_delegation",
    "ambiguous delegation": "several_delegations",
    "missing User-Agent": "no_user_agent",
    "library-default User-Agent": "library_user_agent",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, with its control route hidden behind the same verbs."""

    url: str
    session: requests.Session
    ours: bool

    def ask(self, path: str, *, token: str | None = "any", query: Mapping[str, str] = TRACING, **headers: str):
        authorization = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return self.session.get(
            self.url + path, params=query, headers={**authorization, **headers}, timeout=5, allow_redirects=False,
        )  # fmt: skip

    def control(self, name: str, body: object = None) -> Any:
        if self.ours:
            method = "GET" if body is None else "PUT"
            name = "" if name == "stats" else name
            return self.session.request(method, f"{self.url}/_sandbox/{name}", json=body, timeout=5).json()
        return self.session.request("POST" if body is not None else "GET", f"{self.url}/__sim/{name}", json=body).json()

    def reset(self) -> None:
        if self.ours:
            self.session.delete(f"{self.url}/_sandbox/", timeout=5)
        else:
            self.session.post(f"{self.url}/__sim/reset", json={}, timeout=5)

    def violations(self) -> Counter[str]:
        counted = self.control("stats")["violations"]
        if self.ours:
            return Counter(counted)
        told: Counter[str] = Counter()
        for name, count in counted.items():
            told[VIOLATIONS[name]] += count
        return told


@dataclass(frozen=True, slots=True)
class Pair:
    reference: Side
    standin: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.reference, self.standin

    def reset(self) -> None:
        for side in self.sides:
            side.reset()


@contextmanager
def run_pair(*options: str, reference: tuple[str, ...] = (), standin: tuple[str, ...] = ()) -> Iterator[Pair]:
    with (
        run_reference(*options, *reference) as url,
        run_sandbox(*options, *standin) as sandbox,
        requests.Session() as session,
    ):
        session.trust_env = False
        session.headers["User-Agent"] = "prefill-tests/1.0 (+https://example.org)"
        yield Pair(Side(url, session, ours=False), Side(sandbox.url, session, ours=True))


NO_QUOTA = ("--budget-scale", "1000")
FILES_OF_REFERENCE = ("--more", str(CASES), "--more", str(PRODUCTION_SHAPES))
FILES_OF_STANDIN = ("--cases", str(CASES), "--cases", str(PRODUCTION_SHAPES))


@pytest.fixture(scope="module")
def known() -> Iterator[Pair]:
    """Both sides with every case, and quotas that no test spends."""
    with run_pair(*NO_QUOTA, reference=FILES_OF_REFERENCE, standin=FILES_OF_STANDIN) as pair:
        yield pair


@pytest.fixture
def pair(known: Pair) -> Pair:
    known.reset()
    return known


@pytest.fixture(scope="module")
def running_limited() -> Iterator[Pair]:
    """Both sides with the real quotas."""
    with run_pair(reference=FILES_OF_REFERENCE, standin=FILES_OF_STANDIN) as pair:
        yield pair


@pytest.fixture
def limited(running_limited: Pair) -> Pair:
    """Both sides with nothing spent, and a whole call's time before the window ends."""
    running_limited.reset()
    left = 60 - time.time() % 60
    if left < 12:
        time.sleep(left)  # the windows are the clock's own: a test must not straddle two
    return running_limited


def code_of(response: requests.Response) -> str | None:
    try:
        return response.json()["errors"][0].get("code")
    except (ValueError, KeyError, TypeError):
        return None


WHOLE_CODES = ("00", "04501", "04502", "04503", "38422", "43003")


def meaning(code: str | None) -> str | None:
    """Keep what a caller may trust: a provider's own error is its last three digits, but for a few."""
    return code if code is None or code.startswith(WHOLE_CODES) else code[-3:]


def body_of(response: requests.Response, side: Side) -> Any:
    """Read a body; the addresses that either side turned to itself are told alike."""
    text = response.text.replace(f"{side.url}/__docs/", "API/").replace(f"{side.url}/", "API/")
    return json.loads(text)


def limits_of(response: requests.Response) -> dict[str, str | None]:
    return {name: response.headers.get(name) for name in QUOTA_HEADERS}


def assert_same(pair: Pair, path: str, **question: Any) -> requests.Response:
    """Ask both the same; compare status, code, quota headers and the breaches that they saw."""
    theirs, ours = (side.ask(path, **question) for side in pair.sides)

    assert ours.status_code == theirs.status_code, (theirs.text, ours.text)
    assert meaning(code_of(ours)) == meaning(code_of(theirs))
    assert limits_of(ours).keys() == limits_of(theirs).keys()
    assert {name: bool(value) for name, value in limits_of(ours).items()} == {
        name: bool(value) for name, value in limits_of(theirs).items()
    }
    for name in ("RateLimit-Limit", "RateLimit-Remaining"):
        assert ours.headers.get(name) == theirs.headers.get(name), name
    assert media_type(ours) == media_type(theirs)
    assert pair.standin.violations() == pair.reference.violations()
    return ours


def media_type(response: requests.Response) -> str:
    return response.headers["Content-Type"].partition(";")[0]


def fill(path: str, params: Mapping[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda found: params[found[1]], path)


def well_formed(endpoint: Endpoint) -> str:
    """Write the path of an endpoint about a number that nobody knows but that could exist."""
    numbers = {name: KNOWN["siret" if "siret" in name else "siren"] for name in endpoint.parameters}
    return fill(endpoint.path, {**numbers, **{name: KNOWN[name] for name in endpoint.parameters if name in KNOWN}})


by_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.operation)


@pytest.mark.parametrize(
    "case", EVERY_CASE, ids=[f"{rank}-{case['path'].split('/', 3)[3]}" for rank, case in enumerate(EVERY_CASE)]
)
def test_a_case_is_answered_alike(pair, case):
    in_path = set(re.findall(r"{(\w+)}", case["path"]))
    params = {name: str(value) for name, value in case["params"].items()}
    query = {**TRACING, **{name: value for name, value in params.items() if name not in in_path}}

    theirs, ours = (side.ask(fill(case["path"], params), query=query) for side in pair.sides)

    assert ours.status_code == theirs.status_code
    if malformed(case, params):  # answered before the case is looked for, in each side's own words
        assert theirs.status_code == case["status"] == 422
    else:
        assert body_of(ours, pair.standin) == body_of(theirs, pair.reference)
    assert media_type(ours) == media_type(theirs)
    for name in ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"):
        assert name in ours.headers
    assert ours.headers["RateLimit-Limit"] == theirs.headers["RateLimit-Limit"]


def malformed(case: dict[str, Any], params: Mapping[str, str]) -> bool:
    return params.get("siren", "0").isdigit() is False


@pytest.mark.parametrize("case", [case for case in EVERY_CASE if "/diffusibles/" in case["path"]][:20],
                         ids=lambda case: f"{case['path'][1:]}-{next(iter(case['params'].values()))}")  # fmt: skip
def test_a_protected_path_without_a_case_says_what_its_open_twin_says(pair, case):
    path = fill(case["path"].replace("diffusibles/", ""), case["params"])

    theirs, ours = (side.ask(path) for side in pair.sides)

    assert (ours.status_code, body_of(ours, pair.standin)) == (theirs.status_code, body_of(theirs, pair.reference))


@by_endpoint
def test_the_contract_has_this_endpoint_by_this_name(endpoint):
    contract = read(OPENAPI)["paths"]

    if endpoint.path == VAT:  # newer than the file
        assert endpoint.path not in contract
    else:
        operation = contract[endpoint.path]["get"]["responses"]["200"]["x-operationId"]
        assert OPERATION_PREFIX + endpoint.operation == operation


def test_no_endpoint_of_the_contract_is_lacking():
    assert {*read(OPENAPI)["paths"], VAT} == {"/privileges", *(endpoint.path for endpoint in ENDPOINTS)}


@by_endpoint
@pytest.mark.parametrize("token", ["any", "open-data", "expired", None])
def test_an_endpoint_lets_the_same_tokens_in(pair, endpoint, token):
    assert_same(pair, well_formed(endpoint), token=token)


SCOPES = sorted({scope for endpoint in ENDPOINTS for scope in endpoint.scopes})


def test_each_scope_today_s_or_older_opens_the_same_endpoints():
    grants = [option for scope in SCOPES for option in ("--grant", f"{scope}-holder={scope}")]
    with run_pair(*NO_QUOTA, *grants) as pair:
        opened = {
            scope: [
                [side.ask(well_formed(endpoint), token=f"{scope}-holder").status_code == 403 for side in pair.sides]
                for endpoint in ENDPOINTS
            ]
            for scope in SCOPES
        }

    assert {scope for scope, answers in opened.items() if any(theirs != ours for theirs, ours in answers)} == set()
    assert all(not all(theirs for theirs, _ in answers) for answers in opened.values())


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer  ", "Basic am9o", "bearer any"])
def test_an_authorization_is_read_alike(pair, header):
    assert_same(pair, well_formed(ENDPOINTS[0]), token=None, Authorization=header)


@pytest.mark.parametrize("changes", [
    {"context": ""}, {"object": None}, {"recipient": None}, {"recipient": "mairie"}, {"recipient": "13002526500014"},
    {"recipient": "35600000000048"}, {"recipient": "130025265"}, {"object": "o" * 51}, {"object": "o" * 50},
])  # fmt: skip
def test_a_tracing_parameter_is_checked_alike(pair, changes):
    query = {name: value for name, value in {**TRACING, **changes}.items() if value is not None}

    assert_same(pair, well_formed(ENDPOINTS[0]), query=query)


def test_all_that_lacks_is_told_at_once(pair):
    theirs, ours = (side.ask(well_formed(ENDPOINTS[0]), query={}) for side in pair.sides)

    assert ours.status_code == theirs.status_code == 422
    assert [error["code"] for error in ours.json()["errors"]] == ["00201", "00202", "00203"]
    assert code_of(theirs) == "00201"  # the reference tells the first alone; production all of them


@pytest.mark.parametrize(("path", "codes"), [
    ("/v4/insee/sirene/etablissements/diffusibles/4181660960006", {"00302"}),
    ("/v4/insee/sirene/etablissements/diffusibles/abc", {"00302"}),
    ("/v4/insee/sirene/unites_legales/diffusibles/4181660", {"00301", "00302"}),
    ("/v3/infogreffe/rcs/unites_legales/41816609X/extrait_kbis", {"00301", "00302"}),
])  # fmt: skip
def test_a_malformed_number_is_refused_alike(pair, path, codes):
    theirs, ours = (side.ask(path) for side in pair.sides)

    assert ours.status_code == theirs.status_code == 422
    # the reference has one code for both; the published list has one for each
    assert {code_of(ours), code_of(theirs)} == codes
    assert pair.standin.violations() == pair.reference.violations() == {"malformed_number": 1}


@pytest.mark.parametrize("path", ["/v3/nowhere", "/v9/insee/sirene/etablissements/41816609600069", "/"])
def test_an_unknown_path_is_refused_alike(pair, path):
    assert_same(pair, path)


@pytest.mark.parametrize("token", ["any", "open-data", "editor", None])
def test_privileges_are_told_alike(pair, token):
    theirs, ours = (side.ask("/privileges", token=token) for side in pair.sides)

    assert ours.status_code == theirs.status_code
    assert ours.ok is False or ours.json() == theirs.json()


def test_a_vat_number_that_only_the_old_endpoint_knows_is_told_by_the_new_one(pair):
    old = next(case for case in EVERY_CASE if "european_commission" in case["path"] and case["status"] == 200)
    path = fill(VAT, old["params"])

    theirs, ours = (side.ask(path).json()["data"] for side in pair.sides)

    assert ours == theirs
    assert_same(pair, fill(VAT, {"siren": "732829320"}))  # 404 43003


def test_the_same_call_at_the_same_moment_is_refused_alike(pair):
    path = well_formed(ENDPOINTS[0])
    statuses = []
    for side in pair.sides:
        side.control("latency", {"": 400})
        with ThreadPoolExecutor(3) as pool:
            statuses.append(sorted(one.status_code for one in pool.map(lambda _: side.ask(path), range(3))))  # noqa: B023

    assert statuses[0] == statuses[1]
    assert statuses[1].count(409) == 2
    assert pair.standin.violations() == pair.reference.violations()


def test_deprecated_calls_are_counted_alike(pair):
    for endpoint in ENDPOINTS:
        for side in pair.sides:
            side.ask(well_formed(endpoint))
    theirs, ours = (side.control("stats")["deprecated"] for side in pair.sides)

    assert ours == theirs
    assert len(ours) > 10


def test_the_published_codes_are_the_same(pair):
    theirs, ours = (side.ask("/errors", token=None, query={}).json() for side in pair.sides)

    assert ours["providers"] == theirs["providers"]
    assert set(theirs["generic_subcodes"]) <= set(ours["generic_subcodes"])
    assert codes(ours["platform_codes"]) == codes(theirs["platform_codes"])
    assert {name: codes(one["errors"]) for name, one in ours["endpoints"].items()} == {
        name: codes(one["errors"]) for name, one in theirs["endpoints"].items()
    }


def codes(by_status: dict[str, list[dict[str, Any]]]) -> dict[str, set[str]]:
    return {status: {error["code"] for error in errors} for status, errors in by_status.items()}


def test_the_codes_of_one_operation_can_be_asked(pair):
    query = {"operation_id": "api_entreprise_v3_dgfip_tva"}
    theirs, ours = (side.ask("/errors", token=None, query=query).json()["endpoints"] for side in pair.sides)

    assert ours.keys() == theirs.keys()
    assert_same(pair, "/errors", token=None, query={"operation_id": "none"})


@by_endpoint
def test_an_endpoint_has_the_same_quota(limited, endpoint):
    assert_same(limited, well_formed(endpoint))


def test_endpoints_are_counted_together_or_apart_alike(limited):
    """Ask every endpoint once with one token: what remains of each shows who shares what with whom."""
    remaining = [
        [side.ask(well_formed(endpoint), token="one").headers["RateLimit-Remaining"] for endpoint in ENDPOINTS]
        for side in limited.sides
    ]

    assert remaining[0] == remaining[1]


@pytest.mark.parametrize(("path", "quota"), [
    ("/v4/dgfip/unites_legales/{siren}/attestation_fiscale", 5),
    ("/v3/inpi/rne/unites_legales/{siren}/extrait_rne", 15),
])  # fmt: skip
def test_a_spent_quota_is_refused_with_the_time_to_wait(limited, path, quota):
    path = fill(path, KNOWN)
    answers = [[side.ask(path) for _ in range(quota + 2)] for side in limited.sides]

    assert [[one.status_code == 429 for one in side] for side in answers] == [[False] * quota + [True] * 2] * 2
    waits = [int(side[-1].headers["Retry-After"]) for side in answers]
    assert abs(waits[0] - waits[1]) <= 1
    assert answers[0][-1].headers["RateLimit-Reset"] == answers[1][-1].headers["RateLimit-Reset"]
    assert limited.standin.violations() == limited.reference.violations() == {"over_quota": 2}


def test_who_ignores_the_refusals_gets_no_answer_any_more():
    path = fill("/v4/dgfip/unites_legales/{siren}/attestation_fiscale", KNOWN)
    with run_pair("--ban-after", "3", "--window", "3600") as pair:
        for side in pair.sides:
            assert [side.ask(path).status_code for _ in range(9)][-4:] == [429] * 4
            with pytest.raises(requests.ReadTimeout):
                side.session.get(side.url + path, params=TRACING, headers={"Authorization": "Bearer any"}, timeout=0.4)

        # ours bans the address, as production does: every token of it; the reference the token alone
        with pytest.raises(requests.ReadTimeout):
            pair.standin.session.get(
                f"{pair.standin.url}/privileges", headers={"Authorization": "Bearer o"}, timeout=0.4
            )
        assert pair.reference.violations() == {"over_quota": 4, "banned": 1, "called_while_banned": 1}
        assert pair.standin.violations() == {"over_quota": 4, "banned": 1, "called_while_banned": 2}


def test_tokens_of_one_habilitation_spend_one_quota():
    options = ("--habilitation", "one=42", "--habilitation", "two=42")
    with run_pair(*options) as pair:
        remaining = [
            [side.ask(well_formed(ENDPOINTS[0]), token=token).headers["RateLimit-Remaining"]
             for token in ("one", "two", "three")]
            for side in pair.sides
        ]  # fmt: skip
        counted = [side.control("stats")["habilitations"] for side in pair.sides]

    assert remaining == [["249", "248", "249"]] * 2
    assert counted == [{"42": 2}] * 2


DELEGATIONS = [
    {"id": "a", "authorization_request_id": 1, "siret": BUYER, "intitule": "Un", "statut": "active",
     "created_at": "2026-01-01T00:00:00Z"},
    {"id": "b", "authorization_request_id": 2, "siret": "21690123100011", "intitule": "Deux", "statut": "active",
     "scopes": ["open_data"], "created_at": "2026-02-01T00:00:00Z"},
    {"id": "c", "authorization_request_id": 3, "siret": "21750001600019", "intitule": "Trois", "statut": "active",
     "created_at": "2026-03-01T00:00:00Z"},
    {"id": "d", "authorization_request_id": 4, "siret": "21750001600019", "intitule": "Quatre", "statut": "active",
     "scopes": ["open_data"], "created_at": "2026-04-01T00:00:00Z"},
    {"id": "e", "authorization_request_id": 5, "siret": "21330063500017", "intitule": "Cinq", "statut": "revoked",
     "created_at": "2026-05-01T00:00:00Z"},
]  # fmt: skip


@pytest.fixture
def editors(limited: Pair) -> Pair:
    for side in limited.sides:
        side.control("delegations", DELEGATIONS)
    return limited


@pytest.mark.parametrize("recipient", [BUYER, "21690123100011", "21750001600019", "21330063500017", "mairie", ""])
@pytest.mark.parametrize("delegation_id", [None, "a", "c", "d", "e", "unknown"])
@pytest.mark.parametrize("path", [
    "/v4/insee/sirene/etablissements/diffusibles/{siret}", "/v3/dgfip/etablissements/{siret}/chiffres_affaires",
])  # fmt: skip
def test_an_editor_s_call_acts_under_the_same_delegation(editors, recipient, delegation_id, path):
    query = {**TRACING, "recipient": recipient, **({"delegation_id": delegation_id} if delegation_id else {})}

    assert_same(editors, fill(path, KNOWN), token="editor-1", query=query)


def test_each_delegation_has_its_own_quota(editors):
    for recipient in (BUYER, BUYER, "21690123100011"):
        last = assert_same(
            editors, well_formed(ENDPOINTS[0]), token="editor-1", query={**TRACING, "recipient": recipient}
        )

    assert last.headers["RateLimit-Remaining"] == "249"


@pytest.mark.parametrize(
    "query", [{}, {"page": "2", "per_page": "2"}, {"per_page": "500"}, {"page": "9"}, {"page": "x"}]
)
@pytest.mark.parametrize("token", ["editor-1", "any", None])
def test_delegations_are_listed_alike(editors, query, token):
    theirs, ours = (side.ask("/editeur/api/v1/delegations", token=token, query=query) for side in editors.sides)

    assert (ours.status_code, ours.json(), media_type(ours)) == (theirs.status_code, theirs.json(), media_type(theirs))


OURS_ALONE = ("id", "datapass_id", "siret_souscripteur", "date_emission", "date_expiration")


@pytest.mark.parametrize("token", ["editor-1", "open-data", "any", "expired", None])
@pytest.mark.parametrize("recipient", [None, BUYER, "21690123100011", "21750001600019", "21330063500017"])
def test_a_token_is_described_alike(editors, token, recipient):
    query = {"recipient": recipient} if recipient else {}
    theirs, ours = (side.ask("/v3/token/introspect", token=token, query=query) for side in editors.sides)

    assert ours.status_code == theirs.status_code
    if ours.ok:
        told = [
            {name: value for name, value in one.json()["data"].items() if name not in OURS_ALONE}
            for one in (theirs, ours)
        ]
        assert told[0] == told[1]
        assert ours.json()["data"].keys() == theirs.json()["data"].keys()
    else:
        assert code_of(ours) == code_of(theirs)


@pytest.fixture(scope="module")
def running_strict() -> Iterator[Pair]:
    with run_pair(
        *NO_QUOTA, "--gone", "/cma_france/", reference=("--refuse-self", "--strict-agent"), standin=("--strict",)
    ) as pair:
        yield pair


@pytest.fixture
def strict(running_strict: Pair) -> Pair:
    running_strict.reset()
    return running_strict


@pytest.mark.parametrize(
    "agent", ["", "python-requests/2.32.3", "curl/8.5.0", "Go-http-client/1.1", "prefill/1.0", "okhttp"]
)
def test_a_client_that_nobody_named_is_counted_alike(strict, agent):
    assert_same(strict, well_formed(ENDPOINTS[0]), **{"User-Agent": agent})


def test_the_company_asked_about_is_no_recipient(strict):
    assert_same(strict, fill(ENDPOINTS[0].path, {"siret": BUYER}))


def test_a_retired_endpoint_is_gone_in_plain_text(strict):
    response = assert_same(strict, fill("/v3/cma_france/rnm/unites_legales/{siren}", KNOWN))

    assert (response.status_code, media_type(response)) == (410, "text/plain")


@pytest.mark.parametrize("fault", [None, "502"])
def test_a_ping_says_alike_that_a_provider_is_up(strict, fault):
    for side in strict.sides:
        side.control("faults", {"insee/sirene": fault} if fault else {})

    theirs, ours = (side.ask("/ping/insee/sirene", token=None, query={}) for side in strict.sides)

    assert ours.status_code == theirs.status_code
    if fault is None:
        assert ours.json().keys() == theirs.json().keys()
        assert ours.json()["status"] == theirs.json()["status"] == "ok"


FAULTS = (
    "400", "401", "403", "404", "409", "410", "422", "429", "429:7", "451", "500", "502", "503", "504", "502@1", "502@0",
    "timeout", "reset", "slow:0.2", "partial", "malformed", "html", "empty", "null", "shape", "huge:1", "gzipbomb",
    "redirect",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a client saw: the exception, or the answer."""

    exception: str | None = None
    status: int = 0
    media: str = ""
    readable: bool = False
    headers: Mapping[str, str | None] = field(default_factory=dict)


def outcome_of(side: Side, path: str) -> Outcome:
    headers = {"Authorization": "Bearer any"}
    try:
        response = side.session.get(
            side.url + path, params=TRACING, headers=headers, timeout=1.5, allow_redirects=False
        )
    except requests.RequestException as error:
        return Outcome(type(error).__name__)
    try:
        readable = isinstance(response.json(), dict)
    except ValueError:
        readable = False
    kept = {name: response.headers.get(name) for name in ("Retry-After", "Content-Encoding")}
    return Outcome(
        None,
        response.status_code,
        media_type(response),
        readable,
        {**kept, "Location": str("Location" in response.headers)},
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_looks_the_same_to_a_client(pair, fault):
    path = well_formed(ENDPOINTS[0])
    for side in pair.sides:
        side.control("faults", {"insee": fault})

    theirs, ours = (outcome_of(side, path) for side in pair.sides)

    if fault.startswith(("slow", "partial")):  # the reference changes the media type of these to plain JSON
        assert (ours.exception, ours.status, ours.readable) == (theirs.exception, theirs.status, theirs.readable)
    else:
        assert ours == theirs
    name = fault.partition("@")[0]
    assert pair.standin.control("stats")["statuses"] == {
        name.partition(":")[0] if key == name else key: count
        for key, count in pair.reference.control("stats")["statuses"].items()
    }
