"""The file of awarded contracts: what is read, and each mistake with its line."""

from __future__ import annotations

from datetime import date

import pytest

from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.watch.awards import Award, read_awards

WHOLE = Award("Lot 1", "00000100800010", "2026-TRX-014", "lyon", date(2026, 3, 2), date(2028, 3, 1))
YAML = """awards:
  - siret: 000 001 008 00010
    object: 2026-TRX-014
    tenant: lyon
    awarded: 2026-03-02
    ends: 2028-03-01
    reference: Lot 1
"""


def read(tmp_path, name, content, tenants=("lyon", "paris")):
    path = tmp_path / name
    path.write_text(content, "utf-8")
    return read_awards(path, tenants)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.yaml", YAML),
        (
            "a.csv",
            "siret,object,tenant,awarded,ends,reference\n00000100800010,2026-TRX-014,lyon,2026-03-02,2028-03-01,Lot 1\n",
        ),
        (
            "a.csv",
            (
                "\ufeffSIRET;Object;Tenant;Awarded;Ends;Reference\r\n\r\n"
                '"000 001 008 00010";2026-TRX-014;lyon;02/03/2026;01/03/2028;Lot 1\r\n;;;;;\r\n'
            ),
        ),
    ],
)
def test_the_same_contract_in_each_form(tmp_path, name, content):
    assert read(tmp_path, name, content) == (WHOLE,)


def test_the_only_buyer_need_not_be_named_and_the_procedure_is_the_reference(tmp_path):
    (award,) = read(
        tmp_path, "a.csv", "siret,object,awarded,ends\n00000100800010,A,2026-03-02,2028-03-01\n", tenants=("lyon",)
    )

    assert (award.tenant, award.reference) == ("lyon", "A")


@pytest.mark.parametrize(
    ("row", "line", "message"),
    [
        ("00000100800011,A,lyon,2026-03-02,2028-03-01,r", 2, "siret"),
        ("000001008,A,lyon,2026-03-02,2028-03-01,r", 2, "pas un SIREN"),
        ("00000100800010,A,nantes,2026-03-02,2028-03-01,r", 2, "parmi lyon, paris"),
        ("00000100800010,A,lyon,2026-02-30,2028-03-01,r", 2, "attend une date"),
        ("00000100800010,A,lyon,2028-03-02,2026-03-01,r", 2, "avant son attribution"),
        ("00000100800010,A,lyon,2026-03-02,2028-03-01,odile@lyon.fr", 2, "sans adresse"),
        ("00000100800010,A,lyon,2026-03-02,2028-03-01,55208131766522", 2, "numéro d'entreprise"),
        (f"00000100800010,{'A' * 50},lyon,2026-03-02,2028-03-01,r", 2, "50 caractères"),
        ("00000100800010,,lyon,2026-03-02,2028-03-01,r", 2, "clé obligatoire"),
        ("00000100800010,A,lyon,2026-03-02,2028-03-01,r,more", 2, "plus de cellules"),
        ("00000100800010,A,lyon,2026-03-02,2028-03-01,r\n" * 2, 3, "déjà"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, row, line, message):
    with pytest.raises(InvalidConfigFile) as fault:
        read(tmp_path, "a.csv", f"siret,object,tenant,awarded,ends,reference\n{row}\n")

    assert message.lower() in str(fault.value).lower()
    assert line in {one.line for one in fault.value.diagnostics}


@pytest.mark.parametrize(
    "content", ["", "awards: 3", "awards: [3]", "x: 1", 'siret,"a', "\x00", "awards: [{siret: [1]}]"]
)
@pytest.mark.parametrize("name", ["a.csv", "a.yml"])
def test_anything_else_is_refused_with_a_sentence(tmp_path, name, content):
    with pytest.raises(InvalidConfigFile):
        read(tmp_path, name, content)
