from __future__ import annotations

import pytest

from blindgrade.toml_lines import line_of, tables

TEXT = '''\
# a comment with [brackets]
title = "A [b] = c"
text = """
[[exercise]]
points = 3
"""
[policy.due]
"lesson-1.1" = 2026-01-01
[[exercise]]
name = "a" # [x]
hints = [
  "one",
  "name = 2",
]
points = -1
[[exercise]]
name = "b"
[[module]]
id = "1"
  [[module.lesson]]
  id = "x"
  [[module.lesson]]
  id = "y"
[[module]]
[[module.lesson]]
slug = 'z'
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("title",), 2),
        (("text",), 3),
        (("policy", "due", "lesson-1.1"), 8),
        (("exercise", 0, "name"), 10),
        (("exercise", 0, "hints", 1), 11),
        (("exercise", 0, "points"), 15),
        (("exercise", 1, "points"), 16),  # it is missing, so the table's own line
        (("module", 0, "lesson", 1, "id"), 23),
        (("module", 1, "lesson", 0, "slug"), 26),
        (("module", 1, "title"), 24),
        (("nothing", "here"), 1),
    ],
)
def test_a_place_has_its_line_counted_from_1(place: tuple[str | int, ...], line: int) -> None:
    assert line_of(TEXT, place) == line


def test_the_last_line_of_a_table_is_that_of_its_last_value() -> None:
    assert [(one.path, one.first, one.last) for one in tables(TEXT)][2] == (("exercise", 0), 9, 15)
