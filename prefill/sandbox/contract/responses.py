"""Bodies of the sandbox's responses."""

from __future__ import annotations

import json
from datetime import date

from prefill.sandbox.contract.cases import write_json
from prefill.sandbox.contract.faults import Response
from prefill.sandbox.contract.published.errors import ApiError
from prefill.sandbox.model import URL

JSON = "application/json; charset=utf-8"


def failure(error: ApiError) -> Response:
    return Response(error.status, json.dumps(error.body(), ensure_ascii=False).encode(), error.headers)


def written(body: object, *, status: int = 200) -> Response:
    return Response(status, write_json(body, date.min, URL))
