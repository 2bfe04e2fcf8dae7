"""`make demo`: what the project is, in one go. It runs commands as people do, and prints where their pages are.

A student's grading with its page, and an invented cohort that is graded and reported. It opens nothing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

STUDENTS = 30
MODULE, LESSON = "lesson-7.2", "lesson-7.2.1"
SUBMISSION = Path("tests/submissions/half_done")
FOLDER = Path("build/demo")


@dataclass(frozen=True)
class Step:
    """A command, in words. `made` is the file that it makes. `fine` are the exit codes of success."""

    title: str
    command: tuple[str, ...]
    made: Path | None = None
    fine: tuple[int, ...] = (0,)


def steps(folder: Path) -> list[Step]:
    """Commands of the demonstration. `grade` exits with 1 if points are missing, and some are."""
    submitted, attempts = str(folder / "submitted"), str(folder / "attempts")
    page, report = folder / "student.html", folder / "cohort.html"
    return [
        Step(
            "A student grades half-finished work",
            ("grade", MODULE, "--submission", str(SUBMISSION), "--report", str(page)),
            page,
            (0, 1),
        ),
        Step(
            f"An invented cohort of {STUDENTS} students hands in",
            ("course", "simulate", LESSON, "--students", str(STUDENTS), "--to", submitted),
        ),
        Step(
            "The cohort is graded, each student's code in a sandbox",
            ("course", "grade", LESSON, submitted, "--attempts", attempts),
            fine=(0, 1),
        ),
        Step(
            "A page about the cohort: what to look at first",
            ("course", "report", LESSON, "--attempts", attempts, "--submitted", submitted, "--to", str(report)),
            report,
        ),
    ]


def main() -> int:
    """Run the steps in the working directory. Exit code: that of the first command that failed, or 0."""
    start = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    planned = steps(FOLDER)
    for number, step in enumerate(planned, start=1):
        print(f"\n== {number} of {len(planned)}: {step.title}\n$ {' '.join(step.command)}\n", flush=True)
        code = _run(step.command)
        if code not in step.fine:
            print(f"\nthe demonstration stopped: this command ended with exit code {code}", file=sys.stderr)
            return code
    print(f"\n== ready after {time.monotonic() - start:.0f} seconds. Open in a browser:")
    for step in planned:
        if step.made is not None:
            print(f"  {step.made.resolve()}")
    return 0


def _run(command: tuple[str, ...]) -> int:
    program = Path(sys.executable).with_name(command[0])
    return subprocess.run([program, *command[1:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
