"""The company search and the prefill without a token, against an independent stand-in of Recherche d'entreprises."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.request import Request

import pytest
from flask.testing import FlaskClient

from prefill.app import create_app
from prefill.clock import Clock
from prefill.company_search.establishments import list_establishments
from prefill.company_search.projection import establishment_of, place_of, vat_of
from prefill.company_search.service import CompanySearch
from prefill.company_search.suggestions import name_of
from prefill.company_search.upstream.api import SearchApi
from prefill.company_search.upstream.cache import PageCache
from prefill.company_search.upstream.circuit_breaker import SearchBreaker
from prefill.company_search.upstream.client import SearchClient
from prefill.company_search.upstream.parameters import by_number
from prefill.company_search.upstream.quota import SearchQuota
from prefill.domain.company import Company
from prefill.domain.dates import paris_date
from prefill.redis_client import OptionalRedis
from prefill.registers.answer_cache import AnswerCache
from prefill.registers.disclosure_limits import DisclosureLimits
from prefill.registers.scheduling.watchdog import Watchdog
from prefill.settings import Settings
from tests.contract.reference import CASES, SearchReference, read, require_reference, run_search_reference
from tests.support.goldens import full
from tests.support.sandbox import DIRECT
from tests.support.search import named_session, no_options
from tests.support.simulator import reasons_of, values_of
from tools.typists import run

require_reference()

MANY, CHUNKED, HOMONYM = "149900011", "149900359", "LES JARDINS DE SOLENE"
MASKED = re.compile(r"\[\s*N", re.IGNORECASE)


@pytest.fixture(scope="module")
def directory() -> Iterator[SearchReference]:
    """The stand-in, which never refuses for its rate: what is asked counts here, not how often."""
    with run_search_reference("--rate", "0", "--asn-rate", "0") as reference:
        yield reference


@pytest.fixture(scope="module")
def search(directory: SearchReference) -> CompanySearch:
    return open_search(directory.url)


def open_search(url: str) -> CompanySearch:
    clock = Clock()
    shared = OptionalRedis(None, clock=clock)
    api = SearchApi(url, open_session=named_session, transport_options=no_options, watchdog=Watchdog(), clock=clock)
    client = SearchClient(
        api,
        cache=PageCache(shared, clock=clock),
        quota=SearchQuota(shared, clock=clock, per_second=math.inf),
        breaker=SearchBreaker(shared, clock=clock),
        flights=AnswerCache(shared, clock=clock, entries=10),
        limits=DisclosureLimits(shared, clock=clock),
        clock=clock,
    )
    return CompanySearch(client)


def whole(directory: SearchReference, number: str) -> dict[str, Any]:
    """All that the stand-in says of a unit, its blocks of people included."""
    with DIRECT.open(
        Request(f"{directory.url}/search?q={number}", headers={"User-Agent": "test/1"}), timeout=30
    ) as answer:
        return json.loads(answer.read())["results"][0]


@cache
def listed() -> tuple[dict[str, Any], ...]:
    with run_search_reference() as reference:
        return tuple(reference.units())


UNITS = pytest.mark.parametrize("unit", listed(), ids=lambda unit: unit["siren"])
PLACED = pytest.mark.parametrize(
    "unit", [unit for unit in listed() if unit["siret_siege"]], ids=lambda unit: unit["siren"]
)


# -- search ---------------------------------------------------------------------------------------------------


@UNITS
def test_every_unit_is_found_by_its_number(search, directory, unit):
    (found,) = search.find(unit["siren"]).companies
    theirs = whole(directory, unit["siren"])
    assert found.siren == unit["siren"]
    assert found.closed == (unit["etat_administratif"] == "C")
    assert found.open_establishments == theirs["nombre_etablissements_ouverts"]
    assert found.head_office == unit["siret_siege"]
    assert found.rna == unit["rna"]


@UNITS
def test_a_unit_whose_name_is_disclosed_is_found_by_it(search, unit):
    record = search.client.fetch(by_number(unit["siren"])).page.records[0]
    name = name_of(record)
    if name is None or record["statut_diffusion"] is None and not record["nom_raison_sociale"]:
        return
    found = search.find(name)
    assert unit["siren"] in {company.siren for company in found.companies}


@UNITS
def test_nothing_of_people_and_nothing_withheld_is_shown(search, directory, unit):
    theirs = whole(directory, unit["siren"])
    shown = repr(search.find(unit["siren"]).companies) + repr(list_establishments(search.client, unit["siren"]))
    people = [person.get(key) for person in theirs["dirigeants"] for key in ("prenoms", "date_de_naissance")]
    elected = (theirs["complements"]["collectivite_territoriale"] or {}).get("elus") or []
    people += [one.get(key) for one in elected for key in ("nom", "prenoms", "annee_de_naissance")]
    coordinates = [theirs["siege"].get(key) for key in ("latitude", "longitude", "coordonnees")]
    # A sole trader's own name, where it is disclosed, is that of the company.
    named = shown if theirs["nature_juridique"] != "1000" else shown.replace(str(theirs["nom_complet"]), "")
    for secret in filter(None, (*people, *coordinates)):
        assert MASKED.match(secret) or f" {secret} " not in f" {named} "
    assert not MASKED.search(shown)


def test_a_manager_s_name_finds_nobody(search):
    for typed in ("LE BAUD", "BRASDEFER OLLIVRO", "LE MENTEC", "HERONNEAU"):
        assert not [one for one in search.find(typed).companies if typed.split()[0] not in (one.name or "")]


def test_homonyms_are_told_apart_by_town(search):
    assert {one.city for one in search.find(HOMONYM).companies} == {"NANTES", "LYON", "BREST", "LILLE"}
    assert [one.city for one in search.find(f"{HOMONYM} brest").companies] == ["BREST"]
    assert [one.siren for one in search.find(f"{HOMONYM} 73000").companies] == ["149900037"]  # its branch is there


def test_a_cedex_address_is_found_by_its_postal_code(search):
    (found,) = search.find("secours bateliers 75011").companies
    assert found.postal_code == "75011"


def test_an_unfinished_word_is_said_to_be_one(search):
    assert search.find("corvai").incomplete_word
    assert not search.find("corvaisier").incomplete_word


@pytest.mark.parametrize(
    "typed", ["coeur sevre", "l'etabli d'aurelie", "RENN'OV", "e.a.r.", "avec nous", "maquis electricite"]
)
def test_words_are_compared_as_the_index_compares_them(search, typed):
    assert search.find(typed).companies


def test_sixty_establishments_are_all_listed_and_more_than_a_hundred_never(search):
    sixty = list_establishments(search.client, MANY)
    assert (len(sixty.establishments), sixty.total, sixty.partial) == (60, 60, False)
    assert sixty.establishments[0].head_office
    many = list_establishments(search.client, CHUNKED)
    assert (many.total, many.partial) == (130, True)
    assert list_establishments(search.client, CHUNKED, "brest").partial


def test_a_vat_number_is_checked_against_those_in_force(search, directory):
    numbers = whole(directory, "149900284")["tva"]
    assert len(numbers) == 2
    found = [search.find(number).companies for number in numbers]
    assert [one.why.value for companies in found for one in companies] in (["vat", "vat"], ["vat"])


def test_no_rule_of_the_upstream_is_broken(directory, search):
    search.find("menuiserie 35000")
    violations = {name for name in directory.stats()["violations"] if name != "found by prefix only"}
    assert violations == set()


# -- identity ---------------------------------------------------------------------------------------------------


@PLACED
def test_the_mapping_of_the_contract_holds_for_every_unit(search, directory, unit):
    """Each row of the table, against what the stand-in says."""
    siret = unit["siret_siege"]
    theirs = whole(directory, siret)
    record = search.client.fetch(by_number(siret)).page.records[0]
    place = place_of(record, siret)
    data = establishment_of(record, place)
    ours, head = data["unite_legale"], theirs["siege"]
    assert data["siret"] == siret
    assert data["siege_social"]
    assert ours["siren"] == theirs["siren"]
    assert ours["forme_juridique"]["code"] == theirs["nature_juridique"]
    assert ours["categorie_entreprise"] == theirs["categorie_entreprise"]
    assert ours["tranche_effectif_salarie"]["code"] == theirs["tranche_effectif_salarie"]
    assert ours["rna"] == theirs["complements"]["identifiant_association"]
    assert ours["economie_sociale_et_solidaire"] == (theirs["complements"]["est_ess"] or None)
    assert ours["etat_administratif"] == theirs["etat_administratif"]
    day = paris_date(ours["date_creation"])
    assert (day and day.isoformat()) == (None if theirs["date_creation"] == "1900-01-01" else theirs["date_creation"])
    assert (vat_of(record) or {}).get("numero_tva") == (theirs["tva"][0] if len(theirs["tva"] or []) == 1 else None)
    masked = "P" in (theirs["statut_diffusion"], head["statut_diffusion_etablissement"])
    for key, name in {"code_postal": "code_postal", "libelle_voie": "libelle_voie", "code_cedex": "cedex",
                      "complement_adresse": "complement_adresse", "type_voie": "type_voie"}.items():  # fmt: skip
        assert data["adresse"][key] == ("[ND]" if masked else head[name]), key
    assert data["adresse"]["libelle_commune"] == head["libelle_commune"]
    assert data["adresse"]["code_pays_etranger"] == head["code_pays_etranger"]
    signs = head["liste_enseignes"] or [head["nom_commercial"]]
    assert data["enseigne"] == ("[ND]" if masked else signs[0])
    company = Company.read(data, today=Clock().now().date())
    assert company.partial == (theirs["statut_diffusion"] != "O")
    assert company.ceased == (theirs["etat_administratif"] == "C")


@pytest.fixture(scope="module")
def open_data(directory: SearchReference) -> Iterator[FlaskClient]:
    app = create_app(Settings(log="json", sources="open", search_url=directory.url, search_rate=7, rate_limit=0))
    # The stand-in does not mind here, and a hundred companies at two a second would take a minute.
    yield app.test_client()
    app.extensions["prefill"].close()


@pytest.mark.parametrize("unit", [one for one in listed() if one["siret_siege"]][::4], ids=lambda unit: unit["siren"])
def test_the_form_is_filled_from_every_kind_of_unit_and_nothing_withheld_comes_out(open_data, directory, unit):
    answer = open_data.get(f"/v1/prefill/{unit['siret_siege']}")
    assert answer.status_code == 200
    text, theirs = answer.get_data(as_text=True), whole(directory, unit["siren"])
    assert not MASKED.search(text)
    assert values_of(answer.json)[full("identifiers[siret]")] == unit["siret_siege"]
    people = [person.get(key) for person in theirs["dirigeants"] for key in ("date_de_naissance", "nationalite")]
    assert not [secret for secret in filter(None, people) if f'"{secret}"' in text]
    if theirs["statut_diffusion"] == "P":
        assert reasons_of(answer.json)[full("postalAddress/streetName")] == "withheld"


def test_the_vat_number_is_the_dgfip_s_wherever_both_know_it(search):
    """What was measured to decide which should come first: docs/adr."""
    compared = 0
    for case in read(CASES):
        if not case["path"].endswith("/numero_tva") or case["status"] != 200:
            continue
        page = search.client.fetch(by_number(case["params"]["siren"])).page
        for record in page.records if page else ():
            assert vat_of(record) in (None, {"numero_tva": case["payload"]["data"]["tva_number"]})
            compared += 1
    assert compared


# -- faults and many typists ------------------------------------------------------------------------------------


FAULTS = ["400", "404", "429", "500", "502", "503", "504", "reset", "slow:30", "partial", "malformed", "html", "empty",
          "null", "shape", "huge:20", "redirect", "gzipbomb", "timeout"]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_answered_in_time(directory, fault):
    app = create_app(
        Settings(log="json", sources="open", search_url=directory.url, search_rate=7, rate_limit=0, deadline=6)
    )
    client = app.test_client()
    directory.fail(fault)
    try:
        began = time.monotonic()
        found = client.get("/v1/companies?q=corvaisier")
        typed = time.monotonic() - began
        form = client.get("/v1/prefill/14990012800013")
    finally:
        directory.fail("")
        app.extensions["prefill"].close()
    assert (found.status_code, found.json["companies"], found.json["partial"]) == (200, [], True)
    assert int(found.headers["Retry-After"]) >= 1
    assert form.status_code == 200
    assert form.json["missing"][full("name")]["reason"] in ("unavailable", "late")
    assert typed < 20  # two seconds, and whatever the machine adds


def test_a_ban_is_recognised_and_left_alone():
    with run_search_reference("--rate", "1", "--ban-after", "0") as reference:
        with DIRECT.open(
            Request(f"{reference.url}/search?q=corvaisier", headers={"User-Agent": "other/1"}), timeout=30
        ):
            pass
        search = open_search(reference.url)
        outcomes = [search.find(typed) for typed in ("corvaisier", "menuiserie brume", "jardins solene", "avec nous")]
        assert all(found.partial and found.retry_after for found in outcomes)
        time.sleep(1.1)  # the second of the stand-in is over, its ban is not
        search.client.breaker = SearchBreaker(OptionalRedis(None, clock=Clock()), clock=Clock())
        for typed in ("volcan services", "travaux lagon", "maquis electricite", "tremplin bocage"):
            assert search.find(typed).companies == ()
        assert search.client.breaker.state().retry_after > 60
        assert reference.stats()["violations"]["called while banned"] <= 3


def test_many_typists_stay_within_the_rate_of_the_upstream():
    with run_search_reference("--latency", "60") as reference:
        known = tuple(unit["name"] for unit in reference.units() if unit["statut_diffusion"] == "O")
        outcome = run(reference, 40, 8.0, 1, known)
    assert outcome.violations == {}
    assert outcome.calls >= 5
    assert outcome.within_rules
