"""One call between its arrival and the last byte of its answer."""

from __future__ import annotations

import uuid
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from prefill.sandbox.contract.faults import SILENCE, Response
from prefill.sandbox.contract.journal import Violation, agent_violation
from prefill.sandbox.contract.published import errors
from prefill.sandbox.contract.request import Request
from prefill.sandbox.contract.responses import failure

if TYPE_CHECKING:
    from prefill.sandbox.contract.api import ApiEntreprise

DOCUMENT_PATHS = ("/documents/", "/proxy/", "/files/", "/siade/")
# Answered at once however many ask the same.
NEVER_IN_CONFLICT = (
    "/ping", "/privileges", "/v2/privileges", "/errors", "/v3/errors", "/editeur/", "/v3/token/", "/search",
)  # fmt: skip


class Exchange:
    """One call between its arrival and the last byte of its answer: to be closed, or used as a context."""

    def __init__(self, api: ApiEntreprise, request: Request) -> None:
        self._api = api
        self._request = request
        self._documents = request.path.startswith(DOCUMENT_PATHS)
        self._banned = api.bans.banned(request.address)
        self._conflict = False
        self._open = not self._documents
        self._observe()
        if self._open:
            conflict = api.journal.begin(request.key)
            self._conflict = conflict and not request.path.startswith(NEVER_IN_CONFLICT)
        self.latency = 0.0 if self._conflict or self._banned else api.faults.latency(request.path)

    def _observe(self) -> None:
        journal = self._api.journal
        breach = agent_violation(self._request.headers.get("user-agent", ""))
        if breach:
            journal.note(journal.user_agents, breach)
            if self._api.rules.strict:
                journal.violation(breach)
        if not self._documents:
            journal.call(self._request.path, self._request.query, self._api.timestamp())

    def respond(self) -> Response:
        """Answer, once the latency is over; the response says how it is to be delivered."""
        journal = self._api.journal
        if self._banned:
            journal.violation(Violation.CALLED_WHILE_BANNED)
            return SILENCE
        response, name = self._answer()
        if not self._documents:
            journal.status(name or str(response.status))
        return replace(response, headers={**response.headers, "X-Request-ID": str(uuid.uuid4())})

    def _answer(self) -> tuple[Response, str]:
        """Give the response and, when a fault made it, the fault's name."""
        if self._request.method != "GET":
            return failure(errors.READ_ONLY.with_headers({"Allow": "GET"})), ""
        if self._conflict:
            self._api.journal.violation(Violation.IDENTICAL_CALL)
            return failure(errors.IN_FLIGHT), ""
        response = self._api.answer(self._request)
        fault = None if self._request.path.startswith("/ping/") else self._api.faults.on(self._request.path)
        if fault is None or response.status in (410, 429) or not fault.strikes():
            return response, ""
        return fault.apply(response), fault.name

    def close(self) -> None:
        if self._open:
            self._open = False
            self._api.journal.end(self._request.key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
