"""The registers with the directory: alone without a token, behind the Insee with one."""

from concurrent.futures import Future

import pytest

from prefill.company_search.registers import OpenDirectory, OpenRegisters, RegistersWithFallback
from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.catalogue import CATALOGUE, OPEN_DIRECTORY, SOURCES
from prefill.domain.company import Company
from tests.support.search import open_stage

SIRET, BRANCH = "00000100800010", "00000200600021"
COMPANY = Company("000001008", siret=SIRET)
ESTABLISHMENT = CATALOGUE["etablissements"]
FAILED = Answer("etablissements", Status.UNAVAILABLE, cause=Cause.CIRCUIT_OPEN, retry_after=8.0)


@pytest.fixture
def stage():
    return open_stage()


@pytest.fixture
def directory(stage):
    opened = OpenDirectory(stage.client)
    yield opened
    opened.close()


class Upstream:
    """Registers that give one answer to every question."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def submit(self, source, company, **_):
        self.asked.append(source.name)
        future = Future()
        future.set_result(self.answer)
        return future

    def is_cached(self, source, company):
        return False


def ask(registers, source, company=COMPANY):
    return registers.submit(CATALOGUE[source], company, patience=5.0).result(timeout=20)


class TestWithoutToken:
    def test_identity_comes_from_the_directory_in_sirene_s_shape(self, directory):
        answer = ask(OpenRegisters(directory), "etablissements")
        assert (answer.source, answer.status) == ("recherche_entreprises", Status.OK)
        assert answer.data["unite_legale"]["personne_morale_attributs"]["raison_sociale"] == "MENUISERIE DU VAL DORE"
        assert answer.stand_in.replaced is None
        assert answer.meta["date_mise_a_jour_insee"]

    @pytest.mark.parametrize(
        "source",
        [one.name for one in SOURCES if one.usable
         and one.name not in ("etablissements", "siege_social", "numero_tva", "conventions_collectives")],
    )  # fmt: skip
    def test_every_other_row_is_closed_and_costs_nothing(self, directory, stage, source):
        answer = ask(OpenRegisters(directory), source)
        assert (answer.status, answer.cause) == (Status.NOT_ENTITLED, Cause.NO_TOKEN)
        assert stage.calls == 0

    def test_all_of_a_company_costs_one_call(self, directory, stage):
        registers = OpenRegisters(directory)
        for source in ("etablissements", "siege_social", "numero_tva", "conventions_collectives", OPEN_DIRECTORY.name):
            ask(registers, source)
        assert stage.calls == 1

    def test_a_siren_costs_one_call_too(self, directory, stage):
        registers = OpenRegisters(directory)
        answer = ask(registers, "siege_social", Company("000001008"))
        assert answer.data["siret"] == SIRET
        assert ask(registers, "numero_tva").data == {"numero_tva": "FR29000001008"}
        assert stage.calls == 1

    def test_a_branch_knows_its_head_office(self, directory):
        registers, company = OpenRegisters(directory), Company("000002006", siret=BRANCH)
        assert ask(registers, "etablissements", company).data["siret"] == BRANCH
        assert ask(registers, "siege_social", company).data["siret"] == "00000200600013"

    def test_an_unknown_number_is_absent(self, directory):
        assert ask(OpenRegisters(directory), "etablissements", Company("732829320")).status is Status.ABSENT

    @pytest.mark.parametrize("fault", ["429:9", "500", "reset", "malformed", "timeout"])
    def test_what_fails_says_when_to_come_back(self, directory, stage, fault):
        stage.fail(fault)
        answer = ask(OpenRegisters(directory), "etablissements")
        assert answer.status is Status.UNAVAILABLE
        assert answer.cause is not None
        assert answer.retry_after >= 1

    def test_what_is_known_costs_no_call(self, directory):
        registers = OpenRegisters(directory)
        assert not registers.is_cached(ESTABLISHMENT, COMPANY)
        ask(registers, "etablissements")
        assert registers.is_cached(ESTABLISHMENT, COMPANY)
        assert registers.is_cached(CATALOGUE["extraits_rcs_infogreffe"], COMPANY)

    def test_an_answer_from_the_cache_tells_how_long_the_call_took(self, directory, stage):
        stage.sandbox.faults.delay({"/search": 120})
        registers = OpenRegisters(directory)
        first, second = (ask(registers, "etablissements") for _ in range(2))
        assert (first.cached, second.cached) == (False, True)
        assert first.seconds == second.seconds == pytest.approx(0.12, abs=0.01)


class TestFallback:
    def test_an_insee_that_answers_is_passed_on(self, directory, stage):
        answer = Answer("etablissements", Status.OK, data={})
        assert ask(RegistersWithFallback(Upstream(answer), directory), "etablissements") is answer
        assert stage.calls == 0

    def test_an_insee_that_does_not_is_replaced(self, directory):
        answer = ask(RegistersWithFallback(Upstream(FAILED), directory), "etablissements")
        assert answer.source == "recherche_entreprises"
        assert answer.stand_in.replaced is FAILED

    @pytest.mark.parametrize("status", [Status.ABSENT, Status.WITHHELD, Status.NOT_ENTITLED, Status.MISCONFIGURED])
    def test_a_refusal_is_not_completed(self, directory, stage, status):
        answer = Answer("etablissements", status)
        assert ask(RegistersWithFallback(Upstream(answer), directory), "etablissements") is answer
        assert stage.calls == 0

    def test_what_the_directory_does_not_know_says_nothing_of_the_insee(self, directory):
        registers = RegistersWithFallback(Upstream(FAILED), directory)
        assert ask(registers, "etablissements", Company("732829320", siret="73282932000074")) is FAILED

    def test_when_both_fail_the_insee_is_said_to(self, directory, stage):
        stage.fail("500")
        assert ask(RegistersWithFallback(Upstream(FAILED), directory), "etablissements") is FAILED

    def test_other_registers_are_not_replaced(self, directory, stage):
        assert ask(RegistersWithFallback(Upstream(FAILED), directory), "numero_tva") is FAILED
        assert stage.calls == 0

    def test_the_directory_s_own_row_is_asked_there(self, directory):
        upstream = Upstream(FAILED)
        answer = ask(RegistersWithFallback(upstream, directory), OPEN_DIRECTORY.name)
        assert answer.data["tva"] == ["FR29000001008"]
        assert upstream.asked == []

    def test_a_command_may_want_the_insee_alone(self, directory):
        registers = RegistersWithFallback(Upstream(FAILED), directory, fallback=False)
        assert ask(registers, "etablissements") is FAILED

    def test_after_the_end_of_the_service_the_failure_is_passed_on(self, directory):
        directory.close()
        assert ask(RegistersWithFallback(Upstream(FAILED), directory), "etablissements") is FAILED

    def test_a_fault_of_ours_is_passed_on(self, directory):
        class Broken(Upstream):
            def submit(self, source, company, **_):
                future = Future()
                future.set_exception(ZeroDivisionError())
                return future

        with pytest.raises(ZeroDivisionError):
            ask(RegistersWithFallback(Broken(FAILED), directory), "etablissements")
