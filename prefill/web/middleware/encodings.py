"""Content encodings: what a client accepts, bodies compressed once, streams flushed at each chunk."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Protocol

import brotli
from werkzeug.http import parse_accept_header

# The smallest first: a client that accepts several equally gets that one.
ENCODINGS = ("br", "gzip")
QUALITY, BEST = 5, 11  # of brotli, for what is compressed once a response, and once a process
LEVEL = 6  # of zlib
WINDOW = 18  # of brotli, as a power of two: a stream keeps a quarter of a megabyte
GZIP = 31  # zlib's number for the gzip format with its widest window
FIXED_BODIES = 64


class Compressor(Protocol):
    """What brotli's and zlib's compressors have under different names."""

    def add(self, chunk: bytes) -> bytes: ...
    def flush(self) -> bytes: ...
    def finish(self) -> bytes: ...


class _Brotli:
    def __init__(self, quality: int) -> None:
        self._compressor = brotli.Compressor(mode=brotli.MODE_TEXT, quality=quality, lgwin=WINDOW)
        self.add = self._compressor.process
        self.flush = self._compressor.flush
        self.finish = self._compressor.finish


class _Gzip:
    def __init__(self, level: int) -> None:
        self._compressor = zlib.compressobj(level, wbits=GZIP)
        self.add = self._compressor.compress
        self.finish = self._compressor.flush

    def flush(self) -> bytes:
        return self._compressor.flush(zlib.Z_SYNC_FLUSH)


def compressor_of(encoding: str, *, best: bool = False) -> Compressor:
    if encoding == "br":
        return _Brotli(BEST if best else QUALITY)
    return _Gzip(zlib.Z_BEST_COMPRESSION if best else LEVEL)


@lru_cache(maxsize=128)
def choose_encoding(accept: str) -> str | None:
    """Choose among the encodings of an `Accept-Encoding` header.

    >>> choose_encoding("gzip, deflate, br"), choose_encoding("br;q=0, gzip;q=0.5"), choose_encoding("identity")
    ('br', 'gzip', None)
    """
    accepted = parse_accept_header(accept)
    best = max(ENCODINGS, key=lambda encoding: accepted.quality(encoding))
    return best if accepted.quality(best) > 0 else None


def compress(body: bytes, encoding: str, *, best: bool = False) -> bytes:
    compressor = compressor_of(encoding, best=best)
    return compressor.add(body) + compressor.finish()


@lru_cache(maxsize=FIXED_BODIES)
def compress_once(body: bytes, encoding: str) -> bytes:
    """Compress what every client gets alike, and keep it."""
    return compress(body, encoding, best=True)


def compress_stream(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Compress a stream so that each chunk can be read as soon as it is sent."""
    compressor = compressor_of(encoding)
    for chunk in chunks:
        yield compressor.add(chunk) + compressor.flush()
    yield compressor.finish()
