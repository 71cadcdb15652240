"""ESPD-EDM 4.1.0, as data. Identifiers, codes and list versions are the standard's own; names and questions are free text."""

from __future__ import annotations

from types import MappingProxyType

from prefill.espd.versions.groups import (
    CERTIFICATE_PLACES,
    REGISTER_PLACES,
    SET_UP_PLACES,
    STAFF_PLACES,
    certificates,
    places,
    register,
    requirement,
    yearly_staff,
    yearly_turnover,
)
from prefill.espd.versions.model import CodeList, Criterion, Subject, Version

AUTHORITY = "http://publications.europa.eu/resource/authority/"
PROFESSIONAL_REGISTER = "C25_SC_prof-regist"
TRADE_REGISTER = "C26_SC_trade-regist"
YEARLY_TURNOVER = "C29_SC_gen-year-to"
YEARLY_STAFF = "C50_SC_year-manpower"
QUALITY = "C55_SC_qu-certif-indep"
ENVIRONMENT = "C56_SC_envir-certif-indep"

CRITERIA = {
    Subject.TRADE_REGISTER: Criterion(
        "87b3fa26-3549-4f92-b8e0-3fd8f04bf5c7",
        "trade-regist",
        "Inscription au registre du commerce",
        "L'opérateur est inscrit au registre du commerce de l'État où il est établi.",
        register(
            TRADE_REGISTER,
            requirement(TRADE_REGISTER, "RG1/RSG1/RQ1/R1/R1/R1", "DESCRIPTION", "Nom du registre"),
            requirement(TRADE_REGISTER, "RG1/RSG1/RQ2/R1/R1/R1", "URL", "Adresse du registre"),
        ),
        places(TRADE_REGISTER, REGISTER_PLACES),
    ),
    Subject.PROFESSIONAL_REGISTER: Criterion(
        "6ee55a59-6adb-4c3a-b89f-e62a7ad7be7f",
        "prof-regist",
        "Inscription à un registre professionnel",
        "L'opérateur est inscrit à un registre professionnel de l'État où il est établi.",
        register(
            PROFESSIONAL_REGISTER,
            requirement(PROFESSIONAL_REGISTER, "RG1/RSG1/RQ1/R1/R1/R1", "CODE", "Profession"),
        ),
        places(PROFESSIONAL_REGISTER, REGISTER_PLACES),
    ),
    Subject.SET_UP: Criterion(
        "499efc97-2ac1-4af2-9e84-323c2ca67747",
        "gen-year-to",
        "Chiffre d'affaires annuel général",
        "Chiffre d'affaires des exercices demandés ; à défaut, date de création de l'opérateur.",
        yearly_turnover(YEARLY_TURNOVER),
        places(YEARLY_TURNOVER, SET_UP_PLACES),
    ),
    Subject.STAFF: Criterion(
        "1f49b3f0-d50f-43f6-8b30-4bafab108b9b",
        "year-manpower",
        "Effectif moyen annuel",
        "Effectif moyen annuel de l'opérateur au cours des dernières années.",
        yearly_staff(YEARLY_STAFF),
        places(YEARLY_STAFF, STAFF_PLACES),
    ),
    Subject.QUALITY: Criterion(
        "d726bac9-e153-4e75-bfca-c5385587766d",
        "qu-certif-indep",
        "Certificats d'assurance de la qualité",
        "L'opérateur peut produire des certificats d'assurance de la qualité, établis par des organismes indépendants.",
        certificates(QUALITY),
        places(QUALITY, CERTIFICATE_PLACES),
    ),
    Subject.ENVIRONMENT: Criterion(
        "8ed65e48-fd0d-444f-97bd-4f58da632999",
        "envir-certif-indep",
        "Certificats de gestion environnementale",
        "L'opérateur peut produire des certificats de gestion environnementale, établis par des organismes indépendants.",
        certificates(ENVIRONMENT),
        places(ENVIRONMENT, CERTIFICATE_PLACES),
    ),
}
LISTS = {
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

EDM_4_1_0 = Version(
    "4.1.0",
    "2.3",
    "ESPD-EDMv4.1.0",
    MappingProxyType(LISTS),
    MappingProxyType(CRITERIA),
    ("micro", "small", "medium", "sme", "large"),
    MappingProxyType({"PME": "sme", "ETI": "large", "GE": "large"}),
)
