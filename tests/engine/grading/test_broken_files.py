"""A file that cannot be read gives one clear sentence; a broken function is never graded by its first half."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from blindgrade.catalog import Catalog, Target
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.runner import grade
from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.models import Attempt, Grading
from blindgrade.next_step import next_in
from blindgrade.render.terminal.results import print_grading

TESTS = Path(__file__).parents[2]
CATALOG = Catalog(TESTS / "courses" / "mini")
RIGHT = (TESTS / "submissions" / "mini" / "all_right" / "basics.py").read_text()


@pytest.fixture(scope="module")
def targets() -> list[Target]:
    return CATALOG.find(["all"])


@pytest.fixture(scope="module")
def warm(targets: list[Target]) -> Iterator[Zygote]:
    with Zygote.for_targets(targets) as zygote:
        yield zygote


@pytest.fixture
def attempt_at(tmp_path: Path, targets: list[Target], warm: Zygote):  # type: ignore[no-untyped-def]
    def attempt(content: str | bytes, **options: object) -> Attempt:
        box = tmp_path / "box"
        box.mkdir(exist_ok=True)
        (box / "basics.py").write_bytes(content.encode() if isinstance(content, str) else content)
        return grade(CATALOG, targets, box, Options(**options), warm).lessons[0]  # type: ignore[arg-type]

    return attempt


def screen(attempt: Attempt) -> str:
    stream = io.StringIO()
    print_grading(Grading.of([attempt]), Console(file=stream, width=100, highlight=False))
    return stream.getvalue()


def conflicted(text: str) -> str:
    """The right answers, with a conflict inside `standardize`."""
    mark = "    centered = "
    assert mark in text
    return text.replace(mark, "<<<<<<< HEAD\n    return values\n=======\n    pass\n>>>>>>> mine\n" + mark, 1)


@pytest.mark.parametrize("debug", [False, True])
def test_a_function_with_conflict_markers_could_not_be_read_and_the_others_are_graded(attempt_at, debug: bool) -> None:  # type: ignore[no-untyped-def]
    attempt = attempt_at(conflicted(RIGHT), debug=debug)
    results = {r.name: r for r in attempt.exercises}
    broken = results["standardize"]
    assert broken.points == 0 and broken.outcome == "failed"
    assert all(c.message.startswith("could not be read: merge-conflict markers from basics.py:") for c in broken.checks)
    assert results["fit_line"].outcome == "passed"
    assert attempt.unreadable == "" and "`standardize` could not be read" in attempt.problems[0]
    assert "could not be read" in next(line for line in screen(attempt).splitlines() if " standardize " in line)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            "def standardize(values):\n    return (\n\ndef correlation(a, b):\n    return )\n",
            "no function or class of basics.py could be read: ",
        ),
        ("while True:\n    pass\n", "basics.py could not be loaded"),
    ],
)
def test_a_file_that_did_not_load_gives_one_sentence_and_nothing_about_exercises(attempt_at, content, says) -> None:  # type: ignore[no-untyped-def]
    attempt = attempt_at(content)
    assert says in attempt.unreadable and attempt.points == 0
    shown = screen(attempt)
    assert "✓" not in shown and "✗" not in shown and "fit_line" not in shown
    assert "0 of 100 points" in shown
    assert next_in([attempt]) is None


def test_the_first_half_of_a_function_earns_nothing(attempt_at) -> None:  # type: ignore[no-untyped-def]
    """The half that parses would be a right answer, and Python would refuse the file."""
    whole = {r.name: r.points for r in attempt_at(RIGHT).exercises}
    assert whole["correlation"] == 40
    broken = RIGHT.replace("def fit_line", "oops = = 1\n    more = 2\n\n\ndef fit_line")
    points = {r.name: r.points for r in attempt_at(broken).exercises}
    assert points == {"standardize": 40, "correlation": 0, "fit_line": 20}
