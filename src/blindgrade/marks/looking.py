"""What students have handed in now: the files of the submitted folders, compared with the record of earlier runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from blindgrade.catalog import Target
from blindgrade.collect.student_folder import VERSIONS
from blindgrade.marks.kept import KeptVersions
from blindgrade.marks.reading import NotRead, read_lesson
from blindgrade.marks.record import HandedInRecord, Seen, SeenVersion, folder_of, named_from
from blindgrade.marks.same import distinct
from blindgrade.marks.signature import signature
from blindgrade.submitted import CollectedVersion, NoSubmissions, SubmittedWork, read_submitted
from blindgrade.versions.course_version import engine_files


@dataclass
class Now:
    """What the students of one lesson have handed in.

    not_there: students whose submission is no longer in its folder. gone: folders that no longer exist. For these
    students `seen` has what was recorded last.
    """

    seen: dict[str, Seen] = field(default_factory=dict)
    not_there: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)


@dataclass
class Looking:
    """Looks at submitted folders, each once. `attempts` is the folder of attempts. `at` is the time of the run."""

    attempts: Path
    at: str = ""
    _folders: dict[str, dict[str, SubmittedWork] | None] = field(default_factory=dict)
    _signatures: dict[Path, str] = field(default_factory=dict)

    def now(self, target: Target, record: HandedInRecord, kept: KeptVersions | None, only: Path | None = None) -> Now:
        """What is handed in for the lesson in the recorded folders, or in the folder `only`.

        With `kept`, all kept versions are read, and not only the current files.
        """
        now = Now()
        names = {seen.folder for seen in record.students.values()} if only is None else {self.name(only)}
        for name in sorted(names):
            works = self._works(name)
            if works is None:
                now.gone.add(name)
            for student, work in (works or {}).items():
                known = record.students.get(student)
                if only is not None or known is None or known.folder == name:
                    now.seen[student] = seen = self.look(work, target, known, kept, name)
                    if seen.folder != name:
                        now.not_there.add(student)
        for student, known in record.students.items():
            if student not in now.seen:
                now.seen[student] = known
                if known.folder not in now.gone and known.versions:
                    now.not_there.add(student)
        now.not_there |= {student for student, seen in now.seen.items() if seen.absent and seen.versions}
        return now

    def name(self, folder: Path) -> str:
        """Name of a submitted folder in the record."""
        return named_from(self.attempts, folder)

    def look(
        self, work: SubmittedWork, target: Target, known: Seen | None, kept: KeptVersions | None, name: str
    ) -> Seen:
        """What one student has handed in for the lesson. `known` is the record of it, and `name` the folder's name."""
        sign = self._sign(work, target)
        if known is not None and known.folder == name and sign and known.signature == sign:
            if known.complete or not (kept and work.collected.versions):
                return _with_times(known, work, target)
        seen = self._read(work, target, kept, name, sign)
        if seen.absent and known is not None and known.versions:
            # The files are gone, so the record is the last that is known of them.
            return known if known.folder != name else known.model_copy(update={"absent": True, "signature": sign})
        return seen

    def _works(self, name: str) -> dict[str, SubmittedWork] | None:
        if name not in self._folders:
            try:
                works, _ = read_submitted(folder_of(self.attempts, name))
                self._folders[name] = {work.student: work for work in works}
            except NoSubmissions:
                self._folders[name] = None
        return self._folders[name]

    def _sign(self, work: SubmittedWork, target: Target) -> str:
        """Signature of all that says which versions there are for the lesson, besides their times."""
        if work.path not in self._signatures:
            self._signatures[work.path] = signature(work.path)
        files = self._signatures[work.path]
        if not files:
            return ""
        kept = [(one.folder, one.part) for one in work.collected.versions]
        names = sorted(exercise.defines for exercise in target.lesson.exercises)
        parts = [files, engine_files(), target.files.folder, names, kept]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _read(self, work: SubmittedWork, target: Target, kept: KeptVersions | None, name: str, sign: str) -> Seen:
        lesson = target.lesson.id
        seen = Seen(folder=name, at=self.at, signature=sign)
        found = read_lesson(work.path, target)
        if isinstance(found, NotRead):
            seen = seen.model_copy(update={"problem": found.reason, "absent": found.absent})
        earlier = kept.earlier(work, lesson) if kept is not None and not seen.absent else None
        read = [(one, read_lesson(place, target)) for one, place in earlier or ()]
        versions = [_kept(work, one, files.sha256) for one, files in read if not isinstance(files, NotRead)]
        if not isinstance(found, NotRead):
            versions.append(_current(work, lesson, found.sha256))
        return seen.model_copy(update={"versions": _distinct(versions), "complete": earlier is not None})


def _with_times(seen: Seen, work: SubmittedWork, target: Target) -> Seen:
    """The same files with the times that the index of the folder has now."""
    kept = {one.folder: one for one in work.collected.versions}
    versions = [
        _kept(work, kept[one.kept], one.sha256) if one.kept else _current(work, target.lesson.id, one.sha256)
        for one in seen.versions
    ]
    return seen.model_copy(update={"versions": _distinct(versions)})


def _distinct(versions: list[SeenVersion]) -> list[SeenVersion]:
    return distinct(versions, lambda one: (one.sha256, one.submitted_at))


def _current(work: SubmittedWork, lesson: str, sha256: str) -> SeenVersion:
    one = work.handed_in(lesson)
    return SeenVersion(sha256=sha256, submitted_at=one.submitted_at, late=one.late, path=str(work.path))


def _kept(work: SubmittedWork, version: CollectedVersion, sha256: str) -> SeenVersion:
    return SeenVersion(
        sha256=sha256, submitted_at=version.submitted_at, late=version.late,
        kept=version.folder, path=str(work.path / VERSIONS / version.folder),
    )  # fmt: skip
