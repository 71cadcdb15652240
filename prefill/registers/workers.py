"""One bounded thread pool per provider; each thread owns one `requests.Session`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any
from urllib.parse import urlsplit

import requests

from prefill.registers.deadline_adapter import DeadlineAdapter


class ProviderThreadPools:
    """The threads that make the calls, each with its own HTTP session: crews for all tenants of a process.

    Each provider has a crew of its own, of `workers` at most.
    """

    def __init__(self, open_session: Callable[[], requests.Session], workers: int) -> None:
        self._open_session = open_session
        self._own = threading.local()  # a session promises nothing about threads
        self._workers = workers
        self._lock = threading.Lock()
        self._crews: dict[str, ThreadPoolExecutor] = {}
        self._ways: dict[str, dict[str, Any]] = {}

    def submit(self, producer: str, work: Callable[[], None]) -> None:
        """Do some work on a thread of that crew, with the fields that the log holds here."""
        with self._lock:
            if producer not in self._crews:
                self._crews[producer] = ThreadPoolExecutor(self._workers, thread_name_prefix="upstream")
            self._crews[producer].submit(copy_context().run, work)

    def session(self) -> requests.Session:
        """Give the session of the thread we are on; each request is signed by itself."""
        session: requests.Session | None = getattr(self._own, "session", None)
        if session is None:
            session = self._own.session = self._open_session()
            session.trust_env = False  # `way` asks it once a host: the library would at each call
            for scheme in ("http://", "https://"):
                session.mount(scheme, DeadlineAdapter())
            session.headers["Accept"] = "application/json"
        return session

    def way(self, url: str) -> dict[str, Any]:
        """Say how the environment wants a host to be reached: `proxies` and `verify`, as `requests` takes them."""
        host = urlsplit(url).netloc
        if host not in self._ways:
            with requests.Session() as plain:
                told = plain.merge_environment_settings(url, {}, None, None, None)
            self._ways[host] = {name: told[name] for name in ("proxies", "verify")}
        return self._ways[host]

    def close(self) -> None:
        """Take no more work and wait for none."""
        with self._lock:
            for crew in self._crews.values():
                crew.shutdown(wait=False, cancel_futures=True)
