"""What a student may read about an attempt, as a self-contained page. It runs no script and loads nothing."""

from __future__ import annotations

from dataclasses import dataclass

from blindgrade.models import Outcome
from blindgrade.render.html.look import PLAIN, Look
from blindgrade.render.html.pages import filled
from blindgrade.render.text.student import MAX_OUTPUT, changes, headline, left_out, word
from blindgrade.student_view import CheckView, ExerciseView, StudentView, said_once


@dataclass(frozen=True)
class _Card:
    """One exercise for the template. A relation or hint that an earlier check has is not repeated."""

    view: ExerciseView
    word: str
    wrong: list[CheckView]
    passed: list[CheckView]

    @classmethod
    def of(cls, view: ExerciseView) -> _Card:
        checks = list(said_once(view.checks or ()))
        wrong = [check for check in checks if check["outcome"] != Outcome.PASSED]
        passed = [check for check in checks if check["outcome"] == Outcome.PASSED]
        return cls(view, word(view), wrong, passed)

    @property
    def printed(self) -> str:
        """What the code printed in public checks, or its beginning."""
        text = self.view.output.strip()
        return text if len(text) <= MAX_OUTPUT else f"{text[:MAX_OUTPUT]} …"


def feedback_page(view: StudentView, course: str, name: str = "", look: Look = PLAIN) -> str:
    """HTML of the whole page. `course` is the course's title, `name` the student's name."""
    return filled(
        "feedback.html",
        stylesheet="student.css",
        look=look,
        inline_styles=True,  # a bar's length
        view=view,
        course=course,
        name=name,
        headline=headline(view),
        changes=changes(view).strip(),
        left_out=left_out(view),
        cards=[_Card.of(exercise) for exercise in view.exercises],
    )
