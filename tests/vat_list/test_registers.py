"""A service with the list: whose number is on it costs a call less, and everything else is as ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from prefill.app import create_app
from prefill.cli import main
from prefill.domain.dates import PARIS
from prefill.settings import Settings
from prefill.vat_list.index import LASTS
from tests.support.simulator import PATHS, found, rcs, siren, siret, vat
from tests.support.vat_list import usual, write_list, write_published

SIREN = siren(700)
VAT = PATHS["numero_tva"].format(siren=SIREN)
TODAY = datetime.now(PARIS).date()
IDENTIFIERS = "/partII/A/economicOperator/identifiers"


@pytest.fixture
def asked(simulator, open_service, tmp_path):
    """Ask a service whose list is of that day about the company; return the answer and whether the DGFIP was asked."""
    simulator.add(found(siret(SIREN)), rcs(SIREN), vat(SIREN))

    def ask(*listed, day=TODAY, **settings):
        service = open_service(vat_list=str(write_list(tmp_path, listed, day)), **settings)
        answer = service.get(f"/v1/prefill/{siret(SIREN)}").json
        assert service.get(f"/v1/prefill/{siret(SIREN)}").json == answer
        return answer, VAT in simulator.calls()

    return ask


@pytest.mark.parametrize("early_calls", [True, False])
def test_a_number_on_the_list_costs_no_call_and_is_of_the_lists_day(asked, early_calls):
    answer, called = asked(SIREN, day=TODAY - timedelta(3), early_calls=early_calls)

    assert not called
    assert usual(SIREN) in str(answer["data"])
    [told] = [one for one in answer["provenance"].values() if one["source"] == "numero_tva"]
    assert told["asOf"] == (TODAY - timedelta(3)).isoformat(), told
    assert answer["complete"] is True


def test_who_is_not_on_the_list_is_asked_about(asked):
    answer, called = asked(siren(701))

    assert called
    assert f"FR00{SIREN}" in str(answer["data"])


def test_an_old_list_says_nothing_more(asked):
    answer, called = asked(SIREN, day=TODAY - LASTS - timedelta(1))

    assert called
    assert f"FR00{SIREN}" in str(answer["data"])


def test_a_service_does_not_start_on_what_is_no_index(tmp_path):
    with pytest.raises(SystemExit, match="PREFILL_VAT_LIST"):
        create_app(Settings(vat_list=str(tmp_path / "absent")))


def test_the_command_makes_the_index_that_doctor_names(tmp_path: Path, monkeypatch):
    index = tmp_path / "tva.index"
    monkeypatch.setenv("PREFILL_VAT_LIST", str(index))
    source = write_published(tmp_path / "liste.csv", [SIREN], TODAY.isoformat())

    made = CliRunner().invoke(main, ["vat", "import", str(source)])
    told = CliRunner().invoke(main, ["doctor"])
    refused = CliRunner().invoke(main, ["vat", "import", str(index)])

    assert f"1 numéros, au {TODAY:%d/%m/%Y}" in made.output
    assert f"Liste des numéros de TVA du {TODAY:%d/%m/%Y} : 1 numéros." in told.output
    assert (refused.exit_code, refused.output.strip()[-1]) == (1, ".")
    assert index.stat().st_size > 12_000_000, "the index in use stays"
