"""Addresses on the hosts of third parties, which a browser opens and this service does not fetch."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

# Where files lie for a day at most.
PASSING_HOST = "entreprise.api.gouv.fr"


def is_outside_link(url: str) -> bool:
    """Whether an address from a register is fit for a link: HTTPS, a public host name, no user name, default port.

    >>> is_outside_link("https://www.qualibat.com/certificat.pdf"), is_outside_link("javascript:alert(1)")
    (True, False)
    >>> is_outside_link("https://10.0.0.1/a.pdf"), is_outside_link("https://intranet/a.pdf")
    (False, False)
    """
    if not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme == "https" and "@" not in parts.netloc and port in (None, 443) and _is_public_name(host)


def is_lasting_link(url: str) -> bool:
    """Whether an address is fit for a link and is not one of API Entreprise's, which expire.

    >>> is_lasting_link("https://www.opqibi.com/fiche"), is_lasting_link("https://storage.entreprise.api.gouv.fr/a.pdf")
    (True, False)
    """
    host = host_of(url) if is_outside_link(url) else PASSING_HOST
    return host != PASSING_HOST and not host.endswith("." + PASSING_HOST)


def host_of(url: str) -> str:
    """The host of a link, which the page names."""
    return urlsplit(url).hostname or ""


def _is_public_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host and not host.endswith((".", ".localhost", ".local", ".internal")) and not host[-1].isdigit()
    return False
