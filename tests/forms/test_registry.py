"""Forms, from YAML to checked and compiled: every mistake is told once, where it is, with what was meant."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefill.cli import main
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.domain.answers import Answer, Status
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.company import Role
from prefill.domain.permissions import Audience
from prefill.forms.expressions import our_functions
from prefill.forms.filling import fill
from prefill.forms.model import Type
from prefill.forms.reasons import Reason
from prefill.forms.registry import check, load_all

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = ROOT / "schemas"

HEADER = 'title: T\nversion: "1"\naudience: candidate\nfields:\n'
FORM = HEADER + "  /a:\n    label: A\n    from:\n      - etablissements: siret\n"
AGENTS = FORM.replace("candidate", "agent") + (
    "  /t:\n    label: T\n    type: list\n    from: {exercices: '@'}\n"
    "    items:\n      amount: {label: M, from: chiffre_affaires}\n"
)


def lay(folder, **files):
    """Write files in a folder; a name stands for NAME.yaml."""
    folder.mkdir(exist_ok=True, parents=True)
    for name, content in files.items():
        written = content if isinstance(content, bytes) else content.encode()
        (folder / f"{name}.yaml").write_bytes(written)
    return folder


def told(folder, *more, **files):
    """Load the forms of some folders: what the checker says, without the folders' names."""
    lay(folder, **files)
    try:
        library = load_all([folder, *more])
    except InvalidConfigFile as bad:
        return [str(mistake).replace(f"{folder.parent}/", "") for mistake in bad.diagnostics]
    return [str(remark).replace(f"{folder.parent}/", "") for remark in library.remarks]


@pytest.fixture
def forms(tmp_path):
    return tmp_path / "forms"


def fields(text):
    """Write a form around its fields."""
    return HEADER + "".join(f"  {line}\n" for line in text.strip("\n").split("\n"))


def field(text):
    """Write a form around one field, whose keys begin on line 6."""
    return HEADER + "  /a:\n" + "".join(f"    {line}\n" for line in text.strip("\n").split("\n"))


def origin(text):
    return field(f"label: A\nfrom: {text}")


def test_the_forms_we_ship_load_without_a_remark():
    library = load_all([BUNDLED])

    assert library.remarks == ()
    assert library.replaced == ()
    assert library.forms["dume"].audience is Audience.CANDIDATE
    assert library.forms["dume"].version == "1"


def test_the_dume_asks_no_protected_source_and_names_nobody_twice():
    dume = load_all([BUNDLED]).forms["dume"]
    aliases = [part.alias for part in dume.fields if part.alias]

    assert all(CATALOGUE[name].open for name in dume.sources() + dume.on_demand())
    assert len(aliases) == len(set(aliases))


DECLARED = re.compile("/partIII|/sme|/shelteredWorkshop|/officialList|/participation|/contact|websiteURI|/partVI")


def test_the_dume_has_no_field_for_what_is_declared_on_honour():
    assert not [part.path for part in load_all([BUNDLED]).forms["dume"].fields if DECLARED.search(part.path)]


ON_HONOUR = re.compile(
    "/honour/|/sme$|/reservedContract/(?!socialEconomy)|/officialList|/signature/|/contact/|/turnover/|/buyer/"
)


@pytest.mark.parametrize("name", ["dc1", "dc2", "dc4"])
def test_the_national_forms_ask_the_candidate_for_what_is_on_honour(name):
    form = load_all([BUNDLED]).forms[name]
    on_honour = [part for part in form.fields if ON_HONOUR.search(part.path)]

    assert len(on_honour) > 5
    assert all(part.declared for part in on_honour)
    assert all(CATALOGUE[source].open for source in form.sources() + form.on_demand())


@pytest.mark.parametrize("name", ["dc1", "dc2", "dc4"])
def test_every_field_of_the_national_forms_stands_under_a_title_and_in_its_order(name):
    form = load_all([BUNDLED]).forms[name]
    sections = [next(one for one in form.sections if f"{part.path}/".startswith(one + "/")) for part in form.fields]

    assert list(dict.fromkeys(sections)) == list(form.sections)
    assert sections == sorted(sections, key=list(form.sections).index)


def test_a_form_is_compiled_as_it_is_written(forms):
    lay(forms, fiche=field(
        "label: Code\ntype: integer\nalias: code\non_demand: true\nconfirm: true\n"
        "from:\n  - etablissements: tranche_effectif_salarie.de\n  - siege_social: tranche_effectif_salarie.de"
    ))  # fmt: skip
    form = load_all([forms]).forms["fiche"]
    [part] = form.fields

    assert (form.id, form.title, form.version, form.file) == ("fiche", "T", "1", str(forms / "fiche.yaml"))
    assert (part.path, part.label, part.type, part.alias) == ("/a", "Code", Type.INTEGER, "code")
    assert (part.on_demand, part.confirm) == (True, True)
    assert [(one.source, one.expression.text) for one in part.origins] == [
        ("etablissements", "tranche_effectif_salarie.de"),
        ("siege_social", "tranche_effectif_salarie.de"),
    ]


def test_one_mapping_is_as_good_as_a_list_of_origins(forms):
    lay(forms, fiche=origin("{siege_social: siret, etablissements: siret}"))
    [part] = load_all([forms]).forms["fiche"].fields

    assert [one.source for one in part.origins] == ["siege_social", "etablissements"]


@pytest.mark.parametrize(
    ("written", "read"), [("1", "1"), ("01", "01"), ("1.10", "1.10"), ("2026-11-23", "2026-11-23"), ("no", "no")]
)  # fmt: skip
def test_what_looks_like_a_number_a_date_or_a_word_of_yaml_stays_a_text(forms, written, read):
    lay(forms, fiche=FORM.replace('"1"', written))

    assert load_all([forms]).forms["fiche"].version == read


def test_files_that_hold_what_they_held_are_not_compiled_again(forms):
    first = load_all([lay(forms, fiche=FORM)])
    same = load_all([lay(forms, fiche=FORM)])
    other = load_all([lay(forms, fiche=FORM.replace("label: A", "label: B"))])
    back = load_all([lay(forms, fiche=FORM)])

    assert same is first
    assert [library.forms["fiche"].fields[0].label for library in (first, other, back)] == ["A", "B", "A"]


def test_an_agents_form_reads_protected_sources(forms):
    assert told(forms, agents=AGENTS) == []


def test_a_candidates_form_announces_what_the_buyer_obtains(forms):
    lay(forms, fiche=field("label: CA\nreserved: exercices"))
    [part] = load_all([forms]).forms["fiche"].fields

    assert (part.reserved, part.origins) == ("exercices", ())


def test_a_reserved_list_needs_no_items(forms):
    assert told(forms, fiche=field("label: CA\ntype: list\nreserved: exercices")) == []


def test_a_declared_field_is_the_candidates_alone(forms):
    lay(forms, fiche=field("label: PME\ntype: boolean\ndeclared: true\nroles: [subcont, group-mem]"))
    form = load_all([forms]).forms["fiche"]
    [part] = form.fields

    assert (part.declared, part.origins, form.sources()) == (True, (), ())
    assert form.roles == (Role.GROUP_MEMBER, Role.SUBCONTRACTOR)
    assert form.for_role(Role.SUBCONTRACTOR).fields == (part,)
    assert form.for_role(Role.SOLE_TENDERER).fields == ()


@pytest.mark.parametrize(
    ("written", "mistake"),
    [
        (
            "label: A\ndeclared: true\nfrom: {etablissements: siret}",
            "7: fields → /a → declared : « declared » exclut « from » et « reserved », le candidat seul le dit : retirez-le, ou les autres",
        ),
        (
            "label: A\ndeclared: true\nreserved: exercices",
            "7: fields → /a → declared : « declared » exclut « from » et « reserved », le candidat seul le dit : retirez-le, ou les autres",
        ),
        (
            "label: A\ndeclared: true\ntype: list",
            "8: fields → /a → type : un champ « declared » porte une seule valeur, pas une liste",
        ),
        (
            "label: A\ndeclared: true\nconfirm: true",
            "8: fields → /a → confirm : « confirm » ne va pas avec « declared », aucun registre n'est lu : retirez l'un des deux",
        ),
        (
            "label: A\ndeclared: true\noptional: true",
            "8: fields → /a → optional : « optional » ne va pas avec « declared », aucun registre n'est lu : retirez l'un des deux",
        ),
        (
            "label: A\nonly_for: towns\nfrom: {etablissements: siret}",
            "7: fields → /a → only_for : attend associations ou share_capital ou trade_register ou vat, pas « towns »",
        ),
        (
            "label: A\ndeclared: true\nroles: subcont",
            "8: fields → /a → roles : attend une liste de rôles",
        ),
        (
            "label: A\ndeclared: true\nroles: [membre]",
            "8: fields → /a → roles → 0 : attend sole-tenderer ou group-lead ou group-mem ou oeron ou subcont, pas « membre »",
        ),
    ],
)
def test_what_contradicts_a_declared_field_is_told(forms, written, mistake):
    assert told(forms, fiche=field(written)) == [f"forms/fiche.yaml:{mistake}"]


def test_a_sections_title_stands_above_a_field(forms):
    sections = "sections:\n  /part/a: A - Acheteur\n  /part/b: B - Objet\n"
    written = sections + fields("/part/a/name: {label: Nom, declared: true}")

    assert told(forms, fiche=written) == [
        "forms/fiche.yaml:3: sections → /part/b : aucun champ n'est sous « /part/b » ; vouliez-vous dire « /part/a » ?"
    ]


def test_an_overlay_adds_its_sections_to_those_it_inherits(forms):
    base = "sections:\n  /a: A\n" + fields("/a/name: {label: Nom, declared: true}")
    over = "extends: base\nsections:\n  /b: B\nfields:\n  /b/name: {label: Nom, declared: true}\n"
    lay(forms, base=base, over=over)

    assert load_all([forms]).forms["over"].sections == {"/a": "A", "/b": "B"}


def test_a_file_may_begin_with_the_mark_of_windows_editors(forms):
    assert told(forms, fiche=FORM.encode("utf-8-sig")) == []


def test_anchors_may_be_shared(forms):
    text = fields("/a: &a\n  label: A\n  from: {etablissements: siret}\n/b: *a")

    assert told(forms, fiche=text) == []


KEYS = "title, version, audience et fields"
DICTIONARY = "attend un dictionnaire « clé: valeur »"


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (b"", f"1: le fichier est vide : il lui faut {KEYS}"),
        (b"# rien\n", f"1: le fichier est vide : il lui faut {KEYS}"),
        (b"- a\n- b\n", f"1: {DICTIONARY} : {KEYS}"),
        (b"bonjour\n", f"1: {DICTIONARY} : {KEYS}"),
        (FORM.encode("utf-16"), "1: le fichier n'est pas en UTF-8 : enregistrez-le dans cet encodage"),
        (FORM.encode("utf-16-le"), "1: ce n'est pas du YAML : il y a un caractère interdit ; est-ce bien de l'UTF-8 ?"),
        (
            FORM.replace("label: A", "label: É").encode("latin-1"),
            "6: le fichier n'est pas en UTF-8 : enregistrez-le dans cet encodage",
        ),
        (FORM.encode() + b"\0", "9: ce n'est pas du YAML : il y a un caractère interdit ; est-ce bien de l'UTF-8 ?"),
        (HEADER + "\t/a: x\n", "5: ce n'est pas du YAML : il y a une tabulation : YAML n'accepte que des espaces"),
        (
            field("label: Nom : prénom"),
            "6: ce n'est pas du YAML : un « : » de trop, ou une ligne mal alignée ; un texte va entre guillemets",
        ),
        (
            origin("{documents_associations: @}"),
            "7: ce n'est pas du YAML : un texte qui commence par @, %, ` ou un autre signe va entre guillemets",
        ),
        (
            origin("{etablissements: *.code}"),
            "7: ce n'est pas du YAML : un texte qui commence par * va entre guillemets",
        ),
        (
            field('label: "Nom\nfrom:\n  - etablissements: siret'),
            "6: ce n'est pas du YAML : un guillemet ouvert ici n'est pas fermé, ou une barre \\ est mal placée",
        ),
        (
            field("label: A\nfrom: {etablissements: siret\n"),
            "7: ce n'est pas du YAML : un crochet ou une accolade ouvert ici n'est pas fermé, ou une virgule manque",
        ),
        (
            HEADER + "  /a:\n    label: A\n   from: x\n",
            "7: ce n'est pas du YAML : cette ligne n'est pas alignée avec les autres, ou un texte déborde de ses guillemets",
        ),
        (FORM + "---\n" + FORM, "9: ce n'est pas du YAML : un fichier ne contient qu'un formulaire : retirez « --- »"),
        (b"#" * 1_000_001, "1: le fichier dépasse 1000000 octets"),
        ("title: " + "[" * 200_000, "1: le fichier est trop imbriqué"),
        ("title:\n  " + "- " * 100, "2: le fichier est trop imbriqué"),
        ("title: " + "{a: " * 900 + "}" * 900, "1: le fichier est trop imbriqué"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_where(forms, content, mistake):
    assert told(forms, fiche=content) == [f"forms/fiche.yaml:{mistake}"]


def test_a_few_lines_that_unfold_into_billions_are_refused_at_once(forms):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 12)
    )

    [mistake] = told(forms, fiche=bomb)

    assert "le fichier compte plus de 50000 valeurs, ancres dépliées" in mistake


def test_an_anchor_inside_itself_is_refused(forms):
    text = FORM.replace("label: A", "label: A\n    items: &a {x: *a}")

    assert "forms/fiche.yaml:7: fields → /a → items → x : l'ancre se contient elle-même" in told(forms, fiche=text)


def test_a_file_that_is_not_there_is_told(tmp_path):
    [mistake] = check([tmp_path / "absent.yaml"], [])

    assert mistake.message.startswith("le fichier ne peut pas être lu : ")


def test_a_folder_that_is_not_there_is_told(forms):
    [mistake] = told(forms, forms.parent / "ailleurs", fiche=FORM)

    assert mistake == "ailleurs: ce dossier de formulaires n'existe pas (PREFILL_SCHEMAS)"


def test_an_empty_folder_is_only_a_remark(forms):
    lay(forms.parent / "vide")

    assert told(forms, forms.parent / "vide", fiche=FORM) == [
        "vide: remarque : ce dossier ne contient aucun formulaire (fichiers .yaml)"
    ]


def test_the_name_of_a_file_is_an_identifier(forms):
    [mistake] = told(forms, **{"Ma fiche": FORM})

    assert mistake == (
        "forms/Ma fiche.yaml:1: « Ma fiche », le nom du fichier, est l'identifiant : lettres sans accent, chiffres, - et _"
    )


def test_two_files_cannot_be_the_same_form(forms):
    lay(forms)
    (forms / "fiche.yml").write_text(FORM)

    assert told(forms, fiche=FORM) == [
        "forms/fiche.yaml:1: « fiche.yml » est aussi le formulaire « fiche » : gardez l'un des deux"
    ]


def test_hidden_files_and_other_files_are_left_alone(forms):
    lay(forms, **{".fiche": "[", "fiche": FORM})
    (forms / "notes.txt").write_text("[")
    (forms / "fiche.yaml~").write_text("[")
    (forms / "AUTRE.YAML").write_text(FORM)

    assert load_all([forms]).forms.keys() == {"fiche", "AUTRE"}


FORM_KEYS = (
    "(clés possibles : title, titles, version, description, audience, extends, remove, sections, section_labels, "
    "synonyms, fields)"
)
FIELD_KEYS = (
    "(clés possibles : label, labels, type, from, items, constants, choices, choice_labels, alias, on_demand, confirm, reserved, declared, optional, "
    "only_for, roles, synonyms)"
)
ITEM_KEYS = "(clés possibles : label, labels, type, from, identifying, expires)"
WORD = "attend un mot : une lettre, puis lettres sans accent, chiffres, - ou _"
TYPES = "string ou date ou integer ou number ou boolean ou list"


@pytest.mark.parametrize(
    ("content", "mistakes"),
    [
        (
            "fields:\n  /a: {label: A, from: {etablissements: siret}}\n",
            [
                "1: clé obligatoire : title (le titre du formulaire)",
                "1: clé obligatoire : version (sa version, un texte)",
                "1: clé obligatoire : audience (pour qui il est, candidate ou agent)",
            ],
        ),
        (HEADER.replace("fields:\n", ""), ["1: le formulaire n'a aucun champ : ajoutez-en sous « fields »"]),
        (HEADER + "  {}\n", ["1: le formulaire n'a aucun champ : ajoutez-en sous « fields »"]),
        (HEADER, ["4: fields : valeur manquante : écrivez-la, ou retirez la clé"]),
        (HEADER.replace("fields:", "fields: [a]"), [f"4: fields : {DICTIONARY}"]),
        (FORM.replace("title: T", "title:"), ["1: title : valeur manquante : écrivez-la, ou retirez la clé"]),
        (
            FORM.replace("title: T", 'title: " "'),
            ["1: title : ne peut pas être vide : écrivez un texte, ou retirez la clé"],
        ),
        (FORM.replace("title: T", "title: [T]"), ["1: title : attend un texte"]),
        (FORM.replace("title: T", "title: true"), ["1: title : attend un texte"]),
        (FORM.replace('"1"', "{a: b}"), ["2: version : attend un texte"]),
        (
            FORM.replace("candidate", "candidates"),
            ["3: audience : attend candidate ou agent, pas « candidates » ; vouliez-vous dire « candidate » ?"],
        ),
        (
            FORM.replace("title:", "titel:"),
            [
                f"1: titel : clé inconnue « titel » ; vouliez-vous dire « title » ? {FORM_KEYS}",
                "1: clé obligatoire : title (le titre du formulaire)",
            ],
        ),
        (FORM + "auteur: moi\n", [f"9: auteur : clé inconnue « auteur » {FORM_KEYS}"]),
        (FORM + "remove: /a\n", ["9: remove : attend une liste de chemins"]),
        (FORM + "extends: [dume]\n", ["9: extends : attend un texte"]),
        (fields("/a: texte"), [f"5: fields → /a : {DICTIONARY}"]),
        (fields("/a:"), ["5: fields → /a : valeur manquante : écrivez-la, ou retirez la clé"]),
        (fields("/a: [b]"), [f"5: fields → /a : {DICTIONARY}"]),
        (
            fields("/a: {}"),
            [
                "5: fields → /a → label : clé obligatoire : ajoutez-la",
                "5: fields → /a : clé obligatoire : from (une ou plusieurs « source: expression »), reserved ou declared",
            ],
        ),
        (
            field("lable: A\nfrom: {etablissements: siret}"),
            [
                "5: fields → /a → label : clé obligatoire : ajoutez-la",
                f"6: fields → /a → lable : clé inconnue « lable » ; vouliez-vous dire « label » ? {FIELD_KEYS}",
            ],
        ),
        (
            field("label: A\nfrom: {etablissements: siret}\nvalue: x\nkey: y"),
            [
                f"8: fields → /a → value : clé inconnue « value » {FIELD_KEYS}",
                f"9: fields → /a → key : clé inconnue « key » {FIELD_KEYS}",
            ],
        ),
        (
            field("label:\nfrom: {etablissements: siret}"),
            ["6: fields → /a → label : valeur manquante : écrivez-la, ou retirez la clé"],
        ),
        (field("label: true\nfrom: {etablissements: siret}"), ["6: fields → /a → label : attend un texte"]),
        (
            field("label: A\ntype: entier\nfrom: {etablissements: siret}"),
            [f"7: fields → /a → type : attend {TYPES}, pas « entier » ; vouliez-vous dire « integer » ?"],
        ),
        (
            field("label: A\ntype: lists\nfrom: {etablissements: '@'}\nitems: {x: {label: X, from: siret}}"),
            [f"7: fields → /a → type : attend {TYPES}, pas « lists » ; vouliez-vous dire « list » ?"],
        ),
        (
            field("label: A\nconfirm: yes\non_demand: 1\nfrom: {etablissements: siret}"),
            [
                "7: fields → /a → confirm : attend true ou false",
                "8: fields → /a → on_demand : attend true ou false",
            ],
        ),
        (field("label: A\nalias: à part\nfrom: {etablissements: siret}"), [f"7: fields → /a → alias : {WORD}"]),
        (
            field("label: A\ntype: list\nfrom: {etablissements: '@'}\nitems: [siret]"),
            [f"9: fields → /a → items : {DICTIONARY}"],
        ),
        (
            field(
                "label: A\ntype: list\nfrom: {etablissements: '@'}\nitems:\n  x: siret\n  9: {label: N, from: siret}"
            ),
            [f"10: fields → /a → items → x : {DICTIONARY}", f"11: fields → /a → items → 9 : {WORD}"],
        ),
        (
            field(
                "label: A\ntype: list\nfrom: {etablissements: '@'}\n"
                "items:\n  value:\n    label: X\n    form: siret\n  key:\n    label: X\n    from: siret\n    type: list"
            ),
            [
                "10: fields → /a → items → value → from : clé obligatoire : ajoutez-la",
                (
                    "12: fields → /a → items → value → form : clé inconnue « form » ; "
                    f"vouliez-vous dire « from » ? {ITEM_KEYS}"
                ),
                (
                    "16: fields → /a → items → key → type : attend string ou date ou integer ou number ou boolean, "
                    "pas « list »"
                ),
            ],
        ),
        (
            fields("/a[x]: {label: A, constants: {s: {t: u}, v: '[ND]'}, from: {etablissements: siret}}"),
            [
                "5: fields → /a[x] → constants → s : attend un texte",
                (
                    "5: fields → /a[x] → constants → v : « [ND] » marque une donnée masquée, qui ne sort jamais du "
                    "service : écrivez un autre texte"
                ),
            ],
        ),
        (
            field("<<: {label: A}\nlabel: B\nfrom: {etablissements: siret}"),
            [
                "6: fields → /a → << : « << » n'est pas lu ici : recopiez les clés, ou étendez un formulaire avec extends"
            ],
        ),
        (FORM + "? [a, b]\n: c\n", ["1: ligne 9, une clé doit être un simple texte"]),
    ],
)
def test_what_does_not_follow_the_grammar_is_told_with_its_line(forms, content, mistakes):
    assert told(forms, fiche=content) == [f"forms/fiche.yaml:{mistake}" for mistake in mistakes]


def test_a_key_given_twice_is_told_at_every_depth(forms):
    text = (
        "title: T\ntitle: U\nversion: '1'\naudience: candidate\nfields:\n"
        "  /l:\n    label: L\n    label: M\n    type: list\n    from:\n      - etablissements: '@'\n        etablissements: '@'\n"
        "    items:\n      x: {label: X, from: siret}\n      x: {label: Y, from: siret}\n"
        "  /l: {label: L}\n"
    )

    assert told(forms, fiche=text) == [
        "forms/fiche.yaml:2: title : clé donnée deux fois (déjà à la ligne 1) : gardez l'une des deux",
        "forms/fiche.yaml:8: fields → /l → label : clé donnée deux fois (déjà à la ligne 7) : gardez l'une des deux",
        "forms/fiche.yaml:12: fields → /l → from → 0 → etablissements : clé donnée deux fois (déjà à la ligne 11) : gardez l'une des deux",
        "forms/fiche.yaml:15: fields → /l → items → x : clé donnée deux fois (déjà à la ligne 14) : gardez l'une des deux",
        "forms/fiche.yaml:16: fields → /l : clé donnée deux fois (déjà à la ligne 6) : gardez l'une des deux",
    ]


def test_all_mistakes_are_told_at_once(forms):
    text = (
        "titel: T\nversion: []\naudience: agents\nfields:\n"
        "  /a: {lable: A, from: {etablissement: 'strete(adresse)'}}\n"
        "  b: {label: B, from: {etablissements: 'strete(adresse)'}}\n"
        "  /c: {label: C, type: list, from: {exercices: '@'}}\n"
        "  /c/d: {label: D, alias: 'x y', from: {etablissements: sexe}}\n"
    )

    lines = [int(mistake.split(":")[1]) for mistake in told(forms, fiche=text, autre="[")]

    assert lines == [1, 1, 1, 2, 3, 5, 5, 5, 6, 6, 7, 7, 8, 8, 8]


ORIGIN = "une origine s'écrit « source: expression »"
MISSING = "5: fields → /a : clé obligatoire : from (une ou plusieurs « source: expression »), reserved ou declared"
JMESPATH = "attend une expression JMESPath, comme adresse.code_postal ; entre guillemets si elle commence par un signe"
PROTECTED = (
    "c'est une donnée protégée : elle ne peut figurer que dans un formulaire « audience: agent », pour les agents "
    "habilités de l'acheteur"
)


@pytest.mark.parametrize(
    ("written", "mistake"),
    [
        ("", MISSING),
        ("~", MISSING),
        ("[]", MISSING),
        ("{}", MISSING),
        ("siret", f"7: fields → /a → from : {ORIGIN}, comme « etablissements: siret »"),
        ("12", f"7: fields → /a → from : {ORIGIN}, comme « etablissements: siret »"),
        ("true", f"7: fields → /a → from : {ORIGIN}, comme « etablissements: siret »"),
        ("etablissements.siret", f"7: fields → /a → from : {ORIGIN} ; vouliez-vous dire « etablissements: siret » ?"),
        (
            "'etablissements: siret'",
            f"7: fields → /a → from : {ORIGIN} ; vouliez-vous dire « etablissements: siret » ?",
        ),
        ("[~]", f"7: fields → /a → from → 0 : {ORIGIN}, comme « etablissements: siret »"),
        ("[[etablissements]]", f"7: fields → /a → from → 0 : {ORIGIN}, comme « etablissements: siret »"),
        (
            "[{etablissements: siret, siege_social: siret}]",
            f"7: fields → /a → from → 0 : {ORIGIN}, une seule par tiret",
        ),
        ("{etablissements: }", f"7: fields → /a → from → etablissements : {JMESPATH}"),
        ("{etablissements: [siret]}", f"7: fields → /a → from → etablissements : {JMESPATH}"),
        ("{etablissements: {siret: x}}", f"7: fields → /a → from → etablissements : {JMESPATH}"),
        ("{etablissements: true}", f"7: fields → /a → from → etablissements : {JMESPATH}"),
        (
            "{etablissements: ''}",
            "7: fields → /a → from → etablissements : l'expression est vide : écrivez ce qui se lit dans la réponse, comme siret",
        ),
        (
            "{etablissements: 12}",
            "7: fields → /a → from → etablissements : l'expression ne se lit pas, vers le caractère 1 : « 12 » ; « prefill ask SOURCE NUMÉRO --expr '…' » en essaie une",
        ),
        (
            "{etablissements: adresse.}",
            "7: fields → /a → from → etablissements : l'expression ne se lit pas, vers le caractère 9 : « adresse. » ; « prefill ask SOURCE NUMÉRO --expr '…' » en essaie une",
        ),
        (
            "\n  etablissements: !siege_social",
            (
                "8: fields → /a → from → etablissements : « !siege_social » serait une étiquette YAML : mettez le texte "
                "entre guillemets"
            ),
        ),
        (
            "{etablissements: strete(adresse)}",
            (
                "7: fields → /a → from → etablissements : la fonction « strete » n'existe pas ; vouliez-vous dire "
                "« street » ?"
            ),
        ),
        (
            "{etablissements: lenght(siret)}",
            (
                "7: fields → /a → from → etablissements : la fonction « lenght » n'existe pas ; vouliez-vous dire "
                "« length » ?"
            ),
        ),
        (
            "{etablissements: join_parts(siret)}",
            "7: fields → /a → from → etablissements : la fonction « join_parts » prend 2 arguments, pas 1",
        ),
        (
            "{etablissements: siret || 'inconnu'}",
            (
                "7: fields → /a → from → etablissements : rien ne s'invente : cette expression peut donner une valeur "
                "écrite d'avance ; lisez le registre seul, ou écrivez une condition : clé && 'texte'"
            ),
        ),
        (
            "[{siege_socal: siret}]",
            (
                "7: fields → /a → from → 0 → siege_socal : source inconnue « siege_socal » ; vouliez-vous dire "
                "« siege_social » ?"
            ),
        ),
        ("{zzz: siret}", "7: fields → /a → from → zzz : source inconnue « zzz » : « prefill sources » les liste"),
        (
            "{exercices: chiffre_affaires}",
            (
                f"7: fields → /a → from → exercices : la source « exercices » est refusée : {PROTECTED} ; ici, "
                "« reserved: exercices » dit au candidat que l'acheteur peut l'obtenir"
            ),
        ),
        (
            "{siege_social_instructeur: siret}",
            (
                "7: fields → /a → from → siege_social_instructeur : la source « siege_social_instructeur » est refusée : "
                f"{PROTECTED} ; la source ouverte est « siege_social »"
            ),
        ),
        (
            "{etablissements: unite_legale.personne_physique_attributs.sexe}",
            (
                "7: fields → /a → from → etablissements : « sexe » est une donnée personnelle dont un marché n'a pas "
                "besoin, le service ne la lit pas : retirez ce champ, ou écrivez « declared: true »"
            ),
        ),
        (
            "{extraits_rcs_infogreffe: 'mandataires_sociaux[].{date_naissance: date_naissance}'}",
            (
                "7: fields → /a → from → extraits_rcs_infogreffe : « date_naissance » est une donnée personnelle dont un "
                "marché n'a pas besoin, le service ne la lit pas : retirez ce champ, ou écrivez « declared: true »"
            ),
        ),
    ],
)
def test_an_origin_that_cannot_be_read_is_told(forms, written, mistake):
    assert told(forms, fiche=origin(written)) == [f"forms/fiche.yaml:{mistake}"]


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("source", [one.name for one in SOURCES if not one.usable])
def test_a_forbidden_or_withdrawn_source_is_refused_to_everybody_with_its_reason(forms, source, audience):
    [mistake] = told(forms, fiche=origin(f"{{{source}: x}}").replace("candidate", audience))

    assert mistake == (
        f"forms/fiche.yaml:7: fields → /a → from → {source} : la source « {source} » est refusée : "
        f"{CATALOGUE[source].refusal.rstrip('.')} ; retirez ce champ, ou écrivez « declared: true »"
    )


def test_personal_keys_are_refused_to_agents_too(forms):
    text = origin("{etablissements_instructeur: unite_legale.personne_physique_attributs.sexe}")

    [mistake] = told(forms, fiche=text.replace("candidate", "agent"))

    assert "« sexe » est une donnée personnelle" in mistake


def test_a_key_that_the_source_is_not_known_to_hold_is_only_a_remark(forms):
    assert told(forms, fiche=origin("{etablissements: unite_legal.siren}")) == [
        (
            "forms/fiche.yaml:7: remarque : fields → /a → from → etablissements : « unite_legal » n'est pas une clé connue de "
            "etablissements ; vouliez-vous dire « unite_legale » ?"
        )
    ]


def test_keys_that_an_expression_makes_are_known(forms):
    text = field(
        "label: A\ntype: list\nfrom: {extraits_rcs_infogreffe: 'mandataires_sociaux[].{qui: nom}'}\n"
        "items: {nom: {label: Nom, from: qui}}"
    )

    assert told(forms, fiche=text) == []


def test_the_items_of_a_list_are_checked_as_origins_are(forms):
    text = field(
        "label: A\ntype: list\nfrom: {extraits_rcs_infogreffe: mandataires_sociaux}\nitems:\n"
        "  a: {label: A, from: date_naissance}\n  b: {label: B, from: 'strete(nom)'}\n  c: {label: C, from: non}"
    )

    assert [mistake.split(" : ")[0] for mistake in told(forms, fiche=text)] == [
        "forms/fiche.yaml:10: fields → /a → items → a → from",
        "forms/fiche.yaml:11: fields → /a → items → b → from",
        "forms/fiche.yaml:12: remarque",
    ]


SIRET = "from: {etablissements: siret}"


@pytest.mark.parametrize(
    ("written", "mistake"),
    [
        ("/a: {label: A, type: list, from: {etablissements: '@'}}",
         "fields → /a : une liste a besoin de « items » : les clés de ses objets"),
        ("/a: {label: A, items: {x: {label: X, from: siret}}, " + SIRET + "}",
         "fields → /a → items : « items » ne va qu'avec « type: list »"),
        ("/a: {label: A, constants: {s: t}, " + SIRET + "}",
         "fields → /a → constants : « constants » ne va qu'avec une entrée nommée, comme /…/identifiers[vat]"),
        ("/a[x]: {label: A, constants: {value: t}, " + SIRET + "}",
         "fields → /a[x] → constants → value : « value » est déjà la clé de la valeur elle-même : renommez cette constante"),
        ("/a[x]: {label: A, type: list, constants: {x: t}, items: {x: {label: X, from: id}}, from: {actes_inpi: actes}}",
         "fields → /a[x] → constants → x : « x » est déjà une clé de « items » : renommez l'une des deux"),
        ("/a: {label: A, type: list, items: {x: {label: X, from: id, expires: true}}, from: {actes_inpi: actes}}",
         "fields → /a → items → x → expires : « expires » ne va qu'avec « type: date »"),
        ("/a: {label: A, reserved: exercices, " + SIRET + "}",
         "fields → /a → reserved : « from » et « reserved » s'excluent, ce que l'acheteur obtient n'est pas lu : retirez l'un des deux"),
        ("/a: {label: A, reserved: exercice}",
         "fields → /a → reserved : source inconnue « exercice » ; vouliez-vous dire « exercices » ?"),
        ("/a: {label: A, reserved: etablissements}",
         ("fields → /a → reserved : « etablissements » est une source ouverte, à lire avec « from » : « reserved » annonce une "
         "donnée protégée, que l'acheteur obtient lui-même")),
        ("/a: {label: A, reserved: bilans_inpi}",
         ("fields → /a → reserved : la source « bilans_inpi » est refusée : ce service ne demande pas cette "
         "donnée ; retirez ce champ, ou écrivez « declared: true »")),
        ("/a: {label: A, reserved: }", "fields → /a → reserved : valeur manquante : écrivez-la, ou retirez la clé"),
    ],
)  # fmt: skip
def test_keys_that_do_not_go_together_are_told(forms, written, mistake):
    assert told(forms, fiche=fields(written)) == [f"forms/fiche.yaml:5: {mistake}"]


LIKE = "un chemin est comme /partII/A/economicOperator/name"


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("a", "un chemin commence par « / »"),
        ("", "un chemin commence par « / »"),
        ("a/b", "un chemin commence par « / »"),
        ("/", "il y a une clé vide dans ce chemin"),
        ("/a//b", "il y a une clé vide dans ce chemin"),
        ("/a/", "il y a une clé vide dans ce chemin"),
        ("/[x]", "il y a une clé vide dans ce chemin"),
        ("/a b", "un chemin n'a pas d'espace"),
        ("/a ", "un chemin n'a pas d'espace"),
        ("/a~2b", "dans un chemin, « ~ » s'écrit ~0 et « / » s'écrit ~1"),
        ("/a~", "dans un chemin, « ~ » s'écrit ~0 et « / » s'écrit ~1"),
        ("/a[x", "les crochets entourent le nom d'une entrée, à la fin, comme identifiers[vat]"),
        ("/a[]", "les crochets entourent le nom d'une entrée, à la fin, comme identifiers[vat]"),
        ("/a[1]", "les crochets entourent le nom d'une entrée, à la fin, comme identifiers[vat]"),
        ("/a[x]/b", "les crochets entourent le nom d'une entrée, à la fin, comme identifiers[vat]"),
        ("/a[x][y]", "les crochets entourent le nom d'une entrée, à la fin, comme identifiers[vat]"),
    ],
)
def test_a_path_that_leads_nowhere_is_told(forms, path, fault):
    text = fields(f"'{path}': {{label: A, {SIRET}}}")

    assert told(forms, fiche=text) == [f"forms/fiche.yaml:5: fields → {path} : {fault} ; {LIKE}"]


@pytest.mark.parametrize("path", ["/a", "/a/b-c_d/e.f", "/a~0b/c~1d", "/é/ù", "/a/0", "/a[x]", "/a/b[x-1_y]"])
def test_a_path_may_be_any_pointer(forms, path):
    assert told(forms, fiche=fields(f"'{path}': {{label: A, {SIRET}}}")) == []


@pytest.mark.parametrize(
    ("paths", "mistakes"),
    [
        (
            ["/a", "/a/b"],
            ["6: fields → /a/b : ce champ serait à l'intérieur du champ « /a » : changez l'un des deux chemins"],
        ),
        (
            ["/a/b/c", "/a"],
            ["5: fields → /a/b/c : ce champ serait à l'intérieur du champ « /a » : changez l'un des deux chemins"],
        ),
        (
            ["/a[x]", "/a"],
            ["5: fields → /a[x] : ce champ serait à l'intérieur du champ « /a » : changez l'un des deux chemins"],
        ),
        (
            ["/a[x]", "/a/b"],
            ["6: fields → /a/b : ce champ serait à l'intérieur du champ « /a[x] » : changez l'un des deux chemins"],
        ),
        (
            ["/a[x]", "/a/b[y]"],
            ["6: fields → /a/b[y] : ce champ serait à l'intérieur du champ « /a[x] » : changez l'un des deux chemins"],
        ),
        (["/a[x]", "/a[y]", "/ab", "/a~1b"], []),
    ],
)
def test_no_field_stands_inside_another(forms, paths, mistakes):
    text = fields("\n".join(f"{path}: {{label: A, {SIRET}}}" for path in paths))

    assert told(forms, fiche=text) == [f"forms/fiche.yaml:{mistake}" for mistake in mistakes]


def test_a_named_entry_is_not_added_to_a_list_of_objects(forms):
    text = fields(
        "/a: {label: A, type: list, from: {actes_inpi: actes}, items: {x: {label: X, from: id}}}\n"
        f"/a[x]: {{label: A, {SIRET}}}"
    )

    assert told(forms, fiche=text) == [
        "forms/fiche.yaml:6: fields → /a[x] : ce champ serait à l'intérieur du champ « /a » : changez l'un des deux chemins"
    ]


def test_an_alias_names_one_field(forms):
    text = fields("\n".join(f"{path}: {{label: A, alias: nom, {SIRET}}}" for path in ("/a", "/b", "/c")))

    assert told(forms, fiche=text) == [
        "forms/fiche.yaml:6: fields → /b → alias : l'alias « nom » est déjà celui de /a : choisissez-en un autre",
        "forms/fiche.yaml:7: fields → /c → alias : l'alias « nom » est déjà celui de /a : choisissez-en un autre",
    ]


def paths_of(form):
    return [part.path for part in form.fields]


BASE = fields(
    "/a: {label: A, alias: a, "
    + SIRET
    + "}\n/b/c: {label: C, "
    + SIRET
    + "}\n/b/d[x]: {label: D, alias: d, "
    + SIRET
    + "}"
)


def test_an_overlay_adds_replaces_and_removes(forms):
    lay(forms, base=BASE, over=(
        "extends: base\nversion: '2'\nremove: [/b]\n"
        "fields:\n  /a: {label: Autre, from: {siege_social: siret}}\n  /e: {label: E, " + SIRET + "}\n"
    ))  # fmt: skip
    library = load_all([forms])
    over = library.forms["over"]

    assert (over.title, over.version, over.audience) == ("T", "2", Audience.CANDIDATE)
    assert [(part.path, part.label) for part in over.fields] == [("/a", "Autre"), ("/e", "E")]
    assert paths_of(library.forms["base"]) == ["/a", "/b/c", "/b/d[x]"]


def test_a_removed_field_may_be_written_anew(forms):
    lay(forms, base=BASE, over=f"extends: base\nremove: [/a, /a]\nfields:\n  /a/z: {{label: Z, alias: a, {SIRET}}}\n")

    assert paths_of(load_all([forms]).forms["over"]) == ["/b/c", "/b/d[x]", "/a/z"]


def test_an_overlay_may_lie_over_an_overlay(forms):
    lay(
        forms, base=BASE, one="extends: base\nremove: [/b]", two=f"extends: one\nfields:\n  /z: {{label: Z, {SIRET}}}\n"
    )

    assert paths_of(load_all([forms]).forms["two"]) == ["/a", "/z"]


def test_a_later_folder_wins_and_may_extend_what_it_replaces(forms):
    lay(forms, base=BASE, autre=FORM)
    mine = lay(forms.parent / "mine", base="extends: base\nremove: [/b]", autre=FORM.replace("title: T", "title: U"))

    library = load_all([forms, mine])

    assert paths_of(library.forms["base"]) == ["/a"]
    assert library.forms["autre"].title == "U"
    assert [line.replace(f"{forms.parent}/", "") for line in library.replaced] == [
        "autre : mine/autre.yaml remplace forms/autre.yaml",
        "base : mine/base.yaml étend forms/base.yaml",
    ]


def test_three_folders_may_extend_each_other(forms):
    lay(forms, base=BASE)
    two = lay(forms.parent / "two", base="extends: base\nremove: [/b/c]")
    three = lay(forms.parent / "three", base="extends: base\nremove: [/b/d]")

    assert paths_of(load_all([forms, two, three]).forms["base"]) == ["/a"]


def test_the_mistakes_of_a_form_that_is_replaced_do_not_count(forms):
    mine = lay(forms.parent / "mine", base=FORM)

    assert told(forms, mine, base="[") == []


@pytest.mark.parametrize(
    ("overlay", "mistakes"),
    [
        ("extends: bse\nremove: [/z]\n",
         ["over.yaml:1: extends : il n'y a pas de formulaire « bse » ; vouliez-vous dire « base » ?"]),
        ("extends: zzz\n", ["over.yaml:1: extends : il n'y a pas de formulaire « zzz » ; il y a base"]),
        ("extends: over\n", ["over.yaml:1: extends : aucun formulaire ne peut s'étendre lui-même : over → over"]),
        ("extends: base\nremove:\n  - /a\n  - /A/z\n  - /b/e\n", [
            "over.yaml:4: remove → 1 : il n'y a pas de champ « /A/z » à retirer",
            "over.yaml:5: remove → 2 : il n'y a pas de champ « /b/e » à retirer ; vouliez-vous dire « /b/c » ?",
        ]),
        ("extends: base\nremove:\n  - [x]\n  - /e\n", [
            "over.yaml:2: remove : il n'y a pas de champ « /e » à retirer",
            "over.yaml:3: remove → 0 : attend un texte",
        ]),
        ("extends: base\nremove: [/a, /b]\n", ["over.yaml:1: le formulaire n'a aucun champ : ajoutez-en sous « fields »"]),
        ("extends: base\nfields:\n  /a: {label: Autre}\n",
         [("over.yaml:3: fields → /a : clé obligatoire : from (une ou plusieurs « source: expression »), reserved ou declared ; un champ "
          "remplacé s'écrit en entier")]),
        (FORM + "remove: [/a]\n", ["over.yaml:9: remove : « remove » ne va qu'avec « extends » : il n'y a rien à retirer"]),
        (f"extends: base\nfields:\n  /a/z: {{label: Z, {SIRET}}}\n",
         ["over.yaml:3: fields → /a/z : ce champ serait à l'intérieur du champ « /a » (forms/base.yaml:5) : changez l'un des deux chemins"]),
        (f"extends: base\nfields:\n  /b: {{label: Z, {SIRET}}}\n", [
            "over.yaml:3: fields → /b : ce champ contiendrait le champ hérité « /b/c » (forms/base.yaml:6) : changez son chemin, ou retirez l'autre",
            "over.yaml:3: fields → /b : ce champ contiendrait le champ hérité « /b/d[x] » (forms/base.yaml:7) : changez son chemin, ou retirez l'autre",
        ]),
        (f"extends: base\nfields:\n  /z: {{label: Z, alias: a, {SIRET}}}\n",
         ["over.yaml:3: fields → /z → alias : l'alias « a » est déjà celui de /a (forms/base.yaml:5) : choisissez-en un autre"]),
        ((f"extends: base\nfields:\n  /a: {{label: A, {SIRET}}}\n  /b/c: {{label: A, alias: x, {SIRET}}}\n"
         f"  /z: {{label: A, alias: x, {SIRET}}}\n"),
         ["over.yaml:5: fields → /z → alias : l'alias « x » est déjà celui de /b/c : choisissez-en un autre"]),
        (f"extends: base\nfields:\n  /a: {{label: A, alias: d, {SIRET}}}\n",
         ["over.yaml:3: fields → /a → alias : l'alias « d » est déjà celui de /b/d[x] (forms/base.yaml:7) : choisissez-en un autre"]),
    ],
)  # fmt: skip
def test_the_mistakes_of_an_overlay_are_told_in_the_overlay(forms, overlay, mistakes):
    assert told(forms, base=BASE, over=overlay) == [f"forms/{mistake}" for mistake in mistakes]


def test_the_mistakes_of_a_parent_are_told_once_in_the_parent(forms):
    broken = BASE.replace("etablissements", "etablissement", 1)

    assert told(forms, base=broken, one="extends: base", two="extends: one\nremove: [/b]") == [
        (
            "forms/base.yaml:5: fields → /a → from → etablissement : source inconnue « etablissement » ; vouliez-vous dire "
            "« etablissements » ?"
        )
    ]


def test_an_overlay_of_what_cannot_be_read_is_checked_on_its_own(forms):
    over = "extends: base\nremove: [/zzz]\nfields:\n  /c: {label: C, from: {etablissement: siret}}\n"

    [unreadable, unknown] = told(forms, base="title: [", over=over)

    assert unreadable.startswith("forms/base.yaml:1: ce n'est pas du YAML")
    assert unknown.startswith("forms/over.yaml:4: fields → /c → from → etablissement : source inconnue")


def test_a_cycle_is_told_in_each_of_its_files(forms):
    cycle = {"a": "extends: b", "b": "extends: c", "c": "extends: a"}

    assert sorted(told(forms, **cycle, d="extends: a")) == [
        "forms/a.yaml:1: extends : aucun formulaire ne peut s'étendre lui-même : b → c → a → b",
        "forms/b.yaml:1: extends : aucun formulaire ne peut s'étendre lui-même : c → a → b → c",
        "forms/c.yaml:1: extends : aucun formulaire ne peut s'étendre lui-même : a → b → c → a",
    ]


def test_a_candidates_overlay_answers_for_the_protected_fields_it_inherits(forms):
    over = "extends: agents\naudience: candidate\n"

    assert told(forms, agents=AGENTS, over=over) == [
        (
            f"forms/over.yaml:2: audience : le champ hérité « /t » (forms/agents.yaml:9) lit « exercices » : {PROTECTED} "
            "(remove le retire)"
        )
    ]
    assert told(forms, agents=AGENTS, over=over + "remove: [/t]\n") == []


def test_an_agents_overlay_may_add_what_is_protected_to_a_candidates_form(forms):
    over = "extends: base\naudience: agent\nfields:\n  /t: {label: T, from: {exercices: '[0].date_fin_exercice'}}\n"

    assert told(forms, base=BASE, over=over) == []


def test_checking_a_file_says_nothing_of_the_others(forms):
    lay(forms, base=BASE, autre="[")
    draft = lay(forms.parent / "drafts", over="extends: base\nremove: [/zzz]") / "over.yaml"

    assert [mistake.path for mistake in check([draft], [forms])] == ["remove → 0"]


def test_checking_a_file_says_what_is_wrong_in_the_form_it_extends(forms):
    lay(forms, base=BASE.replace("siret", "strete(x)", 1))
    draft = lay(forms.parent / "drafts", over="extends: base") / "over.yaml"

    assert [Path(mistake.file).name for mistake in check([draft], [forms])] == ["base.yaml"]


def test_a_file_that_is_in_a_folder_already_is_read_once(forms):
    lay(forms, base=BASE)
    mine = lay(forms.parent / "mine", base="extends: base\nremove: [/b]")

    assert check([mine / "base.yaml"], [forms, mine]) == ()
    assert check([forms / "base.yaml"], [forms, mine]) == ()


SCALARS = st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=4) | st.sampled_from(
    ["list", "string", "dume", "fiche", "candidate", "agent", "@", "siret", "street(adresse)", "'x'", "[ND]", "/a", "/a[x]"]
)  # fmt: skip
WORDS = st.sampled_from(
    "title version audience extends remove fields description label from type items constants alias on_demand confirm "
    "reserved identifying etablissements exercices bilans_inpi /a /a/b /a[x] /b value key _schema".split()
) | st.text(max_size=3)  # fmt: skip
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5), max_leaves=20
)
PLAUSIBLE = st.fixed_dictionaries(
    {"title": st.just("T"), "version": st.just("1"), "audience": st.sampled_from(["candidate", "agent"])},
    optional={
        "fields": st.dictionaries(WORDS, st.dictionaries(WORDS, TREES, max_size=5), max_size=4),
        "extends": SCALARS,
        "remove": TREES,
    },
)


def load_or_refuse(folder):
    try:
        load_all([folder])
    except InvalidConfigFile as bad:
        assert all(mistake.message and mistake.line >= 0 for mistake in bad.diagnostics)  # noqa: PT017


@pytest.mark.slow
@given(tree=PLAUSIBLE | TREES)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_yaml_is_a_form_or_a_list_of_mistakes(forms, tree):
    load_or_refuse(lay(forms, fiche=yaml.safe_dump(tree, allow_unicode=True), dume=FORM))


@given(
    content=st.binary(max_size=60)
    | st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,? \t\n\\<\x00é", max_size=40).map(str.encode)
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_a_form_or_a_list_of_mistakes(forms, content):
    load_or_refuse(lay(forms, fiche=content))


@given(place=st.integers(0, len(FORM)), typed=st.text(alphabet=":-[]{}&*!'\"#\t\n ax/", min_size=1, max_size=3))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_slip_of_the_finger_is_a_form_or_a_list_of_mistakes(forms, place, typed):
    load_or_refuse(lay(forms, fiche=FORM[:place] + typed + FORM[place:]))


PAGE = (ROOT / "docs" / "forms.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
CASES = {text.split("\n")[0].removeprefix("# "): text for _, text in BLOCKS if ".tests.yaml" in text.split("\n")[0]}
EXAMPLES = [
    (text.split("\n")[0].removeprefix("# "), text, BLOCKS[place + 1])
    for place, (language, text) in enumerate(BLOCKS)
    if language == "yaml" and text not in CASES.values()
]
SOUND = [example for example in EXAMPLES if example[2][0] != "text"]
BROKEN = [example for example in EXAMPLES if example[2][0] == "text"]

ATELIER = {
    "etablissements": {
        "siret": "55204944776279",
        "unite_legale": {"personne_morale_attributs": {"raison_sociale": "ATELIER DU BOIS"}},
        "adresse": {"code_commune": "35238"},
    },
    "numero_tva": {"numero_tva": "FR05552049447"},
    "extraits_rcs_infogreffe": {
        "mandataires_sociaux": [
            {"nom": "DURAND", "fonction": "Président"},
            {"raison_sociale": "AUDIT SA", "fonction": "Commissaire aux comptes titulaire"},
            {"raison_sociale": "HOLDING DU BOIS", "fonction": "Directeur général"},
        ]
    },
}


def load_example(folder, name, text):
    (lay(folder) / name).write_text(text, encoding="utf-8")
    library = load_all([BUNDLED, folder])
    return library.forms[name.removesuffix(".yaml")]


def fill_example(form):
    answers = {source: Answer(source, Status.OK, data) for source, data in ATELIER.items()}
    return fill(form, answers, audience=Audience.CANDIDATE)


@pytest.mark.parametrize(("name", "text", "after"), SOUND, ids=lambda one: one[:12] if isinstance(one, str) else "")
def test_a_form_of_the_documentation_loads_and_fills_as_it_says(forms, name, text, after):
    filled = fill_example(load_example(forms, name, text))

    assert after[0] != "json" or filled.data == json.loads(after[1])


@pytest.mark.parametrize(("name", "text", "after"), BROKEN, ids=lambda one: one[:12] if isinstance(one, str) else "")
def test_a_broken_form_of_the_documentation_is_told_what_the_page_says(forms, monkeypatch, name, text, after):
    (lay(forms) / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(ROOT)

    mistakes = [str(mistake).removeprefix(f"{forms}/") for mistake in check([forms / name], [BUNDLED])]

    assert mistakes
    assert without_our_lines("\n".join(mistakes) + "\n") == without_our_lines(after[1])


def without_our_lines(text):
    """Forget the lines of the forms we ship: they move."""
    return re.sub(r"(schemas/dume\.yaml):\d+", r"\1", text)


def test_the_documentation_shows_enough():
    assert [name for name, _, _ in SOUND] == ["fiche.yaml", "candidature.yaml", "dume-ville.yaml"]
    assert len(BROKEN) == 1
    assert all(len(text.splitlines()) <= 10 for name, text, _ in SOUND if name != "candidature.yaml")


def test_the_overlay_of_the_documentation_adds_one_field_and_removes_one(forms):
    [(name, text, _)] = [example for example in SOUND if example[0] == "dume-ville.yaml"]
    dume, city = load_all([BUNDLED]).forms["dume"], load_example(forms, name, text)

    assert set(paths_of(dume)) - set(paths_of(city)) == {"/partII/A/economicOperator/companyCategory"}
    assert set(paths_of(city)) - set(paths_of(dume)) == {"/ville/codeCommune"}
    assert city.audience is Audience.CANDIDATE


COMMANDS = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_documentation_succeeds(forms, monkeypatch, line):
    files = {name: text for name, text, _ in SOUND if name == "fiche.yaml"}
    for name, text in {**files, **CASES}.items():
        (lay(forms) / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(forms.parent)
    settings, words = re.fullmatch(r"((?:\w+=\S+ )*)prefill (.*)", line).groups()

    result = CliRunner().invoke(main, words.split(), env=dict(one.split("=") for one in settings.split()))

    assert result.exit_code == 0, result.output
    assert result.output.strip()


def test_the_reserved_field_of_the_documentation_asks_nothing(forms):
    [(name, text, _)] = [example for example in SOUND if example[0] == "candidature.yaml"]
    form = load_example(forms, name, text)
    filled = fill_example(form)

    assert "exercices" not in form.sources()
    assert filled.missing["/capacite/chiffreAffaires"].reason is Reason.RESERVED
    assert filled.provenance["/entreprise/identifiants/1/value"].field == "/entreprise/identifiants[tva]"
    assert (
        filled.missing["/capacite/chiffreAffaires"].message("fr").strip(".").lower() in PAGE.replace("\n", " ").lower()
    )


def test_the_documentation_lists_our_functions_in_their_own_words():
    table = dict(re.findall(r"^\| `(\w+\([^`]*\))` \| (.*) \|$", PAGE, re.MULTILINE))

    assert table == our_functions()


@pytest.mark.parametrize("title", ["The keys of a form", "The keys of a field", "Types"])
def test_the_documentation_lists_every_key_and_type(title):
    section = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    known = {
        "The keys of a form": re.findall(r"\w+", FORM_KEYS.split(":")[1]),
        "The keys of a field": re.findall(r"\w+", FIELD_KEYS.split(":")[1]),
        "Types": [kind.value for kind in Type],
    }

    assert sorted(listed) == sorted(known[title])
