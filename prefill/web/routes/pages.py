"""The pages a person opens, the demonstration and the documentation, and the script that forms paste."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from prefill.problems import NotFound, every_problem
from prefill.sandbox.model import SandboxCompany
from prefill.tenancy.model import SANDBOX_AGENT_KEY
from prefill.web.context import app_context
from prefill.web.middleware.encodings import compress_once
from prefill.web.openapi.operations import describe
from prefill.web.openapi.parameters import parameter
from prefill.web.openapi.texts import text
from prefill.web.page import render_page
from prefill.web.params import check_page_limit
from prefill.web.rendering.json_writer import to_json
from prefill.web.routes.catalogue import openapi_document
from prefill.web.widget_releases import STATIC, current_module, current_script, examples, releases

IMMUTABLE = "public, max-age=31536000, immutable"
SHORT = "public, max-age=300"
EXAMPLE_SERVICE = "https://prefill.exemple.fr"
# What each form to copy is for.
EXAMPLES = {
    "plain.html": "HTML, groupement", "dsfr.html": "DSFR", "bootstrap.html": "Bootstrap", "jquery.html": "jQuery",
    "react.jsx": "React", "vue.vue": "Vue", "angular.ts": "Angular", "svelte.svelte": "Svelte", "element.html": "Lit, Shoelace",
}  # fmt: skip

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

RELEASE = parameter(
    "name",
    "path",
    text("Une version ou une empreinte, avec l'extension.", "A version or a hash, with its extension."),
    "0.1.0.js",
)
SCRIPT = text("Le script.", "The script.")
SCRIPT_TYPE = "text/javascript"
TEXT = {"type": "string"}

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> AnyResponse:
    featured = sorted((one for one in _companies() if one.siret in FEATURED), key=lambda one: FEATURED.index(one.siret))
    others = [one for one in _companies() if one.siret not in FEATURED]
    script = current_script()
    root, size = request.url_root.rstrip("/"), len(compress_once(script.body, "br"))
    return render_page(
        "home.html", script=script, size=size, root=root, featured=featured, others=others, examples=EXAMPLES
    )


@blueprint.get("/dossier")
def dossier_page() -> AnyResponse:
    companies = [one for siret in PROVEN for one in _companies() if one.siret == siret]
    return render_page(
        "dossier.html", companies=companies, key=SANDBOX_AGENT_KEY if app_context().settings.sandbox else ""
    )


@blueprint.get("/dossiers")
def procedure_page() -> AnyResponse:
    companies = [one for siret in PROVEN for one in _companies() if one.siret == siret]
    return render_page(
        "dossiers.html", companies=companies, key=SANDBOX_AGENT_KEY if app_context().settings.sandbox else ""
    )


@blueprint.get("/docs")
def docs() -> AnyResponse:
    return render_page(
        "docs.html", spec=openapi_document("fr"), problems=every_problem(), companies=_companies(), examples=EXAMPLES
    )


@blueprint.get("/docs/examples/<name>")
def example(name: str) -> AnyResponse:
    """A form to copy, as text: it names this service."""
    check_page_limit()
    text = examples().get(name)
    if text is None:
        raise NotFound
    response = Response(text.replace(EXAMPLE_SERVICE, request.url_root.rstrip("/")), mimetype="text/plain")
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    return response.make_conditional(request)


@blueprint.get("/v1/prefill.js")
@describe(
    "scriptLatest", text("Donner le script de formulaire", "Give the form script"), SCRIPT, TEXT, media=SCRIPT_TYPE
)
def latest_script() -> AnyResponse:
    """The script, whichever release: for pages that follow the service and check no integrity."""
    return _asset(current_script().body, "text/javascript", SHORT)


@blueprint.get("/v1/prefill.mjs")
@describe(
    "moduleLatest",
    text("Donner le script de formulaire en module", "Give the form script as a module"),
    text("Le module.", "The module."),
    TEXT,
    media=SCRIPT_TYPE,
)
def latest_module() -> AnyResponse:
    """The ES module, whichever release."""
    return _asset(current_module().body, "text/javascript", SHORT)


@blueprint.get("/v1/prefill@<name>")
@describe(
    "scriptByVersion",
    text("Donner une version du script", "Give a release of the script by its version"),
    SCRIPT,
    TEXT,
    (RELEASE,),
    media=SCRIPT_TYPE,
    problems=("not_found",),
)
def versioned_script(name: str) -> AnyResponse:
    """A release by its version; one that is not published may change, and is kept for a moment only."""
    return _released(f"prefill@{name}")


@blueprint.get("/v1/prefill-<name>")
@describe(
    "scriptByContent",
    text("Donner une version du script par son empreinte", "Give a release of the script by its content"),
    SCRIPT,
    TEXT,
    (RELEASE,),
    media=SCRIPT_TYPE,
    problems=("not_found",),
)
def script_by_content(name: str) -> AnyResponse:
    """A release by its content."""
    return _released(f"prefill-{name}")


def _released(name: str) -> AnyResponse:
    file = releases().get(name)
    if file is None:
        raise NotFound
    fixed = file.published or name == file.content_path.rpartition("/")[2]
    return _asset(file.body, "text/javascript", IMMUTABLE if fixed else SHORT)


@blueprint.get("/v1/prefill.js.json")
@describe(
    "script",
    text("Nommer la version du script de formulaire", "Name the release of the form script"),
    text("Chemin, version, empreinte.", "Path, version, integrity."),
)
def script_facts() -> AnyResponse:
    """What a page needs to name this release."""
    script, module = current_script(), current_module()
    packed = {f"{encoding}Bytes": len(compress_once(script.body, encoding)) for encoding in ("br", "gzip")}
    sizes = {"bytes": len(script.body), **packed}
    facts = {
        "version": script.version,
        "path": script.path,
        "integrity": script.integrity,
        **sizes,
        "module": {"path": module.path, "integrity": module.integrity},
    }
    return _asset(to_json(facts).encode(), "application/json", SHORT)


@blueprint.get("/v1/prefill.css")
@describe(
    "style",
    text("Donner le style du script de formulaire", "Give the style of the form script"),
    text("La feuille de style.", "The style sheet."),
    TEXT,
    media="text/css",
)
def style() -> AnyResponse:
    return _asset((STATIC / "prefill.css").read_bytes(), "text/css", SHORT)


def _asset(body: bytes, media: str, keep: str) -> AnyResponse:
    """Give what any page of any site may load: it holds no data, and is checked by its integrity."""
    response = Response(body, mimetype=media)
    response.headers["Cache-Control"] = keep
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.add_etag()
    return response.make_conditional(request)


def _companies() -> tuple[SandboxCompany, ...]:
    if not app_context().settings.sandbox:
        return ()
    from prefill.sandbox.companies import COMPANIES  # production starts without it

    return COMPANIES
