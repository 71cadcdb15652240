"""What an ESPD Response can say from prefilled data: the operator, the answers, what remains and what was left out.

Nothing is invented: a part that the standard requires and that no register gave is listed as remaining, and the caller may
declare it. Exclusion grounds, the SME question and all that is declared on honour are never answered here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prefill.espd.elements import text_of
from prefill.espd.versions import SIZE_OF_CATEGORY

OPERATOR = "/partII/A/economicOperator"
REPRESENTATIVES = "/partII/B/representatives"
TRADE_REGISTER = "/partIV/A/tradeRegister"
SET_UP_DATE = "/partIV/B/setUpDate"
NO_PROCEDURE = "SANS-CONSULTATION"
WHOLE = "LOT-0000"
NATURAL_PERSON = "1"  # first digit of the legal form


@dataclass(frozen=True, slots=True)
class Declared:
    """What the caller declares, as the candidate's own: never taken from a register.

    Attributes:
        role: role of the operator, a code of `ROLES`.
        lot: identifier of the lot.
        procedure: reference of the procedure; None for a profile.
        buyer: name of the buyer.
        name: name of the operator, where no register gives it.
        size: size of the operator, a code of `SIZES`.
        country: alpha-3 country of the operator, where no register gives it.
        currency: ISO 4217 currency of the share capital.
        residence: alpha-3 country of residence of each representative, by its index in the data.
        set_up_date: date of creation, where no register gives it.
    """

    role: str = "sole-tenderer"
    lot: str = WHOLE
    procedure: str | None = None
    buyer: str | None = None
    name: str | None = None
    size: str | None = None
    country: str | None = None
    currency: str | None = None
    residence: Mapping[int, str] = field(default_factory=dict)
    set_up_date: str | None = None


@dataclass(frozen=True, slots=True)
class Identifier:
    scheme: str
    value: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Representative:
    first_name: str
    family_name: str
    role: str | None
    country: str


@dataclass(frozen=True, slots=True)
class CriterionAnswer:
    """The answer to one question, by the criterion's code, the question's suffix in that criterion and the data type."""

    criterion: str
    question: str
    data: str
    value: str


@dataclass(frozen=True, slots=True)
class Note:
    """One line for the candidate: a JSON pointer and a French sentence."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A Response ready to be written when `remaining` is empty.

    Attributes:
        operator: the members of `economicOperator` that the document carries, by their name in the JSON.
        identifiers: identifiers of the operator, the VAT number first.
        size: code of the operator's size.
        representatives: natural persons with their country of residence.
        answers: answers to criteria.
        remaining: what prevents a valid document.
        left_out: what the document cannot carry as it is.
        to_confirm: what the document carries and the candidate must look at.
    """

    declared: Declared
    operator: Mapping[str, Any]
    identifiers: tuple[Identifier, ...]
    size: str | None
    representatives: tuple[Representative, ...]
    answers: tuple[CriterionAnswer, ...]
    remaining: tuple[Note, ...]
    left_out: tuple[Note, ...]
    to_confirm: tuple[Note, ...]


def draft_response(data: Mapping[str, Any], declared: Declared) -> Draft:
    """Draft a Response from the `data` of a filled DUME and what the caller declares."""
    data = clean(data) or {}
    operator = dict(_at(data, OPERATOR) or {})
    if declared.name:
        operator["name"] = declared.name
    if declared.country:
        operator["postalAddress"] = {**operator.get("postalAddress", {}), "countryCode": declared.country}
    entity = dict(operator.get("legalEntity", {}))
    capital = dict(entity.pop("shareCapital", {}) or {})
    if declared.currency and capital.get("amount"):
        capital["currencyID"] = declared.currency
    if capital.get("amount") and capital.get("currencyID"):
        entity["shareCapital"] = capital
    operator["legalEntity"] = entity
    size = declared.size or SIZE_OF_CATEGORY.get(str(operator.get("companyCategory")))
    identifiers = tuple(_identifiers(operator, data))
    answers = (*_trade_register(data), *_set_up(data, declared))
    persons, unusable = _representatives(data, declared)
    return Draft(
        declared,
        operator,
        identifiers,
        size,
        persons,
        answers,
        tuple(_remaining(operator, size, identifiers, answers)),
        (*unusable, *_left_out(capital)),
        tuple(_to_confirm(declared, operator, identifiers)),
    )


def clean(value: Any) -> Any:
    """Keep of data what XML can hold, and nothing that is empty: an empty element passes for a value.

    >>> clean({"name": " A\\x0b", "city": "\\x00", "rows": [{}]})
    {'name': 'A'}
    """
    if isinstance(value, str):
        return text_of(value) or None
    if isinstance(value, Mapping):
        members = {key: clean(member) for key, member in value.items()}
        return {key: member for key, member in members.items() if member is not None} or None
    if isinstance(value, list):
        return [clean(row) or {} for row in value] if any(clean(row) for row in value) else None
    return value


def _at(data: Any, pointer: str) -> Any:
    for key in pointer.split("/")[1:]:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def _identifiers(operator: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[Identifier]:
    """Give the identifiers, the VAT number first: the standard prefers it."""
    known = [entry for entry in operator.get("identifiers", []) if entry.get("value")]
    for entry in sorted(known, key=lambda entry: entry.get("scheme") != "VAT"):
        scheme = "VAT" if entry.get("scheme") == "VAT" else "NATIONAL"
        yield Identifier(scheme, entry["value"], None if scheme == "VAT" else entry.get("schemeName"))
    entity = operator.get("legalEntity", {})
    if not known and entity.get("companyID"):
        yield Identifier("NATIONAL", entity["companyID"], "SIREN")
    euid = _euid(entity, data)
    if euid:
        yield Identifier("BRIS", euid)


def _euid(entity: Mapping[str, Any], data: Mapping[str, Any]) -> str | None:
    """Compute the European unique identifier of a company registered today: `FR`, code of the greffe, SIREN."""
    greffe = str(_at(entity, "/registrationScheme/id") or "")
    siren, form = entity.get("companyID"), str(entity.get("legalFormCode") or NATURAL_PERSON)
    registered = _at(data, f"{TRADE_REGISTER}/registered") is True
    if registered and siren and len(greffe) == 4 and greffe.isdigit() and not form.startswith(NATURAL_PERSON):
        return f"FR{greffe}.{siren}"
    return None


def _trade_register(data: Mapping[str, Any]) -> tuple[CriterionAnswer, ...]:
    """Answer both questions or neither: a yes obliges to give the number, a no the reason."""
    register = _at(data, TRADE_REGISTER) or {}
    number, struck_off = register.get("registrationNumber"), register.get("strikeOffDate")
    if register.get("registered") is True and number:
        return (
            CriterionAnswer("trade-regist", "RG1/RSG1/QSG2/Q1", "INDICATOR", "true"),
            CriterionAnswer("trade-regist", "RG1/RSG1/QSG2/QSG1/Q1", "DESCRIPTION", number),
        )
    if register.get("registered") is False and struck_off:
        sentence = f"Radié du registre du commerce et des sociétés le {struck_off}."
        return (
            CriterionAnswer("trade-regist", "RG1/RSG1/QSG2/Q1", "INDICATOR", "false"),
            CriterionAnswer("trade-regist", "RG1/RSG1/QSG2/QSG2/Q1", "DESCRIPTION", sentence),
        )
    return ()


def _set_up(data: Mapping[str, Any], declared: Declared) -> tuple[CriterionAnswer, ...]:
    date = _at(data, SET_UP_DATE) or declared.set_up_date
    return (CriterionAnswer("gen-year-to", "RG1/RSG1/QSG3/Q1", "DATE", date),) if date else ()


def _representatives(
    data: Mapping[str, Any], declared: Declared
) -> tuple[tuple[Representative, ...], tuple[Note, ...]]:
    """Keep natural persons whose country of residence was declared: the standard refuses the others."""
    persons: list[Representative] = []
    unusable: list[Note] = []
    for index, row in enumerate(_at(data, REPRESENTATIVES) or []):
        pointer = f"{REPRESENTATIVES}/{index}"
        country = declared.residence.get(index)
        if not row.get("familyName") or not row.get("firstName"):
            unusable.append(Note(pointer, "Représentant : l'ESPD n'admet qu'une personne physique, à saisir."))
        elif country is None:
            unusable.append(Note(f"{pointer}/residenceCountry", "Représentant : pays de résidence à saisir."))
        else:
            persons.append(Representative(row["firstName"], row["familyName"], row.get("role"), country))
    return tuple(persons), tuple(unusable)


def _remaining(
    operator: Mapping[str, Any],
    size: str | None,
    identifiers: tuple[Identifier, ...],
    answers: tuple[CriterionAnswer, ...],
) -> Iterator[Note]:
    """List what the standard's rules refuse a document without."""
    if not operator.get("name"):
        yield Note(f"{OPERATOR}/name", "Nom ou dénomination sociale : à saisir.")
    if size is None:
        yield Note(
            f"{OPERATOR}/companyCategory", "Taille de l'entreprise : à choisir (micro, small, medium, sme, large)."
        )
    if not _at(operator, "/postalAddress/countryCode"):
        yield Note(f"{OPERATOR}/postalAddress/countryCode", "Pays : à saisir (code à trois lettres).")
    if not identifiers:
        yield Note(f"{OPERATOR}/identifiers", "Aucun identifiant de l'entreprise n'est connu.")
    if not answers:
        yield Note(SET_UP_DATE, "Date de création : à saisir, faute d'une autre réponse.")


def _left_out(capital: Mapping[str, Any]) -> Iterator[Note]:
    if capital.get("amount") and not capital.get("currencyID"):
        yield Note(f"{OPERATOR}/legalEntity/shareCapital/currencyID", "Capital : devise à choisir.")


def _to_confirm(declared: Declared, operator: Mapping[str, Any], identifiers: tuple[Identifier, ...]) -> Iterator[Note]:
    yield Note("/role", f"Rôle dans la candidature : {declared.role}.")
    if declared.size is None and operator.get("companyCategory") in SIZE_OF_CATEGORY:
        size = SIZE_OF_CATEGORY[operator["companyCategory"]]
        yield Note(f"{OPERATOR}/companyCategory", f"Taille déduite de la catégorie de l'Insee : {size}.")
    if any(identifier.scheme == "BRIS" for identifier in identifiers):
        yield Note(f"{OPERATOR}/identifiers", "Identifiant européen (EUID) calculé à partir du greffe et du SIREN.")
