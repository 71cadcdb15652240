"""What platforms read: compose.yaml by the specification's own parser, the others by what their documentation asks.

No package carries the schemas of app.json, scalingo.json and Procfile: those here are ours, from the platforms' pages.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from compose_spec import PyCompose

from prefill.settings import Settings, describe

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {shown.name for shown in describe(Settings(), {})} | {"WEB_CONCURRENCY"}
TEXT = {"type": "string", "minLength": 1}

# Heroku: « app.json schema », the keys that we use.
APP_JSON = {
    "type": "object",
    "required": ["name", "env"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 3, "maxLength": 30},
        "description": TEXT,
        "keywords": {"type": "array", "items": TEXT},
        "success_url": {"type": "string", "pattern": "^/"},
        "env": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "description": TEXT,
                    "value": {"type": "string"},
                    "required": {"type": "boolean"},
                    "generator": {"const": "secret"},
                },
            },
        },
        "formation": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"quantity": {"type": "integer", "minimum": 0}, "size": TEXT},
            },
        },
        "addons": {"type": "array", "items": {"type": "string", "pattern": "^[a-z-]+:[a-z0-9-]+$"}},
        "buildpacks": {"type": "array", "items": {"type": "object", "required": ["url"]}},
    },
}
# Scalingo: « Application manifest », the keys that we use.
SCALINGO_JSON = {
    "type": "object",
    "required": ["name", "env"],
    "additionalProperties": False,
    "properties": {
        "name": TEXT,
        "description": TEXT,
        "env": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["description"],
                "properties": {"description": TEXT, "value": {"type": "string"}, "generator": {"const": "secret"}},
            },
        },
        "formation": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["amount"],
                "properties": {
                    "amount": {"type": "integer", "minimum": 0},
                    "size": {"enum": ["S", "M", "L", "XL", "2XL"]},
                },
            },
        },
        "addons": {"type": "array", "items": {"type": "string", "pattern": "^[a-z-]+:[a-z0-9-]+$"}},
    },
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def interpolated(text: str) -> str:
    """Put the defaults in place of the variables, as an engine does before it parses."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(read("compose.yaml"))
    return document


@pytest.mark.parametrize(("name", "schema"), [("app.json", APP_JSON), ("scalingo.json", SCALINGO_JSON)])
def test_a_manifest_follows_its_schema_and_names_settings_that_exist(name, schema):
    manifest = json.loads(read(name))

    jsonschema.validate(manifest, schema)
    assert set(manifest["env"]) <= SETTINGS
    assert set(manifest["formation"]) == {line.split(":")[0] for line in read("Procfile").splitlines()} - {"release"}


@pytest.mark.parametrize(
    "spoilt",
    [
        {"name": "prefill"},
        {"name": "prefill", "env": {"X": {"generator": "word"}}},
        {"name": "prefill", "env": {}, "x": 1},
    ],
)
@pytest.mark.parametrize("schema", [APP_JSON, SCALINGO_JSON], ids=["app.json", "scalingo.json"])
def test_a_manifest_with_a_mistake_does_not_follow_its_schema(spoilt, schema):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spoilt, schema)


def test_the_compose_file_is_one_by_the_specification():
    assert sorted(PyCompose.from_yaml(interpolated(read("compose.yaml"))).service_names()) == [
        "postgres",
        "prefill",
        "valkey",
    ]


def test_a_compose_file_with_a_mistake_is_refused():
    spoilt = interpolated(read("compose.yaml")).replace("read_only: true", "readonly: true")

    with pytest.raises(ValueError, match="readonly"):
        PyCompose.from_yaml(spoilt)


def test_the_compose_file_names_settings_that_exist(compose):
    assert set(compose["services"]["prefill"]["environment"]) <= SETTINGS


def test_each_service_of_the_compose_file_waits_for_those_it_needs_to_answer(compose):
    for name, need in compose["services"]["prefill"]["depends_on"].items():
        assert need == {"condition": "service_healthy"}
        assert compose["services"][name]["healthcheck"]


def test_only_the_service_can_be_reached_from_outside_and_from_this_machine_alone(compose):
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}

    assert list(published) == ["prefill"]
    assert all(port.startswith("127.0.0.1:") for port in published["prefill"])
    assert compose["networks"]["inside"] == {"internal": True}


def test_what_a_platform_runs_before_it_switches_checks_settings_and_forms():
    command = dict(line.split(": ", 1) for line in read("Procfile").splitlines())["release"]

    def release(**environ: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, *command.split()[1:]]
        return subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)

    assert release().returncode == 0
    assert "PREFILL_DEADLINE" in release(PREFILL_DEADLINE="soon").stderr
    assert release(PREFILL_DEADLINE="soon").returncode == 1
    assert release(PREFILL_SCHEMAS="/nonexistent").returncode == 1
