"""YAML files as plain values; what forms are refused for is in tests/forms/test_registry.py."""

from pathlib import Path

import pytest
import yaml

from prefill.config_files.source_file import SourceFile
from prefill.config_files.yaml_file import FAST_LOADER, read_yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def read(tmp_path):
    def _read(text: str) -> tuple[object, SourceFile]:
        path = tmp_path / "a.yaml"
        path.write_text(text, encoding="utf-8")
        file = SourceFile(path)
        return read_yaml(file), file

    return _read


def test_only_true_false_and_null_are_not_texts(read):
    tree, file = read("a: 007\nb: no\nc: true\nd: ~\ne: 'true'\n")

    assert tree == {"a": "007", "b": "no", "c": True, "d": None, "e": "true"}
    assert file.diagnostics == []


def test_each_value_has_its_line(read):
    _, file = read("a:\n  b:\n    - x\n    - y\n")

    assert file.line(("a", "b", "1")) == 4


def test_a_key_given_twice_is_reported(read):
    _, file = read("a: 1\na: 2\n")

    assert "déjà à la ligne 1" in file.diagnostics[0].message
    assert file.diagnostics[0].line == 2


def test_a_few_lines_that_unfold_into_billions_are_refused(read):
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
    )
    tree, file = read(bomb)

    assert tree is None
    assert "ancres dépliées" in file.diagnostics[0].message


def test_what_cannot_be_read_is_reported_where_it_begins(read):
    tree, file = read('a: 1\nb: "open\nc: 2\n')

    assert tree is None
    assert file.diagnostics[0].line == 2


def nodes(node):
    """List a tree's values with their tags and lines."""
    if isinstance(node, yaml.ScalarNode):
        return node.tag, node.value, node.style or None, node.start_mark.line
    pairs = node.value if isinstance(node, yaml.SequenceNode) else [one for pair in node.value for one in pair]
    return node.tag, [nodes(one) for one in pairs], node.start_mark.line


@pytest.mark.skipif(FAST_LOADER is yaml.SafeLoader, reason="this PyYAML was built without libyaml")
@pytest.mark.parametrize("path", sorted((ROOT / "schemas").glob("*.yaml")), ids=lambda path: path.stem)
def test_both_parsers_read_the_same_values_at_the_same_lines(path):
    text = path.read_text(encoding="utf-8")

    assert nodes(yaml.compose(text, Loader=FAST_LOADER)) == nodes(yaml.compose(text, Loader=yaml.SafeLoader))
