"""WSGI middleware that answers `/healthz` again as the application first did, before anything else.

Whoever asks whether the process lives must not wait for what the process does: one turn of the interpreter is enough
here, where the application takes several beside all other requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.datastructures import EnvironHeaders
from werkzeug.test import run_wsgi_app

from prefill.web.middleware.access_log import record_request, request_id_of
from prefill.web.protection.proxies import ProxyWatch

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/healthz"
REQUEST_ID = "X-Request-ID"


class HealthMiddleware:
    """Answers plain questions of health; those of pages of another origin, and other methods, are the application's."""

    def __init__(self, application: WSGIApplication, *, proxy_watch: ProxyWatch, clock: Callable[[], float]) -> None:
        self._application = application
        self._proxy_watch = proxy_watch
        self._clock = clock
        self._answer: tuple[list[tuple[str, str]], bytes] | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "GET" or "HTTP_ORIGIN" in environ:
            return self._application(environ, start_response)
        started_at = self._clock()
        request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID", ""))
        self._proxy_watch.look(EnvironHeaders(environ))
        if self._answer is None:
            headers, body = self._answer = self._learn(environ, request_id)
        else:
            headers, body = self._answer
            fields = {"request_id": request_id, "company": None, "outcome": "200"}
            record_request(PATH, 200, self._clock() - started_at, fields)
        start_response("200 OK", [*headers, (REQUEST_ID, request_id)])
        return (body,)

    def _learn(self, environ: WSGIEnvironment, request_id: str) -> tuple[list[tuple[str, str]], bytes]:
        """Ask the application, once, without what a client may add; it records the request."""
        plain = {name: value for name, value in environ.items() if not name.startswith("HTTP_") or name == "HTTP_HOST"}
        plain["HTTP_X_REQUEST_ID"] = request_id
        body, _, headers = run_wsgi_app(self._application, plain, buffered=True)
        kept = [(name, value) for name, value in headers.to_wsgi_list() if name != REQUEST_ID]
        return kept, b"".join(body)
