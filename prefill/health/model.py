"""What a check is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SKEW_SECONDS = 10.0  # a `Date` is whole seconds, and the answer took some


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. A failed check that is not `vital` is a remark."""

    name: str
    ok: bool
    message: str
    vital: bool = True


def remark(name: str, message: str) -> Check:
    return Check(name, False, message, vital=False)


def check_skew(skew: float) -> Iterator[Check]:
    """Remark on our clock's advance over the upstream's: budgets are counted by the minute of its clock, tokens expire by it."""
    if abs(skew) > SKEW_SECONDS:
        way = "en avance" if skew > 0 else "en retard"
        message = f"L'horloge de cette machine est {way} de {abs(skew):.0f} s sur celle d'API Entreprise : mettez-la à l'heure (NTP)."
        yield remark("clock", message)


def check_habilitation(form: str, sources: Iterable[str]) -> Iterator[Check]:
    """Name the sources that a form asks and the habilitation lacks."""
    lacking = ", ".join(sources)
    if lacking:
        yield remark(
            "habilitation",
            f"Le formulaire {form} demande des sources que ce jeton ne peut pas lire : {lacking}. Demandez ces droits à API "
            "Entreprise, ou retirez les champs.",
        )
