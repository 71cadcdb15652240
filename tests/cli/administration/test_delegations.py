"""`prefill tenant sync` against the sandbox served as API Entreprise, which lists an editor's delegations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from prefill.cli import main
from tests.support.sandbox import ServedSandbox, run_sandbox

TOKEN = "editor-whose-token-is-not-shown"
WHOLE, OPEN_ONLY, TWO = "00001200500013", "00001001700010", "00001002500013"


@pytest.fixture(scope="module")
def server() -> Iterator[ServedSandbox]:
    with run_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sync(server: ServedSandbox, tmp_path: Path):
    def run(*options: str, token: str = TOKEN, url: str = server.url) -> Result:
        environ = {
            "API_ENTREPRISE_URL": url, "EDITOR_TOKEN": token, "PREFILL_TENANTS": str(tmp_path / "tenants.toml"),
        }  # fmt: skip
        return CliRunner().invoke(main, ["tenant", "sync", *options], env=environ)

    return run


def test_from_nothing_the_delegations_become_a_file_that_follows_them(sync, tmp_path):
    proposed = sync()
    assert not (tmp_path / "tenants.toml").exists()
    written, again = sync("--write"), sync()

    assert proposed.exit_code == written.exit_code == again.exit_code == 0
    assert all(recipient in proposed.output for recipient in (WHOLE, OPEN_ONLY, TWO))
    assert "Le fichier est complété" in written.output
    assert "Le fichier suit les 4 délégations actives." in again.output
    assert TOKEN not in proposed.output + written.output + (tmp_path / "tenants.toml").read_text()


def test_what_is_in_the_file_stays_as_it_is(sync, tmp_path):
    file = tmp_path / "tenants.toml"
    mine = (
        f'# à moi\n[tenants.mien]\nname = "Mien"\nrecipient = "{WHOLE}"\ntoken_env = "EDITOR_TOKEN"\n'
        'delegation = "recipient"\n'
    )
    file.write_text(mine)
    sync("--write")

    assert file.read_text().startswith(mine)
    assert file.read_text().count("[tenants.") == 3


@pytest.mark.parametrize(
    ("token", "words"), [("", "EDITOR_TOKEN est vide"), ("of-a-buyer", "n'est pas celui d'un éditeur")]
)
def test_another_token_is_told_in_a_sentence(sync, token, words):
    result = sync(token=token)

    assert result.exit_code == 1
    assert words in result.output


def test_a_silent_api_is_told_in_a_sentence(sync):
    result = sync(url="http://127.0.0.1:9")

    assert result.exit_code == 1
    assert "API Entreprise ne répond pas" in result.output
