"""All files of a submission at any depth. Archives in it are opened, and what cannot be read is noted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from blindgrade.engine.submission.archives import (
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_UNPACKED,
    NOISE,
    ArchiveError,
    Limits,
    is_archive,
    unknown_archive,
    unpacked,
)

MAX_NESTED = 3  # archives in archives
MAX_ARCHIVES = 50
NOT_THE_STUDENTS = frozenset({"__pycache__", "node_modules", "site-packages", *NOISE})


@dataclass
class Tree:
    """Files by their names below the submission, `/` between the parts. An archive is a folder of its name."""

    files: dict[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    archives: int = 0
    entries: int = MAX_ENTRIES  # names that may still be read
    room: int = MAX_UNPACKED  # bytes that archives may still hold, all together

    def add(self, folder: Path, prefix: str, stack: ExitStack, level: int = 0) -> None:
        """Add the files below a folder. Links are not followed."""
        packed: list[tuple[str, Path]] = []
        for name, path in self._walk(folder, prefix):
            if is_archive(path):
                packed.append((name, path))
            elif reason := unknown_archive(path.name):
                self.notes.append(f"{name} was left out: {reason}")
            else:
                self.files[name] = path
        for name, path in packed:
            self._open(name, path, stack, level)

    def _open(self, name: str, path: Path, stack: ExitStack, level: int) -> None:
        self.archives += 1
        if level >= MAX_NESTED or self.archives > MAX_ARCHIVES:
            self.notes.append(f"{name} was left out: there are too many archives in archives; pack the files once")
            return
        limits = Limits(unpacked=self.room, file=self.room, entries=max(self.entries, 1), enter=False)
        try:
            folder, notes = stack.enter_context(unpacked(path, limits))
        except (ArchiveError, OSError) as error:
            self.notes.append(f"{name} {error if isinstance(error, ArchiveError) else 'cannot be opened'}")
            return
        self.notes += [f"{name}: {note}" for note in notes]
        self.room -= size_of(folder)
        self.add(folder, f"{name}/", stack, level + 1)

    def _walk(self, folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
        """Names and paths of regular files. A folder's own files come before those of its subfolders."""
        waiting = [(folder, prefix)]
        while waiting:
            here, above = waiting.pop(0)
            try:
                with os.scandir(here) as entries:
                    # Limited before it is sorted, because a folder may contain millions of names.
                    found = [entry for entry, _ in zip(entries, range(self.entries + 1), strict=False)]
            except OSError:
                self.notes.append(f"{above.rstrip('/')} cannot be opened and was left out; check its permissions")
                continue
            self.entries -= len(found)
            if self.entries < 0:
                self.entries = 0
                self.notes.append(f"it holds more than {MAX_ENTRIES} files; submit only the lesson's files")
                return
            if any(entry.name == "pyvenv.cfg" for entry in found):
                continue  # the student's environment
            for entry in sorted(found, key=lambda one: one.name):
                name = above + entry.name
                if self._skipped(entry, name):
                    continue
                if entry.is_file(follow_symlinks=False):
                    yield name, Path(entry.path)
                elif entry.is_dir(follow_symlinks=False) and name.count("/") < MAX_DEPTH:
                    waiting.append((Path(entry.path), f"{name}/"))

    def _skipped(self, entry: os.DirEntry[str], name: str) -> bool:
        """Whether to pass over an entry. A note says why, unless it is no work of the student."""
        if entry.name.startswith(".") or entry.name in NOT_THE_STUDENTS:
            return True
        if not name.isprintable():
            self.notes.append(f"{name!a} was left out: its name cannot be printed; rename it")
        elif entry.is_symlink():
            self.notes.append(f"{name} was left out: it is a symbolic link; replace it with the file itself")
        else:
            return False
        return True


@contextmanager
def opened_tree(folder: Path, room: int = MAX_UNPACKED) -> Iterator[Tree]:
    """Files below a folder while the context lasts. `room` limits what its archives hold together."""
    with ExitStack() as stack:
        tree = Tree(room=room)
        tree.add(folder, "", stack)
        yield tree


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder that the grader itself unpacked."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
