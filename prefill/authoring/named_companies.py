"""The names by which test cases call the companies of the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NAMED_COMPANIES: Mapping[str, str] = MappingProxyType({
    "ordinary": "00000100800010",
    "branch": "00000200600021",
    "head_office": "00000200600013",
    "association": "00000300400017",
    "alsace_association": "00000400200010",
    "sole_trader": "00000500900014",
    "masked_person": "00000600700017",
    "masked_company": "00000700500010",
    "masked_address": "00002400000010",
    "closed": "00000800300014",
    "successor": "00000800300022",
    "closing": "00000900100017",
    "cedex": "00001000900017",
    "abroad": "00001100700010",
    "public_body": "00001200500013",
    "rcs_down": "00001300300017",
    "all_down": "00001400100010",
    "undisclosed": "00001500800014",
    "unknown": "00001600600017",
    "rcs_slow": "00001700400011",
    "duplicate": "00001800200014",
    "struck_off": "00001900000017",
    "new_nomenclature": "00002000800017",
    "old_entry": "00002100600010",
    "not_in_order": "00002200400014",
    "under_review": "00002300200017",
})  # fmt: skip
