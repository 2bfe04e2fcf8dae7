"""What a run of `course grade` records: for each student, the folder that it grades and the versions in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from blindgrade import clock
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Target
from blindgrade.marks.kept import KeptVersions
from blindgrade.marks.looking import Looking
from blindgrade.marks.record import HandedInRecord, Seen, folder_of
from blindgrade.submitted import SubmittedWork


@dataclass
class Recorded:
    """What a run found: for each lesson and student the versions, and the students who were graded from elsewhere."""

    lessons: dict[str, dict[str, Seen]] = field(default_factory=dict)
    moved: dict[Path, set[str]] = field(default_factory=dict)  # students by the folder that counted before


def record_handed_in(
    store: AttemptStore, targets: list[Target], works: list[SubmittedWork], submitted: Path, kept: KeptVersions | None,
    *, write: bool = True,
) -> Recorded:  # fmt: skip
    """Record what these students have handed in. Students whom the run does not see keep their entries.

    A run calls this before its first attempt. If it is killed, the record names versions without an attempt, and their
    marks are not up to date. It calls this again at the end, when more files are old enough to have a signature.
    Without `write` it only looks. StoreError if the record is damaged or cannot be written.
    """
    looking = Looking(store.root, clock.now())
    name = looking.name(submitted)
    found = Recorded()
    for target in targets:
        lesson = target.lesson.id
        record = HandedInRecord.read(store, lesson)
        before = record.model_dump()
        seen = found.lessons[lesson] = {}
        for work in works:
            known = record.students.get(work.student)
            seen[work.student] = one = looking.look(work, target, known, kept, name)
            if known is not None and known.versions and known.folder != one.folder:
                found.moved.setdefault(folder_of(store.root, known.folder), set()).add(work.student)
            record.students[work.student] = one.model_copy(update={"at": looking.at}) if one.folder == name else one
        record.note_course(target)
        if write and record.model_dump() != before:
            record.write(store, lesson)
    return found
