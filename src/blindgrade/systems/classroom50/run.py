"""`python -m blindgrade.systems.classroom50.run COURSE LESSON...`: grade the working directory for Classroom 50.

It writes result.json and release-body.md. Exit code 0: graded, with any points. Other codes: the runner reports an
error.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blindgrade.models import Grading

GRADED, BAD_REQUEST, GRADER_FAILED = 0, 2, 3
RESULT, BODY = "result.json", "release-body.md"


def main() -> None:
    """Grade, and write the results."""
    course, lessons, here = Path(sys.argv[1]), sys.argv[2:], Path.cwd()
    # A result that is already in the folder comes from the student. If this process ended early, the runner would
    # read it as ours.
    for name in (RESULT, BODY):
        if (here / name).is_dir() and not (here / name).is_symlink():
            shutil.rmtree(here / name)
        elif os.path.lexists(here / name):
            (here / name).unlink()
    code = _run(course, lessons, here)
    sys.stdout.flush()
    os._exit(code)  # the results are written, and an orderly end of torch would take time


def _run(course: Path, lessons: list[str], here: Path) -> int:
    from blindgrade import clock
    from blindgrade.catalog import Catalog, CourseError, UnknownId
    from blindgrade.collect.git_history import commit_of
    from blindgrade.engine.grading.options import Options
    from blindgrade.engine.grading.runner import GraderFailed, grade
    from blindgrade.engine.grading.worker_client import SandboxMissing
    from blindgrade.engine.submission.reading import SubmissionError
    from blindgrade.systems.classroom50.result import IdentityMissing, Submission, release_body, result

    try:
        submission = Submission.of(dict(os.environ), commit_of(here / ".git")[0])
        catalog = Catalog(course)
        # The runner's machine has a token that can write to the repository, so a sandbox with isolation is required.
        grading = grade(catalog, catalog.find(lessons), here, Options(sandbox="strict", reference="key"))
    except (SubmissionError, UnknownId, CourseError, IdentityMissing) as error:
        return _failed(error, BAD_REQUEST)
    except (GraderFailed, SandboxMissing) as error:
        return _failed(error, GRADER_FAILED)
    for attempt in grading.lessons:
        attempt.student, attempt.submitted_at = submission.owner, submission.datetime
    record = result(grading, submission, clock.now())
    _write(here / RESULT, json.dumps(record, indent=1) + "\n")
    _write(here / BODY, release_body(grading))
    _show(grading)
    return GRADED


def _failed(error: Exception, code: int) -> int:
    from blindgrade.render.safe import shown

    text = " ".join(shown(str(error)).split())
    print(f"::error::{text}", file=sys.stderr)
    return code


def _show(grading: Grading) -> None:
    """Print the result into the job's log. The runner must not read a student's text as a command."""
    from rich.console import Console

    from blindgrade.render.terminal.results import print_grading

    word = secrets.token_hex(16)
    print(f"::stop-commands::{word}")
    print_grading(grading, Console(file=sys.stdout, highlight=False, width=120, color_system=None))
    print(f"::{word}::")


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    main()
