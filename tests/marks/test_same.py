"""Which versions are one submission."""

from __future__ import annotations

import pytest

from blindgrade.marks.same import distinct

NOON, SAME_NOON, LATER = "2026-11-01T12:00:00Z", "2026-11-01T13:00:00+01:00", "2026-11-02T12:00:00Z"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([("a", NOON), ("a", SAME_NOON)], [("a", SAME_NOON)]),
        ([("a", NOON), ("a", LATER)], [("a", NOON), ("a", LATER)]),
        ([("a", None), ("b", None), ("a", None)], [("b", None), ("a", None)]),
        ([("a", NOON), ("a", None), ("b", LATER)], [("a", NOON), ("b", LATER)]),  # its time became known later
        ([("a", NOON), ("b", LATER), ("a", None)], [("b", LATER), ("a", None)]),  # the last is what is handed in
        ([("a", "yesterday"), ("a", None)], [("a", None)]),
        ([], []),
    ],
)
def test_each_submission_is_there_once_and_the_last_one_stays(given: list, kept: list) -> None:
    assert distinct(given, lambda one: one) == kept
