"""The notice to candidates (GDPR, articles 13 and 14): who asks, for whom, which registers, how long, which rights."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prefill.domain.catalogue import CATALOGUE, OPEN_DIRECTORY
from prefill.domain.identifiers import spaced
from prefill.domain.permissions import Audience
from prefill.domain.sources import DAY, HOUR, Fix, Source
from prefill.forms.model import Form
from prefill.privacy import sentences
from prefill.problems import Language
from prefill.tenancy.model import Tenant

LANGUAGES: tuple[Language, ...] = ("fr", "en")
VERSION_BYTES = 8


@dataclass(frozen=True, slots=True)
class Register:
    """What a form queries at one producer.

    Attributes:
        producer: the institution.
        sources: its endpoints, by their names in the catalogue.
        titles: what they are called.
        labels: the fields of the form that they may fill, by language.
        on_demand: whether it is queried only when the candidate asks for it.
        fix: where the company can have it corrected.
    """

    producer: str
    sources: tuple[str, ...]
    titles: tuple[str, ...]
    labels: Mapping[Language, tuple[str, ...]]
    on_demand: bool
    fix: Fix | None


@dataclass(frozen=True, slots=True)
class PrivacyNotice:
    """The notice of one buyer and one form, in one language.

    Attributes:
        version: a digest of what the notice says in every language: consent to one is not consent to another.
        title: its heading.
        text: its paragraphs.
        consent: whether a page waits for the candidate's consent.
        tenant: the buyer, as far as the operator described it.
        form: the form.
        registers: what is queried.
        cache_seconds: for how long the service may keep an answer.
    """

    version: str
    title: str
    text: tuple[str, ...]
    consent: bool
    tenant: Tenant
    form: Form
    registers: tuple[Register, ...]
    cache_seconds: int


def protected_producers(forms: Iterable[Form]) -> tuple[str, ...]:
    """Name the producers of protected data that agents' forms read."""
    sources = (CATALOGUE[name] for form in forms if form.audience is Audience.AGENT for name in _every_source(form))
    return tuple(dict.fromkeys(source.producer for source in sources if not source.open))


def build_notice(
    tenant: Tenant,
    form: Form,
    language: Language,
    *,
    protected: tuple[str, ...],
    sandbox: bool,
    search: bool = False,
    open_only: bool = False,
) -> PrivacyNotice:
    """Write the notice. `protected` are the producers that agents may query, where the buyer has agents.

    `search`: names are searched in the open directory. `open_only`: no other register is queried.
    """
    registers = () if open_only else tuple(_registers(form))
    sources = (OPEN_DIRECTORY.name,) if open_only else _every_source(form)
    seconds = max((CATALOGUE[name].fresh + CATALOGUE[name].keep for name in sources), default=0)
    producers = protected if tenant.has_agents else ()
    paragraphs = {
        language: _paragraphs(
            tenant, registers, seconds, producers, language, sandbox=sandbox, search=search, open_only=open_only
        )
        for language in LANGUAGES
    }
    return PrivacyNotice(
        version=_digest([tenant.information.consent, sentences.TITLE, paragraphs]),
        title=sentences.TITLE[language],
        text=paragraphs[language],
        consent=tenant.information.consent,
        tenant=tenant,
        form=form,
        registers=registers,
        cache_seconds=seconds,
    )


def _every_source(form: Form) -> tuple[str, ...]:
    return (*form.sources(), *form.on_demand())


def _registers(form: Form) -> Iterator[Register]:
    for names, on_demand in ((form.sources(), False), (form.on_demand(), True)):
        by_producer: dict[str, list[Source]] = {}
        for name in names:
            by_producer.setdefault(CATALOGUE[name].producer, []).append(CATALOGUE[name])
        for producer, sources in by_producer.items():
            yield _register(form, producer, sources, on_demand=on_demand)


def _register(form: Form, producer: str, sources: list[Source], *, on_demand: bool) -> Register:
    names = tuple(source.name for source in sources)
    read = [field for field in form.fields if any(value_source.source in names for value_source in field.origins)]
    labels = {language: tuple(dict.fromkeys(field.label_in(language) for field in read)) for language in LANGUAGES}
    return Register(
        producer,
        names,
        tuple(source.title for source in sources),
        labels,
        on_demand,
        next((source.fix for source in sources if source.fix), None),
    )


def _paragraphs(
    tenant: Tenant,
    registers: tuple[Register, ...],
    seconds: int,
    protected: tuple[str, ...],
    language: Language,
    *,
    sandbox: bool,
    search: bool,
    open_only: bool,
) -> tuple[str, ...]:
    months = tenant.information.retention_months
    kept = sentences.RETENTION[language].format(cache=duration(seconds, language)) if registers or open_only else ""
    who = sentences.WHO_OPEN if open_only else sentences.WHO
    paragraphs = (
        sentences.SANDBOX[language] if sandbox else "",
        who[language].format(controller=controller(tenant, language)),
        _queried(registers, language),
        _searched(language, open_only=open_only) if search else "",
        kept + (sentences.BUYER_RETENTION[language].format(months=months) if months else ""),
        sentences.AGENTS[language].format(producers=", ".join(protected)) if protected else "",
        sentences.RIGHTS[language].format(contacts=_contacts(tenant, language)),
        sentences.MANUAL[language],
    )
    return tuple(filter(None, paragraphs))


def _queried(registers: tuple[Register, ...], language: Language) -> str:
    wordings = ((sentences.REGISTERS, False), (sentences.ON_DEMAND, True))
    listed = ((wording, [reg for reg in registers if reg.on_demand is on_demand]) for wording, on_demand in wordings)
    return " ".join(wording[language].format(registers=_listed(found)) for wording, found in listed if found)


def _searched(language: Language, *, open_only: bool) -> str:
    return sentences.SEARCH[language] + ("" if open_only else sentences.FALLBACK[language])


def controller(tenant: Tenant, language: Language) -> str:
    """Name the controller, by its number where nobody gave its name."""
    name = tenant.information.controller or tenant.name
    if not name and not tenant.recipient:
        return sentences.UNNAMED_OPERATOR[language]
    return name or sentences.UNNAMED_BUYER[language].format(recipient=spaced(tenant.recipient))


def _listed(registers: Iterable[Register]) -> str:
    return ", ".join(f"{register.producer} ({', '.join(register.titles)})" for register in registers)


def _contacts(tenant: Tenant, language: Language) -> str:
    given = [
        sentence[language].format(value=getattr(tenant.information, name))
        for name, sentence in sentences.CONTACT.items()
        if getattr(tenant.information, name)
    ]
    return f" ({' ; '.join(given)})" if given else ""


def duration(seconds: int, language: Language) -> str:
    """Say a duration in hours, or in days from two days on, rounded up.

    >>> duration(46800, "fr"), duration(345600, "en")
    ('13 heures', '4 days')
    """
    unit, words = (DAY, sentences.DAYS) if seconds >= 2 * DAY else (HOUR, sentences.HOURS)
    count = math.ceil(seconds / unit)
    return words[language].format(count=count, plural="s" if count > 1 else "")


def _digest(content: Any) -> str:
    text = json.dumps(content, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=VERSION_BYTES).hexdigest()
