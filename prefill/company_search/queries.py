"""A text as it is asked, and the shorter texts whose answers may hold its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prefill.company_search.suggestions import Terms
from prefill.company_search.upstream.parameters import POSTAL_CODE, Parameters, by_text
from prefill.company_search.words import folded, is_stop_word, significant, tokens

MIN_LENGTH = 3  # characters that the upstream wants; with a filter it takes fewer, at a cost


@dataclass(frozen=True, slots=True)
class TextQuery:
    """The parts of a text between its spaces, without case and accents, and the postal code that stood among them."""

    parts: tuple[str, ...]
    postal_code: str | None = None

    @property
    def text(self) -> str:
        return " ".join(self.parts)

    @property
    def parameters(self) -> Parameters:
        return by_text(self.text, self.postal_code)

    @property
    def words(self) -> tuple[str, ...]:
        return tokens(self.text)

    @property
    def can_be_asked(self) -> bool:
        return len(self.text) >= MIN_LENGTH and bool(self.words)

    @property
    def may_be_unfinished(self) -> bool:
        """Whether the last word may be the beginning of a longer one: not when the index does not look at it."""
        return bool(self.words) and not is_stop_word(self.words[-1])

    def terms(self, *, unfinished: bool = False) -> Terms:
        return Terms(self.words, self.postal_code, unfinished)

    def base(self) -> TextQuery | None:
        """The text without its last part; None when nothing that can be asked is left."""
        shorter = TextQuery(self.parts[:-1], self.postal_code)
        return shorter if shorter.can_be_asked and significant(shorter.words) else None

    def bases(self) -> Iterator[TextQuery]:
        """The texts that this one grew from, the longest first: with the postal code, and without."""
        query = self.base()
        while query is not None:
            yield query
            if query.postal_code:
                yield TextQuery(query.parts)
            query = query.base()
        if self.postal_code:
            yield TextQuery(self.parts)


def read_text(text: str) -> TextQuery:
    """Read a text. One postal code beside other words becomes a filter, which also finds addresses with a CEDEX.

    >>> read_text("Menuiserie Doré 35000")
    TextQuery(parts=('menuiserie', 'dore'), postal_code='35000')
    """
    parts = tuple(folded(text).split())
    codes = [part for part in parts if POSTAL_CODE.fullmatch(part)]
    others = tuple(part for part in parts if part not in codes)
    narrowed = TextQuery(others, codes[0] if codes else None)
    return narrowed if len(codes) == 1 and narrowed.can_be_asked else TextQuery(parts)
