"""`prefill serve`: run the service."""

from __future__ import annotations

import ctypes
import errno
import faulthandler
import gc
import math
import multiprocessing
import os
import queue
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import Flask

from prefill import telemetry, web
from prefill.app import create_app
from prefill.assembly import open_audit, open_vat_list, templates_folder
from prefill.cli.common import check_tenants_file, command_settings, open_command_forms
from prefill.cli.errors import CliError
from prefill.forms.registry import ReloadedForms
from prefill.problems import SettingsInvalid
from prefill.process_limits import raise_descriptor_limit
from prefill.settings import Settings, refuse_unwanted_sandbox
from prefill.web.context import EXTENSION, AppContext

if TYPE_CHECKING:
    from granian.server.common import AbstractServer

Signals = ctypes.c_uint64  # how many SIGHUP the main process received, in memory that its workers share

SWITCH_SECONDS = 0.0005  # a thread's turn while others wait: what takes less is not held up by those that take more
PARENT_SECONDS = 0.5  # how often a worker looks for its parent
STUCK_SECONDS = 60.0  # without a turn of the interpreter, after which a worker ends
STOP_SECONDS = 0.1  # how often the main process is told to stop, until it has
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
RELOAD_SECONDS = 0.5  # how often it looks for a signal, and at the files of forms
HEADER_MILLISECONDS = 10_000  # for the head of a request to come whole
MAX_CONNECTIONS = 8192  # of a process; the next wait to be accepted
OTHER_DESCRIPTORS = 256  # calls to registers, Redis, files
HEALTH = Path(web.__file__).parent / "health"  # what `/healthz` answers, as a file
HEALTH_THREADS = 2  # that read it; the server would start up to 512


@click.command(help="Lancer le service.")
@click.option("--host", help="Adresse d'écoute (PREFILL_HOST).")
@click.option("--port", help="Port d'écoute (PORT).")
@click.option("--reload", "follow", is_flag=True, help="Relire les formulaires dès que leurs fichiers changent.")
def serve(*, host: str | None, port: str | None, follow: bool) -> None:
    settings = command_settings(PREFILL_HOST=host, PORT=port)
    forms = _check_start(settings)
    _check_free(settings.host, settings.port)
    _run(settings, forms, _processes(os.environ), follow=follow)


def _check_start(settings: Settings) -> ReloadedForms:
    """Refuse here what each process would refuse in turn, each time the server starts it again; return the forms."""
    try:
        refuse_unwanted_sandbox(settings, os.environ)
        telemetry.check_folder(os.environ)
        forms = open_command_forms(settings)
        check_tenants_file(settings, forms.content)
        templates_folder(settings)
        open_vat_list(settings)
        open_audit(settings).close()
    except SettingsInvalid as fault:
        raise CliError(f"prefill ne peut pas démarrer :\n{fault}") from fault
    return forms


def _run(settings: Settings, forms: ReloadedForms, processes: int, *, follow: bool) -> None:
    """Hand over to granian until it is told to stop; the parts are made in each process.

    At SIGHUP granian would start new processes, which die of a bad form: here it only counts what each process reads.
    """
    from granian import Granian  # no other command needs it
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    server = Granian(
        "prefill.app:create_app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=settings.threads,
        backlog=1024,
        backpressure=_connections(raise_descriptor_limit()),
        # Without encryption nobody speaks HTTP/2 to a service behind a proxy. The delay covers idle connections too.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS),
        respawn_failed_workers=True,
        workers_kill_timeout=round(settings.deadline) + 5,
        # Answered by the server itself: neither the threads nor the interpreter's lock can make it wait.
        static_path_route=["/healthz"],
        static_path_mount=[HEALTH],
        static_path_dir_to_file="index.json",
        static_path_expires=0,
        runtime_blocking_threads=HEALTH_THREADS,
        log_level=LogLevels.error,
    )
    signals: Signals = multiprocessing.RawValue(ctypes.c_uint64)
    server.on_startup(partial(stop_on_signal, server))
    server.on_startup(partial(_reload_on_signal, signals))
    server.on_startup(partial(_announce, settings))
    server.on_shutdown(partial(_forgive_workers, server))
    # Compiled forms cannot be sent to a process that is not a copy of this one: it reads them itself.
    copied = forms if multiprocessing.get_start_method() == "fork" else None
    loader = partial(_load_worker, settings, copied, os.getpid(), signals, follow=follow)
    gc.collect()
    gc.freeze()  # what is loaded stays: the collector leaves it alone, so that the processes go on sharing its pages
    server.serve(target_loader=loader, wrap_loader=False)


def _connections(descriptors: int) -> int:
    """How many connections a process may hold at once: never so many that it lacks a descriptor for its own calls."""
    return min(max(descriptors // 2, descriptors - OTHER_DESCRIPTORS), MAX_CONNECTIONS)


def stop_on_signal(server: AbstractServer[Any]) -> None:
    """Tell the server of SIGINT and SIGTERM from a thread, until it stops.

    Its own handlers set a `threading.Event` whose lock the interrupted thread may hold, and the main loop may clear it
    unread: when a terminal or a platform signals the workers as well, it would wait for ever.
    """
    received: queue.SimpleQueue[int] = queue.SimpleQueue()

    def stop() -> None:
        received.get()
        while True:
            server.signal_handler_interrupt()  # type: ignore[no-untyped-call]
            time.sleep(STOP_SECONDS)

    for number in STOP_SIGNALS:
        signal.signal(number, lambda received_number, _: received.put(received_number))
    threading.Thread(target=stop, name="stop", daemon=True).start()


def _forgive_workers(server: AbstractServer[Any]) -> None:
    """A worker that ended of the signal before its parent asked is no failure."""
    if server.interrupt_signal:
        server.interrupt_children.clear()


def _reload_on_signal(signals: Signals) -> None:
    """Count the SIGHUP that this process receives where its workers see it."""

    def count(*_: object) -> None:
        signals.value += 1

    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, count)


def _load_worker(
    settings: Settings, forms: ReloadedForms | None, parent: int, signals: Signals, *, follow: bool
) -> Flask:
    """Build the application in a worker process, which ends when its parent is killed."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)  # until the server's own: what loads has nothing to finish
    sys.setswitchinterval(SWITCH_SECONDS)
    threading.Thread(target=end_when_useless, args=(parent,), name="parent", daemon=True).start()
    seen = signals.value
    if forms:
        forms.refresh()  # they may have changed since this process's parent read them
    app = create_app(settings, forms)
    context: AppContext = app.extensions[EXTENSION]
    reading = partial(_read_again, context.forms, signals, seen, follow=follow)
    threading.Thread(target=reading, name="forms", daemon=True).start()
    return app


def _read_again(forms: ReloadedForms, signals: Signals, seen: int, *, follow: bool) -> None:
    """Read the forms at each signal after those seen, and with `follow` when their files change."""
    while True:
        time.sleep(RELOAD_SECONDS)
        counted = signals.value
        if counted != seen:
            forms.reload()
        elif follow:
            forms.refresh()
        seen = counted


def end_when_useless(parent: int, stuck_seconds: float = STUCK_SECONDS) -> None:
    """Wait until this process is an orphan, and end it: it would hold the port with nobody to stop it.

    It also ends, its stacks on the error output, when no thread gets a turn for so long: `/healthz` does not show that.
    """
    renewed = -math.inf
    while os.getppid() == parent:
        if time.monotonic() - renewed > stuck_seconds / 10:
            renewed = time.monotonic()
            with suppress(RuntimeError):  # no thread to be had: the next time
                faulthandler.dump_traceback_later(stuck_seconds, exit=True)
        time.sleep(PARENT_SECONDS)
    os._exit(1)


def _announce(settings: Settings) -> None:
    url = f"http://{_address(settings)}"
    click.echo(f"prefill écoute sur {url} ; la documentation est à {url}/docs. Ctrl+C pour arrêter.", err=True)


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"


REFUSALS = {
    errno.EADDRINUSE: "ce port est déjà pris, donnez-en un autre avec --port",
    errno.EADDRNOTAVAIL: "cette machine n'a pas cette adresse",
    errno.EACCES: "ce port est réservé au système, donnez-en un autre avec --port",
}


def _check_free(host: str, port: int) -> None:
    """Try the address first: the server would say in its own words that it cannot have it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as fault:
        why = REFUSALS.get(fault.errno or 0, fault.strerror)
        raise CliError(f"prefill ne peut pas écouter sur {host}, port {port} : {why}.") from fault


def _processes(environ: Mapping[str, str]) -> int:
    text = environ.get("WEB_CONCURRENCY", "").strip() or "1"
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text):
        raise CliError(f"WEB_CONCURRENCY attend un nombre de processus de 1 à 999 (reçu : « {text[:80]} »).")
    return int(text)
