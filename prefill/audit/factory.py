"""The audit trail that a setting names."""

from __future__ import annotations

from pathlib import Path

from prefill.audit.sinks import STDOUT, STDOUT_DESCRIPTOR, FileSink, StreamSink
from prefill.audit.trail import AuditTrail, AuditWriteError


def open_audit_trail(target: str | None) -> AuditTrail:
    """Open the audit trail that `PREFILL_AUDIT` names: standard output, a file, or a database's URL.

    Nothing is written yet. Raises `AuditWriteError` when the libraries of a database are not installed.
    """
    if target in (None, STDOUT):
        return AuditTrail(StreamSink(STDOUT_DESCRIPTOR))
    if "://" not in str(target):
        return AuditTrail(FileSink(Path(str(target))))
    try:
        from prefill.audit.database import DatabaseSink  # its libraries are an extra

        return AuditTrail(DatabaseSink(str(target)))
    except ImportError as missing:
        raise AuditWriteError(
            "une base demande SQLAlchemy et psycopg, que « pip install -r requirements.txt » apporte"
        ) from missing
