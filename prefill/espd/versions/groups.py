"""How the standard groups the questions of a criterion, as 4.1.0 lays them out; identifiers begin with the criterion's own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from prefill.espd.versions.model import Ask, Group, Property

REGISTER_PLACES = {
    Ask.ANSWER: "RG1/RSG1/QSG2/Q1",
    Ask.NUMBER: "RG1/RSG1/QSG2/QSG1/Q1",
    Ask.REASON: "RG1/RSG1/QSG2/QSG2/Q1",
}
CERTIFICATE_PLACES = {
    Ask.ANSWER: "RG1/RSG1/QSG2/Q1",
    Ask.ONLINE: "RG1/RSG1/QSG3/Q1",
    Ask.EVIDENCE: "RG1/RSG1/QSG3/QSG1/Q1",
}
SET_UP_PLACES = {Ask.DATE: "RG1/RSG1/QSG3/Q1", Ask.PERIOD: "RG1/RSG1/QSG2/Q1", Ask.AMOUNT: "RG1/RSG1/QSG2/Q2"}
STAFF_PLACES = {Ask.YEAR: "RG1/RSG1/QSG2/Q1", Ask.QUANTITY: "RG1/RSG1/QSG2/Q2"}


def places(criterion: str, suffixes: Mapping[Ask, str]) -> Mapping[Ask, str]:
    """Name the questions of a criterion by their full identifiers."""
    return MappingProxyType({asked: f"{criterion}/{suffix}" for asked, suffix in suffixes.items()})


def question(criterion: str, suffix: str, data: str, text: str) -> Property:
    return Property(f"{criterion}/{suffix}", "QUESTION", data, text)


def requirement(criterion: str, suffix: str, data: str, text: str) -> Property:
    return Property(f"{criterion}/{suffix}", "REQUIREMENT", data, text)


def _by_itself(criterion: str) -> Group:
    """Build the group, the same in each selection criterion, about relying on other operators. It stays unanswered."""
    place = "RG1/RSG1/QSG1"
    entity = Group(
        f"{criterion}/{place}/QSG1/QSG1",
        "ONTRUE",
        (
            question(criterion, f"{place}/QSG1/QSG1/Q1", "DESCRIPTION", "Nom de l'entité"),
            question(criterion, f"{place}/QSG1/QSG1/Q2", "ECONOMIC_OPERATOR_IDENTIFIER", "Identifiant de l'entité"),
        ),
    )
    relied = Group(
        f"{criterion}/{place}/QSG1",
        "ONFALSE",
        (question(criterion, f"{place}/QSG1/Q1", "INDICATOR", "Recours aux capacités d'une autre entité"),),
        (entity,),
    )
    own = question(criterion, f"{place}/Q1", "INDICATOR", "L'opérateur remplit-il ce critère par lui-même ?")
    return Group(f"{criterion}/{place}", "ON*", (own,), (relied,))


def _evidence(criterion: str, place: str) -> Group:
    """Build the group that asks whether evidence is available electronically."""
    supplied = Group(
        f"{criterion}/{place}/QSG1",
        "ONTRUE",
        (question(criterion, f"{place}/QSG1/Q1", "EVIDENCE_IDENTIFIER", "Justificatif"),),
    )
    available = question(criterion, f"{place}/Q1", "INDICATOR", "Cette information est-elle disponible en ligne ?")
    return Group(f"{criterion}/{place}", "ON*", (available,), (supplied,))


def _lot(criterion: str, inner: Group) -> Group:
    return Group(
        f"{criterion}/RG1",
        "ON*",
        (requirement(criterion, "RG1/RQ1/R1/R1", "LOT_IDENTIFIER", "Lot"),),
        (inner,),
    )


def _answered(criterion: str, requirements: tuple[Property, ...], answer: Group) -> Group:
    """Complete the group of an answer: whether it is met by the operator itself, and the evidence."""
    inner = Group(
        f"{criterion}/RG1/RSG1",
        "ON*",
        requirements,
        (_by_itself(criterion), answer, _evidence(criterion, "RG1/RSG1/QSG3")),
    )
    return _lot(criterion, inner)


def register(criterion: str, *requirements: Property) -> Group:
    """Build the group of a criterion that asks for the enrolment in a register."""
    place = "RG1/RSG1/QSG2"
    number = Group(
        f"{criterion}/{place}/QSG1",
        "ONTRUE",
        (question(criterion, f"{place}/QSG1/Q1", "DESCRIPTION", "Numéro d'inscription"),),
    )
    reason = Group(
        f"{criterion}/{place}/QSG2",
        "ONFALSE",
        (question(criterion, f"{place}/QSG2/Q1", "DESCRIPTION", "Pourquoi l'opérateur n'est pas inscrit"),),
    )
    answer = Group(
        f"{criterion}/{place}",
        "ON*",
        (question(criterion, f"{place}/Q1", "INDICATOR", "Réponse"),),
        (number, reason),
    )
    return _answered(criterion, requirements, answer)


def certificates(criterion: str) -> Group:
    """Build the group of a criterion that asks for certificates drawn up by independent bodies."""
    place = "RG1/RSG1/QSG2"
    why = Group(
        f"{criterion}/{place}/QSG1",
        "ONFALSE",
        (question(criterion, f"{place}/QSG1/Q1", "DESCRIPTION", "Pourquoi, et par quels autres moyens de preuve"),),
    )
    answer = Group(f"{criterion}/{place}", "ON*", (question(criterion, f"{place}/Q1", "INDICATOR", "Réponse"),), (why,))
    required = requirement(criterion, "RG1/RSG1/RQ1/R1/R1/R1", "DESCRIPTION", "Normes demandées")
    return _answered(criterion, (required,), answer)


def yearly_turnover(criterion: str) -> Group:
    place = "RG1/RSG1"
    year = Group(
        f"{criterion}/{place}/QSG2",
        "ON*",
        (
            question(criterion, f"{place}/QSG2/Q1", "PERIOD", "Exercice"),
            question(criterion, f"{place}/QSG2/Q2", "AMOUNT", "Chiffre d'affaires"),
        ),
        (_evidence(criterion, f"{place}/QSG2/QSG1"),),
    )
    set_up = Group(
        f"{criterion}/{place}/QSG3",
        "ON*",
        (question(criterion, f"{place}/QSG3/Q1", "DATE", "Date de création ou de début d'activité"),),
        (_evidence(criterion, f"{place}/QSG3/QSG1"),),
    )
    inner = Group(
        f"{criterion}/{place}",
        "ON*",
        (
            requirement(criterion, f"{place}/RQ1/R1/R1/R1", "QUANTITY_YEAR", "Nombre d'exercices"),
            requirement(criterion, f"{place}/RQ2/R1/R1/R1", "CODE_BOOLEAN", "Seuil par exercice"),
            requirement(criterion, f"{place}/RQ3/R1/R1/R1", "MINIMUM_AMOUNT", "Montant minimal"),
        ),
        (_by_itself(criterion), year, set_up, _evidence(criterion, f"{place}/QSG4")),
    )
    return _lot(criterion, inner)


def yearly_staff(criterion: str) -> Group:
    place = "RG1/RSG1"
    year = Group(
        f"{criterion}/{place}/QSG2",
        "ON*",
        (
            question(criterion, f"{place}/QSG2/Q1", "QUANTITY_YEAR", "Année"),
            question(criterion, f"{place}/QSG2/Q2", "QUANTITY_INTEGER", "Effectif moyen"),
        ),
    )
    requirements = (
        requirement(criterion, f"{place}/RQ1/R1/R1", "MINIMUM_QUANTITY_YEAR", "Nombre d'années"),
        requirement(criterion, f"{place}/RQ2/R1/R1", "DESCRIPTION", "Précisions"),
    )
    return _answered(criterion, requirements, year)
