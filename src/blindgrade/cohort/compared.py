"""Comparison of a run's attempts with those of the checks before: `attempts/<lesson>/.compared.json`.

The file names for each submission the course's version that judged it last, and the one before. `course grade` writes
it when all attempts are stored. So a run that was killed compares again, and a second run does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from blindgrade.attempts.effects import UNDECIDED, Decisions
from blindgrade.attempts.reading import StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.clock import instant
from blindgrade.cohort.changes import Changes, change
from blindgrade.cohort.grading import Result
from blindgrade.marks.record import Seen
from blindgrade.models import Attempt
from blindgrade.versions.course_version import attempt_key

NAME = "compared.json"


class Judged(BaseModel):
    """Versions of the course: the one that judged a submission last, and the one before."""

    course: str
    before: str = ""


class ComparedRecord(BaseModel):
    """Content of the file: by student and by the submission's digest."""

    model_config = ConfigDict(populate_by_name=True)

    schema_: Literal["blindgrade/compared/v1"] = Field(default="blindgrade/compared/v1", alias="schema")
    students: dict[str, dict[str, Judged]] = {}


@dataclass
class Comparison:
    """Changes of one run. `again`: compare once more what the last run with these checks has compared."""

    store: AttemptStore
    decided: Mapping[str, Decisions] = field(default_factory=dict)
    again: bool = False
    changes: Changes = field(default_factory=Changes)
    _seen: set[tuple[str, str, str]] = field(default_factory=set)
    _changed: set[str] = field(default_factory=set)  # lessons whose record has new entries
    _records: dict[str, ComparedRecord] = field(default_factory=dict)

    def read(self, lessons: Iterable[str]) -> None:
        """Read the records before anything is graded. StoreError names a damaged one."""
        for lesson in lessons:
            self._record(lesson)

    def add(self, result: Result) -> None:
        """Compare one result with the attempt of the checks before, if there is one."""
        if result.state == "skipped" or not result.key:
            return
        self._seen.add((result.lesson, result.student, result.submission))
        judged = self._record(result.lesson).students.get(result.student, {}).get(result.submission)
        same = judged is not None and judged.course == result.course
        if same and not self.again:
            return  # in a large cohort nearly every submission
        new = result.attempt or self.store.read(result.lesson, result.student, result.key)
        if new is None:
            return
        old = self._before(new, judged, graded=result.state == "graded")
        if old is not None:
            effects = self.decided.get(result.student, UNDECIDED).of(result.lesson)
            self.changes.all.append(change(old, new, effects))
        if not same:
            before = judged.course if judged else old.course if old else ""
            entry = Judged(course=new.course, before=before)
            self._changed.add(result.lesson)
            self._record(result.lesson).students.setdefault(result.student, {})[result.submission] = entry

    def rest(self, lesson: str, course: str, seed: str, seen: Mapping[str, Seen]) -> None:
        """Compare the kept versions that had an attempt under these checks already, so that the run has no result."""
        for student, one in seen.items():
            for version in one.versions:
                if version.kept and (lesson, student, version.sha256) not in self._seen:
                    key = attempt_key(version.sha256, version.submitted_at, course, seed)
                    result = Result(lesson, student, "unchanged")
                    self.add(replace(result, submission=version.sha256, key=key, course=course))

    def write(self) -> None:
        """Store what was compared, if it is new. StoreError if it cannot be written."""
        for lesson in sorted(self._changed):
            record = self._records[lesson]
            content = record.model_dump_json(by_alias=True, indent=1) + "\n"
            try:
                self.store.keep_blob(lesson, NAME, content.encode())
            except OSError as error:
                path = self.store.root / lesson / f".{NAME}"
                raise StoreError(f"{path} cannot be written ({error.strerror}); free some disk space") from None

    def _record(self, lesson: str) -> ComparedRecord:
        if lesson not in self._records:
            content = self.store.blob(lesson, NAME)
            try:
                found = ComparedRecord.model_validate_json(content) if content is not None else ComparedRecord()
            except ValidationError:
                path = self.store.root / lesson / f".{NAME}"
                raise StoreError(f"{path} is damaged; delete it and run the command again") from None
            self._records[lesson] = found
        return self._records[lesson]

    def _before(self, new: Attempt, judged: Judged | None, graded: bool) -> Attempt | None:
        """Attempt at the same submission under the checks before; None if there is none."""
        if judged is None and not graded:
            return None  # graded before there was a record: nobody knows which checks came before
        if self.store.keys(new.lesson, new.student or "") in ([], [new.key]):
            return None  # in a first grading every submission
        others = [
            one
            for one in self.store.readable(new.lesson, new.student or "")
            if one.submission.sha256 == new.submission.sha256 and one.course != new.course and one.seed == new.seed
        ]
        if judged is not None:
            before = judged.before if judged.course == new.course else judged.course
            others = [one for one in others if one.course == before]
        return max(others, key=lambda one: (instant(one.graded_at), one.key), default=None)
