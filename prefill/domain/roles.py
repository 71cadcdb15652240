"""The roles that a company may have in a tender, by the codes of the ESPD."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    SOLE_TENDERER = "sole-tenderer"
    GROUP_LEAD = "group-lead"
    GROUP_MEMBER = "group-mem"
    RELIED_ON = "oeron"
    SUBCONTRACTOR = "subcont"

    @property
    def label(self) -> str:
        """The role in French, as a document names it."""
        return LABELS[self]


LABELS = {
    Role.SOLE_TENDERER: "Candidat individuel",
    Role.GROUP_LEAD: "Mandataire du groupement",
    Role.GROUP_MEMBER: "Membre du groupement",
    Role.RELIED_ON: "Opérateur sur lequel le candidat s'appuie",
    Role.SUBCONTRACTOR: "Sous-traitant",
}
