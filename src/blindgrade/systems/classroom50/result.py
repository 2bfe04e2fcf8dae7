"""A grading as Classroom 50's result.json (schema classroom50/result/v1), and the text of its release page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from blindgrade.models import CheckResult, ExerciseResult, Grading, Outcome
from blindgrade.render.public_part import public_part, unit
from blindgrade.render.safe import shown
from blindgrade.render.sentences import begun

MAX_TEXT = 500  # characters of one text that a student controls
MAX_SCALE = 100
TAG_TIME = re.compile(r"submit/(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z-")


class IdentityMissing(Exception):
    """The runner did not name the submission's owner, time or place. The message names what is missing."""


@dataclass(frozen=True)
class Submission:
    """Owner, time and place of a submission, from the runner and the commit. Never from the student's files."""

    classroom: str
    assignment: str
    assignment_type: str
    owner: str
    submission: str
    commit: str
    release: str
    review: str
    datetime: str

    @classmethod
    def of(cls, env: dict[str, str], committed_at: str | None) -> Submission:
        """Submission that the runner's environment describes. IdentityMissing if it lacks something.

        The time is the commit's time, or the submission tag's. It stays the same when this commit is graded again.
        """
        needed = ("CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL")
        missing = [name for name in needed if not env.get(name)]
        owner = env.get("OWNER") or env.get("USERNAME") or ""
        at = committed_at or time_of_tag(env.get("SUBMISSION_TAG", ""))
        missing += [name for name, value in (("OWNER", owner), ("the commit's time", at)) if not value]
        if missing:
            raise IdentityMissing(f"the runner did not set {', '.join(missing)}; run this with Classroom 50's runner")
        return cls(
            classroom=env["CLASSROOM"],
            assignment=env["ASSIGNMENT"],
            assignment_type=env.get("ASSIGNMENT_TYPE") or "individual",
            owner=owner,
            submission=env["SUBMISSION_TAG"],
            commit=env["COMMIT_URL"],
            release=env["RELEASE_URL"],
            review=env.get("REVIEW_URL") or env["COMMIT_URL"],
            datetime=at,
        )


def time_of_tag(tag: str) -> str:
    """Time in a tag such as "submit/2026-06-01T14-32-05Z-a1b2c3d", in ISO format; "" for another tag."""
    match = TAG_TIME.match(tag)
    return f"{match[1]}T{match[2]}:{match[3]}:{match[4]}Z" if match else ""


def result(grading: Grading, submission: Submission, graded_at: str) -> dict[str, Any]:
    """Record with a test for each exercise. Its scores must be whole numbers, so the points are scaled."""
    exercises = [(f"{a.lesson}/{r.name}", r) for a in grading.lessons for r in a.exercises]
    factor = scale([r.max_points for _, r in exercises])
    tests = [_test(name, r, factor) for name, r in exercises]
    return {
        "schema": "classroom50/result/v1",
        **vars(submission),
        "graded_at": graded_at,
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


def scale(points: list[float]) -> int:
    """Smallest factor that turns these points into whole numbers, at most MAX_SCALE."""
    whole = (k for k in range(1, MAX_SCALE) if all(abs(p * k - round(p * k)) < 1e-6 for p in points))
    return next(whole, MAX_SCALE)


def _test(name: str, exercise: ExerciseResult, factor: int) -> dict[str, Any]:
    most = round(exercise.max_points * factor)
    # Rounded down, so that only all points give the full score. 1e-6 covers the rounding error of a sum of shares.
    score = most if exercise.points >= exercise.max_points else min(int(exercise.points * factor + 1e-6), most)
    return {
        "test-name": name,
        "passed": exercise.points >= exercise.max_points,
        "score": score,
        "max-score": most,
        "points": exercise.points,
        "max-points": exercise.max_points,
        "outcome": exercise.outcome.value,
        "output": "\n".join(_said(check) for check in _failed(exercise)),
    }


def _failed(exercise: ExerciseResult) -> list[CheckResult]:
    return [check for check in exercise.checks if check.outcome is not Outcome.PASSED]


def _said(check: CheckResult) -> str:
    hint = f"Hint: {check.hint}" if check.hint else ""
    return "\n".join(
        part for part in (check.claim, shown(check.message)[:MAX_TEXT], shown(check.compared), hint) if part
    )


def release_body(grading: Grading) -> str:
    """Markdown text of the submission's release page. Text that the student wrote is quoted as code."""
    lines = [f"### {grading.points:g} of {grading.max_points:g} {unit(grading)}", ""]
    if ran := public_part(grading):
        lines += [f"{begun(ran)}. `grade` runs the public ones on your machine, too.", ""]
    lines += ["| exercise | outcome | points |", "|---|---|---|"]
    results = [r for attempt in grading.lessons for r in attempt.exercises]
    lines += [f"| {r.name} | {r.outcome.value.replace('_', ' ')} | {r.points:g} / {r.max_points:g} |" for r in results]
    problems = [problem for attempt in grading.lessons for problem in attempt.problems]
    if problems:
        lines += ["", *_code("\n".join(shown(problem)[:MAX_TEXT] for problem in problems))]
    for exercise in results:
        if exercise.outcome in (Outcome.FAILED, Outcome.ERROR):
            lines += ["", f"#### {exercise.name}", "", *_code("\n\n".join(_said(c) for c in _failed(exercise)))]
    return "\n".join(lines) + "\n"


def _code(text: str) -> list[str]:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", text, fence]
