"""How calls are made: who the client says it is; and what the service does not import to start."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from prefill import __version__
from prefill.assembly import session_opener, user_agent
from prefill.settings import Settings


def test_the_client_names_itself_its_version_and_its_contact():
    assert user_agent(Settings()) == f"prefill/{__version__}"
    assert (
        user_agent(Settings(contact="https://exemple.fr/aide")) == f"prefill/{__version__} (+https://exemple.fr/aide)"
    )


def test_sessions_carry_the_name_in_the_sandbox_and_outside():
    for settings in (Settings(contact="a@b.fr"), Settings(token="jeton", recipient="13002526500013", contact="a@b.fr")):
        assert session_opener(settings)().headers["User-Agent"] == user_agent(settings)


def test_api_entreprise_sees_no_anonymous_client(open_service, simulator):
    answer = open_service(contact="mailto:exploitation@exemple.fr").get("/v1/prefill/00000100800010")

    assert answer.status_code == 200
    assert simulator.stats()["user_agents"] == {}


UNUSED = {
    "redis", "limits", "jwt", "authlib", "joserfc", "cryptography", "xlsxwriter", "docx", "odfdo", "typst", "sqlalchemy",
    "prefill.web.routes.studio", "prefill.sandbox.companies", "prefill.sandbox.contract",
}  # fmt: skip
START = """
import json, sys
from prefill.app import create_app
from prefill.settings import Settings
create_app(Settings(token="jeton", recipient="13002526500013", url="http://127.0.0.1:9", log="json"))
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.slow
def test_a_plain_service_starts_without_the_libraries_of_what_it_is_not_asked():
    started = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True, timeout=60)

    assert UNUSED & set(json.loads(started.stdout.splitlines()[-1])) == set()
