"""The studio of form authors."""

from __future__ import annotations

from prefill.web.routes.studio.routes import blueprint

__all__ = ["blueprint"]
