"""A terminal's picture has the command's output in its colours."""

from __future__ import annotations

from pathlib import Path

from blindgrade.samples.terminal import terminal_page

MINI = Path(__file__).parents[1] / "courses" / "mini"


def test_the_page_has_the_command_its_output_and_its_colours() -> None:
    page = terminal_page(["grade", "lesson-1.1.1"], MINI)
    assert "grade lesson-1.1.1" in page and "not attempted" in page and "0 of 100 points" in page
    assert 'class="r' in page and "http" not in page.split("<pre>")[0]
