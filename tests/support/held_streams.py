"""Event streams that a test holds before their end: what is true meanwhile is not a matter of milliseconds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

from werkzeug.wsgi import ClosingIterator

from prefill.app import create_app
from prefill.settings import Settings
from prefill.web.middleware.encodings import choose_encoding, compress_stream

SLOW_REGISTER = b'"source": "extraits_rcs_infogreffe"'
HEARTBEAT = b":\n\n"
HEARTBEAT_SECONDS = 0.2


class HeldStreams:
    """WSGI middleware. The event of the slow register and the last one wait until `release`; the others go through."""

    def __init__(self, app: Callable) -> None:
        self._app = app
        self._released = threading.Event()

    def release(self) -> None:
        self._released.set()

    def __call__(self, environ: dict, start: Callable) -> Iterable[bytes]:
        if "event-stream" not in environ.get("HTTP_ACCEPT", ""):
            return self._app(environ, start)
        # What is held is read here: it is compressed afterwards, as the service does it.
        encoding = choose_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))

        def start_encoded(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
            kept = [pair for pair in headers if pair[0].lower() != "content-length"]
            return start(status, [*kept, ("Content-Encoding", encoding)] if encoding else headers, *rest)

        chunks = self._app({**environ, "HTTP_ACCEPT_ENCODING": "identity"}, start_encoded)
        held = self._held(iter(chunks))
        sent = compress_stream(held, encoding) if encoding else held
        return ClosingIterator(sent, getattr(chunks, "close", None))

    def _held(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        aside = []
        for chunk in chunks:
            if b"event: done" in chunk or SLOW_REGISTER in chunk:
                aside.append(chunk)
            else:
                yield chunk
        while not self._released.wait(HEARTBEAT_SECONDS):
            yield HEARTBEAT
        yield from aside


def create_held() -> HeldStreams:
    """A sandbox, for a server in another process, whose streams never end."""
    return HeldStreams(create_app(Settings(log="json")))
