"""nbgrader's exchange: the submissions with their students and times."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

from blindgrade import clock
from blindgrade.collect.source_item import Listing, SourceError, SourceItem
from blindgrade.roster.people import Identifier

STAMP = "timestamp.txt"


EXCHANGES_OWN = frozenset({STAMP, "submission_secret.txt"})  # nbgrader's own files beside the submitted ones


# "ana+lesson-7.2.1+2026-11-02 10:00:00.000000 UTC", then random letters if students must not see other submissions.
INBOUND = re.compile(r"(?P<student>[^+]+)\+(?P<assignment>.+?)\+(?P<time>\d{4}-\d\d-\d\d [\d:.]+ \w+)(?:\+.*)?")


def exchange(root: Path, entries: list[Path]) -> Listing | None:
    """Submissions in nbgrader's exchange or in a folder that `nbgrader collect` made; None for another folder.

    `root` is the exchange's root, the folder of one course in it, its `inbound` folder, or `submitted/`.
    """
    courses = [path for path in entries if (path / "inbound").is_dir()]
    if len(courses) > 1:
        raise SourceError(f"{root} holds several courses; name one of them, such as {courses[0]}")
    if courses:
        root, entries = courses[0], _listed(courses[0])
    inbound = root / "inbound" if (root / "inbound").is_dir() else root
    names = [path for path in _listed(inbound) if INBOUND.fullmatch(path.name)]
    if names:
        listing = Listing("nbgrader")
        for path in names:
            match = INBOUND.fullmatch(path.name)
            assert match is not None
            if path.is_symlink() or not path.is_dir():
                listing.refused.append((path.name, "it is not a folder"))
                continue
            listing.items.append(_from_exchange(path, match["student"], match["assignment"], match["time"]))
        return listing
    if inbound != root:
        raise SourceError(f"{inbound} holds no submissions; no student has submitted to it yet")
    stamped = [path.parent for path in sorted(root.glob(f"*/*/{STAMP}"))]
    if not stamped:
        return None
    listing = Listing("nbgrader")
    for folder in (path for student in entries for path in _listed(student)):
        if folder in stamped and not folder.is_symlink():
            listing.items.append(_from_exchange(folder, folder.parent.name, folder.name, ""))
        else:
            listing.refused.append((f"{folder.parent.name}/{folder.name}", f"it holds no {STAMP}"))
    return listing


def _from_exchange(path: Path, student: str, assignment: str, time: str) -> SourceItem:
    stamp = path / STAMP
    if stamp.is_file() and not stamp.is_symlink() and stamp.stat().st_size < 100:
        time = stamp.read_text(encoding="utf-8", errors="replace").strip() or time
    at = _nbgrader_time(time)
    who = (Identifier("login", student),)
    notes = _owner(path, student)
    return SourceItem(
        student,
        who,
        student,
        (("", path),),
        assignment,
        at,
        "exchange" if at else "",
        notes=notes,
        without=EXCHANGES_OWN,
    )


def _nbgrader_time(text: str) -> str | None:
    """Time in UTC; None if the text has another form.

    nbgrader writes UTC, or the zone that its configuration names, as an offset or a name. A name is not read.
    """
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? (UTC|[+-]\d{4})", text)
    if match is None:
        return None
    zone = "+0000" if match[2] == "UTC" else match[2]
    try:
        time = datetime.strptime(f"{match[1]} {zone}", "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None
    return clock.utc(time)


def _owner(path: Path, student: str) -> tuple[str, ...]:
    """Note about the account that made the submission, if it is not the student's.

    Any account can make a folder with any student's name in an exchange. The folder's owner shows which one did.
    """
    import pwd

    number = path.stat().st_uid
    try:
        owner = pwd.getpwuid(number).pw_name
    except KeyError:
        return ()
    return () if number == os.getuid() or owner == student else (f"the account {owner} made this submission",)


def _listed(folder: Path) -> list[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
