"""The sandbox answers as API Entreprise does: its shapes, its refusals, its manners."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import requests

from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.company import Company, closed_on
from prefill.domain.dates import paris_date
from prefill.domain.identifiers import luhn, parse, valid_siret
from prefill.domain.sources import Identifier, Source
from prefill.sandbox.adapter import SandboxAdapter
from prefill.sandbox.companies import CANARIES, COMPANIES, WITHHELD_POSTAL_CODES
from prefill.sandbox.contract.api import ApiEntreprise
from prefill.sandbox.model import ND, URL, SandboxCompany
from tests.support.clock import FakeClock

TODAY = date(2026, 11, 23)
BUYER = "00001200500013"
TRACING = {"context": "Marchés publics", "object": "2026-042", "recipient": BUYER}
ROUTED = [source for source in SOURCES if source.usable and source.path]
OPEN = [source for source in ROUTED if source.open]
WELL_FORMED = {
    Identifier.SIREN: "000001008",
    Identifier.SIRET: "00000100800010",
    Identifier.RNA_OR_SIREN: "W000000031",
    Identifier.RNA_OR_SIRET: "W000000031",
}

by_siret = pytest.mark.parametrize("company", COMPANIES, ids=lambda company: company.siret)
by_row = pytest.mark.parametrize("source", ROUTED, ids=lambda source: source.name)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp())


@pytest.fixture
def session(clock: FakeClock) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount(URL, SandboxAdapter(ApiEntreprise(today=TODAY, timestamp=clock), sleep=clock.sleep, clock=clock))
        yield session


@pytest.fixture
def ask(session: requests.Session):
    """Ask a row about a number; each number with its own token, so that no budget is spent by the crowd."""

    def ask(name: str, number: str, *, token: str | None = None, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token or number}"}
        path = CATALOGUE[name].path_for(number, TODAY.year)
        params = {**TRACING, **CATALOGUE[name].parameters}
        return session.get(URL + path, params=params, headers=headers, allow_redirects=False, **options)

    return ask


def number_for(source: Source, company: SandboxCompany) -> str:
    """Choose a number as the service does."""
    number = source.identify(Company(company.siren, company.siret, rna=company.rna))
    assert number is not None
    return number


def error_of(response: requests.Response) -> dict[str, Any]:
    return response.json()["errors"][0]


def found(name: str, ask: Any) -> Iterator[tuple[SandboxCompany, dict[str, Any]]]:
    """Give the body of every 200 of a row, company by company."""
    for company in COMPANIES:
        response = ask(name, number_for(CATALOGUE[name], company), token=company.siret)
        if response.status_code == 200:
            yield company, response.json()


@by_siret
def test_a_company_has_a_number_that_could_exist_and_never_did(company):
    assert parse(company.siret) == company.siret
    assert valid_siret(company.siret)
    assert luhn(company.siren)
    assert company.siren.startswith("0000")


def test_no_two_companies_share_a_number():
    assert len({company.siret for company in COMPANIES}) == len(COMPANIES)


@by_siret
def test_a_company_says_what_it_shows_in_both_languages(company):
    assert company.shows.endswith(".")
    assert company.shows_en.endswith(".")


def test_companies_answer_known_sources_only():
    assert {name for company in COMPANIES for name in company.answers} <= set(CATALOGUE)


@by_row
def test_every_usable_row_is_routed_and_answered_by_some_company(source, ask):
    response = ask(source.name, WELL_FORMED[source.identifier])

    assert response.headers["Content-Type"].startswith("application/vnd.api+json")
    assert response.status_code == 200 or error_of(response)["code"] != "00404"
    assert list(found(source.name, ask))


@pytest.mark.parametrize("source", OPEN, ids=lambda source: source.name)
def test_open_answers_hold_the_keys_of_their_row(source, ask):
    for _, body in found(source.name, ask):
        rows = [row["data"] for row in body["data"]] if source.rows else [body["data"]]

        assert all(isinstance(row.get(key), kind) for row in rows for key, kind in source.shape.items())
        assert body.keys() == {"data", "links", "meta"}


def test_withheld_values_never_leave_an_open_insee_row(ask):
    rows = [ask(name, number) for name, number in (
        ("etablissements", "00000600700017"), ("siege_social", "000006007"), ("entreprises", "000006007"),
        ("etablissements", "00000700500010"), ("siege_social", "000007005"), ("entreprises", "000007005"),
        ("etablissements", "00002400000010"), ("siege_social", "000024000"), ("entreprises", "000024000"),
    )]  # fmt: skip

    assert not any(word in row.text for row in rows for word in CANARIES)
    assert not any(f'"{code}"' in row.text for row in rows for code in WITHHELD_POSTAL_CODES)


def test_the_protected_twin_shows_them_in_clear(ask):
    text = ask("etablissements_instructeur", "00000600700017").text

    assert ND not in text
    assert all(word in text for word in ("CANARISSE", "SERINVAL", "MADELINOTTE", "DU SERIN MUET", "15009"))


def test_every_canary_is_somewhere_to_be_leaked(session, ask):
    everything = " ".join(
        json.dumps(body, ensure_ascii=False) for source in ROUTED for _, body in found(source.name, ask)
    )

    assert [word for word in CANARIES if word not in everything] == []


def test_a_partially_disclosed_company_keeps_its_name_and_its_town(ask):
    data = ask("etablissements", "00000700500010").json()["data"]

    assert data["unite_legale"]["personne_morale_attributs"] == {"raison_sociale": "JARDINS SANS BRUIT", "sigle": ND}
    assert data["adresse"]["libelle_commune"] == "BORDEAUX"
    assert data["adresse"]["acheminement_postal"]["l1"] == ND


def test_an_address_can_be_withheld_alone(ask):
    data = ask("etablissements", "00002400000010").json()["data"]

    assert data["adresse"]["libelle_voie"] == ND
    assert data["unite_legale"]["personne_morale_attributs"]["sigle"] == "VDL"
    assert data["unite_legale"]["status_diffusion"] == "diffusible"


def test_a_secondary_establishment_points_to_a_head_office_that_is_known(ask):
    here = ask("etablissements", "00000200600021").json()["data"]
    head = ask("siege_social", "000002006").json()["data"]

    assert not here["siege_social"]
    assert head["siege_social"]
    assert head["siret"] == here["unite_legale"]["siret_siege_social"]
    assert ask("etablissements", head["siret"]).json()["data"] == head


def test_a_closed_establishment_has_a_successor_that_is_known(ask):
    closed = ask("etablissements", "00000800300014").json()["data"]
    heir = ask("successions", "00000800300014").json()["data"]["successeurs"][0]["siret"]

    assert closed_on(closed, TODAY)
    assert not closed_on(ask("etablissements", heir).json()["data"], TODAY)


def test_a_closing_to_come_is_not_a_closing(ask):
    data = ask("etablissements", "00000900100017").json()["data"]

    assert data["etat_administratif"] == "F"
    assert paris_date(data["date_fermeture"]) == TODAY + timedelta(90)
    assert not closed_on(data, TODAY)


def test_days_are_midnight_in_paris(ask):
    ordinary = ask("etablissements", "00000100800010").json()["data"]["unite_legale"]
    unknown = ask("etablissements", "00002100600010").json()["data"]["unite_legale"]

    assert paris_date(ordinary["date_creation"]) == date(1998, 3, 12)
    assert unknown["date_creation"] is not None
    assert paris_date(unknown["date_creation"]) is None


def test_sentinels_stand_where_the_register_has_no_label(ask):
    unit = ask("entreprises", "000021006").json()["data"]

    assert "non supportée" in unit["activite_principale"]["libelle"]
    assert unit["activite_principale_naf_rev2"]["code"] is None
    assert unit["forme_juridique"]["libelle"] == "non référencé"


def test_a_new_nomenclature_keeps_the_older_code_beside_it(ask):
    data = ask("etablissements", "00002000800017").json()["data"]

    assert data["activite_principale"]["nomenclature"] == "NAF2025"
    assert data["activite_principale_naf_rev2"]["code"] == "62.01Z"
    assert data["enseigne"] == "SUPPRESSION DU NOM COMMERCIAL"
    assert ask("extraits_rcs_infogreffe", "000020008").status_code == 404


@pytest.mark.parametrize(
    ("siret", "lines"),
    [
        (
            "00000100800010",
            ["MENUISERIE DU VAL DORE", "", "", "14 BIS RUE DES TROIS MIRABELLES", "", "35000 RENNES", "FRANCE"],
        ),
        (
            "00000500900014",
            ["", "LEMARQUERON SOLENE", "", "LIEU-DIT LA GRANGE AUX FEVES", "", "49000 ANGERS", "FRANCE"],
        ),
        (
            "00001000900017",
            [
                "CLARTE PROPRETE OUEST", "", "IMMEUBLE L'ESTRAN", "200 BOULEVARD DES GRANDES MAREES", "CS 70012",
                "44919 NANTES CEDEX 9", "FRANCE",
            ],
        ),
        ("00001100700010", ["OUTILLAGE MOSAN", "", "", "77 RUE DU PERRON BRISE", "", "LIEGE", "BELGIQUE"]),
    ],
)  # fmt: skip
def test_postal_lines_are_computed(siret, lines, ask):
    address = ask("etablissements", siret).json()["data"]["adresse"]

    assert list(address["acheminement_postal"].values()) == lines


def test_abroad_there_is_neither_postal_code_nor_commune(ask):
    address = ask("etablissements", "00001100700010").json()["data"]["adresse"]

    assert (address["code_postal"], address["libelle_commune"], address["code_commune"]) == (None, None, None)
    assert address["code_pays_etranger"] == "99131"


def test_a_duplicate_is_answered_with_another_number_and_says_so(ask):
    body = ask("etablissements", "00001800200014").json()

    assert body["data"]["siret"] == "00000100800010"
    assert body["meta"]["redirect_from_siret"] == "00001800200014"
    assert ask("entreprises", "000018002").json()["meta"]["redirect_from_siren"] == "000018002"
    assert ask("etablissements", "00000100800010").json()["meta"]["redirect_from_siret"] is None


def test_an_association_is_known_by_both_its_numbers(ask):
    by_rna = ask("associations", "W000000031").json()

    assert by_rna == ask("associations", "000003004").json()
    assert ask("documents_associations", "W000000031").json() == ask("documents_associations", "00000300400017").json()


def test_under_local_law_an_association_has_a_court_instead_of_an_rna_number(ask):
    data = ask("associations", "000004002").json()["data"]

    assert data["rna"] is None
    assert data["regime"] == "Alsace-Moselle"
    assert all(data["alsace_moselle"].values())


def test_the_trade_register_names_people_firms_and_an_auditor(ask):
    officers = ask("extraits_rcs_infogreffe", "000001008").json()["data"]["mandataires_sociaux"]

    assert [officer["type"] for officer in officers] == ["personne_physique"] * 2 + ["personne_morale"] * 2
    assert "COMMISSAIRE AUX COMPTES" in officers[-1]["fonction"]


def test_a_struck_off_company_has_ceased(ask):
    unit = ask("entreprises", "000019000").json()["data"]

    assert unit["etat_administratif"] == "C"
    assert paris_date(unit["date_cessation"]) == date(2025, 2, 28)
    assert ask("extraits_rcs_infogreffe", "000019000").json()["data"]["date_radiation"] == "2025-03-14"


@pytest.mark.parametrize(
    ("name", "number", "status", "code"),
    [
        ("extraits_rcs_infogreffe", "000013003", 504, "02002"),
        ("etablissements", "00001400100010", 502, "01999"),
        ("extraits_rcs_infogreffe", "000014001", 504, "02001"),
        ("etablissements", "00001500800014", 451, "01451"),
        ("etablissements", "00001600600017", 404, "01003"),
        ("numero_tva", "000016006", 404, "43003"),
        ("attestations_sociales_acoss", "000023002", 502, "04501"),
        ("attestations_fiscales_dgfip", "000022004", 404, "03003"),
    ],
)
def test_failures_have_the_status_and_code_of_their_provider(name, number, status, code, ask):
    response = ask(name, number)

    assert response.status_code == status
    assert error_of(response)["code"] == code
    assert error_of(response).keys() == {"code", "title", "detail", "source", "meta"}


def test_a_failure_may_say_when_to_come_back(ask):
    assert error_of(ask("extraits_rcs_infogreffe", "000013003"))["meta"] == {"provider": "Infogreffe", "retry_in": 30}


@pytest.mark.parametrize("source", ROUTED, ids=lambda source: source.name)
def test_when_all_is_down_every_row_fails(source, ask):
    down = next(company for company in COMPANIES if company.siret == "00001400100010")

    assert ask(source.name, number_for(source, down)).status_code >= 500


def test_a_slow_provider_takes_its_time(ask, clock):
    began = clock()

    assert ask("extraits_rcs_infogreffe", "000017004").status_code == 200
    assert clock() - began == pytest.approx(1.5)


def test_proofs_are_in_every_state(ask):
    msa = {body["data"]["status"] for _, body in found("cotisations_msa", ask)}
    urssaf = {body["data"]["entity_status"]["code"] for _, body in found("attestations_sociales_acoss", ask)}
    retirement = {body["data"]["eligible"] for _, body in found("cotisation_retraite_probtp", ask)}
    qualibat = {body["data"]["date_fin_validite"] > str(TODAY) for _, body in found("certificats_qualibat", ask)}

    assert msa == {"up_to_date", "outdated", "under_investigation"}
    assert urssaf == {"ok", "refus_de_delivrance"}
    assert retirement == qualibat == {True, False}


def test_a_vigilance_certificate_ends_with_the_sixth_month(ask):
    data = ask("attestations_sociales_acoss", "000001008").json()["data"]

    assert (data["date_debut_validite"], data["date_fin_validite"]) == ("2026-10-14", "2027-04-30")


def test_turnover_comes_unsorted(ask):
    years = [row["data"]["date_fin_exercice"] for row in ask("exercices", "00000100800010").json()["data"]]

    assert years == ["2024-12-31", "2025-12-31", "2023-12-31"]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic am9o"])
def test_without_a_token_nothing_is_said(header, session):
    headers = {} if header is None else {"Authorization": header}
    response = session.get(f"{URL}/v4/insee/sirene/etablissements/diffusibles/00000100800010", headers=headers)

    assert response.status_code == 401
    assert error_of(response)["code"] == "00101"


def test_an_expired_token_is_refused(ask):
    response = ask("etablissements", "00000100800010", token="expired")

    assert (response.status_code, error_of(response)["code"]) == (401, "00103")


@by_row
def test_a_token_for_open_data_reads_open_data_alone(source, ask):
    response = ask(source.name, WELL_FORMED[source.identifier], token="open-data")
    refused = response.status_code == 403

    assert refused == (source.scope not in (None, "open_data"))


@pytest.mark.parametrize(
    ("faulty", "code"),
    [
        ({"context": ""}, "00201"),
        ({"object": None}, "00202"),
        ({"recipient": None}, "00203"),
        ({"recipient": "00001200500014"}, "00210"),
        ({"recipient": "mairie"}, "00210"),
    ],
)
def test_a_call_that_does_not_say_why_is_refused(faulty, code, session):
    path = CATALOGUE["etablissements"].path_for("00000100800010", TODAY.year)
    response = session.get(URL + path, params={**TRACING, **faulty}, headers={"Authorization": "Bearer x"})

    assert (response.status_code, error_of(response)["code"]) == (422, code)
    assert error_of(response)["source"] == {"parameter": next(iter(faulty))}


@pytest.mark.parametrize(
    ("name", "number", "code"),
    [
        ("etablissements", "00000100800011", "00302"),
        ("etablissements", "000001008", "00302"),
        ("entreprises", "000001009", "00301"),
        ("entreprises", "٠٠٠٠٠١٠٠٨", "00301"),
        ("associations", "W00000003", "00333"),
        ("documents_associations", "000003004", "00303"),
    ],
)
def test_a_malformed_number_is_refused(name, number, code, ask):
    response = ask(name, number, token="x")

    assert (response.status_code, error_of(response)["code"]) == (422, code)


def test_every_answer_can_be_named_to_support(ask):
    first, second = ask("etablissements", "00000100800010"), ask("etablissements", "00001600600017")

    assert first.headers["X-Request-ID"]
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


def test_a_budget_is_told_spent_and_given_again(ask, clock):
    answers = [ask("actes_inpi", "000001008", token="thrifty") for _ in range(16)]
    clock.sleep(60)
    later = ask("actes_inpi", "000001008", token="thrifty")

    assert [answer.status_code for answer in answers] == [200] * 15 + [429]
    assert answers[0].headers["RateLimit-Limit"] == "15"
    assert [answer.headers["RateLimit-Remaining"] for answer in answers[-3:]] == ["1", "0", "0"]
    assert int(answers[0].headers["RateLimit-Reset"]) == clock() == int(clock()) // 60 * 60
    assert answers[-1].headers["Retry-After"] == "60"
    assert later.status_code == 200


def test_rows_of_one_group_spend_one_budget(ask):
    ask("etablissements", "00000100800010", token="shared")

    assert ask("numero_tva", "000001008", token="shared").headers["RateLimit-Remaining"] == "248"
    assert ask("numero_tva", "000001008", token="other").headers["RateLimit-Remaining"] == "249"


def test_the_same_call_at_the_same_moment_is_a_conflict():
    seen: list[requests.Response] = []
    path = URL + CATALOGUE["extraits_rcs_infogreffe"].path_for("000017004", TODAY.year)
    headers = {"Authorization": "Bearer hasty"}

    def meanwhile(_: float) -> None:
        seen.append(session.get(path, params=TRACING, headers=headers))

    with requests.Session() as session:
        session.mount(URL, SandboxAdapter(ApiEntreprise(today=TODAY), sleep=meanwhile))
        seen.append(session.get(path, params=TRACING, headers=headers))

    assert [answer.status_code for answer in seen] == [409, 200]
    assert error_of(seen[0])["code"] == "00015"


def test_an_unknown_path_is_said_to_be_one(session):
    response = session.get(f"{URL}/v3/nowhere")

    assert (response.status_code, error_of(response)["code"]) == (404, "00404")
    assert response.headers["X-Request-ID"]


def test_only_reading_is_possible(session):
    assert session.post(f"{URL}/privileges", json={}).status_code == 405


def test_no_company_answers_a_row_that_tenders_may_not_use():
    forbidden = {source.name for source in SOURCES if not source.usable}

    assert forbidden
    assert not [company.siret for company in COMPANIES if forbidden & set(company.answers)]


@pytest.mark.parametrize(("token", "more"), [("open-data", False), ("any", True)])
def test_a_token_can_ask_what_it_may_do(token, more, session):
    body = session.get(f"{URL}/privileges", headers={"Authorization": f"Bearer {token}"}).json()

    assert "open_data" in body["data"]["privileges"]
    assert ("chiffre_affaires_dgfip" in body["data"]["privileges"]) == more
    assert session.get(f"{URL}/privileges").status_code == 401


def test_pings_tell_the_state_of_each_provider(session):
    urls = [ping["url"] for ping in session.get(f"{URL}/pings").json()]
    states = {url.removeprefix(f"{URL}/ping/"): session.get(url) for url in urls}

    assert states["insee/sirene"].json()["status"] == "ok"
    assert {state.json()["status"] for state in states.values()} == {"ok", "unknown", "maintenance", "bad_gateway"}
    assert {state.status_code for state in states.values() if state.json()["status"] != "bad_gateway"} == {200}
    assert session.get(f"{URL}/ping/insee/nothing").status_code == 404


def documents(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(f"{URL}/documents/"):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from documents(inner)


def test_every_document_named_by_an_answer_is_a_pdf_but_one(session, ask):
    urls = {url for source in ROUTED for _, body in found(source.name, ask) for url in documents(body)}
    expired = f"{URL}/documents/lien-expire.pdf"

    assert len(urls) > 10
    assert session.get(expired).status_code == 404
    for url in urls - {expired}:
        response = session.get(url)
        assert response.headers["Content-Type"] == "application/pdf"
        assert response.content.startswith(b"%PDF-")


def test_a_document_says_where_its_parts_are(session):
    content = session.get(f"{URL}/documents/essai.pdf").content
    start = int(content.split(b"startxref\n")[1].split()[0])
    places = [int(line.split()[0]) for line in content[start:].splitlines()[3:8]]

    assert content[start:].startswith(b"xref")
    assert all(content[place:].startswith(b"%d 0 obj" % number) for number, place in enumerate(places, 1))


def test_a_body_can_be_read_as_from_a_socket(ask):
    whole = ask("etablissements", "00000100800010").content
    with ask("etablissements", "00000100800010", stream=True) as response:
        by_chunks = b"".join(response.iter_content(100))
    with ask("etablissements", "00000100800010", stream=True) as response:
        by_stream = b"".join(response.raw.stream(64, decode_content=True))
    with ask("etablissements", "00000100800010", stream=True) as response:
        first = response.raw.read(10, decode_content=True)
        rest = response.raw.read1(1_000_000, decode_content=True)
        end = response.raw.read1(10, decode_content=True)

    assert len(whole) > 1000
    assert by_chunks == by_stream == first + rest == whole
    assert end == b""


def test_a_caller_in_a_hurry_hears_of_a_time_out(ask):
    with pytest.raises(requests.ReadTimeout):
        ask("extraits_rcs_infogreffe", "000017004", timeout=(1, 1))
    assert ask("extraits_rcs_infogreffe", "000017004", timeout=5).ok


def test_a_session_knows_what_it_asked_and_how_long_it_took(ask):
    response = ask("etablissements", "00000100800010")

    assert response.url.startswith(f"{URL}/v4/insee/sirene/etablissements/diffusibles/00000100800010?context=")
    assert response.request.method == "GET"
    assert response.reason == "OK"
    assert "MENUISERIE" in response.text
