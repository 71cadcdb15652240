"""What the browser tests of the form script visit: a site with the built pages, and a service that may fail at first."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from prefill.app import create_app
from prefill.settings import Settings
from tests.support.held_streams import HeldStreams
from tests.support.npm import WIDGET, node

KITS = WIDGET / "build" / "kits"
# More than the sandbox's directory answers in several seconds.
SEARCHES = 50


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


@cache
def build_kits() -> None:
    """Build the pages, once a process."""
    built = node("build-kits.mjs")
    assert built.returncode == 0, built.stderr


@contextmanager
def serving(app: Callable) -> Iterator[str]:
    """Serve a WSGI application on a free port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def site(environ: dict, start: Callable) -> Iterable[bytes]:
    """Serve the built pages; anything else is another page of the site."""
    path = KITS / environ["PATH_INFO"].lstrip("/")
    if not path.resolve().is_relative_to(KITS):
        return Response(status=404)(environ, start)
    if not path.is_file():
        return Response("<!doctype html><title>other</title>", mimetype="text/html")(environ, start)
    media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    # `no-store` would keep the browser from coming back to the page as it was left.
    return Response(path.read_bytes(), mimetype=media, headers={"Cache-Control": "max-age=60"})(environ, start)


class Service:
    """The sandbox. `/flaky/KEY/` refuses the first prefill of each key; `/fresh/KEY/` has an empty cache for each.
    Until `/release/KEY` is asked for, `/held/KEY/` also holds the end of its streams, and others spend the search's
    quota before each search of `/spent/KEY/`.
    """

    def __init__(self) -> None:
        self._app = self._new_app()
        self._fresh: dict[str, Callable] = {}
        self._held: dict[str, HeldStreams] = {}
        self._spent: set[str] = set()
        self._words = count()
        self._refused: set[str] = set()
        self._lock = threading.Lock()

    @staticmethod
    def _new_app() -> Callable:
        return create_app(Settings(log="json", rate_limit=1_000_000))

    def __call__(self, environ: dict, start: Callable) -> Iterable[bytes]:
        _, kind, key, *rest = [*environ["PATH_INFO"].split("/", 3), "", ""]
        if kind == "release":
            self._spent.discard(key)
            if key in self._held:
                self._held[key].release()
            return Response(status=204)(environ, start)
        if kind not in {"flaky", "fresh", "held", "spent"}:
            return self._app(environ, start)
        environ = {**environ, "PATH_INFO": f"/{rest[0]}", "SCRIPT_NAME": f"/{kind}/{key}"}
        if kind in {"fresh", "spent"}:
            with self._lock:
                if key not in self._fresh:
                    self._fresh[key] = self._new_app()
                    self._spent.update({key} if kind == "spent" else ())
            app = self._fresh[key]
            if key in self._spent and environ["PATH_INFO"].endswith("/companies"):
                self._spend(app)
            return app(environ, start)
        if kind == "held":
            with self._lock:
                held = self._held.get(key) or self._held.setdefault(key, HeldStreams(self._new_app()))
            return held(environ, start)
        if "/prefill/" in environ["PATH_INFO"] and key not in self._refused:
            self._refused.add(key)
            return self._refuse(Request(environ))(environ, start)
        return self._app(environ, start)

    def _spend(self, app: Callable) -> None:
        """Search other words in this very second, until one is put off: however slow the machine is."""
        visitor = Client(app)
        words = (f"mot{next(self._words)}" for _ in range(SEARCHES))
        assert any(visitor.get("/v1/companies", query_string={"q": word}).json["partial"] for word in words)

    @staticmethod
    def _refuse(_: Request) -> Response:
        problem = '{"status": 429, "code": "too_many_requests", "detail": "Trop de demandes.", "retryAfter": 2}'
        headers = {
            "Retry-After": "2",
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "Retry-After",
        }
        return Response(problem, status=429, mimetype="application/problem+json", headers=headers)
