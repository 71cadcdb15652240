"""A company that limits its disclosure: at once, for all that was learned before, for every candidate."""

from __future__ import annotations

import json
import time

import pytest

from tests.support.simulator import (
    NOBODY,
    association,
    found,
    legal_form,
    named,
    rcs,
    siren,
    siret,
    vat,
)  # fmt: skip

NUMBER = siren(1)
HEAD, BRANCH = siret(NUMBER), siret(NUMBER, 2)
PERSON = {
    "type": "personne_physique", "personne_morale_attributs": named(None),
    "personne_physique_attributs": {**NOBODY, "nom_naissance": "DURAND", "prenom_usuel": "LEA"},
    "forme_juridique": legal_form("1000", "Entrepreneur individuel"),
}  # fmt: skip
LIMITED = {**PERSON, "status_diffusion": "partiellement_diffusible"}
SEAT_FORM = """\
title: Siège
version: "1"
audience: candidate
fields:
  /street:
    label: Rue
    from: {associations: adresse_siege.libelle_voie}
  /town:
    label: Commune
    from: {associations: adresse_siege.commune}
  /name:
    label: Nom
    from: {associations: nom}
"""
SECRETS = ("DURAND", "LEA", "TUILERIES", "PERRIN")


def ask(service, number):
    response = service.get(f"/v1/prefill/{number}")
    assert response.status_code == 200
    return response.json


def secrets(body):
    return [word for word in SECRETS if word in json.dumps(body["data"])]


@pytest.fixture
def open_company(simulator):
    """A sole trader with two establishments, who discloses everything."""
    simulator.add(found(HEAD, of=PERSON), found(BRANCH, of=PERSON, siege_social=False), rcs(NUMBER), vat(NUMBER))
    return simulator


def limit(simulator):
    """Let the branch say that the company limits its disclosure, overnight."""
    simulator.reset()
    simulator.add(found(BRANCH, of=LIMITED, siege_social=False), found(HEAD, of=PERSON), rcs(NUMBER), vat(NUMBER))


def test_what_a_branch_says_hides_at_once_what_the_head_office_showed(open_company, service):
    assert secrets(ask(service, HEAD)) == list(SECRETS)
    assert secrets(ask(service, HEAD)) == list(SECRETS), "from the response cache"
    limit(open_company)
    ask(service, BRANCH)

    body = ask(service, HEAD)
    assert secrets(body) == []
    assert {gap["reason"] for gap in body["missing"].values()} >= {"withheld"}
    assert "partially_disclosed" in [notice["code"] for notice in body["notices"]]


def test_it_holds_while_insee_fails(open_company, open_service):
    service = open_service(cache_entries=0)
    limit(open_company)
    ask(service, BRANCH)
    open_company.fail({"/insee/": "502"})

    assert secrets(ask(service, HEAD)) == []


def test_it_holds_in_every_process_that_shares_a_redis(open_company, redis_server, open_service):
    one, other = (open_service(redis_url=redis_server.url) for _ in range(2))
    assert secrets(ask(other, HEAD)) == list(SECRETS)
    limit(open_company)
    ask(one, BRANCH)

    end = time.monotonic() + 20
    while secrets(ask(other, HEAD)) and time.monotonic() < end:
        time.sleep(0.1)
    assert secrets(ask(other, HEAD)) == []


@pytest.mark.parametrize("insee", ["limited", "down"])
def test_the_street_of_an_association_is_not_in_any_answer(simulator, open_service, tmp_path, insee):
    (tmp_path / "seat.yaml").write_text(SEAT_FORM)
    seat = {"numero_voie": "3", "libelle_voie": "DES TUILERIES", "code_postal": "42000", "commune": "SAINT-ETIENNE"}
    of = {"forme_juridique": legal_form("9220", "Association déclarée"), "status_diffusion": "partiellement_diffusible"}
    simulator.add(found(HEAD, of=of), association(NUMBER, adresse_siege=seat))
    if insee == "down":
        simulator.fail({"/insee/": "502"})
    body = open_service(schemas=(str(tmp_path),)).get(f"/v1/prefill/{HEAD}?schema=seat").json

    assert body["data"] == {"name": "LES AMIS DU BARRAGE", "town": "SAINT-ETIENNE"}
    assert body["missing"]["/street"]["reason"] == "withheld"
