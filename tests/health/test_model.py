"""What a check says."""

import pytest

from prefill.health.model import SKEW_SECONDS, check_habilitation, check_skew, remark


@pytest.mark.parametrize(("skew", "said"), [(90.4, "en avance de 90 s"), (-90.4, "en retard de 90 s")])
def test_a_clock_that_is_wrong_is_told_with_its_way(skew, said):
    [check] = check_skew(skew)

    assert said in check.message
    assert not check.ok
    assert not check.vital


@pytest.mark.parametrize("skew", [0.0, SKEW_SECONDS, -SKEW_SECONDS])
def test_a_clock_that_is_near_enough_is_not_told(skew):
    assert list(check_skew(skew)) == []


def test_the_sources_that_a_token_cannot_read_are_named():
    [check] = check_habilitation("dossier", ["exercices", "cotisations_msa"])

    assert "exercices, cotisations_msa" in check.message
    assert list(check_habilitation("dossier", [])) == []


def test_a_remark_does_not_stop_the_service():
    assert not remark("origins", "aucune").vital
