"""Pages for people, rendered once for each address that the service is known by."""

from __future__ import annotations

from typing import Any

from cachetools import LRUCache
from flask import Response, current_app, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from prefill import __version__
from prefill.forms.registry import FormRegistry
from prefill.settings import Settings
from prefill.web.context import app_context, current_forms
from prefill.web.params import check_page_limit

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGES = "prefill.pages"  # the pages rendered, and the forms that they speak of
MAX_PAGES = 32  # an address is the client's word: it does not fill the memory


def offers_studio(settings: Settings) -> bool:
    """Whether the pages of form authors are there: in the sandbox, elsewhere when they are asked for."""
    return settings.sandbox or settings.studio


def render_page(template: str, variant: str = "", **values: Any) -> AnyResponse:
    """Answer with a page, within the limit of pages; `variant` tells those of one template apart."""
    check_page_limit()
    pages, key = _rendered(), (template, variant, request.url_root)
    page = pages.get(key)
    if page is None:
        settings = app_context().settings
        shared = {"sandbox": settings.sandbox, "studio": offers_studio(settings), "version": __version__}
        page = pages[key] = render_template(template, **shared, **values)
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    return response.make_conditional(request)


def _rendered() -> LRUCache[tuple[str, str, str], str]:
    """The pages rendered of the forms as they are now."""
    kept: tuple[FormRegistry | None, LRUCache[tuple[str, str, str], str]]
    kept = current_app.extensions.get(PAGES, (None, LRUCache(MAX_PAGES)))
    if kept[0] is not current_forms():
        kept = current_app.extensions[PAGES] = current_forms(), LRUCache(MAX_PAGES)
    return kept[1]
