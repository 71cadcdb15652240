"""Whoever changes, removes or inserts a record breaks the chain."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from prefill.assembly import now
from prefill.audit.chain import next_digest, split_line
from prefill.audit.factory import open_audit_trail
from prefill.audit.trail import AccessRecord, Outcome, Purge
from prefill.cli import main
from prefill.domain.dates import PARIS

ACCESS = AccessRecord(
    at=datetime(2026, 11, 23, 10, 0, 0, tzinfo=PARIS),
    tenant="lyon",
    agent="key:Service des marchés",
    siret="55204944776279",
    sources=("exercices", "cotisations_msa"),
    procedure="2026-TRX-014",
    outcome=Outcome.COMPLETE,
    request_id="r-0",
)
FIRST = (
    '{"event": "audit", "at": "2026-11-23T10:00:00+01:00", "tenant": "lyon", "agent": "key:Service des marchés", '
    '"siret": "55204944776279", "sources": "exercices cotisations_msa", "object": "2026-TRX-014", '
    '"outcome": "complete", "request_id": "r-0"}'
)


@pytest.fixture(params=["file", "database"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "trace.log") if request.param == "file" else f"sqlite:///{tmp_path / 'trace.db'}"


@pytest.fixture
def trail(target):
    """A trail of four records."""
    written = open_audit_trail(target)
    for place in range(4):
        written.write(replace(ACCESS, request_id=f"r-{place}"))
    return written


def change(target: str, *statements: str) -> None:
    with closing(sqlite3.connect(target.removeprefix("sqlite:///"))) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def rewrite(target: str, edit) -> None:
    lines = Path(target).read_text("utf-8").splitlines(keepends=True)
    Path(target).write_text("".join(edit(lines)), "utf-8")


def test_the_digest_covers_the_one_before_and_the_line_as_it_is_written(tmp_path):
    file = tmp_path / "trace.log"
    written = open_audit_trail(str(file))
    written.write(ACCESS)
    written.write(ACCESS)
    first = hashlib.sha256(f"\n{FIRST}".encode()).hexdigest()
    second = hashlib.sha256(f"{first}\n{FIRST}".encode()).hexdigest()

    assert file.read_text("utf-8") == f'{FIRST[:-1]}, "chain": "{first}"}}\n{FIRST[:-1]}, "chain": "{second}"}}\n'


def test_an_untouched_trail_is_intact_and_its_head_is_found_again(trail):
    report = trail.verify()
    trail.write(ACCESS)

    assert (report.records, report.unchained, report.broken_at, report.truncated_start) == (4, 0, (), False)
    assert trail.verify(report.head).intact
    assert not trail.verify("0" * 64).intact


COPIED = "at, tenant, agent, siret, sources, object, outcome, request_id"
COPY = f"INSERT INTO prefill_accesses ({COPIED}) SELECT {COPIED} FROM prefill_accesses WHERE id = 2"
DOUBLE = f"INSERT INTO prefill_accesses SELECT 9, {COPIED}, chain FROM prefill_accesses WHERE id = 2"
EDITS = {
    "changed": (lambda lines: [lines[0], lines[1].replace("lyon", "nice"), *lines[2:]],
                "UPDATE prefill_accesses SET tenant = 'nice' WHERE id = 2", (2,)),
    "removed": (lambda lines: lines[:1] + lines[2:], "DELETE FROM prefill_accesses WHERE id = 2", None),
    "inserted": (lambda lines: lines[:2] + lines[1:], DOUBLE, None),
    "unchained": (lambda lines: [*lines, FIRST + "\n"], COPY, None),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_what_is_done_to_a_record_breaks_the_chain(trail, target, name):
    lines, statement, places = EDITS[name]
    if "://" in target:
        change(target, statement)
    else:
        rewrite(target, lines)
    report = trail.verify()

    assert not report.intact
    assert places is None or report.broken_at[:1] == places


def test_a_tail_cut_off_is_seen_by_the_head_that_was_noted(trail, target):
    head = trail.verify().head
    if "://" in target:
        change(target, "DELETE FROM prefill_accesses WHERE id > 2")
    else:
        rewrite(target, lambda lines: lines[:2])

    assert trail.verify().intact
    assert not trail.verify(head).intact


def test_records_of_an_earlier_version_stand_before_the_chain(tmp_path):
    file = tmp_path / "trace.log"
    file.write_text(f"{FIRST}\nanother line of the log\n{FIRST}\n", "utf-8")
    written = open_audit_trail(str(file))
    written.write(ACCESS)
    report = written.verify()

    assert (report.records, report.unchained, report.intact) == (3, 2, True)


def test_a_table_of_an_earlier_version_gets_the_column(tmp_path):
    target = f"sqlite:///{tmp_path / 'trace.db'}"
    columns = "id INTEGER PRIMARY KEY, at TEXT, tenant TEXT, agent TEXT, siret TEXT, sources TEXT, object TEXT, outcome TEXT, request_id TEXT"
    change(target, f"CREATE TABLE prefill_accesses ({columns})",
           "INSERT INTO prefill_accesses VALUES (1, '2026-11-23T10:00:00+01:00', 'lyon', 'a', '1', 's', 'o', 'complete', 'r')")  # fmt: skip
    written = open_audit_trail(target)
    written.write(ACCESS)
    report = written.verify()

    assert (report.records, report.unchained, report.intact) == (2, 1, True)


def test_a_purge_leaves_a_chain_that_begins_later(tmp_path):
    written = open_audit_trail(f"sqlite:///{tmp_path / 'trace.db'}")
    for days in (1200, 1199, 1):
        written.write(replace(ACCESS, at=now() - timedelta(days=days)))
    written.purge(Purge(now(), "cli:operator"))
    report = written.verify()

    assert (report.records, report.truncated_start, report.intact) == (2, True, True)


def test_processes_that_write_at_once_make_one_chain(postgresql_server):
    trails = [open_audit_trail(postgresql_server.url) for _ in range(3)]
    for turn in range(30):
        trails[turn % 3].write(ACCESS)
    report = trails[0].verify()
    for one in trails:
        one.close()

    assert (report.records, report.intact) == (30, True)


def test_a_line_is_split_as_it_was_joined():
    digest = next_digest("", b'{"a": 1}')

    assert split_line(b'{"a": 1, "chain": "' + digest.encode() + b'"}\n') == (b'{"a": 1}', digest)
    assert split_line(b'{"a": 1}\n') == (b'{"a": 1}', "")


def test_the_command_says_what_is_broken_and_how_to_note_the_head(trail, target):
    def told(*options: str):
        return CliRunner().invoke(main, ["audit", "verify", *options], env={"PREFILL_AUDIT": target})

    whole = told()
    noted = told("--head", whole.output.split()[-1])
    if "://" in target:
        change(target, "UPDATE prefill_accesses SET agent = 'x' WHERE id = 3")
    else:
        rewrite(
            target,
            lambda lines: [
                line.replace("Service", "service") if place == 2 else line for place, line in enumerate(lines)
            ],
        )
    broken = told()

    assert (whole.exit_code, noted.exit_code, broken.exit_code) == (0, 0, 1)
    assert "rompue aux lignes 3" in broken.output
