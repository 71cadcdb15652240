"""Refusal, before any call, of prefill requests that no page of a tenant sends.

A page of anybody could otherwise make its readers spend the quota: an image, a script or a frame whose address is a
prefill, or a `fetch` whose answer the page may not even read.
"""

from __future__ import annotations

from werkzeug.datastructures import Headers

from prefill.problems import CrossSiteRequest
from prefill.tenancy.model import Tenant

EMBEDDED = frozenset({"audio", "embed", "frame", "iframe", "image", "object", "script", "style", "track", "video"})


def refuse_cross_site(headers: Headers, host: str, tenant: Tenant | None) -> None:
    """Raise `CrossSiteRequest` for an embedded resource, a `no-cors` request or a page of an origin not allowed.

    Requests without these headers come from programs or from old browsers; they are limited as all are.
    """
    origin = headers.get("Origin")
    embedded = headers.get("Sec-Fetch-Dest") in EMBEDDED
    opaque = headers.get("Sec-Fetch-Mode") == "no-cors"
    if embedded or opaque or (origin and not _is_own(origin, host) and not (tenant and tenant.allows(origin))):
        raise CrossSiteRequest


def _is_own(origin: str, host: str) -> bool:
    """Whether the page is the service's own (its demonstration, its documentation)."""
    return origin.partition("://")[2] == host
