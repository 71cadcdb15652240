"""The settings: each is read, each refuses what it cannot use with a sentence that names it, none tells a secret."""

from __future__ import annotations

import re
import traceback
from dataclasses import fields

import pytest

from prefill.problems import SettingsInvalid
from prefill.settings import Settings, describe, former_names, load, refuse_unwanted_sandbox, unknown_settings

TOKEN = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0LXNhbmRib3g.sIgNaTuRe-_0"
BUYER = "21750001600019"
LIVE = {"API_ENTREPRISE_TOKEN": TOKEN, "PREFILL_RECIPIENT": BUYER}

# Every setting, as it may be written and as it is read.
GOOD = {
    "API_ENTREPRISE_URL": ("https://staging.entreprise.api.gouv.fr/", "https://staging.entreprise.api.gouv.fr"),
    "API_ENTREPRISE_TOKEN": (f" {TOKEN}\n", TOKEN),
    "PREFILL_ENV": ("production", "production"),
    "PREFILL_SOURCES": ("all", "all"),
    "PREFILL_SANDBOX": ("1", True),
    "PREFILL_RECIPIENT": ("217 500 016 00019", BUYER),
    "PREFILL_DELEGATION": ("0000D000-0000-4000-8000-000000000001", "0000d000-0000-4000-8000-000000000001"),
    "RECHERCHE_ENTREPRISES_URL": ("http://127.0.0.1:9090/", "http://127.0.0.1:9090"),
    "RECHERCHE_ENTREPRISES_RATE": ("0", 0),
    "PREFILL_CONTEXT": ("Marchés publics de la ville", "Marchés publics de la ville"),
    "PREFILL_OBJECT": ("2026-PROC-42", "2026-PROC-42"),
    "PREFILL_ALLOWED_ORIGINS": (
        "https://marches.exemple.fr, http://127.0.0.1:8001",
        ("https://marches.exemple.fr", "http://127.0.0.1:8001"),
    ),
    "PREFILL_TENANTS": ("/etc/prefill/tenants.toml", "/etc/prefill/tenants.toml"),
    "PREFILL_DOCUMENT_HOSTS": ("www.qualibat.com, WWW.qualifelec.fr", ("www.qualibat.com", "www.qualifelec.fr")),
    "PREFILL_RECEIPT_KEYS": (f"{'A' * 43},{'b' * 43}", ("A" * 43, "b" * 43)),
    "PREFILL_AUDIT": ("postgresql://moi:secret@base.exemple.fr/trace", "postgresql://moi:secret@base.exemple.fr/trace"),
    "PREFILL_CONTACT": ("mailto:exploitation@exemple.fr", "mailto:exploitation@exemple.fr"),
    "PREFILL_CONTROLLER": ("Ville de Lyon", "Ville de Lyon"),
    "PREFILL_RIGHTS_CONTACT": ("marches@lyon.example", "marches@lyon.example"),
    "PREFILL_DPO": ("dpo@lyon.example", "dpo@lyon.example"),
    "PREFILL_PRIVACY_URL": ("https://lyon.example/donnees", "https://lyon.example/donnees"),
    "PREFILL_PUBLIC_URL": ("https://prefill.lyon.example/", "https://prefill.lyon.example"),
    "PREFILL_SESSION_MINUTES": ("60", 60),
    "PREFILL_RETENTION_MONTHS": ("60", 60),
    "PREFILL_CONSENT": ("1", True),
    "PREFILL_STUDIO": ("1", True),
    "PREFILL_SCHEMAS": ("/etc/prefill, forms,", ("/etc/prefill", "forms")),
    "PREFILL_TEMPLATES": ("/etc/prefill/modeles", "/etc/prefill/modeles"),
    "PREFILL_VAT_LIST": ("/etc/prefill/tva.index", "/etc/prefill/tva.index"),
    "PREFILL_DEADLINE": ("2,5", 2.5),
    "PREFILL_CACHE_ENTRIES": ("0", 0),
    "PREFILL_RESPONSE_CACHE": ("200", 200),
    "PREFILL_WORKERS": ("8", 8),
    "PREFILL_THREADS": ("16", 16),
    "REDIS_URL": ("valkeys://:secret@cache.exemple.fr:6379/0", "rediss://:secret@cache.exemple.fr:6379/0"),
    "PREFILL_INSTANCES": ("3", 3),
    "PREFILL_EARLY_CALLS": ("0", False),
    "PREFILL_SHARE_PROTECTED": ("1", True),
    "PREFILL_PROXIES": ("2", 2),
    "PREFILL_RATE_LIMIT": ("0", 0),
    "PREFILL_METRICS_TOKEN": ("s3same", "s3same"),
    "PREFILL_LOG": ("json", "json"),
    "PREFILL_HOST": ("0.0.0.0", "0.0.0.0"),
    "PORT": ("9000", 9000),
}

# What each refuses. Any text is a host, a file or a list of folders.
BAD = {
    "API_ENTREPRISE_URL": (
        "entreprise.api.gouv.fr", "ftp://entreprise.api.gouv.fr", "http://entreprise.api.gouv.fr", "https://",
        "https://moi:secret@entreprise.api.gouv.fr", "https://entreprise.api.gouv.fr?a=1",
    ),
    "API_ENTREPRISE_TOKEN": ("deux mots", "jeton\ncoupé", "jéton", '"eyJ.x.y"', "'eyJ.x.y"),
    "PREFILL_ENV": ("prod", "Production"),
    "PREFILL_SOURCES": ("ouvertes", "Open"),
    "PREFILL_SANDBOX": ("oui", "true"),
    "PREFILL_RECIPIENT": ("217500016", "21750001600018", "la ville", "１２"),
    "PREFILL_DELEGATION": ("oui", "0000d000", "recipients"),
    "PREFILL_RECEIPT_KEYS": ("A" * 42, "A" * 43 + ";" + "A" * 43),
    "RECHERCHE_ENTREPRISES_URL": ("http://recherche-entreprises.api.gouv.fr", "recherche"),
    "RECHERCHE_ENTREPRISES_RATE": ("8", "1.5", "-1"),
    "PREFILL_CONTEXT": ("x" * 50,),
    "PREFILL_OBJECT": ("x" * 50,),
    "PREFILL_ALLOWED_ORIGINS": ("marches.exemple.fr", "https://marches.exemple.fr/", "https://a.fr, https://b.fr/page"),
    "PREFILL_AUDIT": ("mysql://moi:secret@base.exemple.fr/trace",),
    "PREFILL_DOCUMENT_HOSTS": ("https://www.qualibat.com", "localhost", "10.0.0.1", "a.fr/b"),
    "PREFILL_CONTACT": ("deux mots", "a(b)", "é@exemple.fr", "a\nb"),
    "PREFILL_CONTROLLER": ("a\nb", "x" * 201),
    "PREFILL_RIGHTS_CONTACT": ("a\nb",),
    "PREFILL_DPO": ("a\tb",),
    "PREFILL_PRIVACY_URL": ("lyon.example", "http://lyon.example"),
    "PREFILL_PUBLIC_URL": ("prefill.lyon.example", "http://prefill.lyon.example"),
    "PREFILL_SESSION_MINUTES": ("4", "481", "1.5"),
    "PREFILL_RETENTION_MONTHS": ("0", "601", "5 ans"),
    "PREFILL_CONSENT": ("oui",),
    "PREFILL_STUDIO": ("oui",),
    "PREFILL_DEADLINE": ("0", "61", "-1", "1e3", "nan", "vite"),
    "PREFILL_CACHE_ENTRIES": ("-1", "1.5", "beaucoup", "99999999"),
    "PREFILL_RESPONSE_CACHE": ("-1", "beaucoup"),
    "PREFILL_WORKERS": ("0", "1001", "+8", "8x"),
    "PREFILL_THREADS": ("7", "1001", "64.0"),
    "REDIS_URL": ("cache.exemple.fr:6379", "https://:secret@cache.exemple.fr"),
    "PREFILL_INSTANCES": ("0", "deux"),
    "PREFILL_EARLY_CALLS": ("oui", "2"),
    "PREFILL_SHARE_PROTECTED": ("oui", "true", "2"),
    "PREFILL_PROXIES": ("-1", "11", "tous"),
    "PREFILL_RATE_LIMIT": ("-1", "1000001"),
    "PREFILL_METRICS_TOKEN": ("deux mots",),
    "PREFILL_LOG": ("xml", "JSON"),
    "PORT": ("0", "65536", "http", "8000.0"),
}  # fmt: skip
ANY_TEXT = {"PREFILL_HOST", "PREFILL_SCHEMAS", "PREFILL_TEMPLATES", "PREFILL_TENANTS", "PREFILL_VAT_LIST"}

NAMES = {one.metadata["name"]: one.name for one in fields(Settings)}
SECRETS = {one.metadata["name"] for one in fields(Settings) if one.metadata["secret"]}


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsInvalid) as refused:
        load(environ)
    return str(refused.value)


def test_nothing_set_is_the_sandbox_with_every_default():
    assert load({}).sandbox
    assert all(one.origin == "défaut" for one in describe(load({}), {}))


@pytest.mark.parametrize("environ", [{"PORT": "8000"}, {"PREFILL_ENV": "production"}], ids=["a platform", "said"])
def test_in_production_the_sandbox_must_be_asked_for(environ):
    with pytest.raises(SettingsInvalid, match="PREFILL_SANDBOX=1"):
        refuse_unwanted_sandbox(load(environ), {})

    refuse_unwanted_sandbox(load({**environ, "PREFILL_SANDBOX": "1"}), {})
    refuse_unwanted_sandbox(load({**environ, **LIVE}), {})


@pytest.mark.parametrize("environ", [{}, {"PORT": "8000", "PREFILL_ENV": "development"}])
def test_elsewhere_the_sandbox_is_the_default(environ):
    refuse_unwanted_sandbox(load(environ), {})


def test_a_variable_that_looks_like_a_setting_is_told_with_the_one_that_was_meant():
    environ = {"PREFILL_ALOWED_ORIGINS": "x", "API_ENTREPRISE_TOKN": "x", "PREFILL_LOG": "json", "HOME": "/"}

    assert dict(unknown_settings(environ)) == {
        "API_ENTREPRISE_TOKN": "API_ENTREPRISE_TOKEN", "PREFILL_ALOWED_ORIGINS": "PREFILL_ALLOWED_ORIGINS",
    }  # fmt: skip


def test_the_tables_of_this_test_know_every_setting():
    assert set(GOOD) == set(NAMES)
    assert set(BAD) | ANY_TEXT == set(NAMES)


@pytest.mark.parametrize("name", GOOD)
def test_each_setting_is_read(name):
    text, value = GOOD[name]

    assert getattr(load({**LIVE, name: text}), NAMES[name]) == value


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts])
def test_a_bad_value_is_refused_with_a_sentence_that_names_the_setting(name, text):
    sentence = refusal({**LIVE, name: text})

    assert sentence.startswith(f"{name} ")
    assert sentence.endswith(".")
    assert (text[:80] in sentence) is (name not in SECRETS and not re.search("[@?]", text))


def test_every_bad_value_is_told_at_once():
    sentences = refusal({"PORT": "x", "PREFILL_LOG": "xml", "PREFILL_DEADLINE": "0"}).splitlines()

    assert [sentence.split()[0] for sentence in sentences] == ["PREFILL_DEADLINE", "PREFILL_LOG", "PORT"]


@pytest.mark.parametrize("name", NAMES)
def test_a_blank_value_is_the_default(name):
    assert load({name: " \n"}) == load({})


def test_a_token_needs_the_buyer_it_is_used_for():
    assert refusal({"API_ENTREPRISE_TOKEN": TOKEN}).startswith("PREFILL_RECIPIENT manque")


def test_plain_http_is_for_this_machine_alone():
    assert load({"API_ENTREPRISE_URL": "http://127.0.0.1:9080"}).url == "http://127.0.0.1:9080"


@pytest.mark.parametrize(
    ("environ", "proxies"),
    [({}, 0), ({"PORT": "5000"}, 1), ({"PORT": ""}, 0), ({"PORT": "5000", "PREFILL_PROXIES": "0"}, 0)],
)
def test_a_port_given_by_a_platform_tells_of_one_proxy(environ, proxies):
    assert load(environ).proxies == proxies


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_secret_is_never_shown(name):
    environ = {**LIVE, name: GOOD[name][0]}
    settings = load(environ)
    shown = {one.name: one for one in describe(settings, environ)}

    assert shown[name].value == "(secret, présent)"
    secrets = GOOD[name][1] if isinstance(GOOD[name][1], tuple) else (GOOD[name][1],)
    assert not any(secret in repr(settings) + str(settings) + repr(shown) for secret in secrets)
    assert "secret@" not in repr(settings) + repr(shown)


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_refused_secret_is_nowhere_in_the_error(name):
    with pytest.raises(SettingsInvalid) as refused:
        load({**LIVE, name: BAD[name][-1]})

    assert BAD[name][-1] not in "".join(traceback.format_exception(refused.value))


def test_the_table_tells_where_a_value_comes_from():
    environ = {"PORT": "9000", "PREFILL_LOG": " "}
    shown = {one.name: one for one in describe(load(environ), environ)}

    assert (shown["PORT"].value, shown["PORT"].origin) == ("9000", "environnement")
    assert shown["PREFILL_LOG"].origin == "défaut"


def test_what_the_table_shows_can_be_written_back():
    for one in describe(Settings(), {}):
        if not one.value.startswith("("):
            assert load({one.name: one.value}) == load({one.name: ""}) or one.name == "PORT"


@pytest.mark.parametrize("one", describe(Settings(), {}), ids=lambda one: one.name)
def test_every_setting_says_what_it_means(one):
    assert one.meaning[0].isupper() or one.meaning[0].isdigit()
    assert one.meaning.endswith(".")


@pytest.mark.parametrize(("old", "field"), [("PREFILL_READY", "response_cache"), ("PREFILL_VISITS", "rate_limit")])
def test_a_former_name_is_read_and_the_new_one_prevails(old, field):
    new = f"PREFILL_{field.upper()}"

    assert getattr(load({old: "7"}), field) == 7
    assert getattr(load({old: "7", new: "9"}), field) == 9
    assert former_names({old: "7"}) == [(old, new)]


def test_open_data_alone_is_real_data_without_a_token():
    settings = load({"PREFILL_SOURCES": "open", "PREFILL_ENV": "production"})
    refuse_unwanted_sandbox(settings, {})
    assert (settings.open_only, settings.sandbox) == (True, False)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (LIVE, "retirez le jeton"),
        ({"PREFILL_TENANTS": "/etc/tenants.toml"}, "retirez le jeton"),
        ({"RECHERCHE_ENTREPRISES_RATE": "0"}, "RECHERCHE_ENTREPRISES_RATE=0"),
    ],
)
def test_open_data_alone_does_not_go_with_what_it_does_without(more, words):
    with pytest.raises(SettingsInvalid, match=words):
        load({"PREFILL_SOURCES": "open", **more})
