"""What a student's code printed: lines of the worker's files, as in a warning, become places that the student knows."""

from __future__ import annotations

import re

from blindgrade.engine.submission.reading import LessonSubmission
from blindgrade.engine.wire.replies import MAX_LINE, TraceLine


def with_places(text: str, folder: str, submission: LessonSubmission) -> str:
    """The prints with the student's places. `folder` has the student's files while they run.

    Python names a line as `/box/score.py:12` in a warning and as `File "/box/score.py", line 12` in a trace.
    """
    if folder not in text:
        return text
    line = re.compile(rf'(?:(File ")|(?<![\w/\\])){re.escape(folder)}[/\\]([^\s":]+)(?(1)", line |:)(\d{{1,9}})\b')

    def place(found: re.Match[str]) -> str:
        file, number = found[2].replace("\\", "/"), int(found[3])
        if file not in submission.files or not 0 < number < MAX_LINE:
            return found[0]
        return str(submission.place(TraceLine(file, number, "")))

    return line.sub(place, text)
