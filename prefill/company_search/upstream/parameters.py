"""The parameters of a call: only what is used is asked for, without managers or finances.

The upstream ignores in silence a name that it does not know, and refuses an empty value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Parameters = Mapping[str, str]

PER_PAGE = "25"  # the most it gives: a complete page answers the longer texts to come
LISTED = "10"  # establishments of each unit
ALL_LISTED = "100"  # the most it gives
POSTAL_CODE = re.compile(r"(?:0[1-9]|[1-8][0-9]|9[0-8])[0-9]{3}")


def by_text(text: str, postal_code: str | None = None, *, listed: str = LISTED) -> Parameters:
    """Units that hold all the words, in their name or that of an establishment, or at its address."""
    place = {"code_postal": postal_code} if postal_code else {}
    return {
        "q": text,
        **place,
        "per_page": PER_PAGE,
        "minimal": "true",
        "include": "siege,matching_etablissements",
        "limite_matching_etablissements": listed,
    }


def by_number(number: str) -> Parameters:
    """The unit of a SIREN, with its head office; of a SIRET, with that establishment also; of an RNA number."""
    return {"q": number, "minimal": "true", "include": "siege,matching_etablissements,complements,tva"}
