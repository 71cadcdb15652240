"""Audit trail in a database: SQLite or PostgreSQL, through SQLAlchemy Core.

A dead connection is replaced and a missing table is created again: the trail recovers without a restart.
Rows older than 36 months are deleted, at most once a day.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

from prefill import telemetry
from prefill.audit.trail import COLUMNS, AccessRecord, AuditWriteError, oldest_kept, read_access

TIMEOUT = 3.0  # seconds to connect, or to wait for a lock
STATEMENT_TIMEOUT = 5000  # milliseconds
BATCH = 1000  # rows fetched at once

# `at` is ISO 8601 in Paris time: its first ten characters are the day, which exports filter on.
ACCESSES = sql.Table(
    "prefill_accesses",
    sql.MetaData(),
    sql.Column("id", sql.BigInteger().with_variant(sql.Integer(), "sqlite"), primary_key=True, autoincrement=True),
    sql.Column("at", sql.String(40), nullable=False, index=True),
    *(sql.Column(name, sql.Text, nullable=False) for name in COLUMNS if name != "at"),
)


class DatabaseSink:
    """A table of a database that may fail and recover. `timeout` is in seconds."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        self._engine = _engine(url, timeout)
        self._lock = threading.Lock()
        self._ready = False
        self._purged_on: date | None = None

    def append(self, access: AccessRecord) -> None:
        was_ready = self._ready
        try:
            self._insert(access)
        except AuditWriteError:
            if not was_ready:
                raise
            self._insert(access)  # the table may have been dropped or the file replaced: create it and try once more
        self._purge_daily(access.at.date())

    def _insert(self, access: AccessRecord) -> None:
        with self._transaction() as connection:
            connection.execute(ACCESSES.insert().values(access.plain()))

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

    def purge(self, before: date) -> int:
        with self._transaction() as connection:
            return connection.execute(ACCESSES.delete().where(ACCESSES.c.at < before.isoformat())).rowcount

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
        with self._engine.begin() as connection:
            connection.execute(CreateTable(ACCESSES, if_not_exists=True))
            for index in ACCESSES.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))

    def _purge_daily(self, today: date) -> None:
        """Forget what is too old. A failure waits for tomorrow: the line itself is written."""
        if self._purged_on == today:
            return
        self._purged_on = today
        try:
            gone = self.purge(oldest_kept(today))
        except AuditWriteError as lost:
            telemetry.warning("audit.purge", cause=str(lost))
            return
        if gone:
            telemetry.event("audit.purge", lines=gone)


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
