"""nbgrader's exchange: the submissions with their students and times."""

from __future__ import annotations

import os
from datetime import tzinfo
from pathlib import Path

from blindgrade.collect.source_item import Asked, Listing, SourceError, SourceItem
from blindgrade.collect.times import TimeUnclear, read_time
from blindgrade.roster.people import Identifier
from blindgrade.systems.nbgrader.names import Submitted, submitted

STAMP = "timestamp.txt"


EXCHANGES_OWN = frozenset({STAMP, "submission_secret.txt"})  # nbgrader's own files beside the submitted ones


def exchange(root: Path, entries: list[Path], asked: Asked) -> Listing | None:
    """Submissions in nbgrader's exchange or in a folder that `nbgrader collect` made; None for another folder.

    `root` is the exchange's root, the folder of one course in it, its `inbound` folder, or `submitted/`.
    """
    courses = [path for path in entries if (path / "inbound").is_dir()]
    if len(courses) > 1:
        raise SourceError(f"{root} holds several courses; name one of them, such as {courses[0]}")
    if courses:
        root, entries = courses[0], _listed(courses[0])
    inbound = root / "inbound" if (root / "inbound").is_dir() else root
    found = _listed(inbound)
    if any(submitted(path.name) for path in found) or (inbound != root and found):
        listing = Listing("nbgrader")
        for path in found:
            _inbound(path, asked.zone, listing)
        return listing
    if inbound != root:
        raise SourceError(f"{inbound} holds no submissions; no student has submitted to it yet")
    return _collected(root, entries, asked.zone)


def _inbound(path: Path, zone: tzinfo | None, listing: Listing) -> None:
    """List one entry of the exchange: a submission, or what is no submission."""
    name = submitted(path.name)
    if name is None:
        listing.refused.append((path.name, "its name is not STUDENT+ASSIGNMENT+TIME as nbgrader writes it; rename it"))
    elif path.is_symlink() or not path.is_dir():
        listing.refused.append((path.name, "it is not a folder"))
    else:
        _add(listing, path, name, zone, path.name)


def _collected(root: Path, entries: list[Path], zone: tzinfo | None) -> Listing | None:
    """Submissions in the folder that `nbgrader collect` or `nbgrader zip_collect` made."""
    stamped = [path.parent for path in sorted(root.glob(f"*/*/{STAMP}"))]
    if not stamped:
        return None
    listing = Listing("nbgrader")
    for student in entries:
        if student.is_symlink() or not student.is_dir():
            listing.refused.append((student.name, "it is not a student's folder"))
        elif not _listed(student):
            listing.refused.append((student.name, "it is empty"))
        for folder in _listed(student):
            label = f"{student.name}/{folder.name}"
            if folder in stamped and not folder.is_symlink():
                _add(listing, folder, Submitted(student.name, folder.name, ""), zone, label)
            else:
                listing.refused.append((label, f"it holds no {STAMP}; if it is a submission, use --kind folders"))
    return listing


def _add(listing: Listing, path: Path, name: Submitted, zone: tzinfo | None, label: str) -> None:
    """Add a submission. Without a certain time, it is refused: its order among the others is unknown, too."""
    try:
        at, notes = _time(path, name.time, zone)
    except TimeUnclear as error:
        listing.refused.append((label, str(error)))
        return
    listing.items.append(
        SourceItem(
            name.student,
            (Identifier("login", name.student),),
            name.student,
            (("", path),),
            name.assignment,
            at,
            "exchange",
            notes=(*_owner(path, name.student), *notes),
            without=EXCHANGES_OWN,
        )
    )


def _time(path: Path, name: str, zone: tzinfo | None) -> tuple[str, tuple[str, ...]]:
    """Time of the submission: the one in timestamp.txt and in the folder's name, the later one if they differ."""
    stamp = path / STAMP
    written = ""
    if stamp.is_file() and not stamp.is_symlink() and stamp.stat().st_size < 100:
        written = stamp.read_text(encoding="utf-8", errors="replace").strip()
    if not written and not name:
        raise TimeUnclear(f"its {STAMP} is empty; write the time into it, such as 2026-11-02 10:00:00 UTC")
    found = sorted({read_time(text, zone) for text in (written, name) if text})
    if len(found) == 1:
        return found[0], ()
    return found[-1], (f"its name and its {STAMP} have two times, {found[0]} and {found[-1]}; the later one counts",)


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
