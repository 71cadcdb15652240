"""Write a draft as an ESPD Response: a `QualificationApplicationResponse` of UBL.

Elements stand in the order that the schema imposes. The library escapes; characters that XML cannot hold are dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from prefill.espd.draft import NO_PROCEDURE
from prefill.espd.elements import CAC, RESPONSE, decimal, group, leaf, optional, serialize
from prefill.espd.model import CriterionAnswer, Draft, Evidence, Identifier, Representative
from prefill.espd.reading.request import Request
from prefill.espd.values import mapping
from prefill.espd.versions import LATEST, VERSIONS, Ask, Criterion, Group, Property, Version

AGENCY = "prefill"

PROFILE_NOTICE = "Profil de l'opérateur, établi sans consultation : ce n'est pas une candidature."
# Where the value of an answer stands, by data type.
VALUE_ELEMENTS: Mapping[str, str] = {
    "INDICATOR": "ResponseIndicator",
    "DESCRIPTION": "Description",
    "DATE": "ResponseDate",
    "AMOUNT": "ResponseAmount",
    "QUANTITY_YEAR": "ResponseQuantity",
    "QUANTITY_INTEGER": "ResponseQuantity",
}
VALUE_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "AMOUNT": {"currencyID": "EUR"},  # the DGFIP's amounts are in euros
    "QUANTITY_YEAR": {"unitCode": "YEAR"},
}


@dataclass(frozen=True, slots=True)
class Identity:
    """What identifies a document that is written: its number, its UUID, and when it is issued, in Paris."""

    number: str
    uuid: str
    issued: datetime


def write_profile(draft: Draft, identity: Identity, version: Version = VERSIONS[LATEST]) -> bytes:
    """Write a Response without a Request, from a draft whose `remaining` is empty."""
    return _Writer(version).profile(draft, identity)


def complete_request(request: Request, draft: Draft, identity: Identity) -> bytes:
    """Write the Response to a buyer's Request: its own elements copied unchanged, ours added.

    A question is found by its criterion, its group, its rank there and its data type: the identifiers of questions are
    the buyer's own. What the Request does not ask gets no answer.
    """
    return _Writer(request.version).completion(request, draft, identity)


class _Writer:
    """Write with the codes of one version."""

    def __init__(self, version: Version) -> None:
        self._version = version

    def profile(self, draft: Draft, identity: Identity) -> bytes:
        root = ET.Element(f"{{{RESPONSE}}}QualificationApplicationResponse")
        self._header(root, identity)
        procedure = draft.declared.procedure or NO_PROCEDURE
        leaf(root, "ContractFolderID", procedure, schemeAgencyID=draft.declared.buyer or AGENCY)
        self._issue(root, identity)
        optional(root, "EconomicOperatorGroupName", draft.declared.group)
        self._sources(root, draft)
        self._buyer(root, draft)
        self._operator(root, draft)
        project = group(root, "ProcurementProject")
        leaf(project, "Description", draft.declared.procedure or PROFILE_NOTICE)
        self._criterion_id(group(root, "ProcurementProjectLot"), "ID", draft.declared.lot)
        answered = {answer.criterion for answer in draft.answers}
        for subject, criterion in self._version.criteria.items():
            if subject in answered:
                self._criterion(root, criterion, draft.declared.lot)
        for rank, answer in enumerate(draft.answers, 1):
            question = self._version.criteria[answer.criterion].places[answer.asked]
            self._answer(root, rank, answer, question, draft.declared.lot)
        for evidence in draft.evidences:
            self._evidence(root, evidence)
        return serialize(root)

    def completion(self, request: Request, draft: Draft, identity: Identity) -> bytes:
        lot = draft.declared.lot
        root = ET.Element(f"{{{RESPONSE}}}QualificationApplicationResponse")
        self._header(root, identity)
        root.extend(request.copies("ContractFolderID"))
        self._issue(root, identity)
        optional(root, "EconomicOperatorGroupName", draft.declared.group)
        root.extend(request.copies("ProcedureCode"))
        self._sources(root, draft)
        root.extend(request.copies("ContractingParty"))
        self._operator(root, draft)
        root.extend(request.copies("ProcurementProject"))
        self._criterion_id(group(root, "ProcurementProjectLot"), "ID", lot)
        root.extend(request.criteria(lot))
        answers = (
            (answer, request.question(self._version.criteria[answer.criterion], answer.asked))
            for answer in draft.answers
        )
        asked = [(answer, question) for answer, question in answers if question]
        for rank, (answer, question) in enumerate(asked, 1):
            self._answer(root, rank, answer, question, lot)
        root.extend(request.copies("AdditionalDocumentReference"))
        self._reference(root, request)
        for evidence in draft.evidences:
            if any(answer.asked is Ask.EVIDENCE and answer.value == evidence.id for answer, _ in asked):
                self._evidence(root, evidence)
        return serialize(root)

    def _reference(self, root: ET.Element, request: Request) -> None:
        """Name the Request that is answered."""
        reference = group(root, "AdditionalDocumentReference")
        leaf(reference, "ID", request.number, schemeAgencyID=request.agency)
        leaf(reference, "UUID", request.uuid, schemeID="ISO/IEC 9834-8:2008 - 4UUID", schemeAgencyID=request.agency)
        if request.issued:
            leaf(reference, "IssueDate", request.issued)
        self._code(reference, "DocumentTypeCode", "ESPD_REQUEST", "document")

    def _header(self, root: ET.Element, identity: Identity) -> None:
        version = self._version
        leaf(root, "UBLVersionID", version.ubl, schemeAgencyID="OASIS-UBL-TC")
        leaf(root, "ProfileExecutionID", version.profile, schemeAgencyID="OP", schemeVersionID=version.id)
        leaf(root, "ID", identity.number, schemeAgencyID=AGENCY)
        leaf(root, "CopyIndicator", "false")
        leaf(
            root,
            "UUID",
            identity.uuid,
            schemeID="ISO/IEC 9834-8:2008 - 4UUID",
            schemeAgencyID=AGENCY,
            schemeVersionID=version.id,
        )

    def _issue(self, root: ET.Element, identity: Identity) -> None:
        leaf(root, "IssueDate", identity.issued.date().isoformat())
        leaf(root, "IssueTime", identity.issued.isoformat(timespec="seconds").partition("T")[2])

    def _sources(self, root: ET.Element, draft: Draft) -> None:
        for sentence in draft.sources:
            leaf(root, "Note", sentence)

    def _buyer(self, root: ET.Element, draft: Draft) -> None:
        party = group(group(root, "ContractingParty"), "Party")
        if draft.declared.buyer:
            leaf(group(party, "PartyName"), "Name", draft.declared.buyer)

    def _operator(self, root: ET.Element, draft: Draft) -> None:
        operator = group(root, "EconomicOperatorParty")
        self._code(group(operator, "EconomicOperatorRole"), "RoleCode", draft.declared.role, "role")
        party = group(operator, "Party")
        if draft.size:
            self._code(party, "IndustryClassificationCode", draft.size, "size")
        for identifier in draft.identifiers:
            self._identifier(party, identifier)
        leaf(group(party, "PartyName"), "Name", _name_in_use(draft.operator))
        self._address(group(party, "PostalAddress"), draft.operator["postalAddress"])
        entity = ET.Element(f"{{{CAC}}}PartyLegalEntity")
        self._legal_entity(entity, draft.operator)
        if len(entity):
            party.append(entity)
        for person in draft.representatives:
            self._representative(party, person)

    def _identifier(self, party: ET.Element, identifier: Identifier) -> None:
        names = {"schemeName": identifier.name} if identifier.name else {}
        entry = group(party, "PartyIdentification")
        leaf(entry, "ID", identifier.value, schemeID=identifier.scheme, **names, schemeAgencyID="OP")

    def _address(self, place: ET.Element, address: Mapping[str, Any]) -> None:
        for key in ("streetName", "additionalStreetName", "cityName", "postalZone"):
            if address.get(key):
                leaf(place, key[0].upper() + key[1:], address[key])
        if address.get("countryCode"):
            self._code(group(place, "Country"), "IdentificationCode", address["countryCode"], "country")

    def _legal_entity(self, place: ET.Element, operator: Mapping[str, Any]) -> None:
        entity = operator.get("legalEntity", {})
        optional(place, "RegistrationName", entity.get("registrationName"))
        if entity.get("companyID"):
            ids = {"schemeID": "NATIONAL", "schemeName": "SIREN", "schemeAgencyID": "INSEE"}
            leaf(place, "CompanyID", entity["companyID"], **ids)
        optional(place, "RegistrationDate", entity.get("registrationDate"))
        optional(place, "CompanyLegalFormCode", entity.get("legalFormCode"))
        optional(place, "CompanyLegalForm", entity.get("legalForm"))
        capital = entity.get("shareCapital")
        if capital:
            leaf(place, "CorporateStockAmount", decimal(capital["amount"]), currencyID=capital["currencyID"])
        head_office = operator.get("headOfficeAddress")
        if head_office:
            self._address(group(place, "RegistrationAddress"), head_office)
        scheme = mapping(entity.get("registrationScheme"))
        if scheme:
            register = group(place, "CorporateRegistrationScheme")
            if scheme.get("id"):
                leaf(register, "ID", scheme["id"], schemeAgencyID="Infogreffe")
            optional(register, "Name", scheme.get("name"))

    def _representative(self, party: ET.Element, person: Representative) -> None:
        power = group(party, "PowerOfAttorney")
        optional(power, "Description", person.role)
        individual = group(group(power, "AgentParty"), "Person")
        leaf(individual, "FirstName", person.first_name)
        leaf(individual, "FamilyName", person.family_name)
        country = group(group(individual, "ResidenceAddress"), "Country")
        self._code(country, "IdentificationCode", person.country, "country")

    def _criterion(self, root: ET.Element, criterion: Criterion, lot: str) -> None:
        place = group(root, "TenderingCriterion")
        self._criterion_id(place, "ID", criterion.id)
        self._code(place, "CriterionTypeCode", criterion.code, "criterion")
        leaf(place, "Name", criterion.name)
        leaf(place, "Description", criterion.description)
        self._criterion_id(group(place, "ProcurementProjectLotReference"), "ID", lot)
        self._property_group(place, criterion.group, "TenderingCriterionPropertyGroup")

    def _property_group(self, place: ET.Element, questions: Group, element: str) -> None:
        written = group(place, element)
        self._criterion_id(written, "ID", questions.id)
        self._code(written, "PropertyGroupTypeCode", questions.when, "group")
        for question in questions.properties:
            self._property(written, question)
        for inner in questions.groups:
            self._property_group(written, inner, "SubsidiaryTenderingCriterionPropertyGroup")

    def _property(self, place: ET.Element, question: Property) -> None:
        written = group(place, "TenderingCriterionProperty")
        self._criterion_id(written, "ID", question.id)
        leaf(written, "Description", question.text)
        self._code(written, "TypeCode", question.type, "element")
        self._code(written, "ValueDataTypeCode", question.data, "data")

    def _answer(self, root: ET.Element, rank: int, answer: CriterionAnswer, question: str, lot: str) -> None:
        place = group(root, "TenderingCriterionResponse")
        leaf(place, "ID", str(rank), schemeAgencyID=AGENCY)
        self._criterion_id(place, "ValidatedCriterionPropertyID", question)
        if answer.asked is Ask.EVIDENCE:
            leaf(group(place, "EvidenceSupplied"), "ID", answer.value, schemeAgencyID=AGENCY)
        else:
            self._value(place, self._version.criteria[answer.criterion].question(answer.asked).data, answer.value)
        self._criterion_id(group(place, "ProcurementProjectLotReference"), "ID", lot)

    def _value(self, place: ET.Element, data: str, value: str) -> None:
        """Write a value of that type; of a period its end alone, which is all that the register gives."""
        if data == "PERIOD":
            leaf(group(place, "ApplicablePeriod"), "EndDate", value)
        else:
            leaf(group(place, "ResponseValue"), VALUE_ELEMENTS[data], value, **VALUE_ATTRIBUTES.get(data, {}))

    def _evidence(self, root: ET.Element, evidence: Evidence) -> None:
        place = group(root, "Evidence")
        leaf(place, "ID", evidence.id, schemeAgencyID=AGENCY)
        leaf(place, "Name", evidence.name)
        self._code(place, "ConfidentialityLevelCode", "PUBLIC", "access")
        reference = group(place, "DocumentReference")
        leaf(reference, "ID", evidence.number, schemeAgencyID=AGENCY)
        leaf(group(group(reference, "Attachment"), "ExternalReference"), "URI", evidence.uri)
        if evidence.valid_until:
            leaf(group(reference, "ValidityPeriod"), "EndDate", evidence.valid_until)
        if evidence.issuer:
            leaf(group(group(reference, "IssuerParty"), "PartyName"), "Name", evidence.issuer)

    def _criterion_id(self, place: ET.Element, name: str, value: str) -> None:
        leaf(place, name, value, schemeID="Criterion", schemeAgencyID="OP", schemeVersionID=self._version.id)

    def _code(self, place: ET.Element, name: str, value: str, role: str) -> None:
        codes = self._version.lists[role]
        leaf(place, name, value, listID=codes.id, listAgencyID=codes.agency, listVersionID=codes.version)


def _name_in_use(operator: Mapping[str, Any]) -> str:
    """Give the name as the law has it written: « EI » follows that of a sole trader (code de commerce, L526-22, R526-27).

    The registered name stays alone, in `RegistrationName`.
    """
    return " ".join(filter(None, (operator["name"], operator.get("nameMention"))))
