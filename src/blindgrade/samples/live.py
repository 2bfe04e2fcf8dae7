"""`make serve`: the grading service with an invented class that hands in; the data are in build/serve."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from uuid import uuid4

from blindgrade.catalog import Catalog, Target
from blindgrade.roster.people import Identifier, Person
from blindgrade.service.inviting import Invited, invite
from blindgrade.service.people import Role
from blindgrade.service.setting_up import prepared, settings_for
from blindgrade.submitting.client import Client, RefusedByService, Unreachable
from blindgrade.submitting.handing_in import NothingToSubmit, collected

LESSON = "lesson-7.2.1"
STUDENTS = 12
FOLDER = Path("build/serve")


def main() -> int:
    """Serve until Ctrl-C. Exit code of `course serve`."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    course = Path(sys.executable).with_name("course")
    work = FOLDER / "class"
    subprocess.run([course, "simulate", LESSON, "--students", str(STUDENTS), "--to", str(work)], check=True)
    port = os.environ.get("PORT", "8000")
    serving = subprocess.Popen(
        [course, "serve", "--data", str(FOLDER), "--port", port], stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    assert serving.stdout is not None
    try:
        for line in serving.stdout:
            print(line, end="", flush=True)
            if line.startswith("data in "):
                threading.Thread(target=_class, args=(work,), daemon=True).start()
        return serving.wait()
    except KeyboardInterrupt:
        return serving.wait()  # it got the same Ctrl-C


def _class(work: Path) -> None:
    """Invite an instructor and the class, print two links, and let the class hand in."""
    catalog = Catalog.locate()
    [target] = catalog.find([LESSON])
    students = sorted(path.name for path in work.iterdir() if not path.name.startswith("."))
    settings = settings_for(catalog, FOLDER, None, None)
    database = prepared(settings, note_url=False)
    with database.writing() as session:
        instructor = invite(session, [_person("ira", "Instructor")], Role.INSTRUCTOR, settings.url)
        people = invite(session, [_person(one, one.title()) for one in students], Role.STUDENT, settings.url)
    database.close()
    print(f"\nan instructor's link:  {instructor[0].link}")
    print(f"a student's link:      {people[0].link}")
    print(f"the same student in a terminal:  grade login {settings.url} --token {people[0].token}\n", flush=True)
    for one in people:
        print(_hand_in(one, work, target, settings.url), flush=True)


def _person(student: str, name: str) -> Person:
    return Person(student, (Identifier("name", name), Identifier("section", "A")))


def _hand_in(one: Invited, work: Path, target: Target, url: str) -> str:
    """Hand in the work of a student, and say what the service answered."""
    try:
        files = collected(work / one.student, target).files
        status = Client(url, one.token).submit(LESSON, str(uuid4()), files)
    except (NothingToSubmit, Unreachable, RefusedByService) as error:
        return f"{one.student}: {error}"
    return f"{one.student}: {status.message}"


if __name__ == "__main__":
    sys.exit(main())
