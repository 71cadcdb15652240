"""The trace in a database: SQLite or PostgreSQL, through SQLAlchemy Core.

A connection that died is replaced, a table that vanished is made anew: what was down and is back serves
again without a restart. What is older than 36 months is forgotten, at most once a day.
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

PATIENCE = 3.0  # seconds to connect, or to wait for who is writing
STATEMENT = 5000  # milliseconds of one statement
BATCH = 1000

# `at` is the time in Paris: its first ten characters are the day that people ask for.
ACCESSES = sql.Table(
    "prefill_accesses",
    sql.MetaData(),
    sql.Column("id", sql.BigInteger().with_variant(sql.Integer(), "sqlite"), primary_key=True, autoincrement=True),
    sql.Column("at", sql.String(40), nullable=False, index=True),
    *(sql.Column(name, sql.Text, nullable=False) for name in COLUMNS if name != "at"),
)


class DatabaseSink:
    """A table of a database that may die and come back. `patience` is in seconds."""

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        self._engine = _engine(url, patience)
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
            self._insert(access)  # what was there a moment ago may have been replaced: the table is made anew
        self._purge_daily(access.at.date())

    def _insert(self, access: AccessRecord) -> None:
        with self.start_request() as connection:
            connection.execute(ACCESSES.insert().values(access.plain()))

    def read(self, since: date, until: date) -> Iterator[AccessRecord]:
        after = (until + timedelta(days=1)).isoformat()
        wanted = (ACCESSES.c.at >= since.isoformat()) & (ACCESSES.c.at < after)
        query = sql.select(ACCESSES).where(wanted).order_by(ACCESSES.c.at, ACCESSES.c.id)
        with self.start_request() as connection:
            for row in connection.execution_options(yield_per=BATCH).execute(query).mappings():
                yield read_access(dict(row))

    def purge(self, before: date) -> int:
        with self.start_request() as connection:
            return connection.execute(ACCESSES.delete().where(ACCESSES.c.at < before.isoformat())).rowcount

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def start_request(self) -> Iterator[sql.Connection]:
        """Open a transaction; whatever fails in it, the next one looks at everything anew."""
        try:
            self._ensure()
            with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as fault:
            self._ready = False
            raise AuditWriteError(_told(fault)) from fault

    def _ensure(self) -> None:
        """Make the table where it is missing: looked at once, and again after any failure."""
        if self._ready:
            return
        with self._lock:
            try:
                self._make()
            except (IntegrityError, ProgrammingError):  # another process made it at the same moment
                self._make()
            self._ready = True

    def _make(self) -> None:
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


def _engine(url: str, patience: float) -> sql.Engine:
    """Open nothing yet. SQLite is opened for each line: a pool would write on to a file that was removed."""
    scheme, _, rest = url.partition("://")
    try:
        if scheme == "sqlite":
            return sql.create_engine(url, poolclass=NullPool, connect_args={"timeout": patience})
        options: dict[str, Any] = {
            "connect_timeout": math.ceil(patience),
            "options": f"-c statement_timeout={STATEMENT}",
        }
        url = f"postgresql+psycopg://{rest}"
        return sql.create_engine(url, pool_pre_ping=True, pool_timeout=patience, connect_args=options)
    except (SQLAlchemyError, ValueError):
        raise AuditWriteError("l'adresse de la base est illisible") from None


def _told(fault: Exception) -> str:
    """Say what failed without the statement, its values or the address of the database."""
    origin = getattr(fault, "orig", None)
    return type(origin or fault).__name__
