"""Health, readiness and metrics."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from prefill import __version__, telemetry
from prefill.health import Check, check_deployment, check_locally, check_tenants, check_trace, check_upstream, measure
from prefill.problems import (
    NotFound,
)
from prefill.web.context import EVERY_METHOD, parts
from prefill.web.responses import json_answer

routes = Blueprint("operations", __name__)


@routes.get("/healthz")
def healthz() -> AnyResponse:
    return json_answer({"status": "alive", "version": __version__})


@routes.get("/readyz")
def readyz() -> AnyResponse:
    checks = _checks()
    ready = all(check.ok for check in checks if check.vital)
    shown = [{"name": check.name, "ok": check.ok, "message": check.message} for check in checks]
    return json_answer(
        {"ready": ready, "sandbox": parts().settings.sandbox, "checks": shown}, status=200 if ready else 503
    )


@routes.route("/metrics", methods=EVERY_METHOD, provide_automatic_options=False)
def metrics() -> AnyResponse:
    """Nobody without the operator's token learns that there are any."""
    expected = parts().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if expected is None or not hmac.compare_digest(given.encode(), expected.encode()):
        raise NotFound
    for one in parts().tenant_services.built():
        measure(one.upstream, one.tenant.id)
    return Response(telemetry.exposition(parts().environ), content_type="text/plain; version=0.0.4; charset=utf-8")


def _checks() -> tuple[Check, ...]:
    here = parts()
    upstream = (check for one in here.tenant_services.built() for check in check_upstream(one.upstream))
    return (
        *check_locally(here.settings, here.library, here.now()),
        *check_tenants(here.settings, here.tenants, here.now()),
        *check_deployment(here.settings, here.tenants, here.environ),
        check_trace(here.trace),
        *dict.fromkeys(upstream),
    )
