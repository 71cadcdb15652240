"""The XML elements of ESPD documents."""

from xml.etree import ElementTree as ET

from prefill.espd.elements import CAC, CBC, RESPONSE, group, leaf, optional, serialize, text_of


def test_a_document_is_written_with_the_prefixes_that_readers_expect():
    root = ET.Element(f"{{{RESPONSE}}}QualificationApplicationResponse")
    party = group(root, "EconomicOperatorParty")
    leaf(party, "Name", "  LE  <NOM> ", languageID="fr")
    optional(party, "Nothing", "")
    optional(party, "CityName", "RENNES")
    text = serialize(root).decode()

    assert "<cac:EconomicOperatorParty>" in text
    assert '<cbc:Name languageID="fr">LE &lt;NOM&gt;</cbc:Name>' in text
    assert "Nothing" not in text
    assert ET.fromstring(text).findtext(f"{{{CAC}}}EconomicOperatorParty/{{{CBC}}}CityName") == "RENNES"


def test_what_xml_cannot_hold_is_left_out():
    assert text_of("A\x00B\ud800\ufffe\x0bC") == "ABC"
    assert text_of(" a\n\tb ") == "a b"
