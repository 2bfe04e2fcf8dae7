"""A course, its submissions and attempts, planted without grading: an attempt's points follow from its facts."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog, Target
from blindgrade.marks.kept import kept_versions
from blindgrade.marks.marks import LessonMarks, Marks
from blindgrade.marks.reading import NotRead, read_lesson
from blindgrade.marks.record import SeenVersion
from blindgrade.marks.recording import record_handed_in
from blindgrade.models import Attempt, SubmissionRef
from blindgrade.submitted import read_submitted
from blindgrade.versions.course_version import attempt_key, course_version

MINI = Path(__file__).parents[1] / "courses" / "mini"
LESSON = "lesson-1.1.1"


def points_of(content: str, worth: int) -> float:
    """Points that the planted attempts give: different for every content and every state of the course."""
    return 10.0 * "abcdef".index(content) + worth / 1000


class Cohort:
    """Students who hand in, an instructor who edits the course and grades, and what the marks then are."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self.course = Path(shutil.copytree(MINI, folder / "course", ignore=shutil.ignore_patterns("__pycache__")))
        self.submitted = folder / "submitted"
        self.store = AttemptStore(folder / "attempts", durable=False)
        self.worth = 40
        self.clock = 0
        self.index: dict[str, dict[str, object]] = {}

    # ------------------------------------------------------------ what happens

    def tick(self) -> int:
        self.clock += 1
        return self.clock

    def hand_in(self, student: str, content: str, at: str | None = None, **entry: object) -> None:
        """Write the student's current file. Its content is one letter."""
        self._file(self.submitted / student / "basics.py", content)
        self._entry(student, {"submitted_at": at, **entry})

    def collect(self, student: str, versions: list[tuple[str, str | None]]) -> None:
        """Lay out the versions as `course collect` does: each kept, the last one current."""
        listed = []
        for number, (content, at) in enumerate(versions):
            self._file(self.submitted / student / ".versions" / f"v{number}" / "basics.py", content)
            listed.append({"folder": f"v{number}", "submitted_at": at})
        self.hand_in(student, *versions[-1], versions=listed)

    def edit(self, worth: int) -> None:
        """Change the points of an exercise in lesson.toml."""
        path = self.course / "exercises" / "lesson_1_1_1_basics" / "lesson.toml"
        path.write_text(path.read_text().replace(f"points = {self.worth}\n", f"points = {worth}\n", 1))
        self.worth = worth

    def grade(self, count: str = "last", killed_after: int | None = None, folder: Path | None = None) -> None:
        """Do what `course grade` does, with planted attempts. A killed run stores only some of them."""
        place = folder or self.submitted
        works, _ = read_submitted(place)
        self.store.root.mkdir(exist_ok=True)
        seed = self.store.seed(LESSON)
        with kept_versions(self.catalog, self.store.root) as scratch:
            kept = None if count == "last" else scratch
            seen = record_handed_in(self.store, [self.target], works, place, kept).lessons[LESSON]
            todo = [(work.student, version) for work in works for version in seen[work.student].versions]
            for student, version in todo[:killed_after]:
                key = attempt_key(version.sha256, version.submitted_at, self.version, seed.id)
                if self.store.read(LESSON, student, key) is None:
                    self.store.write(self._attempt(student, version, key, seed.seed))
            if killed_after is None:
                record_handed_in(self.store, [self.target], works, place, kept)

    # ------------------------------------------------------------ what is seen

    @property
    def catalog(self) -> Catalog:
        return Catalog(self.course)

    @property
    def target(self) -> Target:
        return self.catalog.find([LESSON])[0]

    @property
    def version(self) -> str:
        return course_version(self.target).digest

    def marks(self, count: str = "last", submitted: Path | None = None, history: bool = False) -> LessonMarks[Attempt]:
        """Marks as a command sees them that starts now."""
        marks = Marks(self.catalog, self.store.root, submitted)
        return marks.of(LESSON, marks.whole, count, history=history)  # type: ignore[arg-type]

    # ------------------------------------------------------------ parts

    def _file(self, path: Path, content: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {content}\n")
        os.utime(path, (self.tick(), self.clock))  # two writes may fall into one tick of the file system's clock

    def _entry(self, student: str, entry: Mapping[str, object]) -> None:
        self.index[student] = dict(entry)
        (self.submitted / ".collected.json").write_text(json.dumps({"students": self.index}))

    def _attempt(self, student: str, version: SeenVersion, key: str, seed: int) -> Attempt:
        content = next(c for c in "abcdef" if self.sha(c) == version.sha256)
        return Attempt(
            lesson=LESSON, title="Basics", points=points_of(content, self.worth), max_points=100.0, student=student,
            submission=SubmissionRef(path=content, sha256=version.sha256), submitted_at=version.submitted_at,
            graded_at=f"2026-12-01T00:00:00.{self.tick():06}Z", seed=seed, reference="live",
            sandbox="", seconds=0.0, exercises=[], key=key, course=self.version,
        )  # fmt: skip

    def sha(self, content: str) -> str:
        """Digest of a submission with this content."""
        path = self.root / "digests" / content / "basics.py"
        if not path.exists():
            path.parent.mkdir(parents=True)
            path.write_text(f"# {content}\n")
        found = read_lesson(path.parent, self.target)
        assert not isinstance(found, NotRead)
        return found.sha256
