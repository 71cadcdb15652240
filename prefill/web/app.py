"""The Flask application: middleware, blueprints and hooks."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from prefill.web.context import EXTENSION, AppContext
from prefill.web.middleware import hooks
from prefill.web.middleware.compression import compress_response
from prefill.web.middleware.response_cache import ResponseCacheMiddleware
from prefill.web.page import offers_studio
from prefill.web.routes import (
    catalogue,
    companies,
    dossiers,
    operations,
    pages,
    prefill,
    privacy,
    receipts,
    signin,
    tenders,
)
from prefill.web.routes.exports import documents, espd, procedures

BLUEPRINTS = (
    prefill.blueprint,
    tenders.blueprint,
    companies.blueprint,
    espd.blueprint,
    documents.blueprint,
    catalogue.blueprint,
    privacy.blueprint,
    receipts.blueprint,
    operations.blueprint,
    dossiers.blueprint,
    procedures.blueprint,
    signin.blueprint,
    pages.blueprint,
)


def create_web(context: AppContext) -> Flask:
    """Build the Flask application that works with this context."""
    app = Flask("prefill.web")
    app.url_map.strict_slashes = False
    app.extensions[EXTENSION] = context
    cached = ResponseCacheMiddleware(
        app.wsgi_app,
        context.response_cache,
        rate_limiter=context.rate_limiter,
        visits=None if context.settings.sandbox else context.visits,
        now=context.now,
        clock=context.clock,
    )
    proxies = context.settings.proxies or 0
    app.wsgi_app = ProxyFix(cached, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if offers_studio(context.settings):
        _add_studio(app)
    app.before_request(hooks.start_request)
    app.teardown_request(hooks.release_lost_slot)
    # They run from the last to the first.
    for hook in (compress_response, hooks.cache_response, hooks.log_request, hooks.release_slot, hooks.add_headers):
        app.after_request(hook)
    app.register_error_handler(Exception, hooks.handle_error)
    return app


def _add_studio(app: Flask) -> None:
    """Add the pages of form authors: production starts without them and what only they import."""
    from prefill.web.routes.studio import blueprint

    app.register_blueprint(blueprint)
