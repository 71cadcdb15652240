"""A register client before a register on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import requests

from prefill.redis_client import OptionalRedis
from prefill.registers.answer_cache import AnswerCache
from prefill.registers.circuit_breaker import CircuitBreakers
from prefill.registers.client import RegisterClient
from prefill.registers.quota import TokenQuota
from prefill.registers.scheduling.call_limits import CallLimits
from prefill.registers.scheduling.workers import ProviderThreadPools
from prefill.registers.transport.http import Connection
from tests.support.clock import FakeDate
from tests.support.register import BUYER, NOW, TOKEN, Register


@pytest.fixture
def register() -> Iterator[Register]:
    server = Register()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def clock():
    return FakeDate(NOW.timestamp())


@pytest.fixture
def door(register, clock):
    """Open doors to the register; each its own process, as far as they know."""
    opened = []

    def open_one(
        *, redis=None, tenant="default", cache=None, workers=16, breakers=None, pools=None, quota=None, shared=None
    ):
        shared = shared or OptionalRedis(redis, clock=clock)
        opened.append(
            RegisterClient(
                Connection(register.url, TOKEN, BUYER, "Marchés publics", "Préremplissage DUME"),
                thread_pools=pools or ProviderThreadPools(requests.Session, workers),
                clock=clock,
                cache=cache or AnswerCache(shared, clock=clock, entries=100),
                quota=quota or TokenQuota(shared, token="t", clock=clock, fresh=True),
                breakers=breakers or CircuitBreakers(clock=clock),
                call_limits=CallLimits(shared),
                tenant=tenant,
            )
        )
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()
