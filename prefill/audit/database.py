"""Audit trail in a database: SQLite or PostgreSQL, through SQLAlchemy Core.

A dead connection is replaced and a missing table is created again: the trail recovers without a restart.
Records are deleted only by `purge`, an explicit command: by the database's clock, in one transaction with the record that
says so. SQLite has no clock of its own: it is this machine's.
"""

from __future__ import annotations

import contextlib
import math
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

from prefill.audit.chain import ORIGIN, UNCHAINED, Link, content_of, next_digest
from prefill.audit.trail import COLUMNS, AccessRecord, AuditWriteError, Outcome, Purge, oldest_kept, read_access
from prefill.domain.dates import PARIS

TIMEOUT = 3.0  # seconds to connect, or to wait for a lock
STATEMENT_TIMEOUT = 5000  # milliseconds
BATCH = 1000  # rows fetched at once
CHAIN = "chain"
LOCK = 0x70726566696C6C  # of the trail among a database's advisory locks
CLOCK_TOLERANCE = timedelta(hours=1)
MAX_IDLE = timedelta(days=31)  # between the last record and a purge: more suggests a clock ahead

# `at` is ISO 8601 in Paris time: its first ten characters are the day, which exports filter on.
ACCESSES = sql.Table(
    "prefill_accesses",
    sql.MetaData(),
    sql.Column("id", sql.BigInteger().with_variant(sql.Integer(), "sqlite"), primary_key=True, autoincrement=True),
    sql.Column("at", sql.String(40), nullable=False, index=True),
    *(sql.Column(name, sql.Text, nullable=False) for name in COLUMNS if name != "at"),
    sql.Column(CHAIN, sql.Text, nullable=False, default=UNCHAINED, server_default=UNCHAINED),
)


class DatabaseSink:
    """A table of a database that may fail and recover. `timeout` is in seconds."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        self._engine = _engine(url, timeout)
        self._lock = threading.Lock()
        self._ready = False

    def append(self, access: AccessRecord) -> None:
        was_ready = self._ready
        try:
            self._insert(access)
        except AuditWriteError:
            if not was_ready:
                raise
            self._insert(access)  # the table may have been dropped or the file replaced: create it and try once more

    def _insert(self, access: AccessRecord) -> None:
        with self._transaction() as connection:
            _append(connection, access)

    def links(self) -> Iterator[Link]:
        with self._transaction() as connection:
            query = sql.select(ACCESSES).order_by(ACCESSES.c.id)
            for row in connection.execution_options(yield_per=BATCH).execute(query).mappings():
                yield Link(content_of({name: row[name] for name in COLUMNS}), row[CHAIN], row["id"])

    def probe(self) -> None:
        """Insert a line and take it back: a role that may only read, or a full disk, shows here."""
        with self._transaction() as connection:
            connection.execute(ACCESSES.insert().values(dict.fromkeys(COLUMNS, "")))
            connection.rollback()

    def read(self, since: date, until: date) -> Iterator[AccessRecord]:
        after = (until + timedelta(days=1)).isoformat()
        wanted = (ACCESSES.c.at >= since.isoformat()) & (ACCESSES.c.at < after)
        query = sql.select(ACCESSES).where(wanted).order_by(ACCESSES.c.at, ACCESSES.c.id)
        with self._transaction() as connection:
            for row in connection.execution_options(yield_per=BATCH).execute(query).mappings():
                yield read_access(dict(row))

    def purge(self, purge: Purge) -> int:
        with self._transaction() as connection:
            now = _database_time(connection)
            if not purge.confirmed:
                _refuse_wrong_clock(purge.at, now, connection.scalar(sql.select(sql.func.max(ACCESSES.c.at))))
            before = oldest_kept(now.date()).isoformat()
            deleted = connection.execute(ACCESSES.delete().where(ACCESSES.c.at < before)).rowcount
            _append(connection, _record_of(purge, now, before, deleted))
            return deleted

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[sql.Connection]:
        """Open a transaction; after any failure the next one checks the table again."""
        try:
            self._ensure_table()
            with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as fault:
            self._ready = False
            raise AuditWriteError(_error_name(fault)) from fault

    def _ensure_table(self) -> None:
        """Create the table where it is missing: checked once, and again after any failure."""
        if self._ready:
            return
        with self._lock:
            try:
                self._create_table()
            except (IntegrityError, ProgrammingError):  # another process created it at the same moment
                self._create_table()
            self._ready = True

    def _create_table(self) -> None:
        _restrict_sqlite(self._engine.url)
        with self._engine.begin() as connection:
            connection.execute(CreateTable(ACCESSES, if_not_exists=True))
            for index in ACCESSES.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))
            if CHAIN not in {column["name"] for column in sql.inspect(connection).get_columns(ACCESSES.name)}:
                connection.execute(sql.text(f"ALTER TABLE {ACCESSES.name} ADD COLUMN {CHAIN} TEXT NOT NULL DEFAULT ''"))


def _append(connection: sql.Connection, access: AccessRecord) -> None:
    """Insert a record with its link; writers of all processes take turns, so that the chain has no fork."""
    _lock(connection)
    last = connection.scalar(sql.select(ACCESSES.c.chain).order_by(ACCESSES.c.id.desc()).limit(1)) or ORIGIN
    plain = access.plain()
    connection.execute(ACCESSES.insert().values({**plain, CHAIN: next_digest(last, content_of(plain))}))


def _lock(connection: sql.Connection) -> None:
    """Hold off other writers until this transaction ends. The driver of SQLite begins a transaction at the first write only."""
    if connection.dialect.name != "sqlite":
        connection.execute(sql.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    elif not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _database_time(connection: sql.Connection) -> datetime:
    """The time by the database's clock, in Paris."""
    text = "SELECT strftime('%s', 'now')" if connection.dialect.name == "sqlite" else "SELECT extract(epoch FROM now())"
    return datetime.fromtimestamp(float(connection.scalar(sql.text(text)) or 0), PARIS)


def _refuse_wrong_clock(local: datetime, now: datetime, newest: str | None) -> None:
    """Raise `AuditWriteError` where a clock may be wrong: a clock ahead would delete records that the law keeps."""
    if abs(now - local) > CLOCK_TOLERANCE:
        raise AuditWriteError(
            f"l'horloge de la base ({now:%d/%m/%Y %H:%M}) et celle du service ({local:%d/%m/%Y %H:%M}) diffèrent"
        )
    if newest is None:
        return
    last = datetime.fromisoformat(newest)
    if last > now + CLOCK_TOLERANCE:
        raise AuditWriteError(f"un accès porte une date à venir ({last:%d/%m/%Y}) : une horloge a été en avance")
    if now - last > MAX_IDLE:
        raise AuditWriteError(
            f"le dernier accès date du {last:%d/%m/%Y}, {(now - last).days} jours avant l'heure de la base ({now:%d/%m/%Y}) : "
            "si cette heure est juste, ajoutez --confirm"
        )


def _record_of(purge: Purge, now: datetime, before: str, deleted: int) -> AccessRecord:
    """The record that a purge leaves: who, when, up to which day and how many."""
    procedure = f"purge avant {before} : {deleted} accès"
    return AccessRecord(now, "", purge.agent, "", (), procedure, Outcome.PURGED, "")


def _restrict_sqlite(url: sql.URL) -> None:
    """Make SQLite's file, and so its journals, readable by its owner alone."""
    path = url.database
    if url.get_backend_name() != "sqlite" or not path or path == ":memory:":
        return
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    if stat.S_IMODE(os.stat(path).st_mode) & 0o077:  # noqa: PTH116
        with contextlib.suppress(OSError):  # the file of another user
            os.chmod(path, 0o600)  # noqa: PTH101


def _engine(url: str, timeout: float) -> sql.Engine:
    """Build the engine; nothing connects yet. SQLite connects for each record: a pool would keep writing to a removed file."""
    scheme, _, rest = url.partition("://")
    try:
        if scheme == "sqlite":
            return sql.create_engine(url, poolclass=NullPool, connect_args={"timeout": timeout})
        options: dict[str, Any] = {
            "connect_timeout": math.ceil(timeout),
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT}",
        }
        url = f"postgresql+psycopg://{rest}"
        return sql.create_engine(url, pool_pre_ping=True, pool_timeout=timeout, connect_args=options)
    except (SQLAlchemyError, ValueError):
        raise AuditWriteError("l'adresse de la base est illisible") from None


def _error_name(fault: Exception) -> str:
    """Name the error without the statement, its values or the address of the database."""
    origin = getattr(fault, "orig", None)
    return type(origin or fault).__name__
