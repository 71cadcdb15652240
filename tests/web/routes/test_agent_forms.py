"""Forms of one's own for agents: listed to them alone, filled from protected sources, each access recorded."""

from __future__ import annotations

import json

import pytest

from prefill.app import create_app
from prefill.settings import Settings
from prefill.tenancy.model import SANDBOX_AGENT_KEY

COMPANY = "00000100800010"
FORM = """\
title: Fiche de l'agent
version: "1"
audience: agent
fields:
  /chiffreAffaires:
    label: Dernier chiffre d'affaires
    type: number
    from: {exercices: "amount([0].chiffre_affaires)"}
  /nom:
    label: Nom
    from: {etablissements: unite_legale.personne_morale_attributs.raison_sociale}
"""
AGENT = {"Authorization": f"Bearer {SANDBOX_AGENT_KEY}"}


@pytest.fixture
def trace(tmp_path):
    return tmp_path / "trace.jsonl"


@pytest.fixture
def client(tmp_path, trace):
    folder = tmp_path / "forms"
    folder.mkdir()
    (folder / "fiche.yaml").write_text(FORM, encoding="utf-8")
    return create_app(Settings(schemas=(str(folder),), audit=str(trace))).test_client()


def names(answer):
    return {form["id"] for form in answer.json["schemas"]}


def test_a_form_for_agents_is_listed_to_an_agent_alone(client):
    public, agents = client.get("/v1/schemas"), client.get("/v1/schemas", headers=AGENT)

    assert "fiche" not in names(public)
    assert {"fiche", "dossier"} == names(agents)
    assert "Authorization" in public.headers["Vary"]
    assert client.get("/v1/schemas/fiche").status_code == 404
    assert client.get("/v1/schemas/fiche", headers=AGENT).json["audience"] == "agent"
    assert client.get("/v1/schemas/fiche/schema.json", headers=AGENT).status_code == 200


def test_an_agent_fills_it_and_the_access_is_recorded(client, trace):
    answer = client.get(f"/v1/dossiers/{COMPANY}?object=2026-1&schema=fiche", headers=AGENT)
    records = [json.loads(line) for line in trace.read_text().splitlines()]

    assert answer.json["data"] == {"chiffreAffaires": 2614500, "nom": "MENUISERIE DU VAL DORE"}
    assert "no-store" in answer.headers["Cache-Control"]
    assert [record["outcome"] for record in records] == ["requested", "complete"]
    assert "exercices" in records[-1]["sources"]


def test_a_candidate_cannot_have_it(client):
    assert client.get(f"/v1/prefill/{COMPANY}?schema=fiche").status_code == 404
    assert client.get(f"/v1/dossiers/{COMPANY}?object=2026-1&schema=fiche").status_code == 401


@pytest.mark.parametrize("name", ["dume", "fich"])
def test_a_form_that_is_not_for_agents_is_refused(client, trace, name):
    answer = client.get(f"/v1/dossiers/{COMPANY}?object=2026-1&schema={name}", headers=AGENT)

    assert (answer.status_code, answer.json["code"]) == (404, "schema_unknown")
    assert not trace.exists() or trace.read_text() == ""
