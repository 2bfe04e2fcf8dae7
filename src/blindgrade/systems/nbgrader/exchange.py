"""nbgrader's exchange: who handed in what, and when."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from blindgrade.collect.source_item import Handed, Listing, SourceError
from blindgrade.roster.people import Identifier

STAMP = "timestamp.txt"


EXCHANGES_OWN = frozenset({STAMP, "submission_secret.txt"})  # laid beside what was handed in


# "ana+lesson-7.2.1+2026-11-02 10:00:00.000000 UTC", and random letters where students may not see each other's.
INBOUND = re.compile(r"(?P<student>[^+]+)\+(?P<assignment>.+?)\+(?P<time>\d{4}-\d\d-\d\d [\d:.]+ \w+)(?:\+.*)?")


def exchange(root: Path, entries: list[Path]) -> Listing | None:
    """nbgrader's exchange (its root, a course's folder in it, or `inbound`), or what `nbgrader collect` made of it."""
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
                listing.refused.append((path.name, "it is no folder"))
                continue
            listing.handed.append(_from_exchange(path, match["student"], match["assignment"], match["time"]))
        return listing
    if inbound != root:
        raise SourceError(f"{inbound} holds no submissions; nobody has handed in anything there yet")
    stamped = [path.parent for path in sorted(root.glob(f"*/*/{STAMP}"))]
    if not stamped:
        return None
    listing = Listing("nbgrader")
    for folder in (path for student in entries for path in _listed(student)):
        if folder in stamped and not folder.is_symlink():
            listing.handed.append(_from_exchange(folder, folder.parent.name, folder.name, ""))
        else:
            listing.refused.append((f"{folder.parent.name}/{folder.name}", f"it holds no {STAMP}"))
    return listing


def _from_exchange(path: Path, student: str, assignment: str, time: str) -> Handed:
    stamp = path / STAMP
    if stamp.is_file() and not stamp.is_symlink() and stamp.stat().st_size < 100:
        time = stamp.read_text(encoding="utf-8", errors="replace").strip() or time
    at = _nbgrader_time(time)
    who = (Identifier("login", student),)
    notes = _owner(path, student)
    return Handed(
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
    """nbgrader writes UTC unless its configuration names another zone, which then stands there as an offset or name."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? (UTC|[+-]\d{4})", text)
    if match is None:
        return None
    zone = "+0000" if match[2] == "UTC" else match[2]
    try:
        told = datetime.strptime(f"{match[1]} {zone}", "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None
    return told.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _owner(path: Path, student: str) -> tuple[str, ...]:
    """In an exchange anybody may make a folder with anybody's name; its owner is who did."""
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
