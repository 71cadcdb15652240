"""What a form's expressions may say, what they give, and that no mask is ever seen through."""

from __future__ import annotations

import contextlib
import math

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jmespath import functions

from prefill.assembly import read_forms
from prefill.domain.disclosure import MASK, masked
from prefill.forms.expressions import BadExpression, compile_expression, function_names, our_functions
from prefill.forms.functions import OurFunctions, Unreadable, is_nothing
from prefill.sandbox.companies import COMPANIES
from prefill.settings import Settings
from tests.support.masking_interpreter import MaskingInterpreter

INSEE_ADDRESS = {
    "code_commune": "35238",
    "numero_voie": "12",
    "indice_repetition_voie": "B",
    "type_voie": "RUE",
    "libelle_voie": "DES LILAS",
    "code_postal": "35000",
    "code_pays_etranger": None,
    "libelle_pays_etranger": None,
}


def evaluate(expression, data=None):
    return compile_expression(expression)(data)


@pytest.mark.parametrize(
    ("timestamp", "day"),
    [
        (-473389200, "1955-01-01"),  # midnight in Paris is still the day before in UTC
        (1720994400, "2024-07-15"),
        (1705273200.0, "2024-01-15"),
        (-2208989361, None),  # 1900-01-01, at the time of the Paris meridian: unknown
        (10**20, None),
        (10**400, None),
        (math.inf, None),
        (math.nan, None),
        (None, None),
    ],
)
def test_a_timestamp_is_a_day_in_paris(timestamp, day):
    assert evaluate("paris_date(when)", {"when": timestamp}) == day


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1985-07-01", "1985-07-01"),
        ("1965-03", None),
        ("1965", None),
        ("1900-01-01", None),
        ("0001-01-01", None),
        ("2024-02-30", None),
        ("2024-01-15T10:00:00Z", None),
        ("15/01/2024", None),
        ("１９８５-07-01", None),
        ("\ud800", None),
        ("", None),
        (None, None),
    ],
)
def test_a_date_is_full_and_exists(text, day):
    assert evaluate("iso_date(day)", {"day": text}) == day


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({}, "12 B RUE DES LILAS"),
        ({"indice_repetition_voie": None}, "12 RUE DES LILAS"),
        ({"numero_voie": "", "indice_repetition_voie": "  "}, "RUE DES LILAS"),
        ({"numero_voie": 12}, "12 B RUE DES LILAS"),
        (dict.fromkeys(INSEE_ADDRESS), None),
        ({"libelle_voie": "DES [ND]"}, MASK),
        ({"numero_voie": MASK}, MASK),
        ({"code_postal": MASK}, "12 B RUE DES LILAS"),
    ],
)
def test_a_street_is_made_of_its_four_parts_and_withheld_with_any_of_them(parts, line):
    assert evaluate("street(@)", {**INSEE_ADDRESS, **parts}) == line


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ({}, "FRA"),
        ({"libelle_voie": MASK}, "FRA"),
        ({"code_pays_etranger": "99131"}, "BEL"),
        ({"code_pays_etranger": 99131}, "BEL"),
        ({"code_pays_etranger": "99999"}, None),
        ({"libelle_pays_etranger": "ATLANTIDE"}, None),
        ({"code_pays_etranger": MASK}, MASK),
    ],
)
def test_a_country_stays_known_when_only_the_street_is_withheld(address, code):
    assert evaluate("country(@)", {**INSEE_ADDRESS, **address}) == code


@pytest.mark.parametrize(
    ("person", "name"),
    [
        ({"nom_usage": "DURAND", "nom_naissance": "MARTIN", "prenom_usuel": "LEA"}, "DURAND LEA"),
        ({"nom_usage": None, "nom_naissance": "MARTIN", "prenom_usuel": "LEA"}, "MARTIN LEA"),
        ({"nom_usage": "", "nom_naissance": "MARTIN"}, "MARTIN"),
        ({"prenom_usuel": "LEA"}, None),
        ({"nom_naissance": "MARTIN", "prenom_usuel": MASK}, MASK),
        ({"nom_naissance": "MARTIN", "pseudonyme": MASK}, "MARTIN"),
        (None, None),
    ],
)
def test_a_person_is_named_whole_or_not_at_all(person, name):
    assert evaluate("person_name(@)", person) == name


@pytest.mark.parametrize(
    ("expression", "data", "value"),
    [
        ("join_parts([a, b, c], ', ')", {"a": "BAT A", "b": "", "c": "BP 12"}, "BAT A, BP 12"),
        ("join_parts([a, b], ' ')", {"a": 12, "b": False}, "12"),
        ("join_parts([a, b], ' ')", {"a": None, "b": None}, None),
        ("join_parts([a, b], sep)", {"a": "x", "b": "y"}, "x y"),
        ("join_parts(parts, ' ')", {}, None),
        ("label(x)", {"x": "Conseil en systèmes informatiques"}, "Conseil en systèmes informatiques"),
        ("label(x)", {"x": "Ancienne révision NAF (NAFRev1) non supportée"}, None),
        ("label(x)", {"x": "non référencé"}, None),
        ("trade_name(x)", {"x": "CHEZ LEA"}, "CHEZ LEA"),
        ("trade_name(x)", {"x": "SUPPRESSION DU NOM COMMERCIAL"}, None),
        ("trade_name(x)", {"x": "Suppression de l'ancien nom commercial"}, None),
        ("place_name(x)", {"x": "SAINT-DENIS DE LA REUNION"}, "Saint-Denis de la Reunion"),
        ("place_name(x)", {"x": "LE HAVRE"}, "Le Havre"),
        ("place_name(x)", {"x": "L'HAŸ-LES-ROSES"}, "L'Haÿ-les-Roses"),
        ("registration_number(s, g)", {"s": "552049447", "g": "PARIS"}, "552 049 447 R.C.S. Paris"),
        ("registration_number(s, g)", {"s": "552049447"}, None),
        ("registration_number(s, g)", {"s": "552049447", "g": MASK}, MASK),
        ("is_auditor(x)", {"x": "Commissaire aux comptes suppléant"}, True),
        ("is_auditor(x)", {"x": "COMMISSAIRE\u00a0AUX COMPTES"}, True),
        ("is_auditor(x)", {"x": "Gérante"}, False),
        ("is_auditor(x)", {}, False),
        ("is_auditor(x)", {"x": MASK}, MASK),
        ("currency(x)", {"x": {"code_devise": "CHF", "devise": "Francs suisses"}}, "CHF"),
        ("currency(x)", {"x": {"devise": "Euros"}}, "EUR"),
        ("currency(x)", {"x": {"devise": "Écus"}}, None),
        ("currency(x)", {"x": {"devise": "EUROS", "montant": MASK}}, "EUR"),
        ("currency(x)", {"x": {"code_devise": "", "devise": ""}}, None),
        ("currency(x)", {"x": {"code_devise": "€", "devise": "Euros"}}, "EUR"),
        ("nonzero(x)", {"x": 0.0}, None),
        ("nonzero(x)", {"x": -0.5}, -0.5),
        ("nonzero(x)", {"x": MASK}, MASK),
        ("year(x)", {"x": "2022"}, 2022),
        ("year(x)", {"x": "22"}, None),
        ("year(x)", {"x": "20222"}, None),
        ("pick(x, {ok: 'up_to_date', refus: 'not_up_to_date'})", {"x": "ok"}, "up_to_date"),
        ("pick(x, {ok: 'up_to_date'})", {"x": "nouveau"}, None),
        ("pick(x, {ok: 'up_to_date'})", {}, None),
        ("pick(x, {ok: 'up_to_date'})", {"x": MASK}, MASK),
        ("amount(x)", {"x": 900001.5}, 900001.5),
        ("amount(x)", {"x": "900 001,50"}, 900001.5),
        ("amount(x)", {"x": "-12"}, -12),
        ("amount(x)", {"x": "9" * 400}, None),
        ("amount(x)", {"x": "nan"}, None),
        ("amount(x)", {"x": "1e3"}, None),
        ("amount(x)", {"x": MASK}, MASK),
    ],
)  # fmt: skip
def test_our_functions_give_what_they_say(expression, data, value):
    assert evaluate(expression, data) == value


@pytest.mark.parametrize("usage", our_functions())
def test_our_functions_make_nothing_of_null(usage):
    name, arguments = usage.rstrip(")").split("(")
    nulls = ", ".join("`null`" for _ in arguments.split(","))

    assert is_nothing(evaluate(f"{name}({nulls})"))


@pytest.mark.parametrize(
    ("expression", "data"),
    [
        ("street(x)", "RUE DES LILAS"),
        ("street(x)", ["RUE"]),
        ("street(x)", {"numero_voie": {"n": 1}}),
        ("street(x)", {"numero_voie": True}),
        ("street(x)", {"numero_voie": math.nan}),
        ("street(x)", {"numero_voie": 10**5000}),
        ("person_name(x)", {"nom_usage": ["DURAND"], "nom_naissance": "MARTIN"}),
        ("country(x)", {"code_pays_etranger": {}, "libelle_pays_etranger": [1]}),
        ("currency(x)", {"devise": {"valeur": "EUROS"}}),
        ("currency(x)", 12),
        ("paris_date(x)", "2024"),
        ("paris_date(x)", True),
        ("iso_date(x)", 20240115),
        ("label(x)", 12),
        ("year(x)", 2022),
        ("pick(x, {ok: 'x'})", ["ok"]),
        ("amount(x)", True),
        ("is_auditor(x)", []),
        ("join_parts(x, ' ')", "abc"),
        ("join_parts(x, ' ')", [["a"], "b"]),
        ("ceil(x)", math.inf),
        ("ceil(x)", math.nan),
        ("avg(x)", [10**400, 1.5]),
        ("sort(x)", [1, "a"]),
        ("x < 'a'", 3),
        ("x[::0]", []),
    ],
)
def test_a_value_of_another_type_is_unreadable(expression, data):
    with pytest.raises(Unreadable):
        evaluate(expression, {"x": data})


@pytest.mark.parametrize(
    "call",
    [
        "abs(x)", "avg(x)", "ceil(x)", "contains(x, 'a')", "ends_with(x, 'a')", "floor(x)", "join(', ', x)", "keys(x)",
        "length(x)", "map(&a, x)", "max(x)", "max_by(x, &a)", "merge(x, x)", "min(x)", "min_by(x, &a)", "reverse(x)",
        "sort(x)", "sort_by(x, &a)", "starts_with(x, 'a')", "sum(x)", "to_number(x)", "to_string(x)", "values(x)",
    ],
)  # fmt: skip
def test_nothing_is_made_of_null(call):
    assert evaluate(call, {"x": None}) is None


@pytest.mark.parametrize(
    ("call", "value"), [("not_null(x, 'a')", "a"), ("type(x)", "null"), ("to_array(x)", [None])]
)  # fmt: skip
def test_a_few_functions_have_something_to_say_of_null(call, value):
    assert evaluate(call, {"x": None}) == value


ROWS = [{"a": MASK, "b": "2"}, {"a": "1", "b": "1"}]


@pytest.mark.parametrize(
    "expression",
    [
        "m", "m.a.b", "m[0]", "m[-1].a", "m[1:]", "m[]", "m[*].a", "m.*", "m[?a == '1']", "m[?a]", "m.[a, 'x']",
        "m.{a: a, b: 'x'}", "!m", "!!m", "m && 'x'", "m || 'x'", "m == 'x'", "m != '[ND]'", "'[ND]' == m", "m < 'x'",
        "rows == `[]`", "x && m", "length(m)", "length(rows)", "contains(m, 'N')", "contains(rows[].a, '1')",
        "starts_with(m, '[')", "ends_with(m, ']')", "reverse(m)", "to_string(rows)", "to_number(m)", "to_array(m)",
        "type(m)", "abs(m)", "sum(rows[].a)", "max(rows[].a)", "sort(rows[].a)", "join('', rows[].a)", "keys(rows[0])",
        "merge(rows[0], {a: 'x'}).a", "not_null(m, 'x')", "sort_by(rows, &a)[-1].b", "max_by(rows, &a).b",
        "min_by(rows, &length(a)).b", "street(m)", "label(m)", "place_name(m)", "is_auditor(m)", "year(m)", "amount(m)", "pick(m, {x: 'y'})", "pick(x, {x: m})",
        "join_parts([x, m], ' ')", "paris_date(to_number(m))", "currency(m)", "rows[?a == '1'].b | [0]",
        "rows[?starts_with(a, '1')].b | [0]", "rows[?!is_auditor(a)].b | [0]", "rows[?a].b | [0]",
    ],
)  # fmt: skip
def test_nothing_is_read_tested_compared_or_computed_from_a_mask(expression):
    assert evaluate(expression, {"m": MASK, "x": "x", "rows": ROWS}) == MASK


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("o.b", "x"),
        ("o && o.b", "x"),
        ("[o.b, m]", ["x", MASK]),
        ("values(o)", [MASK, "x"]),
        ("not_null(n, o).b", "x"),
        ("rows[].b", ["2", "1"]),
        ("rows[?b == '1'].a", ["1"]),
        ("rows[?a == '1']", [MASK, {"a": "1", "b": "1"}]),
        ("map(&b, rows)", ["2", "1"]),
        ("map(&length(a), rows)", [MASK, 1]),
        ("reverse(sort_by(rows, &b))[0].b", "2"),
    ],
)
def test_a_mask_takes_nothing_from_what_stands_beside_it(expression, value):
    assert evaluate(expression, {"o": {"a": MASK, "b": "x"}, "m": MASK, "n": None, "rows": ROWS}) == value


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just(MASK)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)
ATOMS = ["a", "b", "@", "a.b", "c[0]", "c[]", "*", "[a, b]", "{a: a}", "`1`", "'x'", "c[1:]"]
ONE = ["!{}", "{}.a", "{}[0]", "{}[].b", "{}[*].a", "{}.*", *(f"{name}({{}})" for name in (
    "length", "keys", "values", "to_string", "to_number", "type", "reverse", "sort", "max", "sum", "abs", "street",
    "person_name", "country", "currency", "label", "is_auditor", "place_name", "paris_date", "iso_date", "not_null",
    "to_array", "avg", "merge", "year", "trade_name", "amount", "nonzero", "representatives", "supervisors", "activity", "other_activity",
))]  # fmt: skip
TWO = [
    "({} && {})", "({} || {})", "({} == {})", "({} < {})", "({} | {})", "{}[?{}]", "contains({}, {})",
    "join_parts([{}, {}], ' ')", "sort_by({}, &{})", "map(&{}, {})", "max_by({}, &{})", "join({}, {})", "[{}, {}]",
    "starts_with({}, {})", "registration_number({}, {})", "not_null({}, {})", "pick({}, {})",
]  # fmt: skip
EXPRESSIONS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: (
        st.builds(lambda shape, one: shape.format(one), st.sampled_from(ONE), inner)
        | st.builds(lambda shape, one, two: shape.format(one, two), st.sampled_from(TWO), inner, inner)
    ),
    max_leaves=5,
)


def compiled(expression):
    try:
        return compile_expression(expression)
    except BadExpression:
        return None


@pytest.mark.slow
@given(expression=EXPRESSIONS.map(compiled).filter(bool), data=ANYTHING)
@settings(deadline=None, max_examples=500)
def test_an_expression_gives_a_value_or_is_unreadable(expression, data):
    with contextlib.suppress(Unreadable):
        expression(data)


def spell(value, mask):
    """Write the masks of a value otherwise."""
    if isinstance(value, dict):
        return {key: spell(part, mask) for key, part in value.items()}
    if isinstance(value, list):
        return [spell(part, mask) for part in value]
    return mask if value == MASK else value


def outcome(expression, data):
    try:
        found = expression(data)
    except Unreadable:
        return "unreadable"
    return MASK if masked(found) else repr(found)


@pytest.mark.slow
@given(expression=EXPRESSIONS.map(compiled).filter(bool), data=ANYTHING)
@settings(deadline=None, max_examples=500)
def test_what_is_seen_never_depends_on_what_is_behind_a_mask(expression, data):
    assert outcome(expression, data) == outcome(expression, spell(data, "AU [ non-diffusible ] 12"))


REFERENCE = MaskingInterpreter(jmespath.Options(custom_functions=OurFunctions()))


def interpreted(expression, data):
    """What the library's interpreter gives, the rule of masks included."""
    try:
        return repr(REFERENCE.visit(expression.parsed.parsed, data))
    except Exception:  # noqa: BLE001 whatever an unexpected value raises
        return "unreadable"


def evaluated(expression, data):
    try:
        return repr(expression(data))
    except Unreadable:
        return "unreadable"


@pytest.mark.slow
@given(expression=EXPRESSIONS.map(compiled).filter(bool), data=ANYTHING)
@settings(deadline=None, max_examples=2000)
def test_a_compiled_expression_gives_what_the_interpreter_gives(expression, data):
    assert evaluated(expression, data) == interpreted(expression, data)


FORMS = read_forms(Settings()).forms.values()
WRITTEN = {origin.expression for form in FORMS for part in form.fields for origin in part.origins}
ANSWERS = [reply.body.get("data") for company in COMPANIES for reply in company.answers.values() if reply.body]


@pytest.mark.slow
@pytest.mark.parametrize("expression", sorted(WRITTEN, key=str), ids=lambda one: one.text)
def test_the_expressions_of_the_forms_give_what_the_interpreter_gives(expression):
    for answer in ANSWERS:
        assert evaluated(expression, answer) == interpreted(expression, answer)


def test_a_deep_answer_is_no_trap():
    deep = "x"
    for _ in range(50_000):
        deep = [deep]

    for expression in ("a", "a[]", "to_string(a)", "length(a)", "a == a", "join_parts(a, ' ')", "contains(a, 'x')"):
        with contextlib.suppress(Unreadable):
            evaluate(expression, {"a": deep})
    while isinstance(deep, list):  # freed one by one, or the interpreter itself would recurse
        deep = deep.pop()


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "l'expression est vide : écrivez ce qui se lit dans la réponse, comme siret"),
        (" \t", "l'expression est vide : écrivez ce qui se lit dans la réponse, comme siret"),
        (
            "adresse.",
            "l'expression ne se lit pas, vers le caractère 9 : « adresse. » ; « prefill ask SOURCE NUMÉRO --expr '…' » en essaie une",
        ),
        (
            "a b",
            "l'expression ne se lit pas, vers le caractère 3 : « a b » ; « prefill ask SOURCE NUMÉRO --expr '…' » en essaie une",
        ),
        (
            "a'",
            "l'expression ne se lit pas, vers le caractère 2 : « a' » ; « prefill ask SOURCE NUMÉRO --expr '…' » en essaie une",
        ),
        (
            "a-b",
            "l'expression ne se lit pas, vers le caractère 2 : « a-b » ; « prefill ask SOURCE NUMÉRO --expr '…' » en essaie une",
        ),
        (
            "é",
            "l'expression ne se lit pas, vers le caractère 1 : « é » ; « prefill ask SOURCE NUMÉRO --expr '…' » en essaie une",
        ),
        ("`oui`", "un texte s'écrit 'entre apostrophes', pas `ainsi` : « `oui` »"),
        ("strete(a)", "la fonction « strete » n'existe pas"),
        ("a[?strete(b)].c", "la fonction « strete » n'existe pas"),
        ("street()", "la fonction « street » prend 1 argument, pas 0"),
        ("join_parts([a])", "la fonction « join_parts » prend 2 arguments, pas 1"),
        ("not_null()", "la fonction « not_null » prend au moins 1 argument, pas 0"),
        ("sort_by(a, b)", "l'argument 2 de la fonction « sort_by » s'écrit avec un & devant"),
        ("length(&a)", "l'argument 1 de la fonction « length » s'écrit sans & devant"),
        ("(" * 3000, "l'expression est trop imbriquée"),
        ("!" * 3000 + "a", "l'expression est trop imbriquée"),
    ],
)
def test_a_bad_expression_is_told_where_and_why(expression, message):
    with pytest.raises(BadExpression) as refused:
        compile_expression(expression)

    assert str(refused.value) == message


def test_an_endless_index_is_refused_in_a_short_sentence():
    with pytest.raises(BadExpression) as refused:
        compile_expression("a[" + "9" * 5000 + "]")

    assert len(str(refused.value)) < 300


@given(st.text(alphabet="abc[]{}()&|!?*@.,:'\"`<>=-0189 \\\n", max_size=30) | st.text(max_size=20))
@settings(deadline=None)
def test_any_text_compiles_or_is_a_bad_expression(text):
    with contextlib.suppress(BadExpression):
        compile_expression(text)


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("a.b[?c == 'x'].d | [0]", {"a", "b", "c", "d"}),
        ("join_parts([a, to_string(b)], ' ')", {"a", "b"}),
        ("sort_by(@, &date)", {"date"}),
        ("rows[].{year: annee}.year", {"rows", "annee", "year"}),
        ("pick(status, {ok: 'à jour'})", {"status"}),
        ('"clé à part"', {"clé à part"}),
        ("[?active != `false`]", {"active"}),
    ],
)
def test_an_expression_lists_the_keys_it_reads(expression, names):
    assert compile_expression(expression).names() == names


def test_an_expression_lists_the_keys_it_makes():
    assert compile_expression("rows[].{year: annee, end: fin}").makes() == {"year", "end"}


@pytest.mark.parametrize(
    ("expression", "invents"),
    [
        ("'Oui'", True),
        ("`false`", True),
        ("a || 'inconnu'", True),
        ("a || b || `0`", True),
        ("not_null(a, 'x')", True),
        ("a | 'x'", True),
        ("join_parts(['a', 'b'], ' ')", True),
        ("a || b", False),
        ("a || `null`", False),
        ("a && 'Inscrit'", False),
        ("a && 'x' || b", False),
        ("[?active || `true`]", False),
        ("@", False),
        ("[0]", False),
        ("*", False),
        ("[]", False),
        ("join_parts(['RCS', a], ' ')", False),
    ],
)
def test_a_value_that_no_register_said_is_recognised(expression, invents):
    assert compile_expression(expression).invents() is invents


def test_our_functions_are_those_that_jmespath_lacks():
    ours = {usage.split("(")[0] for usage in our_functions()}

    assert ours == function_names() - set(functions.Functions.FUNCTION_TABLE)
    assert ours <= set(OurFunctions.FUNCTION_TABLE)
    assert all(our_functions().values())
