"""Where a webhook connects: to the address of the receiver that was checked, or through the operator's outgoing proxy.

The receiver's name is resolved here, once an attempt, and every address it has must be public unless the operator says
otherwise. Without a proxy the connection goes to the address that was checked, whatever the name says a moment later. A
proxy is given the name and resolves it itself: what was checked then is what the name means here, and a name that is not
known here at all is the proxy's to judge.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi
import urllib3
from requests.utils import get_auth_from_url, select_proxy

# Of IPv6: outside of it are translated, site-local and embedded addresses.
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
TUNNELS = tuple(map(ipaddress.ip_network, ("2002::/16", "2001::/32")))  # may lead to private IPv4

Resolve = Callable[[str, int], list[str]]


class ReceiverRefused(Exception):
    """The receiver's address or its secret cannot be used; the message is a French sentence."""


def resolve(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Connections:
    """How to connect to `url`.

    Attributes:
        private: whether it may be in a private network, and on this machine without TLS.
        options: `proxies` and `verify` as `requests` has them; a proxy's address may hold its password.
    """

    url: str
    private: bool = False
    resolve: Resolve = resolve
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def open(self) -> urllib3.HTTPConnectionPool:
        """Check the receiver's addresses. Raises `ReceiverRefused`, `OSError` when its name is not known."""
        parts = urlsplit(self.url)
        host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
        proxy = select_proxy(self.url, self.options.get("proxies")) if parts.scheme == "https" else None
        addresses = self._checked(host, port, elsewhere=proxy is not None)
        if parts.scheme == "http":
            if not all(ipaddress.ip_address(one).is_loopback for one in addresses):
                raise ReceiverRefused("le récepteur n'est pas cette machine : son adresse doit commencer par https://")
            return urllib3.HTTPConnectionPool(addresses[0], port)
        if proxy is not None:
            return self._through(proxy).connection_from_host(host, port, "https")
        return urllib3.HTTPSConnectionPool(
            addresses[0], port, server_hostname=host, assert_hostname=host, **self._certificates()
        )

    def _checked(self, host: str, port: int, *, elsewhere: bool) -> list[str]:
        """Resolve a name; `elsewhere` says that who connects resolves it too, so that it need not be known here."""
        try:
            addresses = self.resolve(host, port)
        except socket.gaierror:
            if not elsewhere:
                raise
            return []
        if not self.private and not all(map(is_public, addresses)):
            raise ReceiverRefused("le récepteur est sur un réseau privé : ajoutez --webhook-private s'il doit l'être")
        return addresses

    def _through(self, proxy: str) -> urllib3.ProxyManager:
        proxy = proxy if "://" in proxy else f"http://{proxy}"
        user, password = get_auth_from_url(proxy)
        headers = urllib3.make_headers(proxy_basic_auth=f"{user}:{password}") if user else None
        return urllib3.ProxyManager(proxy, proxy_headers=headers, **self._certificates())

    def _certificates(self) -> dict[str, Any]:
        """The authorities that are believed: those that the environment names, else the usual ones."""
        named = self.options.get("verify")
        place = named if isinstance(named, str) else certifi.where()
        return {"cert_reqs": "CERT_REQUIRED", "ca_cert_dir" if Path(place).is_dir() else "ca_certs": place}


def is_public(address: str) -> bool:
    """Whether an address is one of the public Internet, reached as such.

    >>> is_public("93.184.216.34"), is_public("169.254.169.254"), is_public("::ffff:10.0.0.1"), is_public("fec0::1")
    (True, False, False, False)
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    if mapped is not None:
        found = mapped
    if found.version == 6 and (found not in GLOBAL_UNICAST or any(found in network for network in TUNNELS)):
        return False
    return found.is_global and not found.is_multicast
