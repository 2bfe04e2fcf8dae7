"""Marks that are not up to date, through the real commands: what they print, their exit codes, and what they write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
CASES = TESTS / "submissions" / "mini"
COURSE = Path(sys.executable).with_name("course")
LESSON = "lesson-1.1.1"


class Term:
    """A copy of the miniature course with submissions, in the working directory of the commands."""

    def __init__(self, folder: Path) -> None:
        self.root = Path(shutil.copytree(TESTS / "courses" / "mini", folder / "mini"))

    def hand_in(self, student: str, case: str, where: str = "submitted") -> None:
        (self.root / where / student).mkdir(parents=True, exist_ok=True)
        shutil.copy(CASES / case / "basics.py", self.root / where / student)

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def run(self, *args: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        env = {k: v for k, v in os.environ.items() if k != "BLINDGRADE_COURSE"} | {"NO_COLOR": "1"}
        done = subprocess.run([COURSE, *args], capture_output=True, text=True, env=env, cwd=self.root, timeout=300)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def points(self, code: int = 0) -> dict[str, tuple[float, bool]]:
        rows = json.loads(self.run("standings", "--json", code=code).stdout)
        return {row["student"]: (row["points"], row["up_to_date"]) for row in rows}


@pytest.fixture
def term(tmp_path: Path) -> Term:
    return Term(tmp_path)


def test_an_edit_that_is_undone_gives_the_first_marks_and_no_export_of_old_ones(term: Term) -> None:
    toml = "exercises/lesson_1_1_1_basics/lesson.toml"
    term.hand_in("ben", "wrong_and_blocked")
    term.run("grade", LESSON, "submitted")
    assert term.points() == {"ben": (20, True)}

    term.edit(toml, "points = 20", "points = 30")
    assert term.points(code=1) == {"ben": (20, False)}
    shown = term.run("standings", code=1)
    assert shown.stdout == "ben  lesson-1.1.1  20 of 100 points  not up to date\n"
    assert shown.stderr == "1 mark is not up to date: run `course grade lesson-1.1.1 submitted/`\n"
    for command in (("export", "--as", "csv", "--to", "scores.csv"), ("export", "--as", "csv")):
        refused = term.run("gradebook", *command, code=1)
        assert refused.stdout == "" and not (term.root / "scores.csv").exists()
        assert "run `course grade lesson-1.1.1 submitted/`" in refused.stderr
        assert "nothing is written" in refused.stderr and "--stale" in refused.stderr
    assert ",20," in term.run("gradebook", "export", "--as", "csv", "--stale", code=1).stdout

    term.run("grade", LESSON, "submitted/")
    assert term.points() == {"ben": (30, True)}
    term.edit(toml, "points = 30", "points = 20")
    term.run("grade", LESSON, "submitted/")
    assert term.points() == {"ben": (20, True)}
    assert ",20," in term.run("gradebook", "export", "--as", "csv").stdout


def test_kept_versions_are_graded_where_the_best_one_counts(term: Term) -> None:
    for number, case in enumerate(("all_right", "wrong_and_blocked")):
        term.hand_in("ana", case, where=f"download{number}")
        os.utime(term.root / f"download{number}", (1_760_000_000 + number, 1_760_000_000 + number))
        term.run("collect", f"download{number}", "--kind", "folders", "--to", "submitted")
    term.run("grade", LESSON, "submitted")
    assert term.points() == {"ana": (20, True)}
    term.edit("course.toml", "[[module]]", '[policy]\nattempts = "best"\n\n[[module]]')
    assert term.points(code=1) == {"ana": (20, False)}
    graded = term.run("grade", LESSON, "submitted").stdout
    assert "✓ ana  lesson-1.1.1 (version " in graded and "100 of 100 points" in graded
    assert term.points() == {"ana": (100, True)}
    assert "0 graded, 1 unchanged" in term.run("grade", LESSON, "submitted").stdout
    assert not list((term.root / "attempts").glob(".kept-*"))
    [kept] = [
        one for path in (term.root / "attempts" / LESSON / "ana").glob("*.json")
        if (one := json.loads(path.read_text()))["points"] == 100
    ]  # fmt: skip
    assert "/.versions/" in kept["submission"]["path"]


def test_feedback_on_old_marks_is_written_only_if_that_is_asked_for(term: Term) -> None:
    for student in ("ana", "ben"):
        term.hand_in(student, "wrong_and_blocked")
    term.run("grade", LESSON, "submitted")
    words = ("feedback", LESSON, "--to", "out")
    assert "2 pages, each with a text" in term.run(*words).stdout
    page = term.root / "out" / LESSON / "ana.html"
    page.unlink()

    term.hand_in("ana", "all_right")
    refused = term.run(*words, code=1)
    assert refused.stdout == "" and not page.exists()
    assert "1 mark is not up to date: run `course grade lesson-1.1.1 submitted/`" in refused.stderr
    assert "nothing is written" in refused.stderr and "--stale" in refused.stderr
    term.run(*words, "--stale", code=1)
    assert "20 of 100 points" in page.read_text()

    for student, case in (("ana", "wrong_and_blocked"), ("ben", "wrong_and_blocked")):
        term.hand_in(student, case, where="first")
    term.run(*words, "--submitted", "first")  # what was graded is what this folder has

    term.run("grade", LESSON, "submitted/")
    term.run(*words)
    assert "100 of 100 points" in page.read_text()
