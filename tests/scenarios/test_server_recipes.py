"""The recipes without JavaScript of the manual, run as they are in PHP, Python and Node."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from prefill.app import create_app
from prefill.settings import Settings
from tests.support.kit_site import serving

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
ORDINARY, ASSOCIATION, WRONG = "00000100800010", "00000300400017", "00000100800011"
# How each language reads a form from its input and writes what the recipe returns.
LANGUAGES = {
    "php": (["php"], "\necho json_encode(prefill(json_decode(stream_get_contents(STDIN), true)));"),
    "py": ([sys.executable], "\nimport sys\nprint(json.dumps(prefill(json.load(sys.stdin))))"),
    "mjs": (
        ["node"],
        "\nconst posted = (await process.stdin.toArray()).join('')\nconsole.log(JSON.stringify(await prefill(JSON.parse(posted))))",
    ),
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with serving(create_app(Settings(log="json"))) as url:
        yield url


@pytest.fixture(params=LANGUAGES)
def post(request, service, tmp_path) -> Callable[..., dict[str, str]]:
    """Post a form to the recipe of a language, as a browser would with what it was shown before."""
    command, run = LANGUAGES[request.param]
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]} on this machine")
    recipe = (EXAMPLES / f"no-javascript.{request.param}").read_text(encoding="utf-8")
    program = tmp_path / f"recipe.{request.param}"
    program.write_text(recipe.replace("https://prefill.exemple.fr", service) + run, encoding="utf-8")

    def post_(**form: str) -> dict[str, str]:
        result = subprocess.run(
            [*command, str(program)], input=json.dumps(form), capture_output=True, text=True, timeout=60, check=True
        )
        return json.loads(result.stdout)

    return post_


def test_empty_fields_are_filled_and_others_are_kept(post):
    shown = post(siret=ORDINARY, name="", cityName="Ailleurs")

    assert (shown["name"], shown["cityName"], shown["message"]) == ("MENUISERIE DU VAL DORE", "Ailleurs", "")


def test_nothing_of_one_company_stays_beside_another(post):
    first = post(siret=ORDINARY, name="", cityName="")
    edited = {**first, "cityName": "Ailleurs", "siret": ASSOCIATION}
    second = post(**edited)

    assert (second["name"], second["cityName"]) == ("LES ATELIERS DU TILLEUL", "Ailleurs")
    wrong = post(**{**second, "siret": WRONG})
    assert (wrong["name"], wrong["cityName"]) == ("", "Ailleurs")
    assert wrong["message"]
