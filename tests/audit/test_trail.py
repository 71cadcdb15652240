"""The audit trail: one record per access, durable, whole, readable; and no data while it cannot be written."""

from __future__ import annotations

import contextlib
import csv
import getpass
import io
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from prefill import telemetry
from prefill.assembly import now
from prefill.audit.database import DatabaseSink
from prefill.audit.export import escape_formula
from prefill.audit.factory import open_audit_trail
from prefill.audit.sinks import MAX_LINE, FileSink, StreamSink
from prefill.audit.trail import AccessRecord, AuditTrail, AuditWriteError, Outcome, Purge, oldest_kept
from prefill.cli import main
from prefill.domain.dates import PARIS
from prefill.problems import AuditUnavailable

ACCESS = AccessRecord(
    at=datetime(2026, 11, 23, 10, 0, 0, tzinfo=PARIS),
    tenant="lyon",
    agent="key:Service des marchés",
    siret="55204944776279",
    sources=("exercices", "cotisations_msa"),
    procedure="2026-TRX-014",
    outcome=Outcome.COMPLETE,
    request_id="r-1",
)
PLAIN = {
    "at": "2026-11-23T10:00:00+01:00",
    "tenant": "lyon",
    "agent": "key:Service des marchés",
    "siret": "55204944776279",
    "sources": "exercices cotisations_msa",
    "object": "2026-TRX-014",
    "outcome": "complete",
    "request_id": "r-1",
}
EVER = (date(2020, 1, 1), date(2030, 1, 1))


def url_of(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture(params=["file", "database"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a trace of each kind that can be read again."""
    return str(tmp_path / "trace.log") if request.param == "file" else url_of(tmp_path / "trace.db")


def test_an_access_is_one_line_of_json(tmp_path):
    open_audit_trail(str(tmp_path / "trace.log")).write(ACCESS)

    written = (tmp_path / "trace.log").read_text(encoding="utf-8")
    assert written.count("\n") == 1
    assert written.endswith("\n")
    line = json.loads(written)
    assert len(line.pop("chain")) == 64
    assert line == {"event": "audit", **PLAIN}


# A process of its own that writes lines, numbered by its second argument.
WRITER = """
import sys
from datetime import datetime
from prefill.audit.factory import open_audit_trail
from prefill.audit.trail import AccessRecord
target, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
trace = open_audit_trail(target or None)
at = datetime.fromisoformat("2026-11-23T10:00:00+01:00")
for place in range(count):
    trace.write(AccessRecord(at, "lyon", "é" * 90, "55204944776279", ("exercices",), "2026", "complete", f"{name}-{place}"))
"""


def writer(target: str, name: object, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, target, str(name), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("target", ["", "stdout"])
def test_standard_output_is_the_default_and_gets_the_same_lines(target):
    out, _ = writer(target, "r", 2).communicate(timeout=60)

    assert [json.loads(line)["request_id"] for line in out.splitlines()] == ["r-0", "r-1"]


def test_what_was_written_is_read_again(target):
    trace = open_audit_trail(target)
    trace.write(ACCESS)
    trace.write(replace(ACCESS, request_id="r-2", sources=()))

    assert list(trace.read(*EVER)) == [ACCESS, replace(ACCESS, request_id="r-2", sources=())]


def test_a_trace_is_read_by_days_in_paris_both_included(target):
    trace = open_audit_trail(target)
    late = datetime(2026, 10, 25, 23, 59, 59, tzinfo=PARIS)  # the clocks went back that day
    for at in (late - timedelta(days=1), late, late + timedelta(seconds=1)):
        trace.write(replace(ACCESS, at=at))

    assert [one.at for one in trace.read(late.date(), late.date())] == [late]
    assert len(list(trace.read(late.date() - timedelta(days=1), late.date() + timedelta(days=1)))) == 3


HOSTILE = ['"; DROP TABLE prefill_accesses; --', "deux\nlignes", "\u2028", "\ud800", "\x00", '{"event": "audit"}']


@pytest.mark.parametrize("text", HOSTILE)
def test_no_value_can_end_a_line_or_begin_another(tmp_path, text):
    trace = open_audit_trail(str(tmp_path / "trace.log"))
    trace.write(replace(ACCESS, agent=text, procedure=text))

    assert (tmp_path / "trace.log").read_bytes().count(b"\n") == 1
    assert len(list(trace.read(*EVER))) == 1


def test_a_line_that_processes_might_mix_is_refused(tmp_path):
    with pytest.raises(AuditUnavailable):
        open_audit_trail(str(tmp_path / "trace.log")).write(replace(ACCESS, agent="x" * MAX_LINE))


def test_the_file_is_for_its_owner_alone(tmp_path):
    open_audit_trail(str(tmp_path / "trace.log")).write(ACCESS)

    assert (tmp_path / "trace.log").stat().st_mode & 0o777 == 0o600


def test_lines_of_another_kind_are_passed_over(tmp_path):
    file = tmp_path / "trace.log"
    trace = open_audit_trail(str(file))
    trace.write(ACCESS)
    file.write_bytes(b'{"event": "request"}\nnot json\n\xff\n[]\n' + file.read_bytes() + b'{"event": "aud')

    assert list(trace.read(*EVER)) == [ACCESS]


def numbered(count: int, of: int) -> Iterator[AccessRecord]:
    return (replace(ACCESS, request_id=f"{of}-{place}", agent="é" * 90) for place in range(count))


def test_threads_never_mix_their_lines(target):
    trace = open_audit_trail(target)
    crowd = [threading.Thread(target=lambda of=of: [trace.write(one) for one in numbered(10, of)]) for of in range(8)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()

    assert len({one.request_id for one in trace.read(*EVER)}) == 80


@pytest.mark.slow
def test_processes_never_mix_their_lines(target):
    crowd = [writer(target, of, 10) for of in range(3)]
    assert [one.communicate(timeout=60) and one.returncode for one in crowd] == [0] * 3

    assert len({one.request_id for one in open_audit_trail(target).read(*EVER)}) == 30


def test_threads_never_mix_their_lines_in_a_pipe():
    reading, writing = os.pipe()
    trace = AuditTrail(StreamSink(writing))
    crowd = [threading.Thread(target=lambda of=of: [trace.write(one) for one in numbered(10, of)]) for of in range(8)]
    for one in crowd:
        one.start()
    with open(reading, encoding="utf-8") as lines:  # noqa: PTH123
        read = [json.loads(next(lines)) for _ in range(80)]
    for one in crowd:
        one.join()
    os.close(writing)

    assert len({one["request_id"] for one in read}) == 80


@pytest.fixture
def events(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """What was logged since the last look."""
    telemetry.configure("json")
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def refuses(trace: AuditTrail) -> bool:
    try:
        trace.write(ACCESS)
    except AuditUnavailable:
        return True
    return False


def test_a_full_disk_refuses_and_a_disk_with_room_takes_again(tmp_path):
    file = tmp_path / "trace.log"
    file.symlink_to("/dev/full")  # always full
    trace = open_audit_trail(str(file))

    assert refuses(trace)
    assert trace.fault
    file.unlink()
    assert not refuses(trace)
    assert trace.fault is None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a real disk of 64 kB, where the machine lets us have one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if done.returncode:
        folder = tmp_path / "unmounted"
        yield folder
        return
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_on_a_disk_that_fills_up_no_line_is_cut_and_room_is_used_again(small_disk):
    if not small_disk.exists():
        pytest.xfail("this machine mounts no disk; /dev/full stands for it above")
    trace = open_audit_trail(str(small_disk / "trace.log"))
    written = 0
    while not refuses(trace):
        written += 1
        assert written < 1000

    lines = (small_disk / "trace.log").read_bytes()
    assert lines.endswith(b"\n")
    assert lines.count(b"\n") == written == len(list(trace.read(*EVER)))
    assert refuses(trace)
    os.truncate(small_disk / "trace.log", 0)
    assert not refuses(trace)


@pytest.mark.parametrize("kind", ["file", "database"])
def test_a_folder_that_vanished_refuses_and_serves_again_when_it_is_back(tmp_path, kind):
    folder = tmp_path / "traces"
    folder.mkdir()
    trace = open_audit_trail(str(folder / "trace") if kind == "file" else url_of(folder / "trace"))
    assert not refuses(trace)
    shutil.rmtree(folder)

    assert refuses(trace)
    folder.mkdir()
    assert not refuses(trace)
    assert len(list(trace.read(*EVER))) == 1


def test_a_folder_in_place_of_the_file_refuses(tmp_path):
    assert refuses(open_audit_trail(str(tmp_path)))


def test_a_file_that_is_no_database_refuses_until_it_is_gone(tmp_path):
    file = tmp_path / "trace.db"
    file.write_text("no database at all\n" * 100)
    trace = open_audit_trail(url_of(file))

    assert refuses(trace)
    file.unlink()
    assert not refuses(trace)


def test_a_locked_database_refuses_in_time(tmp_path):
    file = tmp_path / "trace.db"
    trace = AuditTrail(DatabaseSink(url_of(file), timeout=0.05))
    assert not refuses(trace)
    with closing(sqlite3.connect(file)) as other:
        other.execute("begin exclusive")
        assert refuses(trace)

    assert not refuses(trace)


def test_a_closed_standard_output_refuses():
    reading, writing = os.pipe()
    os.close(reading)

    assert refuses(AuditTrail(StreamSink(writing)))
    os.close(writing)


def test_a_rotated_file_begins_anew(tmp_path):
    file = tmp_path / "trace.log"
    trace = open_audit_trail(str(file))
    trace.write(ACCESS)
    file.rename(tmp_path / "trace.log.1")
    trace.write(replace(ACCESS, request_id="r-2"))

    assert [one.request_id for one in trace.read(*EVER)] == ["r-2"]
    assert [one.request_id for one in FileSink(tmp_path / "trace.log.1").read(*EVER)] == ["r-1"]


def test_a_dead_server_refuses_without_telling_its_address(events):
    trace = open_audit_trail("postgresql://agent:s3same@127.0.0.1:1/trace")

    assert refuses(trace)
    told = str(trace.fault) + str(events())
    for secret in ("s3same", "127.0.0.1", ACCESS.siret, ACCESS.procedure):
        assert secret not in told


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all.db", "postgresql://:0:0/x"])
def test_a_bad_address_is_said_without_its_secrets(url):
    with pytest.raises((AuditWriteError, AuditUnavailable)) as told:
        open_audit_trail(url).write(ACCESS)

    assert url not in str(told.value)


def test_a_server_that_dies_and_comes_back_serves_again_without_a_restart(postgresql_server):
    trace = open_audit_trail(postgresql_server.url)
    trace.write(ACCESS)
    postgresql_server.stop()
    assert refuses(trace)
    postgresql_server.start()

    assert not refuses(trace)
    assert list(trace.read(*EVER)) == [ACCESS, ACCESS]
    assert [one.at.isoformat() for one in trace.read(date(2026, 11, 23), date(2026, 11, 23))] == [PLAIN["at"]] * 2
    assert trace.purge(Purge(now(), "cli:operator", confirmed=True)) == 0
    trace.close()


def test_writing_never_deletes_even_with_a_clock_ahead(tmp_path):
    target = url_of(tmp_path / "trace.db")
    open_audit_trail(target).write(ACCESS)
    open_audit_trail(target).write(replace(ACCESS, at=ACCESS.at.replace(year=2031)))

    assert len(list(open_audit_trail(target).read(date(2020, 1, 1), date(2040, 1, 1)))) == 2


def run(target: str, *options: str) -> Any:
    return CliRunner().invoke(main, ["audit", *options], env={"PREFILL_AUDIT": target}, catch_exceptions=False)


DAYS = ("--from", "2026-11-01", "--to", "2026-11-30")


def test_the_trace_is_exported_as_csv(target):
    open_audit_trail(target).write(ACCESS)
    done = run(target, "export", *DAYS)

    assert list(csv.DictReader(io.StringIO(done.stdout))) == [PLAIN]


def test_the_trace_is_exported_as_json(target):
    trace = open_audit_trail(target)
    trace.write(ACCESS)
    trace.write(ACCESS)

    assert json.loads(run(target, "export", *DAYS, "--format", "json").stdout) == [PLAIN, PLAIN]


def test_days_without_access_are_an_empty_export(target):
    open_audit_trail(target).write(ACCESS)
    none = ("--from", "2026-01-01", "--to", "2026-01-31")

    assert json.loads(run(target, "export", *none, "--format", "json").stdout) == []
    assert run(target, "export", *none).stdout.split(",")[0] == "at"


FORMULAS = [
    "=1+1",
    "+33",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "  =1",
    "\n=1",
    "\u00a0=1",
    "\u200b=1",
    "\uff1d1+1",
    "\uff20SUM(A1)",
    "\uff0b1",
    "\uff0d1",
    "%1",
    "|calc",
    '"=1',
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(target, text):
    open_audit_trail(target).write(replace(ACCESS, agent=text, procedure=text, tenant=text))

    [row] = csv.DictReader(io.StringIO(run(target, "export", *DAYS).stdout, newline=""))
    assert [row[name][0] for name in ("agent", "object", "tenant")] == ["'"] * 3
    assert escape_formula(text).replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize(
    ("where", "options"),
    [
        ("stdout", DAYS),
        ("/nowhere/at/all", DAYS),
        ("sqlite:////nowhere/at/all.db", DAYS),
        ("mysql://host/base", DAYS),
        ("stdout", ("--from", "2026-12-01", "--to", "2026-11-01")),
    ],
)
def test_what_cannot_be_exported_is_a_sentence(where, options):
    done = run(where, "export", *options)

    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.strip().endswith(".")


# Part of a French spreadsheet's line once it is split on `;`, whatever the quotes, or on a tab.
@pytest.mark.parametrize(
    "text", [f"lot 1{separator}{formula}" for separator in ";\t," for formula in ("=1+1", "@A1", "＝1", " +1")]
)
def test_no_part_of_a_cell_is_a_formula_however_it_is_split(text):
    escaped = escape_formula(text)

    for part in re.split(r"[;\t,]", escaped):
        assert not unicodedata.normalize("NFKC", part).strip().startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("text", ["2026-TRX-014", "lot 1; lot 2", "key:Service des marchés", "", "a=b", "Lyon, lot-2"])
def test_an_ordinary_cell_is_left_as_it_is(text):
    assert escape_formula(text) == text


def accesses(target: str, *days: datetime) -> str:
    for day in days:
        open_audit_trail(target).write(replace(ACCESS, at=day))
    return target


def test_a_purge_deletes_what_is_older_than_36_months_and_leaves_a_record(tmp_path):
    today = now()
    target = accesses(url_of(tmp_path / "trace.db"), today - timedelta(days=1200), today - timedelta(days=1000), today)

    assert "1 accès" in run(target, "purge").stdout
    *kept, line = open_audit_trail(target).read(date(2000, 1, 1), today.date())
    assert [access.at.date() for access in kept] == [(today - timedelta(days=1000)).date(), today.date()]
    assert (line.outcome, line.agent) == ("purged", f"cli:{getpass.getuser()}")
    assert line.procedure == f"purge avant {oldest_kept(today.date())} : 1 accès"


@pytest.mark.parametrize(
    ("days", "reason"),
    [((-1200, -400), "--confirm"), ((-1200, 3), "une date à venir")],
    ids=["a machine a year ahead", "a clock that was ahead"],
)
def test_a_purge_refuses_what_looks_wrong_and_deletes_nothing(tmp_path, days, reason):
    target = accesses(url_of(tmp_path / "trace.db"), *(now() + timedelta(days=day) for day in days))

    refused = run(target, "purge")
    assert refused.exit_code == 1
    assert reason in refused.stderr
    assert len(list(open_audit_trail(target).read(date(2000, 1, 1), date(2100, 1, 1)))) == len(days)
    assert "1 accès" in run(target, "purge", "--confirm").stdout


def test_a_purge_refuses_when_the_two_clocks_differ(tmp_path):
    trace = open_audit_trail(accesses(url_of(tmp_path / "trace.db"), now()))

    with pytest.raises(AuditWriteError, match="diffèrent"):
        trace.purge(Purge(now() + timedelta(days=1500), "cli:operator"))


def test_only_a_database_is_purged(tmp_path):
    assert run("stdout", "purge").exit_code == 1
    assert run(str(tmp_path / "trace.log"), "purge").exit_code == 1


@pytest.mark.parametrize("kind", ["file", "database"])
def test_a_file_left_readable_is_taken_back(tmp_path, kind):
    file = tmp_path / "trace"
    file.touch(0o644)
    open_audit_trail(str(file) if kind == "file" else url_of(file)).write(ACCESS)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_new_database_is_for_its_owner_alone(tmp_path):
    open_audit_trail(url_of(tmp_path / "trace.db")).write(ACCESS)

    assert stat.S_IMODE((tmp_path / "trace.db").stat().st_mode) == 0o600


def fill_pipe(descriptor: int) -> None:
    """Fill a pipe that nobody reads, to the last page."""
    os.set_blocking(descriptor, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(descriptor, b"x" * 4096)
    os.set_blocking(descriptor, True)


def test_a_standard_output_that_nobody_reads_refuses_in_time_and_is_used_again():
    reading, writing = os.pipe()
    trace = AuditTrail(StreamSink(writing, deadline=0.1))
    fill_pipe(writing)

    before = time.monotonic()
    assert refuses(trace)
    assert time.monotonic() - before < 1.0
    assert trace.fault == "la sortie standard n'est plus lue"
    os.read(reading, 2**20)
    assert not refuses(trace)
    assert json.loads(os.read(reading, 4096)) == {"event": "audit", **PLAIN}
    os.close(writing)
    os.close(reading)


def test_a_write_that_blocks_after_all_is_abandoned_and_others_are_refused_at_once():
    reading, writing = os.pipe()
    sink = StreamSink(writing, deadline=0.2)
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 1024)
    os.set_blocking(writing, True)
    os.read(reading, 4096)  # one page: the check passes, and a longer line does not fit

    long = replace(ACCESS, sources=("y" * 3800,))
    os.write(writing, b"z" * 1024)
    trace = AuditTrail(sink)
    with pytest.raises(AuditUnavailable):
        trace.write(long)
    with pytest.raises(AuditUnavailable):
        trace.write(ACCESS)
    os.set_blocking(reading, False)
    with contextlib.suppress(BlockingIOError):
        while os.read(reading, 2**16):
            time.sleep(0.01)
    assert not refuses(trace)
    os.close(writing)
    os.close(reading)
