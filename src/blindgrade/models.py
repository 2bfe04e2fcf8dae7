"""What passes between the parts: the course's description, and the record of one grading."""

from __future__ import annotations

from datetime import UTC, datetime
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

from blindgrade.places import Frame, Place

MAX_SEED = 1 << 53  # an attempt's seed lies below it: what every JSON reader keeps exact


class Described(BaseModel):
    """Part of a hand-written file: an unknown key is a typing mistake, so it is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Depth(StrEnum):
    """How far the course takes a concept."""

    DEVELOPED = "developed"
    INTRODUCED = "introduced"
    REINFORCED = "reinforced"


class Concept(Described):
    """One row of the course's concept tables."""

    id: str
    title: str
    depth: Depth
    lessons: list[str]


class MentalModel(Described):
    """A saying that carries an idea from lesson to lesson."""

    id: str
    title: str
    says: str


class LessonEntry(Described):
    """A lesson in the table of contents. A planned one has no files yet, an unreleased one has none in this copy."""

    id: str
    slug: str
    title: str
    status: Literal["ready", "planned", "unreleased"] = "ready"


class ModuleEntry(Described):
    """A group of lessons, graded together as `lesson-7.2`."""

    id: str
    title: str
    lessons: list[LessonEntry] = Field(alias="lesson")


class Late(Described):
    """What handing in late costs.

    A day that has begun counts once `grace_minutes` are over. The first `bank` days of a student's whole course cost
    nothing; each further one costs `penalty`, a share of the attempt's points. What is more than `days` late earns
    nothing, bank or not; without `days` there is no such limit.
    """

    days: int | None = Field(default=None, ge=0)
    penalty: float = Field(default=0.0, ge=0, le=1)
    bank: int = Field(default=0, ge=0)
    grace_minutes: int = Field(default=0, ge=0)


class Policy(Described):
    """What attempts are worth together: which of them counts, when lessons are due, and what lateness costs."""

    attempts: Literal["best", "last", "mean"] = "last"
    due: dict[str, AwareDatetime] = {}
    late: Late = Late()


class Course(Described):
    """course.toml."""

    title: str
    summary: str
    policy: Policy = Policy()
    modules: list[ModuleEntry] = Field(alias="module")
    concepts: list[Concept] = Field(alias="concept")
    mental_models: list[MentalModel] = Field(alias="mental_model")


class Kind(StrEnum):
    """How an exercise is graded: by values, or by the outcome of a training run."""

    FUNCTION = "function"
    CLASS = "class"
    TRAINING = "training"


Hints = Annotated[list[str], Field(min_length=3, max_length=3)]


class Exercise(Described):
    """One graded function or class of a lesson.

    `defines` is the name in the student's file, by default the exercise's own; `requires` names exercises that its
    code may call, and as "lesson-7.2.1/score_from_noise" those of earlier lessons that it builds on; `seconds` and
    `memory_mb` bound all of its checks together.
    """

    name: str
    title: str
    kind: Kind = Kind.FUNCTION
    points: float = Field(gt=0)
    difficulty: int = Field(ge=1, le=5)
    defines: str = ""
    requires: list[str] = []
    concepts: list[str] = Field(min_length=1)
    mental_models: list[str] = []
    hints: Hints
    seconds: float = Field(default=10.0, gt=0)
    memory_mb: int = Field(default=2048, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _defines_itself(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {**data, "defines": data.get("defines") or data.get("name", "")}

    @property
    def requires_here(self) -> list[str]:
        """Required exercises of the same lesson: those whose failure can be the reason for this one's."""
        return [name for name in self.requires if "/" not in name]


class Lesson(Described):
    """lesson.toml, with the id that its folder gives. `seconds` bound a whole submission of the lesson."""

    id: str
    title: str
    summary: str
    seconds: float = Field(default=300.0, gt=0)
    exercises: list[Exercise] = Field(alias="exercise", min_length=1)

    @property
    def max_points(self) -> float:
        """What the lesson is worth: its exercises' points together."""
        return sum(exercise.points for exercise in self.exercises)

    def exercise(self, name: str) -> Exercise:
        """The exercise of that name; KeyError if there is none."""
        return next(e for e in self.exercises if e.name == name)


class Outcome(StrEnum):
    """What became of a check or an exercise. `failed` is the student's, `error` is ours and costs no points."""

    PASSED = "passed"
    NOT_ATTEMPTED = "not_attempted"
    BLOCKED = "blocked"
    FAILED = "failed"
    ERROR = "error"


# From harmless to grave: an exercise's outcome is the gravest of its checks'.
GRAVITY = [Outcome.PASSED, Outcome.NOT_ATTEMPTED, Outcome.BLOCKED, Outcome.FAILED, Outcome.ERROR]


def _place(value: object) -> Place:
    if isinstance(value, Place):
        return value
    if isinstance(value, str):
        return Place.parse(value)
    raise ValueError("a place is a text")


def _frame(value: object) -> Frame:
    if isinstance(value, Frame):
        return value
    if isinstance(value, str):
        return Frame.parse(value)
    raise ValueError("a frame is a text")


AS_TEXT = (PlainSerializer(str), WithJsonSchema({"type": "string"}))  # JSON holds what a reader sees


class CheckResult(BaseModel):
    """What one check said. `where` is "file:line" in the submission, if one line is to blame.

    `frames` are the student's own frames of an exception, innermost last.
    """

    name: str
    claim: str
    public: bool
    outcome: Outcome
    message: str = ""
    hint: str = ""
    misconception: str | None = None
    where: Annotated[Place, PlainValidator(_place), *AS_TEXT] | None = None
    frames: list[Annotated[Frame, PlainValidator(_frame), *AS_TEXT]] = []
    seconds: float = 0.0
    weight: float = 1.0


class ExerciseResult(BaseModel):
    """One exercise of an attempt."""

    name: str
    title: str
    outcome: Outcome
    points: float
    max_points: float
    concepts: list[str]
    checks: list[CheckResult]
    output: str = ""
    version: str = ""  # of what judged it, where many submissions are graded: unchanged, the result stands


class SubmissionRef(BaseModel):
    """Which files were graded: the path as given, and a digest over their names and contents."""

    path: str
    sha256: str


class Attempt(BaseModel):
    """One grading of one lesson of one submission.

    `key`, `course` (a digest of all that judges the lesson) and `versions` (of the software) are there in what
    `course grade` stores; with them and the seed an attempt can be repeated.
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
    key: str = ""
    course: str = ""
    versions: dict[str, str] = {}
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
        graded_at: str = "",
    ) -> Self:
        """The attempt that these results make together, graded now if no time is given."""
        return cls(
            lesson=lesson.id,
            title=lesson.title,
            points=round(sum(e.points for e in exercises), 6),
            max_points=sum(e.max_points for e in exercises),
            submission=submission,
            graded_at=graded_at or datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            seed=seed,
            reference=reference,
            sandbox=sandbox,
            seconds=round(seconds, 3),
            problems=problems or [],
            exercises=exercises,
        )


class Grading(BaseModel):
    """What `grade` returns: the attempts at one or more lessons."""

    schema_: Literal["blindgrade/grading/v1"] = Field(default="blindgrade/grading/v1", alias="schema")
    points: float
    max_points: float
    lessons: list[Attempt]

    model_config = ConfigDict(populate_by_name=True)

    @classmethod
    def of(cls, attempts: list[Attempt]) -> Self:
        """The grading that these attempts make together."""
        return cls(
            points=round(sum(a.points for a in attempts), 6),
            max_points=round(sum(a.max_points for a in attempts), 6),
            lessons=attempts,
        )
