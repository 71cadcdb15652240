"""Compression of bodies and streams."""

import gzip
import zlib

import brotli
import pytest

from prefill.web.middleware.encodings import ENCODINGS, GZIP, choose_encoding, compress, compress_once, compress_stream

BODY = ('{"name": "MENUISERIE DU VAL DORÉ"}' * 50).encode()
DECODE = {"br": brotli.decompress, "gzip": gzip.decompress}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_body_is_smaller_and_comes_back_as_it_was(encoding):
    for compressed in (compress(BODY, encoding), compress_once(BODY, encoding)):
        assert len(compressed) < len(BODY) / 5
        assert DECODE[encoding](compressed) == BODY


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_chunk_of_a_stream_can_be_read_as_soon_as_it_is_sent(encoding):
    decoder = brotli.Decompressor() if encoding == "br" else zlib.decompressobj(GZIP)
    read = decoder.process if encoding == "br" else decoder.decompress
    chunks = [b"event: fields\n\n", b"event: done\n\n"]

    assert [read(chunk) for chunk in compress_stream(chunks, encoding)][:2] == chunks


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("", None),
        ("*", "br"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("br;q=0", None),
        ("deflate", None),
        ("gzip;q=x", None),
    ],
)
def test_the_client_s_preference_counts_then_the_smallest(accept, encoding):
    assert choose_encoding(accept) == encoding
