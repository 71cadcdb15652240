"""Companies that show what a search meets: sixty establishments of one company, three of one name, an Insee that is down.

And an association without SIREN, which no search finds.
"""

from __future__ import annotations

from prefill.sandbox.builders.insee import address, establishment, insee, unit
from prefill.sandbox.builders.registers import association, vat
from prefill.sandbox.model import Reply, SandboxCompany, in_days, ok

TOWNS = (
    ("35000", "RENNES", "35238"), ("44000", "NANTES", "44109"), ("69003", "LYON 3EME", "69383"),
    ("33000", "BORDEAUX", "33063"), ("31000", "TOULOUSE", "31555"), ("67000", "STRASBOURG", "67482"),
    ("29200", "BREST", "29019"), ("59000", "LILLE", "59350"), ("13001", "MARSEILLE 1ER", "13201"),
    ("73000", "CHAMBERY", "73065"),
)  # fmt: skip
STREETS = ("DU PHARE ETEINT", "DES TROIS PONTS", "DU VIEUX SEMAPHORE", "DE LA MAREE HAUTE", "DES GOELANDS")
NETWORK_SIREN = "000030007"
BRANCHES = 60
CLOSED_EVERY = 6
NAMESAKE = "LES COMPAGNONS DU HALAGE"
INSEE_DOWN = "00003400900019"
WITHOUT_SIREN = "W000000350"  # the RNA number of an association


def with_key(stem: str) -> str:
    """Add the digit that makes a number pass the Luhn check."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(stem)))
    return f"{stem}{-sum(value - 9 if value > 9 else value for value in doubled) % 10}"


def branch_siret(rank: int) -> str:
    """The SIRET of the network's establishment of that rank, from 1, the head office."""
    return with_key(f"{NETWORK_SIREN}{rank:04d}")


def _network() -> tuple[SandboxCompany, ...]:
    head = branch_siret(1)
    of = unit(head, "COMPTOIRS DU GRAND ESTUAIRE", "5599", "46.69B", created="1988-05-02", employees="21", sigle="CGE")
    places = []
    for rank in range(1, BRANCHES + 1):
        postal_code, town, municipality = TOWNS[(rank - 1) % len(TOWNS)]
        where = address(str(2 * rank), "RUE", STREETS[rank % len(STREETS)], postal_code, town, municipality)
        closed = "2022-12-31" if rank % CLOSED_EVERY == 0 else None
        sign = f"COMPTOIR {town.split()[0]} {rank}"
        places.append(establishment(branch_siret(rank), of, where, enseigne=sign, closed=closed))
    return tuple(
        SandboxCompany(
            place["siret"], f"COMPTOIRS DU GRAND ESTUAIRE ({place['adresse']['libelle_commune']})",
            "Un des soixante établissements d'une même société, à trouver par la recherche.",
            "One of the sixty establishments of a company, to be found by the search.",
            {**insee(place, of, head_office=places[0]), "numero_tva": vat(of)},
        )
        for place in places
    )  # fmt: skip


def _namesake(siren: str, town: int, legal_form: str, activity: str, *, ceased: str | None = None) -> SandboxCompany:
    siret = with_key(f"{siren}0001")
    of = unit(siret, NAMESAKE, legal_form, activity, created="2010-09-01", employees="02", ceased=ceased)
    postal_code, name, municipality = TOWNS[town]
    where = address("7", "QUAI", STREETS[town % len(STREETS)], postal_code, name, municipality)
    return SandboxCompany(
        siret, f"{NAMESAKE} ({name})",
        "Une de trois entreprises du même nom.",
        "One of three companies of the same name.",
        {**insee(establishment(siret, of, where, closed=ceased), of), "numero_tva": vat(of)},
    )  # fmt: skip


def _insee_down() -> SandboxCompany:
    siret = INSEE_DOWN
    of = unit(siret, "QUINCAILLERIE DU GUE", "5710", "46.69B", created="2001-02-05", employees="03", category="PME")
    where = address("3", "RUE", "DU MOULIN SANS EAU", "86000", "POITIERS", "86194")
    answers = insee(establishment(siret, of, where, enseigne="AU BON GUE"), of)
    down = dict.fromkeys(("etablissements", "siege_social", "entreprises"), Reply(fault="999"))
    return SandboxCompany(
        siret, "QUINCAILLERIE DU GUE",
        "L'Insee est en panne : l'identité vient de Recherche d'entreprises.",
        "The Insee is down: the identity is from Recherche d'entreprises.",
        {**answers, **down, "numero_tva": vat(of)},
    )  # fmt: skip


def _without_siren() -> SandboxCompany:
    """Write an association as the register gives one that the Insee does not know: not active, and not dissolved."""
    of = unit("", "LES VEILLEURS DE LA MARE", "9220", "94.99Z", created="2019-04-02", rna=WITHOUT_SIREN)
    where = address("9", "CHEMIN", "DES GRENOUILLES", "26000", "VALENCE", "26362")
    data = association(of, where, declared="2019-03-18", published="2019-04-02", purpose="Compter les tritons.")
    alone = {**data, "siren": None, "siret_siege": None, "active": False, "etablissements": []}
    meta = {"internal_id": WITHOUT_SIREN, "date_derniere_mise_a_jour_sirene": None}
    return SandboxCompany(
        "", "LES VEILLEURS DE LA MARE",
        "Une association sans SIREN : son numéro RNA seul la nomme, et aucune recherche ne la trouve.",
        "An association without SIREN: its RNA number alone names it, and no search finds it.",
        {"associations": ok(alone, meta={**meta, "date_derniere_mise_a_jour_rna": in_days(-20)})},
        rna=WITHOUT_SIREN,
    )  # fmt: skip


SEARCHED: tuple[SandboxCompany, ...] = (
    *_network(),
    _namesake("000031005", 1, "5710", "43.32A"),
    _namesake("000032003", 9, "5499", "81.30Z"),
    _namesake("000033001", 7, "5499", "43.22A", ceased="2021-03-31"),
    _insee_down(),
    _without_siren(),
)
