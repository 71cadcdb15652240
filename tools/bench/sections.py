"""The measures that the goals are about: warm, cold, what a prefill costs, and crowds."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import stage
from lines import Line, over, ratio, section, turns

from prefill.sandbox.companies import COMPANIES
from prefill.sandbox.model import Reply

NO_BUDGET = ("--budget-scale", "1000")
SOURCE_SECONDS = 0.2
COST_CLIENTS = 8  # at once, where only the calls count
MIXED, HUNDRED = 200, 100  # companies
KINDS = ("siege_social", "etablissements", "kbis", "tva", "associations", "")  # what their paths hold
# Endpoints that the OpenAPI file of API Entreprise (2026) tags as general information about a company, each in its last
# version, lists of documents and addresses left out.
GENERAL_INFORMATION = 21
FAILED = Reply(fault="003")
CRITICAL_PATH = 2 * SOURCE_SECONDS  # the establishment, then the others at the same time


@section
def warm() -> Iterator[Line]:
    """Requests a second from the cache, over those of a bare Flask route with the same bytes and headers."""
    with ExitStack() as stack:
        sim = stack.enter_context(stage.simulator(*NO_BUDGET))
        prefill = stack.enter_context(stage.service(sim.url))
        without = stack.enter_context(stage.service(sim.url, PREFILL_RESPONSE_CACHE="0"))
        [number] = stage.companies(sim, 1)
        path = stage.path_of(number)
        bare = stack.enter_context(_bare_twin(prefill, path))
        for _ in range(3):
            prefill.get(path)
            without.get(path)
        tag = f"If-None-Match: {prefill.get(path).headers['ETag']}"
        asked = {
            "prefill": (prefill, ""), "bare": (bare, ""), "prefill 304": (prefill, tag), "bare 304": (bare, tag),
            "made": (without, ""),
        }  # fmt: skip
        sides = {name: partial(_pace, server, path, header) for name, (server, header) in asked.items()}
        paces = turns(11, sides)
        for what, one, other, least in (
            ("whole answer", "prefill", "bare", 0.85),
            ("304", "prefill 304", "bare 304", 0.85),
            ("whole answer made anew each time (PREFILL_RESPONSE_CACHE=0)", "made", "bare", None),
        ):
            rates, costs = [{name: [pace[n] for pace in runs] for name, runs in paces.items()} for n in (0, 1)]
            note = (
                f"{statistics.median(rates[one]):.0f} and {statistics.median(rates[other]):.0f} requests a second here"
            )
            yield ratio(f"{what}: requests a second, over bare Flask", over(rates, one, other), least=least, note=note)
            yield ratio(
                f"{what}: requests a second of the server's processor time, over bare Flask", over(costs, one, other),
                least=least, note="what neighbours on the machine disturb least",
            )  # fmt: skip


def _bare_twin(prefill: stage.Server, path: str) -> Any:
    """Serve the same answer from a bare route."""
    for _ in range(3):
        answer = prefill.get(path)
    own = {"server", "date", "connection", "content-length", "content-type"}
    headers = [pair for pair in answer.getheaders() if pair[0].lower() not in own]
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump({"body": answer.content.decode(), "headers": headers}, file)  # type: ignore[attr-defined]
    return stage.serving(stage.CHOSEN, "bare:create_app", BENCH_ANSWER=file.name)


def _pace(server: stage.Server, path: str, header: str) -> tuple[float, float]:
    """Give the requests a second, by the clock and by the processor time of the server."""
    before = server.processor_seconds()
    done = stage.wrk(server, [path], clients=32, seconds=1, header=header)
    assert done["broken"] + done["refused"] == 0, done
    return done["requests"] / done["seconds"], done["requests"] / (server.processor_seconds() - before)


@section
def cold() -> Iterator[Line]:
    """Time of a prefill whose sources take 200 ms each, over the 400 ms of its two stages."""
    options = (*NO_BUDGET, "--latency", f"{SOURCE_SECONDS * 1000:.0f}")
    for clients, companies, most in ((1, 6, 1.08), (32, 38, 1.25)):
        with stage.simulator(*options) as sim, stage.service(sim.url) as server:
            for number in stage.companies(sim, 2):  # the first calls of a minute wait for the budget's first headers
                server.get(stage.path_of(number))
            runs = [_cold(sim, server, clients, companies) for _ in range(4)]
            note = f"slowest {statistics.median(run[-1] for run in runs) / CRITICAL_PATH:.2f}"
            yield ratio(
                f"{clients} client{'s' * (clients > 1)}, median", [statistics.median(run) / CRITICAL_PATH for run in runs],
                most=most, note=note,
            )  # fmt: skip
            assert sim.stats()["violations"] == {}


def _cold(sim: Any, server: stage.Server, clients: int, companies: int) -> list[float]:
    """Ask about new companies, each once: few enough for the calls that one address may make in a minute."""
    paths = [stage.path_of(number) for number in stage.companies(sim, companies)]
    stage.away_from_a_minutes_edge()
    answers = stage.in_turn(server, paths, clients)
    assert {status for _, status in answers} == {200}
    return sorted(seconds for seconds, _ in answers)


@section
def cost() -> Iterator[Line]:
    """Upstream calls a prefill, and how many companies fit in one token's budget."""
    with stage.simulator(*NO_BUDGET) as sim, stage.service(sim.url) as server:
        known = _sandbox_companies()
        kinds = _calls(sim, server, known)
        yield ratio(
            "calls a prefill, all companies of the sandbox", [kinds.total() / len(known)], most=2.6, unit="calls",
            note=f"{len(known)} companies, {kinds.total()} calls: {_told(kinds)}",
        )  # fmt: skip
        without_vat = f"?fields={','.join(_fields_without_vat(server))}"
    kinds = _calls_of_the_mix()
    mean = kinds.total() / MIXED
    yield ratio(
        "calls a prefill, mix of 70/15/10/5 %, the whole form", [mean], most=2.6, unit="calls", note=_told(kinds)
    )
    yield ratio(
        "companies a minute in one JSON budget, over asking every general-information endpoint", [GENERAL_INFORMATION / mean],
        least=5, note=f"{GENERAL_INFORMATION} endpoints that give JSON and that an open-data or full token may ask, in their last version",
    )  # fmt: skip
    kinds = _calls_of_the_mix(asked=without_vat)
    yield ratio(
        "calls a prefill, the same mix, a page without the VAT number", [kinds.total() / MIXED], most=2.6, unit="calls",
        note=_told(kinds),
    )  # fmt: skip
    kinds = _calls_of_the_mix(vat_list=True)
    yield ratio(
        "calls a prefill, the same mix, the whole form, with the list of VAT numbers", [kinds.total() / MIXED],
        most=2.6, unit="calls", note=_told(kinds),
    )  # fmt: skip
    for what, typed, most in (
        ("one digit in a number of twenty", _one_digit, 0.04), ("one number of twenty a company that is not there", _another, None),
    ):  # fmt: skip
        early, two_stages = (_calls_of_the_mix(typed=typed, PREFILL_EARLY_CALLS=way).total() for way in ("1", "0"))
        yield ratio(
            f"calls asked early and of no use, the same mix, mistyped: {what}", [(early - two_stages) / early],
            most=most, unit="of all", note=f"{early} calls, {two_stages} in two stages",
        )  # fmt: skip


def _calls_of_the_mix(
    *, asked: str = "", vat_list: bool = False, typed: Callable[[str], str] = str, **settings: str
) -> Counter[str]:
    """Count the calls for `MIXED` companies, of which one number in twenty is `typed` as given.

    Each hundred has a stand-in and a service of its own: beyond 480 calls in a minute one buyer's are slowed, for the
    others of its address.
    """
    kinds: Counter[str] = Counter()
    for _ in range(0, MIXED, HUNDRED):
        with ExitStack() as stack:
            sim = stack.enter_context(stage.simulator(*NO_BUDGET))
            numbers = stage.companies(sim, HUNDRED, stage.MIX)
            if vat_list:
                settings["PREFILL_VAT_LIST"] = str(stage.vat_index(stack.enter_context(stage.folder()), numbers))
            server = stack.enter_context(stage.service(sim.url, **settings))
            kinds += _calls(sim, server, [*numbers[:95], *map(typed, numbers[95:])], asked)
            assert sim.stats()["violations"] == {}
    return kinds


def _told(kinds: Counter[str]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))


def _one_digit(number: str) -> str:
    place = int(number[7:9]) % 14
    return f"{number[:place]}{(int(number[place]) + 1 + int(number[5]) % 9) % 10}{number[place + 1 :]}"


def _another(number: str) -> str:
    return stage.invented.siret(stage.invented.siren(9_000_000 + int(number[2:8]) % 900_000))


def _fields_without_vat(server: stage.Server) -> list[str]:
    form = json.loads(server.get("/v1/schemas/dume").content)  # type: ignore[attr-defined]
    return [field["alias"] for field in form["fields"] if field.get("alias") and field["alias"] != "vat"]


def _calls(sim: Any, server: stage.Server, numbers: list[str], asked: str = "") -> Counter[str]:
    """Ask about these companies; count the calls by kind."""
    before = sim.stats()["calls"]
    paths = [stage.path_of(number) + asked for number in numbers]
    answers = stage.in_turn(server, paths, COST_CLIENTS, whole=False)
    assert {status for _, status in answers} <= {200, 400, 404, 451}, answers
    kinds: Counter[str] = Counter()
    for path, count in sim.stats()["calls"].items():
        kind = next(part for part in KINDS if part in path)
        kinds[kind or "other"] += count - before.get(path, 0)
    return +kinds


def _sandbox_companies() -> list[str]:
    """Every company of the sandbox that Insee knows."""
    known = [company for company in COMPANIES if not company.answers.get("etablissements", FAILED).fault]
    return [company.siret for company in known]


@section
def crowds() -> Iterator[Line]:
    """500 clients at once on one company that nobody asked about yet."""
    options = (*NO_BUDGET, "--latency", f"{SOURCE_SECONDS * 1000:.0f}")
    with stage.simulator(*options) as sim, stage.service(sim.url) as server:
        one = stage.companies(sim, 1)[0]
        alone = _calls(sim, server, [one]).total()
        calls, slowest = [], []
        for number in stage.companies(sim, 5):
            before = sim.stats()["total"]
            answers = stage.crowd(server, stage.path_of(number), 500)
            assert {status for _, status in answers} == {200}
            calls.append((sim.stats()["total"] - before) / alone)
            slowest.append(sorted(seconds for seconds, _ in answers)[494] / CRITICAL_PATH)
        yield ratio("upstream calls of 500 clients, over those of one", calls, most=1)
        yield ratio("p99 of the 500, over the two stages", slowest, note="one process")
        assert sim.stats()["violations"] == {}
