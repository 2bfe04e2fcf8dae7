"""Copy submissions byte by byte. Never follow a symbolic link, and never write under an unsafe name."""

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

# Tools and systems make these, not the student. A repository's history is not copied; its commit names it.
LEFT_BEHIND = {".git", "__pycache__", ".ipynb_checkpoints", "__MACOSX", ".DS_Store"}


class TooMuch(Exception):
    """A submission over a limit. The message names the limit."""


@dataclass
class Taken:
    """Result of a copy: names with the digests of their contents, and a note for each entry that was left out."""

    digests: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def digest(self, part: str = "") -> str:
        """Digest over all names and contents."""
        whole = hashlib.sha256(os.fsencode(part))
        for name, digest in sorted(self.digests.items()):
            label = name.encode()
            # The length comes first, so that two different sets of files never give the same bytes.
            whole.update(b"%d:" % len(label) + label + digest.encode())
        return whole.hexdigest()


def take(entries: Iterable[tuple[str, Path]], target: Path, without: frozenset[str] = frozenset()) -> Taken:
    """Copy files and folders into `target`, a new folder. Leave out the names in `without`.

    TooMuch if the entries are larger than one submission may be.
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
        """Copy the file or folder at `path` as `name`. `folder` is the open folder that `path` is relative to."""
        self.seen += 1
        if self.seen > MAX_ENTRIES:
            raise TooMuch(f"it holds more than {MAX_ENTRIES} files; ask the student for the lesson's files only")
        if own in LEFT_BEHIND or name in self.without:
            return
        reason = refused_name(name) if name else ""
        if reason:
            self._leave(name, reason)
            return
        try:
            # Open first, then look: nothing can replace an open file.
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
            self._leave(name, "it is in too many folders")
            return
        with os.scandir(handle) as inside:
            # Limit the number before sorting: a folder may hold millions of names.
            found = [entry.name for entry, _ in zip(inside, range(MAX_ENTRIES - self.seen + 1), strict=False)]
        for own in sorted(found):
            self.entry(f"{name}/{own}" if name else own, own, own, handle)

    def _file(self, name: str, handle: int) -> None:
        # Two names that are equal on another system would overwrite each other there.
        key = unicodedata.normalize("NFKC", name).casefold()
        target = self.target / PurePosixPath(name)
        if key in self.keys:
            self._leave(name, "another file has the same name in other capitals or in letters that look alike")
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
                    limit = f"{MAX_UNPACKED // MIB} MiB"
                    raise TooMuch(f"it holds more than {limit}; ask the student for the lesson's files only")
                digest.update(piece)
                out.write(piece)
        self.taken.digests[name] = digest.hexdigest()

    def _leave(self, name: str, reason: str) -> None:
        self.taken.notes.append(f"{name[:200]!a} was left out: {reason}")
