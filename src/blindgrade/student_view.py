"""A student's view of an attempt: the only data from which pages, comments and files for students are made.

A level gives what the student may read. Each level but `exercises` also has what the level before it has.

nothing    that the submission was graded
total      points of the lesson
exercises  for each exercise whether it passed; no points, because partial points would count the checks
counts     for each exercise its points, and how many of its checks passed
checks     each check with its claim, outcome, relation and hint; a public check also with its message and place

A view never has a seed, the name of a check or of a misconception, the time that a check took, a change of the
solution that replies as the student's code does (its class in words is shown), or a message of a hidden check: such a
message may have expected values, or inputs that the student's own code put into an exception.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NotRequired, Protocol

from pydantic import BaseModel
from typing_extensions import TypedDict

from blindgrade.models import CheckResult, Feedback, Level, MutantWords, Outcome

NOT_JUDGED = "the grader could not judge this check, which costs no points; your instructor will look"
# What the engine says about every hidden check without a result. The rest of the message is left out.
STOPPED = re.compile(r"(not run, because an earlier check was )?stopped after \d{1,6} s\b")
MISSING = re.compile(r"the file defines no `")
WAITS = re.compile(r"waits for \w+(, \w+)*")
RAISED = re.compile(r"(\w+)(?: at |: |$)")
ERRORS = {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, Exception)}
EARNED = (Outcome.PASSED, Outcome.ERROR)


class CheckFacts(TypedDict):
    """Fields of a stored check that a view needs. A dict: a cohort has millions, and a model is six times slower."""

    claim: str
    public: bool
    outcome: str
    message: str
    own: NotRequired[str]
    hint: str
    misconception: NotRequired[str | None]
    relation_text: NotRequired[str]
    where: str | None


class CheckView(TypedDict):
    """A check as its student reads it. `where` is empty if no line is to blame.

    `compared` says what the result is, compared with the expected one. It is empty if a misconception explains more.
    """

    claim: str
    outcome: str
    message: str
    compared: str
    hint: str
    where: str
    public: bool


class ExerciseView(BaseModel):
    """An exercise as its student reads it. None means that the level does not show it.

    `outcome` is only passed, failed or error below the level `checks`. A count has passed checks and checks that the
    grader could not judge. `waits_for` is a sentence about the exercises that must be correct first. `decided` has a
    sentence for each change of its points by an instructor, without the reason.
    """

    name: str
    title: str
    outcome: Outcome
    max_points: float
    points: float | None = None
    passed: int | None = None
    of: int | None = None
    checks: list[CheckView] | None = None
    waits_for: str = ""
    decided: list[str] = []
    output: str = ""


class StudentView(BaseModel):
    """An attempt as its student reads it, at a level. None means that the level does not show it.

    `earned` are the points before lateness, `adjusted` what an instructor added to the lesson or took from it; `points`
    have both. handed_in: False for a student who has points by a decision alone, or none. excused: the student needs no
    points, and the view has no result. `problems` are about the student's file. `left_out` is the number of parts
    of the file that could not be used. If the file is
    `unreadable`, no exercise was graded, and the view has none.
    """

    level: Level
    lesson: str
    title: str
    student: str | None
    submitted_at: str | None
    graded_at: str
    max_points: float
    days_late: int = 0
    points: float | None = None
    earned: float | None = None
    adjusted: float = 0.0
    handed_in: bool = True
    excused: bool = False
    exercises: list[ExerciseView] = []
    problems: list[str] = []
    left_out: int = 0
    unreadable: bool = False

    @property
    def late(self) -> bool:
        """Does the level show that lateness cost points?"""
        if self.points is None or self.earned is None:
            return False
        return self.days_late > 0 and round(self.earned + self.adjusted - self.points, 6) != 0


class AnyResult(Protocol):
    """An exercise's result: of an attempt, or of a score in a gradebook."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def points(self) -> float: ...
    @property
    def max_points(self) -> float: ...
    @property
    def checks(self) -> Sequence[CheckResult | CheckFacts]: ...
    @property
    def output(self) -> str: ...
    @property
    def mutant(self) -> MutantWords | None: ...


class AnyDecision(Protocol):
    """What an instructor decided; about one exercise, if it names one."""

    @property
    def exercise(self) -> str | None: ...
    def for_student(self) -> str: ...


class AnyGraded(Protocol):
    """An attempt, or a score that was made from attempts."""

    @property
    def lesson(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def student(self) -> str | None: ...
    @property
    def submitted_at(self) -> str | None: ...
    @property
    def graded_at(self) -> str: ...
    @property
    def points(self) -> float: ...
    @property
    def max_points(self) -> float: ...
    @property
    def problems(self) -> Sequence[str]: ...
    @property
    def exercises(self) -> Sequence[AnyResult]: ...


def feedback_levels(feedback: Feedback | None, lesson: str) -> tuple[Level, Level]:
    """Levels of the lesson before and after its due date."""
    whole = feedback or Feedback()
    own = whole.lessons.get(lesson)
    before, after = (own.before, own.after) if own else (None, None)
    return before or whole.before, after or whole.after


def student_view(attempt: AnyGraded, level: Level) -> StudentView:
    """What the student may read about the attempt at this level."""
    view = StudentView(
        level=level,
        lesson=attempt.lesson,
        title=attempt.title,
        student=attempt.student,
        submitted_at=attempt.submitted_at,
        graded_at=attempt.graded_at,
        max_points=attempt.max_points,
        days_late=getattr(attempt, "days_late", 0),
        handed_in=bool(attempt.exercises),
    )
    if level is Level.NOTHING:
        return view
    unreadable: str = getattr(attempt, "unreadable", "")
    view.unreadable = bool(unreadable)
    view.left_out = len(attempt.problems)
    if level is not Level.EXERCISES:
        view.points, view.earned = attempt.points, getattr(attempt, "earned", attempt.points)
        view.adjusted = getattr(attempt, "adjusted", 0.0)
    if level is not Level.TOTAL and not unreadable:
        decisions: Sequence[AnyDecision] = getattr(attempt, "decisions", ())
        view.exercises = [_exercise(result, level, decisions) for result in attempt.exercises]
    if level is Level.CHECKS:
        view.problems = [unreadable] if unreadable else list(attempt.problems)
    return view


def excused_view(lesson: str, title: str, student: str, level: Level) -> StudentView:
    """View of a student who needs no points for the lesson. It says the same at each level."""
    return StudentView(
        level=level, lesson=lesson, title=title, student=student, submitted_at=None, graded_at="", max_points=0,
        handed_in=False, excused=True,
    )  # fmt: skip


def _exercise(result: AnyResult, level: Level, decisions: Sequence[AnyDecision]) -> ExerciseView:
    known = result.outcome in EARNED or level is Level.CHECKS
    view = ExerciseView(
        name=result.name,
        title=result.title,
        outcome=result.outcome if known else Outcome.FAILED,
        max_points=result.max_points,
    )
    if level is Level.EXERCISES:
        return view
    checks = list(_facts(result.checks))
    view.points = result.points
    view.decided = [one.for_student() for one in decisions if one.exercise == result.name]
    view.passed, view.of = sum(check["outcome"] in EARNED for check in checks), len(checks)
    if level is Level.CHECKS:
        view.checks = [_check(check) for check in checks]
        _add_mutant(view, result.mutant)
        view.waits_for = next((c["message"] for c in checks if WAITS.fullmatch(c["message"])), "")
        view.output = result.output
    return view


def _add_mutant(view: ExerciseView, mutant: MutantWords | None) -> None:
    """Add the class of the change that replies as the student's code does to a failed check, if one has no hint yet."""
    failed = [check for check in view.checks or () if check["outcome"] == Outcome.FAILED]
    if mutant is not None and mutant.words and failed:
        check = next((one for one in failed if not one["hint"]), failed[0])
        check["hint"] = " ".join(filter(None, [check["hint"], f"Your code answers {mutant.words}."]))


def _facts(checks: Sequence[CheckResult | CheckFacts]) -> Iterator[CheckFacts]:
    for check in checks:
        if isinstance(check, CheckResult):
            yield {
                "claim": check.claim, "public": check.public, "outcome": check.outcome, "message": check.message,
                "own": check.own, "hint": check.hint, "misconception": check.misconception,
                "relation_text": check.relation_text, "where": str(check.where) if check.where else None,
            }  # fmt: skip
        else:
            yield check


def _check(check: CheckFacts) -> CheckView:
    public = check["public"]
    return {
        "claim": check["claim"],
        "outcome": check["outcome"],
        "message": _message(check),
        "compared": _compared(check),
        "hint": check["hint"] if check["outcome"] == Outcome.FAILED else "",
        "where": (check["where"] or "") if public else "",
        "public": public,
    }


def _compared(check: CheckFacts) -> str:
    """Sentence about the relation. Of a hidden check, it was stored without cases and numbers."""
    if check["outcome"] != Outcome.FAILED or check.get("misconception"):
        return ""
    return check.get("relation_text", "")


def said_once(checks: Iterable[CheckView]) -> Iterator[CheckView]:
    """The checks of an exercise for one text: a relation or hint that an earlier check has is not repeated."""
    said: set[str] = set()
    for check in checks:
        compared, hint = ("" if text in said else text for text in (check["compared"], check["hint"]))
        said |= {compared, hint}
        yield {**check, "compared": compared, "hint": hint}


def _message(check: CheckFacts) -> str:
    """Message that the student may read. Of a hidden check, only the words that the engine itself chose."""
    outcome, message = check["outcome"], check["message"]
    if outcome == Outcome.BLOCKED:  # what the check itself saw; the exercise says for which one it waits
        outcome, message = Outcome.FAILED, check.get("own", "")
    if outcome == Outcome.ERROR:
        return NOT_JUDGED
    if outcome == Outcome.NOT_ATTEMPTED and not check["public"]:
        return "not written yet"
    if check["public"]:
        return message
    if outcome != Outcome.FAILED:
        return ""
    if found := STOPPED.match(message):
        return found[0]
    if MISSING.match(message):
        return "your file does not define it"
    found = RAISED.match(message)
    return f"your code raised {found[1]}" if found and found[1] in ERRORS else ""
