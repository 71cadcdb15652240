"""What the fields of a page are probably about: the field of `dume` whose words are theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from prefill.authoring.skeleton.page_fields import PageField
from prefill.forms.functions import plain
from prefill.forms.model import Field

# Words that pages use, by the alias of the field of `dume` that they mean; the first that matches wins.
WORDS: Mapping[str, str] = {
    "siret": r"\bsiret\b",
    "siren": r"\bsiren\b",
    "vat": r"\btva\b|\bvat\b",
    "rna": r"\brna\b",
    "tradeName": r"enseigne|nom commercial|trade ?name",
    "legalFormCode": r"code.*forme juridique",
    "legalForm": r"forme juridique|legal form|\bforme\b",
    "registrationDate": r"date d.?immatriculation",
    "registrationNumber": r"\brcs\b|immatriculation|\bkbis\b",
    "postalZone": r"code postal|postal ?code|\bcp\b|\bzip\b",
    "cityName": r"\bville\b|\bcommune\b|\bcity\b|localite",
    "countryCode": r"\bpays\b|\bcountry\b",
    "additionalStreetName": r"complement",
    "streetName": r"\badresse\b|\bvoie\b|\brue\b|\bstreet\b|\baddress\b",
    "activityCode": r"\bnaf\b|\bape\b",
    "activity": r"\bactivite\b|\bactivity\b",
    "shareCapital": r"\bcapital\b",
    "employeeBand": r"\beffectifs?\b|\bsalaries\b",
    "setUpDate": r"date de creation|cree(e)? le",
    "name": r"raison sociale|denomination|\bnom\b|\bentreprise\b|\bsociete\b|company|\bname\b",
}
# What is about a person who writes, or declared on honour: never guessed to be a register's.
DECLARED = r"mail|courriel|electronique|telephone|\btel\b|phone|\bfax\b|contact|signat|honneur|\bprenom\b|fonction|qualite|\biban\b|\bpme\b"


def guess(field: PageField, known: Iterable[Field]) -> Field | None:
    """Guess the field of a form that a field of a page is about; None when it is the candidate's, or unknown."""
    words = plain(re.sub(r"[_\-.\[\]]+|(?<=[a-z])(?=[A-Z])", " ", f"{field.name} {field.label}"))
    if re.search(DECLARED, words):
        return None
    by_alias = {one.alias: one for one in known if one.alias}
    return next(
        (by_alias[alias] for alias, word in WORDS.items() if alias in by_alias and re.search(word, words)), None
    )
