"""Read an ESPD document that somebody sends: bounded, without DTD, entities or network; its version is recognised.

What a document says is never trusted: text is text, a URI is never fetched, birth dates and private addresses are not
read. Errors never repeat the document.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from prefill.espd.elements import CAC, CBC, REQUEST, RESPONSE, text_of
from prefill.problems import EspdUnreadable

MAX_BYTES = 5 * 2**20  # the standard's own example weighs 1.1 MB
MAX_DEPTH = 60
MAX_ELEMENTS = 50_000  # the standard's own example has 6,000
MAX_RUN = 2**18  # bytes from a "<" to the next: the parser's time grows faster than the attributes of one tag
MAX_TEXT = 2000  # characters of a value that is shown

V1_REQUEST = "urn:grow:names:specification:ubl:schema:xsd:ESPDRequest-1"
V1_RESPONSE = "urn:grow:names:specification:ubl:schema:xsd:ESPDResponse-1"
V2_0 = "urn:X-test:UBL:Pre-award:"
_LONG_RUN = re.compile(rb"<[^<]{%d}" % MAX_RUN)
KINDS = {REQUEST: "request", RESPONSE: "response", V1_REQUEST: "request", V1_RESPONSE: "response"}
VALUES = (
    "ResponseIndicator",
    "Description",
    "Response",
    "ResponseDate",
    "ResponseAmount",
    "ResponseURI",
    "ResponseCode",
    "ResponseID",
    "ResponseQuantity",
    "ResponseNumeric",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One criterion of a document, with the answers that it got."""

    id: str
    code: str
    name: str
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """What a document says.

    Attributes:
        kind: `request` or `response`.
        version: the version of ESPD-EDM, such as `4.1.0`; `2.1` or `3` where the document says no more.
        procedure: the buyer's reference.
        buyer: name of the buyer.
        lots: identifiers of the lots.
        operator: identity of the operator, of a Response, by the names of the DUME's JSON.
        criteria: the criteria, in the document's order.
    """

    kind: str
    version: str
    procedure: str | None
    buyer: str | None
    lots: tuple[str, ...]
    operator: dict[str, str]
    criteria: tuple[Asked, ...]


def parse(document: bytes) -> Element:
    """Parse a document within bounds. Raise `EspdUnreadable` with what is wrong and what to do."""
    if len(document) > MAX_BYTES:
        raise too_large()
    if _LONG_RUN.search(document):
        raise _too_long()
    depth = count = 0
    root: Element | None = None
    try:
        for event, element in iterparse(io.BytesIO(document), events=("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            count += event == "start"
            root = element if root is None else root
            if depth > MAX_DEPTH or count > MAX_ELEMENTS:
                raise _too_long()
    except ParseError as error:
        line = error.position[0]
        raise EspdUnreadable(why=f"ce n'est pas du XML (ligne {line})", why_en=f"it is not XML (line {line})") from None
    except DefusedXmlException:
        raise EspdUnreadable(
            why="il contient une DTD ou des entités, qui ne sont pas admises",
            why_en="it holds a DTD or entities, which are not allowed",
        ) from None
    except (ValueError, LookupError):
        raise EspdUnreadable(why="son encodage ne peut pas être lu", why_en="its encoding cannot be read") from None
    if root is None or kind_of(root) is None:
        raise EspdUnreadable(
            why="ce n'est ni une demande ni une réponse ESPD", why_en="it is neither an ESPD Request nor a Response"
        )
    return root


def too_large() -> EspdUnreadable:
    return EspdUnreadable(why="il dépasse 5 Mo", why_en="it is larger than 5 MB")


def _too_long() -> EspdUnreadable:
    return EspdUnreadable(why="il est trop profond ou trop long", why_en="it is too deep or too long")


def read(document: bytes) -> Summary:
    """Read a Request or a Response of any version known."""
    root = parse(document)
    return Summary(
        kind_of(root) or "",
        version_of(root),
        text_at(root, "ContractFolderID"),
        _shortened(root.findtext(f".//{{{CAC}}}ContractingParty//{{{CAC}}}PartyName/{{{CBC}}}Name")),
        tuple(filter(None, (text_at(lot, "ID") for lot in root.iterfind(f"{{{CAC}}}ProcurementProjectLot")))),
        dict(_operator(root)),
        tuple(_criteria(root)),
    )


def kind_of(root: Element) -> str | None:
    """Tell a `request` from a `response`; None for what is no ESPD document."""
    if _namespace(root).startswith(V2_0):
        return "request" if root.tag.endswith("Request") else "response"
    return KINDS.get(_namespace(root))


def version_of(root: Element) -> str:
    """Recognise the version by the namespace, the UBL version and the profile that the document declares."""
    if _namespace(root) in (V1_REQUEST, V1_RESPONSE):
        return "1"
    if _namespace(root).startswith(V2_0):
        return "2.0"
    profile = text_at(root, "ProfileExecutionID") or ""
    if profile.startswith("ESPD-EDMv"):
        return profile.removeprefix("ESPD-EDMv")
    return "2.1" if text_at(root, "UBLVersionID") == "2.2" else "3"


def text_at(place: Element, name: str) -> str | None:
    return _shortened(place.findtext(f"{{{CBC}}}{name}"))


def _shortened(text: str | None) -> str | None:
    return text_of(text)[:MAX_TEXT] or None if text else None


def _namespace(root: Element) -> str:
    return root.tag[1:].partition("}")[0] if root.tag.startswith("{") else ""


def _operator(root: Element) -> Iterator[tuple[str, str]]:
    party = root.find(f"{{{CAC}}}EconomicOperatorParty/{{{CAC}}}Party")
    if party is None:
        return
    paths = {
        "name": f"{{{CAC}}}PartyName/{{{CBC}}}Name",
        "size": f"{{{CBC}}}IndustryClassificationCode",
        "streetName": f"{{{CAC}}}PostalAddress/{{{CBC}}}StreetName",
        "cityName": f"{{{CAC}}}PostalAddress/{{{CBC}}}CityName",
        "postalZone": f"{{{CAC}}}PostalAddress/{{{CBC}}}PostalZone",
        "countryCode": f"{{{CAC}}}PostalAddress/{{{CAC}}}Country/{{{CBC}}}IdentificationCode",
        "companyID": f"{{{CAC}}}PartyLegalEntity/{{{CBC}}}CompanyID",
    }
    for name, path in paths.items():
        value = _shortened(party.findtext(path))
        if value:
            yield name, value
    for entry in party.iterfind(f"{{{CAC}}}PartyIdentification/{{{CBC}}}ID"):
        scheme = entry.get("schemeName") or entry.get("schemeID") or "ID"
        if entry.text:
            yield text_of(scheme)[:20], text_of(entry.text)[:MAX_TEXT]


def _criteria(root: Element) -> Iterator[Asked]:
    given: dict[str, list[str]] = {}
    for response in root.iterfind(f"{{{CAC}}}TenderingCriterionResponse"):
        question = text_at(response, "ValidatedCriterionPropertyID") or ""
        given.setdefault(question, []).extend(_values(response))
    for criterion in root.iterfind(f"{{{CAC}}}TenderingCriterion"):
        questions = criterion.iterfind(f".//{{{CAC}}}TenderingCriterionProperty")
        answers = [value for question in questions for value in given.get(text_at(question, "ID") or "", ())]
        yield Asked(
            text_at(criterion, "ID") or "",
            text_at(criterion, "CriterionTypeCode") or "",
            text_at(criterion, "Name") or "",
            tuple(answers),
        )


def _values(response: Element) -> Iterator[str]:
    for place in response.iterfind(f"{{{CAC}}}ResponseValue"):
        for name in VALUES:
            value = text_at(place, name)
            if value:
                yield value
