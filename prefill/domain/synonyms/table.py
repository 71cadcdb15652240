"""Groups of words that mean the same, and what of them a value belongs to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, eq=False)
class SynonymTable:
    """Groups of synonyms, read by any word of a group, whatever its case, accents and punctuation."""

    groups: tuple[tuple[str, ...], ...]

    @cached_property
    def _by_word(self) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        by_word: dict[str, tuple[tuple[str, ...], ...]] = {}
        for group in self.groups:
            for word in dict.fromkeys(map(_plain, group)):
                by_word[word] = (*by_word.get(word, ()), group)
        return by_word

    def extended(self, groups: Iterable[Iterable[str]]) -> SynonymTable:
        """The same table with more groups, which come first."""
        more = tuple(tuple(group) for group in groups)
        return SynonymTable((*more, *self.groups)) if more else self

    def other_words(self, value: str) -> tuple[str, ...]:
        """Other ways of writing a value: of the whole, else of what stands before a comma or a parenthesis.

        >>> SynonymTable((("SAS", "société par actions simplifiée"),)).other_words("SAS, société par actions simplifiée")
        ('SAS', 'société par actions simplifiée')
        """
        words = dict.fromkeys((_plain(value), _plain(re.split(r"[,(]", value, maxsplit=1)[0])))
        groups = [group for word in words for group in self._by_word.get(word, ())]
        return tuple(word for word in dict.fromkeys(word for group in groups for word in group) if word != value)


def _plain(text: str) -> str:
    """Without accents, case, or anything but letters and digits."""
    bare = "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[a-z0-9]+", bare.lower()))
