"""A grading as a self-contained page. It runs no script and loads nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from blindgrade.course import Course, MentalModel
from blindgrade.figures import FigurePair
from blindgrade.models import Attempt, CheckResult, ExerciseResult, Grading, Lesson, Outcome
from blindgrade.next_step import next_in
from blindgrade.render.html.look import PLAIN, Look
from blindgrade.render.html.mastery import Step, history, mastery
from blindgrade.render.html.pages import filled
from blindgrade.render.outcomes import points
from blindgrade.render.public_part import praise, public_part, unit

SHOWN_IN_FULL = (Outcome.FAILED, Outcome.ERROR, Outcome.BLOCKED)  # checks that are shown in full; the others are folded
ALL_KNOWN = "Exercises that were not graded now count with their last result."
GRADING_ALONE = (
    "Only this grading counts: the submission is not in the course's exercises/, and only those results are stored."
)
NO_PICTURES = "Pictures are left out, because matplotlib is not installed: pip install 'blindgrade[report]'"


@dataclass(frozen=True)
class _Concept:
    title: str
    lessons: list[str]


@dataclass
class _View:
    """Data of one exercise for the template of a card."""

    result: ExerciseResult
    id: str
    command: str
    hints: list[str]
    concepts: list[_Concept]
    models: list[MentalModel]
    pictures: Mapping[str, Markup]

    @property
    def wrong(self) -> list[CheckResult]:
        """Checks that are shown in full."""
        return [c for c in self.result.checks if c.outcome in SHOWN_IN_FULL]

    @property
    def rest(self) -> list[CheckResult]:
        """The other checks."""
        return [c for c in self.result.checks if c.outcome not in SHOWN_IN_FULL]

    @property
    def waits(self) -> str:
        """Sentence with the exercises that the student must fix first; "" if there are none."""
        found = self.result.waits_for
        return f"This {found}: fix that first." if found else ""

    @property
    def earned(self) -> int:
        """Number of checks that passed."""
        return sum(c.outcome is Outcome.PASSED for c in self.result.checks)

    @property
    def rest_summary(self) -> str:
        """Title of the folded part with the other checks."""
        passed, others = self.earned, len(self.rest) - self.earned
        parts = [f"{_checks(passed)} passed"] if passed else []
        parts += [f"{_checks(others)} to pass"] if others else []
        return ", ".join(parts)


@dataclass(frozen=True)
class _LessonView:
    attempt: Attempt
    views: list[_View]
    history: list[Step]
    line: Markup

    @property
    def id(self) -> str:
        """Anchor of the lesson's section."""
        return _anchor(self.attempt.lesson)


def report(
    grading: Grading,
    course: Course,
    lessons: Mapping[str, Lesson],
    *,
    past: Sequence[Attempt] = (),
    known: Mapping[str, Sequence[ExerciseResult]] | None = None,
    figures: Sequence[FigurePair] = (),
    look: Look = PLAIN,
) -> str:
    """HTML of the whole page. `lessons` by id. `past` are earlier attempts at them in any order; it may hold this one.

    `known` are the student's last results of the whole course by lesson; None if the student is unknown.
    """
    readable = [attempt for attempt in grading.lessons if not attempt.unreadable]
    on_the_page = {(attempt.lesson, result.name) for attempt in readable for result in attempt.exercises}
    drawn, notes = _drawn([e for e in figures if (e.lesson, e.exercise) in on_the_page])
    views = []
    for attempt in grading.lessons:
        lesson = lessons[attempt.lesson]
        results = [] if attempt.unreadable else attempt.exercises
        cards = [_view(result, lesson, course, drawn[attempt.lesson]) for result in results]
        # `past` may hold this attempt already, so only older attempts are taken from it.
        steps = history([*[a for a in past if a.graded_at < attempt.graded_at], attempt], attempt.lesson)
        steps = steps if len(steps) > 1 else []
        views.append(_LessonView(attempt, cards, steps, _line(steps, lesson.max_points)))
    titles = {concept.id: concept.title for concept in course.concepts}
    rows = [
        {
            "title": titles.get(row.concept, row.concept), "standing": row.standing, "earned": row.earned, "of": row.of,
            "links": [
                {"id": _anchor(*place) if place in on_the_page else "", "lesson": place[0], "name": place[1]}
                for place in row.places
            ],
        }
        for row in mastery(readable, known)
    ]  # fmt: skip
    newest = max((a.graded_at for a in grading.lessons), default="")
    first = grading.lessons[0] if grading.lessons else None
    return filled(
        "student.html",
        stylesheet="student.css",
        look=look,
        inline_styles=True,  # a bar's length
        grading=grading,
        course=course,
        heading=_heading(grading),
        path=first.submission.path if first else "",
        student=first.student if first else None,
        graded_at=newest,
        lessons=views,
        first=_first(grading),
        mastery=rows,
        mastery_of=GRADING_ALONE if known is None else ALL_KNOWN,
        notes=[*notes, *_facts(grading)],
        unit=unit,
        praise=praise,
        public_part=public_part,
    )  # fmt: skip


def _view(result: ExerciseResult, lesson: Lesson, course: Course, pictures: Mapping[str, Markup]) -> _View:
    exercise = lesson.exercise(result.name)
    concepts = []
    titles = {entry.id: f"{entry.id} {entry.title}" for module in course.modules for entry in module.lessons}
    for concept in course.concepts:
        if concept.id in exercise.concepts:
            # This lesson first: it is what the student has open.
            where = sorted(concept.lessons, key=lambda name: name != lesson.id)
            concepts.append(_Concept(concept.title, [titles[name] for name in where]))
    models = [model for model in course.mental_models if model.id in exercise.mental_models]
    command = f"grade {lesson.id}/{result.name}"
    return _View(result, _anchor(lesson.id, result.name), command, exercise.hints, concepts, models, pictures)


def _drawn(figures: Sequence[FigurePair]) -> tuple[Mapping[str, Mapping[str, Markup]], list[str]]:
    """Pictures as HTML by lesson and check, and notes for the reader about pictures."""
    drawn: dict[str, dict[str, Markup]] = defaultdict(lambda: defaultdict(Markup))
    if not figures:
        return drawn, []
    from blindgrade.render.figure_svg import NoMatplotlib, picture

    for number, pair in enumerate(figures):
        try:
            drawn[pair.lesson][pair.check] = picture(pair, f"p{number}")
        except NoMatplotlib:
            return drawn, [NO_PICTURES]
        except Exception:
            # The numbers come from a student's code. A page without one picture is better than no page.
            continue
    return drawn, []


def _first(grading: Grading) -> dict[str, str] | None:
    """The exercise to do first, as in the terminal; None if every exercise passed."""
    found = next_in(grading.lessons)
    if found is None:
        return None
    attempt, result = found
    return {
        "verb": "write" if result.outcome is Outcome.NOT_ATTEMPTED else "look at",
        "name": result.name,
        "id": _anchor(attempt.lesson, result.name),
        "where": next((str(c.where) for c in result.checks if c.where), ""),
        "command": f"grade {attempt.lesson}/{result.name}",
    }


def _heading(grading: Grading) -> str:
    if len(grading.lessons) == 1:
        return f"{grading.lessons[0].lesson} {grading.lessons[0].title}"
    return f"{len(grading.lessons)} lessons"


def _facts(grading: Grading) -> list[str]:
    sandboxes = sorted({attempt.sandbox for attempt in grading.lessons})
    seconds = sum(attempt.seconds for attempt in grading.lessons)
    return [
        f"Graded in {seconds:.1f} s; isolation: {', '.join(sandboxes)}. This page loads nothing and runs no script."
    ]


def _line(steps: Sequence[Step], most: float) -> Markup:
    """Points after each attempt as a step line. The table below it has the same numbers."""
    if not steps:
        return Markup()
    width, height = 340.0, 60.0
    across = width / max(len(steps) - 1, 1)
    places = [(i * across, height * (1 - min(s.points / most, 1.0))) for i, s in enumerate(steps)]
    path = f"M0 {places[0][1]:.1f}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in places[1:])
    label = f"Points after each of {len(steps)} attempts: from {points(steps[0].points)} to {points(steps[-1].points)}"
    return Markup(
        '<svg role="img" aria-label="{label}" viewBox="-4 -6 348 72" preserveAspectRatio="none">'
        '<path d="M0 0H340M0 60H340" stroke="var(--line)" vector-effect="non-scaling-stroke" fill="none"/>'
        '<path d="{path}" stroke="var(--series-1)" stroke-width="2" vector-effect="non-scaling-stroke" fill="none"/>'
        "</svg>"
    ).format(label=label, path=path)


def _anchor(lesson: str, exercise: str = "") -> str:
    return f"{lesson}-{exercise}".replace(".", "-").rstrip("-")


def _checks(count: int) -> str:
    return "1 check" if count == 1 else f"{count} checks"
