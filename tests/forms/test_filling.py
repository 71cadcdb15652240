"""How answers become values and reasons: who signs, who stops the search, and what may never come out."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from itertools import pairwise, permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.company import Company
from prefill.domain.disclosure import MASK, disclose, masked
from prefill.domain.permissions import Audience
from prefill.forms.expressions import compile_expression
from prefill.forms.filling import TypeMismatch, fill
from prefill.forms.model import Field, Form, ListItem, Type, ValueSource, pointer_keys
from prefill.forms.reasons import REASONS, Missing, Reason
from prefill.forms.registry import load_all

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
INSEE, SEAT, RCS, RNA, TURNOVER = (
    "etablissements", "siege_social", "extraits_rcs_infogreffe", "associations", "exercices",
)  # fmt: skip


def field(path="/a", *origins, **options):
    """Write a field as a form would: origins are (source, expression)."""
    compiled = tuple(ValueSource(source, compile_expression(text)) for source, text in origins)
    return Field(path, "Un champ", compiled, **options)


def item(name, expression, **options):
    return ListItem(name, "Une clé", compile_expression(expression), **options)


def form(*fields, audience=Audience.CANDIDATE):
    return Form("test", "Un formulaire", "1", audience, fields)


def ok(source=INSEE, **data):
    return Answer(source, Status.OK, data, retrieved_at=NOW)


def answered(*answers):
    return {answer.source: answer for answer in answers}


def filled(*fields, answers=(), audience=Audience.CANDIDATE, extra=frozenset()):
    return fill(form(*fields, audience=audience), answered(*answers), audience=audience, extra=extra)


def result(part, *answers, **options):
    """Fill one field: its value, or its reason."""
    outcome = filled(part, answers=answers, **options)
    [gap] = outcome.missing.values() or [None]
    if gap:
        return gap.reason
    value = outcome.data
    for key in part.place:
        value = value[key]
    return value


NAME = field("/name", (INSEE, "nom"), (RCS, "nom"), (RNA, "nom"), confirm=True)


def test_the_first_origin_that_has_something_to_say_signs():
    outcome = filled(NAME, answers=[ok(nom=None), ok(RCS, nom="ATELIER"), ok(RNA, nom="AUTRE")])
    [signed] = outcome.provenance.values()

    assert outcome.data == {"name": "ATELIER"}
    assert outcome.missing == {}
    assert (signed.source, signed.producer, signed.retrieved_at) == (RCS, "Infogreffe", NOW)
    assert (signed.field, signed.confirm, signed.stale) == ("/name", True, False)


def test_two_origins_of_the_same_source_are_tried_in_order():
    part = field("/name", (INSEE, "raison_sociale"), (INSEE, "nom"))

    assert result(part, ok(nom="DURAND")) == "DURAND"
    assert result(part, ok(nom="DURAND", raison_sociale="ATELIER")) == "ATELIER"


def test_a_head_office_answer_signs_with_the_source_that_was_asked():
    establishment = ok(nom="ATELIER")

    outcome = fill(form(field("/name", (SEAT, "nom"))), {SEAT: establishment}, audience=Audience.CANDIDATE)

    assert outcome.provenance["/name"].source == INSEE


def test_a_value_bears_the_date_of_its_register_and_where_that_is_corrected():
    parts = field("/name", (INSEE, "nom")), field("/activity", (INSEE, "activite_principale.code"))
    midnight = 1763852400  # 2025-11-23 in Paris
    data = {"nom": "ATELIER", "activite_principale": {"code": "16.23Z"}}
    dated = Answer(INSEE, Status.OK, data, meta={"date_derniere_mise_a_jour": midnight}, retrieved_at=NOW)

    signed = filled(*parts, answers=[dated]).provenance

    assert {one.as_of for one in signed.values()} == {date(2025, 11, 23)}
    assert [one.fix.url[:30] for one in signed.values()] == [
        "https://procedures.inpi.fr/",
        "https://www.insee.fr/fr/inform",
    ]


def test_a_register_without_a_date_of_its_own_gives_none():
    signed = filled(NAME, answers=[ok(RCS, nom="ATELIER", date_extrait="")]).provenance["/name"]

    assert signed.as_of is None


def test_the_date_of_an_extract_is_read_in_french():
    signed = filled(NAME, answers=[ok(RCS, nom="ATELIER", date_extrait="4 MARS 2026")]).provenance["/name"]

    assert signed.as_of == date(2026, 3, 4)


NO_VAT_NUMBER = "Aucun numéro trouvé à la DGFIP, ce qui ne dit pas qu'il n'y en a pas (liste de la veille) : à saisir s'il y a lieu."


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer("numero_tva", Status.ABSENT), NO_VAT_NUMBER),
        (Answer("numero_tva", Status.OK, {"numero_tva": None}), "La DGFIP n'a pas cette information : à saisir s'il y a lieu."),
    ],
)  # fmt: skip
def test_a_register_that_knows_nothing_of_a_company_says_what_that_means(answer, sentence):
    gap = filled(field("/vat", ("numero_tva", "numero_tva")), answers=[answer]).missing["/vat"]

    assert gap.reason is Reason.ABSENT
    assert gap.message("fr") == sentence


def test_a_gap_says_where_the_register_can_be_completed():
    assert filled(NAME, answers=[ok(), ok(RCS), ok(RNA)]).missing["/name"].fix.url == "https://procedures.inpi.fr/"
    assert filled(NAME, answers=[Answer(INSEE, Status.UNAVAILABLE), ok(RCS), ok(RNA)]).missing["/name"].fix is None


def test_a_stale_answer_says_so():
    stale = Answer(INSEE, Status.OK, {"nom": "ATELIER"}, retrieved_at=NOW, stale=True)

    assert filled(NAME, answers=[stale]).provenance["/name"].stale


@pytest.mark.parametrize(
    "first",
    [
        ok(nom=MASK),
        ok(nom="DURAND [ND]"),
        ok(nom={"usuel": MASK}),
        ok(nom=[None, MASK]),
        Answer(INSEE, Status.WITHHELD),
    ],
)
def test_a_withheld_value_stops_the_search(first):
    outcome = filled(NAME, answers=[first, ok(RCS, nom="DURAND")])

    assert outcome.data == {}
    assert outcome.missing["/name"].reason is Reason.WITHHELD
    assert outcome.missing["/name"].source == INSEE


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(INSEE, Status.ABSENT), Reason.ABSENT),
        (Answer(INSEE, Status.WITHHELD), Reason.WITHHELD),
        (Answer(INSEE, Status.NOT_ENTITLED), Reason.NOT_ENTITLED),
        (Answer(INSEE, Status.MISCONFIGURED), Reason.UNAVAILABLE),
        (Answer(INSEE, Status.UNAVAILABLE, cause=Cause.TIMEOUT), Reason.UNAVAILABLE),
        (Answer(INSEE, Status.LATE), Reason.LATE),
        (Answer(INSEE, Status.NOT_APPLICABLE), Reason.ABSENT),
        (Answer(INSEE, Status.NOT_REQUESTED), Reason.NOT_REQUESTED),
        (ok(), Reason.ABSENT),
        (ok(a={}), Reason.ABSENT),
    ],
)
def test_every_status_has_its_reason(answer, reason):
    assert result(field("/a", (INSEE, "a.b")), answer) is reason


def test_every_status_but_ok_is_covered():
    assert set(REASONS) == set(Status) - {Status.OK}


def test_no_answer_yet_is_late():
    outcome = filled(NAME)

    assert outcome.missing["/name"].reason is Reason.LATE
    assert not outcome.complete


# The most telling first, each against the next; what the registers do not hold weighs the same, whatever the reason.
ORDER = [
    Answer("", Status.WITHHELD),
    Answer("", Status.LATE),
    Answer("", Status.UNAVAILABLE),
    Answer("", Status.NOT_ENTITLED),
    Answer("", Status.ABSENT),
]
HELD_BY_NOBODY = [Status.ABSENT, Status.NOT_REQUESTED, Status.NOT_APPLICABLE]


@pytest.mark.parametrize(("strong", "weak"), list(pairwise(ORDER)), ids=lambda one: one.status)
@pytest.mark.parametrize("swapped", [False, True])
def test_the_most_telling_reason_is_given(strong, weak, swapped):
    first, second = (weak, strong) if swapped else (strong, weak)
    part = field("/a", (INSEE, "a"), (RCS, "a"))

    outcome = filled(part, answers=[Answer(INSEE, first.status), Answer(RCS, second.status)])

    assert outcome.missing["/a"].reason.value == strong.status.value
    assert outcome.missing["/a"].source == (RCS if swapped else INSEE)


@pytest.mark.parametrize(("first", "second"), list(permutations(HELD_BY_NOBODY, 2)))
def test_what_nobody_holds_is_explained_by_the_first_origin(first, second):
    part = field("/a", (INSEE, "a"), (RCS, "a"))

    outcome = filled(part, answers=[Answer(INSEE, first), Answer(RCS, second)])

    assert (outcome.missing["/a"].reason, outcome.missing["/a"].source) == (REASONS[first], INSEE)


SOCIETY, SOLE_TRADER = Company("900000001", legal_form="5710"), Company("900000001", legal_form="1000")
CLUB, TOWN = Company("900000001", legal_form="9220"), Company("900000001", legal_form="7210")
ANYBODY = Company("900000001")


def of(company, part, *answers):
    """Say why a field has no value for a company; None is no gap."""
    gap = fill(form(part), answered(*answers), audience=Audience.CANDIDATE, company=company).missing.get(part.path)
    return gap and gap.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ok(RCS), None),
        (Answer(RCS, Status.ABSENT), None),
        (Answer(RCS, Status.NOT_APPLICABLE), None),
        (ok(RCS, a=MASK), Reason.WITHHELD),
        (Answer(RCS, Status.UNAVAILABLE), Reason.UNAVAILABLE),
        (Answer(RCS, Status.LATE), Reason.LATE),
        (Answer(RCS, Status.NOT_REQUESTED), Reason.NOT_REQUESTED),
        (Answer(RCS, Status.NOT_ENTITLED), Reason.NOT_ENTITLED),
    ],
)
def test_an_optional_field_is_no_gap_where_a_register_has_nothing(answer, reason):
    assert of(SOCIETY, field("/a", (RCS, "a"), optional=True), answer) is reason


@pytest.mark.parametrize(
    ("only_for", "concerned", "others"),
    [
        ("associations", [CLUB, ANYBODY], [SOCIETY, SOLE_TRADER, TOWN]),
        ("trade_register", [SOCIETY, SOLE_TRADER, ANYBODY], [CLUB, TOWN]),
        ("share_capital", [SOCIETY, ANYBODY], [SOLE_TRADER, CLUB, TOWN]),
    ],
)
def test_a_field_that_cannot_exist_for_a_company_does_not_apply_to_it(only_for, concerned, others):
    part, unknown = field("/a", (RCS, "a"), only_for=only_for), Answer(RCS, Status.NOT_APPLICABLE)

    assert {of(company, part, unknown) for company in concerned} == {Reason.ABSENT}
    assert {of(company, part, unknown) for company in others} == {Reason.NOT_APPLICABLE}


def test_a_value_counts_more_than_what_such_a_company_should_have():
    part = field("/rna", (INSEE, "rna"), only_for="associations")

    assert fill(form(part), answered(ok(rna="W1")), audience=Audience.CANDIDATE, company=TOWN).data == {"rna": "W1"}
    assert of(TOWN, part, ok(rna=MASK)) is Reason.WITHHELD


def test_between_equal_reasons_the_first_origin_is_named():
    outcome = filled(NAME, answers=[ok(), ok(RCS), ok(RNA)])

    assert (outcome.missing["/name"].source, outcome.missing["/name"].producer) == (INSEE, "Insee")


def test_a_failure_says_when_to_come_back_and_leaves_the_form_incomplete():
    failed = Answer(INSEE, Status.UNAVAILABLE, cause=Cause.THROTTLED, retry_after=12.0)

    outcome = filled(field("/a", (INSEE, "a")), answers=[failed])
    gap = outcome.missing["/a"]

    assert (gap.cause, gap.retry_after) == (Cause.THROTTLED, 12.0)
    assert not outcome.complete


def test_what_a_register_does_not_hold_leaves_the_form_complete():
    assert filled(NAME, answers=[ok(), ok(RCS), Answer(RNA, Status.NOT_APPLICABLE)]).complete


def test_a_candidate_is_shown_nothing_protected_even_by_a_form_that_asks():
    part = field("/a", (TURNOVER, "[0].chiffre_affaires"))
    answers = [Answer(TURNOVER, Status.OK, [{"chiffre_affaires": "CANARY"}])]

    assert result(part, *answers) is Reason.NOT_ENTITLED
    assert result(part, *answers, audience=Audience.AGENT) == "CANARY"


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("cause", [None, *Cause])
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_a_sentence(reason, cause, language):
    message = Missing(reason, RCS, "Infogreffe", cause).message(language)

    assert message.endswith(".")
    assert "{" not in message


@pytest.mark.parametrize(
    ("gap", "french", "english"),
    [
        (
            Missing(Reason.UNAVAILABLE, INSEE, "Insee", Cause.TIMEOUT),
            "L'Insee ne répond pas : à saisir.",
            "Insee does not answer: please fill in.",
        ),
        (
            Missing(Reason.UNAVAILABLE, RCS, "Infogreffe", Cause.THROTTLED),
            "Trop de demandes en ce moment auprès d'API Entreprise : à saisir, ou à redemander plus tard.",
            "Too many requests to API Entreprise at the moment: fill in, or ask again later.",
        ),
        (
            Missing(Reason.UNAVAILABLE, RCS, "Infogreffe", Cause.UNREADABLE),
            "Infogreffe a répondu sous une forme que ce service ne sait pas lire : à saisir.",
            "Infogreffe answered in a form that this service cannot read: please fill in.",
        ),
        (
            Missing(Reason.NOT_REQUESTED, "actes_inpi", "INPI"),
            "Fourni à la demande (with=actes_inpi).",
            "Given on demand (with=actes_inpi).",
        ),
        (
            Missing(Reason.ABSENT, RCS, "Infogreffe", Cause.UNREADABLE),
            "Infogreffe n'a pas cette information : à saisir s'il y a lieu.",
            "Infogreffe does not hold this information: fill in if relevant.",
        ),
    ],
)
def test_a_reason_tells_the_candidate_what_to_do(gap, french, english):
    assert gap.message("fr") == french
    assert gap.message("en") == english


UNREADABLE = Reason.UNAVAILABLE


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Type.STRING, "ATELIER", "ATELIER"),
        (Type.STRING, "  L'ATELIER \t DU\u00a0BOIS\n", "L'ATELIER DU BOIS"),
        (Type.STRING, "false", "false"),
        (Type.STRING, " \n ", Reason.ABSENT),
        (Type.STRING, False, Reason.ABSENT),
        (Type.STRING, 12, UNREADABLE),
        (Type.STRING, True, UNREADABLE),
        (Type.STRING, ["a"], UNREADABLE),
        (Type.STRING, {"a": 1}, UNREADABLE),
        (Type.STRING, "A\x00B", UNREADABLE),
        (Type.STRING, "A\ud800", UNREADABLE),
        (Type.STRING, "A\uffff", UNREADABLE),
        (Type.STRING, "[ NON\nDIFFUSIBLE ]", Reason.WITHHELD),
        (Type.DATE, "2024-01-15", "2024-01-15"),
        (Type.DATE, "1965-03", Reason.ABSENT),
        (Type.DATE, "1900-01-01", Reason.ABSENT),
        (Type.DATE, "demain", Reason.ABSENT),
        (Type.DATE, 1705273200, UNREADABLE),
        (Type.INTEGER, 0, 0),
        (Type.INTEGER, -3, -3),
        (Type.INTEGER, 2**53, 2**53),
        (Type.INTEGER, 2**53 + 1, UNREADABLE),
        (Type.INTEGER, -(10**4000), UNREADABLE),
        (Type.INTEGER, 3.0, UNREADABLE),
        (Type.INTEGER, "3", UNREADABLE),
        (Type.INTEGER, True, UNREADABLE),
        (Type.NUMBER, 50000.0, 50000),
        (Type.NUMBER, 0.5, 0.5),
        (Type.NUMBER, -0.0, 0),
        (Type.NUMBER, 7, 7),
        (Type.NUMBER, 10**400, UNREADABLE),
        (Type.NUMBER, 1e300, UNREADABLE),
        (Type.NUMBER, math.nan, UNREADABLE),
        (Type.NUMBER, math.inf, UNREADABLE),
        (Type.NUMBER, "50000", UNREADABLE),
        (Type.NUMBER, False, Reason.ABSENT),
        (Type.NUMBER, MASK, Reason.WITHHELD),
        (Type.BOOLEAN, True, True),
        (Type.BOOLEAN, False, False),
        (Type.BOOLEAN, 0, UNREADABLE),
        (Type.BOOLEAN, 1, UNREADABLE),
        (Type.BOOLEAN, "oui", UNREADABLE),
        (Type.BOOLEAN, None, Reason.ABSENT),
        (Type.BOOLEAN, "", Reason.ABSENT),
    ],
)
def test_a_value_has_the_type_of_its_field_or_a_reason(kind, value, expected):
    found = result(field("/a", (INSEE, "a"), type=kind), ok(a=value))

    assert found == expected
    assert type(found) is type(expected)


def test_whole_amounts_have_no_decimals():
    outcome = filled(field("/a", (RCS, "montant"), type=Type.NUMBER), answers=[ok(RCS, montant=50000.0)])

    assert json.dumps(outcome.data) == '{"a": 50000}'


def test_an_unreadable_value_lets_the_next_origin_speak():
    part = field("/a", (INSEE, "a"), (RCS, "a"))

    assert result(part, ok(a={"x": 1}), ok(RCS, a="ATELIER")) == "ATELIER"


def test_an_unreadable_value_is_told_apart_from_a_silent_source():
    gap = filled(field("/a", (INSEE, "a")), answers=[ok(a=12)]).missing["/a"]

    assert (gap.reason, gap.source, gap.cause) == (Reason.UNAVAILABLE, None, None)


def test_fields_share_their_parents():
    outcome = filled(
        field("/partII/A/name", (INSEE, "a")), field("/partII/B/role", (INSEE, "b")), answers=[ok(a="x", b="y")]
    )

    assert outcome.data == {"partII": {"A": {"name": "x"}, "B": {"role": "y"}}}


def test_what_has_no_value_leaves_no_empty_object():
    assert filled(field("/partII/A/name", (INSEE, "a")), answers=[ok()]).data == {}


@pytest.mark.parametrize(
    ("pointer", "keys"), [("/a", ("a",)), ("/a/b~1c/~0d", ("a", "b/c", "~d")), ("/~01", ("~1",))]
)  # fmt: skip
def test_a_pointer_is_unescaped_once(pointer, keys):
    assert pointer_keys(pointer) == keys


IDENTIFIERS = (
    field("/ids[siret]", (INSEE, "siret"), constants={"scheme": "NATIONAL"}, alias="siret"),
    field("/ids[vat]", ("numero_tva", "numero_tva"), constants={"scheme": "VAT"}),
    field("/ids[rna]", (RNA, "rna")),
)


def test_named_entries_make_one_list_in_the_order_of_the_form():
    outcome = filled(*IDENTIFIERS, answers=[ok(RNA, rna="W751"), ok(siret="552"), ok("numero_tva", numero_tva="FR5")])

    assert outcome.data == {
        "ids": [{"scheme": "NATIONAL", "value": "552"}, {"scheme": "VAT", "value": "FR5"}, {"value": "W751"}]
    }
    assert {pointer: signed.field for pointer, signed in outcome.provenance.items()} == {
        "/ids/0/value": "/ids[siret]",
        "/ids/1/value": "/ids[vat]",
        "/ids/2/value": "/ids[rna]",
    }


def test_a_missing_entry_leaves_no_hole_and_is_named_by_its_path():
    outcome = filled(*IDENTIFIERS, answers=[ok(siret="552"), ok("numero_tva"), ok(RNA, rna="W751")])

    assert [entry["value"] for entry in outcome.data["ids"]] == ["552", "W751"]
    assert outcome.provenance["/ids/1/value"].field == "/ids[rna]"
    assert outcome.missing.keys() == {"/ids[vat]"}


def test_a_form_filled_twice_is_filled_afresh():
    one, two = (filled(*IDENTIFIERS, answers=[ok(siret="552")]) for _ in range(2))

    assert one.data == two.data == {"ids": [{"scheme": "NATIONAL", "value": "552"}]}


PEOPLE = field(
    "/people",
    (RCS, "mandataires"),
    type=Type.LIST,
    items=(
        item("name", "nom", identifying=True),
        item("company", "raison_sociale", identifying=True),
        item("since", "annee", type=Type.INTEGER),
    ),
)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"nom": "DURAND", "annee": 2020}], [{"name": "DURAND", "since": 2020}]),
        ([{"nom": "DURAND"}, {"raison_sociale": "SA"}], [{"name": "DURAND"}, {"company": "SA"}]),
        ([{"annee": 2020}, {"nom": "DURAND"}], [{"name": "DURAND"}]),
        ([{"nom": "DURAND", "annee": MASK}], [{"name": "DURAND"}]),
        ([{"nom": MASK, "annee": 2020}, {"nom": "DURAND"}], [{"name": "DURAND"}]),
        ([MASK, {"nom": "DURAND"}], [{"name": "DURAND"}]),
        ([None, "x", 12, [], {"nom": "DURAND"}], [{"name": "DURAND"}]),
        ([{"nom": MASK, "annee": 2020}], Reason.WITHHELD),
        ([{"nom": MASK}, {"annee": 2020}], Reason.WITHHELD),
        ([{"annee": 2020, "ailleurs": MASK}], Reason.ABSENT),
        ([MASK], Reason.WITHHELD),
        (MASK, Reason.WITHHELD),
        ([{"annee": 2020}], Reason.ABSENT),
        ([{}], Reason.ABSENT),
        ([], Reason.ABSENT),
        (None, Reason.ABSENT),
        ("DURAND", UNREADABLE),
        ({"nom": "DURAND"}, UNREADABLE),
        ([{"nom": {"x": 1}}], UNREADABLE),
        ([{"nom": "DURAND", "annee": "2020"}], UNREADABLE),
    ],
)
def test_a_row_is_kept_when_something_known_identifies_it(rows, expected):
    assert result(PEOPLE, ok(RCS, mandataires=rows)) == expected


def test_without_an_identifying_key_any_known_key_keeps_the_row():
    part = field("/l", (RCS, "l"), type=Type.LIST, items=(item("a", "a"), item("b", "b")))

    assert result(part, ok(RCS, l=[{"b": "x"}, {"c": "y"}])) == [{"b": "x"}]
    assert result(part, ok(RCS, l=[{"a": MASK}])) is Reason.WITHHELD


def test_a_text_of_the_form_itself_does_not_save_a_masked_row():
    items = (item("scheme", "'NATIONAL'"), item("name", "name"))
    part = field("/l", (RCS, "l[?active]"), type=Type.LIST, items=items)

    assert result(part, ok(RCS, l=[{"name": "A", "active": MASK}])) is Reason.WITHHELD
    assert result(part, ok(RCS, l=[{"name": "A", "active": True}])) == [{"scheme": "NATIONAL", "name": "A"}]


def test_a_condition_on_a_masked_key_hides_the_row():
    part = field("/l", (RCS, "l[?!is_auditor(role)]"), type=Type.LIST, items=(item("name", "name"),))
    auditor, unknown, manager = (
        {"name": name, "role": role} for name, role in (("A", "Commissaire aux comptes"), ("B", MASK), ("C", "Gérante"))
    )

    assert result(part, ok(RCS, l=[auditor, unknown, manager])) == [{"name": "C"}]
    assert result(part, ok(RCS, l=[auditor, unknown])) is Reason.WITHHELD
    assert result(part, ok(RCS, l=[auditor])) is Reason.ABSENT


def test_a_list_is_one_value_with_one_signature():
    outcome = filled(PEOPLE, answers=[ok(RCS, mandataires=[{"nom": "DURAND"}, {"nom": "MARTIN"}])])

    assert list(outcome.provenance) == ["/people"]


ACTS = field("/acts", ("actes_inpi", "actes"), type=Type.LIST, items=(item("kind", "nom"),))
SLOW = field("/slow", (INSEE, "a"), on_demand=True)


def test_a_source_on_demand_is_asked_only_when_named():
    both = form(ACTS, SLOW, field("/a", (RCS, "a")))

    assert both.sources() == (RCS,)
    assert both.sources(frozenset({"actes_inpi"})) == ("actes_inpi", RCS)
    assert both.sources(frozenset({INSEE})) == (INSEE, RCS)
    assert both.on_demand() == ("actes_inpi", INSEE)


def test_a_field_on_demand_stays_silent_even_when_its_source_has_answered():
    assert result(SLOW, ok(a="x")) is Reason.NOT_REQUESTED
    assert result(SLOW, ok(a="x"), extra=frozenset({INSEE})) == "x"


def test_an_answer_that_was_not_asked_for_is_not_read():
    acts = ok("actes_inpi", actes=[{"nom": "Statuts"}])

    assert result(ACTS, acts) is Reason.NOT_REQUESTED
    assert result(ACTS, acts, extra=frozenset({"actes_inpi"})) == [{"kind": "Statuts"}]


def test_a_reserved_field_asks_nothing_and_says_who_obtains_it():
    part = field("/turnover", reserved=TURNOVER)
    outcome = filled(part, answers=[Answer(TURNOVER, Status.OK, [{"chiffre_affaires": "CANARY"}])])

    assert form(part).sources() == ()
    assert outcome.data == {}
    assert outcome.complete
    assert (outcome.missing["/turnover"].reason, outcome.missing["/turnover"].producer) == (Reason.RESERVED, "DGFIP")


def test_a_declared_field_is_left_to_the_candidate():
    part = field("/honour", declared=True)
    outcome = filled(part, answers=[])

    assert form(part).sources() == ()
    assert (outcome.data, outcome.complete) == ({}, True)
    assert outcome.missing["/honour"].reason is Reason.DECLARED
    assert outcome.missing["/honour"].message("fr") == "À remplir par le candidat."


DUME = load_all([Path(__file__).resolve().parents[2] / "schemas"]).forms["dume"]
ASKED = DUME.sources() + DUME.on_demand()
EVERYTHING = frozenset(ASKED)
CANARY = "CANARI-PERSONNEL"

WORDS = st.sampled_from(["RUE", "DES LILAS", "2024-01-15", "1965-03", "98", "EUROS", "", " ", "A\x00", "A\ud800"])
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8)
    | st.sampled_from([MASK, "12 RUE [ND]", "[NON-DIFFUSIBLE]", "[ nd ]", 10**400, -(10**400), 1e308])
)  # fmt: skip


def keys_of(source):
    return sorted(CATALOGUE[source].keys | CATALOGUE[source].personal)


def answers_of(source):
    """Draw what a register could never answer, with the keys it uses, its personal keys holding canaries."""
    row = CATALOGUE[source]
    keys = st.sampled_from(keys_of(source)) | st.text(max_size=3)

    def object_of(inner):
        drawn = st.dictionaries(keys, inner, max_size=6)
        return drawn.map(lambda one: {key: CANARY if key in row.personal else value for key, value in one.items()})

    return st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | object_of(inner), max_leaves=25)


def shaped(source):
    """Put the keys that the upstream guarantees on top of the hostile ones."""
    row, hostile = CATALOGUE[source], answers_of(source)
    if row.rows:
        return st.lists(st.dictionaries(st.sampled_from(keys_of(source)), hostile, max_size=4), max_size=3)
    keys = dict.fromkeys((*row.shape, *keys_of(source)[:12]), hostile)
    return st.fixed_dictionaries({}, optional=keys)


def leaves(value):
    if isinstance(value, dict):
        for part in value.values():
            yield from leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part)
    else:
        yield value


PAYLOADS = st.fixed_dictionaries({source: shaped(source) | answers_of(source) for source in ASKED})


@pytest.mark.slow
@given(payloads=PAYLOADS)
@settings(max_examples=60, deadline=None)
def test_whatever_the_registers_answer_the_form_is_filled_and_nothing_leaks(payloads):
    answers = {
        source: Answer(source, Status.OK, disclose(CATALOGUE[source], data)) for source, data in payloads.items()
    }

    outcome = fill(DUME, answers, audience=Audience.CANDIDATE, extra=EVERYTHING)
    written = json.dumps(outcome.data, ensure_ascii=False, allow_nan=False).encode("utf-8").decode()

    assert not masked(outcome.data)
    assert CANARY not in written
    assert all(leaf is not None and leaf != "" for leaf in leaves(outcome.data))
    signed = {one.field for one in outcome.provenance.values()}
    assert signed | outcome.missing.keys() >= {part.path for part in DUME.fields if not part.optional}
    assert signed | outcome.missing.keys() <= {part.path for part in DUME.fields}
    assert not signed & outcome.missing.keys()


@pytest.mark.slow
@given(payloads=PAYLOADS, statuses=st.fixed_dictionaries({source: st.sampled_from(Status) for source in ASKED}))
@settings(max_examples=30, deadline=None)
def test_whatever_fails_every_field_has_a_value_or_a_reason(payloads, statuses):
    answers = {
        source: Answer(source, status, payloads[source] if status is Status.OK else None)
        for source, status in statuses.items()
    }

    outcome = fill(DUME, answers, audience=Audience.CANDIDATE, extra=EVERYTHING)

    told = {one.field for one in outcome.provenance.values()} | outcome.missing.keys()
    assert told >= {part.path for part in DUME.fields if not part.optional}
    assert len(outcome.provenance) + len(outcome.missing) == len(told)
    assert not masked(outcome.data)
    assert all(gap.message("fr") and gap.message("en") for gap in outcome.missing.values())


TYPES = {
    Type.STRING: str,
    Type.DATE: str,
    Type.INTEGER: int,
    Type.NUMBER: int | float,
    Type.BOOLEAN: bool,
}


@pytest.mark.parametrize("kind", TYPES)
@given(value=answers_of(INSEE))
@settings(max_examples=50, deadline=None)
def test_a_value_never_has_another_type_than_its_field(kind, value):
    outcome = filled(field("/a", (INSEE, "a"), type=kind), answers=[ok(a=value)])

    assert all(isinstance(found, TYPES[kind]) for found in outcome.data.values())
    assert all(isinstance(found, bool) == (kind is Type.BOOLEAN) for found in outcome.data.values())


UNIT = {
    "siren": "552049447", "rna": None, "status_diffusion": "diffusible", "type": "personne_morale",
    "personne_morale_attributs": {"raison_sociale": "ATELIER DU BOIS", "sigle": "ADB"},
    "personne_physique_attributs": {"prenom_usuel": None, "nom_usage": None, "nom_naissance": None},
    "categorie_entreprise": "PME", "forme_juridique": {"code": "5710", "libelle": "SAS"},
    "tranche_effectif_salarie": {"code": "11", "de": 10, "a": 19, "date_reference": "2022", "intitule": "10 à 19"},
    "economie_sociale_et_solidaire": False, "date_creation": 489016800, "etat_administratif": "A",
}  # fmt: skip
ADDRESS = {
    "status_diffusion": "diffusible", "numero_voie": "12", "indice_repetition_voie": "B", "type_voie": "RUE",
    "libelle_voie": "DES LILAS", "complement_adresse": "BATIMENT A", "distribution_speciale": "BP 12",
    "code_postal": "35000", "code_commune": "35238", "libelle_commune": "RENNES", "code_cedex": "35040",
    "libelle_cedex": "RENNES CEDEX", "code_pays_etranger": None, "libelle_pays_etranger": None,
    "libelle_commune_etranger": None,
}  # fmt: skip
ESTABLISHMENT = {
    "siret": "55204944776279", "siege_social": True, "etat_administratif": "A", "status_diffusion": "diffusible",
    "enseigne": "L'ATELIER", "activite_principale": {"code": "16.23Z", "nomenclature": "NAFRev2", "libelle": "Charpente"},
    "activite_principale_naf_rev2": {"code": "16.23Y", "nomenclature": "NAF2025", "libelle": "Charpentes"},
    "unite_legale": UNIT, "adresse": ADDRESS,
}  # fmt: skip
EXTRACT = {
    "siren": "552049447", "date_radiation": None, "date_immatriculation": "1985-07-01", "nom_commercial": "ADB",
    "capital": {"montant": 50000.0, "devise": "EUROS", "code_devise": "EUR"},
    "greffe": {"valeur": "RENNES", "code": "3501"},
    "mandataires_sociaux": [
        {"type": "personne_physique", "fonction": "Président", "nom": "DURAND", "prenom": "Léa", "raison_sociale": None},
        {"type": "personne_morale", "fonction": "Commissaire aux comptes titulaire", "raison_sociale": "AUDIT SA",
         "numero_identification": "732829320", "nom": None, "prenom": None},
        {"type": "personne_morale", "fonction": "Directeur général", "raison_sociale": "HOLDING",
         "numero_identification": "732829320", "nom": None, "prenom": None},
    ],
}  # fmt: skip
REAL = {
    INSEE: ESTABLISHMENT,
    SEAT: ESTABLISHMENT,
    RCS: EXTRACT,
    "numero_tva": {"numero_tva": "FR5552049447"},
    RNA: {
        "rna": "W751", "nom": "AMIS DU BOIS", "regime": "loi1901", "date_creation": "1985-07-01",
        "activites": {"objet": "Le bois"},
        "alsace_moselle": {"tribunal_instance": "STRASBOURG", "volume": 12, "folio": "7",
                           "date_publication_registre_association": "1985-08-01"},
    },
    "conventions_collectives": [{"numero_idcc": 3222, "titre": "Menuiseries", "active": True}],
    "actes_inpi": {"actes": [{"date_depot": "2020-01-02", "types_actes": [{"type_acte": "Statuts"}]}]},
    "documents_associations": [{"timestamp": "1705273200", "type": "Statuts"}],
    "certificats_qualibat": {"date_fin_validite": "2028-01-31", "entity": {"certifications": [{"code": "4312", "libelle": "Bois"}]}},
    "certificats_opqibi": {"url": "https://www.opqibi.com/a", "date_validite_qualifications": "2028-02-29",
                           "qualifications": [{"nom": "Études", "code_qualification": "0101"}]},
    "certificats_qualifelec": [{"document_url": "https://www.qualifelec.fr/a.pdf", "numero": 12, "date_fin": "2027-01-31",
                                "qualification": {"label": "Logement"}}],
    "certificats_rge_ademe": [{"url": "https://www.qualibat.com/a.pdf", "nom_certificat": "RGE", "organisme": "qualibat",
                               "qualification": {"code": "7131", "nom": "Isolation"}, "domaine": "Combles",
                               "date_expiration": "2027-02-01", "meta": {"archived": False}}],
}  # fmt: skip


def fill_dume(payloads):
    answers = {source: Answer(source, Status.OK, data) for source, data in payloads.items()}
    return fill(DUME, answers, audience=Audience.CANDIDATE, extra=EVERYTHING)


def spots(value, above=()):
    """List every place of a value, as the keys that lead there."""
    yield above
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from spots(part, (*above, key))


def put(value, spot, wrong):
    """Copy a value with something else at one place."""
    if not spot:
        return wrong
    key, *rest = spot
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = put(value[key], rest, wrong)
    return copy


def values_by_path(outcome):
    """Lay out what was filled, by the form's paths."""
    return {path: value for path, (value, _) in outcome.values().items()}


SPOTS = [(source, spot) for source, data in REAL.items() for spot in spots(data)]
TRUTH = values_by_path(fill_dume(REAL))


def test_the_real_answer_fills_almost_everything():
    read = {part.path for part in DUME.fields if part.origins}

    # The company lives, is no sole trader, and its extract names no legal person.
    others = {"nameMention", "identifiers[euid]"}
    assert TRUTH.keys() >= read - {
        "/partIV/A/tradeRegister/strikeOffDate",
        *(f"/partII/A/economicOperator/{one}" for one in others),
    }


DAY_OF_QUALITY = date(2026, 11, 30)


def quality(path, **answers):
    """Fill one list of part IV.D on that day."""
    [part] = [part for part in DUME.fields if part.path == path]
    known = {source: Answer(source, Status.OK, data) for source, data in answers.items()}
    return fill(form(part), known, audience=Audience.CANDIDATE, extra=EVERYTHING, today=DAY_OF_QUALITY)


def test_the_certificates_of_several_bodies_make_one_list_each_row_signed_by_its_own():
    outcome = fill_dume(REAL)

    assert outcome.data["partIV"]["D"] == {
        "qualityAssurance": [
            {"name": "Bois", "code": "4312", "validUntil": "2028-01-31", "issuer": "Qualibat"},
            {"name": "Études", "code": "0101", "validUntil": "2028-02-29", "issuer": "OPQIBI", "uri": "https://www.opqibi.com/a"},
            {"name": "Logement", "code": "12", "validUntil": "2027-01-31", "issuer": "Qualifelec", "uri": "https://www.qualifelec.fr/a.pdf"},
        ],
        "environmentalManagement": [
            {"name": "Isolation", "code": "7131", "scope": "Combles", "issuer": "qualibat", "validUntil": "2027-02-01", "uri": "https://www.qualibat.com/a.pdf"},
        ],
    }  # fmt: skip
    signed = {pointer: (one.source, one.confirm) for pointer, one in outcome.provenance.items() if "/D/" in pointer}
    assert signed == {
        "/partIV/D/qualityAssurance/0": ("certificats_qualibat", True),
        "/partIV/D/qualityAssurance/1": ("certificats_opqibi", True),
        "/partIV/D/qualityAssurance/2": ("certificats_qualifelec", True),
        "/partIV/D/environmentalManagement/0": ("certificats_rge_ademe", True),
    }


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"date_expiration": "2026-11-30"}, True),
        ({"date_expiration": "2026-11-29"}, False),
        ({"date_expiration": None}, True),
        ({"meta": {"archived": True}}, False),
    ],
)
def test_a_certificate_that_expired_or_is_archived_is_not_proposed(change, kept):
    path = "/partIV/D/environmentalManagement[rge]"
    outcome = quality(path, certificats_rge_ademe=[{**REAL["certificats_rge_ademe"][0], **change}])

    assert bool(outcome.data) is kept
    assert kept or outcome.missing[path].reason is Reason.ABSENT


@pytest.mark.parametrize(
    "url", ["http://www.qualibat.com/a.pdf", "javascript:alert(1)", "https://storage.entreprise.api.gouv.fr/a.pdf", "https://10.0.0.1/a", ""]
)  # fmt: skip
def test_the_link_of_a_certificate_lasts_and_is_public_or_is_none(url):
    row = {**REAL["certificats_rge_ademe"][0], "url": url}
    outcome = quality("/partIV/D/environmentalManagement[rge]", certificats_rge_ademe=[row])

    assert "uri" not in outcome.data["partIV"]["D"]["environmentalManagement"][0]


def test_what_nobody_filled_in_is_no_value():
    row = {**REAL["certificats_rge_ademe"][0], "domaine": "Non renseigné", "organisme": "Inconnu"}
    outcome = quality("/partIV/D/environmentalManagement[rge]", certificats_rge_ademe=[row])

    assert outcome.data["partIV"]["D"]["environmentalManagement"][0].keys().isdisjoint({"scope", "issuer"})


@pytest.mark.parametrize(
    ("source", "spot"), SPOTS, ids=lambda one: one if isinstance(one, str) else ".".join(map(str, one))
)
def test_a_mask_anywhere_takes_values_away_and_changes_none(source, spot):
    outcome = fill_dume({**REAL, source: put(REAL[source], spot, MASK)})
    found = values_by_path(outcome)

    assert not masked(outcome.data)
    for path, value in found.items():
        truth = TRUTH.get(path)
        if isinstance(value, list):
            assert all(any(row.items() <= real.items() for real in truth) for row in value)
        else:
            assert value == truth


WRONG = [None, "x", 12, -0.5, math.nan, True, [], {}, [[]], {"a": "b"}, ["x", None, 3], 10**400, "A\ud800"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "spot"), SPOTS, ids=lambda one: one if isinstance(one, str) else ".".join(map(str, one))
)
def test_another_type_anywhere_leaves_the_other_sources_alone(source, spot):
    for wrong in WRONG:
        outcome = fill_dume({**REAL, source: put(REAL[source], spot, wrong)})
        json.dumps(outcome.data, ensure_ascii=False, allow_nan=False).encode("utf-8")

        untouched = [part.path for part in DUME.fields if source not in {origin.source for origin in part.origins}]
        found = values_by_path(outcome)
        assert {path: found.get(path) for path in untouched} == {path: TRUTH.get(path) for path in untouched}


@pytest.mark.parametrize("path", [part.path for part in DUME.fields if part.type is not Type.LIST and part.origins])
def test_an_answer_that_is_masked_under_every_key_gives_no_value(path):
    [part] = [part for part in DUME.fields if part.path == path]
    masks = {name: Answer(name, Status.OK, dict.fromkeys(CATALOGUE[name].keys, MASK)) for name in ASKED}

    outcome = fill(form(part), masks, audience=Audience.CANDIDATE, extra=EVERYTHING)

    assert outcome.data == {}
    assert outcome.missing[path].reason is Reason.WITHHELD


def filled_with(kind, value, items=()):
    part = Field("/a", "A", (ValueSource(INSEE, compile_expression("x")),), type=kind, items=items)
    answers = {INSEE: Answer(INSEE, Status.OK, {"x": value})}
    return fill(Form("f", "F", "1", Audience.CANDIDATE, (part,)), answers, audience=Audience.CANDIDATE)


@pytest.mark.parametrize(
    ("kind", "value", "got"),
    [
        (Type.STRING, 12, "integer"),
        (Type.DATE, 889657200, "integer"),
        (Type.NUMBER, "35000", "string"),
        (Type.BOOLEAN, "oui", "string"),
        (Type.LIST, {"a": 1}, "object"),
        (Type.STRING, [["x"]], "array"),
    ],
)
def test_the_operator_is_told_the_field_and_the_types_and_never_the_value(kind, value, got):
    filled = filled_with(kind, value)

    assert filled.mismatches == [TypeMismatch("/a", INSEE, kind, got)]
    assert filled.missing["/a"] == Missing(Reason.UNAVAILABLE)


def test_the_candidate_is_told_no_culprit():
    gap = filled_with(Type.STRING, 12).missing["/a"]

    assert gap.message("fr") == "Cette information n'a pas pu être reprise : à saisir."
    assert gap.message("en") == "This information could not be taken over: please fill in."


def test_the_row_of_a_list_tells_its_own_types():
    item = ListItem("n", "N", compile_expression("n"), Type.DATE, identifying=True)
    filled = filled_with(Type.LIST, [{"n": 3}], (item,))

    assert filled.mismatches == [TypeMismatch("/a", INSEE, "date", "integer")]
