"""Compression: what is compressed, for whom, and what of it is kept."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest

from prefill.app import create_app
from prefill.settings import Settings
from prefill.tenancy.model import SANDBOX_AGENT_KEY
from prefill.web.middleware.encodings import choose_encoding, compress, compress_stream
from prefill.web.widget_releases import current_script

ORDINARY = "/v1/prefill/00000100800010"
READ = {"br": brotli.decompress, "gzip": gzip.decompress}


@pytest.fixture
def client():
    return create_app(Settings(log="json")).test_client()


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("", None),
        ("identity", None),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.1, gzip", "gzip"),
        ("gzip;q=0", None),
        ("*", "br"),
        ("br;q=nonsense, GZIP", "gzip"),
    ],
)
def test_the_client_says_what_it_reads(accept, encoding):
    assert choose_encoding(accept) == encoding


@pytest.mark.parametrize("encoding", READ)
@pytest.mark.parametrize(
    "path", [ORDINARY, "/v1/schemas/dume", "/v1/openapi.json", "/", "/v1/prefill.js", "/v1/prefill.css"]
)
def test_a_body_is_the_same_compressed(client, path, encoding):
    plain = client.get(path)
    packed = client.get(path, headers={"Accept-Encoding": encoding})

    if len(plain.data) < 1000:
        assert "Content-Encoding" not in packed.headers
        return
    assert packed.headers["Content-Encoding"] == encoding
    assert packed.content_length == len(packed.data) < len(plain.data)
    assert len(READ[encoding](packed.data)) == len(plain.data)


@pytest.mark.parametrize("encoding", READ)
def test_caches_keep_one_for_each_encoding_and_a_tag_holds_for_all(client, encoding):
    first = client.get(ORDINARY, headers={"Accept-Encoding": encoding})
    again = client.get(ORDINARY, headers={"Accept-Encoding": encoding, "If-None-Match": first.headers["ETag"]})
    plain = client.get(ORDINARY, headers={"If-None-Match": first.headers["ETag"]})

    assert "Accept-Encoding" in first.headers["Vary"]
    assert first.headers["ETag"].startswith("W/")
    assert (again.status_code, again.data, plain.status_code) == (304, b"", 304)
    assert "Content-Encoding" not in again.headers


def test_the_response_cache_gives_each_client_its_encoding(client):
    client.get(ORDINARY)
    answers = [client.get(ORDINARY, headers={"Accept-Encoding": one}) for one in ("br", "gzip", "br", "identity")]

    assert [one.headers.get("Content-Encoding") for one in answers] == ["br", "gzip", "br", None]
    assert [one.content_length for one in answers] == [len(one.data) for one in answers]
    bodies = {brotli.decompress(answers[0].data), gzip.decompress(answers[1].data), answers[3].data}
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("encoding", "decompressor"), [("br", brotli.Decompressor()), ("gzip", zlib.decompressobj(31))]
)
def test_each_event_can_be_read_when_it_is_sent(client, encoding, decompressor):
    read = getattr(decompressor, "process", None) or decompressor.decompress
    headers = {"Accept": "text/event-stream", "Accept-Encoding": encoding}
    stream = client.get(ORDINARY, headers=headers, buffered=False)
    plain = client.get(ORDINARY, headers={"Accept": "text/event-stream"}).data
    texts = [read(chunk) for chunk in stream.iter_encoded()]

    assert stream.headers["Content-Encoding"] == encoding
    assert b"".join(texts).count(b"event: ") == plain.count(b"event: ") > 2
    assert all(text.endswith(b"\n\n") for text in texts if text)
    assert len([text for text in texts if text]) > 3


def test_a_stream_that_is_left_ends_what_it_came_from():
    ended = []

    def chunks():
        try:
            yield b"one"
            yield b"two"
        finally:
            ended.append(True)

    stream = chunks()
    packed = compress_stream(stream, "br")
    next(packed)
    packed.close()
    stream.close()

    assert ended == [True]


def test_an_agents_answer_is_never_compressed(client):
    headers = {"Authorization": f"Bearer {SANDBOX_AGENT_KEY}", "Accept-Encoding": "br, gzip"}
    dossier = client.get("/v1/dossiers/00000100800010?object=2026-1", headers=headers)

    assert dossier.status_code == 200
    assert len(dossier.data) > 1000
    assert "Content-Encoding" not in dossier.headers


def test_a_small_answer_is_sent_as_it_is(client):
    problem = client.get("/v1/prefill/12", headers={"Accept-Encoding": "br"})

    assert problem.json["status"] == 400
    assert "Content-Encoding" not in problem.headers
    assert "Accept-Encoding" in problem.headers["Vary"]


def test_the_script_is_compressed_as_small_as_can_be(client):
    packed = client.get("/v1/prefill.js", headers={"Accept-Encoding": "br"})

    assert len(packed.data) < len(compress(current_script().body, "br"))
