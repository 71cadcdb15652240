"""XML elements of UBL: namespaces, and how a value is written."""

from __future__ import annotations

import re
from decimal import Decimal
from xml.etree import ElementTree as ET

REQUEST = "urn:oasis:names:specification:ubl:schema:xsd:QualificationApplicationRequest-2"
RESPONSE = "urn:oasis:names:specification:ubl:schema:xsd:QualificationApplicationResponse-2"
CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
# For paths.
PREFIXES = {"cac": CAC, "cbc": CBC}
# Control characters, surrogates and non-characters: XML 1.0 cannot hold them, and ElementTree writes them all the same.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def text_of(value: object) -> str:
    """Give the text of a value as XML can hold it, runs of spaces as one."""
    return " ".join(_UNWRITABLE.sub("", str(value)).split())


def group(place: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(place, f"{{{CAC}}}{name}")


def leaf(place: ET.Element, name: str, value: object, **attributes: object) -> None:
    named = {key: text_of(attribute) for key, attribute in attributes.items()}
    ET.SubElement(place, f"{{{CBC}}}{name}", named).text = text_of(value)


def optional(place: ET.Element, name: str, value: object) -> None:
    if value:
        leaf(place, name, value)


def decimal(amount: float) -> str:
    """Write an amount without exponent.

    >>> decimal(37000.0), decimal(0.5), decimal(1e-05)
    ('37000', '0.5', '0.00001')
    """
    text = format(Decimal(str(amount)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def serialize(root: ET.Element) -> bytes:
    """Write a document; the prefixes are those that readers expect."""
    for prefix, uri in (("cac", CAC), ("cbc", CBC), ("", RESPONSE)):
        ET.register_namespace(prefix, uri)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
