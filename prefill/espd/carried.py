"""Which places of the DUME's JSON a document carries, where each stands in the XML, and how people call it."""

from __future__ import annotations

from dataclasses import dataclass

from prefill.espd.versions import Subject

OPERATOR = "/partII/A/economicOperator"
CATEGORY = f"{OPERATOR}/companyCategory"
NAME_MENTION = f"{OPERATOR}/nameMention"  # written after the name, in the same element
IDENTIFIERS = f"{OPERATOR}/identifiers"
REPRESENTATIVES = "/partII/B/representatives"
TRADE_REGISTER = "/partIV/A/tradeRegister"
PROFESSIONAL_REGISTER = "/partIV/A/professionalRegister"
SET_UP_DATE = "/partIV/B/setUpDate"
TURNOVER = "/partIV/B/generalYearlyTurnover"
STAFF = "/partIV/C/averageAnnualManpower"
QUALITY = "/partIV/D/qualityAssurance"
ENVIRONMENT = "/partIV/D/environmentalManagement"


@dataclass(frozen=True, slots=True)
class Member:
    """A text of the operator: its place under `economicOperator`, its path under `Party`, its French name."""

    pointer: str
    path: str
    label: str


MEMBERS = (
    Member("name", "cac:PartyName/cbc:Name", "Nom ou dénomination sociale"),
    Member("postalAddress/streetName", "cac:PostalAddress/cbc:StreetName", "Voie"),
    Member("postalAddress/additionalStreetName", "cac:PostalAddress/cbc:AdditionalStreetName", "Complément d'adresse"),
    Member("postalAddress/cityName", "cac:PostalAddress/cbc:CityName", "Commune"),
    Member("postalAddress/postalZone", "cac:PostalAddress/cbc:PostalZone", "Code postal"),
    Member("postalAddress/countryCode", "cac:PostalAddress/cac:Country/cbc:IdentificationCode", "Pays"),
    Member(
        "legalEntity/registrationName", "cac:PartyLegalEntity/cbc:RegistrationName", "Dénomination de l'unité légale"
    ),
    Member("legalEntity/companyID", "cac:PartyLegalEntity/cbc:CompanyID", "SIREN"),
    Member("legalEntity/registrationDate", "cac:PartyLegalEntity/cbc:RegistrationDate", "Date d'immatriculation"),
    Member("legalEntity/legalFormCode", "cac:PartyLegalEntity/cbc:CompanyLegalFormCode", "Code de la forme juridique"),
    Member("legalEntity/legalForm", "cac:PartyLegalEntity/cbc:CompanyLegalForm", "Forme juridique"),
    Member(
        "legalEntity/registrationScheme/id",
        "cac:PartyLegalEntity/cac:CorporateRegistrationScheme/cbc:ID",
        "Code du greffe",
    ),
    Member(
        "legalEntity/registrationScheme/name",
        "cac:PartyLegalEntity/cac:CorporateRegistrationScheme/cbc:Name",
        "Registre d'immatriculation",
    ),
    Member(
        "headOfficeAddress/streetName", "cac:PartyLegalEntity/cac:RegistrationAddress/cbc:StreetName", "Voie du siège"
    ),
    Member(
        "headOfficeAddress/additionalStreetName",
        "cac:PartyLegalEntity/cac:RegistrationAddress/cbc:AdditionalStreetName",
        "Complément d'adresse du siège",
    ),
    Member(
        "headOfficeAddress/cityName", "cac:PartyLegalEntity/cac:RegistrationAddress/cbc:CityName", "Commune du siège"
    ),
    Member(
        "headOfficeAddress/postalZone",
        "cac:PartyLegalEntity/cac:RegistrationAddress/cbc:PostalZone",
        "Code postal du siège",
    ),
    Member(
        "headOfficeAddress/countryCode",
        "cac:PartyLegalEntity/cac:RegistrationAddress/cac:Country/cbc:IdentificationCode",
        "Pays du siège",
    ),
)
# The places that the answers to a criterion come from.
ANSWERED = {
    Subject.TRADE_REGISTER: tuple(f"{TRADE_REGISTER}/{name}" for name in ("registered", "registrationNumber", "strikeOffDate")),
    Subject.PROFESSIONAL_REGISTER: tuple(
        f"{PROFESSIONAL_REGISTER}/{name}" for name in ("registerName", "court", "registrationNumber")
    ),
    Subject.SET_UP: (SET_UP_DATE, TURNOVER),
    Subject.STAFF: (f"{STAFF}/year", f"{STAFF}/average"),
    Subject.QUALITY: (QUALITY,),
    Subject.ENVIRONMENT: (ENVIRONMENT,),
}  # fmt: skip
