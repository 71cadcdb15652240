"""HTTP sessions whose requests to the sandbox's URL are answered in this process."""

from __future__ import annotations

from functools import cached_property

import requests

from prefill.sandbox.adapter import SandboxAdapter
from prefill.sandbox.contract.api import ApiEntreprise
from prefill.sandbox.model import URL


class SandboxSessions:
    """Opens sessions that all reach one sandbox, which is made when the first is opened."""

    @cached_property
    def _adapter(self) -> SandboxAdapter:
        return SandboxAdapter(ApiEntreprise())

    def __call__(self) -> requests.Session:
        session = requests.Session()
        session.mount(URL, self._adapter)
        return session
