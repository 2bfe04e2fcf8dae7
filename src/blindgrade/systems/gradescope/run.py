"""`python -m blindgrade.systems.gradescope.run [/autograder]`: grade one submission on Gradescope's machine.

It reads source/config.json, source/course, submission and submission_metadata.json. It writes results/results.json,
even if the grader fails. Its output is for instructors; Gradescope does not show it to students.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from blindgrade.files import write_whole


def main() -> None:
    """Grade, and write the results."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "/autograder")
    try:
        record = _grade(root)
    except Exception:
        from blindgrade.systems.gradescope.results import failure

        traceback.print_exc(file=sys.stdout)
        record = failure()
    _write(root / "results" / "results.json", record)
    sys.stdout.flush()
    os._exit(0)  # the results are written, and an orderly end of torch would take time


def _grade(root: Path) -> dict[str, Any]:
    from blindgrade.catalog import Catalog
    from blindgrade.engine.grading.options import Options
    from blindgrade.engine.grading.runner import grade
    from blindgrade.engine.submission.reading import SubmissionError
    from blindgrade.systems.gradescope.results import results, unreadable

    begun = time.monotonic()
    config = json.loads((root / "source" / "config.json").read_text(encoding="utf-8"))
    catalog = Catalog(root / "source" / "course")
    targets = catalog.find(config["lessons"])
    submission = root / "submission"
    try:
        # The solutions are on this machine, so a sandbox with isolation is required.
        grading = grade(catalog, targets, submission, Options(sandbox="strict", reference="live"))
    except SubmissionError as error:
        print(error)
        return unreadable(str(error).replace(f"{submission}/", ""))
    student, submitted_at = _submitters(root / "submission_metadata.json")
    for attempt in grading.lessons:
        attempt.student, attempt.submitted_at = student, submitted_at
    print(grading.model_dump_json(by_alias=True, indent=1))
    feedback = catalog.course.policy.feedback
    return results(grading, config["hidden_checks"], time.monotonic() - begun, feedback)


def _submitters(metadata: Path) -> tuple[str | None, str | None]:
    """Addresses of the submitters and time of the submission, from Gradescope. Grading does not depend on them."""
    try:
        record = json.loads(metadata.read_text(encoding="utf-8"))
        users = [str(user.get("email") or user["id"]) for user in record.get("users", [])]
        return ", ".join(users) or None, record.get("created_at")
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        print(f"submission_metadata.json cannot be read: {error!r}")
        return None, None


def _write(path: Path, record: dict[str, Any]) -> None:
    write_whole(path, json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
