"""The tree of refusals."""

import re

import pytest

from prefill.problems import Problem, SiretMalformed, every_problem

PROBLEMS = every_problem()


def test_no_two_refusals_have_the_same_code():
    assert len({problem.code for problem in PROBLEMS}) == len(PROBLEMS)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_a_refusal_is_said_in_both_languages_with_an_http_status(problem):
    assert 400 <= problem.status <= 503
    assert re.fullmatch(r"[a-z_]+", problem.code)
    for texts in (problem.title, problem.sentence):
        assert texts.keys() == {"fr", "en"}
        assert all(texts.values())
    assert problem.title["fr"] != problem.title["en"]


def test_only_the_members_that_are_declared_are_shown():
    refusal = SiretMalformed(seen="celui-ci en compte 13", seen_en="this one has 13", digits=13)

    assert refusal.extensions() == {"digits": 13}
    assert "13" in refusal.detail("en")
    assert str(refusal) == refusal.detail("fr")


def test_our_own_faults_say_nothing_of_themselves():
    assert Problem(secret="x").extensions() == {}
    assert "x" not in Problem(secret="x").detail("en").split()
