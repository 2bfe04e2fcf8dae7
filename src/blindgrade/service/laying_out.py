"""Submissions of the service as `course collect` lays them out, with the record of what is handed in.

So `course standings`, `gradebook`, `report` and `grade` know the service's submissions as they know all others. The
grader starts this when it has nothing else to do: `python -m blindgrade.service.laying_out SETTINGS`.
"""

from __future__ import annotations

import fcntl
import logging
import sys
from pathlib import Path

from sqlalchemy import select, update

from blindgrade import clock
from blindgrade.catalog import Target
from blindgrade.collect.copy_in import take
from blindgrade.collect.current import Lessons as Names
from blindgrade.collect.source_item import SourceItem
from blindgrade.collect.student_folder import Occupied, Source, StudentFolders
from blindgrade.marks.kept import kept_versions
from blindgrade.marks.recording import record_handed_in
from blindgrade.service.database.tables import Person, Submission
from blindgrade.service.places import Settings
from blindgrade.service.policy import moment
from blindgrade.service.service import Service
from blindgrade.submitted import read_submitted

AT_ONCE = 500
log = logging.getLogger(__name__)


def lay_out(service: Service) -> int:
    """Lay out the submissions that are not there yet, the oldest first. Number of submissions."""
    with service.database.reading() as session:
        query = select(Submission, Person.student).join(Person, Submission.person_id == Person.id)
        query = query.where(Submission.laid_out.is_(False)).order_by(Submission.accepted_at).limit(AT_ONCE)
        found = [(one, student) for one, student in session.execute(query)]
    if not found:
        return 0
    folders = StudentFolders(service.settings.submitted, Names.of(service.lessons.catalog))
    with folders.staging() as stage:
        for number, (submission, student) in enumerate(found):
            _add(service, folders, stage / str(number), submission, student)
    folders.index()
    lessons = {submission.lesson for submission, _ in found}
    _record(
        service, [target for target in service.lessons.all if target.lesson.id in lessons], {one for _, one in found}
    )
    with service.database.writing() as session:
        for submission, _ in found:
            session.execute(update(Submission).where(Submission.uuid == submission.uuid).values(laid_out=True))
    return len(found)


def _add(service: Service, folders: StudentFolders, stage: Path, submission: Submission, student: str) -> None:
    at = clock.utc(moment(submission.accepted_at), "microseconds")
    raw, files = stage / "raw", stage / "files"
    for folder in (raw, files):
        folder.mkdir(parents=True)
    try:
        service.blobs.lay_out(submission.digest, raw)
        taken = take([("", raw)], files)
        item = SourceItem(student, (), student, (), part=submission.lesson, submitted_at=at, clock="service")
        source = Source(f"service: {submission.uuid}", at, clock.now("microseconds"))
        folders.add(student, item, taken, files, source)
    except (Occupied, OSError, ValueError) as error:
        log.error("%s of %s is not in %s: %s", submission.uuid, student, folders.root, error)


def _record(service: Service, targets: list[Target], students: set[str]) -> None:
    """Record what these students have handed in, for the commands that show marks."""
    works = [one for one in read_submitted(service.settings.submitted)[0] if one.student in students]
    catalog = service.lessons.catalog
    with kept_versions(catalog, service.settings.data) as kept:
        every = kept if catalog.course.policy.attempts != "last" else None
        record_handed_in(service.marks, targets, works, service.settings.submitted, every)


def main(settings: Settings) -> int:
    """Lay everything out. Exit code."""
    logging.basicConfig(format="course serve: submitted: %(message)s", level=logging.WARNING)
    service = Service(settings, durable=False)
    with (settings.data / "laying_out.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0  # another grader's process does it
        while lay_out(service):
            pass
    service.database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Settings.from_json(sys.argv[1])))
