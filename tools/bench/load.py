"""Load the service as the eve of a deadline does, and check that nothing breaks.

    python tools/bench/load.py                      64 clients, 2,000 companies, as fast as they can
    python tools/bench/load.py --chaos              the same; Redis and a process are killed on the way
    python tools/bench/load.py --dead-provider      Infogreffe never answers, then heals
    python tools/bench/load.py --soak 1200          a steady rate: memory, threads and sockets

Everything runs on loopback and ends by itself: three services as the Procfile starts them, a Redis, the
sandbox (`prefill sandbox`), and the clients, spread evenly. Only processes started here are ended, each by its own number.
Results are printed, and kept in `tools/bench/results-load.json`; the exit code says whether every check holds.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from prefill.sandbox.contract.journal import LOG_LENGTH, Violation
from tests.support import simulator as invented
from tests.support.sandbox import free_port, run_sandbox

RESULTS = ROOT / "tools" / "bench" / "results-load.json"
OPERATOR = "the-operator-of-the-bench-may-read-metrics"
DEADLINE = 8.0
GRACE = 0.5  # seconds: the clients and what they load share the machine
JSON_BUDGET = 250
OVER_BUDGET = {Violation.OVER_QUOTA, Violation.OVER_ADDRESS_CEILING, Violation.BANNED, Violation.CALLED_WHILE_BANNED}
OTHER_GROUPS = ("/search", "/inpi/rne/", "/urssaf/", "/gip_mds/", "/documents", "/fntp/", "/cnetp/", "/qualibat/")
SERVICES = 3
LEAD = 5.0  # seconds before the first whole minute
SOAK_RATE = 25.0
WARM = 400.0  # seconds until the caches are full; what is kept of an address lasts ten minutes
RCS = "extraits_rcs_infogreffe"


def companies(count: int) -> tuple[list[str], list[dict[str, Any]]]:
    """Invent SIRETs, and what the registers say of them: half head offices, secondaries, traders, associations."""
    kinds = random.Random(1).choices((head_office, secondary, sole_trader, association), (50, 20, 15, 15), k=count)
    numbers: list[str] = []
    cases: list[dict[str, Any]] = []
    for rank, kind in enumerate(kinds):
        number, said = kind(invented.siren(1_000_000 + rank))
        numbers.append(number)
        cases += said
    return numbers, cases


def head_office(siren: str) -> tuple[str, list[dict[str, Any]]]:
    number = invented.siret(siren)
    return number, [invented.found(number), invented.rcs(siren), invented.vat(siren)]


def secondary(siren: str) -> tuple[str, list[dict[str, Any]]]:
    number = invented.siret(siren, 2)
    chief = invented.found(invented.siret(siren), source="siege_social")
    return number, [invented.found(number, siege_social=False), chief, invented.rcs(siren), invented.vat(siren)]


def sole_trader(siren: str) -> tuple[str, list[dict[str, Any]]]:
    number = invented.siret(siren)
    person = {**invented.NOBODY, "nom_naissance": "PERRIN", "prenom_usuel": "ODILE"}
    unit = {
        "type": "personne_physique",
        "personne_physique_attributs": person,
        "personne_morale_attributs": invented.named(None),
        "forme_juridique": invented.legal_form("1000", "Entrepreneur individuel"),
    }
    return number, [invented.found(number, of=unit), invented.rcs(siren), invented.vat(siren)]


def association(siren: str) -> tuple[str, list[dict[str, Any]]]:
    number = invented.siret(siren)
    unit = {"rna": None, "forme_juridique": invented.legal_form("9220", "Association déclarée")}
    return number, [invented.found(number, of=unit), invented.association(siren), invented.vat(siren)]


@contextmanager
def running(command: list[str], log: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a process group of its own, which ends with this block."""
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, **options)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass
class Redis:
    """A Redis that can be killed and started again on the same port, empty."""

    folder: Path
    port: int = field(default_factory=free_port)
    stack: ExitStack = field(default_factory=ExitStack)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        binary = shutil.which("redis-server") or sys.exit("redis-server is not here")
        command = [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        self.process = self.stack.enter_context(running(command, self.folder / "redis.log"))
        wait_until(lambda: answers(self.port, None))

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()


@contextmanager
def services(stage: Stage, **settings: str) -> Iterator[list[Service]]:
    """Run the Procfile's command so many times, each as on a machine of its own."""
    with ExitStack() as stack:
        yield [stack.enter_context(service(stage, f"service-{one}", settings)) for one in range(SERVICES)]


@contextmanager
def service(stage: Stage, name: str, settings: dict[str, str]) -> Iterator[Service]:
    port, folder = free_port(), stage.folder
    environ = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONPATH": str(ROOT),
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "API_ENTREPRISE_URL": stage.simulator.url,
        "API_ENTREPRISE_TOKEN": "open-data-of-the-bench",
        "PREFILL_RECIPIENT": invented.BUYER,
        "PREFILL_PROXIES": "1",
        "PREFILL_LOG": "json",
        "PREFILL_METRICS_TOKEN": OPERATOR,
        "REDIS_URL": f"redis://127.0.0.1:{stage.redis.port}/0",
        **settings,
    }
    command = (ROOT / "Procfile").read_text().partition("web:")[2].splitlines()[0].strip()
    command = command.replace("0.0.0.0", "127.0.0.1")  # as deployed, but heard on this machine alone
    log = folder / f"{name}.log"
    with running(["sh", "-c", command], log, cwd=ROOT, env=environ) as process:
        found = Service(port, process, log)
        wait_until(lambda: answers(port, "/healthz"))
        yield found


@dataclass
class Service:
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def worker(self) -> int:
        """Name the process that serves: the leaf of what we started."""
        return next(pid for pid in descendants(self.process.pid) if not descendants(pid))

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = (line for line in self.log.read_text(errors="replace").splitlines() if f'"{name}"' in line)
        return [json.loads(line) for line in lines]

    def ready(self) -> list[str]:
        return [check["message"] for check in fetch(self.port, "/readyz")["checks"] if not check["ok"]]


def descendants(pid: int) -> list[int]:
    try:
        children = [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *itertools.chain.from_iterable(descendants(child) for child in children)]


def answers(port: int, path: str | None) -> bool:
    """Tell whether somebody listens there, and answers 200 to a path when there is one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.connect()
        if path:
            connection.request("GET", path)
        return path is None or connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def fetch(port: int, path: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path, headers={"X-Forwarded-For": "192.0.2.1", "Authorization": f"Bearer {OPERATOR}"})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def wait_until(condition: Callable[[], bool], patience: float = 30) -> None:
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            sys.exit("the bench did not start in time")
        time.sleep(0.05)


@dataclass
class Answered:
    at: float
    seconds: float
    status: int  # 0: no answer, the connection broke
    body: Any = None


@dataclass
class Crowd:
    """So many clients, each one company after another, until the end; `rate` a second for all, or none."""

    ports: list[int]
    numbers: list[str]
    clients: int
    rate: float | None = None
    read: bool = False
    done: list[Answered] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        order = random.Random(2).sample(self.numbers, len(self.numbers))
        self.companies = itertools.cycle(order)
        self.turns = itertools.count()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.ask_on, args=(one,), daemon=True) for one in range(self.clients)]

    def start(self) -> None:
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join(60)

    def ask_on(self, client: int) -> None:
        port = self.ports[client % len(self.ports)]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while not self.ended.is_set():
            with self.lock:
                number, turn = next(self.companies), next(self.turns)
            if self.rate and self.ended.wait(max(0.0, self.began + turn / self.rate - time.monotonic())):
                break
            self.done.append(self.ask(connection, number, turn))
            if self.rate:  # a connection left idle would be closed under us
                connection.close()
        connection.close()

    def ask(self, connection: http.client.HTTPConnection, number: str, turn: int) -> Answered:
        address = f"10.{turn >> 16 & 255}.{turn >> 8 & 255}.{turn & 255}"
        began = time.monotonic()
        try:
            connection.request("GET", f"/v1/prefill/{number}", headers={"X-Forwarded-For": address})
            response = connection.getresponse()
            status, text = response.status, response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return Answered(time.time(), time.monotonic() - began, 0)
        return Answered(time.time(), time.monotonic() - began, status, json.loads(text) if self.read else None)


def quantiles(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=1000, method="inclusive")
    named = {"p50": cuts[499], "p95": cuts[949], "p99": cuts[989], "max": max(seconds)}
    return {name: round(value, 3) for name, value in named.items()}


def used_by_minute(log: list[dict[str, Any]], began: float, ended: float, window: float) -> dict[str, int]:
    """Count the calls of the JSON group in each full window that the log still holds whole, by arrival."""
    if len(log) >= LOG_LENGTH:
        began = max(began, log[0]["timestamp"])
    calls = Counter(
        int(one["timestamp"] // window) for one in log if not any(part in one["path"] for part in OTHER_GROUPS)
    )
    full = range(int(began // window) + 1, int(ended // window))
    return {time.strftime("%H:%M:%S", time.gmtime(epoch * window)): calls[epoch] for epoch in full}


def footprint(pids: list[int]) -> dict[str, float]:
    """Sum up what the processes take: MiB of memory, threads, sockets."""
    sums: Counter[str] = Counter()
    for pid in pids:
        with suppress(OSError):
            status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            sums["memory"] += int(status["VmRSS"].split()[0]) / 1024
            sums["threads"] += int(status["Threads"])
            sums["sockets"] += sum("socket:" in str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir())
    return {name: round(value, 1) for name, value in sums.items()}


@dataclass
class Report:
    """Figures, and what must hold of them."""

    scenario: str
    figures: dict[str, Any] = field(default_factory=dict)
    checks: dict[str, bool] = field(default_factory=dict)

    def close(self) -> int:
        width = max(map(len, (*self.figures, *self.checks)))
        print(f"\n{self.scenario}")
        for name, value in self.figures.items():
            print(f"  {name:{width}}  {value}")
        for name, holds in self.checks.items():
            print(f"  {name:{width}}  {'holds' if holds else 'FAILS'}")
        known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        known[self.scenario] = {"on": time.strftime("%Y-%m-%d"), **self.figures, "checks": self.checks}
        RESULTS.write_text(json.dumps(known, indent=2, ensure_ascii=False) + "\n")
        return 0 if all(self.checks.values()) else 1


def sum_up(report: Report, crowd: Crowd, simulator: invented.Simulator, began: float, window: float) -> None:
    """What every scenario shows: answers and their times, calls, and the simulator's verdict."""
    ended, stats = time.time(), simulator.stats()
    answered = [one for one in crowd.done if one.status]
    statuses = Counter(one.status for one in crowd.done)
    report.figures |= {
        "seconds": round(ended - began),
        "requests": len(crowd.done),
        "requests a second": round(len(crowd.done) / (ended - began), 1),
        "statuses (0: connection lost)": dict(sorted(statuses.items())),
        "seconds to answer": quantiles([one.seconds for one in answered]),
        "calls upstream": stats["total"],
        "upstream statuses": stats["statuses"],
        "violations": stats["violations"],
        "calls a full minute": used_by_minute(simulator.log(), began, ended, window),
    }
    report.checks |= {
        "no violation": not stats["violations"],
        "no call over budget": not OVER_BUDGET & stats["violations"].keys(),
        "no identical call in flight": Violation.IDENTICAL_CALL not in stats["violations"],
        "every answer within the deadline": all(one.seconds <= DEADLINE + GRACE for one in answered),
        "no 5xx of ours": not any(status >= 500 for status in statuses),
    }


def stampede(stage: Stage, seconds: float) -> Report:
    """64 clients, 2,000 companies, as fast as they can."""
    report = Report("load")
    numbers, cases = companies(2000)
    stage.simulator.add(*cases)
    with services(stage) as served:
        until_a_window_ends(stage.window)
        crowd, began = Crowd([one.port for one in served], numbers, 64), time.time()
        crowd.start()
        time.sleep(LEAD + seconds + 1)
        crowd.stop()
        sum_up(report, crowd, stage.simulator, began, stage.window)
        report.figures["footprint of the services"] = footprint([one.worker() for one in served])
    used = report.figures["calls a full minute"]
    report.checks["no connection lost"] = not any(one.status == 0 for one in crowd.done)
    report.checks["at least 90 % of each full minute used"] = all(one >= 0.9 * JSON_BUDGET for one in used.values())
    return report


def chaos(stage: Stage, seconds: float) -> Report:
    """The same; Redis dies a third of the way, at the end of a minute, for half a minute; then a process is killed."""
    report = Report("chaos")
    numbers, cases = companies(2000)
    stage.simulator.add(*cases)
    with services(stage) as served:
        until_a_window_ends(stage.window)
        crowd, began = Crowd([one.port for one in served], numbers, 64), time.time()
        crowd.start()
        time.sleep(seconds / 3)
        stage.redis.kill()
        time.sleep(seconds / 12)
        seen_down = [message for one in served for message in one.ready() if "Redis" in message]
        time.sleep(seconds / 12)
        stage.redis.start()
        time.sleep(seconds / 6)
        victim, killed = served[0].worker(), time.time()
        os.kill(victim, signal.SIGKILL)
        time.sleep(seconds / 3)
        crowd.stop()
        sum_up(report, crowd, stage.simulator, began, stage.window)
        lost = [one.at - killed for one in crowd.done if one.status == 0]
        logged = [(len(one.events("redis.down")), len(one.events("redis.back"))) for one in served]
        report.figures |= {
            "Redis down, back (log lines of each)": logged,
            "readyz while Redis is down": seen_down,
            "connections lost with the killed process": len(lost),
            "seconds until its successor listens": round(max(lost, default=0), 2),
        }
        report.checks |= {
            "connections were lost until the killed process had a successor, and no more": all(
                -0.5 < at < 5 for at in lost
            ),
            "each said in readyz that Redis was down": len(seen_down) == SERVICES,
            "each logged the loss and the return once": logged == [(1, 1)] * SERVICES,
            "the killed process is back": answers(served[0].port, "/healthz") and served[0].worker() != victim,
        }
    return report


def dead_provider(stage: Stage, seconds: float) -> Report:
    """A steady rate while Infogreffe never answers; then it heals."""
    report = Report("dead provider")
    numbers, cases = companies(1000)
    stage.simulator.add(*cases)
    stage.simulator.fail({"infogreffe": "timeout"})
    with services(stage) as served:
        crowd, began = Crowd([one.port for one in served], numbers, 32, rate=5, read=True), time.time()
        crowd.start()
        time.sleep(seconds)
        opened = [moment(line) for one in served for line in one.events("breaker.open")]
        healed = time.time()
        stage.simulator.fail({})
        time.sleep(25)
        crowd.stop()
        sum_up(report, crowd, stage.simulator, began, stage.window)
        lines = [line for one in served for line in one.events("upstream.call") if line["source"] == RCS]
    waiting = [one.seconds for one in crowd.done if one.at <= healed and one.at - one.seconds > max(opened)]
    rests = [one.at - healed for one in crowd.done if one.at > healed and rcs_status(one) == "ok"]
    report.figures |= {
        "breakers opened after (s)": sorted(round(at - began, 1) for at in opened),
        "calls to the dead provider": sum(one["status"] != "ok" for one in lines),
        "seconds to answer, breaker open": quantiles(waiting),
        "first fresh answer after healing (s)": round(min(rests), 2) if rests else None,
    }
    report.checks |= {
        "an open breaker costs nobody time": quantiles(waiting)["p95"] < 0.5 and max(waiting) < 1.5,
        "the first fresh answer comes within the rest": bool(rests) and min(rests) <= 10.5,
    }
    return report


def moment(line: dict[str, Any]) -> float:
    return datetime.fromisoformat(line["timestamp"]).timestamp()


def rcs_status(one: Answered) -> str | None:
    return one.body["sources"].get(RCS, {}).get("status") if one.status == 200 else None


def soak(stage: Stage, seconds: float) -> Report:
    """A steady rate on a small cache, one company in ten a new one, with a provider that comes and goes."""
    report = Report("soak")
    numbers, cases = companies(600 + int(SOAK_RATE * seconds / 10))
    stage.simulator.add(*cases)
    known, new = numbers[:600], numbers[600:]
    asked = [number for one in new for number in (one, *random.Random(one).choices(known, k=9))]
    samples: list[dict[str, float]] = []
    with services(stage, PREFILL_CACHE_ENTRIES="1000", PREFILL_RESPONSE_CACHE="100") as served:
        crowd, began = Crowd([one.port for one in served], asked, 16, rate=SOAK_RATE), time.time()
        crowd.start()
        for tick in itertools.count(1):
            if crowd.ended.wait(max(0.0, began + 10 * tick - time.time())) or 10 * tick > seconds:
                break
            samples.append({"at": 10 * tick, **footprint([one.worker() for one in served])})
            stage.simulator.fail({"infogreffe": "502", "dgfip": "504@0.5"} if tick % 12 in (5, 6) else {})
        crowd.stop()
        sum_up(report, crowd, stage.simulator, began, stage.window)
    warm = [one for one in samples if one["at"] > min(WARM, seconds / 3)]
    third = max(1, len(warm) // 3)
    for name, allowed in (("memory", 0.05), ("threads", 0.05), ("sockets", 0.1)):
        first = statistics.median(one[name] for one in warm[:third])
        last = statistics.median(one[name] for one in warm[-third:])
        report.figures[f"{name}, first and last third once warm"] = (round(first, 1), round(last, 1))
        report.checks[f"{name} flat"] = last <= first * (1 + allowed) + 2
    report.figures["memory every minute"] = [round(one["memory"]) for one in samples[5::6]]
    return report


@dataclass
class Stage:
    simulator: invented.Simulator
    redis: Redis
    folder: Path
    window: float


def until_a_window_ends(window: float) -> None:
    """Begin a little before a clock minute, so that the minutes measured are whole."""
    left = window - time.time() % window
    time.sleep((left - LEAD) % window)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--chaos", action="store_true", help="kill Redis and a process on the way")
    chosen.add_argument("--dead-provider", action="store_true", help="Infogreffe never answers, then heals")
    chosen.add_argument("--soak", type=float, metavar="SECONDS", help="a steady rate for so long (1200)")
    parser.add_argument("--seconds", type=float, default=None, help="how long to load (180; dead provider: 40)")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that what was started ends too
    scenario, seconds = stampede, asked.seconds or 180
    options = ["--latency", "60", "--latency", "infogreffe=250"]
    if asked.chaos:
        scenario = chaos
    if asked.dead_provider:
        scenario, seconds, options = dead_provider, asked.seconds or 40, [*options, "--budget-scale", "1000"]
    if asked.soak:
        scenario, seconds, options = soak, asked.soak, [*options, "--budget-scale", "1000"]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prefill-bench-")))
        redis = Redis(folder, stack=stack)
        redis.start()
        simulator = stack.enter_context(run_sandbox(*options))
        try:
            return scenario(Stage(simulator, redis, folder, 60.0), seconds).close()
        finally:
            if keep := os.environ.get("BENCH_LOG"):
                shutil.copytree(folder, keep, dirs_exist_ok=True)


if __name__ == "__main__":
    sys.exit(main())
