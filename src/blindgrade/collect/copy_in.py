"""Copy what was handed in, byte by byte, and never what a link or a strange name leads to."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from blindgrade.engine.submission.archives import CHUNK, MAX_DEPTH, MAX_ENTRIES, MAX_UNPACKED, MIB, refused_name

# Made by tools and systems, not by the student; a repository's history is named by its commit.
LEFT_BEHIND = {".git", "__pycache__", ".ipynb_checkpoints", "__MACOSX", ".DS_Store"}


class TooMuch(Exception):
    """A submission over a limit; the message says which."""


@dataclass
class Taken:
    """What was copied: names with the digests of their contents, and what was left out and why."""

    digests: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def digest(self, part: str = "") -> str:
        """One digest over all names and contents."""
        whole = hashlib.sha256(os.fsencode(part))
        for name, digest in sorted(self.digests.items()):
            label = name.encode()
            # Lengths in front: no two sets of files run together into the same bytes.
            whole.update(b"%d:" % len(label) + label + digest.encode())
        return whole.hexdigest()


def take(entries: Iterable[tuple[str, Path]], target: Path, without: frozenset[str] = frozenset()) -> Taken:
    """Copy files and folders below `target`, which is new, but for the names in `without`.

    TooMuch if it is more than one submission may be.
    """
    copy = _Copy(target, without)
    for name, path in entries:
        copy.entry(name, path.name, str(path), None)
    return copy.taken


class _Copy:
    def __init__(self, target: Path, without: frozenset[str]) -> None:
        self.target = target
        self.without = without
        self.taken = Taken()
        self.keys: set[str] = set()
        self.seen = 0
        self.room = MAX_UNPACKED

    def entry(self, name: str, own: str, path: str, folder: int | None) -> None:
        """Copy what lies at `path`, in the open folder if there is one, as `name`."""
        self.seen += 1
        if self.seen > MAX_ENTRIES:
            raise TooMuch(f"it holds more than {MAX_ENTRIES} files; ask for the lesson's files alone")
        if own in LEFT_BEHIND or name in self.without:
            return
        reason = refused_name(name) if name else ""
        if reason:
            self._leave(name, reason)
            return
        try:
            # Opened first and looked at then, so that nothing can be put in its place between.
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except OSError as error:
            linked = error.errno == errno.ELOOP
            self._leave(name or own, "it is a symbolic link" if linked else f"it cannot be opened ({error.strerror})")
            return
        try:
            mode = os.fstat(handle).st_mode
            if stat.S_ISDIR(mode):
                self._folder(name, handle)
            elif stat.S_ISREG(mode) and name:
                self._file(name, handle)
            else:
                self._leave(name or own, "it is no regular file with a name")
        finally:
            os.close(handle)

    def _folder(self, name: str, handle: int) -> None:
        if name.count("/") >= MAX_DEPTH:
            self._leave(name, "it lies too deep")
            return
        with os.scandir(handle) as inside:
            # Bounded before it is sorted: a folder may hold millions of names.
            found = [entry.name for entry, _ in zip(inside, range(MAX_ENTRIES - self.seen + 1), strict=False)]
        for own in sorted(found):
            self.entry(f"{name}/{own}" if name else own, own, own, handle)

    def _file(self, name: str, handle: int) -> None:
        # Two names that another system takes for one would overwrite each other there.
        key = unicodedata.normalize("NFKC", name).casefold()
        target = self.target / PurePosixPath(name)
        if key in self.keys:
            self._leave(name, "another file has that name, but for capitals or letters that look alike")
            return
        self.keys.add(key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            out = open(target, "xb")
        except OSError as error:
            self._leave(name, f"it cannot be written here ({error.strerror})")
            return
        digest = hashlib.sha256()
        with out:
            while piece := os.read(handle, CHUNK):
                self.room -= len(piece)
                if self.room < 0:
                    raise TooMuch(f"it holds more than {MAX_UNPACKED // MIB} MiB; ask for the lesson's files alone")
                digest.update(piece)
                out.write(piece)
        self.taken.digests[name] = digest.hexdigest()

    def _leave(self, name: str, reason: str) -> None:
        self.taken.notes.append(f"{name[:200]!a} was left out: {reason}")
