"""For no answer of any register does a sentence of the dossier state a breach, or that there is none, beyond the register's
own status named as its own; and no proof that was not delivered is folded away or shown as good."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefill.app import create_app
from prefill.domain.answers import Answer, Cause, StandIn, Status
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.permissions import Audience
from prefill.dossier.builder import build_dossier
from prefill.dossier.model import Dossier, Proof
from prefill.dossier.states import State, Tone
from prefill.forms.filling import fill
from prefill.forms.reasons import Missing, Reason
from prefill.prefilling.notices import SENTENCES as NOTICES
from prefill.problems import Language
from prefill.settings import Settings

TODAY = date(2026, 11, 25)
LANGUAGES: tuple[Language, ...] = ("fr", "en")
FORM = create_app(Settings(log="json")).extensions["prefill"].forms.content.forms["dossier"]
ON_DEMAND = frozenset(FORM.on_demand())
DAYS = st.sampled_from([None, "", "2019-01-01", "2026-12-01", "2030-01-01", "[ND]", 0])
LINKS = st.sampled_from(
    [None, "", "https://storage.entreprise.api.gouv.fr/a.pdf", "https://www.qualibat.com/a.pdf", "ftp://x"]
)
CODES = st.sampled_from(
    [None, "00000", "03003", "04003", "04501", "04502", "04503", "08003", "12003", "38003", "38422", "02502", "10003"]
)
# What each register may answer, in the shapes that it really sends and in some that it should not.
DATA: dict[str, st.SearchStrategy[Any]] = {
    "attestations_fiscales_dgfip": st.fixed_dictionaries(
        {"document_url": LINKS, "date_delivrance_attestation": DAYS, "date_periode_analysee": DAYS}
    ),
    "attestations_sociales_acoss": st.fixed_dictionaries({
        "document_url": LINKS,
        "date_debut_validite": DAYS,
        "date_fin_validite": DAYS,
        "entity_status": st.fixed_dictionaries(
            {"code": st.sampled_from(["ok", "refus_de_delivrance", "autre", "", None]), "libelle": st.sampled_from(["", None, "Statut"])}
        ),
    }),
    "cotisations_msa": st.fixed_dictionaries({"status": st.sampled_from(["up_to_date", "outdated", "under_investigation", "", "x"])}),
    "cotisation_retraite_probtp": st.fixed_dictionaries({"eligible": st.booleans()}),
    "certificats_rge_ademe": st.lists(
        st.fixed_dictionaries({
            "url": LINKS, "nom_certificat": st.just("Certificat"), "date_attribution": DAYS, "date_expiration": DAYS,
            "qualification": st.just({"code": "1", "nom": "Q"}), "meta": st.fixed_dictionaries({"archived": st.sampled_from([True, False, None])}),
        }), max_size=3,
    ),
    "certificats_qualibat": st.fixed_dictionaries({"document_url": LINKS, "date_fin_validite": DAYS, "date_emission": DAYS, "entity": st.just({"certifications": []})}),
    "certificats_opqibi": st.fixed_dictionaries({"qualifications": st.just([]), "date_validite_qualifications": DAYS}),
    "certifications_qualiopi": st.fixed_dictionaries({"declarations_activites_etablissement": st.sampled_from([[], [{"numero_de_declaration": "1", "actif": True}]])}),
    "certificats_qualifelec": st.lists(st.fixed_dictionaries({"document_url": LINKS, "date_fin": DAYS, "qualification": st.just({"label": "Q"})}), max_size=2),
}  # fmt: skip
ONE_DOCUMENT = st.fixed_dictionaries({"document_url": LINKS})
PROOFS = tuple(source for source in SOURCES if source.proof and source.usable)

# A sentence that speaks of compliance, in French or in English.
COMPLIANCE = re.compile(
    r"manquement|à jour|en règle|en ordre|régulari|réglé|irrégul|breach|up to date|in order|settled|compliant|arriér",
    re.IGNORECASE,
)
# What may speak of it: the register's own status, named, or what a document that was delivered attests.
OWN_STATUS = re.compile(
    r"^(?:non )?à jour selon |^(?:not )?up to date according to |^Statut donné par |^Status given by |selon elle|according to it"
)
TWO_SIDED = ("pas en règle, ou hors du périmètre. Rien ne distingue", "not in order, or out of scope. Nothing tells")


def answers_of(name: str) -> st.SearchStrategy[Answer]:
    """Every answer that a source can give, failures and unknown codes included."""
    ok = st.builds(
        lambda data, meta: Answer(name, Status.OK, data=data, meta=meta),
        DATA.get(name, ONE_DOCUMENT),
        st.sampled_from([{}, {"extractor_error": "unreadable"}]),
    )
    failed = st.builds(
        lambda status, code, cause: Answer(name, status, code=code, cause=cause),
        st.sampled_from([status for status in Status if status is not Status.OK]),
        CODES,
        st.sampled_from([None, *Cause]),
    )
    return st.one_of(ok, failed)


def dossier_of(answers: dict[str, Answer]) -> Dossier:
    filled = fill(FORM, answers, audience=Audience.AGENT, extra=ON_DEMAND)
    allowed = "https://storage.entreprise.api.gouv.fr/"
    return build_dossier(FORM, filled, answers, "000001008", TODAY, fetchable=lambda url: url.startswith(allowed))


def proof_of(answer: Answer) -> Proof:
    return next(proof for proof in dossier_of({answer.source: answer}).proofs if proof.source.name == answer.source)


def sentences_of(proof: Proof) -> Iterator[str]:
    for language in ("fr", "en"):
        yield proof.word(language)
        yield proof.message(language)


def expected_states(answer: Answer) -> set[State]:
    """The states that prove no more than the answer does, worked out apart from the code."""
    data, name = answer.data, answer.source
    if not answer.ok:
        return set(State) - {
            State.UP_TO_DATE,
            State.NOT_UP_TO_DATE,
            State.DELIVERED,
            State.VALID,
            State.EXPIRED,
            State.CLOSED,
            State.AVAILABLE,
        }
    if name == "cotisations_msa":
        own = {
            "up_to_date": State.UP_TO_DATE,
            "outdated": State.NOT_UP_TO_DATE,
            "under_investigation": State.UNDER_REVIEW,
        }
        return {own.get(data["status"], State.TO_CHECK), *(() if data["status"] in own else (State.OUT_OF_SCOPE,))}
    if name == "cotisation_retraite_probtp":
        return {State.UP_TO_DATE if data["eligible"] else State.NOT_UP_TO_DATE}
    if name == "attestations_sociales_acoss":
        code = data["entity_status"]["code"]
        if code == "refus_de_delivrance":
            return {State.REFUSED}
        return {State.DELIVERED, State.EXPIRED} if code == "ok" else {State.TO_CHECK, State.NOT_DELIVERED}
    return {
        State.DELIVERED,
        State.VALID,
        State.EXPIRED,
        State.AVAILABLE,
        State.TO_CHECK,
        State.NOT_DELIVERED,
        State.OUT_OF_SCOPE,
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", [source.name for source in PROOFS])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_sentence_never_says_more_than_the_register(name, data):
    answer = data.draw(answers_of(name))
    proof = proof_of(answer)

    assert proof.state in expected_states(answer)
    for sentence in sentences_of(proof):
        if COMPLIANCE.search(sentence):
            two_sided = any(part in sentence for part in TWO_SIDED)
            refusal = proof.state is State.REFUSED
            assert two_sided or refusal or OWN_STATUS.search(sentence), sentence
    if proof.state in (
        State.NOT_DELIVERED,
        State.REFUSED,
        State.OUT_OF_SCOPE,
        State.UNDER_REVIEW,
        State.TO_CHECK,
        State.UNAVAILABLE,
    ):
        assert not proof.folded
        assert proof.tone not in (Tone.GOOD, Tone.DELIVERED)
    if not answer.ok:
        assert proof.proves("fr") is None
        assert proof.tone not in (Tone.GOOD, Tone.DELIVERED)
    if proof.state is State.REFUSED:
        assert answer.code in ("38422", "04503") or name == "attestations_sociales_acoss"


@pytest.mark.parametrize(
    "source",
    [source for source in PROOFS if source.proof and source.proof.delivered_only_if_in_order],
    ids=lambda source: source.name,
)
@pytest.mark.parametrize("code", [None, "03003", "00003", "99003"])
def test_the_silence_of_who_delivers_only_to_those_in_order_is_said_as_such(source, code):
    proof = proof_of(Answer(source.name, Status.ABSENT, code=code, http_status=404))

    assert (proof.state, proof.tone, proof.folded) == (State.NOT_DELIVERED, Tone.ASK, False)
    assert proof.word("fr") == "non délivrée : à demander au candidat"
    assert proof.alternative("fr")
    assert proof.perimeter("fr")
    dossier = dossier_of({source.name: Answer(source.name, Status.ABSENT, code=code)})
    assert dossier.counts[0] == (State.NOT_DELIVERED, 1)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("04501", "Un agent de l'Urssaf examine le compte : redemander plus tard."),
        ("04502", "L'Urssaf traite la demande : redemander plus tard."),
    ],
)
def test_an_account_under_analysis_is_not_a_register_that_fails(code, sentence):
    answer = Answer(
        "attestations_sociales_acoss", Status.UNAVAILABLE, cause=Cause.PROVIDER, code=code, retry_after=172800.0
    )
    proof = proof_of(answer)

    assert (proof.state, proof.word("fr"), proof.message("fr"), proof.retry_in) == (
        State.UNDER_REVIEW, "en cours d'analyse", sentence, 172800.0,
    )  # fmt: skip


def rge(*, until: date, archived: bool, url: str = "https://www.qualibat.com/a.pdf") -> dict[str, Any]:
    qualification = {"code": "1", "nom": "Q"}
    return {"url": url, "nom_certificat": "Certificat", "qualification": qualification, "date_expiration": until.isoformat(), "meta": {"archived": archived}}  # fmt: skip


def test_an_archived_certificate_is_not_valid():
    later = TODAY + timedelta(days=400)
    only_archived = proof_of(Answer("certificats_rge_ademe", Status.OK, data=[rge(until=later, archived=True)]))
    with_another = proof_of(Answer("certificats_rge_ademe", Status.OK, data=[
        rge(until=later, archived=True), rge(until=TODAY + timedelta(days=40), archived=False),
    ]))  # fmt: skip

    assert (only_archived.state, only_archived.valid_until) == (State.EXPIRED, None)
    assert [row["valid"] for row in with_another.details[0].value] == [False, True]
    assert (with_another.state, with_another.valid_until) == (State.VALID, TODAY + timedelta(days=40))


@pytest.mark.parametrize(
    ("url", "outside"),
    [
        ("https://www.qualit-enr.org/certificat?id=1", True),
        ("https://storage.entreprise.api.gouv.fr/a.pdf", False),
        ("http://www.qualibat.com/a.pdf", None),
        ("javascript:alert(1)", None),
        ("https://user@www.qualibat.com/a.pdf", None),
        ("https://127.0.0.1/a.pdf", None),
        ("", None),
    ],
)
def test_a_certifiers_file_is_an_outside_link_or_nothing(url, outside):
    answer = Answer("certificats_rge_ademe", Status.OK, data=[rge(until=TODAY, archived=False, url=url)])

    assert [document.outside for document in proof_of(answer).documents] == ([] if outside is None else [outside])


def test_a_file_elsewhere_of_a_source_without_outside_files_is_no_link():
    answer = Answer("certificats_cnetp", Status.OK, data={"document_url": "https://www.qualibat.com/a.pdf"})

    assert [document.outside for document in proof_of(answer).documents] == [False]


def shareholders(*shares: tuple[float, str]) -> Answer:
    rows = [{"type": "personne_morale", "pourcentage": share, "personne_morale_attributes": {"siren": "000026005", "denomination": name}} for share, name in shares]  # fmt: skip
    return Answer("liens_capitalistiques", Status.OK, data={"capital": {"actionnaires": rows}, "participations": {}})


def test_the_tax_certificate_of_a_subsidiary_names_its_parent():
    certificate = Answer(
        "attestations_fiscales_dgfip", Status.OK, data={"document_url": "https://storage.entreprise.api.gouv.fr/a.pdf"}
    )
    answers = {
        "attestations_fiscales_dgfip": certificate,
        "liens_capitalistiques": shareholders((95.0, "HOLDING"), (5.0, "AUTRE")),
    }
    proof = next(one for one in dossier_of(answers).proofs if one.source.name == "attestations_fiscales_dgfip")

    group, parent = (caution["fr"] for caution in proof.cautions)
    assert "art. 223 A" in group
    assert "HOLDING (SIREN 000026005) détient 95 %" in parent


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (Cause.REJECTED, "API Entreprise n'accepte pas cette demande"),
        (Cause.OTHER_COMPANY, "L'Insee a répondu au sujet d'une autre entreprise"),
        (Cause.UNREADABLE, "L'Insee a répondu sous une forme"),
        (Cause.TIMEOUT, "L'Insee ne répond pas"),
    ],
)
def test_a_register_that_is_not_silent_is_not_said_to_be(cause, said):
    failed = Answer("etablissements", Status.UNAVAILABLE, cause=cause)

    assert proof_of(failed).message("fr").startswith(said)


def test_what_the_open_directory_says_is_not_said_by_the_insee():
    place = {"etat_administratif": "A", "unite_legale": {"etat_administratif": "A"}, "adresse": None, "siret": None}
    failed = Answer("etablissements", Status.UNAVAILABLE, cause=Cause.TIMEOUT)
    stand_in = Answer("recherche_entreprises", Status.OK, place, stand_in=StandIn(frozenset(), frozenset(), failed))
    proofs = {one.source.name: one for one in dossier_of({"etablissements": stand_in}).proofs}

    assert {proofs[name].state for name in ("etablissements", "entreprises")} == {State.UNAVAILABLE}
    assert proofs["entreprises"].message("fr").startswith("L'Insee ne répond pas")


def test_an_answer_that_cannot_be_read_is_not_an_empty_one():
    declaration = {"numero_de_declaration": "84", "actif": "true"}
    answer = Answer("certifications_qualiopi", Status.OK, data={"declarations_activites_etablissement": [declaration]})

    assert proof_of(answer).state is State.TO_CHECK
    assert proof_of(Answer("cotisations_msa", Status.OK, data={"status": "suspended"})).state is State.TO_CHECK
    assert proof_of(replace(answer, data={"declarations_activites_etablissement": []})).state is State.OUT_OF_SCOPE


def test_staff_counts_each_scheme_once_by_its_latest_figure():
    def figure(scheme, value, day):
        return {"regime": scheme, "value": value, "date_derniere_mise_a_jour": day}

    rows = [
        figure("regime_general", 13, "2026-01-01"),
        figure("regime_agricole", None, "2026-05-09"),
        figure("regime_agricole", 12, "2026-02-09"),
    ]
    told = proof_of(Answer("effectifs_annuels", Status.OK, data={"annee": "2025", "effectifs_annuel": rows}))
    rows[1]["date_derniere_mise_a_jour"] = rows[2]["date_derniere_mise_a_jour"] = None
    untold = proof_of(Answer("effectifs_annuels", Status.OK, data={"annee": "2025", "effectifs_annuel": rows}))

    assert {detail.name: detail.value for detail in told.details} == {"year": "2025", "average": 13}
    assert {detail.name: detail.value for detail in untold.details} == {"year": "2025"}


def test_a_certificate_does_not_outlive_its_qualification():
    row = {"qualification": {"label": "Solaire", "date_fin": "2026-10-31"}, "date_fin": "2027-01-31"}
    proof = proof_of(Answer("certificats_qualifelec", Status.OK, data=[row]))

    assert (proof.state, str(proof.valid_until)) == (State.EXPIRED, "2026-10-31")


@pytest.mark.parametrize("siren", ["99999999", "NS", "000026006", None])
def test_a_parent_that_no_number_names_is_named_without_one(siren):
    held = shareholders((100.0, "KONZERN AG"))
    rows = held.data["capital"]["actionnaires"]
    rows[0]["personne_morale_attributes"]["siren"] = siren
    rows.append(None)
    url = "https://storage.entreprise.api.gouv.fr/a.pdf"
    certificate = Answer("attestations_fiscales_dgfip", Status.OK, data={"document_url": url})
    dossier = dossier_of({"attestations_fiscales_dgfip": certificate, "liens_capitalistiques": held})
    proof = next(one for one in dossier.proofs if one.source.name == "attestations_fiscales_dgfip")

    assert "KONZERN AG (SIREN —) détient 100 %" in proof.cautions[1]["fr"]


def test_every_row_of_the_catalogue_that_tenders_may_use_has_a_place():
    named = {proof.source.name for proof in dossier_of({}).proofs}
    elsewhere = {"successions", "numero_tva", "effectifs_boeth", "effectifs_oeth"}

    assert {source.name for source in SOURCES if source.usable and not source.twin_of} - named <= elsewhere


def test_a_row_that_the_law_excludes_is_the_only_one_that_does_not_concern_the_company():
    unlikely = proof_of(Answer("cotisations_msa", Status.NOT_REQUESTED, cause=Cause.UNLIKELY))
    excluded = proof_of(Answer("cotisation_retraite_probtp", Status.NOT_APPLICABLE))

    assert "Ne concerne pas" not in unlikely.message("fr")
    assert "Ne concerne pas ce type d'entreprise" in excluded.message("fr")
    assert (unlikely.folded, excluded.folded) == (False, True)
    assert replace(unlikely, activity="81.30Z").message("fr").startswith("Non interrogé (activité déclarée : 81.30Z).")
    assert CATALOGUE["certificats_opqibi"].likely is CATALOGUE["etablissements"].likely  # open to any activity


def candidate_sentences() -> Iterator[tuple[str, str]]:
    """Every sentence that a candidate may read about what a register answered, or did not."""
    for reason, cause, source, unknown in product(Reason, (None, *Cause), CATALOGUE.values(), (False, True)):
        for language in LANGUAGES:
            missing = Missing(reason, source.name, source.producer, cause, unknown=unknown)
            yield f"{reason} {cause} {source.name}", missing.message(language)
    for code, sentences in NOTICES.items():
        for language in LANGUAGES:
            yield code, sentences[language]


def test_no_sentence_for_a_candidate_speaks_of_compliance():
    assert {why: sentence for why, sentence in candidate_sentences() if COMPLIANCE.search(sentence)} == {}
