"""What an ESPD Response can say from prefilled data: the operator, the answers, what remains and what was left out.

Nothing is invented: a part that the standard requires and that no register gave is listed as remaining, and the caller may
declare it. Exclusion grounds, the SME question and all that is declared on honour are never answered here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prefill.espd.certificates import CERTIFICATES, certified_by
from prefill.espd.model import CriterionAnswer, Declared, Draft, Identifier, Note, Representative
from prefill.espd.values import at, clean, is_code, is_date, mapping, rows, sound_operator
from prefill.espd.versions import CURRENCIES, SIZE_OF_CATEGORY

OPERATOR = "/partII/A/economicOperator"
REPRESENTATIVES = "/partII/B/representatives"
TRADE_REGISTER = "/partIV/A/tradeRegister"
SET_UP_DATE = "/partIV/B/setUpDate"
NO_PROCEDURE = "SANS-CONSULTATION"
LARGEST_AMOUNT = 10.0**15
KINDS = {14: "SIRET", 9: "SIREN"}  # by the length of a number
NATURAL_PERSON = "1"  # first digit of the legal form


def draft_response(data: Mapping[str, Any], declared: Declared) -> Draft:
    """Draft a Response from the `data` of a filled DUME and what the caller declares."""
    data = clean(data) or {}
    operator = sound_operator(at(data, OPERATOR))
    if declared.name:
        operator["name"] = declared.name
    if declared.country:
        operator["postalAddress"] = {**operator.get("postalAddress", {}), "countryCode": declared.country}
    entity = dict(operator.get("legalEntity", {}))
    capital = _capital(entity.pop("shareCapital", {}), declared)
    if capital.get("currencyID"):
        entity["shareCapital"] = capital
    operator["legalEntity"] = entity
    size = declared.size or SIZE_OF_CATEGORY.get(str(operator.get("companyCategory")))
    identifiers = tuple(_identifiers(operator, data, declared))
    certified = [certified_by(data, declared, pointer, criterion) for pointer, criterion in CERTIFICATES.items()]
    answers = (
        *_trade_register(data), *_set_up(data, declared), *(answer for one in certified for answer in one.answers),
    )  # fmt: skip
    persons, unusable = _representatives(data, declared)
    return Draft(
        declared,
        operator,
        identifiers,
        size,
        persons,
        answers,
        tuple(one.evidence for one in certified if one.evidence),
        tuple(_remaining(operator, size, identifiers, answers)),
        (*unusable, *_left_out(capital), *(note for one in certified for note in one.left_out)),
        tuple(_to_confirm(declared, operator, identifiers)),
    )


def _capital(written: Any, declared: Declared) -> dict[str, Any]:
    """Read a capital that is one: its amount, and a currency of the standard's list where it is known."""
    capital = mapping(written)
    amount, currency = capital.get("amount"), declared.currency or capital.get("currencyID")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount < LARGEST_AMOUNT:
        return {}
    return {"amount": amount, **({"currencyID": currency} if is_code(currency, CURRENCIES) else {})}


def _identifiers(operator: Mapping[str, Any], data: Mapping[str, Any], declared: Declared) -> Iterator[Identifier]:
    """Give the identifiers, the VAT number first: the standard prefers it."""
    known = [entry for entry in rows(operator.get("identifiers")) if entry.get("value")]
    for entry in sorted(known, key=lambda entry: entry.get("scheme") != "VAT"):
        scheme = "VAT" if entry.get("scheme") == "VAT" else "NATIONAL"
        yield Identifier(scheme, entry["value"], None if scheme == "VAT" else entry.get("schemeName"))
    entity = operator.get("legalEntity", {})
    number = entity.get("companyID") or declared.number
    if not known and number:
        yield Identifier("NATIONAL", number, KINDS.get(len(number), "RNA"))
    euid = _euid(entity, data)
    if euid:
        yield Identifier("BRIS", euid)


def _euid(entity: Mapping[str, Any], data: Mapping[str, Any]) -> str | None:
    """Compute the European unique identifier of a company registered today: `FR`, code of the greffe, SIREN."""
    greffe = str(at(entity, "/registrationScheme/id") or "")
    siren, form = entity.get("companyID"), str(entity.get("legalFormCode") or NATURAL_PERSON)
    registered = at(data, f"{TRADE_REGISTER}/registered") is True
    if registered and siren and len(greffe) == 4 and greffe.isdigit() and not form.startswith(NATURAL_PERSON):
        return f"FR{greffe}.{siren}"
    return None


def _trade_register(data: Mapping[str, Any]) -> tuple[CriterionAnswer, ...]:
    """Answer both questions or neither: a yes obliges to give the number, a no the reason."""
    register = mapping(at(data, TRADE_REGISTER))
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
    known = at(data, SET_UP_DATE)
    day = known if is_date(known) else declared.set_up_date
    return (CriterionAnswer("gen-year-to", "RG1/RSG1/QSG3/Q1", "DATE", day),) if day else ()


def _representatives(
    data: Mapping[str, Any], declared: Declared
) -> tuple[tuple[Representative, ...], tuple[Note, ...]]:
    """Keep natural persons whose country of residence was declared: the standard refuses the others."""
    persons: list[Representative] = []
    unusable: list[Note] = []
    for index, row in enumerate(rows(at(data, REPRESENTATIVES))):
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
    if not at(operator, "/postalAddress/countryCode"):
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
    size = SIZE_OF_CATEGORY.get(str(operator.get("companyCategory")))
    if declared.size is None and size:
        yield Note(f"{OPERATOR}/companyCategory", f"Taille déduite de la catégorie de l'Insee : {size}.")
    if any(identifier.scheme == "BRIS" for identifier in identifiers):
        yield Note(f"{OPERATOR}/identifiers", "Identifiant européen (EUID) calculé à partir du greffe et du SIREN.")
