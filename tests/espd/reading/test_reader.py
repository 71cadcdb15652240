"""What somebody sends: read within bounds, its version recognised, hostile documents refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefill.espd.elements import CAC, CBC, REQUEST
from prefill.espd.reading.reader import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, parse, read
from prefill.problems import EspdUnreadable

HEAD = f'<QualificationApplicationRequest xmlns="{REQUEST}" xmlns:cac="{CAC}" xmlns:cbc="{CBC}">'
END = "</QualificationApplicationRequest>"


def document(inside: str) -> bytes:
    return f"{HEAD}{inside}{END}".encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hostile", "why"),
    [
        (b"", "XML"),
        (b"not a document", "XML"),
        (b"<a><b></a>", "ligne 1"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "DTD"),
        (b'<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><a>&b;</a>', "DTD"),
        (b"<!DOCTYPE a><a/>", "DTD"),
        (b"<html/>", "ni une demande ni une"),
        (b'<a xmlns="urn:other"/>', "ni une demande ni une"),
        (b'<?xml version="1.0" encoding="utf-1024"?><a/>', "encodage"),
        (b" " * (MAX_BYTES + 1), "5 Mo"),
        (document("<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1)), "profond"),
        (document("<a>" * 10_000 + "</a>" * 10_000), "profond"),
        (document("<a/>" * (MAX_ELEMENTS + 1)), "long"),
        (document("<a " + " ".join(f"a{rank}='>'" for rank in range(40_000)) + "/>"), "long"),
    ],
    ids=[
        "empty",
        "no XML",
        "broken",
        "external entity",
        "entity bomb",
        "doctype",
        "html",
        "namespace",
        "encoding",
        "size",
        "deep",
        "very deep",
        "many",
        "attributes",
    ],
)
def test_a_document_that_cannot_be_read_says_why(hostile, why):
    with pytest.raises(EspdUnreadable) as refused:
        read(hostile)

    assert why in refused.value.detail("fr")


def test_an_error_never_repeats_the_document():
    with pytest.raises(EspdUnreadable) as refused:
        read(b"<secret-company-name")

    assert "secret-company-name" not in str(refused.value)


@pytest.mark.parametrize(
    ("inside", "version"),
    [
        ("<cbc:UBLVersionID>2.3</cbc:UBLVersionID><cbc:ProfileExecutionID>ESPD-EDMv4.1.0</cbc:ProfileExecutionID>", "4.1.0"),
        ("<cbc:UBLVersionID>2.4</cbc:UBLVersionID><cbc:ProfileExecutionID>ESPD-EDMv5.0.0</cbc:ProfileExecutionID>", "5.0.0"),
        ("<cbc:UBLVersionID>2.3</cbc:UBLVersionID>", "3"),
        ("<cbc:UBLVersionID>2.2</cbc:UBLVersionID>", "2.1"),
    ],
)  # fmt: skip
def test_the_version_is_recognised(inside, version):
    assert read(document(inside)).version == version


def test_the_first_version_is_recognised_by_its_namespace():
    first = b'<ESPDRequest xmlns="urn:grow:names:specification:ubl:schema:xsd:ESPDRequest-1"/>'

    assert (read(first).kind, read(first).version) == ("request", "1")


def test_texts_are_bounded_and_stripped_of_control_characters():
    summary = read(document(f"<cbc:ContractFolderID>A&#x85;B{'C' * 5000}</cbc:ContractFolderID>"))

    assert summary.procedure is not None
    assert len(summary.procedure) <= 2000
    assert summary.procedure.isprintable()


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_document_or_a_problem(content):
    with contextlib.suppress(EspdUnreadable):
        parse(content)
