"""The companies of the sandbox: all invented, each showing one case of what the registers answer.

Names, people, streets, numbers and documents are made up, and every SIREN begins with 0000, which the
Insee never gave. Communes, nomenclatures and the shape of each answer are real. Values that depend on
the day are functions of it, written when the answer is sent.
"""

from __future__ import annotations

from collections.abc import Callable

from prefill.domain.catalogue import SOURCES
from prefill.sandbox.builders.insee import PARTIAL, address, establishment, insee, successors, unit
from prefill.sandbox.builders.proofs import (
    UNDER_ANALYSIS,
    deeds,
    document,
    link,
    msa,
    opqibi,
    papers,
    probtp,
    qualibat,
    rge,
    tax_certificate,
    turnover,
    vigilance,
    vigilance_refused,
    with_staff,
)
from prefill.sandbox.builders.registers import NO_PERSON, agreement, association, associations, firm, officer, rcs, vat
from prefill.sandbox.builders.tender_rows import qualifelec, qualiopi, rne, rne_officer, shareholdings
from prefill.sandbox.model import Reply, SandboxCompany, in_days, listed, midnight_in_days, ok
from prefill.sandbox.searched import SEARCHED

CARPENTERS = agreement(
    1597, "Convention collective nationale des ouvriers du bâtiment, plus de dix salariés", "Bâtiment (plus de 10)",
)  # fmt: skip
ENGINEERS = agreement(1486, "Convention collective nationale des bureaux d'études", "Bureaux d'études", "syntec")
WORKSHOPS = agreement(3016, "Convention collective nationale des chantiers d'insertion", "Chantiers d'insertion")

# Values that no candidate's page may ever show: withheld at the person's or the company's request, or
# personal data that a tender form has no use for. Each is found nowhere else, in capitals or not.
CANARIES = (
    "CANARISSE", "SERINVAL", "MADELINOTTE", "OISELETTE", "AU CANARI VOLAGE", "DU SERIN MUET", "VOLIERE B",
    "PERCHOIR-SUR-CERE", "1977-07-07", "CHARDONVERT", "DES FAUVETTES CACHEES", "DU BOUVREUIL DISCRET",
    "1974-05", "1981-11", "1969-02", "1985-09", "0199009901", "perruche@tilleul.invalid", "ROSSIGNOLLE",
)  # fmt: skip
# Withheld too, but too short to be searched for in a text: to be compared with whole values.
WITHHELD_POSTAL_CODES = ("15009", "33007", "87017")


def every(source_fault: Callable[[str], str]) -> dict[str, Reply]:
    """Fail every usable row, each as the function says of its producer."""
    return {source.name: Reply(fault=source_fault(source.producer)) for source in SOURCES if source.usable}


def _menuiserie() -> SandboxCompany:
    siret = "00000100800010"
    of = unit(
        siret, "MENUISERIE DU VAL DORE", "5710", "43.32A", created="1998-03-12", employees="12", category="PME",
        ess=False,
    )  # fmt: skip
    where = address("14", "RUE", "DES TROIS MIRABELLES", "35000", "RENNES", "35238", indice_repetition_voie="bis")
    here = establishment(siret, of, where, enseigne="LES FENETRES DU VAL")
    return SandboxCompany(
        siret, "MENUISERIE DU VAL DORE",
        "Une SAS ordinaire, à son siège : extrait RCS complet, capital, TVA, dirigeants.",
        "An ordinary company (SAS) at its head office: full register extract, capital, VAT, officers.",
        {
            **insee(here, of),
            "extraits_rcs_infogreffe": rcs(
                of, "1998-03-20", ("RENNES", "3501"),
                officer("PRESIDENTE", "KERGALVEN", "Anouk", "1974-05"),
                officer("DIRECTEUR GENERAL", "TOUFFREVAL", "Basile", "1981-11"),
                firm("DIRECTEUR GENERAL DELEGUE", "HOLDING DU VAL DORE", "000026005"),
                firm("COMMISSAIRE AUX COMPTES TITULAIRE", "CABINET BOULIER ET ASSOCIES", "000025007"),
                capital=80000.0, nom_commercial="VAL DORE MENUISIERS",
                observations=("TRANSFERT DU SIEGE DANS LE MEME RESSORT",),
            ),
            "numero_tva": vat(of),
            "conventions_collectives": listed(CARPENTERS),
            "actes_inpi": deeds("menuiserie"),
            "exercices": turnover((2, 2614500), (1, 2893120), (3, 2407890)),
            **with_staff("000001008", 17.4, 15.25, 14.0, disabled=1.5, liable=16.0),
            "extraits_rne": rne(
                of, where, rne_officer("Président de SAS", "KERGALVEN", "ANOUK", "1974-05", "RENNES"),
                registered="1998-03-20", capital=(80000.0, "EUR"),
                observations=(("2011-05-04", "Transfert du siège dans le même ressort"),),
            ),
            "certificats_cibtp": link("cibtp-menuiserie", seconds=600),
            "attestations_probtp": link("probtp-menuiserie"),
            "liens_capitalistiques": shareholdings(("000026005", "HOLDING DU VAL DORE", 95.0)),
            "attestations_fiscales_dgfip": tax_certificate("menuiserie"),
            "attestations_sociales_acoss": vigilance("menuiserie"),
            "cotisation_retraite_probtp": probtp(eligible=True),
            "certificats_qualibat": qualibat("menuiserie", until=in_days(300)),
            "certificats_rge_ademe": listed(
                rge("menuiserie", until=in_days(200)), rge("menuiserie-ancien", until="2021-10-03", archived=True)
            ),
        },
    )  # fmt: skip


def _duplicate() -> SandboxCompany:
    siret, real = "00001800200014", _menuiserie()
    here = real.answers["etablissements_instructeur"].body["data"]
    of = real.answers["entreprises_instructeur"].body["data"]
    return SandboxCompany(
        siret, "MENUISERIE DU VAL DORE (doublon)",
        "Un doublon : l'Insee répond avec le SIRET du siège d'une autre fiche (00000100800010).",
        "A duplicate: the Insee answers with the head office of another entry (00000100800010).",
        insee(here, of, asked=siret),
    )  # fmt: skip


def _bureau_etudes() -> tuple[SandboxCompany, SandboxCompany]:
    head, branch = "00000200600013", "00000200600021"
    of = unit(
        head, "TRAVERSE INGENIERIE", "5599", "71.12B", created="2004-09-01", employees="21", category="ETI",
        sigle="TRVI",
    )  # fmt: skip
    at_head = establishment(head, of, address("8", "QUAI", "DES LANTERNIERS", "69003", "LYON 3EME", "69383"))
    where = address("31", "AVENUE", "DU GLACIER BLEU", "38000", "GRENOBLE", "38185", complement_adresse="BATIMENT C")
    at_branch = establishment(branch, of, where, created="2015-01-05", enseigne="TRAVERSE ALPES")
    shared = {
        "extraits_rcs_infogreffe": rcs(
            of, "2004-09-14", ("LYON", "6901"), officer("PRESIDENT DU CONSEIL", "VERNAZOBRE", "Cyprien", "1969-02"),
            capital=250000.0,
        ),
        "numero_tva": vat(of),
        "actes_inpi": deeds("ingenierie"),
        "certificats_opqibi": opqibi(until=in_days(500)),
        "attestations_fiscales_dgfip": tax_certificate("ingenierie"),
        "attestations_sociales_acoss": vigilance("ingenierie"),
    }  # fmt: skip
    local = {"conventions_collectives": listed(ENGINEERS)}
    training = {"certifications_qualiopi": qualiopi(head, "84690000000", "84690000001")}
    return (
        SandboxCompany(
            branch, "TRAVERSE INGENIERIE (Grenoble)",
            "Un établissement secondaire : son siège est ailleurs (00000200600013, à Lyon).",
            "A secondary establishment: its head office is elsewhere (00000200600013, in Lyon).",
            {**insee(at_branch, of, head_office=at_head), **shared, **local},
        ),
        SandboxCompany(
            head, "TRAVERSE INGENIERIE",
            "Le siège d'une société qui a un autre établissement (00000200600021, à Grenoble).",
            "The head office of a company with another establishment (00000200600021, in Grenoble).",
            {
                **insee(at_head, of), **shared, **local, **training,
                "exercices": turnover((1, 9120400), (3, 8004150), (2, 8650900)),
            },
        ),
    )  # fmt: skip


def _association() -> SandboxCompany:
    siret, rna = "00000300400017", "W000000031"
    of = unit(
        siret, "LES ATELIERS DU TILLEUL", "9220", "38.32Z", created="2006-05-02", sigle="LAT", employees="11", ess=True,
        rna=rna,
    )  # fmt: skip
    where = address("5", "PLACE", "DE LA RESSOURCE", "37000", "TOURS", "37261")
    data = association(
        of, where, declared="2006-04-11", published="2006-05-06",
        purpose="Former et employer, par la réparation et le réemploi, des personnes éloignées de l&#039;emploi.",
        telephone="0199009901", courriel="perruche@tilleul.invalid",
    )  # fmt: skip
    chair = {
        "civilite": "Madame", "nom": "ROSSIGNOLLE", "prenom": "AGATHE", "fonction": "Présidente",
        "valideur_cec": False, "publication_internet": False, "telephone": None, "courriel": None,
    }  # fmt: skip
    return SandboxCompany(
        siret, "LES ATELIERS DU TILLEUL",
        "Une association loi 1901, avec son numéro RNA ; elle relève de l'économie sociale et solidaire.",
        "An association under the 1901 law, with its RNA number; part of the social economy.",
        {
            **insee(establishment(siret, of, where), of),
            **associations(data, chair),
            "documents_associations": papers("Statuts", "Liste des dirigeants", "Récépissé de création"),
            "conventions_collectives": listed(WORKSHOPS),
            "attestations_sociales_acoss": vigilance("tilleul"),
        },
        rna=rna,
    )  # fmt: skip


def _alsace() -> SandboxCompany:
    siret = "00000400200010"
    of = unit(siret, "LA CLE DES CHANTS DU RIED", "9260", "90.01Z", created="1987-10-19", ess=True)
    where = address("2", "RUE", "DE LA CIGOGNE ENDORMIE", "68000", "COLMAR", "68066")
    register = ("Tribunal d'instance de Colmar", "87", "212")
    data = association(of, where, declared="1987-09-30", purpose="Faire chanter.", local_law=register)
    return SandboxCompany(
        siret, "LA CLE DES CHANTS DU RIED",
        "Une association de droit local d'Alsace-Moselle : pas de RNA, mais un tribunal, un volume et un folio.",
        "An association under the local law of Alsace-Moselle: no RNA number, but a court, a volume and a folio.",
        {**insee(establishment(siret, of, where), of), **associations(data)},
    )  # fmt: skip


def _sole_trader() -> SandboxCompany:
    siret = "00000500900014"
    grower = {
        "prenom_usuel": "SOLENE", "prenom_1": "SOLENE", "prenom_2": "ODILE", "nom_usage": "LEMARQUERON",
        "nom_naissance": "TOURNEBRIDE", "sexe": "F",
    }  # fmt: skip
    of = unit(siret, None, "1000", "01.13Z", created="2016-02-01", person=grower, employees=None, category="PME")
    where = address("", "LIEU-DIT", "LA GRANGE AUX FEVES", "49000", "ANGERS", "49007")
    return SandboxCompany(
        siret, "LEMARQUERON SOLENE",
        "Une entrepreneuse individuelle (maraîchère) : un nom d'usage et un nom de naissance, pas de RCS.",
        "A sole trader (market gardener): a name in use and a birth name, not in the trade register.",
        {
            **insee(establishment(siret, of, where, enseigne="LES FEVES D'ANGERS"), of),
            "attestations_fiscales_dgfip": tax_certificate("maraichere"),
            "cotisations_msa": msa("up_to_date"),
        },
    )  # fmt: skip


def _hidden_person() -> SandboxCompany:
    siret = "00000600700017"
    photographer = {
        "pseudonyme": "OISELETTE", "prenom_usuel": "MADELINOTTE", "prenom_1": "MADELINOTTE",
        "nom_usage": "SERINVAL", "nom_naissance": "CANARISSE", "sexe": "F",
    }  # fmt: skip
    of = unit(siret, None, "1000", "74.20Z", created="2012-01-12", person=photographer, status=PARTIAL)
    where = address("3", "CHEMIN", "DU SERIN MUET", "15009", "AURILLAC", "15014", complement_adresse="VOLIERE B")
    home = {**NO_PERSON["adresse"], "nom_postal": "3 CHEMIN DU SERIN MUET", "code_postal": "15009"}
    birth = {"pays": {"valeur": "FRANCE", "code": "FR"}, "date": "1977-07-07", "lieu": "PERCHOIR-SUR-CERE"}
    trader = {**NO_PERSON, "adresse": home, "nom": "CANARISSE", "prenom": "Madelinotte", "naissance": birth}
    return SandboxCompany(
        siret, "Personne en diffusion partielle",
        "Une personne qui s'est opposée à la diffusion : son nom, sa rue et son code postal sont masqués.",
        "A person who opposed disclosure: their name, street and postal code are masked.",
        {
            **insee(establishment(siret, of, where, enseigne="AU CANARI VOLAGE"), of),
            "extraits_rcs_infogreffe": rcs(of, "2012-01-20", ("AURILLAC", "1501"), person=trader),
            "attestations_sociales_acoss": vigilance("photographe"),
        },
    )  # fmt: skip


def _hidden_company() -> SandboxCompany:
    siret = "00000700500010"
    of = unit(
        siret, "JARDINS SANS BRUIT", "5499", "81.30Z", created="2009-06-15", sigle="CHARDONVERT", employees="03",
        status=PARTIAL,
    )  # fmt: skip
    where = address("17", "RUE", "DES FAUVETTES CACHEES", "33007", "BORDEAUX", "33063")
    return SandboxCompany(
        siret, "JARDINS SANS BRUIT",
        "Une société en diffusion partielle : sa raison sociale se lit, son sigle et son adresse sont masqués.",
        "A partially disclosed company: its name can be read, its acronym and address are masked.",
        {
            **insee(establishment(siret, of, where, enseigne="CHARDONVERT PAYSAGE"), of),
            "extraits_rcs_infogreffe": rcs(
                of, "2009-06-22", ("BORDEAUX", "3302"), officer("GERANT", "PLANTEROSE", "Ulysse", "1985-09"),
                capital=15000.0,
            ),
            "numero_tva": vat(of),
        },
    )  # fmt: skip


def _hidden_address() -> SandboxCompany:
    siret = "00002400000010"
    of = unit(siret, "VIGIE DU LIMOUSIN", "5710", "80.10Z", created="2018-04-03", sigle="VDL", employees="02")
    where = address("6", "IMPASSE", "DU BOUVREUIL DISCRET", "87017", "LIMOGES", "87085")
    return SandboxCompany(
        siret, "VIGIE DU LIMOUSIN",
        "Une société diffusible dont seul l'établissement est en diffusion partielle : l'adresse est masquée.",
        "A disclosed company whose establishment alone is partially disclosed: the address is masked.",
        {
            **insee(establishment(siret, of, where, status=PARTIAL), of),
            "extraits_rcs_infogreffe": rcs(of, "2018-04-10", ("LIMOGES", "8701"), capital=5000.0),
            "numero_tva": vat(of),
        },
    )  # fmt: skip


def _printer() -> tuple[SandboxCompany, SandboxCompany]:
    old, new = "00000800300014", "00000800300022"
    of = unit(new, "IMPRIMERIE DES QUATRE VENTS", "5499", "18.12Z", created="1991-02-04", employees="03")
    left = address("40", "RUE", "DU CASSETIN", "25000", "BESANCON", "25056", indice_repetition_voie="ter")
    at_new = establishment(
        new, of, address("1", "ALLÉE", "DES TYPOGRAPHES", "25000", "BESANCON", "25056"), created="2024-01-01"
    )
    at_old = establishment(old, of, left, closed="2023-12-31")
    shared = {
        "extraits_rcs_infogreffe": rcs(of, "1991-02-18", ("BESANCON", "2501"), capital=30489.8),
        "numero_tva": vat(of),
    }
    return (
        SandboxCompany(
            old, "IMPRIMERIE DES QUATRE VENTS (fermé)",
            "Un établissement fermé le 31/12/2023, dont le successeur est connu (00000800300022).",
            "An establishment closed on 2023-12-31, whose successor is known (00000800300022).",
            {
                **insee(at_old, of, head_office=at_new), **shared,
                "successions": successors(new, on="2024-01-01"),
            },
        ),
        SandboxCompany(
            new, "IMPRIMERIE DES QUATRE VENTS",
            "Le successeur de l'établissement fermé 00000800300014 : le nouveau siège.",
            "The successor of the closed establishment 00000800300014: the new head office.",
            {**insee(at_new, of), **shared},
        ),
    )  # fmt: skip


def _orchard() -> SandboxCompany:
    siret = "00000900100017"
    of = unit(siret, "VERGERS DE LA COMBE ROUSSE", "6597", "01.24Z", created="2001-11-05", employees="02")
    where = address("", "LIEU-DIT", "LES POMMIERS BAS", "26000", "VALENCE", "26362")
    return SandboxCompany(
        siret, "VERGERS DE LA COMBE ROUSSE",
        "Un établissement dont la fermeture est annoncée : il est encore ouvert aujourd'hui.",
        "An establishment whose closing is announced: it is still open today.",
        {
            **insee(establishment(siret, of, where, closed=midnight_in_days(90)), of),
            "extraits_rcs_infogreffe": rcs(of, "2001-11-19", ("ROMANS", "2602")),
            "cotisations_msa": msa("outdated"),
        },
    )  # fmt: skip


def _cedex() -> SandboxCompany:
    siret = "00001000900017"
    of = unit(
        siret, "CLARTE PROPRETE OUEST", "5599", "81.21Z", created="1979-07-01", sigle="CPO", employees="53",
        category="GE", ess=False,
    )  # fmt: skip
    where = address(
        "200", "BOULEVARD", "DES GRANDES MAREES", "44000", "NANTES", "44109", complement_adresse="IMMEUBLE L'ESTRAN",
        distribution_speciale="CS 70012", code_cedex="44919", libelle_cedex="NANTES CEDEX 9",
    )  # fmt: skip
    return SandboxCompany(
        siret, "CLARTE PROPRETE OUEST",
        "Une adresse CEDEX avec distribution spéciale ; une grande entreprise de plus de 10 000 salariés.",
        "A CEDEX address with special delivery; a large company with more than 10,000 employees.",
        {
            **insee(establishment(siret, of, where, enseigne="CLARTE"), of),
            "extraits_rcs_infogreffe": rcs(of, "1979-07-10", ("NANTES", "4401"), capital=4200000.0),
            "numero_tva": vat(of),
            "attestations_sociales_acoss": vigilance("clarte"),
        },
    )  # fmt: skip


def _abroad() -> SandboxCompany:
    siret = "00001100700010"
    of = unit(siret, "OUTILLAGE MOSAN", "3220", "46.69B", created="2020-03-02", employees=None)
    where = address(
        "77", "RUE", "DU PERRON BRISE", libelle_commune_etranger="LIEGE", code_pays_etranger="99131",
        libelle_pays_etranger="BELGIQUE",
    )  # fmt: skip
    return SandboxCompany(
        siret, "OUTILLAGE MOSAN",
        "Une société étrangère, établie en Belgique : ni code postal ni commune, et pas de RCS.",
        "A foreign company, established in Belgium: no postal code, no commune, not in the trade register.",
        insee(establishment(siret, of, where), of),
    )  # fmt: skip


def _public_body() -> SandboxCompany:
    siret = "00001200500013"
    of = unit(siret, "SYNDICAT DES EAUX DES DEUX AULNES", "7353", "36.00Z", created="1962-01-01", employees="11")
    where = address("1", "PLACE", "DU CHATEAU D'EAU", "86000", "POITIERS", "86194")
    return SandboxCompany(
        siret, "SYNDICAT DES EAUX DES DEUX AULNES",
        "Un organisme public : ni registre du commerce, ni registre des associations.",
        "A public body: in neither the trade register nor the register of associations.",
        {**insee(establishment(siret, of, where), of), "numero_tva": vat(of)},
    )  # fmt: skip


def _rcs_down() -> SandboxCompany:
    siret = "00001300300017"
    of = unit(siret, "PLOMBERIE LATOUR-MEUNIER", "5499", "43.22A", created="2011-05-16", employees="03", category="PME")
    where = address("23", "RUE", "DE LA FONTAINE SECHE", "31000", "TOULOUSE", "31555")
    return SandboxCompany(
        siret, "PLOMBERIE LATOUR-MEUNIER",
        "Infogreffe est en panne (504) : le reste du formulaire se remplit quand même.",
        "The trade register is down (504): the rest of the form is filled all the same.",
        {
            **insee(establishment(siret, of, where), of),
            "extraits_rcs_infogreffe": Reply(fault="002", retry_in=30),
            "numero_tva": vat(of),
            "attestations_sociales_acoss": Reply(fault="002", retry_in=300),
            "certificats_cnetp": Reply(fault="002"),
        },
    )  # fmt: skip


def _all_down() -> SandboxCompany:
    return SandboxCompany(
        "00001400100010", "Tout est en panne",
        "Toutes les sources sont en panne, l'Insee comprise : le formulaire reste à remplir à la main.",
        "Every source is down, the Insee included: the form is left to fill in by hand.",
        every(lambda producer: "999" if producer == "Insee" else "001"),
    )  # fmt: skip


def _undisclosed() -> SandboxCompany:
    return SandboxCompany(
        "00001500800014", "Entreprise non diffusible",
        "Une entreprise dont la loi interdit de diffuser quoi que ce soit (451).",
        "A company of which the law forbids to disclose anything (451).",
        {name: reply for name, reply in every(lambda _: "451").items() if _is_insee(name)},
    )  # fmt: skip


def _is_insee(name: str) -> bool:
    return name.startswith(("etablissements", "siege_social", "entreprises"))


def _unknown() -> SandboxCompany:
    return SandboxCompany(
        "00001600600017", "Numéro inconnu",
        "Un numéro possible mais inconnu de tous les registres (404).",
        "A number that could exist but that no register knows (404).",
    )  # fmt: skip


def _rcs_slow() -> SandboxCompany:
    siret = "00001700400011"
    of = unit(siret, "ROULAGE PERCHERON", "5202", "49.41A", created="2008-12-01", employees="12", category="PME")
    where = address("9", "ROUTE", "DU RELAIS DE POSTE", "28000", "CHARTRES", "28085")
    return SandboxCompany(
        siret, "ROULAGE PERCHERON",
        "Infogreffe met une seconde et demie à répondre : le formulaire se remplit au fur et à mesure.",
        "The trade register takes a second and a half to answer: the form fills in as answers come.",
        {
            **insee(establishment(siret, of, where), of),
            "extraits_rcs_infogreffe": rcs(
                of, "2008-12-09", ("CHARTRES", "2801"), officer("GERANTE", "BELLECHARTIER", "Ondine", "1985-09"),
                capital=42000.0, nom_commercial="SUPPRESSION DU NOM COMMERCIAL", delay=1.5,
            ),
            "numero_tva": vat(of),
        },
    )  # fmt: skip


def _struck_off() -> SandboxCompany:
    siret = "00001900000017"
    of = unit(siret, "MECANIQUE DU FOREZ", "5499", "25.62B", created="1994-01-10", employees="NN", ceased="2025-02-28")
    where = address("52", "RUE", "DES TOURNEURS", "42000", "SAINT-ETIENNE", "42218")
    return SandboxCompany(
        siret, "MECANIQUE DU FOREZ",
        "Une société radiée du RCS, dont l'unité légale a cessé et l'établissement fermé.",
        "A company struck off the trade register, whose legal unit has ceased and whose establishment is closed.",
        {
            **insee(establishment(siret, of, where, closed="2025-02-28"), of),
            "extraits_rcs_infogreffe": rcs(
                of, "1994-01-24", ("SAINT ETIENNE", "4202"), capital=7622.45, struck_off="2025-03-14",
                observations=("CLOTURE POUR INSUFFISANCE D'ACTIF",),
            ),
        },
    )  # fmt: skip


def _naf_2025() -> SandboxCompany:
    siret = "00002000800017"
    of = unit(siret, "OCTAVIE LOGICIELS", "5710", "62.10Y", created="2025-09-15", employees=None)
    where = address("11", "COURS", "DES ALGORITHMES", "63000", "CLERMONT-FERRAND", "63113")
    return SandboxCompany(
        siret, "OCTAVIE LOGICIELS",
        "Une activité en NAF 2025, une enseigne supprimée, et une société que le RCS ne connaît pas encore.",
        "An activity in NAF 2025, a deleted trade name, and a company that the trade register does not know yet.",
        {
            **insee(establishment(siret, of, where, enseigne="SUPPRESSION DU NOM COMMERCIAL"), of),
            "numero_tva": vat(of),
            "exercices": turnover((1, "48500.50")),
        },
    )  # fmt: skip


def _sentinels() -> SandboxCompany:
    siret = "00002100600010"
    of = unit(siret, "COMPTOIR DES TROIS CLOCHERS", "5998", "74.1J", created="1900-01-01", employees=None)
    where = address("4", "SQUARE", "DU CADRAN SOLAIRE", "80000", "AMIENS", "80021")
    return SandboxCompany(
        siret, "COMPTOIR DES TROIS CLOCHERS",
        "Une vieille fiche : activité et forme juridique sans libellé, date de création inconnue (01/01/1900).",
        "An old entry: activity and legal form without a label, unknown creation date (1900-01-01).",
        {
            **insee(establishment(siret, of, where), of),
            "extraits_rcs_infogreffe": rcs(of, "1968-06-04", ("AMIENS", "8002"), capital=10000.0),
        },
    )  # fmt: skip


def _roadworks() -> SandboxCompany:
    siret = "00002200400014"
    of = unit(siret, "ROUTES ET TALUS DU MAINE", "5710", "42.11Z", created="2003-04-22", employees="21", category="PME")
    where = address("60", "ROUTE", "DU GRAVILLON", "72000", "LE MANS", "72181")
    return SandboxCompany(
        siret, "ROUTES ET TALUS DU MAINE",
        "Une entreprise de travaux publics qui n'est pas à jour : attestations refusées, certificats périmés.",
        "A public works company that is not up to date: refused attestations, expired certificates.",
        {
            **insee(establishment(siret, of, where), of),
            "extraits_rcs_infogreffe": rcs(of, "2003-05-02", ("LE MANS", "7202"), capital=152449.02),
            "numero_tva": vat(of),
            "exercices": turnover((1, 11830000), (2, 14210500)),
            "attestations_sociales_acoss": vigilance_refused(),
            "cotisation_retraite_probtp": probtp(eligible=False),
            "certificats_cnetp": link("cnetp-routes"),
            "cartes_professionnelles_fntp": link("fntp-routes"),
            "certificats_cibtp": Reply(fault="422"),
            "certificats_qualifelec": qualifelec(1204, until=in_days(150)),
            "certificats_qualibat": qualibat("routes", until="2024-02-29"),
            "certificats_rge_ademe": listed(rge("routes", until="2023-06-30")),
        },
    )  # fmt: skip


def _vineyard() -> SandboxCompany:
    siret = "00002300200017"
    of = unit(siret, "DOMAINE DES HAUTES TREILLES", "6598", "01.21Z", created="1999-01-01", employees="01")
    where = address("", "LIEU-DIT", "CLOS DE LA GRIVE", "21200", "BEAUNE", "21054")
    return SandboxCompany(
        siret, "DOMAINE DES HAUTES TREILLES",
        "Une exploitation agricole dont la situation est en cours d'analyse à la MSA et à l'Urssaf.",
        "A farm whose situation is being examined by the MSA and the Urssaf.",
        {
            **insee(establishment(siret, of, where), of),
            "extraits_rcs_infogreffe": rcs(of, "1999-01-18", ("DIJON", "2104"), capital=91469.41),
            "attestations_sociales_acoss": UNDER_ANALYSIS,
            "attestations_fiscales_dgfip": ok({
                **tax_certificate("domaine").body["data"],
                "document_url": document("lien-expire"),
            }),
            "cotisations_msa": msa("under_investigation"),
        },
    )  # fmt: skip


COMPANIES: tuple[SandboxCompany, ...] = (
    _menuiserie(),
    *_bureau_etudes(),
    _association(),
    _alsace(),
    _sole_trader(),
    _hidden_person(),
    _hidden_company(),
    _hidden_address(),
    *_printer(),
    _orchard(),
    _cedex(),
    _abroad(),
    _public_body(),
    _rcs_down(),
    _all_down(),
    _undisclosed(),
    _unknown(),
    _rcs_slow(),
    _duplicate(),
    _struck_off(),
    _naf_2025(),
    _sentinels(),
    _roadworks(),
    _vineyard(),
)


_SIRENS = frozenset(company.siret[:9] for company in (*COMPANIES, *SEARCHED))
_RNA_NUMBERS = frozenset(company.rna for company in (*COMPANIES, *SEARCHED))


def is_invented(number: str) -> bool:
    """Tell whether a SIRET, a SIREN or an RNA number is one of the sandbox's companies, or of another establishment of one."""
    return number[:9] in _SIRENS or number in _RNA_NUMBERS
