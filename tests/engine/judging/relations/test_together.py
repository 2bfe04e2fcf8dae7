"""What one check shows, another must not contradict."""

from __future__ import annotations

from blindgrade.engine.judging.relations.relation import Name, Relation
from blindgrade.engine.judging.relations.together import Found, settled

HALF = Relation(Name.SCALED, "half", "half", key="0.5", cases=2, weaker=Relation(Name.PROPORTIONAL, "factor", "factor"))
SIXTEEN = Relation(Name.SCALED, "16", "16", key="16", cases=1, weaker=Relation(Name.PROPORTIONAL, "factor", "factor"))
FACTOR = Relation(Name.PROPORTIONAL, "factor", "factor")
MINUS = Relation(Name.NEGATED, "minus", "minus")
CASE = Relation(Name.ONLY_ONE_CASE, "case", "")
PART = Relation(Name.ONLY_ONE_PART, "a is wrong, and b is right", "", right=frozenset({"b"}))
ERROR = Relation(Name.NO_ERROR, "no error", "no error")
NOTHING = Found(None)


def names(*found: Found) -> list[str | None]:
    return [str(one.name) if one else None for one in settled(found)]


def test_a_factor_of_one_case_is_confirmed_or_becomes_weaker() -> None:
    assert names(Found(HALF)) == ["scaled"]
    assert names(Found(SIXTEEN)) == ["proportional"]
    assert names(Found(SIXTEEN), Found(SIXTEEN)) == ["scaled", "scaled"]
    assert names(Found(SIXTEEN), Found(FACTOR)) == ["proportional", "proportional"]
    assert names(Found(HALF), Found(SIXTEEN)) == ["proportional", "proportional"]


def test_a_factor_that_is_not_recognised_must_hold_in_most_checks() -> None:
    assert names(Found(FACTOR), Found(FACTOR), NOTHING) == ["proportional", "proportional", None]
    assert names(Found(FACTOR), NOTHING) == [None, None]
    assert names(Found(FACTOR), Found(ERROR)) == ["proportional", "no_error"]


def test_a_check_with_too_few_values_says_nothing_against_a_factor() -> None:
    assert names(Found(FACTOR), Found(None, few=True)) == ["proportional", None]
    assert names(Found(MINUS), Found(None, few=True), Found(None, few=True)) == ["negated", None, None]
    assert names(Found(CASE), Found(None, few=True)) == [None, None]


def test_minus_the_value_in_one_of_many_checks_is_a_chance_of_its_inputs() -> None:
    assert names(Found(MINUS), NOTHING, NOTHING) == [None, None, None]
    assert names(Found(MINUS), Found(MINUS), NOTHING) == ["negated", "negated", None]
    assert names(Found(MINUS), Found(None, about_values=False)) == ["negated", None]


def test_cases_are_named_only_if_nothing_else_is_wrong() -> None:
    assert names(Found(CASE), Found(CASE)) == ["only_one_case", "only_one_case"]
    assert names(Found(CASE), NOTHING) == [None, None]


def test_a_part_is_right_only_if_no_check_finds_it_wrong() -> None:
    assert names(Found(PART, frozenset({"a"}))) == ["only_one_part"]
    assert names(Found(PART, frozenset({"a"})), Found(None, frozenset({"b"}))) == [None, None]
