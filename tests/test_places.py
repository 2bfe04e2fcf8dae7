"""A place and its text: JSON is read back unchanged."""

from __future__ import annotations

import pytest

from blindgrade.models import CheckResult, Outcome
from blindgrade.places import Frame, Place

PLACES = {
    "basics.py:12": Place("basics.py", 12),
    "cell 5, line 3 of basics.ipynb": Place("basics.ipynb", 3, "cell 5"),
    "cell [5], line 3": Place("", 3, "cell [5]"),
    "sub/helpers.py:1": Place("sub/helpers.py", 1),
    "a:b.py:7": Place("a:b.py", 7),
}


@pytest.mark.parametrize("text", PLACES)
def test_a_place_and_its_text_are_inverse(text: str) -> None:
    assert Place.parse(text) == PLACES[text]
    assert str(PLACES[text]) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "basics.py",
        "basics.py:0",
        "basics.py:007",
        "a\nb.py:3",
        "cell x, line 3 of y",
        ":",
        "cell 5, line 3 and more",
    ],
)
def test_any_other_text_is_kept_unchanged(text: str) -> None:
    assert str(Place.parse(text)) == text
    assert Place.parse(text).line == 0


@pytest.mark.parametrize("text", ["basics.py:3 in f.<locals>.g", "cell 2, line 1 of my in file.ipynb in f", "nothing"])
def test_a_frame_and_its_text_are_inverse(text: str) -> None:
    assert str(Frame.parse(text)) == text


def test_a_frame_keeps_its_place_apart_from_its_function() -> None:
    assert Frame.parse("cell 2, line 1 of my in file.ipynb in f") == Frame(Place("my in file.ipynb", 1, "cell 2"), "f")


def test_json_holds_places_as_text() -> None:
    made = CheckResult(
        name="c", claim="It is so.", public=True, outcome=Outcome.FAILED,
        where=Place("basics.py", 4), frames=[Frame(Place("basics.py", 4), "f")],
    )  # fmt: skip
    data = made.model_dump(mode="json")
    assert (data["where"], data["frames"]) == ("basics.py:4", ["basics.py:4 in f"])
    assert CheckResult.model_validate(data) == made


def test_a_place_that_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="a place must be a text"):
        CheckResult(name="c", claim="It is so.", public=True, outcome=Outcome.FAILED, where=5)
