"""Texts of registers, made fit to be shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefill.domain.answer_shapes.texts import clean_text
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.disclosure import MASK, disclose


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("MARTIN &amp; FILS &#39;L&apos;ATELIER&#39; &lt;SARL&gt;", "MARTIN & FILS 'L'ATELIER' <SARL>"),
        ("L'ATELIER &quot;PARTAGE&quot;", 'L\'ATELIER "PARTAGE"'),
        ("R&amp;amp;D", "R&D"),
        ("&eacute;tudes &#xC9; &#201;", "études É É"),
        ("DUPONT & DURAND; FILS", "DUPONT & DURAND; FILS"),
        ("A&B;", "A&B;"),
        ("&copy", "&copy"),
        ("NOUR \u202eGNILAER\u202c ATELIERS", "NOUR GNILAER ATELIERS"),
        ("\u05e0\u05d5\u05e8 \u0646\u0648\u0631", "\u05e0\u05d5\u05e8 \u0646\u0648\u0631"),
        ("A\u200bB\ufeff\u00adC\u200e", "ABC"),
        ("GIER\x07 \x00DU\x7f", "GIER DU"),
        ("A\x0bB\x85C", "A B C"),
        ("A&#8238;B", "AB"),
        ("E\u0301TUDES", "ÉTUDES"),
        ("CAFÉ 🚀 <b>MÉTÉO</b> \\ 👩\u200d🔧", "CAFÉ 🚀 <b>MÉTÉO</b> \\ 👩\u200d🔧"),
        ("SOCIÉTÉ L’ŒUVRE – « ÇA & Cie »", "SOCIÉTÉ L’ŒUVRE – « ÇA & Cie »"),
        ("une\r\n  ligne\tet une autre", "une\r\n  ligne\tet une autre"),
        ("https://exemple.fr/a?b=1&quot;&copy;=2", "https://exemple.fr/a?b=1&quot;&copy;=2"),
        ("", ""),
        (" ", ""),
        ("&nbsp;\u200b\t", ""),
    ],
)
def test_a_text_is_cleaned(sent, shown):
    assert clean_text(sent) == shown


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_no_control_and_no_mark_of_direction_is_left(text):
    left = clean_text(text) if not text.startswith("http") else ""

    assert not {"\x00", "\x07", "\x1b", "\x7f", "\x9f", "\u202e", "\u2066", "\u200f"} & set(left)


def test_an_answer_is_cleaned_on_reception_at_whatever_depth():
    data = {"mandataires_sociaux": [{"nom": "D&apos;ARGENT", "fonction": "G\u202eERANTE"}], "siren": "1"}

    assert disclose(CATALOGUE["extraits_rcs_infogreffe"], data) == {
        "mandataires_sociaux": [{"nom": "D'ARGENT", "fonction": "GERANTE"}], "siren": "1",
    }  # fmt: skip


@pytest.mark.parametrize("hidden", ["[N\u200bD]", "&#91;ND&#93;", "[N\u202eD]"])
def test_no_invisible_character_hides_a_mask(hidden):
    shown = disclose(CATALOGUE["extraits_rcs_infogreffe"], {"nom_commercial": hidden})

    assert shown["nom_commercial"] == MASK
