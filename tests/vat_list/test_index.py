"""The index file: replaced at any time, and refused when it is none."""

from __future__ import annotations

from datetime import date

import pytest

from prefill.vat_list.index import InvalidIndex, VatList, read_index
from tests.support.simulator import siren
from tests.support.vat_list import usual, write_list

SIREN = siren(700)
TODAY = date(2026, 11, 30)


def test_a_list_that_is_replaced_is_read_again_and_a_broken_one_says_nothing(tmp_path):
    path = write_list(tmp_path, [SIREN], TODAY)
    in_use = VatList(path, today=lambda: TODAY)
    first = in_use.number_of(SIREN)
    write_list(tmp_path, [siren(701)], TODAY)
    replaced = in_use.number_of(SIREN), in_use.number_of(siren(701))
    path.write_text("broken")

    assert first == (usual(SIREN), TODAY)
    assert replaced == (None, (usual(siren(701)), TODAY))
    assert in_use.number_of(siren(701)) is None


@pytest.mark.parametrize(
    "content", [b"", b"vat_no;\n", b"{}".ljust(5000), b'{"format": "prefill VAT list 1"}'.ljust(4096)]
)
def test_a_file_that_is_no_index_is_refused(tmp_path, content):
    (tmp_path / "index").write_bytes(content)

    with pytest.raises(InvalidIndex):
        read_index(tmp_path / "index")
