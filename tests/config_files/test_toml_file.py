"""TOML files as plain values; what tenants files are refused for is in tests/tenancy/test_registry.py."""

import pytest

from prefill.config_files.source_file import SourceFile
from prefill.config_files.toml_file import read_toml


@pytest.fixture
def read(tmp_path):
    def _read(text: str) -> tuple[object, SourceFile]:
        path = tmp_path / "a.toml"
        path.write_text(text, encoding="utf-8")
        file = SourceFile(path, default_line=0)
        return read_toml(file), file

    return _read


def test_each_key_has_its_line(read):
    tree, file = read('[a.b]\nname = "x"\n\n[[a.b.keys]]\nid = 1\n[[a.b.keys]]\nid = 2\n')

    assert tree == {"a": {"b": {"name": "x", "keys": [{"id": 1}, {"id": 2}]}}}
    assert file.line(("a", "b", "name")) == 2
    assert file.line(("a", "b", "keys", "1", "id")) == 7


def test_what_is_no_toml_is_explained_without_a_word_of_the_file(read):
    tree, file = read("token = s3same\n")

    assert tree is None
    assert "ligne 1, cette valeur n'est pas lisible" in file.diagnostics[0].message
    assert "s3same" not in str(file.diagnostics[0])
