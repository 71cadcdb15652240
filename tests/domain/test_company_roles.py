"""The roles of companies in a tender."""

from __future__ import annotations

from prefill.domain.company import Role
from prefill.espd.versions import ROLES


def test_each_role_has_its_label_and_is_one_of_the_espds():
    assert [role.label for role in Role][:2] == ["Candidat individuel", "Mandataire du groupement"]
    assert tuple(Role) == ROLES
