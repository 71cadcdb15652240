"""What an ESPD Response can say from prefilled data: the operator, the answers, what remains and what was left out.

Nothing is invented: a part that the standard requires and that no register gave is listed as remaining, and the caller may
declare it. Exclusion grounds, the SME question and all that is declared on honour are never answered here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prefill.domain.company import Role
from prefill.espd.carried import (
    ANSWERED,
    CATEGORY,
    ENVIRONMENT,
    IDENTIFIERS,
    MEMBERS,
    NAME_MENTION,
    OPERATOR,
    PROFESSIONAL_REGISTER,
    QUALITY,
    REPRESENTATIVES,
    SET_UP_DATE,
    TRADE_REGISTER,
)
from prefill.espd.certificates import certified_by, names_in, unknown_among
from prefill.espd.figures import figures_of
from prefill.espd.model import CriterionAnswer, Declared, Draft, Identifier, Note, Representative
from prefill.espd.sources import sources_of
from prefill.espd.values import at, clean, is_code, is_date, mapping, rows, sound_operator, texts
from prefill.espd.versions import CURRENCIES, LATEST, ROLES, VERSIONS, Ask, Subject, Version
from prefill.forms.filling import Provenance

NO_PROCEDURE = "SANS-CONSULTATION"
# Between the names of a professional register, of the court that keeps it, and the number there.
BETWEEN = " · "
STRUCK_OFF = "Radié du registre du commerce et des sociétés{number} le {day}."
SMALLEST_AMOUNT, LARGEST_AMOUNT = 0.01, 10.0**15
EUROPEAN = "BRIS"  # the scheme of the European number
KINDS = {14: "SIRET", 9: "SIREN"}  # by the length of a number
DEDUCED = {"sme": "PME (sme)", "large": "grande entreprise (large)"}
NATURAL_PERSON, FOREIGN_LAW = "1", "3"  # first digits of legal forms that have no European number of a French register
CERTIFICATES = ((QUALITY, Subject.QUALITY), (ENVIRONMENT, Subject.ENVIRONMENT))


def draft_response(
    data: Mapping[str, Any],
    declared: Declared,
    provenance: Mapping[str, Provenance] | None = None,
    version: Version = VERSIONS[LATEST],
) -> Draft:
    """Draft a Response from the `data` of a filled DUME, what the caller declares, and who gave each value."""
    data = clean(data) or {}
    operator, capital = _operator(data, declared)
    size = declared.size or version.size_of_category.get(str(operator.get("companyCategory")))
    identifiers = tuple(_identifiers(operator, data, declared))
    figures = figures_of(data)
    certified = [certified_by(data, declared, pointer, subject) for pointer, subject in CERTIFICATES]
    answers = (
        *_trade_register(data), *_professional_register(data, declared), *_set_up(data, declared), *figures.answers,
        *(answer for one in certified for answer in one.answers),
    )  # fmt: skip
    persons, unusable = _representatives(data, declared)
    carried = {
        *_carried(operator, declared, answers),
        *([REPRESENTATIVES] if persons else ()),
        *(place for one in certified for place in one.confirmed),
    }
    listed = frozenset[str]().union(*(names_in(data, pointer) for pointer, _ in CERTIFICATES))
    return Draft(
        declared,
        operator,
        identifiers,
        size,
        persons,
        answers,
        tuple(one.evidence for one in certified if one.evidence),
        tuple(sources_of(provenance or {}, carried, tuple(_declared(declared, data, persons, answers)))),
        tuple(_remaining(operator, size, identifiers, answers)),
        (
            *unusable,
            *_left_out(data, declared, capital),
            *(note for one in certified for note in one.left_out),
            *unknown_among(declared, listed),
            *figures.left_out,
        ),
        (*_to_confirm(declared, size, identifiers), *figures.to_confirm),
    )


def _operator(data: Mapping[str, Any], declared: Declared) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Read the operator with what is declared of it; its capital too, which it carries where its currency is known."""
    operator = sound_operator(at(data, OPERATOR))
    if declared.name:
        operator["name"] = declared.name
        operator.pop("nameMention", None)  # the candidate writes the whole name
    if declared.country:
        operator["postalAddress"] = {**operator.get("postalAddress", {}), "countryCode": declared.country}
    entity = dict(operator.get("legalEntity", {}))
    capital = _capital(entity.pop("shareCapital", {}), declared)
    if capital.get("currencyID"):
        entity["shareCapital"] = capital
    operator["legalEntity"] = entity
    if operator.get("headOfficeAddress") == operator.get("postalAddress"):
        operator.pop("headOfficeAddress", None)
    return operator, capital


def _capital(written: Any, declared: Declared) -> dict[str, Any]:
    """Read a capital that is one: its amount, and a currency of the standard's list where it is known."""
    capital = mapping(written)
    amount, currency = capital.get("amount"), declared.currency or capital.get("currencyID")
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return {}
    if not SMALLEST_AMOUNT <= amount < LARGEST_AMOUNT:
        return {}
    return {"amount": amount, **({"currencyID": currency} if is_code(currency, CURRENCIES) else {})}


def _identifiers(operator: Mapping[str, Any], data: Mapping[str, Any], declared: Declared) -> Iterator[Identifier]:
    """Give the identifiers, the VAT number first: the standard prefers it."""
    written = [texts(entry) for entry in rows(operator.get("identifiers"))]
    known = [entry for entry in written if entry.get("value") and entry.get("scheme") != EUROPEAN]
    for entry in sorted(known, key=lambda entry: entry.get("scheme") != "VAT"):
        scheme = "VAT" if entry.get("scheme") == "VAT" else "NATIONAL"
        yield Identifier(scheme, entry["value"], None if scheme == "VAT" else entry.get("schemeName"))
    entity = operator.get("legalEntity", {})
    number = entity.get("companyID") or declared.number
    if not known and number:
        yield Identifier("NATIONAL", number, KINDS.get(len(number), "RNA"))
    european = (entry.get("value") for entry in written if entry.get("scheme") == EUROPEAN)
    euid = next(european, None) or _euid(entity, data)
    if euid:
        yield Identifier(EUROPEAN, euid)


def _euid(entity: Mapping[str, Any], data: Mapping[str, Any]) -> str | None:
    """Compute the European unique identifier of a company registered today: `FR`, code of the greffe, SIREN."""
    greffe = str(at(entity, "/registrationScheme/id") or "")
    siren, form = entity.get("companyID"), str(entity.get("legalFormCode") or NATURAL_PERSON)
    registered = at(data, f"{TRADE_REGISTER}/registered") is True
    if registered and siren and len(greffe) == 4 and greffe.isdigit() and form[0] not in (NATURAL_PERSON, FOREIGN_LAW):
        return f"FR{greffe}.{siren}"
    return None


def _trade_register(data: Mapping[str, Any]) -> tuple[CriterionAnswer, ...]:
    """Answer both questions or neither: a yes obliges to give the number, a no the reason."""
    register = mapping(at(data, TRADE_REGISTER))
    number, struck_off = texts(register).get("registrationNumber"), register.get("strikeOffDate")
    if register.get("registered") is True and number:
        return _registered(Subject.TRADE_REGISTER, number)
    if register.get("registered") is False and is_date(struck_off):
        reason = STRUCK_OFF.format(number=f" (numéro {number})" if number else "", day=struck_off)
        return (
            CriterionAnswer(Subject.TRADE_REGISTER, Ask.ANSWER, "false"),
            CriterionAnswer(Subject.TRADE_REGISTER, Ask.REASON, reason),
        )
    return ()


def _professional_register(data: Mapping[str, Any], declared: Declared) -> tuple[CriterionAnswer, ...]:
    """Answer once the candidate confirms: a register of associations is not always one of those that buyers mean."""
    register = texts(at(data, PROFESSIONAL_REGISTER))
    named = [register[name] for name in ("registerName", "court", "registrationNumber") if name in register]
    if not declared.professional_register or "registrationNumber" not in register:
        return ()
    return _registered(Subject.PROFESSIONAL_REGISTER, BETWEEN.join(named))


def _registered(subject: Subject, number: str) -> tuple[CriterionAnswer, ...]:
    return CriterionAnswer(subject, Ask.ANSWER, "true"), CriterionAnswer(subject, Ask.NUMBER, number)


def _set_up(data: Mapping[str, Any], declared: Declared) -> tuple[CriterionAnswer, ...]:
    known = at(data, SET_UP_DATE)
    day = known if is_date(known) else declared.set_up_date
    return (CriterionAnswer(Subject.SET_UP, Ask.DATE, day),) if day else ()


def _representatives(
    data: Mapping[str, Any], declared: Declared
) -> tuple[tuple[Representative, ...], tuple[Note, ...]]:
    """Keep natural persons whose country of residence was declared: the standard refuses the others."""
    persons: list[Representative] = []
    unusable: list[Note] = []
    for index, row in enumerate(map(texts, rows(at(data, REPRESENTATIVES)))):
        pointer = f"{REPRESENTATIVES}/{index}"
        country = declared.residence.get(index)
        if not row.get("familyName") or not row.get("firstName"):
            unusable.append(Note(pointer, "Représentant : l'ESPD n'admet qu'une personne physique, à saisir."))
        elif country is None:
            name = f"{row['firstName']} {row['familyName']}"
            unusable.append(Note(f"{pointer}/residenceCountry", f"Représentant {name} : pays de résidence à saisir."))
        else:
            persons.append(Representative(row["firstName"], row["familyName"], row.get("role"), country))
    return tuple(persons), tuple(unusable)


def _carried(operator: Mapping[str, Any], declared: Declared, answers: tuple[CriterionAnswer, ...]) -> Iterator[str]:
    """Give the places of the data that the document carries, representatives apart."""
    for member in MEMBERS:
        if at(operator, f"/{member.pointer}"):
            yield f"{OPERATOR}/{member.pointer}"
    if operator.get("nameMention"):
        yield NAME_MENTION
    yield from (
        f"{OPERATOR}/legalEntity/shareCapital/{name}" for name in at(operator, "/legalEntity/shareCapital") or ()
    )
    yield from (f"{IDENTIFIERS}/{index}/value" for index, _ in enumerate(rows(operator.get("identifiers"))))
    if declared.size is None:
        yield CATEGORY
    for subject in {answer.criterion for answer in answers}:
        yield from ANSWERED[subject]


def _declared(
    declared: Declared,
    data: Mapping[str, Any],
    persons: tuple[Representative, ...],
    answers: tuple[CriterionAnswer, ...],
) -> Iterator[str]:
    """Give the places that the candidate filled or confirmed."""
    given = {
        f"{OPERATOR}/name": declared.name,
        CATEGORY: declared.size,
        f"{OPERATOR}/postalAddress/countryCode": declared.country,
        f"{OPERATOR}/legalEntity/shareCapital/currencyID": declared.currency,
        f"{REPRESENTATIVES}/residenceCountry": persons,
        SET_UP_DATE: None if is_date(at(data, SET_UP_DATE)) else declared.set_up_date,
    }
    yield from (pointer for pointer, value in given.items() if value)
    confirmed = {Subject.PROFESSIONAL_REGISTER, Subject.QUALITY, Subject.ENVIRONMENT}
    yield from (
        ANSWERED[subject][0] for subject in Subject if subject in confirmed & {one.criterion for one in answers}
    )


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
        yield Note(CATEGORY, "Taille de l'entreprise : à choisir (micro, small, medium, sme, large).")
    if not at(operator, "/postalAddress/countryCode"):
        yield Note(f"{OPERATOR}/postalAddress/countryCode", "Pays : à saisir (code à trois lettres).")
    if not identifiers:
        yield Note(IDENTIFIERS, "Aucun identifiant de l'entreprise n'est connu.")
    if not answers:
        yield Note(SET_UP_DATE, "Date de création : à saisir, faute d'une autre réponse.")


def _left_out(data: Mapping[str, Any], declared: Declared, capital: Mapping[str, Any]) -> Iterator[Note]:
    if capital.get("amount") and not capital.get("currencyID"):
        yield Note(f"{OPERATOR}/legalEntity/shareCapital/currencyID", "Capital : devise à choisir.")
    if texts(at(data, PROFESSIONAL_REGISTER)).get("registrationNumber") and not declared.professional_register:
        yield Note(PROFESSIONAL_REGISTER, "Registre professionnel : à confirmer pour y répondre.")


def _to_confirm(declared: Declared, size: str | None, identifiers: tuple[Identifier, ...]) -> Iterator[Note]:
    role = Role(declared.role).label.lower() if declared.role in ROLES else declared.role
    yield Note("/role", f"Rôle dans la candidature : {role}.")
    if declared.size is None and size:
        yield Note(CATEGORY, f"Taille déduite de la catégorie de l'Insee : {DEDUCED.get(size, size)}.")
    if any(identifier.scheme == "BRIS" for identifier in identifiers):
        yield Note(IDENTIFIERS, "Identifiant européen (EUID) calculé à partir du greffe et du SIREN.")
