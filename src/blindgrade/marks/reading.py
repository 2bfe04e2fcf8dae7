"""Reading of one student's files for one lesson, for the grader and for the commands that show marks."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from blindgrade.catalog import Target
from blindgrade.engine.submission.reading import LessonSubmission, SubmissionError, read_submission


@dataclass(frozen=True)
class NotRead:
    """The reason why files cannot be graded. `absent`: there is no file for the lesson."""

    reason: str
    absent: bool = False


def read_lesson(path: Path, target: Target) -> LessonSubmission | NotRead:
    """Files of the submission for this lesson."""
    lesson = target.lesson.id
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's warnings about the student's text
            names = {lesson: {e.defines for e in target.lesson.exercises}}
            found = read_submission(path, [target.files], names)[lesson]
    except SubmissionError as error:
        return NotRead(str(error))
    except (OSError, RecursionError, MemoryError) as error:
        return NotRead(f"{path} cannot be read ({error}); check the file yourself")
    if found is None:
        files = f"{target.files.module}.py or .ipynb"
        return NotRead(f"{path} holds no file for {lesson} ({files})", absent=True)
    return NotRead(found.unreadable) if found.unreadable else found
