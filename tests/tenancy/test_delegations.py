"""What an editor's delegations change in the tenants file."""

from __future__ import annotations

import tomllib
from dataclasses import replace

from prefill.settings import Settings
from prefill.tenancy.delegations import Delegation, compare
from prefill.tenancy.model import Tenant, tenant_of

LYON, NICE = "21690123100011", "21060088800015"
ONE, TWO, GONE = (f"0000d000-0000-4000-8000-00000000000{rank}" for rank in (1, 2, 3))


def tenant(recipient: str, delegation: str) -> Tenant:
    return replace(tenant_of(Settings(recipient=recipient)), id="lyon", delegation=delegation)


def messages(tenants: list[Tenant], *delegations: Delegation) -> list[str]:
    return [one.message for one in compare(tenants, delegations, token_env="EDITOR_TOKEN")]


def test_a_tenant_whose_only_delegation_is_active_needs_nothing():
    only = Delegation(ONE, LYON, "Marchés", active=True)

    assert messages([tenant(LYON, "recipient")], only) == []
    assert messages([tenant(LYON, ONE)], only) == []


def test_a_delegation_that_was_taken_back_is_told():
    [told] = messages([tenant(LYON, "recipient")], Delegation(ONE, LYON, "Marchés", active=False))

    assert told.startswith("lyon : aucune délégation active")


def test_several_delegations_are_listed_to_choose_from():
    [told] = messages(
        [tenant(LYON, "recipient")],
        Delegation(ONE, LYON, "Marchés", active=True),
        Delegation(TWO, LYON, "Subventions", active=True),
    )

    assert ONE in told
    assert f"{TWO} (Subventions)" in told


def test_a_delegation_that_was_replaced_is_told_with_the_one_that_stands():
    [told] = messages([tenant(LYON, GONE)], Delegation(ONE, LYON, "Marchés", active=True))

    assert GONE in told
    assert told.endswith(f"{ONE} l'est.")


def test_a_buyer_that_is_not_served_comes_with_its_lines():
    found = Delegation(ONE, NICE, 'Marchés de "Nice"', active=True)
    [difference] = compare([], [found], token_env="EDITOR_TOKEN")

    assert tomllib.loads(difference.lines) == {
        "tenants": {
            f"siret-{NICE}": {
                "name": 'Marchés de "Nice"',
                "recipient": NICE,
                "token_env": "EDITOR_TOKEN",
                "delegation": "recipient",
            }
        }
    }


def test_of_several_the_newest_is_written_and_the_others_beside_it():
    offered = [Delegation(TWO, NICE, "Marchés", active=True), Delegation(ONE, NICE, "Subventions", active=True)]
    [difference] = compare([], offered, token_env="EDITOR_TOKEN")

    assert tomllib.loads(difference.lines)["tenants"][f"siret-{NICE}"]["delegation"] == TWO
    assert f'# ou : delegation = "{ONE}"  # Subventions' in difference.lines
