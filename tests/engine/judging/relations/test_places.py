"""Places of a relation in words."""

from __future__ import annotations

import pytest

from blindgrade.engine.judging.relations.parts import Path
from blindgrade.engine.judging.relations.places import Place, joined, named, place, subject, things

PARTS: list[Path] = [(case, part) for case in ("in float32", "in float64") for part in ("a", "b")]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (PARTS, Place()),
        ([p for p in PARTS if p[1] == "a"], Place(-1, ("a",))),
        ([p for p in PARTS if p[0] == "in float32"], Place(-2, ("in float32",))),
        ([PARTS[0], PARTS[3]], Place(some="in 2 of 4 places")),
    ],
)
def test_a_place_is_a_part_of_each_case_or_some_cases_or_a_number(wrong: list[Path], expected: Place) -> None:
    assert place(wrong, [p for p in PARTS if p not in wrong]) == expected


def test_a_sentence_begins_with_its_place() -> None:
    assert subject(Place(-1, ("a", "b")), "is zero") == "`a` and `b` are zero"
    assert subject(Place(-1, (0,)), "is zero") == "In item 0, your result is zero"
    assert subject(Place(-2, ("one head",)), "is zero") == "In the case “one head”, your result is zero"
    assert subject(Place(some="in 2 of 4 places"), "is zero") == "In 2 of 4 places your result is zero"


def test_names_are_code_and_cases_are_quoted() -> None:
    assert named("x_t") == "`x_t`"
    assert named("one pixel") == "“one pixel”"
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert things([2, 3]) == "items 2 and 3"
    assert things([1, "x"]) == "item 1 and `x`"
