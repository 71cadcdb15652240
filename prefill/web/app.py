"""Build the Flask application."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from prefill.web import response_cache
from prefill.web.context import EXTENSION, Parts
from prefill.web.hooks import _begin, _dress, _refuse, _tell
from prefill.web.routes import catalogue, dossiers, operations, pages, prefill


def create_web(parts: Parts) -> Flask:
    """Build the Flask application around its parts."""
    app = Flask("prefill.web")
    app.url_map.strict_slashes = False
    app.extensions[EXTENSION] = parts
    ahead = response_cache.Front(
        app.wsgi_app,
        entries=parts.settings.ready,
        tenants=parts.tenants.directory,
        visitors=parts.visitors,
        now=parts.now,
        clock=parts.clock,
    )
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        ahead, x_for=parts.settings.proxies or 0, x_proto=parts.settings.proxies or 0
    )
    for module in (prefill, catalogue, operations, dossiers, pages):
        app.register_blueprint(module.routes)
    app.before_request(_begin)
    app.after_request(_dress)
    app.after_request(_tell)
    app.register_error_handler(Exception, _refuse)
    return app
