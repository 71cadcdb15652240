"""Drive the peer `api-entreprise` as a program that uses it would; run in its own environment, it prints JSON.

python peer.py URL TOKEN CLIENTS polite|free CALLS_A_MINUTE < SIRETs, one a line
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from api_entreprise import ApiEntreprise, Config, ContextInfo


def main(url: str, token: str, clients: int, mode: str, a_minute: int) -> None:
    limiter = None
    if mode == "polite":
        from pyrate_limiter import Duration, Limiter, RequestRate

        limiter = Limiter(RequestRate(a_minute, Duration.MINUTE))
    context = ContextInfo(context="Marchés publics", recipient="13002526500013", object="Mesure")
    peer = ApiEntreprise(Config(url, token, context, limiter))

    def ask(siret: str) -> int:
        """Ask the two sources one after the other, as the client's calls are; give the number of failures."""
        failures = 0
        for call, number in (
            (peer.raw_donnees_etablissement_diffusibles, siret),
            (peer.raw_numero_tva_intercommunautaire, siret[:9]),
        ):
            try:
                failures += call(number) is None
            except Exception:  # noqa: BLE001 whatever it raises is an error for its user
                failures += 1
        return failures

    numbers = sys.stdin.read().split()
    began = time.monotonic()
    with ThreadPoolExecutor(clients) as crowd:
        failures = list(crowd.map(ask, numbers))
    seconds = time.monotonic() - began
    print(json.dumps({"seconds": seconds, "errors": sum(failures), "whole": failures.count(0)}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
