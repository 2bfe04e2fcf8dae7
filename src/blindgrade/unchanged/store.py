"""Results of a student's own gradings, each with its key, in the folder of the history."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from blindgrade.files import write_whole
from blindgrade.history import make_hidden
from blindgrade.models import ExerciseResult


class KeptResult(BaseModel):
    """Result of one exercise. It is shown again if the key and the opened files are as they were.

    `sha256` is the whole submission's. Lines of the file and problems with it are right only for that one. `loading` is
    the digest of the code that runs when the file is loaded. `opened` has the files that the code opened, with their
    states.
    """

    key: str
    sha256: str
    loading: str
    sandbox: str
    not_limited: list[str]
    opened: dict[str, str]
    problems: list[str]
    result: ExerciseResult


class KeptLesson(BaseModel):
    """Last results of a lesson's exercises."""

    schema_: Literal["blindgrade/kept/v1"] = Field(default="blindgrade/kept/v1", alias="schema")
    results: dict[str, KeptResult] = {}

    model_config = ConfigDict(populate_by_name=True)


class Store:
    """Reads and writes the results. A file that cannot be read is empty; one that cannot be written is skipped."""

    def __init__(self, history: Path) -> None:
        self._history = history
        self._folder = history / "unchanged"

    def lesson(self, lesson: str) -> KeptLesson:
        """Results of a lesson."""
        try:
            return KeptLesson.model_validate_json(self._file(lesson).read_bytes())
        except (OSError, ValidationError):
            return KeptLesson()

    def keep(self, lesson: str, kept: KeptLesson) -> None:
        """Replace the results of a lesson."""
        with suppress(OSError):
            make_hidden(self._history)
            write_whole(self._file(lesson), kept.model_dump_json(by_alias=True))

    def _file(self, lesson: str) -> Path:
        return self._folder / f"{lesson}.json"
