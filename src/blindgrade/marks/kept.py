"""The versions that `course collect` kept of a student, laid out as the current files were when each was the newest."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp

from blindgrade.catalog import Catalog
from blindgrade.collect.current import Lessons, lay_out
from blindgrade.collect.student_folder import VERSIONS
from blindgrade.submitted import CollectedVersion, SubmittedWork

PREFIX = ".kept-"


@dataclass
class KeptVersions:
    """Earlier versions of students, copied to folders below `scratch` when they are needed."""

    catalog: Catalog
    scratch: Path
    _laid_out: dict[Path, list[tuple[Path, dict[str, int]]]] = field(default_factory=dict)

    def earlier(self, work: SubmittedWork, lesson: str) -> list[tuple[CollectedVersion, Path]] | None:
        """Versions that hold the lesson and are older than the current files, oldest first, with their folders.

        A version's folder has the files that were current until the next version with this lesson came. None if the
        versions were not kept.
        """
        kept = work.collected.versions
        if not kept or not all(_is_there(work.path, one) for one in kept):
            return None
        folder = self.catalog.files(lesson).folder
        last: dict[int, Path] = {}
        for place, winners in self._states(work):
            if folder in winners:
                last[winners[folder]] = place
        newest = max(last, default=-1)
        return [(kept[number], place) for number, place in sorted(last.items()) if number != newest]

    @cached_property
    def _lessons(self) -> Lessons:
        return Lessons.of(self.catalog)

    def _states(self, work: SubmittedWork) -> list[tuple[Path, dict[str, int]]]:
        """Current files after each version, and for each lesson's folder the version that it is from."""
        if work.path not in self._laid_out:
            home = Path(mkdtemp(dir=self.scratch))
            versions = [(work.path / VERSIONS / one.folder, one.part) for one in work.collected.versions]
            states = []
            for number in range(1, len(versions) + 1):
                place = home / f"{number}" / "files"
                place.mkdir(parents=True)
                states.append((place, lay_out(versions[:number], self._lessons, place).winners))
            self._laid_out[work.path] = states
        return self._laid_out[work.path]


def _is_there(student: Path, version: CollectedVersion) -> bool:
    plain = Path(version.folder).name == version.folder and not version.folder.startswith(".")
    folder = student / VERSIONS / version.folder
    return plain and folder.is_dir() and not folder.is_symlink()


@contextmanager
def kept_versions(catalog: Catalog, inside: Path | None = None) -> Iterator[KeptVersions]:
    """Kept versions in a temporary folder, which is removed at the end: in `inside`, or in the system's own place."""
    for old in inside.glob(f"{PREFIX}*") if inside is not None else ():
        shutil.rmtree(old, ignore_errors=True)  # of a killed run
    scratch = Path(mkdtemp(prefix=PREFIX if inside is not None else "blindgrade-kept-", dir=inside))
    try:
        yield KeptVersions(catalog, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
