"""Build the Flask application."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from prefill.web import response_cache
from prefill.web.context import EXTENSION, AppContext
from prefill.web.hooks import _tell, add_headers, handle_error, start_request
from prefill.web.routes import catalogue, dossiers, operations, pages, prefill


def create_web(parts: AppContext) -> Flask:
    """Build the Flask application around its parts."""
    app = Flask("prefill.web")
    app.url_map.strict_slashes = False
    app.extensions[EXTENSION] = parts
    ahead = response_cache.ResponseCacheMiddleware(
        app.wsgi_app,
        entries=parts.settings.ready,
        tenants=parts.tenants.directory,
        rate_limiter=parts.rate_limiter,
        now=parts.now,
        clock=parts.clock,
    )
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        ahead, x_for=parts.settings.proxies or 0, x_proto=parts.settings.proxies or 0
    )
    for module in (prefill, catalogue, operations, dossiers, pages):
        app.register_blueprint(module.routes)
    app.before_request(start_request)
    app.after_request(add_headers)
    app.after_request(_tell)
    app.register_error_handler(Exception, handle_error)
    return app
