"""The pages a person opens: the documentation of the API."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template
from werkzeug.wrappers import Response as AnyResponse

from prefill.errors import every_problem
from prefill.sandbox import COMPANIES, Invented
from prefill.web import openapi_document, parts

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

pages = Blueprint("pages", __name__)


@pages.get("/docs")
def docs() -> AnyResponse:
    return _page("docs.html", spec=openapi_document(), problems=every_problem(), companies=_companies())


@pages.get("/")
def home() -> AnyResponse:
    return redirect("/docs")


def _page(template: str, **values: Any) -> AnyResponse:
    response = Response(render_template(template, sandbox=parts().settings.sandbox, **values), mimetype="text/html")
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response


def _companies() -> tuple[Invented, ...]:
    return COMPANIES if parts().settings.sandbox else ()
