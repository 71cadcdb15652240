"""General information: the registers of companies and associations, open and, for agents, protected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefill.domain.answer_shapes import insee, registers
from prefill.domain.catalogue.keys import PERSONAL_AT_INSEE, PERSONAL_AT_RCS, PERSONAL_AT_RNA, PERSONAL_AT_RNE
from prefill.domain.catalogue.proofs import (
    COMPTE_ASSO,
    INPI_ONE_STOP_SHOP,
    LABOUR_CODE,
    NO_OPEN_SUCCESSOR,
    NO_SUCCESSOR,
)
from prefill.domain.company import (
    is_association,
    is_closed,
    is_not_head_office,
    is_unread,
    may_have_vat_number,
    registers_at_rcs,
)
from prefill.domain.sources import DAY, DOCUMENTS, HOUR, INPI, Identifier, Kind, Sentence, Source

ESTABLISHMENT_SHAPE: Mapping[str, type | tuple[type, ...]] = {
    "siret": str,
    "siege_social": bool,
    "etat_administratif": str,
    "status_diffusion": str,
    "unite_legale": dict,
    "adresse": dict,
}
INSEE: dict[str, Any] = {
    "producer": "Insee",
    "fresh": HOUR,  # its data changes once a night, but a diffusion status is never trusted for longer
    "keep": 12 * HOUR,  # a company that limits its disclosure does so overnight
    "personal": PERSONAL_AT_INSEE,
    "as_of": (("meta", "date_derniere_mise_a_jour"),),
    "fix": INPI_ONE_STOP_SHOP,
}
NO_VAT_NUMBER_FOUND: Sentence = {
    "fr": "Aucun numéro trouvé à la DGFIP, ce qui ne dit pas qu'il n'y en a pas (liste de la veille)",
    "en": "The DGFIP lists no number, which does not say that there is none (the list is a day old)",
}
NOT_AT_INFOGREFFE: Sentence = {
    "fr": "Infogreffe n'a pas d'extrait de cette entreprise, ce qui ne dit pas qu'elle n'est inscrite à aucun registre",
    "en": "Infogreffe has no extract of this company, which does not say that it is in no register",
}
NOT_IN_THE_RNA: Sentence = {
    "fr": "Le répertoire national des associations ne connaît pas celle-ci, ce qui ne dit pas qu'elle n'est pas déclarée",
    "en": "The national register of associations does not know this one, which does not say that it is not declared",
}
NO_AGREEMENT_FOUND: Sentence = {
    "fr": "Aucune convention collective trouvée pour cet établissement, d'après des déclarations de quelques mois",
    "en": "No collective agreement found for this establishment, from returns that are some months old",
}

OPEN: tuple[Source, ...] = (
    Source(
        "etablissements", "Établissement", path="/v4/insee/sirene/etablissements/diffusibles/{siret}",
        identifier=Identifier.SIRET, open=True, shape=ESTABLISHMENT_SHAPE, answer=insee.ESTABLISHMENT, **INSEE,
    ),
    Source(
        "siege_social", "Siège social", path="/v4/insee/sirene/unites_legales/diffusibles/{siren}/siege_social",
        open=True, applies=is_not_head_office, shape=ESTABLISHMENT_SHAPE, answer=insee.ESTABLISHMENT, **INSEE,
    ),
    Source(
        "entreprises", "Unité légale", path="/v4/insee/sirene/unites_legales/diffusibles/{siren}",
        open=True, applies=is_unread, shape={"siren": str, "status_diffusion": str}, answer=insee.UNIT, **INSEE,
    ),
    Source(
        "successions", "Successions d'établissements", "Insee",
        "/v3/insee/sirene/etablissements/{siret}/successions", identifier=Identifier.SIRET, open=True,
        applies=is_closed, shape={"successeurs": list},
        answer=insee.SUCCESSIONS,
    ),
    Source(
        "extraits_rcs_infogreffe", "Extrait RCS (Kbis)", "Infogreffe",
        "/v3/infogreffe/rcs/unites_legales/{siren}/extrait_kbis", open=True, applies=registers_at_rcs,
        usual=True, names_people=True, shape={"siren": str, "mandataires_sociaux": (list, type(None))}, personal=PERSONAL_AT_RCS,
        answer=registers.RCS, as_of=(("data", "date_extrait"),), silence=NOT_AT_INFOGREFFE,
        impossible=frozenset({"02502"}), fix=INPI_ONE_STOP_SHOP, renewal=LABOUR_CODE,
    ),
    Source(
        "numero_tva", "Numéro de TVA intracommunautaire", "DGFIP", "/v3/dgfip/unites_legales/{siren}/numero_tva",
        open=True, scope=None, usual=True, applies=may_have_vat_number, shape={"numero_tva": (str, type(None))},
        answer=registers.VAT, as_of=(("meta", "date_derniere_mise_a_jour"),), silence=NO_VAT_NUMBER_FOUND,
        unpublished=True,
    ),
    Source(
        "associations", "Association", "RNA",
        "/v4/djepva/api-association/associations/open_data/{siren_or_rna}", Identifier.RNA_OR_SIREN, open=True,
        applies=is_association, shape={"nom": str, "regime": (str, type(None))}, personal=PERSONAL_AT_RNA,
        answer=registers.ASSOCIATION,
        as_of=(("meta", "date_derniere_mise_a_jour_rna"), ("meta", "date_derniere_mise_a_jour_sirene")),
        silence=NOT_IN_THE_RNA, fix=COMPTE_ASSO,
    ),
    Source(
        "documents_associations", "Documents d'association", "RNA",
        "/v3/ministere_interieur/rna/associations/{siret_or_rna}/documents", Identifier.RNA_OR_SIRET,
        Kind.DOCUMENTS, open=True, budget=DOCUMENTS, applies=is_association, on_demand=True, fresh=HOUR,
        keep=0, documents="[].{url: url, title: type}", answer=registers.ASSOCIATION_DOCUMENTS,
        deprecated=NO_OPEN_SUCCESSOR,
    ),
    Source(
        "actes_inpi", "Actes déposés au RNE", "INPI",
        "/v3/inpi/rne/unites_legales/open_data/{siren}/actes_bilans", kind=Kind.DOCUMENTS, open=True, budget=INPI,
        applies=registers_at_rcs, names_people=True, on_demand=True, fresh=HOUR, keep=0, shape={"actes": list},
        documents="actes[].{url: url, title: types_actes[0].type_acte}",
        personal=frozenset({"bilans"}),  # the other half of the answer, `bilans_inpi`, is forbidden for tenders
        answer=registers.DEEDS,
    ),
    Source(
        "conventions_collectives", "Conventions collectives", "ministère du Travail",
        "/v3/fabrique_numerique_ministeres_sociaux/etablissements/{siret}/conventions_collectives", Identifier.SIRET,
        open=True, on_demand=True, fresh=7 * DAY,
        answer=registers.AGREEMENTS,
        silence=NO_AGREEMENT_FOUND,
        deprecated=NO_SUCCESSOR,
    ),
)  # fmt: skip

PROTECTED: tuple[Source, ...] = (
    Source(
        "etablissements_instructeur", "Établissement (données protégées)",
        path="/v4/insee/sirene/etablissements/{siret}", identifier=Identifier.SIRET, twin_of="etablissements",
        scope="unites_legales_etablissements_insee", shape=ESTABLISHMENT_SHAPE, answer=insee.ESTABLISHMENT, **INSEE,
    ),
    Source(
        "siege_social_instructeur", "Siège social (données protégées)",
        path="/v4/insee/sirene/unites_legales/{siren}/siege_social", twin_of="siege_social",
        applies=is_not_head_office, scope="unites_legales_etablissements_insee", shape=ESTABLISHMENT_SHAPE,
        answer=insee.ESTABLISHMENT, **INSEE,
    ),
    Source(
        "entreprises_instructeur", "Unité légale (données protégées)",
        path="/v4/insee/sirene/unites_legales/{siren}", twin_of="entreprises", applies=is_unread,
        scope="unites_legales_etablissements_insee", shape={"siren": str, "status_diffusion": str}, answer=insee.UNIT,
        **INSEE,
    ),
    Source(
        "associations_instructeur", "Association (données protégées)", "RNA",
        "/v4/djepva/api-association/associations/{siren_or_rna}", Identifier.RNA_OR_SIREN, twin_of="associations",
        applies=is_association, scope="associations_djepva", shape={"nom": str}, personal=PERSONAL_AT_RNA,
        answer=registers.ASSOCIATION,
        as_of=(("meta", "date_derniere_mise_a_jour_rna"), ("meta", "date_derniere_mise_a_jour_sirene")),
        silence=NOT_IN_THE_RNA, fix=COMPTE_ASSO,
    ),
    Source(
        "extraits_rne", "Extrait RNE", "INPI", "/v3/inpi/rne/unites_legales/{siren}/extrait_rne", budget=INPI,
        scope="unites_legales_etablissements_insee", kind=Kind.DOCUMENTS, fresh=HOUR, keep=0,
        shape={"identite_entreprise": dict}, documents="[document_url]", personal=PERSONAL_AT_RNE, answer=registers.RNE,
        fix=INPI_ONE_STOP_SHOP,
    ),
)  # fmt: skip
