"""What a resident does for `grade`: the command's own work, in this process, as if in the command's."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from blindgrade import lesson_files
from blindgrade.catalog import Catalog, CourseError
from blindgrade.cli.grade.command import grade
from blindgrade.cli.grade.session import Session
from blindgrade.cli.grade.start import work
from blindgrade.resident.caller import of_libraries, standing_in
from blindgrade.resident.connection import Connection
from blindgrade.resident.messages import Gone
from blindgrade.resident.snapshot import Snapshot, own_code
from blindgrade.resident.use import refusal

PATHS = ("junit", "sarif", "summary")


class Declined(Exception):
    """The command has to do its work itself."""


class GradeService:
    """Serves the course at `root`, and no other."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._libraries = of_libraries(os.environ)
        self._files = Snapshot(own_code())
        self._session = Session(self._files)
        self._why = ""  # reason to end

    def serve(self, request: dict[str, Any], connection: Connection) -> None:
        """Do a command's work. It does it itself if this process cannot."""
        try:
            connection.end(self._work(request, connection))
        except Declined as declined:
            connection.decline(str(declined))
        except Exception as error:  # whatever it is, the command finds out without this process
            if isinstance(error, Gone) or connection.gone():
                return  # nobody waits any more, and the work was ended for that reason
            self._why = f"{type(error).__name__}: {error}"
            print(self._why, file=sys.stderr, flush=True)
            connection.decline(self._why)

    def _work(self, request: dict[str, Any], connection: Connection) -> int:
        caller = request["caller"]
        if of_libraries(caller["environment"]) != self._libraries:
            self._why = "a command has other variables that libraries read when they are imported"
            raise Declined(self._why)
        self._session.interrupted = connection.gone
        self._session.again = bool(request["options"].pop("again"))
        lesson_files.forget_folders()
        with standing_in(caller, connection), warnings.catch_warnings():
            self._check_course()
            return self._graded(request)

    def _check_course(self) -> None:
        """Decline if the command is in another course, or if this one must not be served any more."""
        try:
            root = Catalog.locate().root
        except CourseError:
            raise Declined("the course is gone") from None
        if root != self._root:
            raise Declined("another course")
        if why := refusal(root, os.environ):
            self._why = why
            raise Declined(why)

    def _graded(self, request: dict[str, Any]) -> int:
        options = {n: Path(v) if n in PATHS and v is not None else v for n, v in request["options"].items()}
        submission = request["submission"]
        # Messages begin with the name of the command, which click knows from this context.
        with click.Context(grade, info_name="grade"):
            try:
                code = work(
                    tuple(request["lessons"]), None if submission is None else Path(submission),
                    first=request["heading"], session=self._session, **options,
                )  # fmt: skip
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
        return code or 0

    def rest(self) -> None:
        """Prepare for the next command."""
        if not self._why:
            self._session.rest()
            gc.collect()

    def outdated(self) -> str:
        """Reason why this process must not answer any more; empty if it may."""
        if self._why:
            return self._why
        if not (self._root / "course.toml").is_file():
            return "the course is gone"
        changed = self._files.changed()
        return f"{changed} changed" if changed else ""

    def shed(self) -> None:
        """Give back memory."""
        self._session.shed()
        gc.collect()

    def described(self) -> dict[str, Any]:
        """What `grade --status` shows."""
        return {"course": str(self._root), "lessons": list(self._session.lessons)}

    def close(self) -> None:
        """End the warm process."""
        with suppress(Exception):
            self._session.close()
