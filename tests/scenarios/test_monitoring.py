"""What an operator copies is true: the alerts, the dashboard and docs/operate.md name what the code really says."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from prometheus_client import Counter, Histogram
from prometheus_client.parser import text_string_to_metric_families

from prefill import telemetry
from prefill.domain.answers import Cause, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.sources import CALLS_PER_ADDRESS, RATE_GROUPS
from prefill.health import SANDBOX_BANNER
from prefill.problems import every_problem

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
GROUPS = yaml.safe_load((ROOT / "docs" / "monitoring" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
ALERTS = [rule for group in GROUPS for rule in group["rules"]]
DASHBOARD = json.loads((ROOT / "docs" / "monitoring" / "dashboard.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
MODULES = sorted((ROOT / "prefill").rglob("*.py"))
OUR_CALLS = frozenset({"event", "warning", "error", "count", "observe", "gauge"})
TOLD_BY_PROMETHEUS = {"up": {"job", "instance"}}
ADDED_BY_PROMETHEUS = {"instance", "job"}


@cache
def nodes(word: str) -> tuple[tuple[str, ast.AST], ...]:
    """List the nodes of the modules that hold a word, each with its module."""
    texts = {path.relative_to(ROOT / "prefill").as_posix(): path.read_text(encoding="utf-8") for path in MODULES}
    return tuple(
        (name, node)
        for name, text in texts.items()
        if word in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call | ast.keyword)
    )


def called(*functions: str) -> Iterator[tuple[str, ast.expr]]:
    """Give the first argument of each call of these functions of `telemetry`, and where it is."""
    for name, node in nodes("telemetry."):
        function = node.func if isinstance(node, ast.Call) else None
        owner = function.value if isinstance(function, ast.Attribute) else None
        if isinstance(owner, ast.Name) and owner.id == "telemetry" and function.attr in functions:
            yield f"{name}:{node.lineno}", node.args[0]


def constants(*functions: str) -> dict[str, str]:
    """Name what these functions are told, and one place of each."""
    return {one.value: place for place, one in called(*functions) if isinstance(one, ast.Constant)}


# `tell(…)` in upstream.py and telemetry.py stand for `event`, `warning` or `error`.
EVENTS = {
    **constants("event", "warning", "error"),
    "upstream.call": "registers/calls.py",
    "library": "telemetry/events.py",
    "log.dropped": "telemetry/log_writer.py",
}


def test_every_event_and_metric_is_named_where_it_is_told():
    unnamed = [place for place, one in called(*OUR_CALLS) if not isinstance(one, ast.Constant)]

    assert unnamed == []
    for name in ("upstream.call", "library"):
        assert f'"{name}"' in (ROOT / "prefill" / EVENTS[name]).read_text(encoding="utf-8")


def test_every_metric_of_the_table_is_fed_and_no_other():
    assert set(constants("count", "observe", "gauge")) == set(telemetry.METRICS)


def suffixes(metric: telemetry.Metric) -> tuple[str, ...]:
    return {Counter: ("_total",), Histogram: ("_bucket", "_sum", "_count")}.get(metric.kind, ("",))


# In a process of its own: what the other tests count is not mixed with it.
EXPOSE = """if True:
    from prometheus_client import Counter, Histogram
    from prefill import telemetry
    for name, metric in telemetry.METRICS.items():
        tell = {Counter: telemetry.count, Histogram: telemetry.observe}.get(metric.kind, telemetry.gauge)
        tell(name, *(() if metric.kind is Counter else (1.0,)), **dict.fromkeys(metric.labels, "probe"))
    print(telemetry.exposition({}).decode())
"""


@cache
def exposed() -> dict[str, set[str]]:
    """Expose every metric once, and give the labels of each name as the parser reads them."""
    run = subprocess.run([sys.executable, "-c", EXPOSE], capture_output=True, text=True, check=True)
    known: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(run.stdout):
        for sample in family.samples:
            known.setdefault(sample.name, set()).update(sample.labels)
    return known


def test_the_exposition_has_the_names_and_labels_of_the_table():
    table = {
        metric.name + suffix: set(metric.labels) | ({"le"} if suffix == "_bucket" else set())
        for metric in telemetry.METRICS.values()
        for suffix in suffixes(metric)
    }

    assert exposed() == table


EXPRESSIONS = {
    **{rule["alert"]: rule["expr"] for rule in ALERTS},
    **{f"{panel['title']}/{one['refId']}": one["expr"] for panel in PANELS for one in panel["targets"]},
}
FUNCTIONS = {
    "absent", "by", "histogram_quantile", "increase", "max", "min", "or", "rate", "sum", "time", "for", "and", "unless",
}  # fmt: skip


def without_strings(expression: str) -> str:
    return re.sub(r'"[^"]*"', '""', expression)


def selectors(expression: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Give each metric of an expression with the labels it selects."""
    for name, _, inside in re.findall(r'\b(up|prefill_\w+)(\{((?:[^"}]|"[^"]*")*)\})?', expression):
        yield name, dict(re.findall(r'(\w+)\s*=~?\s*"([^"]*)"', inside))


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_uses_metrics_that_exist_with_labels_they_have(name):
    expression = EXPRESSIONS[name]
    known = {**exposed(), **TOLD_BY_PROMETHEUS}
    used = list(selectors(expression))
    grouped = {label for group in re.findall(r"\bby \(([^)]*)\)", expression) for label in re.split(r",\s*", group)}

    assert used
    for metric, labels in used:
        assert metric in known
        assert set(labels) <= known[metric]
        assert grouped <= known[metric] | ADDED_BY_PROMETHEUS
    plain = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)", " ", without_strings(expression))
    assert set(re.findall(r"[a-z_]\w*", plain)) <= FUNCTIONS | set(known)


VALUES = {
    "route": {"/v1/prefill/<number>"},
    "outcome": {problem.code for problem in every_problem()} | {"200", "left"},
    "status": set(map(str, Status)),
    "reason": set(map(str, Cause)),
    "result": {"hit", "shared", "joined", "miss", "stale"},
    "complete": {"true", "false"},
    "source": set(CATALOGUE),
    "job": {"prefill"},
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_selects_values_that_are_really_told(name):
    for _, labels in selectors(EXPRESSIONS[name]):
        assert {label: value for label, value in labels.items() if value not in VALUES[label]} == {}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_counters_are_read_as_rates_and_brackets_are_closed(name):
    expression = without_strings(EXPRESSIONS[name])

    for opening, closing in ("()", "[]", "{}"):
        assert expression.count(opening) == expression.count(closing)
    for metric, _ in selectors(EXPRESSIONS[name]):
        if metric.endswith(("_total", "_bucket", "_sum", "_count")):
            assert re.search(rf"\b(rate|increase)\({metric}", expression)


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_is_and_where_to_read_on(rule):
    page, _, anchor = rule["annotations"]["runbook"].partition("#")

    assert page == "docs/operate.md"
    assert anchor in anchors()
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["labels"]["severity"] in ("page", "ticket", "info")
    assert f"| `{rule['alert']}` |" in GUIDE
    for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
        assert re.search(rf"by \([^)]*\b{label}\b", rule["expr"])


def test_no_alert_is_explained_that_does_not_exist():
    assert set(re.findall(r"\| `(Prefill\w+)` \|", GUIDE)) == {rule["alert"] for rule in ALERTS}
    assert len(ALERTS) == len({rule["alert"] for rule in ALERTS})


def test_the_dashboard_can_be_imported_anywhere():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    [source] = DASHBOARD["templating"]["list"]

    assert len(ids) == len(set(ids))
    assert (source["name"], source["type"], source["query"]) == ("datasource", "datasource", "prometheus")
    assert {"title", "uid", "schemaVersion", "time"} <= set(DASHBOARD)
    for panel in PANELS:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["description"].endswith(".")
        assert panel["type"] in ("timeseries", "stat")


def test_no_panel_lies_over_another():
    taken = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert taken.isdisjoint(cells)
        taken |= cells


def test_every_metric_is_drawn():
    drawn = {metric for panel in PANELS for one in panel["targets"] for metric, _ in selectors(one["expr"])}
    families = {metric.name for metric in telemetry.METRICS.values()}

    assert {name for name in families if not any(one.startswith(name) for one in drawn)} == set()


def anchors() -> set[str]:
    titles = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", GUIDE, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def section(title: str) -> str:
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL).group(1)


def rows(text: str) -> list[list[str]]:
    """Give the cells of the tables in a text."""
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]


def test_every_event_is_explained_and_no_other():
    explained = {row[0].strip("`") for row in rows(section("The log"))[2:]}

    assert explained == set(EVENTS)


def test_every_metric_is_explained_with_its_type_and_labels():
    explained = {row[0].strip("`"): row[1:3] for row in rows(section("The metrics"))[2:]}
    table = {
        metric.name + ("_total" if metric.kind is Counter else ""): [
            metric.kind.__name__.lower(),
            ", ".join(f"`{label}`" for label in metric.labels),
        ]
        for metric in telemetry.METRICS.values()
    }

    assert explained == table


def test_every_metric_that_the_guide_names_exists():
    families = {metric.name for metric in telemetry.METRICS.values()}

    assert set(re.findall(r"\bprefill_[a-z_]+", GUIDE)) <= set(exposed()) | families


def messages() -> Iterator[str]:
    """Give the sentences that events carry."""
    for _, node in nodes("message="):
        if isinstance(node, ast.keyword) and node.arg == "message" and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


@pytest.mark.parametrize("message", sorted({*messages(), SANDBOX_BANNER}))
def test_every_message_of_the_log_is_quoted(message):
    assert message.rstrip(".") in flat(GUIDE)


CHECKED = re.compile(r'(?:Check|remark)\(\s*"(\w+)"')


@pytest.mark.parametrize(
    "check",
    sorted({name for path in (ROOT / "prefill" / "health").glob("*.py") for name in CHECKED.findall(path.read_text())}),
)
def test_every_check_of_readyz_and_doctor_is_explained(check):
    assert f"`{check}`" in section("Reading /readyz")


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_the_budgets_are_those_of_the_catalogue():
    told = {
        row[0].strip("`"): (int(row[1]), "for each" in row[2])
        for row in rows(section("Budgets"))
        if row[1].isdigit() and "." not in row[0]
    }
    known = {one.name: (one.per_minute, one.per_endpoint) for one in RATE_GROUPS}

    assert told == {**known, "address": (CALLS_PER_ADDRESS, False)}


def test_every_link_of_the_guide_leads_somewhere():
    for target in re.findall(r"\]\(([^)#]*)(?:#[\w-]*)?\)", GUIDE):
        assert not target or (ROOT / "docs" / target).is_file()
    assert set(re.findall(r"\]\(#([\w-]+)\)", GUIDE)) <= anchors()


def test_the_place_of_the_chaos_table_is_kept():
    assert "<!-- chaos-table -->" in GUIDE
