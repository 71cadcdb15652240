"""A configuration file while it is read."""

import pytest

from prefill.config_files.schema import FileSchema, text
from prefill.config_files.source_file import MAX_BYTES, SourceFile, UnreadableFile, read_bytes


class NameSchema(FileSchema):
    name = text(required=True)
    town = text()


@pytest.fixture
def file(tmp_path):
    return SourceFile(tmp_path / "a.yaml")


def test_the_line_of_a_value_is_its_own_or_that_of_what_holds_it(file):
    file.lines.update({("fields",): 4, ("fields", "x"): 5})

    assert file.line(("fields", "x", "label")) == 5
    assert file.line(("fields", "y")) == 4
    assert file.line(("title",)) == 1


def test_a_blocking_report_invalidates_its_place_and_all_above(file):
    file.report(("fields", "x"), "faux")

    assert not file.is_valid()
    assert not file.is_valid(("fields",))
    assert file.is_valid(("fields", "y"))


def test_a_remark_invalidates_nothing(file):
    file.report(("fields",), "rare", blocking=False)

    assert file.is_valid()
    assert len(file.diagnostics) == 1


def test_what_follows_the_schema_is_kept_and_the_rest_is_reported(file):
    file.lines.update({("twon",): 7})

    assert file.load(NameSchema(), {"name": "Lyon", "twon": "x"}) == {"name": "Lyon"}
    [diagnostic] = file.diagnostics
    assert diagnostic.line == 7
    assert "clé inconnue « twon » ; vouliez-vous dire « town » ?" in diagnostic.message


def test_what_is_not_a_table_is_reported(file):
    assert file.load(NameSchema(), ["Lyon"]) == {}
    assert not file.is_valid()


def test_a_mark_of_byte_order_is_no_text(file):
    file.path.write_bytes("é".encode("utf-8-sig"))

    assert file.read_text() == "é"


def test_another_encoding_is_refused_at_its_line(file):
    file.path.write_bytes("a\nb\né".encode("latin-1"))

    with pytest.raises(UnreadableFile, match="UTF-8") as refused:
        file.read_text()
    assert refused.value.line == 3


def test_a_file_that_is_not_there_is_refused(file):
    with pytest.raises(UnreadableFile, match="ne peut pas être lu"):
        file.read_text()


def test_a_large_file_is_refused(file):
    file.path.write_bytes(b"#" * (MAX_BYTES + 1))

    with pytest.raises(UnreadableFile, match="dépasse"):
        read_bytes(file.path)


def test_a_file_that_this_one_names_stands_beside_it(file):
    assert file.beside("jeton") == file.path.parent / "jeton"
    assert file.beside("/run/jeton").as_posix() == "/run/jeton"
