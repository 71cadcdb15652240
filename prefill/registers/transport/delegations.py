"""The delegations of an editor's token, as API Entreprise lists them, page by page."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import requests
import urllib3

from prefill.registers.transport.http import Bearer, BodyTooLarge, read_bounded

PATH = "/editeur/api/v1/delegations"
PER_PAGE = 100
MAX_PAGES = 100
MAX_BODY = 4 * 2**20  # bytes
TIMEOUT = 10.0  # seconds a page
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class DelegationsUnreadable(Exception):
    """The list cannot be read; the message says why, in French, and holds nothing of the token."""


def list_delegations(session: requests.Session, url: str, token: str) -> Iterator[dict[str, Any]]:
    """Read the rows, revoked ones included: `id`, `siret`, `intitule`, `statut`. Raises `DelegationsUnreadable`."""
    for page in range(1, MAX_PAGES + 1):
        body = _page(session, url, token, page)
        rows, meta = body.get("data"), body.get("meta")
        if not isinstance(rows, list):
            raise DelegationsUnreadable("la réponse d'API Entreprise est illisible")
        yield from (row for row in rows if _is_delegation(row))
        pages = meta.get("total_pages") if isinstance(meta, dict) else None
        if not isinstance(pages, int) or page >= pages:
            return
    raise DelegationsUnreadable("la liste est trop longue")


def _is_delegation(row: object) -> bool:
    return (
        isinstance(row, dict)
        and UUID.fullmatch(str(row.get("id"))) is not None
        and re.fullmatch(r"\d{14}", str(row.get("siret")), re.ASCII) is not None
    )


def _page(session: requests.Session, url: str, token: str, page: int) -> dict[str, Any]:
    try:
        with session.get(
            url + PATH,
            params={"page": page, "per_page": PER_PAGE},
            auth=Bearer(token),
            timeout=TIMEOUT,
            allow_redirects=False,
            stream=True,
        ) as response:
            if response.status_code == 401:
                raise DelegationsUnreadable("ce jeton n'est pas celui d'un éditeur, ou il est refusé")
            if response.status_code != 200:
                raise DelegationsUnreadable(f"API Entreprise répond avec le statut {response.status_code}")
            deadline = time.monotonic() + TIMEOUT
            body = json.loads(read_bounded(response, max_bytes=MAX_BODY, deadline=deadline, clock=time.monotonic))
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as fault:
        raise DelegationsUnreadable("API Entreprise ne répond pas") from fault
    except (BodyTooLarge, ValueError, RecursionError) as fault:
        raise DelegationsUnreadable("la réponse d'API Entreprise est illisible") from fault
    if not isinstance(body, dict):
        raise DelegationsUnreadable("la réponse d'API Entreprise est illisible")
    return body
