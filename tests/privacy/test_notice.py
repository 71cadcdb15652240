"""The notice to candidates: what it says of the buyer, the form and the registers, and when its version changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prefill.assembly import read_forms
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.permissions import Audience
from prefill.privacy.notice import LANGUAGES, PrivacyNotice, build_notice, protected_producers
from prefill.settings import Settings
from prefill.tenancy.information import FACTS, Information
from prefill.tenancy.model import Tenant, sandbox_tenant

BUYER = "21690123100011"
FORMS = read_forms(Settings()).forms
INFORMATION = Information(
    controller="Ville de Lyon",
    contact="marches@lyon.example",
    dpo="dpo@lyon.example",
    privacy_url="https://lyon.example/donnees",
    retention_months=60,
)
LYON = Tenant("lyon", "Ville de Lyon", BUYER, "jeton", "Test", "Test", information=INFORMATION)
WITH_AGENTS = replace(LYON, keys=sandbox_tenant(Settings(), BUYER).keys)
CANDIDATES = [form for form in FORMS.values() if form.audience is Audience.CANDIDATE]
PROTECTED = protected_producers(FORMS.values())


def notice(tenant: Tenant = LYON, language: str = "fr", form: str = "dume", *, sandbox: bool = False) -> PrivacyNotice:
    return build_notice(tenant, FORMS[form], language, protected=PROTECTED, sandbox=sandbox)


def text(*arguments, **options) -> str:
    return "\n".join(notice(*arguments, **options).text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_who_asks_which_registers_how_long_and_where_rights_are_exercised(language):
    said = text(language=language)

    for fact in ("Ville de Lyon", "Insee", "Infogreffe", "60", "marches@lyon.example", "dpo@lyon.example", "CNIL"):
        assert fact in said
    assert INFORMATION.privacy_url in said


@pytest.mark.parametrize("form", CANDIDATES, ids=lambda form: form.id)
def test_it_names_every_register_that_the_form_may_query_and_the_fields_it_may_fill(form):
    registers = notice(form=form.id).registers
    named = {source: register for register in registers for source in register.sources}

    assert set(named) == {*form.sources(), *form.on_demand()}
    for field in form.fields:
        for value_source in field.origins:
            assert field.label in named[value_source.source].labels["fr"]
    assert {source for source, register in named.items() if register.on_demand} == set(form.on_demand())


def test_a_buyer_who_is_not_described_is_named_by_its_number():
    anonymous = replace(LYON, name="", information=Information())

    assert "SIRET 216 901 231 00011" in text(anonymous)
    assert anonymous.information.lacking() == tuple(FACTS)


def test_agents_are_announced_where_the_buyer_has_some_and_only_there():
    assert "DGFIP, GIP-MDS, Urssaf" in text(WITH_AGENTS)
    assert "Urssaf" not in text()


def test_protected_producers_are_those_of_agents_forms():
    assert set(PROTECTED) == {
        CATALOGUE[name].producer
        for name in (*FORMS["dossier"].sources(), *FORMS["dossier"].on_demand())
        if not CATALOGUE[name].open
    }


def test_the_sandbox_says_that_all_is_invented():
    assert "inventées" in text(sandbox=True)
    assert "inventées" not in text()


def test_the_longest_time_in_cache_is_announced():
    form = FORMS["dume"]
    longest = max(CATALOGUE[name].fresh + CATALOGUE[name].keep for name in (*form.sources(), *form.on_demand()))

    assert notice().cache_seconds == longest


def test_both_languages_have_the_same_version():
    assert notice(language="fr").version == notice(language="en").version


@pytest.mark.parametrize(
    "change",
    [
        {"dpo": "autre@lyon.example"},
        {"controller": "Métropole de Lyon"},
        {"retention_months": 12},
        {"consent": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_content_is_another_version(change):
    assert notice(replace(LYON, information=replace(INFORMATION, **change))).version != notice().version


def test_the_version_follows_what_the_form_queries():
    form = FORMS["dume"]
    first = next(field for field in form.fields if field.origins)

    narrowed = build_notice(LYON, replace(form, fields=(first,)), "fr", protected=PROTECTED, sandbox=False)
    assert narrowed.version != notice().version


def test_a_form_that_queries_nothing_has_a_notice_without_registers():
    silent = build_notice(LYON, replace(FORMS["dume"], fields=()), "fr", protected=PROTECTED, sandbox=False)

    assert (silent.registers, silent.cache_seconds) == ((), 0)
    assert not any("Registres interrogés" in paragraph for paragraph in silent.text)
