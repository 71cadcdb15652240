"""A register that sends another type than it announces: the operator is told, the candidate only that it is to type."""

from __future__ import annotations

import json

from tests.support.simulator import found, siren, siret

COMPANY = siret(siren(91))


def test_the_log_names_the_field_and_the_types_and_nothing_of_the_company(service, simulator, capsys):
    simulator.add(found(COMPANY, enseigne=9041577))

    body = service.get(f"/v1/prefill/{COMPANY}?fields=tradeName").json
    told = capsys.readouterr().err
    [event] = [json.loads(line) for line in told.splitlines() if "form.type_mismatch" in line]

    assert body["missing"]["/partII/A/economicOperator/tradeName"] == {
        "reason": "unavailable",
        "message": "Cette information n'a pas pu être reprise : à saisir.",
    }
    assert {key: event[key] for key in ("level", "form", "field", "source", "expected", "got")} == {
        "level": "warning",
        "form": "dume",
        "field": "/partII/A/economicOperator/tradeName",
        "source": "etablissements",
        "expected": "string",
        "got": "number",
    }
    assert "9041577" not in told
    assert COMPANY not in told
