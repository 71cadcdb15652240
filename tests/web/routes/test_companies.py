"""The search over HTTP: shapes that the form's script reads, limits, origins, and a log without any name."""

import json

import pytest

from prefill import telemetry
from prefill.app import create_app
from prefill.sandbox.companies import CANARIES
from prefill.sandbox.searched import BRANCHES, NETWORK_SIREN
from prefill.settings import Settings
from prefill.web.rendering.companies import SOURCE
from tests.support.simulator import open_service, simulator  # noqa: F401

PAGE = "https://candidats.exemple.fr"


@pytest.fixture(scope="module")
def client():
    return create_app(Settings(log="json", rate_limit=0)).test_client()


def test_a_name_gives_candidates(client):
    answer = client.get("/v1/companies", query_string={"q": "Menuiserie Doré", "limit": 8})
    assert answer.status_code == 200
    assert answer.json == {
        "companies": [
            {
                "siren": "000001008",
                "name": "MENUISERIE DU VAL DORE",
                "tradeName": "LES FENETRES DU VAL",
                "city": "RENNES",
                "postalZone": "35000",
                "headOffice": "00000100800010",
                "activity": "43.32A",
                "closed": False,
                "openEstablishments": 1,
                "establishments": [
                    {
                        "siret": "00000100800010",
                        "city": "RENNES",
                        "postalCode": "35000",
                        "headOffice": True,
                        "closed": False,
                        "street": "14 BIS RUE DES TROIS MIRABELLES",
                        "name": "LES FENETRES DU VAL",
                    }
                ],
                "why": "name",
            }
        ],
        "incompleteWord": False,
        "partial": False,
        "source": SOURCE,
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_unfinished_word_is_said(client):
    body = client.get("/v1/companies?q=menuis").json
    assert body == {"companies": [], "incompleteWord": True, "partial": False, "source": SOURCE}


def test_at_most_as_many_as_asked(client):
    body = client.get("/v1/companies?q=halage&limit=2").json
    assert len(body["companies"]) == 2
    assert body["partial"]


@pytest.mark.parametrize("limit", ["0", "26", "x", "", "-1", "1.5"])
def test_a_limit_is_a_number(client, limit):
    answer = client.get("/v1/companies", query_string={"q": "menuiserie", "limit": limit})
    assert (answer.status_code, answer.json["code"]) == (400, "parameter_invalid")


@pytest.mark.parametrize("query", ["", "?q=", "?q=%00", "?q=ab", "?q=000001009"])
def test_what_finds_nothing_is_an_empty_list(client, query):
    body = client.get(f"/v1/companies{query}").json
    assert body == {"companies": [], "incompleteWord": False, "partial": False, "source": SOURCE}


def test_the_establishments_of_a_company(client):
    body = client.get(f"/v1/companies/{NETWORK_SIREN}/establishments").json
    assert (body["siren"], body["total"], body["partial"]) == (NETWORK_SIREN, BRANCHES, False)
    assert body["establishments"][0]["headOffice"]
    narrowed = client.get(f"/v1/companies/{NETWORK_SIREN}/establishments?q=brest").json
    assert {place["city"] for place in narrowed["establishments"]} == {"BREST"}


@pytest.mark.parametrize("number", ["000 001 008", "00000100800010", "000.001.008"])
def test_a_number_may_be_written_as_people_do(client, number):
    assert client.get(f"/v1/companies/{number}/establishments").json["siren"] == "000001008"


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        ("732829320", 404, "company_unknown"),
        ("12", 400, "siret_malformed"),
        ("000001009", 400, "siret_checksum"),
    ],
)
def test_a_wrong_number_is_a_problem(client, number, status, code):
    answer = client.get(f"/v1/companies/{number}/establishments")
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_no_withheld_value_comes_out(client):
    for query in (*CANARIES, "000006007", "000007005", "000024000", "jardins sans bruit", "vigie limousin"):
        text = client.get("/v1/companies", query_string={"q": query}).get_data(as_text=True)
        assert not [secret for secret in CANARIES if secret in text]


def test_where_the_operator_allows_no_call_there_is_no_search():
    client = create_app(Settings(log="json", search_rate=0)).test_client()
    answer = client.get("/v1/companies?q=menuiserie")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert client.get("/v1/companies/000001008/establishments").json["code"] == "not_found"


def test_searches_are_limited_by_address_and_apart_from_prefills():
    client = create_app(Settings(log="json", rate_limit=2)).test_client()
    for text in ("menuiserie", "halage"):
        assert client.get(f"/v1/companies?q={text}").status_code == 200
    refused = client.get("/v1/companies?q=estuaire")
    assert (refused.status_code, refused.json["code"]) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) >= 1
    assert client.get("/v1/companies?q=menuiserie").status_code == 200  # which costs no call
    assert client.get("/v1/prefill/00000100800010").status_code == 200


def test_a_page_may_ask_where_the_buyer_allows_its_origin(open_service):  # noqa: F811
    service = open_service(allowed_origins=(PAGE,))
    answer = service.get("/v1/companies?q=menuiserie", headers={"Origin": PAGE})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
    other = service.get("/v1/companies?q=menuiserie", headers={"Origin": "https://ailleurs.exemple"})
    assert (other.status_code, other.json["code"]) == (403, "cross_site_request")
    assert "Access-Control-Allow-Origin" not in other.headers
    embedded = service.get("/v1/companies?q=menuiserie", headers={"Sec-Fetch-Dest": "image"})
    assert embedded.status_code == 403


def test_when_the_quota_is_spent_the_answer_says_when_to_ask_again(open_service, simulator):  # noqa: F811
    service = open_service(search_rate=1)
    simulator.delay({"/search": 0})
    answers = [service.get(f"/v1/companies?q={text}") for text in ("menuiserie", "halage", "tilleul", "estuaire")]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert simulator.calls("/search")["/search"] <= 4
    spent = create_app(
        Settings(
            url=simulator.url,
            search_url=simulator.url,
            token="t",
            recipient="21750001600019",
            log="json",
            search_rate=1,
        )
    ).test_client()
    search = spent.application.extensions["prefill"].company_search
    while search.client.quota.reserve(3.0).allowed:
        pass
    answer = spent.get("/v1/companies?q=vergers")
    assert answer.json["companies"] == []
    assert answer.json["partial"]
    assert int(answer.headers["Retry-After"]) == answer.json["retryAfter"] >= 1


FAULTS = ["500", "404", "429", "reset", "html", "empty", "malformed", "null", "shape", "partial", "redirect", "gzipbomb",
          "huge:10"]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_the_upstream_does_both_routes_answer(open_service, simulator, fault):  # noqa: F811
    service = open_service()
    simulator.fail({"/search": fault})
    found = service.get("/v1/companies?q=menuiserie")
    assert (found.status_code, found.json["companies"], found.json["partial"]) == (200, [], True)
    listed = service.get("/v1/companies/000001008/establishments")
    assert (listed.status_code, listed.json["establishments"], listed.json["partial"]) == (200, [], True)
    assert int(listed.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("fault", ["", *FAULTS])
def test_no_name_that_somebody_typed_is_logged(open_service, simulator, fault, capfd):  # noqa: F811
    telemetry.configure("json")
    service = open_service()
    simulator.fail({"/search": fault} if fault else {})
    for path in (
        "/v1/companies?q=Zorglubinette+Tropezienne",
        "/v1/companies?q=Zorglubinette&limit=trop",
        "/v1/companies?q=000001008",
        "/v1/companies/000001008/establishments?q=Tropezienne",
    ):
        service.get(path)
    written = "".join(capfd.readouterr())
    assert '"/v1/companies"' in written
    assert not [word for word in ("zorglub", "tropez", "000001008", "000 001 008") if word in written.lower()]
    for line in written.splitlines():
        json.loads(line)
