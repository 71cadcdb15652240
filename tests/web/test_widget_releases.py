"""Releases of the form script that pages may still name."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from prefill.web.widget_releases import RELEASES, current_module, current_script, current_search

CHANGELOG = Path(__file__).resolve().parents[2] / "CHANGELOG.md"
# Each line stays: what was published once is never taken back here.
PUBLISHED = {
    ("0.1.0", "js"): "sha384-QL1JGNtxwOIeh5SRuCEf+bCOIvSjJxolrQU5J+u8DXNzZt+5aa0YkbFyGamn2QEm",
    ("0.2.0", "js"): "sha384-ILrdBgoKyteImcwNzf1WN/mcyJeT2m3e4jop1dHigeXQ6EAxBnW6Zjy4MRUY18pC",
    ("0.2.0", "search.js"): "sha384-frib/WpqF/MODoIYi2m5x06rVVpEcmK7vNPKbFgeGCW417YZkDnOOirah+WOJnuT",
    ("0.2.0", "mjs"): "sha384-j/MNXTa2ClDxcLwPjQ/WX2KLjSWAPnWpkeadE2/Ee2Yofgg6zL+SVlqX4fRcYnKE",
    ("0.2.1", "js"): "sha384-hjTQgi8PS9ICzgG6TyVLIDuN/izz23kCHylsF83lhWHn3HCFts11a+vhVCkXqZpN",
    ("0.2.1", "search.js"): "sha384-Xfyu5s9st4Im4rvcgi+/I/LjCFtJ6gzlJ6DibY1ck3nPbcBT/DpBHHnDL5GSX3Ng",
    ("0.2.1", "mjs"): "sha384-RkRuz61ibfW/adlFC4Rnxl/3QLnFNguMDnxcyBK5XzPf//T+xOAw4Ttn4i54nPgO",
    ("0.2.2", "js"): "sha384-XIy4eDjH0HFzztZTR4Eq6oObjcFShJGR5TXkd+npxh1+7NqwSvXWmFtMKU9k2+Tt",
    ("0.2.2", "search.js"): "sha384-bo//2cM/IqZMebT4zIXytIBwIq+8ynJT9fgL5WX1jouWu36pqUUwB40u7NT0CUZ6",
    ("0.2.2", "mjs"): "sha384-tU1zkWLpI5JQ2BKkJIToxajot12UoNTwP1Oa2PkPYQQegvA+fUBsOnRB89Xwmw/p",
    ("0.2.3", "js"): "sha384-euIm0SmqGsexxzeUALIxShKb1JuXqX7og1Q7xyCRvqVQyu/eYx/YlVoqge1yKRBH",
    ("0.2.3", "search.js"): "sha384-62SVW8nxKmenLNeBxsMGqOI/01LQKwNt30RNMdDoP9BbHsanuzbm+bRBQzQhSsnZ",
    ("0.2.3", "mjs"): "sha384-0Tq4ANI5ssNSnZ+ChUsVGXc1QR6Byz39i/P0Anzrf8KitrkEo0wpUPkKbI+SZZxn",
}


def entries() -> dict[str, dict]:
    return json.loads((RELEASES / "releases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("version", "suffix"), PUBLISHED)
def test_a_page_that_pins_a_published_version_gets_it(client, version, suffix):
    answer = client.get(f"/v1/prefill@{version}.{suffix}")
    digest = base64.b64encode(hashlib.sha384(answer.data).digest()).decode()

    assert f"sha384-{digest}" == PUBLISHED[version, suffix]
    assert "immutable" in answer.headers["Cache-Control"]


def test_no_release_of_the_last_year_is_dropped():
    dates = {version: date.fromisoformat(entry["date"]) for version, entry in entries().items()}
    recent = max(dates.values()) - timedelta(days=366)
    text = CHANGELOG.read_text(encoding="utf-8")
    released = {
        version
        for version, day in re.findall(r"^## \[(\d[\w.]*)\] - (\S+)", text, re.MULTILINE)
        if date.fromisoformat(day) >= recent
    }

    assert {version for version, _ in PUBLISHED} <= set(dates)
    assert released <= set(dates) | {current_script().version}


def test_each_file_kept_is_listed_with_its_integrity(client):
    listed = {f"prefill-{version}.{suffix}" for version, entry in entries().items() for suffix in entry["integrity"]}

    assert listed == {path.name for path in RELEASES.glob("prefill-*")}
    for version, entry in entries().items():
        for suffix, integrity in entry["integrity"].items():
            assert PUBLISHED[version, suffix] == integrity


def test_an_address_of_before_versions_still_gives_its_script(client):
    answer = client.get("/v1/prefill-40bd4918db71.js")

    assert answer.data == (RELEASES / "prefill-0.1.0.js").read_bytes()
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "file", [current_script(), current_search(), current_module()], ids=["script", "search", "module"]
)
def test_a_version_that_is_not_published_is_kept_for_a_moment_only(client, file):
    answer = client.get(file.versioned_path)

    assert answer.data == file.body
    assert ("immutable" in answer.headers["Cache-Control"]) is file.published
    assert "immutable" in client.get(file.content_path).headers["Cache-Control"]


def test_the_script_checks_the_part_that_it_loads():
    assert current_search().integrity.encode() in current_script().body
    assert current_search().version == current_script().version


@pytest.mark.parametrize("name", ["prefill@9.9.9.js", "prefill-000000000000.js", "prefill-40bd4918db71.mjs"])
def test_an_unknown_release_is_not_another_one(client, name):
    assert client.get(f"/v1/{name}").status_code == 404
