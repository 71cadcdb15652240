"""The versions of ESPD-EDM that documents are written in, as data: a new one is a new row of `VERSIONS`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from prefill.domain.company import Role
from prefill.espd.versions.edm_4_1 import EDM_4_1_0
from prefill.espd.versions.model import Ask, CodeList, Criterion, Group, Property, Subject, Version

__all__ = [
    "CURRENCIES",
    "LATEST",
    "ROLES",
    "SIZES",
    "VERSIONS",
    "Ask",
    "CodeList",
    "Criterion",
    "Group",
    "Property",
    "Subject",
    "Version",
]

LATEST = "4.1.0"
VERSIONS: Mapping[str, Version] = MappingProxyType({version.id: version for version in (EDM_4_1_0,)})

ROLES = tuple(role.value for role in Role)
SIZES = VERSIONS[LATEST].sizes
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
