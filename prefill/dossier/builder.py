"""Builds the dossier of a company: for every row of the tender use case, its state, details and documents.

The figures and dates come from the agents' form `dossier` through the mapping engine; what a state means comes from
the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import jmespath

from prefill.domain.answer_shapes.links import is_outside_link
from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.company import Company
from prefill.domain.identifiers import valid_siren
from prefill.domain.sources import Kind, Sentence, Source
from prefill.dossier.mentions import mentions_of
from prefill.dossier.model import EXPIRES_SOON, Detail, Document, Dossier, Proof
from prefill.dossier.states import REFUSAL_CODES, STATES, State
from prefill.dossier.themes import (
    ANSWERING_SOURCES,
    COMPANY,
    OTHERS,
    PROOFS,
    PUBLIC_SEARCH,
    REPLACEMENTS,
    THEMES,
    Theme,
)
from prefill.dossier.validity import next_deadline, state_on, with_validity
from prefill.forms.filling import FilledForm
from prefill.forms.model import Form

INSEE, RNA = "Insee", "RNA"
TAX_CERTIFICATE = "attestations_fiscales_dgfip"
SHAREHOLDERS = "liens_capitalistiques"
TAX_GROUP_SHARE = 95  # per cent of the capital: CGI, art. 223 A
PARENT: Sentence = {
    "fr": "D'après la déclaration de l'entreprise, {name} (SIREN {siren}) détient {share} % de son capital : si elles forment "
    "un groupe fiscal, demander aussi l'attestation fiscale de cette société mère.",
    "en": "By the company's own return, {name} (SIREN {siren}) holds {share} % of its capital: if they are taxed together, "
    "ask for the parent company's tax certificate too.",
}

Fetchable = Callable[[str], bool]


def build_dossier(
    form: Form,
    filled: FilledForm,
    answers: Mapping[str, Answer],
    siren: str,
    today: date,
    *,
    fetchable: Fetchable = lambda _: True,
) -> Dossier:
    """Build the dossier from a filled form and its answers; a source without an answer yet is late.

    `fetchable` tells the addresses of documents that this service may download.
    """
    pending = {name: Answer(name, Status.LATE) for name in form.sources(frozenset(form.on_demand()))}
    context = ProofContext(form, filled, {**pending, **answers}, siren, today, fetchable)
    themes = (*THEMES, *_other_theme(form))
    return Dossier(
        company=details_of(form, filled, COMPANY),
        themes=tuple((theme, tuple(_proof(CATALOGUE[name], context) for name in theme.sources)) for theme in themes),
        mentions=mentions_of(answers),
    )


def details_of(form: Form, filled: FilledForm, *place: str) -> tuple[Detail, ...]:
    """Return the values under a place of the form, in the form's order, fields added by an integrator included."""
    values = filled.values()
    fields = (field for field in form.fields if field.place[: len(place)] == place and field.path in values)
    return tuple(Detail("/".join(field.place[len(place) :]), field, *values[field.path]) for field in fields)


def documents_of(source: Source, answer: Answer | None, fetchable: Fetchable = lambda _: True) -> tuple[Document, ...]:
    """Return the files that an answer names, in its order; a file without an address keeps its number.

    A file on a third party's host is an outside link where the catalogue says that this source has such files; one whose
    address is not fit for a link is left out.
    """
    if answer is None or not answer.ok or source.documents is None:
        return ()
    rows = jmespath.search(source.documents, answer.data) or []
    found = (_document(source, rank, row, fetchable) for rank, row in enumerate(rows, start=1))
    return tuple(document for document in found if document is not None)


def _document(source: Source, rank: int, row: Any, fetchable: Fetchable) -> Document | None:
    url, title = _link(row)
    outside = source.outside_documents and not fetchable(url)
    if not url or (outside and not is_outside_link(url)):
        return None
    return Document(source.name, rank, title or source.title, url, outside)


def _link(row: Any) -> tuple[str, str]:
    """Return the address and the title of a file; empty when there is none."""
    url, title = (row.get("url"), row.get("title")) if isinstance(row, Mapping) else (row, None)
    return url if isinstance(url, str) else "", " ".join(title.split()) if isinstance(title, str) else ""


@dataclass(frozen=True, slots=True)
class ProofContext:
    """All that a proof is built from."""

    form: Form
    filled: FilledForm
    answers: Mapping[str, Answer]
    siren: str
    today: date
    fetchable: Fetchable

    @property
    def company(self) -> Company | None:
        """The company as the establishment's answer describes it."""
        answer = self.answers.get("etablissements")
        known = self.siren and answer is not None and answer.ok
        return Company.read(answer.data, today=self.today) if known and answer else None


def _other_theme(form: Form) -> Iterator[Theme]:
    """Yield a theme for the sources that an integrator's form adds."""
    placed = {name for theme in THEMES for name in theme.sources}
    named = dict.fromkeys(field.place[1] for field in form.fields if field.place[0] == PROOFS and len(field.place) > 2)
    others = tuple(name for name in named if name in CATALOGUE and name not in placed)
    if others:
        yield Theme("others", OTHERS, others)


def _proof(source: Source, context: ProofContext) -> Proof:
    details = details_of(context.form, context.filled, PROOFS, source.name)
    answer = _answer_for(source, context.answers)
    documents = documents_of(source, answer, context.fetchable)
    until = next_deadline(details, context.today)
    state = state_on(_state(source, details, documents, answer, context), details, until, context.today)
    return Proof(
        source=source,
        state=state,
        details=tuple(with_validity(detail, context.today) for detail in details if detail.name != "state"),
        answer=answer,
        valid_until=until,
        expires_soon=bool(until and context.today <= until <= context.today + EXPIRES_SOON),
        documents=documents,
        link=_public_search(source, context.siren),
        activity=_unlikely_activity(source, context.company) if state is State.NOT_QUERIED else None,
        cautions=tuple(_cautions(source, answer, context.answers)),
        replacements=tuple(_proof(CATALOGUE[name], context) for name in REPLACEMENTS.get(source.name, ())),
    )


def _public_search(source: Source, siren: str) -> str | None:
    return PUBLIC_SEARCH.format(siren=siren) if siren and source.name == "extraits_courts_inpi" else None


def _answer_for(source: Source, answers: Mapping[str, Answer]) -> Answer | None:
    """Choose among the calls that answer a row: the first that succeeded, else the first."""
    names = ANSWERING_SOURCES.get(source.name, (source.name,))
    found = [_own(source, answers[name]) for name in names if name in answers]
    return next((answer for answer in found if answer.ok), found[0] if found else None)


def _own(source: Source, answer: Answer) -> Answer:
    """The Insee's own answer, where another is read in its place: the RNA of who has no SIREN, or the open directory."""
    if source.producer == INSEE and CATALOGUE[answer.source].producer == RNA:
        return Answer(source.name, Status.NOT_APPLICABLE, cause=Cause.WITHOUT_NUMBER)
    return answer.stand_in.replaced if answer.stand_in and answer.stand_in.replaced else answer


def _state(
    source: Source,
    details: tuple[Detail, ...],
    documents: tuple[Document, ...],
    answer: Answer | None,
    context: ProofContext,
) -> State:
    if not source.tenders:
        return State.NEVER_QUERIED
    if source.withdrawn:
        return State.WITHDRAWN
    if answer is None:
        return State.NOT_ASKED
    if not answer.ok:
        return _state_without_data(source, answer)
    if source.proof and not details and not documents:
        return State.TO_CHECK if _is_unread(source, context) else _state_of_absence(source)
    return _stated(source, details, answer, context.form)


def _is_unread(source: Source, context: ProofContext) -> bool:
    """Whether an answer is not empty, though nothing was read in it: of another type, or with a status that is not known."""
    mistyped = any(mismatch.source == source.name for mismatch in context.filled.mismatches)
    return mistyped or (source.kind is Kind.JSON and _seeks_state(source, context.form))


def _seeks_state(source: Source, form: Form) -> bool:
    return any(field.place == (PROOFS, source.name, "state") for field in form.fields)


def _state_without_data(source: Source, answer: Answer) -> State:
    if answer.code in source.under_review:
        return State.UNDER_REVIEW
    if answer.code in REFUSAL_CODES:
        return State.REFUSED
    if answer.cause is Cause.WITHOUT_NUMBER:
        return State.NOT_QUERIED
    return _state_of_absence(source) if answer.status is Status.ABSENT else STATES[answer.status]


def _state_of_absence(source: Source) -> State:
    """Tell a certificate that is due on request and was not delivered from a register that lists whom it knows."""
    proof = source.proof
    if proof and (proof.delivered_only_if_in_order or (source.kind is Kind.DOCUMENTS and not source.open)):
        return State.NOT_DELIVERED
    return State.OUT_OF_SCOPE


def _stated(source: Source, details: tuple[Detail, ...], answer: Answer, form: Form) -> State:
    """Return the state that the form reads in the answer; where it looks for one and finds none, it is to be checked."""
    stated = next((detail.value for detail in details if detail.name == "state"), None)
    if isinstance(stated, str) and stated in State.__members__.values():
        return State(stated)
    return State.TO_CHECK if _seeks_state(source, form) or answer.meta.get("extractor_error") else State.AVAILABLE


def _unlikely_activity(source: Source, company: Company | None) -> str | None:
    if company is None or company.activity is None or source.likely(company) is not False:
        return None
    return company.activity


def _cautions(source: Source, answer: Answer | None, answers: Mapping[str, Answer]) -> Iterator[Sentence]:
    """Yield what a reader of an answered proof could wrongly conclude."""
    if answer is None or not (answer.ok or answer.status is Status.ABSENT):
        return
    if source.proof and source.proof.caution:
        yield source.proof.caution
    if source.name == TAX_CERTIFICATE:
        yield from _parents(answers.get(SHAREHOLDERS))


def _parents(answer: Answer | None) -> Iterator[Sentence]:
    """Yield a sentence for each company that declares to hold enough of the capital to form a tax group."""
    capital = answer.data.get("capital") if answer is not None and answer.ok else None
    shareholders = capital.get("actionnaires") if isinstance(capital, Mapping) else None
    for shareholder in shareholders if isinstance(shareholders, list) else ():
        if not isinstance(shareholder, Mapping):
            continue
        share, firm = shareholder.get("pourcentage"), shareholder.get("personne_morale_attributes")
        if (
            isinstance(share, int | float)
            and share >= TAX_GROUP_SHARE
            and isinstance(firm, Mapping)
            and firm.get("denomination")
        ):
            values = {"name": firm["denomination"], "siren": _declared_siren(firm), "share": f"{share:g}"}
            yield {language: text.format(**values) for language, text in PARENT.items()}


def _declared_siren(firm: Mapping[str, Any]) -> str:
    """Write the SIREN that a company declares of another, where it can be one: returns hold 99999999 and « NS » too."""
    declared = firm.get("siren")
    return declared if isinstance(declared, str) and valid_siren(declared) else "—"
