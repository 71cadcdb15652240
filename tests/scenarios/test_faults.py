"""Whatever one register does, the others' fields stay as they are, and the rest has the right reason, in time."""

from __future__ import annotations

import json
import re
import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.goldens import RESERVED
from tests.support.simulator import (
    PATHS,
    TOKEN,
    OpenService,
    Simulator,
    activity,
    acts,
    agreement,
    agreements,
    association,
    case,
    certificates,
    close_service,
    documents,
    found,
    open_service_on,
    rcs,
    reasons_of,
    siren,
    siret,
    successors,
    values_of,
    vat,
)

SHORT, LONG = 2.5, 8.0  # deadlines: that which a late source makes us wait for, and that of production
LENIENCE = 1.0  # for what is left to do after the deadline, on a busy machine
CERTIFIERS = "certificats_qualibat,certificats_opqibi,certificats_qualifelec,certificats_rge_ademe"
ON_DEMAND = "conventions_collectives,actes_inpi,documents_associations," + CERTIFIERS
# How many are asked at the same time: the simulator has one thread, and with too many it is the slow one.
CROWDS = {"huge:50": 1, "timeout": 4, "slow:20": 4, "409": 9, "429": 5}
AFTER_THE_OTHERS = 1500.0  # milliseconds: those that are asked at the same time have answered by then
LARGEST_PEAK = 16 * 2**20
A_MINUTE = 62  # seconds: the clocks of two machines differ
OPERATOR = "/partII/A/economicOperator/"

# What each fault of the simulator means: (the reason of the fields of a source that shows it, and when it is
# the establishment that shows it: the status and code of the refusal, or None where the form is still filled).
FAULTS: dict[str, tuple[str, tuple[int, str] | None]] = {
    "timeout": ("late", None),
    "slow:20": ("late", None),
    "reset": ("unavailable", None),
    "partial": ("unavailable", None),
    "malformed": ("unavailable", None),
    "html": ("unavailable", None),
    "empty": ("unavailable", None),
    "null": ("unavailable", None),
    "shape": ("unavailable", None),
    "huge:50": ("unavailable", None),
    "gzipbomb": ("unavailable", None),
    "redirect": ("unavailable", None),
    "401": ("unavailable", (503, "upstream_misconfigured")),
    "403": ("not_entitled", None),
    "404": ("absent", (404, "company_unknown")),
    "409": ("unavailable", None),
    "422": ("unavailable", None),
    "429": ("unavailable", None),
    "451": ("withheld", (451, "company_undisclosed")),
    "500": ("unavailable", None),
    "502": ("unavailable", None),
    "503": ("unavailable", None),
    "504": ("unavailable", None),
}


def full(paths: str) -> tuple[str, ...]:
    """Spell out paths; what does not begin with a slash is about the economic operator."""
    return tuple(path if path.startswith("/") else OPERATOR + path for path in paths.split())


# The fields that are lost with each source, all others being well.
LOST: dict[str, tuple[str, ...]] = {
    "etablissements": full("""
        identifiers[siret] nameMention acronym mainActivity/code mainActivity/nomenclature mainActivity/label
        mainActivity/otherNomenclature/code mainActivity/otherNomenclature/nomenclature
        mainActivity/otherNomenclature/label postalAddress/streetName
        postalAddress/additionalStreetName postalAddress/postalZone postalAddress/cityName postalAddress/countryCode
        postalAddress/cedex/code postalAddress/cedex/label"""),
    "siege_social": full("""
        headOfficeAddress/streetName headOfficeAddress/additionalStreetName headOfficeAddress/postalZone
        headOfficeAddress/cityName headOfficeAddress/countryCode headOfficeAddress/cedex/code
        headOfficeAddress/cedex/label"""),
    "extraits_rcs_infogreffe": full("""
        legalEntity/registrationDate legalEntity/shareCapital/amount legalEntity/shareCapital/currencyID
        legalEntity/registrationScheme/id legalEntity/registrationScheme/name /partII/B/representatives
        /partIV/A/tradeRegister/registered /partIV/A/tradeRegister/registerName
        /partIV/A/tradeRegister/registrationNumber /partIV/A/tradeRegister/registrationDate
        /partIV/A/tradeRegister/strikeOffDate identifiers[euid]"""),
    "numero_tva": full("identifiers[vat]"),
    "associations": full("""
        association/purpose association/regime association/registrationDate /partIV/A/professionalRegister/court"""),
    "conventions_collectives": full("collectiveAgreements"),
    "actes_inpi": full("filedActs"),
    "documents_associations": full("association/documents"),
    "certificats_qualibat": full("/partIV/D/qualityAssurance[qualibat]"),
    "certificats_opqibi": full("/partIV/D/qualityAssurance[opqibi]"),
    "certificats_qualifelec": full("/partIV/D/qualityAssurance[qualifelec]"),
    "certificats_rge_ademe": full("/partIV/D/environmentalManagement[rge]"),
    "successions": (),
}  # fmt: skip
# A withheld number is not told by a second register; one that fails is replaced by Insee's.
WITHHELD_TOO = {
    "associations": full("""
        identifiers[rna] association/rna
        /partIV/A/professionalRegister/registerName /partIV/A/professionalRegister/registrationNumber""")
}
TRADE_NAME = OPERATOR + "tradeName"
# What a company of this kind does not have.
OF_OTHERS = frozenset(full("""
    /partIV/A/tradeRegister/strikeOffDate /partIV/A/professionalRegister/court nameMention identifiers[euid]"""))  # fmt: skip
# What is often empty is no gap where a register has nothing.
OFTEN_EMPTY = frozenset(full("""
    acronym nameMention identifiers[euid] /partIV/A/professionalRegister/court mainActivity/otherNomenclature/code mainActivity/otherNomenclature/nomenclature
    mainActivity/otherNomenclature/label
    postalAddress/additionalStreetName postalAddress/cedex/code postalAddress/cedex/label
    headOfficeAddress/additionalStreetName headOfficeAddress/cedex/code headOfficeAddress/cedex/label
    /partIV/A/tradeRegister/strikeOffDate"""))  # fmt: skip
NAME_AT_THE_RCS = "LES ATELIERS"
CAPITAL = {"montant": 12000.0, "devise": "EUROS", "code_devise": "EUR"}


@dataclass(frozen=True, slots=True)
class Victim:
    """A company that every source knows: a closed branch of a company that is also in the register of associations."""

    source: str
    siren: str

    @property
    def branch(self) -> str:
        return siret(self.siren, 2)

    @property
    def rna(self) -> str:
        return f"W{self.siren}"

    @property
    def cases(self) -> list[dict[str, Any]]:
        unit = {"rna": self.rna, "personne_morale_attributs": {"raison_sociale": "ATELIERS DU GIER", "sigle": "ADG"}}
        coded = {"activite_principale": activity("25.53Y", "Mécanique", "NAF2025")}
        boxes = {"complement_adresse": "BATIMENT C", "code_cedex": "42004", "libelle_cedex": "ST ETIENNE CEDEX 1"}
        closed = {"etat_administratif": "F", "date_fermeture": 1735599600, "siege_social": False}
        return [
            found(self.branch, enseigne="LE TOUR", of=unit, where=boxes, **coded, **closed),
            found(siret(self.siren), source="siege_social", of=unit, where={**boxes, "numero_voie": "112"}),
            rcs(self.siren, nom_commercial=NAME_AT_THE_RCS, capital=CAPITAL),
            vat(self.siren),
            association(self.siren, rna=self.rna, nom="ATELIERS DU GIER"),
            documents(self.rna),
            documents(self.branch),
            acts(self.siren),
            agreements(self.branch, agreement(1486, "Bureaux d'études")),
            *certificates(self.branch),
            successors(self.branch, (siret(self.siren, 3), "2024-12-31")),
        ]

    @property
    def path(self) -> str:
        """Where the source that fails is asked about this company."""
        numbers = {"siret": self.branch, "siren": self.siren, "siren_or_rna": self.siren, "siret_or_rna": self.rna}
        return PATHS[self.source].format(**numbers)


VICTIMS = {source: Victim(source, siren(100 + rank)) for rank, source in enumerate(LOST)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request."""

    status: int
    media: str
    body: Mapping[str, Any]
    text: str
    seconds: float


def ask(service: FlaskClient, victim: Victim) -> Outcome:
    began = time.monotonic()
    response = service.get(f"/v1/prefill/{victim.branch}", query_string={"with": ON_DEMAND})
    seconds = time.monotonic() - began
    return Outcome(response.status_code, response.mimetype, response.json, response.get_data(as_text=True), seconds)


def ask_all(open_service: OpenService, *, deadline: float, crowd: int) -> dict[str, Outcome]:
    """Ask about every victim, each by a new service: what one learns of budgets and failures changes what it asks."""
    services = [open_service(deadline=deadline) for _ in VICTIMS]
    with ThreadPoolExecutor(crowd) as threads:
        return dict(zip(VICTIMS, threads.map(ask, services, VICTIMS.values()), strict=True))


@pytest.fixture(scope="module")
def healthy(running_simulator: Simulator) -> dict[str, Outcome]:
    """The answers of a day when all is well."""
    running_simulator.reset()
    running_simulator.add(*(case for victim in VICTIMS.values() for case in victim.cases))
    return {name: healthy_answer(running_simulator, victim) for name, victim in VICTIMS.items()}


def healthy_answer(simulator: Simulator, victim: Victim) -> Outcome:
    service = open_service_on(simulator)
    try:
        return ask(service, victim)
    finally:
        close_service(service)


@pytest.fixture
def victims(simulator: Simulator) -> Simulator:
    """The simulator, in which each victim is known to all."""
    simulator.add(*(case for victim in VICTIMS.values() for case in victim.cases))
    return simulator


def expected(source: str, fault: str, well: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Say what must be left of the values, and the reasons, when this source shows this fault."""
    reason, _ = FAULTS[fault]
    values, reasons = values_of(well), reasons_of(well)
    lost = LOST[source] + (WITHHELD_TOO.get(source, ()) if reason == "withheld" else ())
    kept = {path: value for path, value in values.items() if path not in lost}
    if source == "etablissements":
        kept[TRADE_NAME] = NAME_AT_THE_RCS
    return kept, reasons | gaps(lost, reason)


def gaps(paths: Iterable[str], reason: str) -> dict[str, str]:
    return dict.fromkeys((path for path in paths if reason != "absent" or path not in OFTEN_EMPTY), reason)


def test_every_source_of_the_candidate_form_has_its_victim(service):
    form = service.get("/v1/schemas/dume").json

    assert {*form["sources"], *form["onDemand"], "successions"} == set(VICTIMS)
    assert set(VICTIMS) == set(PATHS)


def test_on_a_good_day_every_source_fills_its_fields(healthy):
    for outcome in healthy.values():
        lost = {path for paths in LOST.values() for path in paths}

        assert outcome.status == 200
        assert reasons_of(outcome.body) == gaps(full(RESERVED), "reserved")
        assert lost - OF_OTHERS <= set(values_of(outcome.body))
        assert [one["code"] for one in outcome.body["notices"]] == ["establishment_closed"]


@pytest.mark.parametrize("fault", FAULTS)
def test_one_failing_source_takes_nothing_from_the_others(victims, open_service, healthy, capsys, fault):
    reason, refusal = FAULTS[fault]
    victims.fail({victim.path: fault for victim in VICTIMS.values()})
    if fault == "429":  # it closes a group: what is asked after it would not be asked
        victims.delay({victim.path: AFTER_THE_OTHERS for victim in VICTIMS.values()})

    deadline = SHORT if reason == "late" else LONG
    outcomes = ask_all(open_service, deadline=deadline, crowd=CROWDS.get(fault, 3))
    texts = [capsys.readouterr().err, *(one.text for one in outcomes.values())]
    late = {name: one.seconds for name, one in outcomes.items() if one.seconds > deadline + LENIENCE}
    if refusal or reason == "late" or fault == "429":
        outcomes.pop("etablissements")  # the next three tests are about it

    assert {(one.status, one.media) for one in outcomes.values()} == {(200, "application/json")}
    for name, one in outcomes.items():
        assert (name, values_of(one.body)) == (name, expected(name, fault, healthy[name].body)[0])
        assert (name, reasons_of(one.body)) == (name, expected(name, fault, healthy[name].body)[1])
    assert {name: heir_of(one) for name, one in outcomes.items()} == {
        name: None if name in ("etablissements", "successions") else heir_of(healthy[name]) for name in outcomes
    }
    assert late == {}
    assert [text for text in texts if "Traceback" in text] == []
    assert victims.stats()["violations"] == {}


def heir_of(outcome: Outcome) -> str | None:
    """Give the successor that the notice of the closing names."""
    return next(
        (one.get("successor") for one in outcome.body["notices"] if one["code"] == "establishment_closed"), None
    )


@pytest.mark.parametrize(("fault", "refusal"), [(fault, refusal) for fault, (_, refusal) in FAULTS.items() if refusal])
def test_only_the_establishment_itself_can_refuse_the_company(victims, open_service, fault, refusal):
    victim = VICTIMS["etablissements"]
    victims.fail({victim.path: fault})

    outcome = ask(open_service(), victim)

    assert (outcome.status, outcome.body["code"]) == refusal
    assert outcome.media == "application/problem+json"
    assert victims.calls(about=victim.siren) == {victim.path: 1}


@pytest.mark.parametrize("fault", [fault for fault, (reason, _) in FAULTS.items() if reason == "late"])
def test_a_late_establishment_leaves_the_form_to_what_came_in_time(victims, open_service, healthy, fault):
    victim = VICTIMS["etablissements"]
    victims.fail({victim.path: fault})

    outcome = ask(open_service(deadline=SHORT), victim)
    values, reasons = values_of(outcome.body), reasons_of(outcome.body)
    kept, missing = expected("etablissements", fault, healthy["etablissements"].body)

    assert (outcome.status, outcome.body["complete"]) == (200, False)
    assert values.items() <= kept.items()
    assert values.keys() | reasons.keys() == kept.keys() | missing.keys() | OF_OTHERS
    assert set(reasons.values()) == {"late", "reserved"}
    assert outcome.seconds < SHORT + LENIENCE


# Two registers fail at once, each in its way: every quick fault beside every other.
QUICK = tuple(
    fault for fault, (reason, _) in FAULTS.items() if reason != "late" and ":" not in fault and fault != "429"
)
PAIR = ("extraits_rcs_infogreffe", "numero_tva")


@pytest.mark.parametrize("first", QUICK)
def test_two_failing_sources_take_nothing_from_the_others(victims, open_service, healthy, first):
    pair = [VICTIMS[name] for name in PAIR]
    well = healthy[PAIR[0]].body
    victims.add(*pair[0].cases)

    for second in QUICK[:: max(1, len(QUICK) // 4)]:
        victims.fail({pair[0].path: first, PATHS[PAIR[1]].format(siren=pair[0].siren): second})
        outcome = ask(open_service(), pair[0])
        lost = gaps(LOST[PAIR[0]], FAULTS[first][0]) | gaps(LOST[PAIR[1]], FAULTS[second][0])
        gone = {*LOST[PAIR[0]], *LOST[PAIR[1]]}

        assert outcome.status == 200
        assert values_of(outcome.body) == {path: one for path, one in values_of(well).items() if path not in gone}
        assert reasons_of(outcome.body) == reasons_of(well) | lost


@pytest.mark.parametrize("fault", ["502@0.5", "reset@0.5", "html@0.5", "404@0.5"])
def test_a_fault_that_comes_and_goes_is_told_each_time_as_it_is(victims, open_service, healthy, fault):
    victim = VICTIMS["extraits_rcs_infogreffe"]
    reason = FAULTS[fault.partition("@")[0]][0]
    well = values_of(healthy[victim.source].body)
    left = {path: one for path, one in well.items() if path not in LOST[victim.source]}
    victims.fail({victim.path: fault})

    outcomes = [ask(open_service(), victim) for _ in range(12)]

    for outcome in outcomes:
        assert outcome.status == 200
        assert values_of(outcome.body) in (well, left)
        assert set(reasons_of(outcome.body).values()) <= {reason, "reserved"}


def test_after_a_429_nothing_more_is_sent_to_that_group(victims, open_service):
    victim, other = Victim("etablissements", siren(300)), Victim("etablissements", siren(301))
    victims.add(*victim.cases, *other.cases)
    victims.fail({victim.path: "429"})
    service = open_service()

    outcome = ask(service, victim)
    again = ask(service, other)
    called = [*victims.calls(about=victim.siren), *victims.calls(about=other.siren)]
    other_groups = re.compile(r"/inpi/|/qualibat/|/documents$")
    json_group = [path for path in called if not other_groups.search(path)]

    assert (outcome.status, again.status) == (200, 200)
    assert json_group == [victim.path]
    assert {reasons_of(one.body)[f"{OPERATOR}name"] for one in (outcome, again)} == {"unavailable"}
    assert 0 < again.body["missing"][f"{OPERATOR}name"]["retryAfter"] <= A_MINUTE


def test_a_throttled_source_says_when_to_come_back(victims, open_service):
    victim = VICTIMS["actes_inpi"]
    victims.fail({victim.path: "429"})

    gap = ask(open_service(), victim).body["missing"][f"{OPERATOR}filedActs"]

    assert gap["reason"] == "unavailable"
    assert 0 < gap["retryAfter"] <= A_MINUTE


@pytest.mark.parametrize("source", ["etablissements", "extraits_rcs_infogreffe"])
def test_a_refused_token_is_told_to_the_operator_and_not_to_the_candidate(victims, open_service, capsys, source):
    victim = VICTIMS[source]
    victims.fail({victim.path: "401"})

    outcome = ask(open_service(), victim)
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    assert [(one["source"], one["code"]) for one in events if one["level"] == "error"] == [(source, "01401")]
    assert TOKEN not in outcome.text


@pytest.mark.parametrize("fault", ["huge:50", "gzipbomb"])
@pytest.mark.parametrize("source", ["etablissements", "conventions_collectives", "actes_inpi"])
def test_a_body_without_end_costs_little_memory(victims, open_service, source, fault):
    victim = VICTIMS[source]
    victims.fail({victim.path: fault})

    outcome, peak = watch_memory(partial(ask, open_service(), victim))

    assert outcome.status == 200
    assert outcome.body["sources"][source]["cause"] == "too_large"
    assert peak < LARGEST_PEAK


def watch_memory(action: Callable[[], Outcome]) -> tuple[Outcome, int]:
    """Do it, and tell how many bytes it took beside what was there."""
    tracemalloc.start()
    try:
        return action(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


PARTIAL = {"status_diffusion": "partiellement_diffusible"}


@pytest.mark.parametrize(
    "answer",
    [
        found(siret(VICTIMS["etablissements"].siren), source="siege_social", of=PARTIAL, where=PARTIAL, **PARTIAL),
        found(siret(VICTIMS["etablissements"].siren), source="siege_social", status_diffusion="non_diffusible"),
        case("siege_social", VICTIMS["etablissements"].siren, status=451),
    ],
    ids=["partially disclosed", "undisclosed", "withheld"],
)
def test_a_dead_establishment_does_not_open_the_registers_that_name_people(simulator, open_service, answer):
    victim = VICTIMS["etablissements"]
    simulator.add(answer, *victim.cases)
    simulator.fail({victim.path: "502"})

    outcome = ask(open_service(), victim)
    reasons = reasons_of(outcome.body)

    assert outcome.status == 200
    assert {reasons[path] for path in (*LOST["extraits_rcs_infogreffe"], *LOST["actes_inpi"])} == {"withheld"}
    assert "PERRIN" not in outcome.text
