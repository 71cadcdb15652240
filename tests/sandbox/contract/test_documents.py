"""The files of the sandbox."""

from prefill.sandbox.contract.documents import EXPIRED, document, pdf


def test_a_file_is_a_small_pdf_that_says_its_name():
    file = document("/documents/attestation-1.pdf")

    assert file.startswith(b"%PDF-1.4")
    assert b"(Bac a sable : attestation-1)" in file
    assert file.endswith(b"%%EOF\n")


def test_its_table_points_at_its_objects():
    file = pdf("a")
    table = file[file.index(b"xref") :].split(b"\n")
    places = [int(line[:10]) for line in table if line.endswith(b" n ")]

    assert [file[place : place + 7] for place in places] == [b"%d 0 obj" % number for number in range(1, 6)]


def test_a_name_cannot_close_the_text_of_the_page():
    assert b"a  b  c" in pdf("a) b( c")


def test_an_address_that_has_expired_gives_nothing():
    assert document(EXPIRED) is None
