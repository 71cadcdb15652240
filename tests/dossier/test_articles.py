"""The grounds of exclusion, article by article: each has its proofs or the candidate's declaration."""

from __future__ import annotations

from prefill.domain.catalogue import CATALOGUE
from prefill.dossier.articles import ARTICLES
from prefill.dossier.themes import THEMES
from prefill.tenancy.model import SANDBOX_AGENT_KEY
from tests.support.factories import ask, bearer, proofs_of

SANDBOX = bearer(SANDBOX_AGENT_KEY)
BEHIND = "00002200400014"


def test_each_article_has_a_proof_or_a_declaration_and_names_sources_of_the_dossier():
    shown = {source for theme in THEMES for source in theme.sources}

    assert [article.number for article in ARTICLES] == [f"L2141-{number}" for number in range(1, 6)]
    assert all(bool(article.sources) != article.declared for article in ARTICLES)
    assert {source for article in ARTICLES for source in article.sources} <= shown & CATALOGUE.keys()


def test_a_dossier_says_which_of_its_proofs_bear_on_an_article(client):
    body = ask(client, BEHIND, SANDBOX).json
    articles = {article["article"]: article for article in body["articles"]}

    assert set(articles["L2141-2"]["sources"]) <= proofs_of(body).keys()
    assert "attestations_fiscales_dgfip" in articles["L2141-2"]["sources"]
    assert "declaration" not in articles["L2141-2"]
    assert (articles["L2141-1"]["sources"], "déclaration sur l’honneur" in articles["L2141-1"]["declaration"]) == (
        [],
        True,
    )
