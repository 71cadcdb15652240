"""Builders of proofs and documents."""

from __future__ import annotations

from prefill.sandbox.model import (
    URL,
    DateDependent,
    Json,
    Reply,
    end_of_month,
    in_days,
    listed,
    midnight,
    ok,
    row,
    year_end,
)

DAY = 24 * 3600


def document(name: str) -> str:
    return f"{URL}/documents/{name}.pdf"


def relayed(name: str) -> str:
    """The address of a file that API Entreprise relays: without extension."""
    return f"{URL}/proxy/files/{name}"


def link(name: str, *, seconds: int = DAY) -> Reply:
    return ok({"document_url": document(name), "expires_in": seconds})


def deeds(name: str) -> Reply:
    """List two deeds, and the accounts that the INPI sends along with them."""
    deposit = {"date_depot": "2024-06-18", "date_mise_a_jour": "2024-06-21"}
    deed = {"type_acte": "Procès-verbal", "type_decision": "Nomination de dirigeant"}
    statutes = {"type_acte": "Statuts mis à jour", "type_decision": None}
    paper = {"id": f"acte-{name}", "nom_document": f"ACTE_{name.upper()}", "url": relayed(f"acte-{name}")}
    accounts = {"id": f"bilan-{name}", "nom_document": f"BILAN_{name.upper()}", "url": relayed(f"bilan-{name}")}
    return ok({
        "actes": [{**paper, **deposit, "types_actes": [deed, statutes]}],
        "bilans": [{**accounts, **deposit, "date_cloture": year_end(2), "type": "bilan simplifié"}],
    })  # fmt: skip


def papers(*kinds: str) -> Reply:
    """List an association's papers, the last of them unreadable."""
    sound = [row(_paper(kind, relayed(f"association-{number}"), DAY, [])) for number, kind in enumerate(kinds[:-1], 1)]
    broken = row(_paper(kinds[-1], None, None, ["Le document déposé est illisible."]))
    meta = {"nombre_documents": len(kinds), "nombre_documents_deficients": 1}
    return listed(*sound, broken, meta=meta)


def _paper(kind: str, url: str | None, expires: int | None, errors: list[str]) -> Json:
    deposit = str(midnight("2023-09-14"))
    return {"timestamp": deposit, "type": kind, "url": url, "expires_in": expires, "errors": errors}


def turnover(*years: tuple[int, float | str]) -> Reply:
    """List closed years, each by how many years ago it ended and its euros, in the order given."""
    rows = ({"chiffre_affaires": euros, "date_fin_exercice": year_end(ago)} for ago, euros in years)
    return listed(*map(row, rows))


def average_staff(value: float | None, *, ago: int, nature: str = "effectif_moyen_annuel") -> Reply:
    """Count a year's average staff, `ago` years back; None when the register has no figure."""
    return ok({
        "siren": "",
        "annee": DateDependent(lambda day: str(day.year - ago)),
        "effectifs_annuel": [
            {
                "regime": "regime_general",
                "value": value,
                "nature": nature,
                "date_derniere_mise_a_jour": year_end(ago),
            }
        ],
    })  # fmt: skip


def with_staff(siren: str, *years: float, disabled: float, liable: float) -> dict[str, Reply]:
    """Give a company its staff of the last years, latest first, its disabled workers and the staff that counts for that duty."""
    names = ("effectifs_annuels", "effectifs_annuels_precedents", "effectifs_annuels_anterieurs")
    replies = {
        **{name: average_staff(value, ago=ago) for ago, (name, value) in enumerate(zip(names, years, strict=True), 1)},
        "effectifs_boeth": average_staff(disabled, ago=1, nature="effectif_boeth_annuel"),
        "effectifs_oeth": average_staff(liable, ago=1, nature="effectif_assujettissement_oeth_annuel"),
    }
    return {name: ok({**reply.body["data"], "siren": siren}) for name, reply in replies.items()}


def tax_certificate(name: str) -> Reply:
    return ok({
        "document_url": document(f"attestation-fiscale-{name}"),
        "document_url_expires_in": DAY,
        "date_delivrance_attestation": in_days(0),
        "date_periode_analysee": end_of_month(-1),
    })  # fmt: skip


def vigilance(name: str) -> Reply:
    """Deliver the Urssaf's certificate, good until the end of the sixth month after it begins."""
    return _vigilance(
        ("ok", "Attestation délivrée", "L'entité est à jour de ses cotisations envers l'Urssaf."),
        (in_days(-40), end_of_month(6, days=-40), "SANDBOX0CODE001", document(f"vigilance-{name}"), DAY),
    )


def vigilance_refused() -> Reply:
    return _vigilance(
        ("refus_de_delivrance", "Attestation refusée", "L'entité n'est pas à jour de ses cotisations envers l'Urssaf."),
        (None, None, None, None, None),
    )


def _vigilance(status: tuple[str, str, str], paper: tuple[object, ...]) -> Reply:
    keys = ("date_debut_validite", "date_fin_validite", "code_securite", "document_url", "document_url_expires_in")
    entity = dict(zip(("code", "libelle", "description"), status, strict=True))
    return ok({"entity_status": entity, **dict(zip(keys, paper, strict=True))})


UNDER_ANALYSIS = Reply(fault="501", retry_in=2 * DAY)


def msa(status: str) -> Reply:
    return ok({"status": status})


def probtp(*, eligible: bool) -> Reply:
    return ok({"eligible": eligible})


def qualibat(name: str, *, until: DateDependent | str) -> Reply:
    insurer = {"nom": "MUTUELLE DU COMPAS", "identifiant": "SBX-000417"}
    joinery = {"code": "4312", "libelle": "Menuiserie extérieure (technicité confirmée)", "rge": False}
    return ok({
        "document_url": document(f"qualibat-{name}"),
        "document_url_expires_in": DAY,
        "date_emission": "2022-02-01",
        "date_fin_validite": until,
        "entity": {
            "assurance_responsabilite_travaux": insurer,
            "assurance_responsabilite_civile": {"nom": None, "identifiant": None},
            "certifications": [{**joinery, "date_attribution": "2022-02-01"}],
        },
    })  # fmt: skip


def rge(name: str, *, until: DateDependent | str, archived: bool = False) -> Json:
    return row({
        "url": f"https://qualibat.invalid/certificats/{name}.pdf",  # its issuer's host, as in production: relayed by nobody
        "nom_certificat": "RGE Menuiseries",
        "domaine": "Fenêtres, volets, portes donnant sur l'extérieur",
        "meta_domaine": "Travaux d'efficacité énergétique",
        "qualification": {"code": "3512", "nom": "Fourniture et pose de menuiseries extérieures"},
        "organisme": "qualibat",
        "date_attribution": "2021-10-04",
        "date_expiration": until,
        "meta": {"internal_id": f"SBX-{name.upper()}", "updated_at": "2024-01-15", "archived": archived},
    })  # fmt: skip


def opqibi(*, until: DateDependent | str) -> Reply:
    networks = {"nom": "Étude de réseaux d'eau courants", "code_qualification": "1302", "rge": False}
    audit = {"nom": "Audit énergétique des bâtiments", "code_qualification": "1905", "rge": True}
    return ok({
        "numero_certificat": "00 00 0002",
        "url": "https://opqibi.invalid/fiches/0002",
        "date_delivrance_certificat": "2023-05-09",
        "duree_validite_certificat": "quatre ans",
        "assurances": "MUTUELLE DU COMPAS",
        "qualifications": [{**networks, "definition": "Dimensionnement de réseaux enterrés de taille courante."}],
        "date_validite_qualifications": until,
        "qualifications_probatoires": [{**audit, "definition": "Bilan des consommations et des améliorations."}],
        "date_validite_qualifications_probatoires": None,
    })  # fmt: skip
