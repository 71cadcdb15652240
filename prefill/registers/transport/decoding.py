"""From an HTTP response of API Entreprise to an `Answer`."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.identifiers import is_rna
from prefill.domain.sources import Source
from prefill.registers.transport.http import FailedCall

UNITS = ("unite_legale", "identite_entreprise")  # where the Insee and the RNE say of whom they speak
WRONG_ADDRESS = "00107"  # the token is bound to other IP addresses
NO_DELEGATION = "00213"  # an editor's token, and a recipient that delegated nothing to it
OWN_ERRORS = "00"  # the first digits of API Entreprise's errors, others being of the providers
UNKNOWN = "003"  # the last digits of « unknown, or out of the perimeter », whoever says so
# Context, object or recipient missing or refused; 00212, several delegations to choose from.
RECIPIENT_FAULTS = ("002",)

STATUSES: Mapping[int, tuple[Status, Cause | None]] = {
    401: (Status.MISCONFIGURED, None),
    403: (Status.NOT_ENTITLED, None),
    404: (Status.ABSENT, None),
    409: (Status.UNAVAILABLE, Cause.CONFLICT),
    422: (Status.UNAVAILABLE, Cause.REJECTED),
    429: (Status.UNAVAILABLE, Cause.THROTTLED),
    451: (Status.WITHHELD, None),
}


def read_payload(source: Source, body: bytes) -> tuple[Any, dict[str, Any]]:
    """Take `data` and `meta` from a body of the expected shape, or raise `FailedCall`."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FailedCall(Cause.UNREADABLE) from error
    data = document.get("data") if isinstance(document, dict) else None
    meta = document.get("meta") if isinstance(document, dict) else None
    if source.rows:
        return _rows(data), meta if isinstance(meta, dict) else {}
    if not isinstance(data, dict) or not all(_fits(data, key, kind) for key, kind in source.shape.items()):
        raise FailedCall(Cause.UNREADABLE)
    return data, meta if isinstance(meta, dict) else {}


def _fits(data: dict[str, Any], key: str, kind: type | tuple[type, ...]) -> bool:
    return isinstance(data.get(key), kind)


def _rows(data: Any) -> list[Any]:
    if not isinstance(data, list) or not all(
        isinstance(row, dict) and isinstance(row.get("data"), dict) for row in data
    ):
        raise FailedCall(Cause.UNREADABLE)
    return [row["data"] for row in data]


def is_about(source: Source, data: Any, meta: Mapping[str, Any], number: str) -> bool:
    """Tell whether the answer is about the company asked for, or says that it was redirected."""
    if not isinstance(data, dict):
        return True
    asked = meta.get("redirect_from_siret") or meta.get("redirect_from_siren")
    if isinstance(asked, str) and asked[:9] == number[:9]:
        return True
    if is_rna(number):
        return data.get("rna") == number or not (data.get("rna") or data.get("siren"))
    parts = (data.get(key) for key in UNITS)
    unit = next((part for part in parts if isinstance(part, dict)), data)
    siren = unit.get("siren")
    own = data.get("siret")
    return siren in (None, "", number[:9]) and (not own or str(own).startswith(number))


def first_error(body: bytes) -> dict[str, Any]:
    try:
        error = json.loads(body)["errors"][0]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return error if isinstance(error, dict) else {}


def upstream_code(error: Mapping[str, Any]) -> str | None:
    """Read the error's code, in a log that holds no sentence of others: five digits as they document it."""
    code = str(error.get("code") or "")
    return code if re.fullmatch(r"\w{1,8}", code, re.ASCII) else None


def meaning_of_refusal(source: Source, http_status: int, code: str | None) -> tuple[Status, Cause | None]:
    if code in source.impossible:
        return Status.ABSENT, None
    if http_status == 403 and code in (WRONG_ADDRESS, NO_DELEGATION):
        return Status.MISCONFIGURED, None
    if http_status == 422 and code and code.startswith(RECIPIENT_FAULTS):
        return Status.MISCONFIGURED, None
    if http_status >= 500:
        return Status.UNAVAILABLE, Cause.PROVIDER
    if http_status == 404 and not _is_of_a_register(code):
        return Status.UNAVAILABLE, Cause.REJECTED if code else Cause.UNREADABLE
    return STATUSES.get(http_status, (Status.UNAVAILABLE, Cause.REJECTED))


def _is_of_a_register(code: str | None) -> bool:
    """Tell a register that knows nothing from a proxy's 404, without a code, and from API Entreprise's own, of a path."""
    return code is not None and (not code.startswith(OWN_ERRORS) or code.endswith(UNKNOWN))


def read_retry_after(response: requests.Response, error: Mapping[str, Any], now: datetime) -> float | None:
    """Read in how many seconds to come back: what `Retry-After` says, or the error's own `retry_in`."""
    wait = read_wait(response.headers.get("Retry-After", ""), now)
    meta = error.get("meta")
    given = meta.get("retry_in") if wait is None and isinstance(meta, dict) else wait
    return (
        float(given) if isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given < 10**9 else None
    )


def read_wait(text: str, now: datetime) -> float | None:
    """Read a `Retry-After`, a number of seconds or a date; None when it is neither."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 9:
        return float(text)
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    return None


def failed_answer(source: Source, cause: Cause, response: requests.Response | None = None) -> Answer:
    if response is None:
        return Answer(source.name, Status.UNAVAILABLE, cause=cause)
    return answer_of(source, response, Status.UNAVAILABLE, cause=cause)


def answer_of(source: Source, response: requests.Response, status: Status, **rest: Any) -> Answer:
    given = response.headers.get("X-Request-ID", "")
    request_id = given if re.fullmatch(r"[\w.:-]{1,100}", given, re.ASCII) else None
    return Answer(source.name, status, http_status=response.status_code, request_id=request_id, **rest)
