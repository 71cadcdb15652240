"""The paths that expressions read, as forms write them."""

from __future__ import annotations

import pytest

from prefill.drift.reading_paths import paths_read
from prefill.forms.expressions import compile_expression

READ = {
    "a.b": ["a", "a.b"],
    "a.b[].c": ["a", "a.b", "a.b.c"],
    "a || b.c": ["a", "b", "b.c"],
    "a[?kind == 'x'].value": ["a", "a.kind", "a.value"],
    "a.*.b": ["a", "a.*", "a.*.b"],
    "reverse(sort_by([?day], &day))[:3]": ["day"],
    "sort_by(list, &day)[0].amount": ["list", "list.amount", "list.day"],
    "max_by(list, &day).amount": ["list", "list.amount", "list.day"],
    "map(&b, a)[0].c": ["a", "a.b", "a.b.c"],
    "join_parts([a.b, c], ' ')": ["a", "a.b", "c"],
    "list[].join_parts([a, b], ' : ')": ["list", "list.a", "list.b"],
    "[a.amount][?@ != `0`] | [0]": ["a", "a.amount"],
    "pick(a, {b: 'c'})": ["a"],
    "{made: a.b}": ["a", "a.b"],
    "{made: a}.made": ["a"],
    "!a && b": ["a", "b"],
    "currency(capital)": ["capital", "capital.code_devise", "capital.devise"],
    "@": [],
}


@pytest.mark.parametrize("text", READ)
def test_an_expression_reads_these_paths(text):
    read, _ = paths_read(compile_expression(text))

    assert sorted(map(".".join, read)) == READ[text]
