from __future__ import annotations

import re

import pytest

from blindgrade.models import Grading
from blindgrade.render.text import summary as module
from blindgrade.render.text.summary import as_summary, escaped


def test_a_lesson_is_a_table_and_failures_are_folded(grading: Grading) -> None:
    text = as_summary(grading)
    assert "### lesson-1.1.1 Basics: 20 of 50 points" in text
    assert "| wrong | ✗ failed | 0 / 10 |" in text
    assert text.count("<details>") == text.count("</details>") == 3
    assert "Diagnosis: Which way?" in text


def test_a_students_text_cannot_leave_its_block(grading: Grading) -> None:
    fence = ""
    outside = []
    for line in as_summary(grading).split("\n"):
        run = re.match(r"`{3,}", line)
        if not fence and run:
            fence = run[0]
        elif fence and run and len(run[0]) >= len(fence):
            fence = ""
        elif not fence:
            outside.append(line)
    assert not fence
    assert not any("@team" in line or "http" in line or "::error" in line for line in outside)


@pytest.mark.parametrize(
    ("text", "safe"),
    [("a_b", r"a\_b"), ("<img src=x>", "&lt;img src=x&gt;"), ("x | y\nz", r"x \| y z"), ("[a](b)", r"\[a\]\(b\)")],
)
def test_text_outside_a_block_is_escaped(text: str, safe: str) -> None:
    assert escaped(text) == safe


def test_a_page_that_is_too_long_is_cut_at_a_line(grading: Grading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 300)
    text = as_summary(grading)
    assert len(text) < 330 and text.endswith("\n\n… and more\n")
