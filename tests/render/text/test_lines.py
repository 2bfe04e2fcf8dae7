from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from blindgrade.models import Grading
from blindgrade.render.links import Links
from blindgrade.render.text.findings import findings
from blindgrade.render.text.lines import as_lines

DOCS = Path(__file__).parents[3] / "docs"


def test_each_finding_is_one_line_that_the_published_matcher_reads(
    grading: Grading, placed: Callable[[], Links]
) -> None:
    found = findings(grading, placed())
    (matcher,) = json.loads((DOCS / "problem_matcher.json").read_text())["problemMatcher"]
    (pattern,) = matcher["pattern"]
    lines = as_lines(found).splitlines()
    matches = [re.match(pattern["regexp"], line) for line in lines]
    assert len(lines) == len(found) and all(matches)
    read = [(m[pattern["file"]], m[pattern["line"]], m[pattern["severity"]]) for m in matches if m]
    file = "lesson_1_1_1_basics/basics.py"
    assert read == [(file, "3", "error"), (file, "3", "error"), (file, "1", "warning"), (file, "1", "note")]


def test_the_editors_matcher_is_the_same(grading: Grading) -> None:
    (matcher,) = json.loads((DOCS / "problem_matcher.json").read_text())["problemMatcher"]
    regexp = json.dumps(matcher["pattern"][0]["regexp"])
    assert f'"regexp": {regexp}' in (DOCS / "readers.md").read_text()


def test_no_line_is_a_command_of_a_runner(grading: Grading) -> None:
    text = as_lines(findings(grading, Links.none()))
    assert not re.search(r"^\s*::\w", text, re.MULTILINE)
    assert "\x1b" not in text and r"\x1b[31m" in text
