"""The establishments of one company: all that the upstream lists, and how many there are."""

import pytest

from prefill.company_search.establishments import list_establishments
from prefill.problems import CompanyUnknown
from prefill.sandbox.searched import BRANCHES, NETWORK_SIREN, branch_siret
from tests.support.search import open_stage


@pytest.fixture
def stage():
    return open_stage()


def test_a_company_of_one_establishment_costs_one_call(stage):
    found = list_establishments(stage.client, "000001008")
    assert [place.siret for place in found.establishments] == ["00000100800010"]
    assert (found.partial, found.total) == (False, 1)
    assert stage.calls == 1


def test_sixty_establishments_are_listed_head_office_first_then_those_that_are_open(stage):
    found = list_establishments(stage.client, NETWORK_SIREN)
    assert (len(found.establishments), found.total, found.partial) == (BRANCHES, BRANCHES, False)
    first, *others = found.establishments
    assert first.siret == branch_siret(1)
    assert first.head_office
    assert [place.closed for place in others] == sorted(place.closed for place in others)
    assert {place.siret for place in found.establishments} == {branch_siret(rank) for rank in range(1, BRANCHES + 1)}


@pytest.mark.parametrize("place", ["brest", "BRES", "29200", "292", "brest sema"])
def test_a_place_narrows_them(stage, place):
    found = list_establishments(stage.client, NETWORK_SIREN, place)
    assert {one.city for one in found.establishments} == {"BREST"}
    assert not found.partial


def test_no_establishment_is_at_another_place(stage):
    found = list_establishments(stage.client, NETWORK_SIREN, "nice")
    assert (found.establishments, found.partial, found.total) == ((), False, BRANCHES)


def test_the_establishments_of_homonyms_are_not_mixed(stage):
    found = list_establishments(stage.client, "000031005")
    assert {place.siret[:9] for place in found.establishments} == {"000031005"}


def test_nobody_knows_the_number(stage):
    with pytest.raises(CompanyUnknown):
        list_establishments(stage.client, "732829320")


def test_a_person_who_limits_disclosure_has_a_head_office_without_address(stage):
    (place,) = list_establishments(stage.client, "000006007").establishments
    assert (place.city, place.street, place.postal_code, place.name) == ("AURILLAC", None, None, None)


def test_when_the_upstream_cannot_be_asked_the_list_is_partial(stage):
    stage.fail("503")
    found = list_establishments(stage.client, "000001008")
    assert (found.establishments, found.partial, found.total) == ((), True, None)
    assert found.retry_after > 0


def test_when_the_quota_is_spent_after_the_first_call_the_head_office_is_there():
    stage = open_stage(per_second=1)
    stage.search.find(NETWORK_SIREN)
    while stage.client.quota.reserve(2.0).allowed:
        pass
    found = list_establishments(stage.client, NETWORK_SIREN)
    assert [place.siret for place in found.establishments] == [branch_siret(1)]
    assert (found.partial, found.total) == (True, BRANCHES)
    assert found.retry_after > 0
    assert stage.calls == 1


def test_more_than_a_hundred_are_never_all_listed(stage):
    answered = stage.client.fetch

    def fetch(parameters, **options):
        """The same units, said to have many more establishments."""
        lookup = answered(parameters, **options)
        for record in lookup.page.records:
            record["nombre_etablissements"] = 3000
        return lookup

    class Client:
        pass

    client = Client()
    client.fetch = fetch
    found = list_establishments(client, NETWORK_SIREN, "brest")
    assert found.partial
    assert found.total == 3000
