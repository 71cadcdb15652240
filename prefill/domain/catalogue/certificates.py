"""Certificates of professional bodies."""

from __future__ import annotations

from prefill.domain.answer_shapes import certificates, proofs
from prefill.domain.catalogue.proofs import FNTP_CARD, OPQIBI, OWN_DATES, QUALIBAT, QUALIFELEC, QUALIOPI, RGE
from prefill.domain.company import BUILDING, ELECTRICAL_WORKS, ENERGY_WORKS, QUALIFIED_WORKS, TRAINING
from prefill.domain.sources import DOCUMENTS, HOUR, Identifier, Kind, Source

CERTIFICATES: tuple[Source, ...] = (
    Source(
        "cartes_professionnelles_fntp", "Carte professionnelle de travaux publics", "FNTP",
        "/v3/fntp/unites_legales/{siren}/carte_professionnelle_travaux_publics", kind=Kind.DOCUMENTS, open=True,
        budget=DOCUMENTS, likely=BUILDING, on_demand=True, fresh=HOUR, keep=0, shape={"document_url": str},
        documents="[document_url]", answer=proofs.DOCUMENT, proof=FNTP_CARD,
    ),
    Source(
        "certificats_rge_ademe", "Certifications RGE", "Ademe",
        "/v3/ademe/etablissements/{siret}/certification_rge", Identifier.SIRET, Kind.DOCUMENTS, open=True,
        likely=ENERGY_WORKS, on_demand=True, outside_documents=True,
        proof=RGE, renewal=OWN_DATES, documents="[].{url: url, title: nom_certificat}",
        answer=certificates.RGE,
    ),
    Source(
        "certificats_qualibat", "Certification Qualibat", "Qualibat",
        "/v4/qualibat/etablissements/{siret}/certification_batiment", Identifier.SIRET, Kind.DOCUMENTS, open=True,
        budget=DOCUMENTS, likely=QUALIFIED_WORKS, on_demand=True, fresh=HOUR, keep=0, proof=QUALIBAT, renewal=OWN_DATES,
        documents="[document_url]",
        shape={"document_url": (str, type(None))},
        answer=certificates.QUALIBAT,
    ),
    Source(
        "certificats_opqibi", "Certification d'ingénierie", "OPQIBI",
        "/v3/opqibi/unites_legales/{siren}/certification_ingenierie", open=True, on_demand=True, proof=OPQIBI, renewal=OWN_DATES,
        shape={"qualifications": list},
        answer=certificates.OPQIBI,
    ),
    Source(
        "certificats_qualifelec", "Certificats Qualifelec", "Qualifelec",
        "/v3/qualifelec/etablissements/{siret}/certificats", Identifier.SIRET, Kind.DOCUMENTS, open=True,
        likely=ELECTRICAL_WORKS, on_demand=True, outside_documents=True, proof=QUALIFELEC, renewal=OWN_DATES,
        documents="[].{url: document_url, title: qualification.label}", answer=certificates.QUALIFELEC,
    ),
    Source(
        "certifications_qualiopi", "Certification Qualiopi", "Carif-Oref",
        "/v3/carif_oref/etablissements/{siret}/certifications_qualiopi_france_competences", Identifier.SIRET,
        scope="certifications_qualiopi_france_competences", likely=TRAINING,
        shape={"declarations_activites_etablissement": list}, answer=certificates.QUALIOPI, proof=QUALIOPI,
    ),
)  # fmt: skip
