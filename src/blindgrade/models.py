"""Data that the parts exchange: a course's rules, the description of a lesson, and the record of one grading."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from blindgrade import clock, environment
from blindgrade.places import Frame, Place


class Described(BaseModel):
    """Part of a hand-written file. An unknown key is probably a typing mistake, so it is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Late(Described):
    """Cost of late submissions.

    A day counts if it has begun and `grace_minutes` are over. The first `bank` days in a student's whole course cost
    nothing. Each further day costs `penalty`, a share of the attempt's points. A submission that is more than `days`
    late earns nothing, also if the bank has days left. Without `days` there is no such limit.
    """

    days: int | None = Field(default=None, ge=0)
    penalty: float = Field(default=0.0, ge=0, le=1)
    bank: int = Field(default=0, ge=0)
    grace_minutes: int = Field(default=0, ge=0)


class Level(StrEnum):
    """What a student reads about a graded submission, from little to much. `student_view` has the details."""

    NOTHING = "nothing"
    TOTAL = "total"
    EXERCISES = "exercises"
    COUNTS = "counts"
    CHECKS = "checks"


class Quota(Described):
    """How often the grading service gives full feedback on a lesson before it is due.

    A student may submit more often. Then `beyond` is the most that they read about the submission.
    """

    per_hour: int | None = Field(default=None, ge=0)
    per_day: int | None = Field(default=None, ge=0)
    beyond: Level = Level.NOTHING


class LessonFeedback(Described):
    """Feedback on one lesson. What it leaves out is as for the whole course."""

    before: Level | None = None
    after: Level | None = None
    quota: Quota | None = None


class Feedback(Described):
    """What students read before and after a lesson's due date. `lessons` are exceptions, by the lesson's id."""

    before: Level = Level.CHECKS
    after: Level = Level.CHECKS
    quota: Quota | None = None
    lessons: dict[str, LessonFeedback] = {}


class Policy(Described):
    """Rules for a student's standing: which attempts count, when lessons are due, and what lateness costs.

    `feedback` says what students read. Without it they read every check, and each system's own rules stay.
    """

    attempts: Literal["best", "last", "mean"] = "last"
    due: dict[str, AwareDatetime] = {}
    late: Late = Late()
    feedback: Feedback | None = None


class Environment(Described):
    """Packages that lessons import in addition to the grader's own, each with its version: "einops==0.8.1"."""

    packages: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if wrong := environment.mistake(self.packages):
            raise ValueError(wrong)
        return self


class Kind(StrEnum):
    """How an exercise is graded: by values, or by the outcome of a training run."""

    FUNCTION = "function"
    CLASS = "class"
    TRAINING = "training"


class Use(StrEnum):
    """What a student does with the concepts of an exercise."""

    LOOKED_UP = "looked up"
    COMPUTED = "computed"
    DECIDED = "decided"
    TRAINED = "trained"


Hints = Annotated[list[str], Field(min_length=3, max_length=3)]


class Exercise(Described):
    """One graded function or class of a lesson.

    `defines` is the name in the student's file; the default is the exercise's own name. `requires` names exercises that
    its code may call. An id such as "lesson-7.2.1/score_from_noise" names an exercise of an earlier lesson. `use` is by
    default "trained" for a training exercise and "computed" for every other one. `seconds` (of processor time) and
    `memory_mb` are limits for all of its checks together.
    """

    name: str
    title: str
    kind: Kind = Kind.FUNCTION
    points: float = Field(gt=0)
    difficulty: int = Field(ge=1, le=5)
    defines: str = ""
    use: Use = Use.COMPUTED
    requires: list[str] = []
    concepts: list[str] = Field(min_length=1)
    mental_models: list[str] = []
    hints: Hints
    seconds: float = Field(default=10.0, gt=0)
    memory_mb: int = Field(default=2048, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _what_follows(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        use = Use.TRAINED if data.get("kind") == Kind.TRAINING else Use.COMPUTED
        return {"use": use, **data, "defines": data.get("defines") or data.get("name", "")}

    @property
    def requires_here(self) -> list[str]:
        """Required exercises of the same lesson. Their failure can be the reason for this one's failure."""
        return [name for name in self.requires if "/" not in name]


class Lesson(Described):
    """Content of lesson.toml, with the id from its folder.

    `seconds` of processor time are the limit of a whole submission of the lesson.
    """

    id: str
    title: str
    summary: str
    seconds: float = Field(default=300.0, gt=0)
    exercises: list[Exercise] = Field(alias="exercise", min_length=1)

    @property
    def max_points(self) -> float:
        """Points of all exercises of the lesson together."""
        return sum(exercise.points for exercise in self.exercises)

    def exercise(self, name: str) -> Exercise:
        """Exercise with this name. KeyError if there is none."""
        for exercise in self.exercises:
            if exercise.name == name:
                return exercise
        raise KeyError(name)


class Outcome(StrEnum):
    """Result of a check or exercise. `failed` is the student's fault. `error` is the grader's and costs no points."""

    PASSED = "passed"
    NOT_ATTEMPTED = "not_attempted"
    BLOCKED = "blocked"
    FAILED = "failed"
    ERROR = "error"


# From harmless to grave. An exercise has the gravest outcome of its checks.
GRAVITY = [Outcome.PASSED, Outcome.NOT_ATTEMPTED, Outcome.BLOCKED, Outcome.FAILED, Outcome.ERROR]


def _place(value: object) -> Place:
    if isinstance(value, Place):
        return value
    if isinstance(value, str):
        return Place.parse(value)
    raise ValueError("a place must be a text")


def _frame(value: object) -> Frame:
    if isinstance(value, Frame):
        return value
    if isinstance(value, str):
        return Frame.parse(value)
    raise ValueError("a frame must be a text")


AS_TEXT = (PlainSerializer(str), WithJsonSchema({"type": "string"}))  # JSON contains the text that a reader sees


class CheckResult(BaseModel):
    """Result of one check. `where` is "file:line" in the submission, if one line is to blame.

    `frames` are the student's own frames of an exception, innermost last. If the exercise is blocked, `message` says
    for which one it waits, and `own` is what this check itself saw. `relation` is what the reply is, compared with the
    expected one: an id such as "negated", and `relation_text` says it in a sentence.
    """

    name: str
    claim: str
    public: bool
    outcome: Outcome
    message: str = ""
    own: str = ""
    hint: str = ""
    misconception: str | None = None
    relation: str | None = None
    relation_text: str = ""
    where: Annotated[Place, PlainValidator(_place), *AS_TEXT] | None = None
    frames: list[Annotated[Frame, PlainValidator(_frame), *AS_TEXT]] = []
    seconds: float = 0.0
    weight: float = 1.0

    @property
    def seen(self) -> str:
        """What this check itself saw, also if the exercise is blocked."""
        return self.own or self.message

    @property
    def compared(self) -> str:
        """Sentence about the relation; "" if there is none, or a misconception explains more."""
        return "" if self.misconception else self.relation_text


class MutantWords(BaseModel):
    """What a student may read about a small change of the solution that replies as their wrong answer does.

    `words` follow "your code answers"; they are empty if too many classes of changes reply the same.
    """

    words: str = ""


class MutantMatch(MutantWords):
    """Small changes of the solution that reply to every check exactly as a wrong answer does.

    Students may read `words` and nothing else, because `changes` quote the solution. `kinds` are the classes of the
    changes. `changes` has at most three of `count`.
    """

    kinds: list[str]
    changes: list[str]
    count: int


class ExerciseResult(BaseModel):
    """Result of one exercise in an attempt.

    In a cohort, a wrong answer that no misconception explains has `answer`, a digest of its replies, and later `group`,
    the digest that it shares with all equal answers of the cohort. `mutant` is what small changes of the solution show.
    """

    name: str
    title: str
    outcome: Outcome
    points: float
    max_points: float
    concepts: list[str]
    checks: list[CheckResult]
    output: str = ""
    cached: bool = False  # not run this time: its code, its checks and the answer key are as they were when it was
    version: str = ""  # in a cohort: of all that judges the exercise; the result is kept while it is unchanged
    answer: str = ""
    group: str = ""
    mutant: MutantMatch | None = None

    @property
    def waits_for(self) -> str:
        """Sentence without its subject about the exercises that must be correct first; "" if it is not blocked."""
        return next((check.message for check in self.checks if check.outcome is Outcome.BLOCKED), "")


class SubmissionRef(BaseModel):
    """The graded files: the path as the user named it, and a digest of their names and contents."""

    path: str
    sha256: str


class Attempt(BaseModel):
    """Record of one grading of one lesson of one submission.

    `unreadable` says why the lesson's file could not be read or loaded. Then no check shows anything about an answer.
    `checks` counts all checks of the graded exercises, `public_checks` those that are public. With an answer key only
    the latter ran. `not_limited` names what the worker could use without a limit, because the system has none.
    `course grade` also stores `key`, `course` (a digest of everything that judges the lesson) and `versions` (of the
    software). With these and the seed, an attempt can be repeated. `purpose`: the grading service grades for feedback
    with one seed and for the mark with another one; only marks count.
    """

    schema_: Literal["blindgrade/attempt/v1"] = Field(default="blindgrade/attempt/v1", alias="schema")
    lesson: str
    title: str
    points: float
    max_points: float
    submission: SubmissionRef
    student: str | None = None
    submitted_at: str | None = None
    graded_at: str
    seed: int
    reference: Literal["live", "key"]
    sandbox: str
    seconds: float
    problems: list[str] = []
    unreadable: str = ""
    public_checks: int = 0
    checks: int = 0
    not_limited: list[str] = []
    key: str = ""
    course: str = ""
    versions: dict[str, str] = {}
    purpose: Literal["feedback", "mark"] = "mark"
    exercises: list[ExerciseResult]

    model_config = ConfigDict(populate_by_name=True)

    @classmethod
    def of(
        cls,
        lesson: Lesson,
        exercises: list[ExerciseResult],
        submission: SubmissionRef,
        *,
        seed: int,
        reference: Literal["live", "key"] = "live",
        sandbox: str = "none",
        seconds: float = 0.0,
        problems: list[str] | None = None,
        unreadable: str = "",
        not_limited: list[str] | None = None,
        graded_at: str = "",
        checks: int | None = None,
    ) -> Self:
        """Attempt with these results. Its time is now if no time is given.

        `checks` is the number of all checks of the exercises; without it, all of them ran.
        """
        ran = [check for exercise in exercises for check in exercise.checks]
        return cls(
            lesson=lesson.id,
            title=lesson.title,
            points=round(sum(e.points for e in exercises), 6),
            max_points=sum(e.max_points for e in exercises),
            submission=submission,
            graded_at=graded_at or clock.now(),
            seed=seed,
            reference=reference,
            sandbox=sandbox,
            seconds=round(seconds, 3),
            problems=problems or [],
            unreadable=unreadable,
            public_checks=sum(check.public for check in ran),
            checks=len(ran) if checks is None else checks,
            not_limited=not_limited or [],
            exercises=exercises,
        )

    @property
    def public_only(self) -> bool:
        """Did hidden checks of these exercises not run? Attempts of earlier versions do not count their checks."""
        ran = sum(len(exercise.checks) for exercise in self.exercises)
        return self.checks > ran if self.checks else self.reference == "key"


class Grading(BaseModel):
    """Result of `grade`: the attempts at one or more lessons."""

    schema_: Literal["blindgrade/grading/v1"] = Field(default="blindgrade/grading/v1", alias="schema")
    points: float
    max_points: float
    public_checks: int = 0
    checks: int = 0
    lessons: list[Attempt]

    model_config = ConfigDict(populate_by_name=True)

    @classmethod
    def of(cls, attempts: list[Attempt]) -> Self:
        """Grading with these attempts."""
        return cls(
            points=round(sum(a.points for a in attempts), 6),
            max_points=round(sum(a.max_points for a in attempts), 6),
            public_checks=sum(a.public_checks for a in attempts),
            checks=sum(a.checks for a in attempts),
            lessons=attempts,
        )

    @property
    def public_only(self) -> bool:
        """Did hidden checks of a lesson not run?"""
        return any(attempt.public_only for attempt in self.lessons)
