"""`course discover`, by running the real command: its requests and its lines. The whole way is in tests/discover."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.cli.course.run.discover_lines import lines
from blindgrade.cohort_report.groups import AnswerGroup, Grouped
from blindgrade.cohort_report.samples import Sample

TESTS = Path(__file__).parents[2]
COURSE = Path(sys.executable).with_name("course")


def course(*args: str | Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "BLINDGRADE_COURSE": str(TESTS / "courses" / "mini"), "COLUMNS": "80", "NO_COLOR": "1"}
    return subprocess.run([COURSE, *args], capture_output=True, text=True, env=env, timeout=300)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["lesson-1.1.1"], "holds no attempt at lesson-1.1.1; run `course grade lesson-1.1.1 SUBMITTED/`"),
        (["lesson-9"], "no lesson, module or exercise has the id 'lesson-9'"),
        (["lesson-1.1.1/standardize"], "is an exercise; groups are of whole lessons: lesson-1.1.1"),
        (["lesson-1.1.1", "--name", "x"], "belong to --adopt GROUP"),
        (["lesson-1.1.1", "--adopt", "abc", "--name", "x"], 'needs --name NAME and --hint "…"'),
        (["lesson-1.1.1", "--adopt", "abc", "--json", "--name", "x", "--hint", "y"], "goes without --json"),
    ],
)
def test_a_wrong_request_says_what_to_do(tmp_path: Path, words: list[str], says: str) -> None:
    done = course("discover", *words, "--attempts", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def group(number: int, students: int, **fields: object) -> AnswerGroup:
    given = {
        "lesson": "lesson-1.1.1", "exercise": "standardize", "id": f"abc{number:03}", "claims": ["It is right."],
        "students": [f"s{n}" for n in range(students)], "relations": [], "compared": "", "mutant": None,
        "digest": "abc",
    }  # fmt: skip
    return AnswerGroup(**{**given, **fields})


def said(*groups: AnswerGroup, everything: bool = False, silent: dict[str, list[str]] | None = None) -> str:
    catalog = Catalog(TESTS / "courses" / "mini")
    found = Grouped(catalog.lesson(catalog.ready()[0]), list(groups), silent or {})
    return "\n".join(lines([found], everything=everything))


def test_groups_of_one_student_are_counted_and_shown_with_all() -> None:
    groups = [group(1, 3), group(2, 1), group(3, 1)]
    text = said(*groups)
    assert text.startswith("lesson-1.1.1: 5 wrong answers that no misconception explains, in 3 groups\n")
    assert "abc001  standardize  3 students" in text and "abc002" not in text
    assert "2 more groups of one student each: --all shows them" in text
    assert "abc003  standardize  1 student\n" in said(*groups, everything=True)
    assert "--all" not in said(*groups, everything=True)


def test_many_groups_are_cut_and_the_rest_is_counted() -> None:
    text = said(*(group(n, 2) for n in range(13)))
    assert text.count("  standardize  2 students") == 10
    assert "3 more groups of at most 2 students: --all shows them" in text


def test_a_long_sample_is_cut_and_a_missing_one_is_named() -> None:
    code = "\n".join(f"line_{n} = {n}" for n in range(30))
    text = said(group(1, 2, sample=Sample(code)), group(2, 2))
    assert "    line_19 = 19\n    … 10 more lines" in text and "line_20" not in text
    assert "no sample: the submissions are not where they were graded" in text


def test_without_groups_nothing_is_proposed_and_silent_answers_are_counted() -> None:
    text = said(silent={"standardize": ["a", "b"]})
    assert text == (
        "lesson-1.1.1: a misconception explains every wrong answer that can be compared\n\n"
        "2 more wrong answers return nothing that can be compared, such as an error alone: standardize 2"
    )


def test_a_relation_is_shown_as_its_students_read_it() -> None:
    text = said(group(1, 2, relations=["negated"], compared="Your result is exactly minus the expected value."))
    assert "        the students read: “Your result is exactly minus the expected value.”\n" in text
