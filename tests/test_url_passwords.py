"""A password in any setting that holds an address is never told: not by an error, a repr, a table, `doctor` or the log."""

from __future__ import annotations

import re
import traceback
from dataclasses import fields
from datetime import date

import pytest
from click.testing import CliRunner

from prefill.cli import main
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.problems import SettingsInvalid
from prefill.settings import Settings, describe, load
from prefill.tenancy.tenants_file import read_tenants

# As they are typed, with the characters that end the password too early for whoever splits the address.
PASSWORDS = [f"s3cr3t{mark}Pa55" for mark in "-/#@?[]: ,%;\\"]
WEB = ("https://moi:{}@h.fr", "http://moi:{}@127.0.0.1:9", "moi:{}@h.fr", "https://h.fr/{}@x", "https://h.fr?a={}")
ADDRESSES = {
    "API_ENTREPRISE_URL": WEB,
    "RECHERCHE_ENTREPRISES_URL": WEB,
    "PREFILL_PRIVACY_URL": WEB,
    "PREFILL_PUBLIC_URL": WEB,
    "PREFILL_ALLOWED_ORIGINS": (*WEB, "https://a.fr,https://moi:{}@h.fr"),
    "PREFILL_DOCUMENT_HOSTS": ("https://moi:{}@h.fr", "moi:{}@h.fr"),
    "PREFILL_CONTACT": ("https://moi:{}@h.fr",),
    "REDIS_URL": ("redis://:{}@127.0.0.1:1/0", "redis://:{}@127.0.0.1:port/0", "rediss://moi:{}@h.fr/zéro", "http://:{}@h.fr"),
    "PREFILL_AUDIT": (
        "postgresql://moi:{}@127.0.0.1:1/trace", "postgres://moi:{}@127.0.0.1:port/trace", "sqlite://moi:{}@h/trace", "mysql://moi:{}@h/x",
    ),
}  # fmt: skip
OPENED = {
    "REDIS_URL": "redis://:{}@127.0.0.1:1/0",
    "PREFILL_AUDIT": "postgresql://moi:{}@127.0.0.1:1/trace?connect_timeout=1",
}


def told(text: str) -> list[str]:
    """The halves of the password that a text holds."""
    return re.findall("(?i)s3cr3t|pa55", text)


def test_the_table_knows_every_setting_whose_name_or_meaning_is_an_address():
    named = {
        one.metadata["name"]
        for one in fields(Settings)
        if re.search("_URL|ORIGIN|HOSTS|CONTACT$", one.metadata["name"])
    }

    assert named - {"PREFILL_RIGHTS_CONTACT"} <= set(ADDRESSES)


@pytest.mark.parametrize("name", ADDRESSES)
def test_no_error_repr_or_table_tells_it(name):
    for environ in ({name: shape.format(word)} for shape in ADDRESSES[name] for word in PASSWORDS):
        try:
            settings = load(environ)
        except SettingsInvalid as refused:
            text = "".join(traceback.format_exception(refused))
        else:
            text = f"{settings!r} {settings} {describe(settings, environ)!r}"
        assert not told(text), environ


@pytest.mark.parametrize("name", OPENED)
@pytest.mark.parametrize("password", ["s3cr3t-Pa55", "s3cr3t%2FPa55"])
@pytest.mark.parametrize("command", ["settings", "doctor"])
def test_no_command_tells_it(name, password, command, monkeypatch):
    monkeypatch.setenv(name, OPENED[name].format(password))
    run = CliRunner().invoke(main, [command])

    assert run.output
    assert not told(run.output + "".join(traceback.format_exception(run.exception) if run.exception else ()))


BUYER_FILE = """
[tenants.lyon]
name = "Lyon"
recipient = "21690123100011"
origins = ["{address}"]
information = {{ privacy_url = "{address}" }}
[tenants.lyon.oidc]
issuer = "{address}"
audience = "prefill"
jwks = "{address}"
"""


@pytest.mark.parametrize("password", [word for word in PASSWORDS if "\\" not in word])
@pytest.mark.parametrize("shape", WEB)
def test_the_buyers_file_is_refused_without_telling_it(shape, password, tmp_path):
    path = tmp_path / "tenants.toml"
    path.write_text(BUYER_FILE.format(address=shape.format(password)))

    with pytest.raises(InvalidConfigFile) as refused:
        read_tenants(path, {}, ["dume"], date(2026, 7, 1))

    assert "issuer" in str(refused.value)
    assert not told("".join(traceback.format_exception(refused.value)))
