"""A lesson's checks as pytest items give the outcomes of `grade`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
MINI = TESTS / "courses" / "mini"
SEED = "3"


def items(*options: str) -> tuple[str, dict[str, str]]:
    """What pytest prints, and the outcome of each check by its item's name."""
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-n", "0", "-p", "no:cacheprovider"]
    command += ["-p", "blindgrade.plugins.pytest", "graders", "--check-seed", SEED, *options]
    done = subprocess.run(command, cwd=MINI, capture_output=True, text=True)
    found = re.findall(r"^(PASSED|FAILED) \S+?::(\S+)", done.stdout, re.MULTILINE)
    return done.stdout, {name: outcome for outcome, name in found}


@pytest.mark.parametrize("name", ["all_right", "wrong_and_blocked", "raises", "syntax_error"])
def test_a_submissions_checks_pass_and_fail_as_grade_says(name: str) -> None:
    submission = str(TESTS / "submissions" / "mini" / name)
    command = [Path(sys.executable).with_name("grade"), "lesson-1.1.1", "--submission", submission, "--seed", SEED]
    said = subprocess.run([*command, "--json"], cwd=MINI, capture_output=True, text=True)  # it ends its process
    [lesson] = json.loads(said.stdout)["lessons"]
    expected = {
        f"{exercise['name']}/{check['name']}": "PASSED" if check["outcome"] == "passed" else "FAILED"
        for exercise in lesson["exercises"]
        for check in exercise["checks"]
    }
    printed, found = items("--submission", submission)
    assert found == expected, printed


def test_without_a_submission_the_solution_passes_every_check() -> None:
    printed, found = items()
    assert len(found) == 6 and set(found.values()) == {"PASSED"}, printed


def test_a_failure_shows_the_claim_and_the_message() -> None:
    printed, _ = items("--submission", str(TESTS / "submissions" / "mini" / "raises"))
    assert re.search(r"^failed: \S.*\n  \S", printed, re.MULTILINE) and "in_process.py" not in printed
