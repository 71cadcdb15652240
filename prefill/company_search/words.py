"""Words as the index of Recherche d'entreprises compares them: whole, without case, accents, elisions or plurals.

An approximation, for filtering and explaining its answers: the index itself decides what is found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "’": "'", "‘": "'", "`": "'"})
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)'")
_TOKEN = re.compile(r"[^\W_]+")
# French stop words: the index keeps none of them, so that they find nothing by themselves.
_STOP = frozenset(
    """
    a ai aie aient ait as au aura aurai auraient aurais aurait auras aurez auriez aurions aurons auront aux avaient
    avais avait avec avez aviez avions avons ayant ayez ayons c ce ceci cela ces cet cette d dans de des du elle en es
    est et etaient etais etait etant ete etee etees etes etiez etions eu eue eues eurent eus eut eux fumes furent fus
    fut ici il ils j je l la le les leur leurs lui m ma mais me meme mes moi mon n ne nos notre nous on ont ou par pas
    pour qu que quel quelle quelles quels qui s sa sans se sera serai serait serais seras serez serons seront ses soi
    soient sois soit sommes son sont soyez soyons suis sur t ta te tes toi ton tu un une vos votre vous y
    """.split()
)
# Kinds of streets, and the short forms that the index takes for the same.
_SAME = {
    "all": "allee", "av": "avenue", "bd": "boulevard", "chem": "chemin", "crs": "cours", "imp": "impasse",
    "pl": "place", "r": "rue", "res": "residence", "resid": "residence", "rte": "route",
}  # fmt: skip
STEMMED_FROM = 6  # letters


def tokens(text: str) -> tuple[str, ...]:
    """Split a text into comparable words.

    >>> tokens("L'Établi d'Aurélie RENN'OV, E.A.R. & Cœur")
    ('etabli', 'aurelie', 'rennov', 'ear', 'coeur')
    """
    whole = re.sub(r"[.']", "", _ELISION.sub("", folded(text)))
    return tuple(_TOKEN.findall(whole))


def folded(text: str) -> str:
    """Take case, accents and ligatures off.

    >>> folded("CŒUR DE SÈVRE")
    'coeur de sevre'
    """
    lower = text.lower().translate(_LIGATURES)
    return "".join(sign for sign in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(sign))


def is_significant(word: str) -> bool:
    """Tell whether the index surely keeps a word."""
    return len(word) > 1 and word not in _STOP


def is_stop_word(word: str) -> bool:
    return word in _STOP


def significant(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(is_significant, words))


def stem(word: str) -> str:
    """Reduce a word to what the index compares.

    >>> stem("menuiseries") == stem("menuiserie"), stem("chevaux") == stem("cheval"), stem("lions")
    (True, True, 'lions')
    """
    word = _SAME.get(word, word)
    if len(word) < STEMMED_FROM:
        return word
    if word.endswith("x"):
        return word[:-2] + "l" if word.endswith("aux") else word[:-1]
    for ending in "sre":
        word = word.removesuffix(ending)
    return word[:-1] if word[-1].isalpha() and word[-1] == word[-2] else word


class Text:
    """The words of a text that is searched in."""

    def __init__(self, *parts: str | None) -> None:
        self.words = [word for part in parts if part for word in tokens(part)]
        self._stems = set(map(stem, self.words))

    def holds(self, words: Sequence[str], *, unfinished: bool = False) -> bool:
        """Tell whether all words are there; an `unfinished` last one may be the beginning of a word."""
        *whole, last = words or ("",)
        if not words or not all(stem(word) in self._stems for word in whole):
            return False
        return stem(last) in self._stems or (unfinished and any(word.startswith(last) for word in self.words))
