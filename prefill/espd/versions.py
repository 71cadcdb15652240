"""What each version of ESPD-EDM asks for, as data: code lists, their versions, and the criteria that registers can answer.

Identifiers, codes and list versions are the standard's own (ESPD-EDM, Publications Office of the European Union); names
and questions are free text. A new version of the standard is a new row of `VERSIONS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from prefill.domain.company import Role

AUTHORITY = "http://publications.europa.eu/resource/authority/"


@dataclass(frozen=True, slots=True)
class CodeList:
    """A code list as documents name it. The standard's rules refuse another version than the one stated."""

    id: str
    version: str
    agency: str = "OP"


@dataclass(frozen=True, slots=True)
class Property:
    """A question, a requirement or a caption of a criterion; `data` is the type of its answer."""

    id: str
    type: str
    data: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Properties that go together; `when` says on which answer of the group above they are to be answered."""

    id: str
    when: str
    properties: tuple[Property, ...]
    groups: tuple[Group, ...] = ()

    def all_properties(self) -> Iterator[Property]:
        yield from self.properties
        for group in self.groups:
            yield from group.all_properties()


@dataclass(frozen=True, slots=True)
class Criterion:
    id: str
    code: str
    name: str
    description: str
    group: Group


@dataclass(frozen=True, slots=True)
class Version:
    """One version of ESPD-EDM.

    Attributes:
        id: the version, such as `4.1.0`.
        ubl: the version of UBL that its documents declare.
        profile: the text of `ProfileExecutionID`.
        lists: code lists by their role in a document.
        criteria: the criteria that registers can answer, by code.
    """

    id: str
    ubl: str
    profile: str
    lists: Mapping[str, CodeList]
    criteria: Mapping[str, Criterion]


def _question(criterion: str, suffix: str, data: str, text: str) -> Property:
    return Property(f"{criterion}/{suffix}", "QUESTION", data, text)


def _requirement(criterion: str, suffix: str, data: str, text: str) -> Property:
    return Property(f"{criterion}/{suffix}", "REQUIREMENT", data, text)


def _by_itself(criterion: str) -> Group:
    """Build the group, the same in each selection criterion, about relying on other operators. It stays unanswered."""
    place = "RG1/RSG1/QSG1"
    entity = Group(
        f"{criterion}/{place}/QSG1/QSG1",
        "ONTRUE",
        (
            _question(criterion, f"{place}/QSG1/QSG1/Q1", "DESCRIPTION", "Nom de l'entité"),
            _question(criterion, f"{place}/QSG1/QSG1/Q2", "ECONOMIC_OPERATOR_IDENTIFIER", "Identifiant de l'entité"),
        ),
    )
    relied = Group(
        f"{criterion}/{place}/QSG1",
        "ONFALSE",
        (_question(criterion, f"{place}/QSG1/Q1", "INDICATOR", "Recours aux capacités d'une autre entité"),),
        (entity,),
    )
    own = _question(criterion, f"{place}/Q1", "INDICATOR", "L'opérateur remplit-il ce critère par lui-même ?")
    return Group(f"{criterion}/{place}", "ON*", (own,), (relied,))


def _evidence(criterion: str, place: str) -> Group:
    """Build the group that asks whether evidence is available electronically."""
    supplied = Group(
        f"{criterion}/{place}/QSG1",
        "ONTRUE",
        (_question(criterion, f"{place}/QSG1/Q1", "EVIDENCE_IDENTIFIER", "Justificatif"),),
    )
    available = _question(criterion, f"{place}/Q1", "INDICATOR", "Cette information est-elle disponible en ligne ?")
    return Group(f"{criterion}/{place}", "ON*", (available,), (supplied,))


def _lot(criterion: str, inner: Group) -> Group:
    return Group(
        f"{criterion}/RG1",
        "ON*",
        (_requirement(criterion, "RG1/RQ1/R1/R1", "LOT_IDENTIFIER", "Lot"),),
        (inner,),
    )


def _register(criterion: str, *requirements: Property) -> Group:
    """Build the group of a criterion that asks for the enrolment in a register."""
    place = "RG1/RSG1/QSG2"
    number = Group(
        f"{criterion}/{place}/QSG1",
        "ONTRUE",
        (_question(criterion, f"{place}/QSG1/Q1", "DESCRIPTION", "Numéro d'inscription"),),
    )
    reason = Group(
        f"{criterion}/{place}/QSG2",
        "ONFALSE",
        (_question(criterion, f"{place}/QSG2/Q1", "DESCRIPTION", "Pourquoi l'opérateur n'est pas inscrit"),),
    )
    answer = Group(
        f"{criterion}/{place}",
        "ON*",
        (_question(criterion, f"{place}/Q1", "INDICATOR", "Réponse"),),
        (number, reason),
    )
    inner = Group(
        f"{criterion}/RG1/RSG1",
        "ON*",
        requirements,
        (_by_itself(criterion), answer, _evidence(criterion, "RG1/RSG1/QSG3")),
    )
    return _lot(criterion, inner)


def _certificates(criterion: str) -> Group:
    """Build the group of a criterion that asks for certificates drawn up by independent bodies."""
    place = "RG1/RSG1/QSG2"
    why = Group(
        f"{criterion}/{place}/QSG1",
        "ONFALSE",
        (_question(criterion, f"{place}/QSG1/Q1", "DESCRIPTION", "Pourquoi, et par quels autres moyens de preuve"),),
    )
    answer = Group(
        f"{criterion}/{place}", "ON*", (_question(criterion, f"{place}/Q1", "INDICATOR", "Réponse"),), (why,)
    )
    required = _requirement(criterion, "RG1/RSG1/RQ1/R1/R1/R1", "DESCRIPTION", "Normes demandées")
    inner = Group(
        f"{criterion}/RG1/RSG1",
        "ON*",
        (required,),
        (_by_itself(criterion), answer, _evidence(criterion, "RG1/RSG1/QSG3")),
    )
    return _lot(criterion, inner)


TRADE_REGISTER = "C26_SC_trade-regist"
YEARLY_TURNOVER = "C29_SC_gen-year-to"


def _yearly_turnover(criterion: str) -> Group:
    place = "RG1/RSG1"
    year = Group(
        f"{criterion}/{place}/QSG2",
        "ON*",
        (
            _question(criterion, f"{place}/QSG2/Q1", "PERIOD", "Exercice"),
            _question(criterion, f"{place}/QSG2/Q2", "AMOUNT", "Chiffre d'affaires"),
        ),
        (_evidence(criterion, f"{place}/QSG2/QSG1"),),
    )
    set_up = Group(
        f"{criterion}/{place}/QSG3",
        "ON*",
        (_question(criterion, f"{place}/QSG3/Q1", "DATE", "Date de création ou de début d'activité"),),
        (_evidence(criterion, f"{place}/QSG3/QSG1"),),
    )
    inner = Group(
        f"{criterion}/{place}",
        "ON*",
        (
            _requirement(criterion, f"{place}/RQ1/R1/R1/R1", "QUANTITY_YEAR", "Nombre d'exercices"),
            _requirement(criterion, f"{place}/RQ2/R1/R1/R1", "CODE_BOOLEAN", "Seuil par exercice"),
            _requirement(criterion, f"{place}/RQ3/R1/R1/R1", "MINIMUM_AMOUNT", "Montant minimal"),
        ),
        (_by_itself(criterion), year, set_up, _evidence(criterion, f"{place}/QSG4")),
    )
    return _lot(criterion, inner)


def _v4_1_0() -> Version:
    criteria = (
        Criterion(
            "87b3fa26-3549-4f92-b8e0-3fd8f04bf5c7",
            "trade-regist",
            "Inscription au registre du commerce",
            "L'opérateur est inscrit au registre du commerce de l'État où il est établi.",
            _register(
                TRADE_REGISTER,
                _requirement(TRADE_REGISTER, "RG1/RSG1/RQ1/R1/R1/R1", "DESCRIPTION", "Nom du registre"),
                _requirement(TRADE_REGISTER, "RG1/RSG1/RQ2/R1/R1/R1", "URL", "Adresse du registre"),
            ),
        ),
        Criterion(
            "499efc97-2ac1-4af2-9e84-323c2ca67747",
            "gen-year-to",
            "Chiffre d'affaires annuel général",
            "Chiffre d'affaires des exercices demandés ; à défaut, date de création de l'opérateur.",
            _yearly_turnover(YEARLY_TURNOVER),
        ),
        Criterion(
            "d726bac9-e153-4e75-bfca-c5385587766d",
            "qu-certif-indep",
            "Certificats d'assurance de la qualité",
            "L'opérateur peut produire des certificats d'assurance de la qualité, établis par des organismes indépendants.",
            _certificates("C55_SC_qu-certif-indep"),
        ),
        Criterion(
            "8ed65e48-fd0d-444f-97bd-4f58da632999",
            "envir-certif-indep",
            "Certificats de gestion environnementale",
            "L'opérateur peut produire des certificats de gestion environnementale, établis par des organismes indépendants.",
            _certificates("C56_SC_envir-certif-indep"),
        ),
    )
    lists = {
        "role": CodeList(AUTHORITY + "eo-role-type", "20211208-0"),
        "size": CodeList(AUTHORITY + "economic-operator-size", "20250924-0"),
        "country": CodeList(AUTHORITY + "country", "20250924-0"),
        "criterion": CodeList(AUTHORITY + "criterion", "20240612-0"),
        "access": CodeList(AUTHORITY + "access-right", "20250924-0"),
        "document": CodeList(AUTHORITY + "docrefcontent-type", "20250924-0"),
        "group": CodeList("property-group-type", "4.1.0"),
        "element": CodeList("criterion-element-type", "4.1.0"),
        "data": CodeList("response-data-type", "4.1.0"),
    }
    return Version(
        "4.1.0",
        "2.3",
        "ESPD-EDMv4.1.0",
        MappingProxyType(lists),
        MappingProxyType({criterion.code: criterion for criterion in criteria}),
    )


LATEST = "4.1.0"
VERSIONS: Mapping[str, Version] = MappingProxyType({LATEST: _v4_1_0()})

ROLES = tuple(role.value for role in Role)
# ISO 4217, and the franc of the capitals that nobody has converted.
CURRENCIES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
    CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP FRF GBP GEL GHS GIP GMD GNF GTQ
    GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD
    MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG
    QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS
    UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
    """.split()
)
SIZES = ("micro", "small", "medium", "sme", "large")
# The Insee's category of a company, as the size that the standard knows.
SIZE_OF_CATEGORY: Mapping[str, str] = MappingProxyType({"PME": "sme", "ETI": "large", "GE": "large"})
