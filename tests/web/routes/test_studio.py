"""The studio of form authors, without a browser: what it shows, to whom, and what its check does not do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from prefill.app import create_app
from prefill.settings import Settings
from prefill.web.context import app_context
from prefill.web.routes.studio.routes import MAX_DRAFT, MAX_MESSAGES

PRODUCTION = {"token": "secret-token", "recipient": "13002526500013", "url": "http://127.0.0.1:9"}
HEAD = 'title: T\nversion: "1"\naudience: candidate\nfields:\n'
FORM = HEAD + "  /a:\n    label: A\n    from: {etablissements: siret}\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{','.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefghij", "bcdefghijk", strict=True)
)


def serve(**changes: Any) -> FlaskClient:
    return create_app(Settings(log="json", **{"rate_limit": 0, **changes})).test_client()


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return serve()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fiche.yaml").write_text(FORM, encoding="utf-8")
    return tmp_path


def check(client: FlaskClient, text: str | bytes, name: str = "dc1") -> dict[str, Any]:
    answer = client.post(f"/studio/{name}/check", data=text)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_the_forms_are_listed_and_each_has_its_page(client):
    listed = re.findall(r'href="/studio/([\w-]+)"', client.get("/studio").text)

    assert {"dume", "dc1", "dc2", "dc4", "dossier"} <= set(listed)
    for name in listed:
        page = client.get(f"/studio/{name}")
        assert page.status_code == 200
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert not re.search(r"\sstyle=|\son\w+=|<style|<script>", page.text)
        assert not re.search(r'<[^>]*(src|href)="https?:', page.text)


def test_a_form_that_is_not_there_has_no_page(client):
    for path in ("/studio/nothing", "/studio/nothing/effort", "/studio/nothing/code/plain", "/studio/dc1/code/word"):
        assert client.get(path).status_code == 404
    assert client.post("/studio/nothing/check", data=FORM).status_code == 404


@pytest.mark.parametrize("path", ["/studio", "/studio/dume", "/studio/dume/effort", "/studio/dume/code/plain"])
def test_in_production_it_is_there_only_when_it_is_asked_for(path):
    closed, opened = serve(**PRODUCTION), serve(**PRODUCTION, studio=True)

    assert closed.get(path).status_code == 404
    assert closed.post("/studio/dume/check", data=FORM).status_code == 404
    assert 'href="/studio"' not in closed.get("/").text
    assert opened.get(path).status_code == 200
    assert 'href="/studio"' in opened.get("/").text


def test_in_production_it_shows_neither_agents_forms_nor_invented_companies():
    client = serve(**PRODUCTION, studio=True)

    assert client.get("/studio/dossier").status_code == 404
    assert "MENUISERIE" not in client.get("/studio/dume").text


def test_a_draft_is_checked_in_place_of_its_form(client):
    wrong = check(client, FORM.replace("candidate", "candidat").replace("etablissements", "etablissement"))

    assert wrong["valid"] is False
    assert [(one["line"], one["path"]) for one in wrong["messages"]] == [
        (3, "audience"),
        (7, "fields → /a → from → etablissement"),
    ]
    assert "vouliez-vous dire « etablissements »" in wrong["messages"][1]["message"]
    assert check(client, FORM) == {"valid": True, "fields": 1, "total": 0, "messages": []}


def test_an_overlay_is_checked_over_the_form_that_it_extends(client, folder):
    (folder / "dume.yaml").write_text("extends: dume\nremove: [/partII/A/economicOperator/name]\n", encoding="utf-8")
    own = serve(schemas=(str(folder),))

    assert check(own, (folder / "dume.yaml").read_text(), "dume")["valid"]
    assert check(own, "extends: dume\nremove: [/nothing]\n", "dume")["messages"][0]["line"] == 2


def test_a_check_writes_nothing_and_the_form_in_use_stays(folder):
    client = serve(schemas=(str(folder),))
    check(client, FORM.replace("/a:", "/b:"), "fiche")

    assert [path.name for path in folder.iterdir()] == ["fiche.yaml"]
    assert (folder / "fiche.yaml").read_text() == FORM
    assert [field["path"] for field in client.get("/v1/schemas/fiche").json["fields"]] == ["/a"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("extends: ../../etc/passwd\n", "il n'y a pas de formulaire"),
        ("[" * 60_000, "trop imbriqué"),
        ("- " * 30_000, "trop imbriqué"),
        (BOMB, "ancres dépliées"),
        (HEAD + "  /a: {label: A, from: {etablissements: '" + "(" * 5000 + "siret" + ")" * 5000 + "'}}", "imbriquée"),
        (HEAD + "  /a: {label: A, from: {etablissements: 'siret" + " | [@,@]" * 200 + "'}}", "type: list"),
        (HEAD + "  /a: {label: A, from: {'http://127.0.0.1:9/': siret}}", "source inconnue"),
        (b"\xff\xfe\x00", "ce n'est pas du YAML"),
        (r'{"\ud800": x}', "clé inconnue « ? »"),
        ("", "le fichier est vide"),
    ],
    ids=[
        "another file",
        "deep",
        "deep list",
        "bomb",
        "deep expression",
        "doubling",
        "address",
        "bytes",
        "half",
        "empty",
    ],
)
def test_a_hostile_draft_is_only_a_wrong_one(client, text, told):
    verdict = check(client, text)

    assert verdict["valid"] is False
    assert told in " ".join(one["message"] for one in verdict["messages"])


def fill(client: FlaskClient, text: str, company: str = "00000100800010", name: str = "dc1", **more: Any) -> Any:
    return client.post(f"/studio/{name}/trial", json={"text": text, "company": company, **more})


def test_a_draft_is_filled_for_an_invented_company_and_nothing_is_written(folder):
    client = serve(schemas=(str(folder),))
    answer = fill(client, FORM.replace("/a:", "/b:"), name="fiche").json

    assert (answer["valid"], answer["fields"], answer["messages"]) == (True, 1, [])
    assert answer["filled"]["data"] == {"b": "00000100800010"}
    assert answer["filled"]["provenance"]["/b"]["producer"] == "Insee"
    assert [path.name for path in folder.iterdir()] == ["fiche.yaml"]
    assert [field["path"] for field in client.get("/v1/schemas/fiche").json["fields"]] == ["/a"]


def test_a_draft_with_a_mistake_is_not_filled(client):
    answer = fill(client, FORM.replace("candidate", "candidat")).json

    assert (answer["valid"], answer["total"], "filled" in answer) == (False, 1, False)


def test_a_draft_is_filled_within_the_limits_of_a_check_and_in_the_sandbox_alone(client):
    production, limited = serve(**PRODUCTION, studio=True), serve(rate_limit=1)
    elsewhere = {"Origin": "https://ailleurs.exemple.fr"}

    assert fill(client, "#" * (MAX_DRAFT + 1)).status_code == 400
    assert fill(client, FORM, "13002526500013").json["code"] == "parameter_invalid"
    assert client.post("/studio/dc1/trial", data=FORM).json["code"] == "parameter_invalid"
    assert client.post("/studio/dc1/trial", json={}, headers=elsewhere).json["code"] == "cross_site_request"
    assert fill(client, FORM, name="nothing").status_code == 404
    assert fill(production, FORM, name="dume").status_code == 404
    assert {fill(limited, "title: T").status_code for _ in range(15)} == {200, 429}
    with client.application.app_context():
        assert app_context().trial_slots.acquire()
        busy = fill(client, FORM)
        app_context().trial_slots.release()
    assert busy.status_code == 429


def test_a_draft_is_filled_while_the_page_checks_what_was_typed(client):
    with client.application.app_context():
        assert app_context().draft_slots.acquire()
        checked = client.post("/studio/dc1/check", data=FORM)
        filled = fill(client, FORM)
        app_context().draft_slots.release()

    assert (checked.status_code, filled.status_code) == (429, 200)


@pytest.mark.slow
def test_a_draft_is_small_and_its_messages_are_few(client):
    many = HEAD + "".join(f"  /a{rank}: {{label: x}}\n" for rank in range(1500))
    verdict = check(client, many)

    assert (len(verdict["messages"]), verdict["total"]) == (MAX_MESSAGES, 1500)
    assert client.post("/studio/dc1/check", data=b"#" * (MAX_DRAFT + 1)).status_code == 400


def test_another_site_checks_nothing(client):
    answer = client.post("/studio/dc1/check", data=FORM, headers={"Origin": "https://ailleurs.exemple.fr"})

    assert answer.json["code"] == "cross_site_request"


def test_checks_are_limited_as_pages_are():
    client = serve(rate_limit=1)
    statuses = {client.post("/studio/dc1/check", data=FORM).status_code for _ in range(15)}

    assert statuses == {200, 429}


def test_the_effort_of_a_role_is_that_of_its_fields(client):
    table = client.get("/studio/dc4/effort?role=subcont").json

    form = client.get("/v1/schemas/dc4").json
    assert table["fields"] == sum("subcont" in field.get("roles", ["subcont"]) for field in form["fields"])
    assert len(table["headings"]) == 8
    menuiserie = next(row for row in table["rows"] if row["name"] == "MENUISERIE DU VAL DORE")
    # Optional fields that are empty are no gap.
    assert table["fields"] - 5 <= sum(menuiserie["counts"][:-1]) <= table["fields"]
    assert {row["refusal"] for row in table["rows"]} > {None}


@pytest.mark.parametrize("kit", ["plain", "dsfr", "react"])
@pytest.mark.parametrize(("name", "role"), [("dume", ""), ("dc1", "group-mem"), ("dc4", "subcont")])
def test_the_code_to_copy_binds_every_field_that_a_register_fills(client, kit, name, role):
    answer = client.get(f"/studio/{name}/code/{kit}?role={role}")
    form = client.get(f"/v1/schemas/{name}").json
    asked = [one for one in form["fields"] if not role or role in one.get("roles", [role])]
    bound = set(re.findall(r'data-prefill-field="([^"]+)"', answer.text))

    assert answer.mimetype == "text/plain"
    assert bound == {one.get("alias") or one["path"] for one in asked if one["sources"]}
    assert (role in answer.text) if role else ("role" not in answer.text.replace("fr-", ""))
    ids = re.findall(r'\sid="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids))
