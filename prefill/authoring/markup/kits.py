"""The markup of a form's page, to copy: plain HTML, the DSFR, React."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from textwrap import indent

from prefill.authoring.markup.layout import Control, Kind, Part, lay_out
from prefill.domain.company import Role
from prefill.forms.model import Form

NUMBER_LABEL = "SIRET"
STEP = "  "


@dataclass(frozen=True, slots=True)
class Script:
    """The script of a service: the address of its folder, the path of this release and its integrity."""

    service: str
    path: str
    integrity: str


def write_page(form: Form, role: Role | None, kit: str, script: Script) -> str:
    """Write the page of a form for a company of that role. Raise `KeyError` of another kit than `KITS`."""
    asked = form.for_role(role) if role else form
    return KITS[kit](form.id, role, lay_out(asked), script)


def _plain(form_id: str, role: Role | None, parts: Iterable[Part], script: Script) -> str:
    blocks = [_fieldset(part, _plain_control, "legend") for part in parts]
    number = f'<p><label>{NUMBER_LABEL} <input name="numero" inputmode="numeric" data-prefill-siret></label></p>'
    return _html(form_id, role, script, [number, *blocks, "<p><button>Envoyer</button></p>"])


def _dsfr(form_id: str, role: Role | None, parts: Iterable[Part], script: Script) -> str:
    blocks = [_fieldset(part, _dsfr_control, 'legend class="fr-fieldset__legend"') for part in parts]
    number = (
        '<div class="fr-input-group">\n'
        f'  <label class="fr-label" for="numero">{NUMBER_LABEL}</label>\n'
        '  <input class="fr-input" id="numero" name="numero" inputmode="numeric" data-prefill-siret>\n'
        "</div>"
    )
    button = '<button class="fr-btn" type="submit">Continuer</button>'
    return _html(form_id, role, script, [number, *blocks, button])


def _react(form_id: str, role: Role | None, parts: Iterable[Part], script: Script) -> str:
    shown = [control for part in parts for control in part.controls if control.kind is not Kind.NOTHING]
    lines = [f"<label>{NUMBER_LABEL} <input data-prefill-siret=\"\" {{...register('numero')}} /></label>"]
    lines += [_react_control(control) for control in shown]
    options = f"schema: '{form_id}'" + (f", role: '{role}'" if role else "")
    return (
        "import { useForm } from 'react-hook-form'\n"
        "import { useService } from 'prefill-widget'\n"
        "import { usePrefill } from 'prefill-widget/react'\n\n"
        f"useService('{script.service}/v1/')\n\n"
        "export default function Formulaire() {\n"
        f"  const {{ ref, state }} = usePrefill({{ {options} }})\n"
        "  const { register, handleSubmit } = useForm()\n"
        "  return (\n"
        "    <form ref={ref} aria-busy={state === 'filling'} onSubmit={handleSubmit(console.log)}>\n"
        f"{indent(chr(10).join(lines), STEP * 3)}\n"
        "      <button>Envoyer</button>\n"
        "    </form>\n"
        "  )\n"
        "}\n"
    )


KITS: Mapping[str, Callable[[str, Role | None, Iterable[Part], Script], str]] = {
    "plain": _plain,
    "dsfr": _dsfr,
    "react": _react,
}


def _html(form_id: str, role: Role | None, script: Script, blocks: Iterable[str]) -> str:
    which = f' data-prefill-role="{role}"' if role else ""
    return (
        f'<script src="{script.service}{script.path}"\n'
        f'  integrity="{script.integrity}"\n'
        '  crossorigin="anonymous" defer></script>\n\n'
        f'<form data-prefill="{form_id}"{which} method="post">\n{indent(chr(10).join(blocks), STEP)}\n</form>\n'
    )


def _fieldset(part: Part, write: Callable[[Control], str], legend: str) -> str:
    controls = [write(control) for control in part.controls if control.kind is not Kind.NOTHING]
    if not part.title:
        return "\n".join(controls)
    title = f"<{legend}>{escape(part.title, quote=False)}</legend>"
    return f"<fieldset>\n{indent(chr(10).join([title, *controls]), STEP)}\n</fieldset>"


def _binding(control: Control) -> str:
    """The attribute that binds a field to the form; none for what is the candidate's alone."""
    return f' data-prefill-field="{escape(control.name)}"' if control.bound else ""


def _input(control: Control, css: str = "") -> str:
    kind = {Kind.DATE: ' type="date"', Kind.NUMBER: ' inputmode="decimal"'}.get(control.kind, "")
    return f'<input{css} id="{control.id}" name="{control.id}"{kind}{_binding(control)}>'


def _select(control: Control, css: str = "") -> str:
    options = "".join(f"<option>{escape(option)}</option>" for option in control.options)
    return (
        f'<select{css} id="{control.id}" name="{control.id}"{_binding(control)}>'
        f'<option value="">Choisir</option>{options}</select>'
    )


def _radios(control: Control) -> Iterator[tuple[str, str, str]]:
    """Give the radio of each answer: its id, its markup's attributes, its label."""
    for value, label in (("true", "Oui"), ("false", "Non")):
        bound = _binding(control) if value == "true" else ""
        yield f"{control.id}-{value}", f'type="radio" name="{control.id}" value="{value}"{bound}', label


def _plain_control(control: Control) -> str:
    label = escape(control.label, quote=False)
    if control.kind is Kind.YES_NO:
        answers = "\n".join(f"  <label><input {attributes}> {name}</label>" for _, attributes, name in _radios(control))
        return f"<fieldset data-prefill-group>\n  <legend>{label}</legend>\n{answers}\n</fieldset>"
    if control.kind is Kind.LIST:
        return f'<p>{label}</p>\n<div{_binding(control)} data-prefill-list="{control.id}"></div>'
    field = _select(control) if control.kind is Kind.CHOICE else _input(control)
    return f'<p><label for="{control.id}">{label}</label> {field}</p>'


def _dsfr_control(control: Control) -> str:
    label = escape(control.label, quote=False)
    if control.kind is Kind.YES_NO:
        answers = "\n".join(
            '  <div class="fr-fieldset__element"><div class="fr-radio-group">\n'
            f'    <input id="{key}" {attributes}>\n'
            f'    <label class="fr-label" for="{key}">{name}</label>\n'
            "  </div></div>"
            for key, attributes, name in _radios(control)
        )
        legend = f'<legend class="fr-fieldset__legend" id="{control.id}-legend">{label}</legend>'
        return (
            f'<fieldset class="fr-fieldset" aria-labelledby="{control.id}-legend">\n  {legend}\n{answers}\n</fieldset>'
        )
    if control.kind is Kind.LIST:
        return f'<p class="fr-label">{label}</p>\n<div{_binding(control)} data-prefill-list="{control.id}"></div>'
    choice = control.kind is Kind.CHOICE
    group, field = (
        ("fr-select-group", _select(control, ' class="fr-select"'))
        if choice
        else ("fr-input-group", _input(control, ' class="fr-input"'))
    )
    return f'<div class="{group}">\n  <label class="fr-label" for="{control.id}">{label}</label>\n  {field}\n</div>'


def _react_control(control: Control) -> str:
    label = "{" + _javascript(control.label) + "}"
    registered = f"{{...register({_javascript(control.id)})}}"
    bound = f' data-prefill-field="{escape(control.name)}"' if control.bound else ""
    if control.kind is Kind.YES_NO:
        answers = "\n".join(
            f'  <label><input type="radio" value="{value}"{bound if value == "true" else ""} {registered} /> {name}</label>'
            for value, name in (("true", "Oui"), ("false", "Non"))
        )
        return f"<fieldset>\n  <legend>{label}</legend>\n{answers}\n</fieldset>"
    if control.kind is Kind.LIST:
        return f'<p>{label}</p>\n<div{bound} data-prefill-list="{control.id}" />'
    if control.kind is Kind.CHOICE:
        options = "".join(f"<option>{{{_javascript(option)}}}</option>" for option in control.options)
        return f'<label>{label} <select{bound} {registered}><option value="">Choisir</option>{options}</select></label>'
    kind = ' type="date"' if control.kind is Kind.DATE else ""
    return f"<label>{label} <input{kind}{bound} {registered} /></label>"


def _javascript(text: str) -> str:
    """Write a text as JavaScript does.

    >>> _javascript("L'entreprise")
    "'L\\\\'entreprise'"
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", " ") + "'"
