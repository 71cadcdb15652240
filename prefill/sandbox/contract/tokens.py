"""Tokens, their scopes, and the delegations under which an editor's token acts.

Any text is a token. One that begins with `open` holds the scope `open_data` alone; one that begins with `editor` is an
editor's and acts under what buyers delegated to it; some texts are refused (`errors.REFUSED_TOKENS`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prefill.sandbox.contract.published.endpoints import EVERY_SCOPE

OPEN_DATA = frozenset({"open_data"})
MAX_PER_PAGE = 100
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Delegation:
    """What a buyer delegated to an editor: its habilitation, with that habilitation's scopes and quota."""

    id: str
    authorization_request_id: int
    siret: str
    intitule: str = ""
    scopes: tuple[str, ...] = tuple(sorted(EVERY_SCOPE))
    statut: str = "active"
    created_at: str = ""

    @classmethod
    def read(cls, member: Mapping[str, Any]) -> Delegation:
        """Read one as the API lists them; scopes left out are all there are."""
        kept = {name: member[name] for name in cls.__slots__ if name in member}
        if "scopes" in kept:
            kept["scopes"] = tuple(kept["scopes"])
        return cls(**kept)

    def member(self) -> dict[str, Any]:
        return {name: list(value) if isinstance(value := getattr(self, name), tuple) else value
                for name in self.__slots__}  # fmt: skip


def _delegation(rank: int, siret: str, intitule: str, month: int, **more: Any) -> Delegation:
    return Delegation(
        f"0000d000-0000-4000-8000-{rank:012}", 7000 + rank, siret, intitule, created_at=f"2026-{month:02}-12T09:30:00Z",
        **more,
    )  # fmt: skip


# Buyers that exist in the sandbox alone: one of each situation.
DELEGATIONS = (
    _delegation(1, "00001200500013", "Marchés du syndicat", 2),
    _delegation(2, "00001001700010", "Marchés, données ouvertes", 3, scopes=("open_data",)),
    _delegation(3, "00001002500013", "Marchés", 4),
    _delegation(4, "00001002500013", "Subventions", 5, scopes=("open_data",)),
    _delegation(5, "00001003300017", "Marchés", 1, statut="revoked"),
)


class Delegations:
    """The delegations of the editor, replaceable while the sandbox runs."""

    def __init__(self, delegations: Iterable[Delegation] = DELEGATIONS) -> None:
        self._delegations = tuple(delegations)

    def replace(self, delegations: Iterable[Delegation]) -> None:
        self._delegations = tuple(delegations)

    def members(self) -> list[dict[str, Any]]:
        return [delegation.member() for delegation in self._delegations]

    def choose(self, recipient: str | None, wanted: str | None) -> tuple[Delegation | None, bool]:
        """Find the active delegation of a recipient, and say whether there are several to choose from."""
        active = [one for one in self._delegations if one.statut == "active" and one.siret == recipient]
        if wanted:
            return next((one for one in active if one.id == wanted), None), False
        return (active[0], False) if len(active) == 1 else (None, bool(active))

    def page(self, page: int, per_page: int) -> dict[str, Any]:
        """List them as `/editeur/api/v1/delegations` does: newest first, revoked ones too."""
        per_page = min(per_page, MAX_PER_PAGE)
        rows = sorted(self._delegations, key=lambda one: one.created_at, reverse=True)
        shown = rows[(page - 1) * per_page : page * per_page]
        meta = {"page": page, "per_page": per_page, "total": len(rows), "total_pages": -(-len(rows) // per_page)}
        return {"data": [one.member() for one in shown], "meta": meta}


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What is said of tokens when the sandbox starts: scopes granted, and the habilitation that each belongs to."""

    grants: Mapping[str, frozenset[str]] = field(default_factory=dict)
    habilitations: Mapping[str, str] = field(default_factory=dict)

    def scopes(self, token: str) -> frozenset[str]:
        if token in self.grants:
            return self.grants[token]
        if token.startswith("open"):
            return OPEN_DATA
        return frozenset() if is_editor(token) else EVERY_SCOPE

    def holder(self, token: str, delegation: Delegation | None) -> str:
        """Name whose quota a call spends: a habilitation's when it is known, else the token's own."""
        habilitation = self.habilitation(token, delegation)
        return f"habilitation {habilitation}" if habilitation else f"token {token}"

    def habilitation(self, token: str, delegation: Delegation | None) -> str | None:
        return str(delegation.authorization_request_id) if delegation else self.habilitations.get(token)


def is_editor(token: str) -> bool:
    return token.startswith("editor")


def read_grant(text: str) -> tuple[str, frozenset[str]]:
    """Read `TOKEN=SCOPE,SCOPE`."""
    token, _, scopes = text.partition("=")
    return token, frozenset(filter(None, scopes.split(",")))
