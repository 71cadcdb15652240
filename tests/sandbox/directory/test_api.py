"""The sandbox's directory: the contract of Recherche d'entreprises over the invented companies."""

import json

import pytest

from prefill.sandbox.companies import CANARIES, COMPANIES, WITHHELD_POSTAL_CODES
from prefill.sandbox.contract.api import ApiEntreprise, Request, Rules
from prefill.sandbox.searched import SEARCHED
from tests.support.clock import FakeClock


@pytest.fixture
def clock():
    return FakeClock(1_790_000_000.0)


@pytest.fixture
def sandbox(clock):
    return ApiEntreprise(Rules(ban_after=20), timestamp=clock.timestamp)


@pytest.fixture
def ask(sandbox, clock):
    """Ask /search, a second after the last time."""

    def search(**query):
        clock.at += 1
        with sandbox.receive(Request("/search", query, {"user-agent": "test/1"})) as exchange:
            response = exchange.respond()
        return response.status, json.loads(response.body)

    return search


def results(answer):
    status, body = answer
    assert status == 200
    return body["results"]


def test_words_are_whole(ask):
    assert len(results(ask(q="menuiserie"))) == 1
    assert results(ask(q="menuiser")) == []


def test_an_unknown_number_is_no_404(ask):
    assert ask(q="732829320")[1]["total_results"] == 0


def test_a_siren_lists_no_establishment_and_a_siret_its_own(ask):
    (unit,) = results(ask(q="000002006"))
    assert unit["matching_etablissements"] == []
    assert unit["siege"]["siret"] == "00000200600013"
    (unit,) = results(ask(q="00000200600021"))
    assert [place["siret"] for place in unit["matching_etablissements"]] == ["00000200600021"]


def test_blocks_are_there_when_they_are_asked_for(ask):
    (unit,) = results(ask(q="menuiserie", minimal="true"))
    assert "siege" not in unit
    (unit,) = results(ask(q="menuiserie", minimal="true", include="siege,tva"))
    assert unit["tva"] == ["FR29000001008"]
    assert "matching_etablissements" not in unit
    assert "dirigeants" in results(ask(q="menuiserie"))[0]


def test_a_filter_keeps_the_establishments_that_pass(ask):
    (unit,) = results(ask(q="estuaire", code_postal="29200", limite_matching_etablissements="100"))
    assert {place["libelle_commune"] for place in unit["matching_etablissements"]} == {"BREST"}


def test_a_list_is_as_long_as_asked_and_counts_tell_the_rest(ask):
    (unit,) = results(ask(q="estuaire"))
    assert len(unit["matching_etablissements"]) == 10
    assert (unit["nombre_etablissements"], unit["nombre_etablissements_ouverts"]) == (60, 50)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": "ab"},
        {"q": "menuiserie", "per_page": "26"},
        {"q": "menuiserie", "limite_matching_etablissements": "0"},
        {"q": "menuiserie", "page": "x"},
        {"q": "menuiserie", "minimal": "1"},
        {"q": "menuiserie", "include": "siege"},
        {"q": "menuiserie", "minimal": "true", "include": "tout"},
        {"q": "menuiserie", "code_postal": ""},
    ],
    ids=str,
)
def test_a_wrong_parameter_is_refused_with_a_sentence(ask, sandbox, query):
    status, body = ask(**query)
    assert status == 400
    assert body["erreur"]
    assert sandbox.journal.violations == {"refused_parameter": 1}


def test_an_unknown_parameter_is_ignored_and_counted(ask, sandbox):
    assert ask(q="menuiserie", code_naf="43.32A")[0] == 200
    assert sandbox.journal.violations == {"unknown_parameter": 1}


def test_nothing_withheld_comes_out(ask):
    numbers = {company.siren for company in (*COMPANIES, *SEARCHED)} | {company.siret for company in COMPANIES}
    for number in sorted(numbers):
        text = json.dumps(ask(q=number)[1], ensure_ascii=False)
        assert not [secret for secret in CANARIES if secret in text and secret != "CHARDONVERT"]
        assert not [code for code in WITHHELD_POSTAL_CODES if f'"{code}"' in text]


def test_who_limits_disclosure_is_not_found_by_text(ask):
    assert results(ask(q="canarisse")) == []
    assert results(ask(q="chardonvert"))[0]["nom_raison_sociale"] == "JARDINS SANS BRUIT"  # by its sign, which stays


def test_more_calls_than_a_second_holds_are_refused_then_shut_out(sandbox):
    def ask(path="/search"):
        with sandbox.receive(Request(path, {"q": "menuiserie"}, {"user-agent": "test/1"})) as exchange:
            return exchange.respond()

    assert [ask().status for _ in range(8)] == [200] * 7 + [429]
    assert ask().headers["Retry-After"] == "1"
    for _ in range(20):
        ask()
    assert ask().status == 0  # the connection is closed
    assert sandbox.journal.violations["called_while_banned"]


def test_closed_and_ceased_companies_say_so(ask):
    (unit,) = results(ask(q="mecanique forez"))
    assert (unit["etat_administratif"], unit["siege"]["etat_administratif"]) == ("C", "F")
    assert unit["siege"]["date_fermeture"] == "2025-02-28"
