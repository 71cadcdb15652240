"""How the main process of the service is told to stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from prefill.cli.commands import serve

PATIENCE = 20  # seconds


@pytest.fixture
def own_handlers() -> Iterator[None]:
    former = [(number, signal.getsignal(number)) for number in serve.STOP_SIGNALS]
    yield
    for number, handler in former:
        signal.signal(number, handler)


class Server:
    """A server that has to be told twice: what it is told first is lost."""

    def __init__(self) -> None:
        self.interrupt = threading.Event()
        self.loop = threading.Lock()
        self.told = 0

    def signal_handler_interrupt(self) -> None:
        with self.loop:
            self.told += 1
        if self.told == 2:
            self.interrupt.set()
            threading.Event().wait()  # it is never told again


@pytest.mark.usefixtures("own_handlers")
@pytest.mark.parametrize("number", serve.STOP_SIGNALS)
def test_a_signal_reaches_a_main_loop_that_holds_its_lock_and_one_that_clears_it_unread(number):
    server = Server()
    serve.stop_on_signal(server)

    with server.loop:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)

    assert server.interrupt.wait(PATIENCE)
