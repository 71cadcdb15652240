"""A proxy in front of a service that was not told of it is said loudly."""

from __future__ import annotations

import pytest

from prefill.app import create_app
from prefill.settings import Settings

OPERATOR = {"Authorization": "Bearer operator"}


def remarks(client):
    return [check["name"] for check in client.get("/readyz", headers=OPERATOR).json["checks"] if not check["ok"]]


@pytest.mark.parametrize(("proxies", "said"), [(0, True), (1, False)])
def test_forwarded_requests_are_noticed_where_no_proxy_is_declared(proxies, said, capsys):
    client = create_app(Settings(log="json", proxies=proxies, metrics_token="operator")).test_client()
    assert "proxies" not in remarks(client)
    for _ in range(3):
        client.get("/healthz", headers={"X-Forwarded-For": "192.0.2.7"})

    assert ("proxies" in remarks(client)) is said
    assert capsys.readouterr().err.count('"proxies.undeclared"') == int(said)
