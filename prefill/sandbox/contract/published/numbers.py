"""How API Entreprise reads the numbers in its paths."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from prefill.domain.identifiers import valid_siren, valid_siret


def is_rna(text: str) -> bool:
    return re.fullmatch(r"W[0-9A-Z]{3}[0-9]{6}", text) is not None


def is_eori(text: str) -> bool:
    return re.fullmatch(r"[A-Z]{2}[0-9A-Z]{1,15}", text) is not None


def is_year(text: str) -> bool:
    return re.fullmatch(r"[12][0-9]{3}", text) is not None


def is_month(text: str) -> bool:
    return re.fullmatch(r"0?[1-9]|1[0-2]", text) is not None


READABLE: Mapping[str, tuple[Callable[[str], bool], ...]] = {
    "siren": (valid_siren,),
    "siret": (valid_siret,),
    "siren_or_rna": (valid_siren, is_rna),
    "siret_or_rna": (valid_siret, is_rna),
    "siren_or_siret_or_rna": (valid_siren, valid_siret, is_rna),
    "siret_or_eori": (valid_siret, is_eori),
    "year": (is_year,),
    "month": (is_month,),
}


def well_formed(parameter: str, text: str) -> bool:
    """Tell whether a path parameter is written as it must be, check digit included."""
    return any(reads(text) for reads in READABLE[parameter])
