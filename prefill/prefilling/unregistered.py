"""What the register of associations says of one that has no SIREN, in the shape of the Insee's answer.

Every form then reads its name, legal form and address where it reads those of any company; who says so is the RNA.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prefill.domain.answers import Answer
from prefill.domain.disclosure import DISCLOSED

# Keys of an address, by the RNA's.
ADDRESS = {
    "complement": "complement_adresse",
    "numero_voie": "numero_voie",
    "type_voie": "type_voie",
    "libelle_voie": "libelle_voie",
    "distribution": "distribution_speciale",
    "code_postal": "code_postal",
    "commune": "libelle_commune",
    "code_insee": "code_commune",
}


def establishment_of(answer: Answer) -> Answer:
    """Turn the RNA's answer about an association without SIREN into what is read as that of its establishment."""
    return replace(answer, data=_establishment(answer.data))


def _establishment(association: Mapping[str, Any]) -> dict[str, Any]:
    activities = association.get("activites") or {}
    return {
        "siret": None,
        "status_diffusion": DISCLOSED,
        "adresse": _address(association.get("adresse_siege") or {}),
        "unite_legale": {
            "siren": None,
            "rna": association.get("rna"),
            "type": "personne_morale",
            "status_diffusion": DISCLOSED,
            "personne_morale_attributs": {
                "raison_sociale": association["nom"],
                "sigle": association.get("sigle"),
            },
            "forme_juridique": association.get("forme_juridique"),
            "economie_sociale_et_solidaire": activities.get("economie_sociale_et_solidaire"),
        },
    }


def _address(seat: Mapping[str, Any]) -> dict[str, Any] | None:
    """None without a municipality: nothing then says in which country it is."""
    if not seat.get("commune"):
        return None
    return {"status_diffusion": DISCLOSED, **{ours: seat.get(theirs) for theirs, ours in ADDRESS.items()}}
