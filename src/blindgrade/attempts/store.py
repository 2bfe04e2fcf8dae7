"""The attempts folder: one file for each attempt, `ROOT/<lesson>/<student>/<key>.json`.

A file is written whole or not at all, also under `kill -9`. Its results never change. When a run ends, what it found
out about wrong answers is added (`discover`). Gradebooks and reports are views of these files.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blindgrade.attempts import run_seed
from blindgrade.attempts.current import current, in_order
from blindgrade.attempts.reading import Part, StoreError, read_in_place
from blindgrade.attempts.run_seed import RunSeed
from blindgrade.files import write_whole
from blindgrade.models import Attempt

LOCK_SECONDS = 3.0
UNFINISHED = ".unfinished"
SEED = ".seed.json"
LOCK = ".lock"
OWNER_ALONE = 0o600  # attempts hold the seed


class AttemptStore:
    """Attempts below `root`. With `durable` a stored attempt also survives a power cut."""

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self.root = root
        self.durable = durable

    # ------------------------------------------------------------ places

    def path(self, lesson: str, student: str, key: str) -> Path:
        """Path of the attempt's file."""
        return self.root / lesson / student / f"{key}.json"

    def lessons(self) -> list[str]:
        """Lessons that have attempts."""
        return _folders(self.root)

    def students(self, lesson: str) -> list[str]:
        """Students who have attempts at a lesson."""
        return _folders(self.root / lesson)

    def keys(self, lesson: str, student: str) -> list[str]:
        """Keys of a student's attempts at a lesson."""
        try:
            entries = os.listdir(self.root / lesson / student)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(n.removesuffix(".json") for n in entries if n.endswith(".json") and not n.startswith("."))

    # ------------------------------------------------------------ reading

    def part(self, model: type[Part], lesson: str, student: str, key: str) -> Part:
        """Attempt with the fields of `model` only. FileNotFoundError without a file, StoreError if it is damaged."""
        return read_in_place(model, self.path(lesson, student, key))

    def read(self, lesson: str, student: str, key: str) -> Attempt | None:
        """Attempt with this key. None if the file is missing or cannot be read: the grader then grades again."""
        try:
            return self.part(Attempt, lesson, student, key)
        except (FileNotFoundError, StoreError):
            return None

    def readable(self, lesson: str, student: str) -> list[Attempt]:
        """Readable attempts of a student at a lesson, sorted by key."""
        found = (self.read(lesson, student, key) for key in self.keys(lesson, student))
        return [attempt for attempt in found if attempt is not None]

    def attempts(self, lesson: str, student: str) -> list[Attempt]:
        """Attempts of a student at a lesson, sorted by time. StoreError names a damaged file."""
        return in_order(self.part(Attempt, lesson, student, key) for key in self.keys(lesson, student))

    def all(self, lesson: str) -> Iterator[Attempt]:
        """Every attempt at a lesson, student by student, sorted by time."""
        for student in self.students(lesson):
            yield from self.attempts(lesson, student)

    def current(self, lesson: str, student: str) -> Attempt | None:
        """Current attempt of a student at a lesson; None without attempts. StoreError names a damaged file."""
        return current(self.attempts(lesson, student))

    # ------------------------------------------------------------ writing

    def write(self, attempt: Attempt) -> Path:
        """Store an attempt under its lesson, student and key. Return its path. OSError if it cannot be written."""
        assert attempt.student and attempt.key
        target = self.path(attempt.lesson, attempt.student, attempt.key)
        self._write(target, (attempt.model_dump_json(by_alias=True, indent=1) + "\n").encode("utf-8"))
        return target

    @contextmanager
    def writing(self, *, shared: bool = False) -> Iterator[None]:
        """Lock for writing, for one process at a time. Remove unfinished files of a killed run.

        Graders of the service write together, with a `shared` lock.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{self.root} cannot be written ({error.strerror}); name another --attempts") from None
        try:
            self._lock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            if not shared:
                self._clear()
            yield
        finally:
            os.close(handle)

    def _lock(self, handle: int, kind: int) -> None:
        """Take the lock, for at most LOCK_SECONDS. The processes of a killed run keep it until they end."""
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                return fcntl.flock(handle, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    text = (
                        f"another run writes into {self.root}, or `course serve` does; wait, or name another --attempts"
                    )
                    raise StoreError(text) from None
            time.sleep(0.02)

    def _clear(self) -> None:
        unfinished = self.root / UNFINISHED
        if unfinished.is_dir():
            for piece in unfinished.iterdir():
                piece.unlink(missing_ok=True)

    def _write(self, target: Path, content: bytes) -> None:
        pieces = self.root / UNFINISHED
        write_whole(target, content, mode=OWNER_ALONE, durable=self.durable, pieces=pieces)

    # ------------------------------------------------------------ beside a lesson's attempts

    def seed(self, lesson: str) -> RunSeed:
        """Secret seed of the lesson, drawn at the first call. Only the file's owner can read it."""
        path = self.root / lesson / SEED
        if not path.exists():
            self._write(path, run_seed.draw().to_json())
        return run_seed.read(path)

    def drawn_seed(self, lesson: str) -> RunSeed | None:
        """Secret seed of the lesson; None if no grading has drawn it yet."""
        path = self.root / lesson / SEED
        return run_seed.read(path) if path.exists() else None

    def blob(self, lesson: str, name: str) -> bytes | None:
        """Content that `keep_blob` stored; None if there is none."""
        try:
            return (self.root / lesson / f".{name}").read_bytes()
        except FileNotFoundError:
            return None

    def keep_blob(self, lesson: str, name: str, content: bytes) -> None:
        """Store content beside a lesson's attempts. Only its owner can read it. OSError if it cannot be written."""
        self._write(self.root / lesson / f".{name}", content)


def _folders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
