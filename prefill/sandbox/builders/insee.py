"""Builders of Insee answers."""

from __future__ import annotations

from collections.abc import Mapping

from prefill.domain.identifiers import siren_of
from prefill.sandbox.builders.nomenclatures import LEGAL_FORMS, UNKNOWN_LABEL, activities, staff
from prefill.sandbox.model import ND, URL, DateDependent, Json, Reply, midnight, midnight_in_days, ok

OPEN, PARTIAL = "diffusible", "partiellement_diffusible"
NOBODY: Mapping[str, str | None] = dict.fromkeys((
    "pseudonyme", "prenom_usuel", "prenom_1", "prenom_2", "prenom_3", "prenom_4", "nom_usage", "nom_naissance", "sexe",
))  # fmt: skip
NOWHERE: Mapping[str, str | None] = dict.fromkeys((
    "indice_repetition_voie", "complement_adresse", "distribution_speciale", "code_cedex", "libelle_cedex",
    "libelle_commune_etranger", "code_pays_etranger", "libelle_pays_etranger",
))  # fmt: skip


def address(
    numero_voie: str,
    type_voie: str | None,
    libelle_voie: str,
    code_postal: str | None = None,
    libelle_commune: str | None = None,
    code_commune: str | None = None,
    **more: str | None,
) -> Json:
    """Write an address as the Insee does; what is abroad has no postal code, commune or commune code."""
    places = {"code_postal": code_postal, "libelle_commune": libelle_commune, "code_commune": code_commune}
    street = {"numero_voie": numero_voie, "type_voie": type_voie, "libelle_voie": libelle_voie}
    return {**NOWHERE, **street, **places, "status_diffusion": OPEN, **more}


def unit(
    head_office: str,
    name: str | None,
    legal_form: str,
    activity: str,
    *,
    created: str,
    sigle: str | None = None,
    person: Mapping[str, str] | None = None,
    employees: str | None = "NN",
    category: str | None = None,
    ess: bool | None = None,
    rna: str | None = None,
    ceased: str | None = None,
    status: str = OPEN,
) -> Json:
    """Write a legal unit, known by the SIRET of its head office; `person` makes it a sole trader."""
    return {
        "siren": siren_of(head_office),
        "rna": rna,
        "siret_siege_social": head_office,
        "type": "personne_physique" if person else "personne_morale",
        "personne_morale_attributs": {"raison_sociale": name, "sigle": sigle},
        "personne_physique_attributs": {**NOBODY, **(person or {})},
        "categorie_entreprise": category,
        "status_diffusion": status,
        "diffusable_commercialement": status == OPEN,
        "forme_juridique": {"code": legal_form, "libelle": LEGAL_FORMS.get(legal_form, UNKNOWN_LABEL)},
        **activities(activity),
        "tranche_effectif_salarie": staff(employees),
        "etat_administratif": "C" if ceased else "A",
        "economie_sociale_et_solidaire": ess,
        "date_creation": midnight(created),
        "date_cessation": midnight(ceased) if ceased else None,
    }


def establishment(
    siret: str,
    of: Json,
    where: Json,
    *,
    created: str | None = None,
    enseigne: str | None = None,
    closed: str | DateDependent | None = None,
    status: str | None = None,
) -> Json:
    """Write an establishment of a unit; its postal lines are computed, its diffusion is its unit's unless said."""
    status = status or of["status_diffusion"]
    where = {**where, "status_diffusion": status}
    return {
        "siret": siret,
        "siege_social": of["siret_siege_social"] == siret,
        "etat_administratif": "F" if closed else "A",
        "date_fermeture": midnight(closed) if isinstance(closed, str) else closed,
        "activite_principale": of["activite_principale"],
        "activite_principale_naf_rev2": of["activite_principale_naf_rev2"],
        "tranche_effectif_salarie": of["tranche_effectif_salarie"],
        "status_diffusion": status,
        "diffusable_commercialement": status == OPEN,
        "enseigne": enseigne,
        "date_creation": midnight(created) if created else of["date_creation"],
        "unite_legale": {key: value for key, value in of.items() if key != "date_cessation"},
        "adresse": {**where, "acheminement_postal": postal_lines(of, where)},
    }


def postal_lines(of: Json, where: Json) -> Json:
    """Arrange an address in the seven lines of the post; what is empty is an empty string."""
    person = of["personne_physique_attributs"]
    repetition = (where["indice_repetition_voie"] or "").upper()
    town = (where["code_cedex"], where["libelle_cedex"]) if where["code_cedex"] else _town(where)
    lines = (
        (of["personne_morale_attributs"]["raison_sociale"],),
        (person["nom_usage"] or person["nom_naissance"], person["prenom_usuel"]),
        (where["complement_adresse"],),
        (where["numero_voie"], repetition, where["type_voie"], where["libelle_voie"]),
        (where["distribution_speciale"],),
        town,
        (where["libelle_pays_etranger"] or "FRANCE",),
    )
    return {f"l{number}": " ".join(filter(None, parts)) for number, parts in enumerate(lines, 1)}


def _town(where: Json) -> tuple[str | None, ...]:
    return (where["code_postal"], where["libelle_commune"] or where["libelle_commune_etranger"])


HIDDEN_ADDRESS = frozenset((
    "numero_voie", "indice_repetition_voie", "type_voie", "libelle_voie", "complement_adresse", "code_postal",
    "distribution_speciale", "code_cedex", "libelle_cedex", "l1", "l2", "l3", "l4", "l5", "l6",
))  # fmt: skip
HIDDEN_UNIT = {"personne_physique": frozenset(NOBODY), "personne_morale": frozenset({"sigle"})}


def masked(data: Json) -> Json:
    """Write [ND] where the open endpoints do: each of establishment, unit and address says so for itself."""
    if "unite_legale" not in data:
        return masked_unit(data)
    where, status = data["adresse"], data["status_diffusion"]
    return {
        **data,
        "enseigne": ND if status == PARTIAL else data["enseigne"],
        "unite_legale": masked_unit(data["unite_legale"]),
        "adresse": hide(where, HIDDEN_ADDRESS) if where["status_diffusion"] == PARTIAL else where,
    }


def masked_unit(data: Json) -> Json:
    if data["status_diffusion"] != PARTIAL:
        return data
    return hide(data, HIDDEN_UNIT[data["type"]]) | {"diffusable_commercialement": True}


def hide(data: Json, keys: frozenset[str]) -> Json:
    inside = {key: hide(value, keys) for key, value in data.items() if isinstance(value, dict)}
    return {**data, **inside, **{key: ND for key in data if key in keys}}


def insee(here: Json, of: Json, *, head_office: Json | None = None, asked: str | None = None) -> dict[str, Reply]:
    """Answer the three Insee rows, and in clear their protected twins; `asked` is a duplicate's number."""
    answers: dict[str, Reply] = {}
    for suffix, seen in (("", masked), ("_instructeur", dict)):
        answers["etablissements" + suffix] = _found(seen(here), asked)
        answers["siege_social" + suffix] = _found(seen(head_office or here), asked)
        answers["entreprises" + suffix] = _found(seen(of), asked)
    return answers


def _found(data: Json, asked: str | None) -> Reply:
    updated = {"date_derniere_mise_a_jour": midnight_in_days(-1)}
    if "siret" in data:
        links = {"unite_legale": f"{URL}/v4/insee/sirene/unites_legales/{siren_of(data['siret'])}"}
        return ok(data, links=links, meta={**updated, "redirect_from_siret": asked})
    head = f"{URL}/v4/insee/sirene/etablissements/{data['siret_siege_social']}"
    links = {"siege_social": head, "siege_social_adresse": f"{head}/adresse"}
    return ok(data, links=links, meta={**updated, "redirect_from_siren": asked and siren_of(asked)})


def successors(*sirets: str, on: str, moved: bool = True) -> Reply:
    heirs = [
        {"siret": siret, "date_succession": on, "transfert_siege": moved, "continuite_economique": True}
        for siret in sirets
    ]
    return ok({"predecesseurs": [], "successeurs": heirs})
