"""The quotas of every habilitation that a process spends."""

from __future__ import annotations

import threading
from typing import Any

from prefill.clock import Clock
from prefill.redis_client import OptionalRedis
from prefill.registers.quota.process import ProcessState
from prefill.registers.quota.token_quota import MINUTE, TokenQuota


class QuotaRegistry:
    """The quotas of every habilitation of this process; what they know outlives a change of tenants."""

    def __init__(
        self,
        shared: OptionalRedis,
        *,
        clock: Clock,
        instances: int = 1,
        window: float = MINUTE,
        prefix: str = "prefill",
        fresh: bool = False,
    ) -> None:
        self._shared = shared
        self._options: dict[str, Any] = {"clock": clock, "window": window}
        self._lock = threading.Lock()
        self._process = ProcessState(
            shared, clock=clock, instances=instances, window=window, prefix=prefix, fresh=fresh
        )
        self._quotas: dict[str, TokenQuota] = {}

    def for_habilitation(self, name: str) -> TokenQuota:
        with self._lock:
            if name not in self._quotas:
                self._quotas[name] = TokenQuota(self._shared, token=name, process=self._process, **self._options)
            return self._quotas[name]
