"""Exceptions of the student's code as plain data."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

from blindgrade.engine.wire.replies import MAX_FRAMES, MAX_MESSAGE, MAX_NAME, Raised, TraceLine


class Missing(AttributeError):
    """The lesson's file does not define a name that an experiment needs."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the file defines no `{name}`")
        self.name = name


def describe_error(error: BaseException, path: str) -> Raised:
    """Plain data of an exception: type, capped message, and the frames in the student's files, innermost last."""
    try:
        # The text of a syntax error repeats file and line. A notebook does not have these numbers.
        message = str(error.msg if isinstance(error, SyntaxError) else error)[:MAX_MESSAGE]
    except BaseException:  # __str__ may be the student's code
        message = ""
    where = Path(path).parent
    own = [
        TraceLine(_relative(frame.f_code.co_filename, where), line, frame.f_code.co_qualname)
        for frame, line in _walk(error.__traceback__)
        if Path(frame.f_code.co_filename).parent == where or where in Path(frame.f_code.co_filename).parents
    ][-MAX_FRAMES:]
    innermost = [frame for frame, _ in _walk(error.__traceback__)][-1:]
    return Raised(
        type(error).__name__[:MAX_NAME],
        message,
        tuple(own),
        own=bool(innermost) and innermost[0].f_code.co_filename == path,
        missing=error.name if isinstance(error, Missing) else None,
    )


def _relative(filename: str, where: Path) -> str:
    return Path(filename).relative_to(where).as_posix()


def _walk(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    for _, (frame, line) in zip(range(2_000), traceback.walk_tb(trace), strict=False):
        yield frame, line
