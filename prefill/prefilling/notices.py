"""What a candidate must know of the company typed, beside the fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from prefill.domain.answers import Answer, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.catalogue.officers import is_liquidator
from prefill.domain.company import closed_on, is_registered
from prefill.domain.dates import paris_date, register_date
from prefill.domain.disclosure import UNCONFIRMED, masked, partial
from prefill.domain.identifiers import is_rna, siren_of, spaced, valid_siret
from prefill.forms.functions import read_iso_date
from prefill.problems import Language

DAY = re.compile(r"\d{4}-\d\d-\d\d")
SENTENCES: Mapping[str, Mapping[Language, str]] = {
    "establishment_closed": {
        "fr": "Cet établissement est fermé{since}.{heir}",
        "en": "This establishment is closed{since_en}.{heir_en}",
    },
    "establishment_closing": {
        "fr": "Cet établissement doit fermer le {day}.",
        "en": "This establishment is to close on {iso_day}.",
    },
    "unit_ceased": {
        "fr": "L'entreprise a cessé son activité selon l'Insee.",
        "en": "According to Insee, the company has ceased its activity.",
    },
    "partially_disclosed": {
        "fr": "Cette entreprise a demandé à limiter la diffusion de ses données : les champs concernés sont à saisir.",
        "en": "This company limits the disclosure of its data: please fill in the fields concerned.",
    },
    "disclosure_unconfirmed": {
        "fr": "L'Insee ne répond pas et sa réponse date d'hier : ce qui n'est peut-être plus public (noms, rue) est à saisir.",
        "en": "Insee does not answer and what it said dates from yesterday: what may no longer be public (names, street) is to be typed.",
    },
    "duplicate_siret": {
        "fr": "Le SIRET {asked} fait double emploi : Sirene renvoie au {answered}, dont voici les données.",
        "en": "The SIRET {asked} is a duplicate: Sirene redirects to {answered}, whose data these are.",
    },
    "redirected_to_another_company": {
        "fr": "Sirene renvoie du SIRET {asked} au {answered}, d'une autre entreprise (SIREN {siren}), dont voici les données : "
        "vérifiez que c'est la vôtre.",
        "en": "Sirene redirects from {asked} to {answered}, of another company (SIREN {siren}), whose data these are: check that "
        "it is yours.",
    },
    "head_office_partially_disclosed": {
        "fr": "Le siège de l'entreprise limite la diffusion de ses données : son adresse est à saisir.",
        "en": "The company's head office limits the disclosure of its data: please fill in its address.",
    },
    "association_inactive": {
        "fr": "Le RNA et Sirene ne tiennent pas tous deux l'association pour active, ce qui n'est pas une dissolution.",
        "en": "The RNA and Sirene do not both hold the association for active, which is no dissolution.",
    },
    "foreign_establishment": {
        "fr": "Cet établissement est situé à l'étranger : vérifiez son adresse.",
        "en": "This establishment is abroad: check its address.",
    },
    "head_office_used": {
        "fr": "Vous avez saisi un SIREN : ce sont les données du siège, SIRET {answered}.",
        "en": "You typed a SIREN: these are the data of the head office, SIRET {answered}.",
    },
    "association_head_office": {
        "fr": "Vous avez saisi un numéro RNA : ce sont les données du siège, SIRET {answered}.",
        "en": "You typed an RNA number: these are the data of the head office, SIRET {answered}.",
    },
    "association_without_siren": {
        "fr": "Le RNA ne connaît pas de SIREN à cette association : ce que l'Insee seul donnerait est à saisir.",
        "en": "The RNA knows no SIREN of this association: please fill in what Insee alone would give.",
    },
    "insee_unavailable": {
        "fr": "L'Insee ne répond pas : l'identité vient de l'API Recherche d'entreprises (DINUM), d'après Insee (Sirene) et INPI (RNE){as_of}. Vérifiez-la.",
        "en": "The Insee does not answer: the identity is from the API Recherche d'entreprises (DINUM), after Insee (Sirene) and INPI (RNE){as_of_en}. Check it.",
    },
    "open_directory": {
        "fr": "Source : API Recherche d'entreprises (DINUM), d'après Insee (Sirene) et INPI (RNE){as_of}. Identité seulement : les autres champs sont à saisir.",
        "en": "Source: API Recherche d'entreprises (DINUM), after Insee (Sirene) and INPI (RNE){as_of_en}. Identity alone: please fill in the other fields.",
    },
    "struck_off": {
        "fr": "L'entreprise est radiée du registre du commerce et des sociétés depuis le {day}.",
        "en": "The company was struck off the trade register on {iso_day}.",
    },
    "liquidator_named": {
        "fr": "Le registre du commerce nomme un liquidateur, qui représente la société à la place de ses dirigeants.",
        "en": "The trade register names a liquidator, who represents the company in place of its officers.",
    },
    "association_dissolved": {
        "fr": "Le RNA, ou Sirene à défaut, donne à l'association une date de dissolution : le {day}.",
        "en": "The RNA, or Sirene failing that, gives the association a date of dissolution: {iso_day}.",
    },
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell; `values` fill its sentence, `links` are its machine-readable members."""

    code: str
    values: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

    def message(self, language: Language) -> str:
        return SENTENCES[self.code][language].format(**self.values)


def notice_all(number: str, answers: Mapping[str, Answer], today: date) -> tuple[Notice, ...]:
    """Gather the notices for the number typed."""
    return (*_of_establishment(number, answers, today), *_of_registers(answers, today))


def _of_establishment(number: str, answers: Mapping[str, Answer], today: date) -> Iterator[Notice]:
    answer = answers.get("etablissements")
    known = answer is not None and answer.ok and answer.data["siret"]
    if is_rna(number) and answer is not None and not known and (answer.ok or answer.status is Status.NOT_APPLICABLE):
        yield Notice("association_without_siren")
    if answer is None or not known:
        return
    data = answer.data
    unit, address = data["unite_legale"], data["adresse"]
    if len(number) == 9 or is_rna(number):
        code = "association_head_office" if is_rna(number) else "head_office_used"
        yield Notice(code, {"answered": spaced(data["siret"])}, {"siret": data["siret"]})
    elif data["siret"] != number:
        values = {"asked": spaced(number), "answered": spaced(data["siret"]), "siren": spaced(siren_of(data["siret"]))}
        other = siren_of(data["siret"]) != siren_of(number)
        code = "redirected_to_another_company" if other else "duplicate_siret"
        yield Notice(code, values, {"siret": data["siret"]})
    yield from _of_stand_in(answer)
    yield from _closing(data, answers, today)
    if unit.get("etat_administratif") == "C":
        yield Notice("unit_ceased")
    if unit.get("status_diffusion") == UNCONFIRMED:
        yield Notice("disclosure_unconfirmed")
    elif any(map(partial, (data, unit, address))):
        yield Notice("partially_disclosed")
    elif _limits_disclosure(answers.get("siege_social")):
        yield Notice("head_office_partially_disclosed")
    abroad = (address.get(key) for key in ("code_pays_etranger", "libelle_pays_etranger"))
    if any(part and not masked(part) for part in abroad):
        yield Notice("foreign_establishment")


def _of_stand_in(answer: Answer) -> Iterator[Notice]:
    """Name the open directory and its date, as its licence asks, where it stands in for the Insee."""
    if answer.stand_in is None:
        return
    day = CATALOGUE[answer.source].register_date(answer.data, answer.meta)
    french, english = (f", à jour du {_day(day)['day']}", f", as of {day}") if day else ("", "")
    code = "insee_unavailable" if answer.stand_in.replaced else "open_directory"
    yield Notice(code, {"as_of": french, "as_of_en": english})


def _closing(data: Mapping[str, Any], answers: Mapping[str, Answer], today: date) -> Iterator[Notice]:
    closing = paris_date(data.get("date_fermeture"))
    if closed_on(data, today):
        heirs = _successors(answers.get("successions"))
        links = {"successor": heirs[0].siret} if heirs and heirs[0].continues is not False else {}
        yield Notice("establishment_closed", _closed_values(closing, heirs), links)
    elif closing and closing > today:
        yield Notice("establishment_closing", _day(closing))


def _limits_disclosure(head_office: Answer | None) -> bool:
    if head_office is None or not head_office.ok:
        return False
    parts = (head_office.data, head_office.data.get("unite_legale"), head_office.data.get("adresse"))
    return any(partial(part) for part in parts if isinstance(part, Mapping))


@dataclass(frozen=True, slots=True)
class Successor:
    """An establishment that follows a closed one; `continues` tells whether its activity goes on, when that is known."""

    siret: str
    day: str
    continues: bool | None


def _closed_values(closing: date | None, heirs: Sequence[Successor]) -> dict[str, str]:
    french, english = _heirs_in_words(heirs)
    return {
        "since": f" depuis le {_day(closing)['day']}" if closing else "",
        "since_en": f" since {closing}" if closing else "",
        "heir": french,
        "heir_en": english,
    }


def _heirs_in_words(heirs: Sequence[Successor]) -> tuple[str, str]:
    if not heirs:
        return "", ""
    first, others = spaced(heirs[0].siret), ", ".join(spaced(heir.siret) for heir in heirs[1:])
    if heirs[0].continues is False:
        told = (
            f" Successeur sans continuité économique : {first}.",
            f" Successor without economic continuity: {first}.",
        )
    else:
        told = (f" Son successeur est le {first}.", f" Its successor is {first}.")
    more = (f" Autres successeurs : {others}.", f" Other successors: {others}.") if others else ("", "")
    return told[0] + more[0], told[1] + more[1]


# Whether the activity goes on, the most useful answer first.
CONTINUITY = (True, None, False)


def _successors(answer: Answer | None) -> list[Successor]:
    """List the heirs whose number can exist: those that carry the activity on first, then the latest."""
    if answer is None or not answer.ok:
        return []
    rows = [row for row in answer.data["successeurs"] if isinstance(row, dict) and _exists(row.get("siret"))]
    heirs = [Successor(row["siret"], str(row.get("date_succession") or ""), _boolean(row)) for row in rows]
    latest_first = sorted(heirs, key=lambda heir: heir.day, reverse=True)
    return sorted(latest_first, key=lambda heir: CONTINUITY.index(heir.continues))


def _boolean(row: Mapping[str, Any]) -> bool | None:
    continues = row.get("continuite_economique")
    return continues if isinstance(continues, bool) else None


def _exists(siret: object) -> bool:
    return isinstance(siret, str) and valid_siret(siret)


def _of_registers(answers: Mapping[str, Answer], today: date) -> Iterator[Notice]:
    extract = answers.get("extraits_rcs_infogreffe")
    if extract and extract.ok and is_registered(extract.data, today) is False:
        struck_off = register_date(extract.data["date_radiation"])
        if struck_off:
            yield Notice("struck_off", _day(struck_off))
    associations = [answers.get(name) for name in ("associations", "associations_instructeur")]
    for association in associations:
        written = association.data.get("date_dissolution") if association and association.ok else None
        day = read_iso_date(written) if isinstance(written, str) and not masked(written) else None
        if day and date.fromisoformat(day) <= today:
            yield Notice("association_dissolved", _day(date.fromisoformat(day)))
    if any(map(_is_inactive, associations)):
        yield Notice("association_inactive")
    if _has_liquidator(extract):
        yield Notice("liquidator_named")


def _is_inactive(association: Answer | None) -> bool:
    """Whether one of its registers does not hold it for active, without a dissolution."""
    if association is None or not association.ok:
        return False
    written = association.data.get("date_dissolution")
    is_day = isinstance(written, str) and DAY.fullmatch(written)
    return association.data.get("active") is False and not (read_iso_date(written) if is_day else written)


def _has_liquidator(extract: Answer | None) -> bool:
    officers = extract.data.get("mandataires_sociaux") if extract and extract.ok else None
    roles = (row.get("fonction") for row in officers or () if isinstance(row, Mapping))
    return any(is_liquidator(role) for role in roles if isinstance(role, str) and not masked(role))


def _day(day: date) -> dict[str, str]:
    return {"day": day.strftime("%d/%m/%Y"), "iso_day": day.isoformat()}
