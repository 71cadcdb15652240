"""Health, readiness and metrics."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from prefill import __version__, telemetry
from prefill.health import (
    Check,
    check_deployment,
    check_information,
    check_locally,
    check_observations,
    check_reload,
    check_search,
    check_tenants,
    check_trace,
    check_upstream,
    measure,
)
from prefill.problems import NotFound
from prefill.web.context import ALL_METHODS, app_context, current_forms
from prefill.web.openapi.operations import describe
from prefill.web.openapi.texts import text
from prefill.web.protection.proxies import MESSAGE
from prefill.web.rendering.schemas import ReadinessSchema
from prefill.web.responses import json_response
from prefill.web.tenant_services import TenantServices

blueprint = Blueprint("operations", __name__)


OPERATOR: Sequence[Mapping[str, Any]] = ({}, {"operatorToken": []})
NOT_READY = {
    "503": {
        "description": text("Pas prêt.", "Not ready."),
        "content": {"application/json": {"schema": ReadinessSchema}},
    }
}


@blueprint.get("/healthz")
@describe(
    "health",
    text("Dire que le processus est en vie", "Tell that the process is alive"),
    text("En vie.", "Alive."),
)
def healthz() -> AnyResponse:
    return json_response({"status": "alive", "version": __version__})


@blueprint.get("/readyz")
@describe(
    "readiness",
    text(
        "Dire si le service peut fonctionner, et ce qui ne va pas",
        "Tell whether the service can work, and what is wrong",
    ),
    text("Prêt.", "Ready."),
    ReadinessSchema,
    security=OPERATOR,
    other_responses=NOT_READY,
)
def readyz() -> AnyResponse:
    """Say whether the service can work; what is wrong is for the operator's token alone."""
    vital = _vital_checks()
    ready = all(check.ok for check in vital if check.vital)
    body = {"ready": ready, "sandbox": app_context().settings.sandbox}
    return json_response(
        body | (_details((*vital, *_remarks())) if _is_operator() else {}), status=200 if ready else 503
    )


def _details(checks: Iterable[Check]) -> dict[str, Any]:
    return {"checks": [{"name": check.name, "ok": check.ok, "message": check.message} for check in checks]}


@blueprint.route("/metrics", methods=ALL_METHODS, provide_automatic_options=False)
@describe(
    "metrics",
    text("Donner les métriques", "Give the metrics"),
    text("Du texte de Prometheus.", "Prometheus text."),
    {"type": "string"},
    method="get",
    media="text/plain",
    problems=("not_found",),
    security=OPERATOR,
)
def metrics() -> AnyResponse:
    """Write the metrics; without the operator's token the page does not exist."""
    if not _is_operator():
        raise NotFound
    built = {services.tenant.id: services.upstream for services in app_context().tenant_services.built()}
    measure(built, app_context().tenants.directory().tenants)
    return Response(
        telemetry.exposition(app_context().environ), content_type="text/plain; version=0.0.4; charset=utf-8"
    )


def _is_operator() -> bool:
    """Whether the request carries the operator's token."""
    expected = app_context().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return expected is not None and hmac.compare_digest(given.encode(), expected.encode())


def _observed(built: Iterable[TenantServices]) -> Iterator[Check]:
    context = app_context()
    for services in built:
        for check in check_observations(services.upstream, current_forms()):
            yield (
                replace(check, message=f"{services.tenant.id} : {check.message}") if context.settings.tenants else check
            )


def _vital_checks() -> tuple[Check, ...]:
    """What decides, without waiting for anything: anybody may ask as often as they like."""
    context = app_context()
    return check_locally(context.settings, current_forms(), context.now())


def _remarks() -> tuple[Check, ...]:
    """What the operator is told besides; some of it takes a moment, such as a line tried in the audit trail."""
    context = app_context()
    built = context.tenant_services.built()
    upstream = (check for services in built for check in check_upstream(services.upstream))
    return (
        *check_reload(context.forms),
        *check_tenants(context.settings, context.tenants, context.now()),
        *check_deployment(context.settings, context.tenants, context.environ),
        *check_information(context.settings, context.tenants),
        check_trace(context.audit_trail),
        *dict.fromkeys(upstream),
        *_observed(built),
        *check_search(context.company_search),
        *([Check("proxies", False, MESSAGE, vital=False)] if context.proxy_watch.undeclared else ()),
    )
