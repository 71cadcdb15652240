"""The pages a person opens, the demonstration and the documentation, and the script that forms paste."""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from prefill import __version__
from prefill.problems import NotFound, every_problem
from prefill.sandbox.companies import COMPANIES
from prefill.sandbox.model import SandboxCompany
from prefill.tenancy.model import SANDBOX_AGENT_KEY
from prefill.web.context import parts
from prefill.web.rendering.json_writer import write
from prefill.web.routes.catalogue import openapi_document

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
STATIC = Path(__file__).resolve().parents[1] / "static"
IMMUTABLE = "public, max-age=31536000, immutable"
SHORT = "public, max-age=300"
WORTH_PACKING = 1000
COMPRESSIBLE = frozenset({"text/html", "text/css", "text/javascript"})

# The companies that show the most, first; the page keeps the others one click further.
FEATURED = (
    "00000100800010", "00001700400011", "00000300400017", "00001300300017",
    "00000600700017", "00000800300014", "00001600600017", "00001400100010",
)  # fmt: skip

# Those whose proofs are in every state: the agents' page.
PROVEN = (
    "00000100800010", "00002200400014", "00002300200017", "00001300300017", "00000200600021", "00000300400017",
    "00000900100017", "00001900000017",
)  # fmt: skip

routes = Blueprint("pages", __name__)


@dataclass(frozen=True, slots=True)
class Script:
    """A release of the script: its bytes, the version in its address, and what browsers check it by."""

    body: bytes
    version: str
    integrity: str

    @property
    def path(self) -> str:
        return f"/v1/prefill-{self.version}.js"


@cache
def script() -> Script:
    """The script of this release."""
    return _read_script(STATIC / "prefill.js")


@cache
def scripts() -> dict[str, Script]:
    """Every release that pages may still name, by version: this one, and those kept in `static/released`."""
    kept = (_read_script(path) for path in sorted((STATIC / "released").glob("*.js")))
    return {one.version: one for one in (*kept, script())}


def _read_script(path: Path) -> Script:
    body = path.read_bytes()
    digest = hashlib.sha384(body).digest()
    return Script(body, digest.hex()[:12], f"sha384-{base64.b64encode(digest).decode()}")


# -- the routes -------------------------------------------------------------------------------------


@routes.get("/")
def home() -> AnyResponse:
    featured = sorted((one for one in _companies() if one.siret in FEATURED), key=lambda one: FEATURED.index(one.siret))
    others = [one for one in _companies() if one.siret not in FEATURED]
    root, size = request.url_root.rstrip("/"), len(_packed(script().body))
    return _page("home.html", script=script(), size=size, root=root, featured=featured, others=others)


@routes.get("/dossier")
def dossier_page() -> AnyResponse:
    companies = [one for siret in PROVEN for one in _companies() if one.siret == siret]
    return _page("dossier.html", companies=companies, key=SANDBOX_AGENT_KEY if parts().settings.sandbox else "")


@routes.get("/docs")
def docs() -> AnyResponse:
    return _page("docs.html", spec=openapi_document(), problems=every_problem(), companies=_companies())


@routes.get("/v1/prefill.js")
def latest_script() -> AnyResponse:
    """The script, whichever release: for pages that follow the service and check no integrity."""
    return _asset(script().body, "text/javascript", SHORT)


@routes.get("/v1/prefill-<version>.js")
def one_script(version: str) -> AnyResponse:
    if version not in scripts():
        raise NotFound
    return _asset(scripts()[version].body, "text/javascript", IMMUTABLE)


@routes.get("/v1/prefill.js.json")
def script_facts() -> AnyResponse:
    """What a page needs to name this release."""
    one = script()
    sizes = {"bytes": len(one.body), "gzipBytes": len(_packed(one.body))}
    facts = {"path": one.path, "integrity": one.integrity, **sizes}
    return _asset(write(facts).encode(), "application/json", SHORT)


@routes.get("/v1/prefill.css")
def style() -> AnyResponse:
    return _asset((STATIC / "prefill.css").read_bytes(), "text/css", SHORT)


# -- rendering --------------------------------------------------------------------------------------


def _page(template: str, **values: Any) -> AnyResponse:
    sandbox = parts().settings.sandbox
    response = Response(render_template(template, sandbox=sandbox, version=__version__, **values), mimetype="text/html")
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response


def _asset(body: bytes, media: str, keep: str) -> AnyResponse:
    """Give what any page of any site may load: it holds no data, and is checked by its integrity."""
    response = Response(body, mimetype=media)
    response.headers["Cache-Control"] = keep
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.add_etag()
    return response.make_conditional(request)


@routes.after_request
def _pack(response: Response) -> Response:
    """Compress what is worth it; nothing here is secret, so that its size tells nothing."""
    if response.mimetype not in COMPRESSIBLE or response.status_code != 200 or response.content_encoding:
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") > 0 and len(response.get_data()) >= WORTH_PACKING:
        response.set_data(_packed(response.get_data()))
        response.content_encoding = "gzip"
        tag, _ = response.get_etag()
        if tag:
            response.set_etag(tag, weak=True)
    return response


def _packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def _companies() -> tuple[SandboxCompany, ...]:
    return COMPANIES if parts().settings.sandbox else ()
