"""The keys of agents and integrators."""

import tomllib
from datetime import date

from prefill.domain.permissions import Scope
from prefill.tenancy.api_keys import KEY, hash_of, new_integrator_key, new_key

EXPIRES = date(2027, 11, 30)


def test_the_lines_to_paste_hold_the_hash_and_not_the_key():
    key, lines = new_key("lyon", 'Service "marchés"', EXPIRES, list(Scope))
    [row] = tomllib.loads(lines)["tenants"]["lyon"]["keys"]

    assert KEY.fullmatch(key)[1] == row["id"]
    assert row["hash"] == hash_of(key)
    assert key not in lines
    assert (row["name"], row["expires"], row["scopes"]) == (
        'Service "marchés"',
        EXPIRES,
        sorted(scope.value for scope in Scope),
    )


def test_an_integrator_s_key_says_how_many_calls_it_may_cause():
    key, lines = new_integrator_key("lyon", "Plateforme", EXPIRES, 60)
    [row] = tomllib.loads(lines)["tenants"]["lyon"]["integrators"]

    assert row["calls"] == 60
    assert row["hash"] == hash_of(key)


def test_no_two_keys_are_alike():
    assert len({new_key("lyon", "a", EXPIRES, [])[0] for _ in range(20)}) == 20
