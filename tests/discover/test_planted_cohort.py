"""A simulated cohort in which three misunderstandings were planted that no author foresaw, from grading to adoption."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from blindgrade.attempts.store import AttemptStore
from blindgrade.models import Attempt, ExerciseResult

from ..planted import ADDS_THE_MEAN, EXERCISES, LESSON, PLANTED, course_copy, hand_in

COURSE = Path(sys.executable).with_name("course")
HINT = "HINT-OF-"


@dataclass
class Run:
    """The course, its cohort, and the students of each planted misunderstanding."""

    course: Path
    submitted: Path
    attempts: Path
    planted: dict[str, list[str]]
    said: str = ""
    groups: list[dict[str, Any]] = field(default_factory=list)  # before any is adopted

    def do(self, *args: str | Path) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "BLINDGRADE_COURSE": str(self.course), "COLUMNS": "100", "NO_COLOR": "1"}
        return subprocess.run([COURSE, *args], capture_output=True, text=True, env=env, timeout=600)

    def grade(self) -> str:
        done = self.do("grade", LESSON, self.submitted, "--attempts", self.attempts, "--workers", "2")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def discovered(self) -> dict[str, Any]:
        done = self.do("discover", LESSON, "--attempts", self.attempts, "--json")
        assert done.returncode == 0, done.stderr
        [lesson] = json.loads(done.stdout)["lessons"]
        return dict(lesson)

    def group(self, name: str) -> dict[str, Any]:
        who = self.planted[name]
        [found] = [one for one in self.groups if one["who"] == who]
        return dict(found)

    def adopt(self, name: str, *more: str) -> subprocess.CompletedProcess[str]:
        words = ["--adopt", self.group(name)["id"], "--name", name, "--hint", HINT + name, *more]
        return self.do("discover", LESSON, "--attempts", self.attempts, *words)

    def results(self, student: str) -> dict[str, ExerciseResult]:
        found = AttemptStore(self.attempts).attempts(LESSON, student)
        return {result.name: result for result in max(found, key=lambda one: one.graded_at).exercises}

    @property
    def known_answers(self) -> Path:
        return next(self.course.glob("graders/lesson_*/known_answers.py"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    top = tmp_path_factory.mktemp("planted")
    course = course_copy(top / "course")
    planted = hand_in(course, top / "submitted", students=12)
    found = Run(course, top / "submitted", top / "attempts", planted)
    found.said = found.grade()
    found.groups = found.discovered()["groups"]
    yield found


def test_the_three_planted_misunderstandings_are_the_largest_groups(run: Run) -> None:
    largest = run.groups[:3]
    assert [(one["exercise"], one["who"]) for one in largest] == [
        (EXERCISES[name], run.planted[name]) for name in PLANTED
    ]
    assert [one["students"] for one in largest] == [count for count, _ in PLANTED.values()]


def test_the_run_says_how_much_is_left_unexplained(run: Run) -> None:
    line = next(line for line in run.said.splitlines() if line.startswith("no misconception explains"))
    assert line == (
        "no misconception explains 31 wrong answers; a small change of the solution replies exactly like 22 of them;"
        f" see `course discover {LESSON}`"
    )


def test_a_planted_small_change_of_the_solution_is_found_and_the_others_have_none(run: Run) -> None:
    found = run.group("adds_the_mean")["mutant"]
    assert found["kinds"] == ["sign"] and found["words"] == "as if a sign were the other way round"
    assert [change.rpartition(" in line ")[0] for change in found["changes"]] == [
        "`values - values.mean(dim=-1, keepdim=True)` read as `values + values.mean(dim=-1, keepdim=True)`"
    ]
    assert "left out" in run.group("by_the_variance")["mutant"]["kinds"]  # the root
    assert run.group("of_a_sample")["mutant"] is None


def test_a_sample_names_no_author_and_is_the_shortest_answer(run: Run) -> None:
    sample = run.group("adds_the_mean")["sample"]
    assert "Grace" in ADDS_THE_MEAN[1] and "Grace" not in sample and "too few" not in sample
    assert sample.startswith("def standardize(values):") and "moved = values + values.mean" in sample


def test_answers_that_raise_everywhere_are_counted_and_not_grouped(run: Run) -> None:
    found = run.discovered()
    assert found["not_comparable"] == {"correlation": ["crashed"]}
    assert all("crashed" not in one["who"] for one in found["groups"])


def test_what_is_kept_beside_the_attempts_is_for_the_owner_alone_and_names_nobody(run: Run) -> None:
    kept = [path for path in (run.attempts / LESSON).rglob("*") if ".answers" in path.parts and path.is_file()]
    kept += (run.attempts / LESSON).glob(".mutants-*")
    assert len(kept) >= 5
    for path in kept:
        assert path.stat().st_mode & 0o077 == 0
        assert path.stat().st_size < 10_000
        assert b"adds-the-mean" not in path.read_bytes()


def test_the_same_command_again_computes_nothing_anew(run: Run) -> None:
    before = {path: path.stat().st_mtime_ns for path in (run.attempts / LESSON).rglob("*.json") if path.name[0] != "."}
    assert "no misconception explains" not in run.grade()
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_an_attempt_without_its_comparison_gets_it_from_the_next_run(run: Run) -> None:
    """As after a run that was killed between its last attempt and the comparison."""
    store = AttemptStore(run.attempts)
    student = run.planted["adds_the_mean"][0]
    [attempt] = store.attempts(LESSON, student)
    bare = [one.model_copy(update={"group": "", "mutant": None}) for one in attempt.exercises]
    store.write(attempt.model_copy(update={"exercises": bare}))
    mutants = next((run.attempts / LESSON).glob(".mutants-standardize-*"))
    stamp = mutants.stat().st_mtime_ns
    assert "no misconception explains 1 wrong answer; a small change" in run.grade()
    [again] = store.attempts(LESSON, student)
    assert again == attempt
    assert mutants.stat().st_mtime_ns == stamp  # the replies of this seed are used again


def test_replay_of_an_attempt_sees_no_difference(run: Run) -> None:
    path = next((run.attempts / LESSON / run.planted["adds_the_mean"][0]).glob("*.json"))
    done = run.do("replay", path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_the_report_shows_the_groups_with_their_samples(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "cohort.html"
    done = run.do("report", LESSON, "--attempts", run.attempts, "--to", page)
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    assert f"{LESSON}/standardize: 12 students" in text
    assert "Replies exactly as the solution with" in text
    assert "moved = values + values.mean(dim=-1, keepdim=True)" in text and "Grace" not in text
    assert "adds-the-mean-03" in (tmp_path / "cohort" / "groups.csv").read_text()


# ---------------------------------------------------------------- adoption; the tests below change the course in order


def test_a_students_code_is_not_adopted_before_somebody_says_that_they_read_it(run: Run) -> None:
    before = run.known_answers.read_text()
    done = run.adopt("by_the_variance")
    assert done.returncode == 2
    assert "def by_the_variance(values):" in done.stderr and "Then repeat the command with --yes" in done.stderr
    assert run.known_answers.read_text() == before


def test_an_adoption_whose_proof_fails_is_undone(run: Run) -> None:
    """If no check separates two known answers, neither would be named for certain."""
    before = run.known_answers.read_bytes()
    group = run.group("adds_the_mean")["id"]
    words = ["--adopt", group, "--hint", "…"]
    taken = run.do("discover", LESSON, "--attempts", run.attempts, *words, "--name", "not_centered")
    assert taken.returncode == 1 and "already has a misconception `not_centered`" in taken.stderr
    wrong = run.do("discover", LESSON, "--attempts", run.attempts, *words, "--name", "not a name")
    assert wrong.returncode == 1 and "must be a name as in Python" in wrong.stderr
    checks = next(run.course.glob("graders/lesson_*/checks.py"))
    kept = checks.read_text()
    try:
        # The public proof fails: no public check of the exercise is left that notices anything.
        public = next(run.course.glob("exercises/lesson_*/public_checks.py"))
        whole = public.read_text()
        public.write_text(whole.replace("return lesson.standardize(values)", "return values", 1))
        done = run.adopt("adds_the_mean")
        assert done.returncode == 1, done.stdout
        assert "is not adopted" in done.stderr and "known_answers.py is as it was" in done.stderr
        assert run.known_answers.read_bytes() == before
    finally:
        public.write_text(whole)
        checks.write_text(kept)


def test_adopting_them_writes_entries_whose_proofs_pass(run: Run) -> None:
    for name in PLANTED:
        done = run.adopt(name, "--yes")
        assert done.returncode == 0, done.stderr
        assert "proofs of `" in done.stdout and "hold" in done.stdout
    text = run.known_answers.read_text()
    assert 'wrong("adds_the_mean", "values - values.mean(dim=-1, keepdim=True)", ' in text  # a small edit
    assert '@wrong(hint="HINT-OF-by_the_variance")\ndef by_the_variance(values):\n' in text  # a whole definition
    assert 'wrong("of_a_sample", ' in text


def test_the_next_run_names_them_and_none_of_them_is_left(run: Run) -> None:
    built = run.do("build")
    assert built.returncode == 0, built.stderr
    run.grade()
    for name, students in run.planted.items():
        for student in students:
            result = run.results(student)[EXERCISES[name]]
            named = {check.misconception for check in result.checks if check.misconception}
            assert named == {name}, (student, result)
            assert HINT + name in {check.hint for check in result.checks}
            assert result.mutant is None
    assert [one["who"] for one in run.discovered()["groups"]] == [["alone"]]


def test_the_course_with_the_adopted_answers_is_sound(run: Run) -> None:
    done = run.do("verify", f"{LESSON}/standardize", f"{LESSON}/correlation", "--seeds", "1", "--workers", "2")
    assert done.returncode == 0, done.stdout


def test_attempts_without_the_new_fields_are_still_read() -> None:
    result = {
        "name": "e", "title": "E", "outcome": "failed", "points": 0, "max_points": 1, "concepts": [], "checks": [],
    }  # fmt: skip
    old = ExerciseResult.model_validate(result)
    assert (old.answer, old.group, old.mutant) == ("", "", None)
    assert "answer" in Attempt.model_json_schema()["$defs"]["ExerciseResult"]["properties"]
