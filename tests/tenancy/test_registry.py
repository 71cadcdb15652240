"""The tenants: a file that explains its mistakes and follows its changes; two buyers that share nothing they should not."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from prefill import telemetry
from prefill.cli import main
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.domain.answers import Answer, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.company import Company
from prefill.domain.permissions import Scope
from prefill.settings import Settings
from prefill.tenancy.api_keys import KEY, hash_of, new_key
from prefill.tenancy.information import Information
from prefill.tenancy.model import SANDBOX_AGENT_KEY, Directory
from prefill.tenancy.registry import Tenants
from prefill.tenancy.tenants_file import read_tenants
from tests.support.clock import FakeClock
from tests.support.simulator import BUYER, OpenService, Simulator, found, siren, siret

TODAY = date(2026, 11, 23)
LYON, NICE = "21690123100011", "21060088800015"
TOKENS = {"LYON_TOKEN": "jeton-de-lyon", "NICE_TOKEN": "jeton-de-nice"}
FORMS = ("dume", "simplifie")
DIGEST = "sha256:" + "0" * 64

MINIMAL = f"""
[tenants.lyon]
name = "Ville de Lyon"
recipient = "{LYON}"
token_env = "LYON_TOKEN"
"""
WHOLE = f"""
[tenants.lyon]
name = "Ville de Lyon"
recipient = "216 901 231 00011"
token_env = "LYON_TOKEN"
context = "Marchés publics de Lyon"
object = "Profil acheteur"
origins = ["https://marches.lyon.example", "http://127.0.0.1:8001"]
forms = ["dume"]

[[tenants.lyon.keys]]
id = "abcd1234"
name = "Service des marchés"
hash = "{DIGEST}"
expires = 2027-11-23
scopes = ["dossier:read", "documents:read"]

[[tenants.lyon.keys]]
id = "efgh5678"
name = "Stagiaire"
hash = "{DIGEST}"
expires = 2026-12-31
scopes = ["dossier:read"]
revoked = true

[tenants.lyon.oidc]
issuer = "https://sso.lyon.example"
audience = "prefill"
jwks = "https://sso.lyon.example/jwks"
scopes_claim = "realm_access.roles"

[tenants.lyon.oidc.claims]
org = "lyon"

[tenants.lyon.oidc.scopes]
acheteur = ["dossier:read"]

[tenants.lyon.notice]
contact = "marches@lyon.example"
dpo = "dpo@lyon.example"
privacy_url = "https://lyon.example/donnees"
retention_months = 60
consent = true

[tenants.nice]
name = "Ville de Nice"
recipient = "{NICE}"
token_file = "nice.token"
"""


SERVER = f"""
[[tenants.nice.integrators]]
id = "ijkl9012"
name = "Plateforme"
hash = "{DIGEST}"
expires = 2027-11-23
calls = 60
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "nice.token").write_text("jeton-de-nice\n")
    return tmp_path / "tenants.toml"


def read(file: Path, text: str, environ: Mapping[str, str] = TOKENS) -> Directory:
    file.write_text(text, encoding="utf-8")
    return read_tenants(file, environ, FORMS, TODAY)


def mistakes(file: Path, text: str, environ: Mapping[str, str] = TOKENS) -> list[str]:
    with pytest.raises(InvalidConfigFile) as bad:
        read(file, text, environ)
    return [str(one) for one in bad.value.diagnostics]


def test_the_least_a_tenant_needs_is_a_name_a_recipient_and_where_its_token_is(file):
    only = read(file, MINIMAL).only

    assert only is not None
    assert (only.id, only.recipient, only.token) == ("lyon", LYON, "jeton-de-lyon")
    assert (only.context, only.object) == (Settings().context, Settings().object)
    assert (only.origins, only.keys, only.oidc) == ((), (), None)
    assert only.offers("simplifie")


def test_the_whole_file_is_read(file):
    tenants = read(file, WHOLE).tenants
    lyon, nice = tenants["lyon"], tenants["nice"]

    assert (lyon.recipient, nice.recipient) == (LYON, NICE)
    assert (lyon.token, nice.token) == ("jeton-de-lyon", "jeton-de-nice")
    assert (lyon.offers("dume"), lyon.offers("simplifie")) == (True, False)
    assert [(key.id, key.revoked, key.scopes) for key in lyon.keys] == [
        ("abcd1234", False, frozenset(Scope)),
        ("efgh5678", True, frozenset({Scope.DOSSIER})),
    ]
    assert lyon.oidc is not None
    assert lyon.oidc.scopes == {"acheteur": frozenset({Scope.DOSSIER})}
    assert (lyon.oidc.claims, lyon.oidc.scopes_claim) == ({"org": "lyon"}, "realm_access.roles")


def test_what_candidates_are_told_is_read_and_the_controller_is_the_buyer_by_default(file):
    tenants = read(file, WHOLE).tenants

    assert tenants["lyon"].information == Information(
        "Ville de Lyon", "marches@lyon.example", "dpo@lyon.example", "https://lyon.example/donnees", 60, consent=True
    )
    assert tenants["lyon"].information.lacking() == ()
    assert tenants["nice"].information == Information("Ville de Nice")


def test_an_origin_may_be_the_page_of_several_buyers(file):
    known = read(file, WHOLE + 'origins = ["https://marches.lyon.example"]\n')

    assert [tenant.id for tenant in known.at("https://marches.lyon.example")] == ["lyon", "nice"]
    assert known.at("https://marches.lyon.example.evil") == ()


def test_no_secret_is_in_a_repr(file):
    known = read(file, WHOLE)

    for secret in (*TOKENS.values(), DIGEST):
        assert secret not in repr(known)
        assert secret not in str(known.tenants["lyon"])


def swap(old: str, new: str) -> str:
    assert old in WHOLE
    return WHOLE.replace(old, new, 1)


OTHER_PROVIDER = (
    '[tenants.nice.oidc]\nissuer = "https://sso.lyon.example"\naudience = "prefill"\njwks = "https://a.fr/k"\n'
)
MISTAKES = {
    "an unknown key, guessed": (swap("origins", "origin"), ":8: tenants → lyon → origin : clé inconnue « origin » ; vouliez-vous dire « origins » ?"),
    "an unknown table": ("[tenant.lyon]\n" + MINIMAL, ":1: tenant : clé inconnue « tenant » ; vouliez-vous dire « tenants » ?"),
    "a missing recipient": (swap('recipient = "216 901 231 00011"\n', ""), ":2: tenants → lyon → recipient : clé obligatoire"),
    "a recipient that cannot be": (swap("216 901 231 00011", LYON[:-1] + "2"), ":4: tenants → lyon → recipient : attend le SIRET"),
    "a recipient that is a number": (swap(f'recipient = "{NICE}"', f"recipient = {NICE}"), "tenants → nice → recipient : attend un texte"),
    "a token in the file": (swap('token_env = "LYON_TOKEN"', 'token = "s3same"'), ":5: tenants → lyon → token : un jeton ne s'écrit jamais ici"),
    "a variable that is not there": (swap('"LYON_TOKEN"', '"LYON_TOKENS"'), ":5: tenants → lyon → token_env : la variable LYON_TOKENS est absente"),
    "two places for the token": (swap('token_file', 'token_env = "NICE_TOKEN"\ntoken_file'), "tenants → nice : dites où est le jeton"),
    "no place for the token": (swap('token_file = "nice.token"\n', ""), "tenants → nice : dites où est le jeton"),
    "a token file that is not there": (swap("nice.token", "absent.token"), "absent.token » ne peut pas être lu"),
    "a long object": (swap("Profil acheteur", "x" * 50), ":7: tenants → lyon → object : doit faire moins de 50 caractères"),
    "an origin with a path": (swap("marches.lyon.example", "marches.lyon.example/page"), "tenants → lyon → origins → 0 : attend des origines"),
    "any origin": (swap("https://marches.lyon.example", "*"), "tenants → lyon → origins → 0 : attend une origine exacte"),
    "an unknown form, guessed": (swap('forms = ["dume"]', 'forms = ["dumme"]'), ":9: tenants → lyon → forms → 0 : il n'y a pas de formulaire de candidat « dumme » ; vouliez-vous dire « dume » ?"),
    "an unknown scope, guessed": (swap('"documents:read"]', '"document:read"]'), "keys → 0 → scopes → 1 : attend dossier:read ou documents:read, pas « document:read » ; vouliez-vous dire « documents:read » ?"),
    "a key instead of its hash": (swap(f'hash = "{DIGEST}"', 'key = "pfk_abcd1234_secretsecretsecret"'), "keys → 0 → key : la clé elle-même ne s'écrit jamais ici"),
    "a hash of another kind": (swap(DIGEST, "md5:0"), ":14: tenants → lyon → keys → 0 → hash : attend « sha256: »"),
    "an expiry in quotes": (swap("2027-11-23", '"2027-11-23"'), ":15: tenants → lyon → keys → 0 → expires : attend une date sans guillemets"),
    "an expiry with an hour": (swap("2027-11-23", "2027-11-23T10:00:00"), ":15: tenants → lyon → keys → 0 → expires : attend une date"),
    "a key without expiry": (swap("expires = 2027-11-23\n", ""), "keys → 0 → expires : clé obligatoire"),
    "one id for two keys": (swap("efgh5678", "abcd1234"), ":19: tenants → lyon → keys → 1 → id : « abcd1234 » est déjà la clé de l'acheteur « lyon »"),
    "one name for two keys": (swap("Stagiaire", "Service des marchés"), ":20: tenants → lyon → keys → 1 → name : « Service des marchés » est déjà"),
    "a name of two lines": (swap('"Stagiaire"', '"""a\nb"""'), "keys → 1 → name : attend un texte d'une ligne"),
    "a server's key without a limit": (WHOLE + SERVER.replace("calls = 60\n", ""), "integrators → 0 → calls : clé obligatoire"),
    "a server's key with too great a limit": (WHOLE + SERVER.replace("60", "2000"), "integrators → 0 → calls : attend un nombre entier de 1 à 1000"),
    "an agent's id for a server": (WHOLE + SERVER.replace("ijkl9012", "abcd1234"), "integrators → 0 → id : « abcd1234 » est déjà la clé de l'acheteur « lyon »"),
    "a server's key instead of its hash": (WHOLE + SERVER.replace(f'hash = "{DIGEST}"', 'key = "pfk_x"'), "integrators → 0 → key : la clé elle-même ne s'écrit jamais ici"),
    "a revocation in quotes": (swap("revoked = true", 'revoked = "true"'), "keys → 1 → revoked : attend true ou false"),
    "an issuer without https": (swap('issuer = "https', 'issuer = "http'), "tenants → lyon → oidc → issuer : doit commencer par https"),
    "keys at no address": (swap("https://sso.lyon.example/jwks", "jwks.json"), "tenants → lyon → oidc → jwks : il n'y a pas de fichier"),
    "no audience": (swap('audience = "prefill"\n', ""), "tenants → lyon → oidc → audience : clé obligatoire"),
    "one provider for two, not told apart": (WHOLE + OTHER_PROVIDER, "tenants → nice → oidc → claims : le fournisseur d'identité est aussi celui de « lyon »"),
    "one provider for two, told apart by one only": (WHOLE + OTHER_PROVIDER + 'claims = { site = "nice" }\n', "est aussi celui de « lyon »"),
    "a retention in words": (swap("retention_months = 60", 'retention_months = "5 ans"'), "notice → retention_months : attend un nombre de mois"),
    "a retention without end": (swap("retention_months = 60", "retention_months = 601"), "notice → retention_months : attend un nombre de mois de 1 à 600"),
    "a contact of two lines": (swap('"marches@lyon.example"', '"""a\nb"""'), "notice → contact : attend un texte d'une ligne"),
    "an id with capitals": (swap("[tenants.nice]", "[tenants.Nice]"), "tenants → Nice : attend un identifiant"),
    "tenants as a list": ('tenants = ["lyon"]\n', ":1: tenants : attend un dictionnaire"),
    "an empty file": ("", "il n'y a aucun acheteur"),
    "a table written twice": (WHOLE + "[tenants.nice]\n", "ce n'est pas du TOML : "),
    "an open quote": (swap('"Ville de Lyon"', '"Ville de Lyon'), "ce n'est pas du TOML : ligne 3, un guillemet ouvert n'est pas fermé"),
    "a word without quotes": (swap('"Ville de Lyon"', "Lyon"), "ce n'est pas du TOML : ligne 3, cette valeur n'est pas lisible"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_said_with_its_place_and_its_remedy(file, text, told):
    said = mistakes(file, text)

    assert any(told in line for line in said), said
    assert all(line.startswith(str(file)) for line in said)


def test_a_provider_of_two_tenants_is_fine_when_a_claim_tells_them_apart(file):
    assert read(file, WHOLE + OTHER_PROVIDER + 'claims = { org = "nice" }\n').tenants["nice"].oidc


def test_every_mistake_is_said_at_once(file):
    text = swap("origins", "origin").replace("Profil acheteur", "x" * 60).replace("nice.token", "absent")

    assert len(mistakes(file, text, {})) == 4


@pytest.mark.parametrize("text", [one[0] for one in MISTAKES.values()], ids=MISTAKES)
def test_no_mistake_quotes_a_secret(file, text):
    said = "\n".join(mistakes(file, text))

    assert not re.search(r"s3same|jeton-de|pfk_abcd1234|0{64}", said)


@pytest.mark.parametrize("token", ["deux mots", "jéton", "a\nb"])
def test_a_token_that_cannot_be_one_is_not_quoted(file, token):
    said = mistakes(file, MINIMAL, {"LYON_TOKEN": token})

    assert "le jeton contient une espace" in said[0]
    assert token not in said[0]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 1_000_001])
def test_what_is_no_text_is_refused(file, content):
    file.write_bytes(content)

    with pytest.raises(InvalidConfigFile):
        read_tenants(file, TOKENS, FORMS, TODAY)


def test_a_file_that_is_not_there_is_a_mistake(tmp_path):
    with pytest.raises(InvalidConfigFile, match="ne peut pas être lu"):
        read_tenants(tmp_path / "absent.toml", TOKENS, FORMS, TODAY)


def test_an_expired_key_is_a_remark_alone(file):
    [remark] = read(file, swap("2027-11-23", "2026-11-22")).remarks

    assert "remarque : tenants → lyon → keys → 0 → expires : cette clé a expiré" in str(remark)


@pytest.fixture
def events(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """What was logged since the last look."""
    telemetry.configure("json")
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def following(file: Path) -> tuple[Tenants, FakeClock]:
    clock = FakeClock()
    return Tenants(lambda: read_tenants(file, TOKENS, FORMS, TODAY), file, clock=clock), clock


def test_a_changed_file_is_in_force_within_a_second(file):
    file.write_text(MINIMAL)
    tenants, clock = following(file)
    file.write_text(WHOLE)

    assert list(tenants.directory().tenants) == ["lyon"]
    clock.at += 1
    assert list(tenants.directory().tenants) == ["lyon", "nice"]


def test_a_bad_file_leaves_the_old_one_in_force_and_says_so_once(file, events):
    file.write_text(MINIMAL)
    tenants, clock = following(file)
    file.write_text("[tenants.lyon]\n")
    for _ in range(3):
        clock.at += 1
        assert tenants.directory().tenants["lyon"].name == "Ville de Lyon"

    assert [event["event"] for event in events()] == ["tenants.refused"]
    assert "clé obligatoire" in str(tenants.fault)
    file.write_text(WHOLE)
    clock.at += 1
    assert list(tenants.directory().tenants) == ["lyon", "nice"]
    assert tenants.fault is None


def test_a_file_that_vanished_leaves_the_old_one_in_force(file):
    file.write_text(MINIMAL)
    tenants, clock = following(file)
    file.unlink()
    clock.at += 1

    assert list(tenants.directory().tenants) == ["lyon"]
    assert tenants.fault


def test_a_new_token_in_its_file_is_taken(file):
    file.write_text(WHOLE)
    tenants, clock = following(file)
    (file.parent / "nice.token").write_text("nouveau-jeton")
    clock.at += 1

    assert tenants.directory().tenants["nice"].token == "nouveau-jeton"


def test_a_file_replaced_by_another_of_the_same_age_and_size_is_seen(file):
    file.write_text(MINIMAL)
    tenants, clock = following(file)
    twin = file.with_suffix(".new")
    twin.write_text(MINIMAL.replace("Ville de Lyon", "Ville de LYON"))
    told = file.stat()
    os.utime(twin, ns=(told.st_atime_ns, told.st_mtime_ns))
    twin.replace(file)
    clock.at += 1

    assert tenants.directory().tenants["lyon"].name == "Ville de LYON"


def run(*words: str, **environ: str) -> Any:
    return CliRunner().invoke(main, ["tenant", *words], env={**TOKENS, **environ}, catch_exceptions=False)


def test_a_new_key_is_shown_once_and_its_lines_make_it_known(file):
    done = run("key", "new", "lyon", "Service « marchés »", "--days", "30", "--scope", "dossier:read")
    key, lines = done.stdout.split("\n", 1)
    file.write_text(MINIMAL + lines)

    known = read_tenants(file, TOKENS, FORMS, TODAY).key(KEY.fullmatch(key)[1])  # type: ignore[index]
    assert known is not None
    assert (known[1].hash, known[1].name) == (hash_of(key), "Service « marchés »")
    assert known[1].scopes == {Scope.DOSSIER}
    assert key not in lines


def test_a_new_key_of_a_server_has_its_limit_in_calls(file):
    done = run("key", "new", "lyon", "Plateforme", "--calls", "60")
    key, lines = done.stdout.split("\n", 1)
    file.write_text(MINIMAL + lines)

    known = read_tenants(file, TOKENS, FORMS, TODAY).key(KEY.fullmatch(key)[1])  # type: ignore[index]
    assert known is not None
    assert (known[1].hash, known[1].name, known[1].calls) == (hash_of(key), "Plateforme", 60)
    assert not known[0].keys
    assert run("key", "new", "lyon", "x", "--calls", "60", "--scope", "dossier:read").exit_code == 1


def test_keys_are_random():
    made = {new_key("lyon", "x", TODAY, Scope)[0] for _ in range(100)}

    assert len({key.split("_", 2)[2] for key in made}) == 100
    assert all(KEY.fullmatch(key) and len(key.split("_", 2)[2]) == 43 for key in made)


@pytest.mark.parametrize("words", [("Lyon", "x"), ("lyon", " "), ("lyon", "a\nb"), ("lyon", "x" * 101)])
def test_a_key_for_nobody_is_not_made(words):
    done = run("key", "new", *words)

    assert done.exit_code == 1
    assert done.stdout == ""


def test_the_file_is_checked_by_a_command(file):
    file.write_text(WHOLE)
    assert run("check", str(file)).stdout == "Aucune erreur. Acheteurs : lyon, nice.\n"
    assert run("check", PREFILL_TENANTS=str(file)).exit_code == 0

    file.write_text(swap("origins", "origin"))
    done = run("check", str(file))
    assert done.exit_code == 1
    assert "vouliez-vous dire « origins »" in done.stderr
    assert run("check").exit_code == 1


ONE = siret(siren(1))
PROTECTED = CATALOGUE["entreprises_instructeur"]
TWO_TENANTS = f"""
[tenants.lyon]
name = "Ville de Lyon"
recipient = "{LYON}"
token_env = "LYON_TOKEN"
object = "objet de Lyon"
origins = ["https://lyon.example"]
forms = ["dume"]

[tenants.nice]
name = "Ville de Nice"
recipient = "{NICE}"
token_env = "NICE_TOKEN"
object = "objet de Nice"
origins = ["https://nice.example"]
"""


@pytest.fixture
def two(open_service: OpenService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    for name, token in TOKENS.items():
        monkeypatch.setenv(name, token)
    path = tmp_path / "tenants.toml"
    path.write_text(TWO_TENANTS)
    return open_service(token=None, recipient=None, tenants=str(path), metrics_token="operator")


def ask(service: FlaskClient, tenant: str, number: str = ONE) -> Any:
    return service.get(f"/v1/prefill/{number}?tenant={tenant}")


def look_again(service: FlaskClient) -> None:
    """Let the second pass that the service waits before it looks at its file again."""
    service.application.extensions["prefill"].tenants.refresh()


def log(simulator: Simulator) -> list[tuple[str, str, str]]:
    """Tell of each call to which kind of endpoint it was, for which recipient and with which object."""
    told: Any = simulator.log()
    return [(call["path"].split("/")[2], call["query"]["recipient"], call["query"]["object"]) for call in told]


def upstream(service: FlaskClient, tenant: str) -> Any:
    return service.application.extensions["prefill"].tenant_services.for_tenant(tenant).upstream


def protected(service: FlaskClient, tenant: str, **more: Any) -> Answer:
    answer: Answer = upstream(service, tenant).submit(PROTECTED, Company.unread(siren(1)), **more).result(10)
    return answer


def test_each_tenant_asks_for_its_own_recipient_and_object(two, simulator):
    simulator.add(found(ONE), found(siret(siren(2))))
    assert ask(two, "lyon").status_code == 200
    assert ask(two, "nice", siret(siren(2))).status_code == 200

    told = set(log(simulator))
    assert {recipient for _, recipient, _ in told} == {LYON, NICE}
    assert {(recipient, object) for _, recipient, object in told} == {(LYON, "objet de Lyon"), (NICE, "objet de Nice")}
    assert simulator.stats()["violations"] == {}


def test_open_data_is_asked_once_for_all_tenants(two, simulator):
    simulator.add(found(ONE))
    ask(two, "lyon")
    before = len(log(simulator))
    ask(two, "nice")

    again = [call for call in log(simulator)[before:] if call[0] == "insee"]
    assert again == []


def test_protected_data_is_asked_by_each_tenant_for_each_procedure_and_kept_for_it_alone(two, simulator):
    for tenant, more in (("lyon", {}), ("nice", {}), ("lyon", {"object": "2026-A"}), ("lyon", {"object": "2026-B"})):
        for _ in range(2):
            assert protected(two, tenant, **more).status is Status.ABSENT

    assert log(simulator) == [
        ("insee", LYON, "objet de Lyon"),
        ("insee", NICE, "objet de Nice"),
        ("insee", LYON, "2026-A"),
        ("insee", LYON, "2026-B"),
    ]


def test_a_tenant_whose_token_is_refused_takes_nothing_from_the_others(two, simulator, tmp_path, monkeypatch):
    simulator.add(found(ONE))
    monkeypatch.setenv("LYON_TOKEN", "expired")
    (tmp_path / "tenants.toml").write_text(TWO_TENANTS + "\n")  # read anew, with the token of now
    look_again(two)
    refused = ask(two, "lyon")

    assert (refused.status_code, refused.json["code"]) == (503, "upstream_misconfigured")
    assert ask(two, "nice").status_code == 200
    assert ask(two, "lyon").status_code == 200  # what Nice was told is open data


def test_a_refused_token_is_left_alone_for_a_while(two, simulator, tmp_path, monkeypatch):
    monkeypatch.setenv("LYON_TOKEN", "expired")
    (tmp_path / "tenants.toml").write_text(TWO_TENANTS + "\n")
    look_again(two)
    for place in range(10):
        assert ask(two, "lyon", siret(siren(place + 1))).status_code == 503

    assert len(log(simulator)) == 3


def test_each_tenant_has_its_own_budget(two, simulator):
    simulator.fail({"insee": "429:30"})
    ask(two, "lyon")
    simulator.fail({})
    simulator.add(found(ONE))

    assert ask(two, "lyon").json["sources"]["etablissements"]["cause"] == "throttled"
    assert ask(two, "nice").json["sources"]["etablissements"]["status"] == "ok"


def test_the_same_token_is_one_budget(two, simulator, tmp_path):
    same = TWO_TENANTS.replace("NICE_TOKEN", "LYON_TOKEN")
    (tmp_path / "tenants.toml").write_text(same)
    look_again(two)

    assert upstream(two, "lyon").quota is upstream(two, "nice").quota


def test_a_tenant_offers_its_own_forms(two, simulator):
    others = [one for one in two.get("/v1/schemas").json["schemas"] if one["id"] != "dume"]

    assert ask(two, "lyon").json["code"] == "company_unknown"
    for form in others:
        refused = two.get(f"/v1/prefill/{ONE}?tenant=lyon&schema={form['id']}")
        assert refused.json["code"] == "schema_unknown"


@pytest.mark.parametrize(
    ("tenant", "origin", "readable"),
    [("lyon", "https://lyon.example", True), ("nice", "https://nice.example", True),
     ("lyon", "https://elsewhere.example", False)],
)  # fmt: skip
def test_each_tenants_pages_alone_read_its_answers(two, simulator, tenant, origin, readable):
    response = two.get(f"/v1/prefill/{ONE}?tenant={tenant}", headers={"Origin": origin})

    assert ("Access-Control-Allow-Origin" in response.headers) is readable


def test_a_page_of_one_buyer_does_not_spend_the_calls_of_another(two, simulator):
    response = two.get(f"/v1/prefill/{ONE}?tenant=lyon", headers={"Origin": "https://nice.example"})

    assert (response.status_code, response.json["code"]) == (403, "forbidden")
    assert simulator.total() == 0


def test_who_names_no_buyer_is_asked_which(two, simulator):
    response = two.get(f"/v1/prefill/{ONE}")

    assert (response.status_code, response.json["code"]) == (400, "tenant_unknown")
    assert simulator.total() == 0


def test_a_false_key_is_refused_with_its_challenge_even_where_none_is_needed(two):
    response = two.get(f"/v1/prefill/{ONE}?tenant=lyon", headers={"Authorization": "Bearer pfk_faux"})

    assert (response.status_code, response.json["code"]) == (401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["Cache-Control"] == "no-store"


def test_readiness_tells_of_the_tenants_and_of_a_file_that_is_not_in_force(two, tmp_path):
    ready = two.get("/readyz", headers={"Authorization": "Bearer operator"}).json
    assert {"tenants", "token:lyon", "token:nice"} <= {check["name"] for check in ready["checks"]}
    assert ready["sandbox"] is False

    (tmp_path / "tenants.toml").write_text("[tenants.lyon]\n")
    look_again(two)
    ask(two, "lyon")
    after = two.get("/readyz", headers={"Authorization": "Bearer operator"})
    assert after.status_code == 200
    assert any("l'ancien reste en vigueur" in check["message"] for check in after.json["checks"])
    assert not any(token in json.dumps(after.json) for token in TOKENS.values())


def test_a_house_keeps_what_it_learnt_when_only_its_pages_change(two, tmp_path):
    before = upstream(two, "lyon")
    (tmp_path / "tenants.toml").write_text(TWO_TENANTS.replace("https://lyon.example", "https://lyon2.example"))
    look_again(two)
    assert upstream(two, "lyon") is before

    (tmp_path / "tenants.toml").write_text(TWO_TENANTS.replace("objet de Lyon", "autre objet"))
    look_again(two)
    assert upstream(two, "lyon").connection.object == "autre objet"


def test_without_a_file_the_variables_make_the_one_tenant(open_service, simulator):
    simulator.add(found(ONE))
    service = open_service()

    assert service.get(f"/v1/prefill/{ONE}").status_code == 200
    assert {recipient for _, recipient, _ in log(simulator)} == {BUYER}


def test_the_sandbox_has_a_tenant_whose_agents_key_works_there_alone(open_service, simulator):
    from prefill.app import create_app

    sandbox = create_app(Settings(log="json")).test_client()
    headers = {"Authorization": f"Bearer {SANDBOX_AGENT_KEY}"}
    known = sandbox.application.extensions["prefill"]
    caller = known.authenticator.authenticate(headers, "192.0.2.1")
    known.close()

    assert (caller.audience, caller.tenant, caller.scopes) == ("agent", "sandbox", frozenset(Scope))
    refused = open_service().get(f"/v1/prefill/{ONE}", headers=headers)
    assert refused.status_code == 401
