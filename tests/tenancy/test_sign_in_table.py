"""The table `signin` of a buyer in the tenants file: what it gives, and each mistake with its remedy."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.tenancy.model import Directory
from prefill.tenancy.tenants_file import read_tenants

LYON, NICE, SCHOOL = "21690123100011", "21060088800015", "21690123100029"
VARIABLES = {"TOKEN": "jeton-de-lyon", "SECRET": "secret-du-client", "OTHER": "autre-secret"}


def buyer(name: str, recipient: str, *lines: str, secret: str = "SECRET") -> str:
    return "\n".join((
        f'[tenants.{name}]\nname = "{name}"\nrecipient = "{recipient}"\ntoken_env = "TOKEN"',
        f'[tenants.{name}.signin]\nissuer = "https://sso.example"\nclient_id = "prefill"',
        f'client_secret_env = "{secret}"\nscopes = ["dossier:read"]', *lines, "",
    ))  # fmt: skip


def read(tmp_path: Path, *buyers: str) -> Directory:
    path = tmp_path / "tenants.toml"
    path.write_text("\n".join(buyers))
    return read_tenants(path, VARIABLES, (), date(2026, 11, 23))


def test_the_least_admits_everybody_of_the_buyers_establishment(tmp_path):
    signin = read(tmp_path, buyer("lyon", LYON)).tenants["lyon"].signin

    assert (signin.label, signin.scope, signin.siret_claim) == ("sso.example", "openid", "siret")
    assert signin.admits(LYON, "")
    assert not signin.admits(SCHOOL, "")
    assert "secret-du-client" not in repr(signin)


def test_establishments_are_added_and_agents_named(tmp_path):
    lines = (f'sirets = ["{SCHOOL}"]', 'agents = ["Odile@lyon.example"]')
    signin = read(tmp_path, buyer("lyon", LYON, *lines)).tenants["lyon"].signin

    assert signin.admits(SCHOOL, "odile@Lyon.example")
    assert not signin.admits(LYON, "autre@lyon.example")


def test_buyers_may_share_a_client(tmp_path):
    assert len(read(tmp_path, buyer("lyon", LYON), buyer("nice", NICE)).signing_in()) == 2


@pytest.mark.parametrize(
    ("buyers", "words"),
    [
        ([buyer("lyon", LYON, 'client_secret = "x"')], "un secret ne s'écrit jamais ici"),
        ([buyer("lyon", LYON, 'client_secret_file = "x"')], "pas les deux"),
        ([buyer("lyon", LYON, secret="ABSENT")], "la variable ABSENT est absente"),
        ([buyer("lyon", LYON, 'sirets = ["1"]')], "sirets"),
        ([buyer("lyon", LYON, 'agents = ["odile"]')], "une adresse électronique"),
        ([buyer("lyon", LYON, 'acr = "eidas1"')], "acr"),
        ([buyer("lyon", LYON), buyer("nice", NICE, f'sirets = ["{LYON}"]')], "serait aussi de « lyon »"),
        ([buyer("lyon", LYON), buyer("nice", NICE, 'scope = "openid siret"')], "les mêmes secret, scope"),
        ([buyer("lyon", LYON), buyer("nice", NICE, secret="OTHER")], "les mêmes secret, scope"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_and_no_secret_with_it(tmp_path, buyers, words):
    with pytest.raises(InvalidConfigFile) as refused:
        read(tmp_path, *buyers)

    assert words in str(refused.value)
    assert not [secret for secret in VARIABLES.values() if secret in str(refused.value)]
