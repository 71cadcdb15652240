"""Pages for people, rendered once for each address that the service is known by."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

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
PAGES = "prefill.pages"  # the pages rendered
MAX_PAGES = 32  # an address is the client's word: it does not fill the memory

Value = TypeVar("Value")


def offers_studio(settings: Settings) -> bool:
    """Whether the pages of form authors are there: in the sandbox, elsewhere when they are asked for."""
    return settings.sandbox or settings.studio


def render_page(template: str, variant: str = "", **values: Any) -> AnyResponse:
    """Answer with a page, within the limit of pages; `variant` tells those of one template apart."""
    check_page_limit()
    pages: FormsCache[str] = current_app.extensions.setdefault(PAGES, FormsCache(MAX_PAGES))
    forms, key = current_forms(), (template, variant, request.url_root)
    page = pages.get(forms, key)
    if page is None:
        settings = app_context().settings
        shared = {"sandbox": settings.sandbox, "studio": offers_studio(settings), "version": __version__}
        page = render_template(template, **shared, **values)
        pages.put(forms, key, page)
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    return response.make_conditional(request)


class FormsCache(Generic[Value]):
    """What was made of the forms as they are now, the last used of it; for all threads."""

    def __init__(self, size: int) -> None:
        self._lock = Lock()
        self._size = size
        self._forms: FormRegistry | None = None
        self._values: LRUCache[Hashable, Value] = LRUCache(size)

    def get(self, forms: FormRegistry, key: Hashable) -> Value | None:
        with self._lock:
            return self._values.get(key) if self._forms is forms else None

    def put(self, forms: FormRegistry, key: Hashable, value: Value) -> None:
        with self._lock:
            if self._forms is not forms:
                self._forms, self._values = forms, LRUCache(self._size)
            self._values[key] = value
