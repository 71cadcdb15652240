"""Hash chain of the audit trail: each record holds a digest of itself and of the one before it.

Whoever changes, removes or inserts a record breaks the chain from there on. Whoever may write the whole trail may also
write it anew: the head, which `prefill audit verify` prints, is to be noted elsewhere and given back to a later verification.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ORIGIN = ""  # what stands before the first record
UNCHAINED = ""  # the digest of a record that an earlier version wrote
_SUFFIX = re.compile(rb', "chain": "([0-9a-f]{64})"\}\n?\Z')


@dataclass(frozen=True, slots=True)
class Link:
    """A record as it was written, its digest, and where it stands: a line of a file or the id of a row."""

    content: bytes
    digest: str
    place: int


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a verification found.

    Attributes:
        records: how many were read.
        unchained: how many were written before the chain began.
        head: the digest of the last record.
        broken_at: places of the records that do not follow from the one before.
        truncated_start: whether the records before the first are gone, as after a purge or a rotation.
        head_found: whether the head of an earlier verification is in the chain; None when none was given.
    """

    records: int
    unchained: int
    head: str
    broken_at: tuple[int, ...]
    truncated_start: bool
    head_found: bool | None

    @property
    def intact(self) -> bool:
        return not self.broken_at and self.head_found is not False


def content_of(plain: Mapping[str, str]) -> bytes:
    """Write a record as its line of the trail, without its digest: what a link covers."""
    return json.dumps({"event": "audit", **plain}, ensure_ascii=False).encode("utf-8", "backslashreplace")


def next_digest(previous: str, content: bytes) -> str:
    return hashlib.sha256(previous.encode() + b"\n" + content).hexdigest()


def chained_line(content: bytes, digest: str) -> bytes:
    """Append the digest as the last member of a JSON object."""
    return content[:-1] + f', "chain": "{digest}"}}\n'.encode()


def split_line(line: bytes) -> tuple[bytes, str]:
    """Undo `chained_line`; the digest is `UNCHAINED` for a line that has none."""
    found = _SUFFIX.search(line)
    return (line[: found.start()] + b"}", found[1].decode()) if found else (line.rstrip(b"\n"), UNCHAINED)


def verify(links: Iterable[Link], *, known_head: str | None = None) -> ChainReport:
    """Follow a chain from its first record to its last."""
    records = unchained = 0
    previous, started = ORIGIN, False
    broken: list[int] = []
    truncated, head_found = False, None if known_head is None else False
    for link in links:
        records += 1
        if link.digest == UNCHAINED and not started:
            unchained += 1
            continue
        if link.digest != next_digest(previous, link.content):
            if started:
                broken.append(link.place)
            else:
                truncated = True  # nothing before it is left to tell
        started, previous = True, link.digest or previous
        head_found = head_found or (None if known_head is None else link.digest == known_head)
    return ChainReport(records, unchained, previous, tuple(broken), truncated, head_found)
