"""The fields that a page already has: names and labels of its inputs, in the order of the page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html.parser import HTMLParser

INPUTS = frozenset({"input", "select", "textarea"})
HOLDERS = frozenset({"select", "textarea"})
NOT_TYPED = frozenset({"hidden", "submit", "button", "reset", "image", "file", "password", "radio", "checkbox"})


@dataclass(frozen=True, slots=True)
class PageField:
    """One input: its name, or else its id, and the text of its label."""

    name: str
    label: str = ""
    autocomplete: str = ""


def read_page(html: str) -> tuple[PageField, ...]:
    """Read the fields that somebody types in a page; one name counts once.

    >>> read_page('<label for="n">Nom</label><input id="n" name="nom"><input type="hidden" name="csrf">')
    (PageField(name='nom', label='Nom', autocomplete=''),)
    """
    reader = _PageReader()
    reader.feed(html)
    reader.close()
    fields = [
        replace(field, label=field.label or reader.labels.get(identifier, "")) for identifier, field in reader.fields
    ]
    return tuple({field.name: field for field in reversed(fields)}.values())[::-1]


class _PageReader(HTMLParser):
    """Notes inputs, and the texts of labels by the id that they are for."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[tuple[str, PageField]] = []
        self.labels: dict[str, str] = {}
        self._label: list[str] | None = None
        self._for = ""
        self._inside: list[int] = []
        self._held = False  # inside what a label may hold and does not say

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "label":
            self._label, self._for, self._inside = [], given.get("for", ""), []
        if tag in HOLDERS:
            self._held = True
        if tag in INPUTS and given.get("type", "").lower() not in NOT_TYPED:
            self._add(given)

    def _add(self, given: dict[str, str]) -> None:
        name = given.get("name") or given.get("id", "")
        if not name:
            return
        if self._label is not None:
            self._inside.append(len(self.fields))
        field = PageField(name, given.get("aria-label", ""), given.get("autocomplete", ""))
        self.fields.append((given.get("id", ""), field))

    def handle_endtag(self, tag: str) -> None:
        if tag in HOLDERS:
            self._held = False
        if tag != "label" or self._label is None:
            return
        text = " ".join("".join(self._label).split()).rstrip(" :*")
        if self._for:
            self.labels[self._for] = text
        for rank in self._inside:
            identifier, field = self.fields[rank]
            self.fields[rank] = (identifier, replace(field, label=field.label or text))
        self._label = None

    def handle_data(self, data: str) -> None:
        if self._label is not None and not self._held:
            self._label.append(data)
