"""Mentions of the registers of companies that an agent must read: insolvency, dissolution, cessation.

Registrars write in free wording, and a word is not the thing (a request rejected, a judgment set aside, the name of a
merged company): the text is quoted with its date, and nothing is concluded from it. What article L2141-3 of the code de
la commande publique excludes is found nowhere else in the registers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from prefill.domain.answers import Answer
from prefill.forms.functions import read_iso_date
from prefill.problems import Language

ARTICLE = "L2141-3"
EXPLANATION: Mapping[Language, str] = {
    "fr": "Ces mentions des registres emploient les mots d'une procédure, d'une dissolution ou d'une cessation. Elles sont "
    "citées telles quelles, la plus récente d'abord ; ce service n'en conclut rien. L'article L2141-3 du code de la "
    "commande publique vise la liquidation judiciaire, la faillite personnelle ou l'interdiction de gérer, et le "
    "redressement judiciaire sans plan ni autorisation de poursuivre l'activité pendant le marché.",
    "en": "These entries of the registers use the words of an insolvency procedure, a dissolution or a cessation. They are "
    "quoted as they stand, the latest first; this service concludes nothing. Article L2141-3 of the code de la commande "
    "publique is about judicial liquidation, personal bankruptcy or a ban on managing, and receivership without a plan "
    "or a permission to go on during the contract.",
}
# Words as registrars write them, capitals or not, accents or not, shortened or not.
_WORDS = re.compile(
    r"liquidat|liq\W+jud|redressement|red\W+jud|sauvegarde|conciliation|faillite|banqueroute"
    r"|interdi\w*\s+de\s+(?:gerer|diriger|administrer)|reglement\s+jud|sortie\s+de\s+crise|retablissement\s+professionnel"
    r"|plan\s+de\s+(?:continuation|cession)|execution\s+du\s+plan|arret\w*\s+(?:du\s+|le\s+)?plan|resolution\s+du\s+plan"
    r"|periode\s+d\s*observation|cessation|cesse\s+(?:toute|son)\s+activite|dissolution|dissoute|radiation|radiee"
    r"|insuffisance\s+d\s*actif|extinction\s+du\s+passif|fin\s+a\s+la\s+procedure"
    r"|mandataire\s+judiciaire|administrateur\s+judiciaire|procedure\s+collective"
)
_OFFICERS = re.compile(
    r"liquidat|(?:mandataire|administrateur)\s+(?:judiciaire|provisoire)|commissaire\s+a\s+l\s*execution"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """One entry of a register, in its own words. `day` is the register's date of the entry, if it gives one."""

    source: str
    text: str
    day: date | None = None


def mentions_of(answers: Mapping[str, Answer]) -> tuple[Mention, ...]:
    """Collect the entries to be read, the latest first, undated ones last; an entry of two registers comes once."""
    found: dict[tuple[str, date | None], Mention] = {}
    for mention in (*_from_rcs(_data(answers, "extraits_rcs_infogreffe")), *_from_rne(_data(answers, "extraits_rne"))):
        found.setdefault((_fold(mention.text), mention.day), mention)
    return tuple(sorted(found.values(), key=lambda mention: mention.day or date.min, reverse=True))


def _data(answers: Mapping[str, Answer], name: str) -> Mapping[str, Any]:
    answer = answers.get(name)
    return answer.data if answer is not None and answer.ok and isinstance(answer.data, Mapping) else {}


def _from_rcs(data: Mapping[str, Any]) -> Iterator[Mention]:
    source = "extraits_rcs_infogreffe"
    for row in _rows(data.get("observations")):
        yield from _mention(source, row.get("libelle"), row.get("date"), _WORDS)
    for row in _rows(data.get("mandataires_sociaux")):
        yield from _mention(source, row.get("fonction"), None, _OFFICERS)


def _from_rne(data: Mapping[str, Any]) -> Iterator[Mention]:
    source = "extraits_rne"
    for row in _rows(data.get("observations")):
        yield from _mention(source, row.get("texte"), row.get("date"), _WORDS)
    for row in _rows(data.get("dirigeants_et_associes")):
        yield from _mention(source, row.get("qualite"), None, _OFFICERS)
    identity = data.get("identite_entreprise")
    dissolution = identity.get("dissolution") if isinstance(identity, Mapping) else None
    day = _day(dissolution.get("date")) if isinstance(dissolution, Mapping) else None
    if day:
        yield Mention(source, "Dissolution (rubrique de l'extrait)", day)


def _mention(source: str, text: object, day: object, words: re.Pattern[str]) -> Iterator[Mention]:
    """Keep a text that uses one of the words; an observation and a role are one line, whatever their layout."""
    if isinstance(text, str) and words.search(_fold(text)):
        yield Mention(source, " ".join(text.split()), _day(day))


def _day(text: object) -> date | None:
    day = read_iso_date(text) if isinstance(text, str) else None
    return date.fromisoformat(day) if day else None


def _rows(rows: object) -> Iterator[Mapping[str, Any]]:
    yield from (row for row in rows if isinstance(row, Mapping)) if isinstance(rows, list) else ()


def _fold(text: str) -> str:
    """Lower the text, without accents, apostrophes as spaces: registers write both ways."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(re.sub(r"['’`]", " ", plain).split())
