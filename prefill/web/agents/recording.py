"""The audit records of an agent's access: the intent before any register is queried, the outcome before anything is served.

While no record can be written, no register is queried and nothing is served.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing

from flask import g

from prefill.audit.trail import AccessRecord, Outcome
from prefill.domain.answers import Status
from prefill.prefilling.service import Event, Finished, Prefill, Request
from prefill.problems import Problem
from prefill.web.context import agent_service, app_context
from prefill.web.responses import log_summary


def complete_dossier(asked: Request) -> Prefill:
    """Query the registers; the outcome is written before anything is served."""
    done = query_recorded(asked, planned(asked))
    record(asked, asked_sources(done), outcome(done))
    return done


def query_recorded(asked: Request, planned: tuple[str, ...]) -> Prefill:
    """Write the intent, then query the registers."""
    record(asked, planned, Outcome.REQUESTED)
    try:
        done = agent_service().prefill(asked)
    except Problem:
        record(asked, planned, Outcome.REFUSED)
        raise
    g.log_fields = log_summary(done)
    return done


def outcome(done: Prefill) -> Outcome:
    return Outcome.COMPLETE if done.filled.complete else Outcome.PARTIAL


def record_outcome(
    events: Generator[Event, None, None], record: Callable[[tuple[str, ...], Outcome], None]
) -> Generator[Event, None, None]:
    """Write the outcome when the dossier is finished."""
    with closing(events):
        for event in events:
            if isinstance(event, Finished):
                record(asked_sources(event.prefill), outcome(event.prefill))
            yield event


def planned(asked: Request) -> tuple[str, ...]:
    return asked.form.sources(asked.extra)


def asked_sources(done: Prefill) -> tuple[str, ...]:
    """Return the sources that were queried."""
    without_call = (Status.NOT_APPLICABLE, Status.NOT_REQUESTED)
    return tuple(sorted({answer.source for answer in done.answers.values() if answer.status not in without_call}))


def record(asked: Request, sources: tuple[str, ...], outcome: Outcome) -> None:
    """Write an audit record. Raises `AuditUnavailable` when it cannot be written: nothing is queried or served then."""
    recorder(asked)(sources, outcome)


def recorder(asked: Request) -> Callable[[tuple[str, ...], Outcome], None]:
    """Return what writes the records of this request, outside its context too: a stream goes on after it."""
    trail, now, agent, request_id = app_context().audit_trail, app_context().now, asked.caller, g.request_id

    def record(sources: tuple[str, ...], outcome: Outcome) -> None:
        trail.write(
            AccessRecord(
                at=now(),
                tenant=agent.tenant,
                agent=agent.agent or "",
                siret=asked.number,
                sources=sources,
                procedure=asked.object or "",
                outcome=outcome,
                request_id=request_id,
            )
        )

    return record
