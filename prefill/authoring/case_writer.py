"""Rewrite what the cases of a file expect, from what they gave: the rest of the file stays as it is written."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from prefill.authoring.cases import Case
from prefill.authoring.comparison import by_path, matches, show_field
from prefill.authoring.trial import Outcome
from prefill.forms.model import Form
from prefill.forms.reasons import Reason

WIDTH = 110


# Gaps that a case without expectations is given: the others follow from the form, or from what the company is.
TELLING = frozenset({Reason.WITHHELD, Reason.UNAVAILABLE, Reason.LATE, Reason.NOT_ENTITLED})


def updated(path: Path, form: Form, outcomes: Mapping[int, tuple[Case, Outcome]]) -> str:
    """Return the text of a file of cases in which some, by their rank, expect what they gave.

    A comment inside an `expect` that changes is lost.
    """
    text = path.read_text(encoding="utf-8")
    nodes = _entry(yaml.compose(text, Loader=yaml.SafeLoader), "cases").value
    for place in sorted(outcomes, reverse=True):
        case, outcome = outcomes[place]
        text = _replaced(text, nodes[place], _expect(form, case, outcome))
    return text


def _expect(form: Form, case: Case, outcome: Outcome) -> dict[str, Any]:
    """Write what a case gave: the fields that it named, or when it named none the filled ones and the gaps that tell much."""
    if outcome.prefill is None:
        return {"problem": outcome.problem.code if outcome.problem else ""}
    expected = case.expected
    named = {**by_path(form, expected.values), **by_path(form, expected.missing)}
    values: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for part in form.for_role(case.role).fields:
        shown = show_field(part, outcome.prefill.filled)
        name = part.alias or part.path
        if shown.filled and (not named or part.path in named or expected.exact):
            old = by_path(form, expected.values).get(part.path)
            values[name] = old if old is not None and matches(old, shown.value) else shown.value
        elif part.path in named or (not named and shown.reason in TELLING):
            missing[name] = str(shown.reason)
    written: dict[str, Any] = {"exact": True} if expected.exact else {}
    written |= {key: part for key, part in (("values", values), ("missing", missing)) if part}
    if expected.notices is not None or not named:
        written["notices"] = sorted(notice.code for notice in outcome.prefill.notices)
    if expected.calls is not None or not named:
        written["calls"] = outcome.calls
    return written


def _replaced(text: str, case: yaml.MappingNode, expect: Mapping[str, Any]) -> str:
    """Put a case's `expect` in place of the one that it has, or at its end."""
    column = case.value[0][0].start_mark.column
    known = next((key for key, _ in case.value if key.value == "expect"), None)
    begin = known.start_mark.index if known else _end(case)
    end = _end(_entry(case, "expect")) if known else begin
    block = yaml.safe_dump({"expect": dict(expect)}, allow_unicode=True, sort_keys=False, width=WIDTH).rstrip("\n")
    block = textwrap.indent(block, " " * column)
    block = block.lstrip() if known else "\n" + block
    return text[:begin] + block + text[end:]


def _entry(node: Any, name: str) -> Any:
    return next(child for key, child in node.value if key.value == name)


def _end(node: Any) -> int:
    """Find where the last value of a node ends: a block's own mark is where the next token begins."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)
