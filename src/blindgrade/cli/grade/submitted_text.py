"""A submission to the grading service, as plain text for a terminal."""

from __future__ import annotations

from blindgrade.models import Level
from blindgrade.render.safe import shown
from blindgrade.render.text.student import view_text
from blindgrade.submitting.wire_models import SubmissionStatus

HIDDEN = "This is the result of the grading service, with its hidden checks."
LESS = "You submitted more often than the course gives full results, so this one shows less. It counts all the same."


def status_text(status: SubmissionStatus) -> str:
    """The result if there is one, else a sentence about the submission's state."""
    if status.view is None:
        return shown(f"{status.lesson}: {status.message}") + "\n"
    parts = [HIDDEN] if status.view.level is not Level.NOTHING else []
    parts += [LESS] if status.over_quota else []
    return "\n".join([*parts, *([""] if parts else []), view_text(status.view)])
