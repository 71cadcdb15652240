"""Where a company can have what a register says corrected: by the row, by the keys read, by what the company is."""

from __future__ import annotations

from prefill.domain.catalogue.proofs import COMPTE_ASSO, INSEE_ACTIVITY_CODE
from prefill.domain.sources import Fix, Source

ACTIVITY_KEYS = frozenset({"activite_principale", "activite_principale_naf_rev2"})
ASSOCIATIONS, PUBLIC_BODIES = "92", "7"  # how the Insee's codes of their legal forms begin


def correction(source: Source, keys: frozenset[str], legal_form: str | None) -> Fix | None:
    """Choose where a value read at these keys is corrected; None where no page does it.

    The one-stop shop takes companies: associations have their own account, public bodies nothing.
    """
    if source.fix is None or (legal_form or "").startswith(PUBLIC_BODIES):
        return None
    if source.producer == "Insee" and keys & ACTIVITY_KEYS:
        return INSEE_ACTIVITY_CODE
    return COMPTE_ASSO if (legal_form or "").startswith(ASSOCIATIONS) else source.fix
