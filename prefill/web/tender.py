"""The companies of one tender, as the body of a request names them: read, checked, filled together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from prefill.domain.company import Role
from prefill.domain.permissions import Caller
from prefill.forms.model import Form
from prefill.prefilling.batch import prefill_all
from prefill.prefilling.service import Prefill, Request
from prefill.problems import ParameterInvalid, Problem
from prefill.web.context import candidate_service
from prefill.web.params import (
    DEFAULT_FORM,
    candidate_requester,
    check_rate_limit,
    current_candidate,
    find_form,
    narrow_form,
    read_entry,
    read_extra_sources,
    read_json,
    read_role,
)

MAX_COMPANIES = 20
MAX_BODY = 256 * 1024  # bytes
MAX_NUMBER = 40  # characters of a number as people write it
PRINCIPALS = (Role.SOLE_TENDERER, Role.GROUP_LEAD)
from prefill.web.openapi.texts import described


class CompanySchema(Schema):
    """One company of a tender."""

    class Meta:
        unknown = EXCLUDE

    siret = fields.String(
        required=True,
        validate=validate.Length(1, MAX_NUMBER),
        metadata=described(
            "Un SIRET ou un SIREN, comme on l'écrit.", "SIRET or SIREN, as people write it.", example="55204944776279"
        ),
    )
    role = fields.Enum(
        Role,
        by_value=True,
        metadata=described(
            "Obligatoire dès qu'il y a deux entreprises.", "Required as soon as there are two companies."
        ),
    )
    values = fields.Dict(
        keys=fields.String(),
        load_default=dict,
        metadata=described(
            "Pour les documents : ce que le candidat a saisi, par chemin de champ.",
            "For documents: what the candidate typed, by the path of the field.",
        ),
    )


class TenderSchema(Schema):
    """The companies of one tender, and the form to fill for each."""

    class Meta:
        unknown = EXCLUDE

    schema = fields.String(
        load_default=DEFAULT_FORM, metadata=described("Le formulaire à remplir.", "The form to fill.", example="dc1")
    )
    companies = fields.List(
        fields.Nested(CompanySchema), required=True, validate=validate.Length(1, MAX_COMPANIES),
        metadata=described("Un seul candidat individuel ou mandataire au plus.", "One sole tenderer or leader of a group at most."),
    )  # fmt: skip
    fields_ = fields.List(fields.String(), data_key="fields", load_default=list)
    with_ = fields.List(fields.String(), data_key="with", load_default=list)


class TypedDocumentSchema(Schema):
    """What a candidate adds to the document of one company."""

    class Meta:
        unknown = EXCLUDE

    role = fields.Enum(Role, by_value=True, load_default=Role.SOLE_TENDERER)
    values = fields.Dict(
        keys=fields.String(),
        load_default=dict,
        metadata=described("Ce qui a été saisi, par chemin de champ.", "What was typed, by the path of the field."),
    )


@dataclass(frozen=True, slots=True)
class TenderCompany:
    """A company as it was typed, with its role and what the candidate typed of it."""

    siret: str
    role: Role
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tender:
    """The form and the companies; `fields` and `extra` as in a request for one company."""

    form: Form
    caller: Caller
    companies: tuple[TenderCompany, ...]
    fields: frozenset[str] = frozenset()
    extra: frozenset[str] = frozenset()


def read_tender(form: str | None = None) -> Tender:
    """Read the body of the current request; `form` is named by the address of a document."""
    caller = current_candidate()
    body = _load(TenderSchema(), "companies")
    found = find_form(form or body["schema"], caller)
    companies = tuple(_companies(body["companies"]))
    _check_roles(companies)
    names = frozenset(body["fields_"])
    narrow_form(found, names)  # so that a name which means nothing is told once
    return Tender(found, caller, companies, names, read_extra_sources(found, caller, frozenset(body["with_"])))


def read_company(form: str, number: str) -> Tender:
    """Read what the current request says of one company: its role, and what was typed of it (POST)."""
    caller = current_candidate()
    if request.method == "POST":
        body = _load(TypedDocumentSchema(), "values")
        company = TenderCompany(number, body["role"], body["values"])
    else:
        company = TenderCompany(number, read_role(request.args.get("role")))
    return Tender(find_form(form, caller), caller, (company,))


def _load(schema: Schema, member: str) -> dict[str, Any]:
    body = read_json(MAX_BODY)
    if not isinstance(body, dict):
        raise _invalid(
            member,
            f"envoyez un objet JSON avec le membre « {member} »",
            f"send a JSON object with the member “{member}”",
        )
    try:
        loaded: dict[str, Any] = schema.load(body)
    except ValidationError as error:
        name = next(_names(error.messages_dict))
        raise _invalid(
            name, f"absent, d'un autre type ou hors des valeurs possibles ({MAX_COMPANIES} entreprises au plus)",
            f"missing, of another type, or not among the possible values ({MAX_COMPANIES} companies at most)",
        ) from None  # fmt: skip
    return loaded


def _names(messages: Any, place: str = "") -> Iterator[str]:
    """Write the places of marshmallow's messages: `companies[1].role`."""
    if not isinstance(messages, Mapping):
        yield place
        return
    for key, inner in messages.items():
        step = f"[{key}]" if isinstance(key, int) else f".{key}" if place else str(key)
        yield from _names(inner, place + step)


def _companies(rows: Sequence[Mapping[str, Any]]) -> Iterator[TenderCompany]:
    for place, row in enumerate(rows):
        role = row.get("role") or (Role.SOLE_TENDERER if len(rows) == 1 else None)
        if role is None:
            raise _invalid(
                f"companies[{place}].role",
                "à donner dès qu'il y a deux entreprises",
                "required as soon as there are two companies",
            )
        yield TenderCompany(row["siret"], role, row["values"])


def _check_roles(companies: Sequence[TenderCompany]) -> None:
    roles = Counter(company.role for company in companies)
    if sum(roles[role] for role in PRINCIPALS) > 1 or (roles[Role.GROUP_MEMBER] and roles[Role.SOLE_TENDERER]):
        raise _invalid(
            "companies",
            "un candidat individuel est seul, un groupement a un seul mandataire",
            "a sole tenderer stands alone, a group has one leader",
        )
    typed = Counter("".join(filter(str.isalnum, company.siret)) for company in companies)
    twice = next((number for number, count in typed.items() if count > 1), None)
    if twice:
        raise _invalid("companies", "le même numéro y figure deux fois", "the same number stands there twice")


def prefill_tender(tender: Tender, *, costly: bool = False) -> list[Prefill | Problem]:
    """Fill the form of each company, all together; a company that cannot be asked for has its problem.

    What is `costly` to answer counts as if nothing were cached.
    """
    asked = [_request_or_problem(tender, company) for company in tender.companies]
    requests = [one for one in asked if isinstance(one, Request)]
    _limit(requests, costly=costly)
    outcomes = iter(prefill_all(candidate_service(), requests))
    return [next(outcomes) if isinstance(one, Request) else one for one in asked]


def _request_or_problem(tender: Tender, company: TenderCompany) -> Request | Problem:
    try:
        number = read_entry(company.siret)
    except Problem as problem:
        return problem
    form = _narrowed(tender.form.for_role(company.role), tender.fields)
    return Request(number, form, tender.caller, tender.extra, requester=candidate_requester())


def _narrowed(form: Form, names: frozenset[str]) -> Form:
    """Keep the fields that the names mean; a name may mean the fields of another role alone."""
    known = frozenset(name for name in names if any(part.means(name) for part in form.fields))
    return form.only(known) if names else form


def _limit(requests: Sequence[Request], *, costly: bool) -> None:
    """Count each company, as if it had been asked for alone."""
    held = 0 if costly else sum(candidate_service().holds(one) for one in requests)
    for cached, count in ((False, len(requests) - held), (True, held)):
        if count:
            check_rate_limit(cached=cached, companies=count)


def _invalid(name: str, why: str, why_en: str) -> ParameterInvalid:
    return ParameterInvalid(name=name, why=f"{why}.", why_en=f"{why_en}.")
