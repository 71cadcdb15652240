"""The contract of API Entreprise as the sandbox enforces it, called without a transport."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from prefill.sandbox.contract.api import ApiEntreprise
from prefill.sandbox.contract.cases import Case, InvalidCaseError, read_file, read_list
from prefill.sandbox.contract.exchange import Exchange
from prefill.sandbox.contract.faults import Delivery, Fault, InvalidFaultError, Response, read_fault, read_latency
from prefill.sandbox.contract.journal import agent_violation
from prefill.sandbox.contract.published.endpoints import ENDPOINTS, EVERY_SCOPE, VAT, match
from prefill.sandbox.contract.request import Request, Rules
from prefill.sandbox.contract.tokens import DELEGATIONS, Delegation, TokenRules, read_grant
from tests.support.clock import FakeClock

BUYER = "00001200500013"
SIRET, SIREN = "00000100800010", "000001008"
OPEN = f"/v4/insee/sirene/etablissements/diffusibles/{SIRET}"
TURNOVER = f"/v3/dgfip/etablissements/{SIRET}/chiffres_affaires"
TAX = f"/v4/dgfip/unites_legales/{SIREN}/attestation_fiscale"
TRACING = {"context": "Marchés publics", "object": "2026-042", "recipient": BUYER}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp())


def open_api(clock: FakeClock, *, options: dict[str, Any] | None = None, **rules: Any) -> ApiEntreprise:
    return ApiEntreprise(Rules(**rules), timestamp=clock, **options or {})


@pytest.fixture
def api(clock: FakeClock) -> ApiEntreprise:
    return open_api(clock)


def request(path: str = OPEN, *, token: str | None = "any", address: str = "a", agent: str = "tests/1", **query: Any):
    headers = {"user-agent": agent, **({"authorization": f"Bearer {token}"} if token is not None else {})}
    asked = {name: value for name, value in {**TRACING, **query}.items() if value is not None}
    return Request(path, asked, headers, address=address)


def ask(api: ApiEntreprise, path: str = OPEN, **options: Any) -> Response:
    with api.receive(request(path, **options)) as exchange:
        return exchange.respond()


def read(response: Response) -> Any:
    return json.loads(response.body)


def code_of(response: Response) -> str:
    return read(response)["errors"][0]["code"]


def test_a_path_is_of_one_endpoint_at_most_and_each_endpoint_is_found_by_its_own():
    for endpoint in ENDPOINTS:
        path = endpoint.path.replace("{year}", "2025").replace("{month}", "01")
        for name in endpoint.parameters:
            path = path.replace("{" + name + "}", SIRET if "siret" in name else SIREN)
        found = match(path)
        assert found is not None
        assert found[0] is endpoint


def test_every_operation_has_its_published_codes(api):
    listed = read(ask(api, "/errors", token=None))["endpoints"]

    assert len(listed) == len(ENDPOINTS)
    assert "38422" in json.dumps(
        listed["api_entreprise_v3_cibtp_attestation_cotisations_conges_payes_chomage_intemperies"]
    )
    one = read(ask(api, "/v3/errors", token=None, operation_id="api_entreprise_v3_dgfip_tva"))["endpoints"]
    assert [error["code"] for error in one["api_entreprise_v3_dgfip_tva"]["errors"]["404"]] == ["43003"]
    assert ask(api, "/errors", token=None, operation_id="nothing").status == 404


def test_a_retired_endpoint_is_gone_in_plain_text(clock):
    response = ask(open_api(clock, gone=("/chiffres_affaires",)), TURNOVER)

    assert (response.status, response.content_type.partition(";")[0]) == (410, "text/plain")


@pytest.mark.parametrize(("token", "status", "code"), [
    (None, 401, "00101"), ("", 401, "00101"), ("expired", 401, "00103"), ("blacklisted", 401, "00105"),
    ("other-environment", 401, "00108"), ("other-address", 403, "00107"),
])  # fmt: skip
def test_a_token_that_is_no_good_is_refused_with_its_own_code(api, token, status, code):
    for path in (OPEN, "/privileges", "/v3/token/introspect"):
        response = ask(api, path, token=token)
        assert (response.status, code_of(response)) == (status, code)


def test_a_token_that_holds_open_data_alone_reads_nothing_protected(api):
    assert ask(api, OPEN, token="open-1").status == 200
    assert code_of(ask(api, TURNOVER, token="open-1")) == "00100"
    assert api.journal.violations == {"no_scope": 1}


def test_a_token_may_be_granted_some_scopes_and_an_older_name_counts(clock):
    api = open_api(clock, tokens=TokenRules(grants=dict([read_grant("mine=exercices,open_data")])))

    assert ask(api, TURNOVER, token="mine").status == 200
    assert code_of(ask(api, TAX, token="mine")) == "00100"
    assert read(ask(api, "/privileges", token="mine"))["data"]["privileges"] == ["exercices", "open_data"]


def test_a_token_is_described(api):
    told = read(ask(api, "/v3/token/introspect"))["data"]

    assert (told["type"], set(told["scopes"]), told["delegation"]) == ("standard", EVERY_SCOPE, None)
    assert told["date_emission"] < "2026-11-23" < told["date_expiration"]


def test_all_tracing_parameters_that_lack_are_told_at_once(api):
    response = ask(api, context=None, object="", recipient=None)

    assert response.status == 422
    assert [(error["code"], error["source"]["parameter"]) for error in read(response)["errors"]] == [
        ("00201", "context"), ("00202", "object"), ("00203", "recipient"),
    ]  # fmt: skip
    assert set(api.journal.violations) == {"missing_context", "missing_object", "missing_recipient"}


def test_an_object_of_more_than_fifty_characters_is_answered_and_counted(api):
    assert ask(api, object="o" * 50).status == 200
    assert api.journal.violations == {}
    assert ask(api, object="o" * 51).status == 200
    assert api.journal.violations == {"object_too_long": 1}


@pytest.mark.parametrize(("path", "code"), [
    ("/v3/gip_mds/unites_legales/000001008/effectifs_annuels/25", "00310"),
    ("/v3/gip_mds/etablissements/00000100800010/effectifs_mensuels/13/annee/2025", "00311"),
    ("/v3/douanes/etablissements/F/immatriculations_eori", "00302"),
    ("/v3/data_subvention/associations/W1/subventions", "00333"),
])  # fmt: skip
def test_a_malformed_parameter_is_refused_with_its_own_code(api, path, code):
    assert code_of(ask(api, path)) == code
    assert api.journal.violations == {"malformed_number": 1}


def test_a_number_that_is_well_formed_and_unknown_is_not_found(api):
    assert code_of(ask(api, "/v3/douanes/etablissements/FR123/immatriculations_eori")) == "16003"
    assert code_of(ask(api, "/v3/gip_mds/etablissements/00000100800010/effectifs_mensuels/07/annee/2025")) == "31003"


def test_the_vat_number_is_the_dgfips_and_an_unknown_one_is_not_found(api):
    assert read(ask(api, VAT.replace("{siren}", SIREN)))["data"] == {"siren": SIREN, "numero_tva": f"FR29{SIREN}"}
    assert code_of(ask(api, VAT.replace("{siren}", "000016006"))) == "43003"


def test_a_spent_quota_is_refused_until_the_clock_s_minute(api, clock):
    clock.at += 50
    answers = [ask(api, TAX) for _ in range(6)]

    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "10"
    clock.at += 10
    assert ask(api, TAX).headers["RateLimit-Remaining"] == "4"


def test_tokens_of_one_habilitation_share_its_quota(clock):
    api = open_api(clock, tokens=TokenRules(habilitations={"one": "42", "two": "42"}))

    assert [ask(api, token=token).headers["RateLimit-Remaining"] for token in ("one", "two", "three")] == [
        "249", "248", "249",
    ]  # fmt: skip
    assert api.journal.habilitations == {"42": 2}


def test_an_address_has_a_ceiling_for_all_its_tokens(clock):
    api = open_api(clock, quota_scale=0.02)  # 5 calls of JSON a minute, 20 for an address
    statuses = [ask(api, token=f"token-{rank // 5}").status for rank in range(21)]

    assert statuses == [200] * 20 + [429]
    assert api.journal.violations == {"over_address_ceiling": 1}
    assert ask(api, token="token-9", address="b").status == 200


def test_an_address_that_ignores_its_refusals_gets_no_answer_for_twelve_hours(clock):
    api = open_api(clock, ban_after=3)
    statuses = [ask(api, TAX).status for _ in range(9)]

    assert statuses == [200] * 5 + [429] * 4
    assert ask(api, OPEN, token="another").delivery is Delivery.SILENT
    assert ask(api, OPEN, address="b").status == 200
    assert api.journal.violations == {"over_quota": 4, "banned": 1, "called_while_banned": 1}
    clock.at += 12 * 3600
    assert ask(api, OPEN).status == 200


def test_refusals_of_different_windows_ban_nobody(clock):
    api = open_api(clock, ban_after=1)
    for _ in range(4):
        assert [ask(api, TAX).status for _ in range(6)][-1] == 429
        clock.at += 60

    assert ask(api, OPEN).status == 200
    assert "banned" not in api.journal.violations


def test_a_reset_forgets_everything(clock):
    api = open_api(clock, ban_after=0, options={"faults": {"attestation_fiscale": "502"}})
    assert ask(api, TAX).status == 502
    api.faults.replace({})
    api.cases.add([Case.read({"path": VAT, "params": {"siren": "000016006"}, "status": 200, "payload": {}})])
    api.delegations.replace([])
    for _ in range(6):
        ask(api, TAX)
    assert ask(api).delivery is Delivery.SILENT

    api.reset()

    assert ask(api).status == 200
    assert ask(api, TAX).status == 502
    assert ask(api, VAT.replace("{siren}", "000016006")).status == 404
    assert len(api.delegations.members()) == len(DELEGATIONS)
    assert api.journal.report()["total"] == 3
    assert api.journal.violations == {}


def test_documents_have_a_quota_of_their_own_by_address(api):
    statuses = [ask(api, f"/proxy/{rank}", token=None).status for rank in range(51)]

    assert statuses == [200] * 50 + [429]
    assert api.journal.report()["total"] == 0


def test_an_identical_call_in_flight_is_a_conflict_and_another_is_not(api):
    with (
        api.receive(request()) as first,
        api.receive(request()) as second,
        api.receive(request(object="other")) as third,
    ):
        assert [one.respond().status for one in (second, third, first)] == [409, 200, 200]
    assert ask(api).status == 200
    assert api.journal.report()["peak_in_flight"] == 3
    assert api.journal.report()["in_flight"] == 0


def test_a_reset_in_the_middle_of_a_call_leaves_the_count_right(api):
    exchange = api.receive(request())
    api.reset()
    exchange.close()
    exchange.close()

    assert api.journal.report()["in_flight"] == 0


ONE, LIMITED, SEVERAL, REVOKED = "00001200500013", "00001001700010", "00001002500013", "00001003300017"


@pytest.mark.parametrize(("recipient", "path", "expected"), [
    (ONE, TURNOVER, (200, None)),
    (LIMITED, OPEN, (200, None)),
    (LIMITED, TURNOVER, (403, "00100")),
    (SEVERAL, OPEN, (422, "00212")),
    (REVOKED, OPEN, (403, "00213")),
    ("00001600600017", OPEN, (403, "00213")),
    ("mairie", OPEN, (422, "00210")),
    (None, OPEN, (422, "00203")),
])  # fmt: skip
def test_an_editor_acts_under_the_delegation_of_the_recipient(api, recipient, path, expected):
    response = ask(api, path, token="editor-x", recipient=recipient)

    assert (response.status, None if response.status == 200 else code_of(response)) == expected


def test_a_delegation_may_be_named_when_there_are_several(api):
    chosen = next(one for one in DELEGATIONS if one.siret == SEVERAL and "chiffre_affaires_dgfip" in one.scopes)

    assert ask(api, TURNOVER, token="editor", recipient=SEVERAL, delegation_id=chosen.id).status == 200
    assert code_of(ask(api, TURNOVER, token="editor", recipient=SEVERAL, delegation_id="none")) == "00213"
    described = read(ask(api, "/v3/token/introspect", token="editor", recipient=SEVERAL, delegation_id=chosen.id))
    assert described["data"]["delegation"] == {"id": chosen.id, "siret_delegant": SEVERAL}
    assert code_of(ask(api, "/v3/token/introspect", token="editor", recipient=SEVERAL)) == "00212"


def test_each_delegation_has_its_quota(api):
    remaining = [ask(api, token="editor", recipient=one).headers["RateLimit-Remaining"] for one in (ONE, ONE, LIMITED)]

    assert remaining == ["249", "248", "249"]


def test_an_editor_lists_its_delegations_newest_first(api):
    listed = read(ask(api, "/editeur/api/v1/delegations", token="editor", per_page="2", page="2"))

    assert [one["created_at"][:7] for one in listed["data"]] == ["2026-03", "2026-02"]
    assert listed["meta"] == {"page": 2, "per_page": 2, "total": 5, "total_pages": 3}
    assert ask(api, "/editeur/api/v1/delegations").status == 401


def test_a_delegation_without_scopes_has_them_all():
    one = Delegation.read({"id": "a", "authorization_request_id": 1, "siret": ONE, "more": 1})

    assert set(one.scopes) == EVERY_SCOPE
    assert one.member()["statut"] == "active"


def test_a_strict_sandbox_refuses_the_company_asked_about_as_recipient(api, clock):
    path = OPEN.replace(SIRET, BUYER)

    assert ask(api, path).status == 200
    assert code_of(ask(open_api(clock, strict=True), path)) == "00211"


@pytest.mark.parametrize(("agent", "violation"), [
    ("", "no_user_agent"), ("python-requests/2.32.3", "library_user_agent"), ("curl/8.5.0", "library_user_agent"),
    ("Go-http-client/1.1", "library_user_agent"), ("prefill/1.0 (+mailto:a@b.fr)", None), ("gotenberg/8", None),
])  # fmt: skip
def test_a_client_that_nobody_named_is_noted_and_strictly_a_breach(api, clock, agent, violation):
    strict = open_api(clock, strict=True)
    for one in (api, strict):
        assert ask(one, agent=agent).status == 200

    expected = {violation: 1} if violation else {}
    assert agent_violation(agent) == violation
    assert (api.journal.user_agents, api.journal.violations) == (expected, {})
    assert strict.journal.violations == expected


def test_only_reading_is_possible(api):
    exchange = Exchange(api, Request(OPEN, TRACING, {"authorization": "Bearer x"}, method="POST"))

    assert exchange.respond().status == 405


UNKNOWN = "00001600600017"
CASE = {
    "path": "/v4/insee/sirene/etablissements/diffusibles/{siret}", "params": {"siret": UNKNOWN}, "status": 200,
    "payload": {"data": {"date_fermeture": 0, "jours": ["2000-01-01"], "url": "https://storage.entreprise.api.gouv.fr/siade/a"}},
    "relative": {"data.date_fermeture": 1, "data.jours.0": -1},
}  # fmt: skip


def test_a_case_is_answered_with_days_counted_from_today(api):
    api.cases.add([Case.read(CASE)])

    data = read(ask(api, OPEN.replace(SIRET, UNKNOWN)))["data"]
    assert data["date_fermeture"] == 1795474800  # 2026-11-24, midnight in Paris
    assert data["jours"] == ["2026-11-22"]


def test_files_of_the_api_are_turned_to_whoever_serves_and_a_third_party_s_are_not(api):
    api.cases.add([Case.read({**CASE, "relative": {}, "payload": {
        "own": ["https://entreprise.api.gouv.fr/proxy/a", "https://storage.entreprise.api.gouv.fr/siade/b"],
        "others": ["https://www.qualibat.com/a.pdf", "https://entreprise.api.gouv.fr/catalogue"],
    }})])  # fmt: skip
    served = Request(OPEN.replace(SIRET, UNKNOWN), TRACING, {"authorization": "Bearer x"}, base_url="http://here")

    body = read(api.receive(served).respond())
    assert body["own"] == ["http://here/proxy/a", "http://here/siade/b"]
    assert body["others"] == ["https://www.qualibat.com/a.pdf", "https://entreprise.api.gouv.fr/catalogue"]


def test_what_fits_a_question_best_is_answered_and_what_was_added_comes_first(api):
    staff = "/v3/gip_mds/unites_legales/{siren}/effectifs_annuels/{year}"
    for year, nature, payload in (("2024", None, 1), ("2024", "boeth", 2), ("2023", None, 3)):
        params = {"siren": "000016006", "year": year, **({"nature_effectif": nature} if nature else {})}
        api.cases.add([Case.read({"path": staff, "params": params, "status": 200, "payload": payload})])
    path = "/v3/gip_mds/unites_legales/000016006/effectifs_annuels/"

    assert read(ask(api, f"{path}2024")) == 1
    assert read(ask(api, f"{path}2024", nature_effectif="boeth")) == 2
    assert read(ask(api, f"{path}2023")) == 3


def test_a_protected_path_without_a_case_says_what_the_open_one_says(api):
    api.cases.add([Case.read(CASE)])

    assert read(ask(api, f"/v4/insee/sirene/etablissements/{UNKNOWN}"))["data"]["jours"] == ["2026-11-22"]
    assert code_of(ask(api, "/v4/djepva/api-association/associations/000016006")) == "29003"


@pytest.mark.parametrize(("member", "words"), [
    ({"path": CASE["path"]}, "lacks params, status, payload"),
    ({**CASE, "path": "/v3/nowhere"}, "No endpoint has the path /v3/nowhere"),
    ({**CASE, "params": {"siren": "1"}}, "lacks the parameter siret"),
])  # fmt: skip
def test_a_case_that_cannot_be_answered_is_refused_with_the_reason(member, words):
    with pytest.raises(InvalidCaseError, match=words):
        Case.read(member)


def test_a_file_of_cases_is_a_list(tmp_path):
    file = tmp_path / "cases.json"
    file.write_text("{")
    with pytest.raises(InvalidCaseError, match="not JSON"):
        read_file(file)
    with pytest.raises(InvalidCaseError, match="list of objects"):
        read_list([1])
    file.write_text(json.dumps([CASE]))
    assert [case.number for case in read_file(file)] == [UNKNOWN]


def broken(api: ApiEntreprise, fault: str) -> Response:
    api.faults.replace({"insee": fault})
    return ask(api)


@pytest.mark.parametrize("text", ["", "nothing", "50", "5040", "502@2", "slow:long", "timeout:", "huge:x", "@0.5"])
def test_a_fault_that_does_not_exist_is_refused(text):
    with pytest.raises(InvalidFaultError):
        Fault.read(text)
    with pytest.raises(InvalidFaultError):
        read_fault("rcs")


def test_options_are_read():
    assert read_fault("rcs=502@0.5") == ("rcs", "502@0.5")
    assert (read_latency("200"), read_latency("rcs=1.5")) == (("", 200.0), ("rcs", 1.5))
    with pytest.raises(InvalidFaultError):
        read_latency("rcs=slow")


@pytest.mark.parametrize(("fault", "retry_after"), [
    ("429", "30"), ("429:0", "0"), ("429:none", None), ("429:date", "Fri, 01 Jan 2100 00:00:00 GMT"),
])  # fmt: skip
def test_a_refusal_may_say_in_every_way_when_to_come_back(api, fault, retry_after):
    response = broken(api, fault)

    assert (response.status, response.headers.get("Retry-After")) == (429, retry_after)
    assert api.journal.statuses == {"429": 1}


def test_bodies_are_broken_in_every_way(api):
    good = ask(api)

    assert broken(api, "504").status == 504
    assert broken(api, "malformed").body == good.body[:-7]
    assert broken(api, "html").content_type.startswith("text/html")
    assert broken(api, "content_type").body == good.body
    assert broken(api, "content_type").content_type.startswith("text/plain")
    assert broken(api, "empty").body == b""
    assert read(broken(api, "null"))["data"] is None
    assert isinstance(read(broken(api, "shape"))["data"]["siret"], int)
    assert len(broken(api, "huge:2").body) > 2_000_000
    assert broken(api, "gzipbomb").headers["Content-Encoding"] == "gzip"
    assert broken(api, "redirect").headers["Location"].startswith("http://127.0.0.1:1/")


def test_connections_are_broken_in_every_way(api):
    assert [broken(api, fault).delivery for fault in ("timeout", "reset", "slow:3", "partial")] == [
        Delivery.SILENT, Delivery.RESET, Delivery.DRIP, Delivery.TRUNCATED,
    ]  # fmt: skip
    assert broken(api, "timeout:2").seconds == 2
    assert broken(api, "slow").seconds == 5


def test_a_fault_strikes_with_its_probability(api):
    assert broken(api, "502@0").status == 200
    assert broken(api, "502@1").status == 502
    assert Fault.read("502@0.5").strikes(lambda: 0.4)
    assert not Fault.read("502@0.5").strikes(lambda: 0.6)


def test_a_refusal_for_quota_is_not_hidden_by_a_fault(api):
    for _ in range(5):
        ask(api, TAX)
    api.faults.replace({"dgfip": "502"})

    assert ask(api, TAX).status == 429


def test_latency_is_that_of_the_path_or_everybody_s(api):
    api.faults.delay({"": 100, "insee": 250})

    assert [api.receive(request(path)).latency for path in (OPEN, TURNOVER)] == [0.25, 0.1]


@pytest.mark.parametrize(("fault", "state", "status"), [
    (None, "ok", 200), ("504", "bad_gateway", 502), ("maintenance", "maintenance", 200), ("unknown", "unknown", 200),
])  # fmt: skip
def test_a_ping_says_what_a_fault_does(api, fault, state, status):
    api.faults.replace({"insee/sirene": fault} if fault else {})
    response = ask(api, "/ping/insee/sirene", token=None)

    assert (read(response)["status"], response.status) == (state, status)
    assert ("until" in read(response)) == (state == "maintenance")
