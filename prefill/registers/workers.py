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
    """The threads that make the calls, for all tenants of a process; `workers` for each provider, at most."""

    def __init__(self, open_session: Callable[[], requests.Session], workers: int) -> None:
        self._open_session = open_session
        self._local = threading.local()  # a session promises nothing about threads
        self._workers = workers
        self._lock = threading.Lock()
        self._executors: dict[str, ThreadPoolExecutor] = {}
        self._transport_options: dict[str, dict[str, Any]] = {}

    def submit(self, producer: str, work: Callable[[], None]) -> None:
        """Run on a thread of that provider, with the log fields bound here."""
        with self._lock:
            if producer not in self._executors:
                self._executors[producer] = ThreadPoolExecutor(self._workers, thread_name_prefix="upstream")
            self._executors[producer].submit(copy_context().run, work)

    def session(self) -> requests.Session:
        """The session of the current thread; each request is authenticated by itself."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self._open_session()
            session.trust_env = False  # `transport_options` does once per host what the library does at each call
            for scheme in ("http://", "https://"):
                session.mount(scheme, DeadlineAdapter())
            session.headers["Accept"] = "application/json"
        return session

    def transport_options(self, url: str) -> dict[str, Any]:
        """`proxies` and `verify` for a host, as the environment asks; read once per host."""
        host = urlsplit(url).netloc
        if host not in self._transport_options:
            with requests.Session() as plain:
                merged = plain.merge_environment_settings(url, {}, None, None, None)
            self._transport_options[host] = {name: merged[name] for name in ("proxies", "verify")}
        return self._transport_options[host]

    def close(self) -> None:
        """Take no more work and wait for none."""
        with self._lock:
            for executor in self._executors.values():
                executor.shutdown(wait=False, cancel_futures=True)
