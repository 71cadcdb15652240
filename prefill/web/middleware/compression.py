"""Compression of responses by what the client accepts.

Answers for agents are never compressed. Those for candidates hold open data and no secret (no cookie, no token in a
page), and pages of other sites cannot ask for them: their size tells nothing to whoever has a part of them reflected
(BREACH).
"""

from __future__ import annotations

from flask import Response, request
from werkzeug.wsgi import ClosingIterator

from prefill.web import sse
from prefill.web.context import AGENTS_BLUEPRINT
from prefill.web.middleware.encodings import choose_encoding, compress, compress_once, compress_stream

# The same bytes for everybody: compressed once, as small as can be.
FIXED = frozenset({"text/html", "text/css", "text/javascript"})
COMPRESSIBLE = frozenset(
    {*FIXED, sse.MEDIA, "application/json", "application/problem+json", "application/xml", "text/csv"}
)
SMALLEST = 1000  # bytes: below, a packet is a packet


def compress_response(response: Response) -> Response:
    """Compress what is worth it. Runs after the hooks that read the body and the headers."""
    encoding = choose_encoding(request.headers.get("Accept-Encoding", ""))
    if encoding is None or not _may_be_compressed(response):
        return response
    if response.is_streamed:
        chunks = response.iter_encoded()
        close = getattr(response.response, "close", None)
        response.response = ClosingIterator(compress_stream(chunks, encoding), close)
        response.content_encoding = encoding
        return response
    body = response.get_data()
    if len(body) < SMALLEST:
        return response
    once = response.mimetype in FIXED
    response.set_data(compress_once(body, encoding) if once else compress(body, encoding))
    response.content_encoding = encoding
    tag, _ = response.get_etag()
    if tag:  # other bytes that say the same
        response.set_etag(tag, weak=True)
    return response


def _may_be_compressed(response: Response) -> bool:
    return (
        response.mimetype in COMPRESSIBLE
        and request.blueprint != AGENTS_BLUEPRINT
        and not response.content_encoding
        and not response.direct_passthrough
        and 200 <= response.status_code != 206
    )
