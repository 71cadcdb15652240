"""Our client against the reference simulator: the same companies, traps, costs and rules as against our sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.contract.reference import CASES, PRODUCTION_SHAPES, Reference, read, require_reference, run_reference
from tests.scenarios import test_call_cost, test_goldens
from tests.support.factories import ask, write_keys, write_tenants
from tests.support.sandbox import run_sandbox
from tests.support.simulator import PATHS, Simulator, close_service, open_service_on

require_reference()

# What these modules hold is collected here once more, with the fixture below in place of the sandbox.
for _module in (test_call_cost, test_goldens):
    globals().update({name: value for name, value in vars(_module).items() if name.startswith(("test_", "invented"))})


@pytest.fixture(scope="module")
def running_simulator() -> Iterator[Reference]:
    with run_reference("--budget-scale", "1000") as url:
        yield Reference(url)


EVERY_CASE = [*read(CASES), *read(PRODUCTION_SHAPES)]
pytestmark = pytest.mark.slow
SIRETS = sorted({case["params"]["siret"] for case in EVERY_CASE if case["path"] == PATHS["etablissements"]})
# Told of the moment of the answer, not of the company.
OF_THE_MOMENT = frozenset(
    {"retrievedAt", "generatedAt", "preparedAt", "seconds", "cached", "requestId", "upstreamRequestId"}
)
ON_DEMAND = "documents_associations,actes_inpi,conventions_collectives"


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Simulator, Simulator]]:
    """The reference and our sandbox, each with every case."""
    files = (str(CASES), str(PRODUCTION_SHAPES))
    scale = ("--budget-scale", "1000")
    with (
        run_reference(*scale, *(text for file in files for text in ("--more", file))) as url,
        run_sandbox(*scale, *(text for file in files for text in ("--cases", file))) as sandbox,
    ):
        yield Reference(url), sandbox


@pytest.fixture
def sides(both: tuple[Simulator, Simulator]) -> Iterator[tuple[FlaskClient, FlaskClient]]:
    for side in both:
        side.reset()
    services = tuple(open_service_on(side, search_rate=0) for side in both)
    yield services
    for service in services:
        close_service(service)


def lasting(value: Any) -> Any:
    """Keep of an answer what does not depend on the moment, and of a register's code the digits that mean something."""
    if isinstance(value, dict):
        kept = {name: lasting(part) for name, part in value.items() if name not in OF_THE_MOMENT}
        code = kept.get("code")
        return {**kept, "code": code[-3:]} if isinstance(code, str) and code.isdigit() else kept
    return [lasting(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("number", SIRETS)
def test_a_candidate_s_form_is_filled_alike(sides, both, number):
    theirs, ours = (service.get(f"/v1/prefill/{number}?with={ON_DEMAND}") for service in sides)

    assert ours.status_code == theirs.status_code
    assert lasting(ours.json) == lasting(theirs.json)
    assert both[0].stats()["violations"] == both[1].stats()["violations"] == {}
    assert both[0].calls() == both[1].calls()


@pytest.fixture(scope="module")
def agents(both: tuple[Simulator, Simulator], tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[FlaskClient]]:
    folder: Path = tmp_path_factory.mktemp("tenants")
    tenants = write_tenants(folder, str(write_keys(folder)))
    services = [
        open_service_on(side, tenants=str(tenants), audit=str(folder / "trace"), token=None, search_rate=0)
        for side in both
    ]
    yield services
    for service in services:
        close_service(service)


@pytest.mark.parametrize("number", SIRETS[::4])
def test_an_agent_s_dossier_says_the_same(agents, both, number):
    theirs, ours = (ask(service, number, all="1") for service in agents)

    assert ours.status_code == theirs.status_code
    assert lasting(ours.json) == lasting(theirs.json)
    assert both[0].stats()["violations"] == both[1].stats()["violations"] == {}
