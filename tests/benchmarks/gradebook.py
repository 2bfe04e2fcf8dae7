"""A gradebook of a large cohort: attempts of 5,000 students at 12 lessons are synchronised twice and exported.

`make bench-gradebook`; the attempts take 1.5 GB of disk while it runs. `--students` makes it smaller.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from blindgrade.catalog import Catalog
from blindgrade.models import Attempt, CheckResult, Exercise, ExerciseResult, Lesson, Outcome, SubmissionRef

ROOT = Path(__file__).parents[2]
BODIES = 20  # different attempts at a lesson; students share them
CLAIM = "The claim of a check is one sentence of about this length, for students."
SEEN = "result: 8 of 16 values differ, the first at [0, 0]"
HINT = "Where is the middle of each row now?"
LIMIT = 60  # seconds that a sync and an export may take


def checks_of(draw: random.Random) -> list[CheckResult]:
    """Four to seven checks, of which seven in ten passed."""
    found = []
    for number in range(draw.choice([4, 5, 6, 7])):
        passed = draw.random() < 0.7
        outcome, message, hint = (Outcome.PASSED, "", "") if passed else (Outcome.FAILED, SEEN, HINT)
        found.append(CheckResult(name=f"check_{number}", claim=CLAIM, public=number == 0, outcome=outcome,
                                 weight=1.0, message=message, hint=hint, seconds=0.004))  # fmt: skip
    return found


def result_of(exercise: Exercise, draw: random.Random) -> ExerciseResult:
    """A result with the points that its checks earn."""
    checks = checks_of(draw)
    share = sum(check.outcome is Outcome.PASSED for check in checks) / len(checks)
    return ExerciseResult(
        name=exercise.name, title=exercise.title, outcome=Outcome.PASSED if share == 1 else Outcome.FAILED,
        points=round(exercise.points * share, 6), max_points=exercise.points, concepts=exercise.concepts, checks=checks,
    )  # fmt: skip


def attempt_at(lesson: Lesson, draw: random.Random) -> str:
    """An attempt as JSON, of a student called STUDENT."""
    results = [result_of(exercise, draw) for exercise in lesson.exercises]
    attempt = Attempt(
        lesson=lesson.id, title=lesson.title, points=round(sum(r.points for r in results), 6),
        max_points=lesson.max_points, submission=SubmissionRef(path="x", sha256="0" * 64), student="STUDENT",
        submitted_at="2026-11-01T10:00:00Z", graded_at="2026-11-02T10:00:00Z", seed=7, reference="live",
        sandbox="namespaces", seconds=0.4, exercises=results,
    )  # fmt: skip
    return attempt.model_dump_json(by_alias=True, indent=1)


def write_attempts(folder: Path, students: int) -> tuple[int, int]:
    """How many attempts were written, and their bytes."""
    catalog, draw = Catalog(ROOT), random.Random(7)
    count = size = 0
    for files in catalog.ready():
        lesson = catalog.lesson(files)
        bodies = [attempt_at(lesson, draw) for _ in range(BODIES)]
        for number in range(students):
            student = f"s{number:05d}"
            place = folder / lesson.id / student
            place.mkdir(parents=True)
            text = bodies[number % BODIES].replace("STUDENT", student, 1)
            (place / f"{number:032x}.json").write_text(text)
            count, size = count + 1, size + len(text)
    return count, size


def main() -> None:
    """Print what each step takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=5_000)
    asked = parser.parse_args()
    command = [str(Path(sys.executable).with_name("course")), "gradebook"]
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as temporary:
        folder = Path(temporary)
        count, size = write_attempts(folder / "attempts", asked.students)
        print(f"{count:,} attempts of {asked.students:,} students, {size / 1e9:.2f} GB; load {os.getloadavg()[0]:.1f}")
        steps = {
            "first sync": ["sync"],
            "second sync": ["sync"],
            "export for Canvas": ["export", "--as", "canvas", "--to", "canvas.csv"],
            "export as CSV": ["export", "--as", "csv", "--to", "scores.csv"],
        }
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # nbgrader calls alembic
        environment = {**os.environ, "BLINDGRADE_COURSE": str(ROOT), "PATH": path}
        for name, arguments in steps.items():
            begun, before = time.monotonic(), os.times()
            subprocess.run([*command, *arguments], cwd=folder, env=environment, check=True, capture_output=True)
            wall, after = time.monotonic() - begun, os.times()
            cpu = after.children_user + after.children_system - before.children_user - before.children_system
            print(f"{name}: {wall:.1f} s, {cpu:.1f} s of processor time (limit {LIMIT})", flush=True)


if __name__ == "__main__":
    main()
