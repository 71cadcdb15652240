"""The grounds of exclusion of the code de la commande publique, article by article, and which proofs bear on each.

An article says where to look, never what follows: a proof that is not delivered is asked of the candidate, and what no
register holds rests on the candidate's declaration on honour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prefill.problems import Language


@dataclass(frozen=True, slots=True)
class Article:
    """A ground of exclusion; `declared` when the candidate's declaration on honour answers it, in part at least."""

    number: str
    title: Mapping[Language, str]
    sources: tuple[str, ...] = ()
    declared: bool = False


ARTICLES: tuple[Article, ...] = (
    Article(
        "L2141-1",
        {
            "fr": "Condamnations pénales définitives (corruption, fraude, blanchiment, traite…)",
            "en": "Final criminal convictions (corruption, fraud, money laundering, trafficking…)",
        },
        declared=True,
    ),
    Article(
        "L2141-2",
        {"fr": "Déclarations et paiements fiscaux et sociaux", "en": "Tax and social security returns and payments"},
        (
            "attestations_fiscales_dgfip",
            "attestations_sociales_acoss",
            "cotisations_msa",
            "cotisation_retraite_probtp",
            "attestations_probtp",
            "certificats_cnetp",
            "certificats_cibtp",
        ),
    ),
    Article(
        "L2141-3",
        {
            "fr": "Liquidation, faillite personnelle, interdiction de gérer, redressement",
            "en": "Liquidation, personal bankruptcy, ban on managing, receivership",
        },
        ("extraits_rcs_infogreffe", "extraits_rne"),
    ),
    Article(
        "L2141-4",
        {
            "fr": "Travail illégal, égalité professionnelle, obligation de négocier, peine d’exclusion",
            "en": "Illegal work, equality at work, duty to negotiate, sentence of exclusion",
        },
        declared=True,
    ),
    Article(
        "L2141-5",
        {
            "fr": "Décision administrative d’exclusion des contrats administratifs",
            "en": "Administrative decision of exclusion from public contracts",
        },
        declared=True,
    ),
)
DECLARED: Mapping[Language, str] = {
    "fr": "Aucun registre : à demander au candidat (déclaration sur l’honneur).",
    "en": "No register: to ask of the candidate (declaration on honour).",
}
