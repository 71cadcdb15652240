"""Releases of the form script: the current one and those that pages may still name."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static"
RELEASES = STATIC / "releases"
# Written by the bundler at the head of each file.
BANNER = re.compile(r"/\*! prefill (\S+) \*/")


@dataclass(frozen=True, slots=True)
class Release:
    """A file of a release, and what browsers check it by.

    Attributes:
        version: The version of the script.
        suffix: `js` for the classic script, `search.js` for the part that it loads on demand, `mjs` for the ES module.
        body: What is served.
        integrity: For the attribute of that name (subresource integrity).
        digest: The digits in the address that names the content.
        published: Whether that version is published, and its content fixed.
    """

    version: str
    suffix: str
    body: bytes
    integrity: str
    digest: str
    published: bool

    @property
    def versioned_path(self) -> str:
        return f"/v1/prefill@{self.version}.{self.suffix}"

    @property
    def content_path(self) -> str:
        return f"/v1/prefill-{self.digest}.{self.suffix}"

    @property
    def path(self) -> str:
        """The address for a page: a version that is not published may still change."""
        return self.versioned_path if self.published else self.content_path


@cache
def examples() -> dict[str, str]:
    """The forms to copy, by the name of their file: each names a service that takes the place of ours."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((STATIC / "examples").iterdir())}


@cache
def published_integrities() -> dict[str, dict[str, str]]:
    """The integrity of each published file, by version and suffix."""
    entries = json.loads((RELEASES / "releases.json").read_text(encoding="utf-8"))
    return {version: entry["integrity"] for version, entry in entries.items()}


@cache
def current_script() -> Release:
    """The classic script of this service."""
    return _read_current(STATIC / "prefill.js")


@cache
def current_module() -> Release:
    """The ES module of this service."""
    return _read_current(STATIC / "prefill.mjs")


@cache
def current_search() -> Release:
    """The part of the classic script that offers companies by name; the script checks it by its integrity."""
    return _read_current(STATIC / "prefill.search.js")


@cache
def releases() -> dict[str, Release]:
    """Every file that pages may name, by the last part of its address."""
    kept = [
        _release(version, suffix, (RELEASES / f"prefill-{version}.{suffix}").read_bytes())
        for version, integrities in published_integrities().items()
        for suffix in integrities
    ]
    # A kept file has the last word on its version.
    files = [current_script(), current_search(), current_module(), *kept]
    return {path.rpartition("/")[2]: file for file in files for path in (file.versioned_path, file.content_path)}


def _read_current(path: Path) -> Release:
    body = path.read_bytes()
    banner = BANNER.match(body[:80].decode())
    if banner is None:
        raise ValueError(f"{path.name} does not begin with its version: build it from widget/")
    return _release(banner[1], path.name.partition(".")[2], body)


def _release(version: str, suffix: str, body: bytes) -> Release:
    digest = hashlib.sha384(body).digest()
    integrity = f"sha384-{base64.b64encode(digest).decode()}"
    published = published_integrities().get(version, {}).get(suffix) == integrity
    return Release(version, suffix, body, integrity, digest.hex()[:12], published)
