"""Ways of writing what registers write as codes: tables that a form may extend."""

from __future__ import annotations

from collections.abc import Mapping

from prefill.domain.synonyms.countries import COUNTRIES
from prefill.domain.synonyms.legal_forms import LEGAL_FORMS
from prefill.domain.synonyms.table import SynonymTable

TABLES: Mapping[str, SynonymTable] = {
    "countries": SynonymTable(COUNTRIES),
    "legal_forms": SynonymTable(LEGAL_FORMS),
}

__all__ = ["TABLES", "SynonymTable"]
