"""The command line, as an operator and an integrator type it: on the sandbox, whole, through its own door."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import fields
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from prefill import telemetry
from prefill.app import create_app
from prefill.cli import main
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.settings import Settings
from prefill.web.rendering.schemas import VOLATILE
from tests.drift.test_comparison import PUBLISHED

ORDINARY = "00000100800010"
CLOSED = "00000800300014"
RCS_DOWN = "00001300300017"
UNDISCLOSED = "00001500800014"
SLOW = "00001700400011"
BUYER = "21750001600019"
NOTHING_SET = dict.fromkeys((*(one.metadata["name"] for one in fields(Settings)), "WEB_CONCURRENCY", "COLUMNS"))

Run = Callable[..., Result]

BAD_FORM = """\
title: Exemple
version: "1"
audience: candidate
fields:
  /name:
    label: Nom
    from:
      - etablissement: siret
"""
GOOD_FORM = BAD_FORM.replace("etablissement:", "etablissements:")
ODD_FORM = BAD_FORM.replace("etablissement: siret", "etablissements: siretz")


@pytest.fixture
def run() -> Iterator[Run]:
    """Run a command with nothing set but what is given; the log goes back to where it went."""
    log = structlog.get_config()

    def run_one(*arguments: str, columns: int = 100, **environ: str) -> Result:
        return CliRunner().invoke(main, arguments, env={**NOTHING_SET, "COLUMNS": str(columns), **environ})

    yield run_one
    structlog.configure(**log)


@pytest.fixture
def form(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "exemple.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refused(result: Result) -> str:
    """Give the sentence of a refusal: on standard error alone, without a stack trace.

    What an earlier test still had to log is left out.
    """
    assert result.exit_code == 1
    assert result.stdout == ""
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.stderr
    return "\n".join(line for line in result.stderr.splitlines() if not line.startswith("{")).strip()


def test_an_association_without_siren_is_named_by_the_number_that_was_typed(run):
    assert run("fill", "W000000350").stdout.startswith("W000000350 · Document unique")


def test_a_filled_form_is_a_table_of_values_signed_by_their_source(run):
    result = run("fill", ORDINARY)

    assert result.exit_code == 0
    assert re.search(r"^SIRET +00000100800010 +etablissements$", result.stdout, re.MULTILINE)
    assert re.search(r"^Capital social.* 80000 ", result.stdout, re.MULTILINE)
    assert "extraits_rcs_infogreffe (à vérifier)" in run("fill", ORDINARY, columns=160).stdout


def test_every_field_has_its_line(run):
    lines = run("fill", ORDINARY, columns=400).stdout.splitlines()
    labels = [
        field["label"]
        for field in create_app(Settings(log="json")).test_client().get("/v1/schemas/dume").json["fields"]
    ]

    for label in labels:
        assert any(line.startswith(label) for line in lines)


def test_a_dead_register_is_said_where_its_values_would_be_and_is_no_failure(run):
    result = run("fill", RCS_DOWN, columns=160)

    assert result.exit_code == 0
    assert "— Infogreffe ne répond pas : à saisir." in result.stdout
    assert re.search(r"Source en défaut : extraits_rcs_infogreffe \(unavailable, provider, 02\d+\)", result.stdout)
    assert "PLOMBERIE LATOUR-MEUNIER" in result.stdout


def test_notices_follow_the_fields(run):
    assert "Note : Cet établissement est fermé depuis le 31/12/2023." in run("fill", CLOSED).stdout


def test_the_sandbox_says_that_its_data_are_invented_beside_the_answer(run):
    result = run("fill", ORDINARY, "--json")

    assert "inventées" in result.stderr
    assert json.loads(result.stdout)["siret"] == ORDINARY


def test_the_json_is_what_the_api_answers(run):
    told = json.loads(run("fill", ORDINARY, "--json", "--with", "conventions_collectives").stdout)
    client = create_app(Settings(log="json")).test_client()
    answered = client.get(f"/v1/prefill/{ORDINARY}?with=conventions_collectives").json

    assert timeless(told) == timeless(answered)


def timeless(answer: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is of one moment: two answers may be made on both sides of a second."""
    for one in (*answer["provenance"].values(), *answer["sources"].values()):
        for name in ("retrievedAt", *VOLATILE):
            one.pop(name, None)
    return answer


def test_a_number_may_be_typed_with_its_spaces(run):
    assert run("fill", "000", "001", "008", "00010").stdout == run("fill", ORDINARY).stdout


def test_a_source_asked_for_besides_gives_its_rows(run):
    assert "with=conventions_collectives" in run("fill", ORDINARY, columns=400).stdout
    assert "with=conventions_collectives" not in run("fill", ORDINARY, "--with", "conventions_collectives").stdout


def test_sentences_come_in_english_too(run):
    result = run("fill", RCS_DOWN, "--lang", "en", columns=160)

    assert "— Infogreffe does not answer: please fill in." in result.stdout
    assert result.stdout.splitlines()[2].split() == ["Field", "Value", "Source"]
    assert "disclosed" in refused(run("fill", UNDISCLOSED, "--lang", "en"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["123"], "celui-ci en compte 3"),
        (["00000100800011"], "ne peut pas exister"),
        ([UNDISCLOSED], "La loi ne permet pas"),
        ([ORDINARY, "--schema", "dumme"], "Vouliez-vous dire « dume » ?"),
        ([ORDINARY, "--with", "actes"], "Vouliez-vous dire « actes_inpi » ?"),
        ([ORDINARY, "--with", "bilans_inpi"], "ne demande pas cette donnée"),
    ],
)
def test_a_refusal_is_the_sentence_of_the_api(run, arguments, words):
    assert words in refused(run("fill", *arguments))


@pytest.mark.parametrize("columns", [40, 80, 100, 140])
@pytest.mark.parametrize("command", ["fill 00000100800010", "sources", "settings", "schema show dume"])
def test_a_table_keeps_to_the_width_of_the_terminal(run, command, columns):
    lines = run(*command.split(), columns=columns).stdout.splitlines()

    assert max(map(len, lines)) <= columns
    assert not any(line.endswith(" ") for line in lines)


def test_columns_are_aligned(run):
    heading, rule, *rows = run("sources", columns=160).stdout.splitlines()
    starts = [place.start() for place in re.finditer(r"-+", rule)]

    assert [place.start() for place in re.finditer(r"\w+", heading)] == starts
    assert len(rows) == len(CATALOGUE)
    for row in rows:
        assert all(row[start - 2 : start] == "  " and row[start] != " " for start in starts[1:])


def test_a_narrow_terminal_gets_one_block_a_row(run):
    assert run("sources", columns=50).stdout.startswith("Nom          etablissements\nFournisseur  Insee\n")


@pytest.mark.slow
def test_a_pipe_gets_one_line_a_row():
    environ = {name: value for name, value in os.environ.items() if name not in NOTHING_SET}
    told = subprocess.run(
        [sys.executable, "-m", "prefill.cli", "sources"], env=environ, capture_output=True, text=True, check=True
    )

    assert len(told.stdout.splitlines()) == len(CATALOGUE) + 2


@pytest.mark.slow
def test_an_old_terminal_loses_signs_and_nothing_else():
    environ = {name: value for name, value in os.environ.items() if name not in NOTHING_SET}
    told = subprocess.run(
        [sys.executable, "-m", "prefill.cli", "fill", RCS_DOWN],
        env={**environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
    )

    assert "? Infogreffe ne répond pas : à saisir." in told.stdout.decode("latin-1")


def test_a_source_is_shown_as_it_answers(run):
    answer = json.loads(run("ask", "numero_tva", ORDINARY).stdout)

    assert answer["status"] == "ok"
    assert answer["data"] == {"siren": "000001008", "numero_tva": "FR29000001008"}
    assert answer["requestId"]


def test_a_source_that_fails_says_how_and_ends_with_1(run):
    result = run("ask", "extraits_rcs_infogreffe", RCS_DOWN)

    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["status"], told["cause"], told["httpStatus"], told["data"]) == ("unavailable", "provider", 504, None)
    assert told["code"].startswith("02")
    assert told["requestId"]


def test_a_protected_source_is_answered_only_to_who_says_to_be_entitled(run):
    assert "--protected" in refused(run("ask", "exercices", ORDINARY))

    answer = json.loads(run("ask", "exercices", ORDINARY, "--protected").stdout)
    assert answer["data"][0]["chiffre_affaires"] > 0


@pytest.mark.parametrize("source", [source for source in SOURCES if source.refusal], ids=lambda source: source.name)
def test_a_forbidden_or_withdrawn_source_is_refused_with_its_own_sentence(run, source):
    assert refused(run("ask", source.name, ORDINARY, "--protected")).endswith(source.refusal)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["etablissement", ORDINARY], "Vouliez-vous dire « etablissements » ?"),
        (["zzz", ORDINARY], "« prefill sources » les liste"),
        (["etablissements", "000001008"], "demande un SIRET"),
        (["etablissements", "12"], "celui-ci en compte 2"),
    ],
)
def test_a_question_that_makes_no_sense_is_explained(run, arguments, words):
    assert words in refused(run("ask", *arguments))


def test_an_association_may_be_named_by_its_own_number(run):
    answer = json.loads(run("ask", "documents_associations", "W000000000").stdout)

    assert answer["status"] == "absent"


def test_our_own_forms_are_sound(run):
    result = run("schema", "check")

    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "Aucune erreur.")


def test_a_bad_form_is_told_by_file_and_line(run, form):
    path = form(BAD_FORM)
    result = run("schema", "check", str(path))

    assert result.exit_code == 1
    assert result.stdout.startswith(f"{path}:8: ")
    assert "vouliez-vous dire « etablissements » ?" in result.stdout


def test_a_good_form_and_a_form_with_a_remark_pass(run, form):
    assert run("schema", "check", str(form(GOOD_FORM))).stdout == "Aucune erreur.\n"

    result = run("schema", "check", str(form(ODD_FORM)))
    assert (result.exit_code, "remarque : " in result.stdout) == (0, True)


def test_a_file_that_is_not_there_is_a_mistake(run, tmp_path):
    assert run("schema", "check", str(tmp_path / "absent.yaml")).exit_code == 1


@pytest.mark.parametrize("command", ["fill 00000100800010", "schema show dume", "openapi", "serve"])
def test_bad_forms_stop_every_command_that_needs_them(run, form, command):
    folder = form(BAD_FORM).parent

    assert "exemple.yaml:8: " in refused(run(*command.split(), PREFILL_SCHEMAS=str(folder)))


def test_all_forms_are_checked_when_none_is_named(run, form):
    folder = form(BAD_FORM).parent

    assert run("schema", "check", PREFILL_SCHEMAS=str(folder)).exit_code == 1


def test_a_form_is_shown_as_it_was_understood(run):
    told = run("schema", "show", "dume", columns=400).stdout

    assert re.search(
        r"^/partII/B/representatives +Représentants +list +extraits_rcs_infogreffe: .*à vérifier$", told, re.MULTILINE
    )
    assert re.search(r"· familyName: nom$", told, re.MULTILINE)
    assert "« dume »" in refused(run("schema", "show", "dumme"))


def test_the_catalogue_lists_every_source_with_its_access(run):
    told = run("sources", columns=160).stdout

    for source in SOURCES:
        assert re.search(rf"^{source.name} ", told, re.MULTILINE)
    assert re.search(r"^bilans_inpi +INPI +interdite +jamais ", told, re.MULTILINE)


def test_the_page_of_the_catalogue_holds_every_row(run):
    page = run("sources", "--markdown").stdout

    assert page.startswith("# Sources\n")
    for source in SOURCES:
        assert f"`{source.name}`" in page
        assert (source.refusal or f"`{source.path}`") in page


def test_the_settings_tell_their_value_and_where_it_comes_from(run):
    token = "very-secret"
    told = run("settings", columns=400, API_ENTREPRISE_TOKEN=token, PREFILL_RECIPIENT=BUYER).stdout

    assert token not in told
    assert re.search(r"^API_ENTREPRISE_TOKEN +\(secret, présent\) +environnement ", told, re.MULTILINE)
    assert re.search(r"^PORT +8000 +défaut ", told, re.MULTILINE)


def test_the_page_of_the_settings_holds_every_setting_and_nothing_of_this_machine(run):
    page = run("settings", "--markdown", PORT="9123").stdout

    for one in fields(Settings):
        assert f"| `{one.metadata['name']}` |" in page
    assert "9123" not in page


@pytest.mark.parametrize("command", ["settings", "doctor", "serve", "openapi", "schema check", "fill 00000100800010"])
def test_bad_settings_are_told_in_sentences(run, command):
    told = refused(run(*command.split(), PREFILL_LOG="xml", PREFILL_DEADLINE="vite"))

    assert [line.split()[0] for line in told.splitlines()] == ["PREFILL_DEADLINE", "PREFILL_LOG"]


def test_the_openapi_document_is_the_one_the_service_gives(run):
    told = json.loads(run("openapi").stdout)

    assert told["openapi"].startswith("3.")
    assert list(told["paths"]) == list(
        create_app(Settings(log="json")).test_client().get("/openapi.json").json["paths"]
    )


def test_the_catalogue_is_compared_with_what_is_published_and_a_drift_is_an_exit_code(run, tmp_path):
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(PUBLISHED), encoding="utf-8")
    agreed = run("sources", "check", str(file), columns=200)

    assert agreed.exit_code == 0
    assert "numero_tva" in agreed.stdout
    assert f"{len(PUBLISHED['paths'])} points d'accès publiés : 0 dérive(s), 3 remarque(s)." in agreed.stdout

    file.write_text(json.dumps({"paths": dict([*PUBLISHED["paths"].items()][1:])}), encoding="utf-8")
    drifted = run("sources", "check", str(file), columns=200)
    assert drifted.exit_code == 1
    assert "etablissements" in drifted.stdout
    assert "1 dérive(s)" in drifted.stdout


def test_what_is_not_a_description_is_refused(run, tmp_path):
    result = run("sources", "check", str(tmp_path / "absent.yaml"))

    assert result.exit_code == 1
    assert "ne peut pas être lu" in result.stderr


def test_the_doctor_finds_the_sandbox_fit_and_says_which_providers_ail(run):
    result = run("doctor")

    assert result.exit_code == 0
    assert re.search(r"^à voir +Le fournisseur opqibi/\S+ est en maintenance\.$", result.stdout, re.MULTILINE)
    assert result.stdout.splitlines()[-1] == "Le service peut fonctionner."


def test_the_doctor_tells_bad_forms_and_looks_at_the_rest(run, form):
    result = run("doctor", PREFILL_SCHEMAS=str(form(BAD_FORM).parent))

    assert result.exit_code == 1
    assert "exemple.yaml:8: " in result.stdout
    assert re.search(r"^échec +Aucun formulaire", result.stdout, re.MULTILINE)
    assert "open_data" in result.stdout


def test_the_doctor_asks_the_api_with_the_token(run, simulator):
    live = {"API_ENTREPRISE_URL": simulator.url, "API_ENTREPRISE_TOKEN": "open-data-alone", "PREFILL_RECIPIENT": BUYER}
    result = run("doctor", **live)

    assert result.exit_code == 0
    assert re.search(r"^à voir +Le formulaire dossier demande .* : .*exercices", result.stdout, re.MULTILINE)
    assert "open-data-alone" not in result.stdout

    simulator.fail({"privileges": "401"})
    result = run("doctor", **live)
    assert result.exit_code == 1
    assert re.search(r"^échec +Les droits du jeton ne peuvent pas être lus", result.stdout, re.MULTILINE)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server(port: int, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Serve for good, in a process of its own; what it says is in a file."""
    said = tmp_path / "said"
    environ = {name: value for name, value in os.environ.items() if name not in NOTHING_SET}
    with said.open("wb") as output:
        command = [sys.executable, "-m", "prefill.cli", "serve", "--port", str(port)]
        with subprocess.Popen(command, env=environ, stdout=output, stderr=output, start_new_session=True) as process:
            try:
                _await(process, port)
                yield process, said
            finally:
                # The workers outlive their parent: the whole group ends.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection, suppress(OSError):
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.02)
    pytest.fail("« prefill serve » does not start")


def test_serving_says_once_where_and_stops_without_dropping_anybody(server, port):
    process, said = server
    with closing(HTTPConnection("127.0.0.1", port, timeout=15)) as waiting:
        waiting.request("GET", f"/v1/prefill/{SLOW}")
        _await_call(said)
        process.send_signal(signal.SIGTERM)
        answer = waiting.getresponse()
        assert (answer.status, json.load(answer)["complete"]) == (200, True)

    assert process.wait(timeout=15) == 0
    told = said.read_text(encoding="utf-8")
    assert told.count(f"http://127.0.0.1:{port} ;") == 1
    assert told.count("BAC À SABLE") == 1
    assert told.count('"route": "/v1/prefill/<number>"') == 1, "the last line was lost"
    assert "Traceback" not in told


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_when_its_workers_receive_the_signal_too(server, signal_number):
    """As Ctrl+C in a terminal does, and what stops a container on many platforms."""
    process, _ = server

    os.killpg(process.pid, signal_number)

    assert process.wait(timeout=20) == 0


def test_a_process_that_dies_has_a_successor(server, port):
    process, said = server
    [worker] = _children(process.pid)
    time.sleep(1)  # it dies in use, and not as it begins
    os.kill(worker, signal.SIGKILL)
    end = time.monotonic() + 20
    while _children(process.pid) in ([], [worker]) and time.monotonic() < end:
        time.sleep(0.05)

    _await(process, port)
    assert _children(process.pid) != [worker]
    assert said.read_text(encoding="utf-8").count("BAC À SABLE") == 2


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(one) for one in text.split()]


def _await_call(said: Path) -> None:
    """Wait until the request is inside: it has made its first call."""
    end = time.monotonic() + 5
    while time.monotonic() < end and "upstream.call" not in said.read_text(encoding="utf-8"):
        time.sleep(0.01)


def test_a_port_that_is_taken_is_told_and_nothing_starts(run, port):
    with socket.create_server(("127.0.0.1", port)):
        assert "déjà pris" in refused(run("serve", "--port", str(port)))


@pytest.mark.parametrize(
    ("arguments", "environ", "name"),
    [
        (["--port", "0"], {}, "PORT"),
        (["--port", "http"], {}, "PORT"),
        ([], {"PREFILL_SANDBOX": "1", "WEB_CONCURRENCY": "beaucoup"}, "WEB_CONCURRENCY"),
        ([], {"PREFILL_SANDBOX": "1", "WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY"),
    ],
)
def test_a_server_that_cannot_be_is_refused_by_name(run, port, arguments, environ, name):
    assert refused(run("serve", *arguments, **{"PORT": str(port), **environ})).startswith(f"{name} attend")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"PREFILL_DEADLINE": "soon"}, "PREFILL_DEADLINE attend"),
        ({"PREFILL_TEMPLATES": "/nonexistent"}, "PREFILL_TEMPLATES : le dossier"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_bad_setting_is_told_once_whatever_the_number_of_processes(bad, sentence, port):
    environ = {name: value for name, value in os.environ.items() if name not in NOTHING_SET}
    command = [sys.executable, "-m", "prefill", "serve"]
    environ |= {"PORT": str(port), "PREFILL_SANDBOX": "1", "WEB_CONCURRENCY": "4", **bad}
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 1
    assert (ended.stdout, ended.stderr.count(sentence)) == ("", 1)
    assert len(ended.stderr.splitlines()) <= 2


@pytest.mark.parametrize("command", ["fill 00000100800010", "ask etablissements 00000100800010"])
def test_the_log_is_shown_on_demand_alone(run, command, capsys):
    def logged(*options):
        told = run(*command.split(), *options).stderr
        telemetry.flush()
        return told + capsys.readouterr().err  # a line is written during the command, or after it

    assert "upstream.call" not in logged()
    assert "upstream.call" in logged("-v")


@pytest.mark.parametrize("command", ["fill 13002526500013", "ask etablissements 13002526500013"])
def test_the_sandbox_does_not_say_of_a_real_company_that_it_is_unknown(run, command):
    assert "Bac à sable : ce numéro (130 025 265 00013) n'est pas une des entreprises inventées" in refused(
        run(*command.split())
    )


@pytest.mark.parametrize("command", ["serve", "doctor"])
def test_in_production_a_missing_token_is_told_and_nothing_starts(run, command):
    environ = {"PREFILL_ENV": "production", "API_ENTREPRISE_TOKN": "mistyped"}
    sentence = refused(run(command, **environ))

    assert "PREFILL_SANDBOX=1" in sentence
    assert (
        "API_ENTREPRISE_TOKN n'est pas un réglage : il est sans effet. Vouliez-vous dire API_ENTREPRISE_TOKEN ?"
        in sentence
    )


def test_help_and_version_are_there(run):
    told = run("--help").stdout

    for command in ("serve", "fill", "ask", "sources", "schema", "settings", "openapi", "doctor"):
        assert re.search(rf"^  {command} ", told, re.MULTILINE)
    assert run("--version").stdout.startswith("prefill")
