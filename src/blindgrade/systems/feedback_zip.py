"""One archive with every student's feedback, for the feedback upload of Canvas or Moodle.

Both systems find the student by the names in their own download of the submissions. So the archive has these names.

Canvas reads two numbers between underscores: the user's and that of a file of the user's present submission. It shows
the feedback under the name of that file, so the archive has the text: a page would open as code.
Moodle reads the participant's number in the folder's name, and keeps the names of the files in it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from blindgrade.catalog import Catalog
from blindgrade.collect.collect import listed
from blindgrade.collect.source_item import SourceItem
from blindgrade.files import write_whole
from blindgrade.gradebook.feedback import LessonPages
from blindgrade.roster.matching import Roster
from blindgrade.systems.sources import SOURCES

ZipKind = Literal["canvas", "moodle"]
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same feedback always gives the same archive


@dataclass
class Zipped:
    """The archive, the number of students in it, and who was left out with the reason."""

    path: Path
    students: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)


def zip_feedback(catalog: Catalog, kind: ZipKind, download: Path, pages: LessonPages, roster: Roster) -> Zipped:
    """Write the archive beside the lesson's folder. SourceError if `download` is not a download of this system."""
    zipped = Zipped(pages.folder.with_name(f"{pages.lesson}-{kind}.zip"))
    everybody = roster.including(pages.students)
    waiting = set(pages.students)
    entries: dict[str, bytes] = {}
    with listed(catalog, download, SOURCES, kind) as listing:
        zipped.left_out += [(name, f"of the download: {reason}") for name, reason in listing.refused]
        for item in listing.items:
            student, why = everybody.find(item.who)
            if student is None:
                zipped.left_out.append((item.label, f"is in the download and has no page: {why}"))
            elif student not in pages.students:
                zipped.left_out.append((item.label, f"is {student}, who has no page; run `course grade` first"))
            elif student not in waiting:
                zipped.left_out.append((item.label, f"is {student}, who is in the download already"))
            else:
                waiting.remove(student)
                entries |= dict(_entries(kind, item, pages, student))
    zipped.left_out += [(s, "has a page and is not in the download; download it again") for s in sorted(waiting)]
    zipped.students = len(pages.students) - len(waiting)
    write_whole(zipped.path, _archive(entries))
    return zipped


def _entries(kind: ZipKind, item: SourceItem, pages: LessonPages, student: str) -> Iterator[tuple[str, bytes]]:
    file, path = item.entries[0]
    before = path.name.removesuffix(file)
    if kind == "canvas":
        yield f"{before}feedback.txt", pages.file(student, ".txt").read_bytes()
    else:
        for ending in (".html", ".txt"):
            yield f"{before}/feedback{ending}", pages.file(student, ending).read_bytes()


def _archive(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(entries.items()):
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, content)
    return out.getvalue()
