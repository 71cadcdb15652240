"""The request of an agent: authenticated, then read."""

from __future__ import annotations

from flask import g, request

from prefill.domain.permissions import Caller, Scope, require_scope
from prefill.dossier.themes import ON_REQUEST
from prefill.forms.model import Form
from prefill.prefilling.service import Request
from prefill.problems import ParameterInvalid
from prefill.web.agents.session import session_agent
from prefill.web.context import app_context, current_caller, current_forms
from prefill.web.openapi.parameters import parameter
from prefill.web.openapi.texts import text
from prefill.web.params import find_form, read_entry

FORM = "dossier"
MAX_PROCEDURE = 49  # characters, by API Entreprise's rule
MAX_RANK = 9999
FLAGS = {"": False, "0": False, "1": True}

PROCEDURE = parameter(
    "object",
    "query",
    text(
        "La procédure, transmise aux registres et écrite dans la trace des accès.",
        "The procedure, sent to the registers and written in the audit trail.",
    ),
    "2026-TRX-014",
    required=True,
    minLength=1,
    maxLength=MAX_PROCEDURE,
)
INAPPLICABLE = parameter(
    "all",
    "query",
    text(
        "1 demande aussi les sources qui ne concernent pas ce type d'entreprise.",
        "1 also asks the sources that do not concern such a company.",
    ),
    enum=["0", "1"],
)
EXTRA = parameter(
    "with",
    "query",
    text(
        "Les sources à interroger bien qu'elles ne le soient pas par défaut, séparées par des virgules.",
        "Sources to query although they are not by default, separated by commas.",
    ),
    "cotisations_msa",
)
FIRST = parameter(
    "from",
    "query",
    text(
        "Le rang du premier document à réunir : une archive tient ce que permet le quota de téléchargements, et son "
        "en-tête « Link » (rel=next) est l'adresse de la suivante.",
        "The rank of the first document to pack: an archive holds what the quota of downloads allows, and its header "
        "`Link` (rel=next) is the address of the next.",
    ),
    type="integer",
    minimum=1,
)


SCHEMA = parameter(
    "schema",
    "query",
    text(
        "Un formulaire d'agents, en place du dossier : la réponse est alors celle d'un préremplissage.",
        "A form for agents in place of the dossier: the answer is then a prefill's.",
    ),
    FORM,
)


def read_agent_request(number: str, *scopes: Scope, own_forms: bool = False, form: Form | None = None) -> Request:
    """Authenticate the agent, check its scopes, then parse the request; `own_forms` lets it name a form."""
    agent = authenticated_agent(*scopes)
    name = request.args.get("schema", FORM) if own_forms else FORM
    if form is None:
        form = current_forms().forms[FORM] if name == FORM else find_form(name, agent)
    asked = Request(
        read_entry(number),
        form,
        agent,
        frozenset(form.on_demand()),
        _procedure(request.args.get("object", "")),
        _flag("all"),
        on_request=ON_REQUEST,
        named=_sources("with", form),
    )
    g.company = app_context().rate_limiter.name(asked.number)
    return asked


def request_of_agent(number: str, procedure: object, *scopes: Scope) -> Request:
    """Make the request of a dossier whose number and procedure are in the body, after the same checks."""
    agent = authenticated_agent(*scopes)
    form = current_forms().forms[FORM]
    return Request(
        read_entry(number),
        form,
        agent,
        frozenset(form.on_demand()),
        _procedure(procedure if isinstance(procedure, str) else ""),
        on_request=ON_REQUEST,
    )


def authenticated_agent(*scopes: Scope) -> Caller:
    """Return the authenticated agent; without credentials nothing is revealed, not even which buyers exist."""
    agent = current_caller() if "Authorization" in request.headers else session_agent()
    for scope in scopes:
        require_scope(agent, scope)
    return agent


def _procedure(written: str) -> str:
    """Parse the procedure (parameter `object`), sent to the registers and written in the audit trail."""
    text = written.strip()
    if not text:
        raise _invalid(
            "object", "indiquez la procédure (par exemple 2026-TRX-014).", "say which procedure (2026-TRX-014)."
        )
    if len(text) > MAX_PROCEDURE or not text.isprintable():
        raise _invalid(
            "object",
            "il doit faire moins de 50 caractères, sans caractère de contrôle.",
            "it must have less than 50 characters and no control character.",
        )
    return text


def _flag(name: str) -> bool:
    text = request.args.get(name, "")
    if text not in FLAGS:
        raise _invalid(name, "il attend 0 ou 1.", "it takes 0 or 1.")
    return FLAGS[text]


def _sources(name: str, form: Form) -> frozenset[str]:
    """Parse a list of sources of the form."""
    named = frozenset(text.strip() for text in request.args.get(name, "").split(",") if text.strip())
    known = form.sources(frozenset(form.on_demand()))
    unknown = sorted(named.difference(known))
    if unknown:
        raise _invalid(
            name,
            f"le dossier n'a pas de source « {unknown[0][:50]} » : elles sont {', '.join(sorted(known))}.",
            f"the dossier has no source “{unknown[0][:50]}”: they are {', '.join(sorted(known))}.",
        )
    return named


def read_rank(name: str) -> int:
    text = request.args.get(name, "1")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MAX_RANK):
        raise _invalid(name, "il attend le rang d'un document, à partir de 1.", "it takes a document's rank, from 1.")
    return int(text)


def _invalid(name: str, why: str, why_en: str) -> ParameterInvalid:
    return ParameterInvalid(name=name, why=why, why_en=why_en)
