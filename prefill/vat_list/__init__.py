"""The DGFIP's open list of VAT numbers, as an index on this machine: the number of whoever is on it costs no call."""

from __future__ import annotations

from prefill.vat_list.index import InvalidIndex, VatList
from prefill.vat_list.registers import RegistersWithVatList

__all__ = ["InvalidIndex", "RegistersWithVatList", "VatList"]
