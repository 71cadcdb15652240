"""The endpoints of API Entreprise: path, operation, rate group, scopes and provider of each, after its public contract.

The table is independent of the catalogue of sources that the client uses, so that a mistake in one shows against
the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class RateGroup:
    """Endpoints whose calls are counted together, or each alone, per habilitation and clock minute."""

    name: str
    per_minute: int
    per_endpoint: bool = False


JSON = RateGroup("json", 250)
RNE = RateGroup("rne", 15, per_endpoint=True)
SLOW_DOCUMENTS = RateGroup("slow_documents", 5, per_endpoint=True)
URSSAF = RateGroup("urssaf", 100, per_endpoint=True)
GIP_MDS = RateGroup("gip_mds", 50)
DOCUMENTS = RateGroup("documents", 50)
DOWNLOADS = RateGroup("downloads", 50)
PER_ADDRESS = RateGroup("address", 1000)


@dataclass(frozen=True, slots=True)
class Provider:
    """Who holds the data: the first two digits of its error codes, and the name in their `meta.provider`."""

    code: str
    name: str


# By the second segment of a path, the operator of the register.
PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {
        "insee": Provider("01", "INSEE"),
        "infogreffe": Provider("02", "Infogreffe"),
        "dgfip": Provider("03", "DGFIP - Adélie"),
        "urssaf": Provider("04", "ACOSS"),
        "qualibat": Provider("06", "Qualibat"),
        "cnetp": Provider("08", "CNETP"),
        "probtp": Provider("09", "ProBTP"),
        "msa": Provider("10", "MSA"),
        "opqibi": Provider("11", "OPQIBI"),
        "fntp": Provider("12", "FNTP"),
        "fabrique_numerique_ministeres_sociaux": Provider("14", "Fabrique numérique des Ministères Sociaux"),
        "cma_france": Provider("15", "CMA France"),
        "douanes": Provider("16", "DGDDI"),
        "banque_de_france": Provider("17", "Banque de France"),
        "ademe": Provider("19", "ADEME"),
        "ministere_interieur": Provider("21", "MI"),
        "european_commission": Provider("28", "Commission Européenne"),
        "djepva": Provider("29", "DJEPVA"),
        "gip_mds": Provider("31", "GIP-MDS"),
        "qualifelec": Provider("32", "Qualifelec"),
        "carif_oref": Provider("33", "CARIF-OREF"),
        "inpi": Provider("34", "INPI - RNE"),
        "cibtp": Provider("38", "CIBTP"),
        "data_subvention": Provider("52", "DataSubvention"),
    }
)
PLATFORM = Provider("00", "API Entreprise")
VAT_PROVIDER = Provider("43", "DGFIP - TVA")

# Scopes: a token needs one of them, the first is today's name; none: any valid token will do.
OPEN = ("open_data",)
SIRENE_OPEN = ("open_data", "entreprises", "etablissements")
SIRENE = ("unites_legales_etablissements_insee", "entreprises", "etablissements")
SUCCESSIONS = ("open_data", "etablissements")
RNE_EXTRACT = ("unites_legales_etablissements_insee",)
ASSOCIATIONS_OPEN = ("open_data", "associations")
ASSOCIATIONS = ("associations_djepva", "associations_donnees_protegees")
TURNOVER = ("chiffre_affaires_dgfip", "exercices")
TAX_CERTIFICATE = ("attestation_fiscale_dgfip", "attestations_fiscales")
TAX_RETURNS = ("liasses_fiscales_dgfip", "liasse_fiscale")
HOLDINGS = ("liens_capitalistiques_dgfip", *TAX_RETURNS)
BALANCE_SHEETS = ("bilans_bdf", "bilans_entreprise_bdf")
VIGILANCE = ("attestation_sociale_urssaf", "attestations_sociales")
HEADCOUNT = ("effectifs_urssaf",)
MSA = ("cotisations_msa", "msa_cotisations")
PROBTP = ("cotisations_probtp", "probtp")
LEAVE_FUNDS = (
    "certification_cnetp", "certificat_cnetp", "attestation_cotisations_conges_payes_chomage_intemperies_cibtp_cnetp",
)  # fmt: skip
OFFICERS = ("mandataires_sociaux_infogreffe", "entreprises")
OWNERS = ("beneficiaires_effectifs_inpi",)
TRAINING = ("certifications_qualiopi_france_competences",)
SUBSIDIES = ("data_subvention_subventions",)
NONE: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint.

    Attributes
    ----------
        path: template, its parameters in braces.
        operation: name in the OpenAPI file, without the API's prefix; `/errors` takes it as `operation_id`.
        scopes: what a token must hold, any one of them; empty when nothing is asked.
        group: what its calls are counted in.
        deprecated: whether the contract announces its end.
    """

    path: str
    operation: str
    scopes: tuple[str, ...] = OPEN
    group: RateGroup = JSON
    deprecated: bool = False

    @property
    def provider(self) -> Provider:
        if self.operation == "v3_dgfip_tva":
            return VAT_PROVIDER
        return PROVIDERS[self.path.split("/")[2]]

    @property
    def counter(self) -> str:
        """Name of what is counted: the group, or the endpoint in all its versions."""
        return self.path[3:] if self.group.per_endpoint else self.group.name

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(IN_BRACES.findall(self.path))

    @property
    def open_twin(self) -> str | None:
        """Path of the open endpoint that answers the same with what is withheld masked; None when there is none."""
        if self.path.startswith(SIRENE_PREFIXES) and "/diffusibles/" not in self.path:
            return re.sub("(etablissements|unites_legales)/", r"\1/diffusibles/", self.path, count=1)
        if self.path == "/v4/djepva/api-association/associations/{siren_or_rna}":
            return "/v4/djepva/api-association/associations/open_data/{siren_or_rna}"
        return None


IN_BRACES = re.compile(r"{(\w+)}")
SIRENE_PREFIXES = ("/v3/insee/", "/v4/insee/")
OPERATION_PREFIX = "api_entreprise_"
VAT = "/v3/dgfip/unites_legales/{siren}/numero_tva"
VIES = "/v3/european_commission/unites_legales/{siren}/numero_tva"

ENDPOINTS = (
    # Insee, Sirene
    Endpoint(
        "/v4/insee/sirene/etablissements/diffusibles/{siret}", "v4_insee_etablissements_diffusables", SIRENE_OPEN,
    ),
    Endpoint(
        "/v4/insee/sirene/unites_legales/diffusibles/{siren}", "v4_insee_unites_legales_diffusables", SIRENE_OPEN,
    ),
    Endpoint(
        "/v4/insee/sirene/unites_legales/diffusibles/{siren}/siege_social",
        "v4_insee_sieges_diffusables_unites_legales", SIRENE_OPEN,
    ),
    Endpoint("/v4/insee/sirene/etablissements/{siret}", "v4_insee_etablissements", SIRENE),
    Endpoint("/v4/insee/sirene/unites_legales/{siren}", "v4_insee_unites_legales", SIRENE),
    Endpoint("/v4/insee/sirene/unites_legales/{siren}/siege_social", "v4_insee_sieges_unites_legales", SIRENE),
    Endpoint("/v3/insee/sirene/etablissements/{siret}/successions", "v3_insee_successions", SUCCESSIONS),
    Endpoint(
        "/v3/insee/sirene/etablissements/diffusibles/{siret}", "v3_insee_etablissements_diffusables", SIRENE_OPEN,
        deprecated=True,
    ),
    Endpoint(
        "/v3/insee/sirene/etablissements/diffusibles/{siret}/adresse",
        "v3_insee_adresses_etablissements_diffusables", SIRENE_OPEN,
    ),
    Endpoint(
        "/v3/insee/sirene/unites_legales/diffusibles/{siren}", "v3_insee_unites_legales_diffusables", SIRENE_OPEN,
        deprecated=True,
    ),
    Endpoint(
        "/v3/insee/sirene/unites_legales/diffusibles/{siren}/siege_social",
        "v3_insee_sieges_diffusables_unites_legales", SIRENE_OPEN, deprecated=True,
    ),
    Endpoint("/v3/insee/sirene/etablissements/{siret}", "v3_insee_etablissements", SIRENE, deprecated=True),
    Endpoint("/v3/insee/sirene/etablissements/{siret}/adresse", "v3_insee_adresses_etablissements", SIRENE),
    Endpoint("/v3/insee/sirene/unites_legales/{siren}", "v3_insee_unites_legales", SIRENE, deprecated=True),
    Endpoint(
        "/v3/insee/sirene/unites_legales/{siren}/siege_social", "v3_insee_sieges_unites_legales", SIRENE,
        deprecated=True,
    ),
    # the trade registers
    Endpoint("/v3/infogreffe/rcs/unites_legales/{siren}/extrait_kbis", "v3_infogreffe_extraits_rcs"),
    Endpoint(
        "/v3/infogreffe/rcs/unites_legales/{siren}/mandataires_sociaux", "v3_infogreffe_mandataires_sociaux", OFFICERS,
    ),
    Endpoint("/v3/inpi/rne/unites_legales/open_data/{siren}/actes_bilans", "v3_inpi_rne_actes_bilans", group=RNE),
    Endpoint("/v3/inpi/rne/unites_legales/{siren}/extrait_rne", "v3_inpi_rne_extrait_rne", RNE_EXTRACT, RNE),
    Endpoint(
        "/v3/inpi/rne/unites_legales/{siren}/beneficiaires_effectifs", "v3_inpi_rne_beneficiaires_effectifs", OWNERS,
        RNE,
    ),
    Endpoint("/v3/cma_france/rnm/unites_legales/{siren}", "v3_rnm_entreprises_artisanales", deprecated=True),
    # associations
    Endpoint(
        "/v4/djepva/api-association/associations/open_data/{siren_or_rna}", "v4_mi_unites_legales_open_data",
        ASSOCIATIONS_OPEN,
    ),
    Endpoint("/v4/djepva/api-association/associations/{siren_or_rna}", "v4_mi_unites_legales", ASSOCIATIONS),
    Endpoint("/v3/ministere_interieur/rna/associations/{siret_or_rna}", "v3_mi_associations", deprecated=True),
    Endpoint(
        "/v3/ministere_interieur/rna/associations/{siret_or_rna}/documents", "v3_mi_documents_associations",
        group=DOCUMENTS, deprecated=True,
    ),
    Endpoint(
        "/v3/data_subvention/associations/{siren_or_siret_or_rna}/subventions", "v3_data_subvention_subventions",
        SUBSIDIES,
    ),
    # taxes and accounts
    Endpoint(VAT, "v3_dgfip_tva", NONE),
    Endpoint(VIES, "v3_european_commission_vies", NONE, deprecated=True),
    Endpoint("/v3/douanes/etablissements/{siret_or_eori}/immatriculations_eori", "v3_dgddi_eori"),
    Endpoint("/v3/dgfip/etablissements/{siret}/chiffres_affaires", "v3_dgfip_chiffres_affaires", TURNOVER),
    Endpoint(
        "/v4/dgfip/unites_legales/{siren}/attestation_fiscale", "v4_dgfip_attestations_fiscales", TAX_CERTIFICATE,
        SLOW_DOCUMENTS,
    ),
    Endpoint(
        "/v3/dgfip/unites_legales/{siren}/attestation_fiscale", "v3_dgfip_attestations_fiscales", TAX_CERTIFICATE,
        SLOW_DOCUMENTS, deprecated=True,
    ),
    Endpoint("/v3/dgfip/unites_legales/{siren}/liasses_fiscales/{year}", "v3_dgfip_liasses_fiscales", TAX_RETURNS),
    Endpoint(
        "/v3/dgfip/unites_legales/{siren}/liens_capitalistiques/{year}", "v3_dgfip_liens_capitalistiques", HOLDINGS,
    ),
    Endpoint(
        "/v3/banque_de_france/unites_legales/{siren}/bilans", "v3_banque_de_france_bilans_entreprise", BALANCE_SHEETS,
    ),
    # social contributions and staff
    Endpoint(
        "/v4/urssaf/unites_legales/{siren}/attestation_vigilance", "v4_acoss_attestations_sociales", VIGILANCE, URSSAF,
    ),
    Endpoint(
        "/v3/urssaf/unites_legales/{siren}/attestation_vigilance", "v3_acoss_attestations_sociales", VIGILANCE, URSSAF,
        deprecated=True,
    ),
    Endpoint("/v3/msa/etablissements/{siret}/conformite_cotisations", "v3_msa_conformites_cotisations", MSA),
    Endpoint(
        "/v3/probtp/etablissements/{siret}/conformite_cotisations_retraite",
        "v3_probtp_conformites_cotisations_retraite", PROBTP,
    ),
    Endpoint(
        "/v3/probtp/etablissements/{siret}/attestation_cotisations_retraite",
        "v3_probtp_attestations_cotisation_retraite", PROBTP, DOCUMENTS,
    ),
    Endpoint(
        "/v3/cnetp/unites_legales/{siren}/attestation_cotisations_conges_payes_chomage_intemperies",
        "v3_cnetp_attestation_cotisations_conges_payes_chomage_intemperies", LEAVE_FUNDS, DOCUMENTS,
    ),
    Endpoint(
        "/v3/cibtp/etablissements/{siret}/attestation_cotisations_conges_payes_chomage_intemperies",
        "v3_cibtp_attestation_cotisations_conges_payes_chomage_intemperies", LEAVE_FUNDS, SLOW_DOCUMENTS,
    ),
    Endpoint(
        "/v3/gip_mds/unites_legales/{siren}/effectifs_annuels/{year}", "v3_gip_mds_effectifs_annuels_entreprise",
        HEADCOUNT, GIP_MDS,
    ),
    Endpoint(
        "/v3/gip_mds/etablissements/{siret}/effectifs_mensuels/{month}/annee/{year}",
        "v3_gip_mds_effectifs_mensuels_etablissement", HEADCOUNT, GIP_MDS,
    ),
    Endpoint(
        "/v3/fabrique_numerique_ministeres_sociaux/etablissements/{siret}/conventions_collectives",
        "v3_fabrique_numerique_ministeres_sociaux_conventions_collectives", deprecated=True,
    ),
    # qualifications
    Endpoint(
        "/v3/fntp/unites_legales/{siren}/carte_professionnelle_travaux_publics",
        "v3_fntp_carte_professionnelle_travaux_publics", group=DOCUMENTS,
    ),
    Endpoint("/v3/ademe/etablissements/{siret}/certification_rge", "v3_ademe_certificats_rge"),
    Endpoint(
        "/v4/qualibat/etablissements/{siret}/certification_batiment", "v4_qualibat_certifications_batiment",
        group=DOCUMENTS,
    ),
    Endpoint(
        "/v3/qualibat/etablissements/{siret}/certification_batiment", "v3_qualibat_certifications_batiment",
        group=DOCUMENTS, deprecated=True,
    ),
    Endpoint("/v3/opqibi/unites_legales/{siren}/certification_ingenierie", "v3_opqibi_certifications_ingenierie"),
    Endpoint("/v3/qualifelec/etablissements/{siret}/certificats", "v3_qualifelec_certificats"),
    Endpoint(
        "/v3/carif_oref/etablissements/{siret}/certifications_qualiopi_france_competences",
        "v3_carif_oref_certifications_qualiopi_france_competences", TRAINING,
    ),
)  # fmt: skip

BY_PATH: Mapping[str, Endpoint] = MappingProxyType({endpoint.path: endpoint for endpoint in ENDPOINTS})
EVERY_SCOPE = frozenset(endpoint.scopes[0] for endpoint in ENDPOINTS if endpoint.scopes)
# `/ping/<provider>/<service>`: what can be asked whether it is up.
SERVICES = frozenset((path.split("/")[2], path.split("/")[3]) for path in BY_PATH)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(IN_BRACES.sub(r"(?P<\1>[^/]+)", path))


# An endpoint with fewer parameters first: a literal segment wins over a parameter.
_PATTERNS = sorted(
    ((_pattern(endpoint.path), endpoint) for endpoint in ENDPOINTS),
    key=lambda pair: (len(pair[1].parameters), -len(pair[1].path)),
)


def match(path: str) -> tuple[Endpoint, dict[str, str]] | None:
    """Find the endpoint that a path calls, and its parameters; None when there is no such path.

    >>> match("/v3/dgfip/unites_legales/000001008/numero_tva")[1]
    {'siren': '000001008'}
    """
    for pattern, endpoint in _PATTERNS:
        found = pattern.fullmatch(path)
        if found:
            return endpoint, found.groupdict()
    return None
