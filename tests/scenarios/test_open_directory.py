"""Without a token, and when the Insee does not answer: the form filled from the open directory, and what is said of it."""

from __future__ import annotations

import time

import pytest

from prefill.app import create_app
from prefill.domain.catalogue import OPEN_DIRECTORY
from prefill.sandbox.companies import CANARIES, COMPANIES, WITHHELD_POSTAL_CODES
from prefill.sandbox.searched import INSEE_DOWN
from prefill.settings import Settings
from tests.support.goldens import full
from tests.support.simulator import reasons_of, values_of

HEAD, BRANCH = "00000100800010", "00000200600021"
NAME = full("name")


@pytest.fixture
def open_data(simulator):
    """A service without a token, and its client."""
    app = create_app(Settings(log="json", sources="open", search_url=simulator.url, search_rate=7, rate_limit=0))
    yield app.test_client()
    app.extensions["prefill"].close()


def prefill(client, number, **query):
    answer = client.get(f"/v1/prefill/{number}", query_string=query)
    assert answer.status_code == 200, answer.json
    return answer.json


class TestWithoutToken:
    def test_identity_is_filled_each_value_signed_and_dated(self, open_data):
        body = prefill(open_data, HEAD)
        values = values_of(body)
        assert values[NAME] == "MENUISERIE DU VAL DORE"
        assert values[full("postalAddress/streetName")] == "14 bis RUE DES TROIS MIRABELLES"
        assert values[full("identifiers[vat]")] == "FR29000001008"
        assert values["/partIV/B/setUpDate"] == "1998-03-12"
        assert {signed["source"] for signed in body["provenance"].values()} == {OPEN_DIRECTORY.name}
        assert all(signed["asOf"] for signed in body["provenance"].values())
        assert not any(signed.get("fallback") for signed in body["provenance"].values())
        assert body["sources"][OPEN_DIRECTORY.name]["status"] == "ok"

    def test_what_a_token_would_bring_says_so(self, open_data):
        body = prefill(open_data, HEAD)
        reasons = reasons_of(body)
        for path in ("legalEntity/legalForm", "legalEntity/shareCapital/amount", "mainActivity/label"):
            assert reasons[full(path)] == "not_entitled"
        assert reasons["/partII/B/representatives"] == "not_entitled"
        sentence = body["missing"]["/partII/B/representatives"]["message"]
        assert (
            sentence
            == "Ce service n'a pas de jeton API Entreprise, qui donnerait cette information (Infogreffe) : à saisir."
        )

    def test_what_is_coarser_is_to_be_confirmed(self, open_data):
        branch = {
            signed.get("field", pointer): signed for pointer, signed in prefill(open_data, BRANCH)["provenance"].items()
        }
        head = {
            signed.get("field", pointer): signed for pointer, signed in prefill(open_data, HEAD)["provenance"].items()
        }
        street = full("postalAddress/streetName")
        assert branch[street]["confirm"]
        assert not head[street].get("confirm")
        assert not head[NAME].get("confirm")

    def test_the_head_office_of_a_branch_is_elsewhere(self, open_data):
        values = values_of(prefill(open_data, BRANCH))
        assert values[full("postalAddress/cityName")] == "GRENOBLE"
        assert values[full("headOfficeAddress/streetName")] == "8 QUAI DES LANTERNIERS"
        assert values[full("headOfficeAddress/postalZone")] == "69003"
        assert values[full("headOfficeAddress/cityName")] == "LYON 3EME"

    def test_the_source_is_mentioned_with_its_date(self, open_data):
        [notice] = prefill(open_data, HEAD)["notices"]
        assert notice["code"] == "open_directory"
        assert (
            "API Recherche d'entreprises (DINUM), d'après Insee (Sirene) et INPI (RNE), à jour du" in notice["message"]
        )

    def test_a_company_costs_one_call(self, open_data, simulator):
        prefill(open_data, BRANCH, **{"with": "conventions_collectives"})
        assert simulator.calls() == {"/search": 1}

    def test_an_unknown_number_is_unknown(self, open_data):
        answer = open_data.get("/v1/prefill/73282932000074")
        assert (answer.status_code, answer.json["code"]) == (404, "company_unknown")

    @pytest.mark.parametrize("fault", ["500", "429", "reset", "malformed", "null", "shape", "empty"])
    def test_when_the_directory_fails_the_form_says_why(self, open_data, simulator, fault):
        simulator.fail({"/search": fault})
        body = prefill(open_data, HEAD)
        gap = body["missing"][NAME]
        assert gap["reason"] == "unavailable"
        assert "Recherche d'entreprises" in gap["message"]
        assert gap["retryAfter"] >= 1
        assert not body["complete"]

    @pytest.mark.parametrize(
        "company", [one for one in COMPANIES if one.name != "Tout est en panne"], ids=lambda one: one.siret
    )
    def test_no_withheld_value_comes_out(self, open_data, company):
        text = open_data.get(f"/v1/prefill/{company.siret}").get_data(as_text=True)
        assert not [secret for secret in CANARIES if secret in text]
        assert not [code for code in WITHHELD_POSTAL_CODES if f'"{code}"' in text]

    def test_agents_have_no_dossier_without_a_token(self, open_data):
        assert open_data.get(f"/v1/dossiers/{HEAD}?object=x").status_code == 401

    def test_candidates_are_told_what_is_queried(self, open_data):
        text = " ".join(open_data.get("/v1/notice").json["text"])
        assert "interroge l'API Recherche d'entreprises (DINUM)" in text
        assert "Infogreffe" not in text

    def test_the_service_is_ready_and_is_no_sandbox(self, open_data):
        answer = open_data.get("/readyz")
        assert (answer.status_code, answer.json["sandbox"]) == (200, False)
        assert "X-Prefill-Sandbox" not in answer.headers


class TestFallback:
    @pytest.fixture
    def down(self, service, simulator):
        """The Insee does not answer."""
        simulator.fail({"insee": "503"})
        return service

    def test_identity_comes_from_the_directory_and_says_so(self, down):
        body = prefill(down, HEAD)
        signed = body["provenance"][NAME]
        assert values_of(body)[NAME] == "MENUISERIE DU VAL DORE"
        assert (signed["source"], signed["fallback"]) == (OPEN_DIRECTORY.name, True)
        [notice] = body["notices"]
        assert notice["code"] == "insee_unavailable"
        assert body["sources"]["etablissements"]["status"] == "unavailable"
        assert body["sources"][OPEN_DIRECTORY.name]["status"] == "ok"
        assert not body["complete"]

    def test_the_other_registers_are_asked_all_the_same(self, down):
        values = values_of(prefill(down, HEAD))
        assert values[full("legalEntity/shareCapital/amount")] == 80000
        assert values[full("identifiers[vat]")] == "FR29000001008"

    def test_what_only_the_insee_says_may_be_asked_again(self, down):
        body = prefill(down, HEAD)
        gap = body["missing"][full("legalEntity/legalForm")]
        assert (gap["reason"], gap["source"]) == ("unavailable", "etablissements")

    def test_the_insee_replaces_it_as_soon_as_it_answers(self, down, simulator):
        assert prefill(down, HEAD)["provenance"][NAME]["fallback"]
        simulator.fail({})
        end = time.monotonic() + 30
        while (body := prefill(down, HEAD))["provenance"][NAME]["source"] != "etablissements":
            assert time.monotonic() < end
            time.sleep(0.2)
        assert body["complete"]
        assert not body["notices"]

    def test_it_is_never_cached_over_the_insee_s_own_answer(self, service, simulator):
        prefill(service, HEAD)
        simulator.fail({"insee": "503"})
        body = prefill(service, HEAD)
        assert body["provenance"][NAME]["source"] == "etablissements"
        assert "/search" not in simulator.calls()

    def test_a_company_that_the_directory_does_not_know_either_is_left_to_type(self, down):
        body = prefill(down, "73282932000074")
        assert body["missing"][NAME]["reason"] == "unavailable"
        assert body["missing"][NAME]["source"] == "etablissements"

    @pytest.mark.parametrize("fault", ["500", "429", "reset", "timeout:1", "malformed", "shape"])
    def test_when_both_fail_the_form_says_that_the_insee_does(self, down, simulator, fault):
        simulator.fail({"insee": "503", "/search": fault})
        body = prefill(down, HEAD)
        assert body["missing"][NAME]["reason"] == "unavailable"
        assert body["missing"][NAME]["source"] == "etablissements"

    @pytest.mark.parametrize("siret", ["00000600700017", "00000700500010", "00002400000010"])
    def test_what_the_law_withholds_stays_withheld(self, down, siret):
        body = prefill(down, siret)
        text = str(body)
        assert reasons_of(body)[full("postalAddress/streetName")] == "withheld"
        assert not [secret for secret in CANARIES if secret in text]

    def test_the_insee_s_own_refusal_holds_against_the_directory(self, service, simulator):
        """The company limited its disclosure last night, which the directory does not know yet."""
        cases = [
            {"path": f"/v4/insee/sirene/{place}", "params": params, "status": 451,
             "payload": {"errors": [{"code": "01451", "title": "", "detail": "", "meta": {}}]}}
            for place, params in (
                ("etablissements/diffusibles/{siret}", {"siret": HEAD}),
                ("unites_legales/diffusibles/{siren}/siege_social", {"siren": HEAD[:9]}),
            )
        ]  # fmt: skip
        simulator.add(*cases)
        assert service.get(f"/v1/prefill/{HEAD}").status_code == 451
        assert service.get("/v1/companies?q=menuiserie").json["companies"] == []
        assert service.get(f"/v1/companies?q={HEAD}").json["companies"] == []

    def test_the_sandbox_shows_it(self):
        body = prefill(create_app(Settings(log="json")).test_client(), INSEE_DOWN)
        assert body["provenance"][NAME]["fallback"]

    def test_where_the_operator_allows_no_call_nothing_falls_back(self, open_service, simulator):
        service = open_service(search_rate=0)
        simulator.fail({"insee": "503"})
        assert prefill(service, HEAD)["missing"][NAME]["reason"] == "unavailable"
