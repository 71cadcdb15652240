"""The catalogue: one row per endpoint of API Entreprise, and what its answers mean.

Paths, rate groups, perimeters and access follow the public contract of API Entreprise and its use case for
public tenders. The client, the sandbox, the access rule, the form checker, the command line, the dossier and
the documentation all read these rows; a new endpoint is one row.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from prefill.domain.catalogue.certificates import CERTIFICATES
from prefill.domain.catalogue.general import OPEN, PROTECTED
from prefill.domain.catalogue.open_directory import OPEN_DIRECTORY
from prefill.domain.catalogue.protected import PROTECTED_PROOFS
from prefill.domain.catalogue.refused import REFUSED
from prefill.domain.sources import Source

__all__ = ["CATALOGUE", "OPEN_DIRECTORY", "SOURCES"]

SOURCES: tuple[Source, ...] = (*OPEN, *PROTECTED, *PROTECTED_PROOFS, *CERTIFICATES, *REFUSED)
# With what is asked elsewhere than at API Entreprise.
CATALOGUE: Mapping[str, Source] = MappingProxyType({source.name: source for source in (*SOURCES, OPEN_DIRECTORY)})
