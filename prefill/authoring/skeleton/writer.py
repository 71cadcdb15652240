"""Write a new form: a commented skeleton, the fields of a page with guesses, or an overlay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from prefill.authoring.skeleton.guesses import guess
from prefill.authoring.skeleton.page_fields import PageField
from prefill.forms.functions import plain
from prefill.forms.model import Field, Form, Type

HEAD = """\
# yaml-language-server: $schema=grammar.json
# « prefill schema check » dit toutes les erreurs, « prefill sources show etablissements » ce qu'une source contient,
# « prefill schema test » essaie les cas du fichier {name}.tests.yaml.
"""
FIELD = """\
  # Le chemin est la place de la valeur dans la réponse.
  /entreprise/nom:
    label: Nom ou dénomination sociale
    alias: nom          # le nom du champ dans la page
    from:               # dans l'ordre : la première source qui a une valeur l'emporte
      - etablissements: unite_legale.personne_morale_attributs.raison_sociale
      - etablissements: person_name(unite_legale.personne_physique_attributs)
  /entreprise/creation:
    label: Date de création
    type: date          # string si rien n'est dit ; ou integer, number, boolean, list
    optional: true      # souvent vide : ce n'est pas un manque
    from:
      - etablissements: paris_date(unite_legale.date_creation)
  /signature/lieu:
    label: Fait à
    declared: true      # le candidat seul le dit
"""
ADDED = """\
  # Un champ de plus, ou un champ repris écrit en entier.
  /autre/codeCommune:
    label: Code Insee de la commune
    from:
      - etablissements: adresse.code_commune
"""
CASES = """\
cases:
  - name: Une société ordinaire, à son siège
    company: ordinary
  - name: Une personne qui s'est opposée à la diffusion
    company: masked_person
"""


def new_form(name: str, *, page: Iterable[PageField] | None, extends: str | None, known: Form) -> str:
    """Write a form; `known` is the form whose fields are guessed in a page."""
    title = json.dumps(name.replace("-", " ").replace("_", " ").capitalize(), ensure_ascii=False)
    head = HEAD.format(name=name)
    if extends:
        head += f"extends: {extends}\ntitle: {title}\n# remove: [/chemin/d/un/champ]   # avec tout ce qu'il contient\n"
    else:
        head += f'title: {title}\nversion: "1"     # à changer quand un changement casse les pages\n'
        head += (
            "audience: candidate   # pour tous, sources ouvertes ; agent : pour les agents habilités de l'acheteur\n"
        )
    if page is not None:
        return head + "fields:\n" + "".join(_guessed(page, known))
    return head + "fields:\n" + (ADDED if extends else FIELD)


def new_cases() -> str:
    """Write the first cases; `prefill schema test --update` completes them."""
    return CASES


def _guessed(page: Iterable[PageField], known: Form) -> Iterator[str]:
    taken: set[str] = set()
    for field in page:
        path, alias = f"/{_word(field.name)}", _word(field.name)
        if path in taken:
            continue
        taken.add(path)
        label = json.dumps(field.label or field.name, ensure_ascii=False)
        yield f"  {path}:\n    label: {label}\n    alias: {alias}\n{_origin(guess(field, known.fields))}"


def _word(name: str) -> str:
    """Write a name as an alias can be.

    >>> _word("candidat[code postal]"), _word("2e adresse")
    ('candidat-code-postal', 'f-2e-adresse')
    """
    word = re.sub(r"[^A-Za-z0-9_]+", "-", plain(name) if not name.isascii() else name).strip("-") or "champ"
    return word if word[0].isalpha() else f"f-{word}"


def _origin(guessed: Field | None) -> str:
    if guessed is None:
        return "    declared: true   # au candidat seul, ou à lire quelque part : from\n"
    kind = f"    type: {guessed.type}\n" if guessed.type is not Type.STRING else ""
    kind += "    confirm: true\n" if guessed.confirm else ""
    origins = "".join(
        f"      - {origin.source}: {json.dumps(origin.expression.text, ensure_ascii=False)}\n"
        for origin in guessed.origins
    )
    return f"{kind}    from:   # deviné : {guessed.label}\n{origins}"
