"""The record of decisions beside the attempts: `ROOT/.decisions/000001.json`, a file for each decision.

A file is written whole or not at all, and never changes. Numbers have no gaps. The file's name is taken in one step, so
that two instructors never get the same number. A missing, changed or damaged file is an error that names it: a decision
that is passed over would be a wrong mark.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from blindgrade import clock
from blindgrade.attempts.decision import Decision, DecisionKind, Ruling, in_force, undone_by
from blindgrade.attempts.reading import StoreError
from blindgrade.files import PIECE, write_whole

FOLDER = ".decisions"
NAME = re.compile(r"\d{6,}\.json")
OWNER_ALONE = 0o600  # reasons may be about a student's health
TRIES = 100  # writers who may take the next number before this one does
OLD_SECONDS = 3600  # an unfinished file of this age is from a killed process


class CannotUndo(StoreError):
    """The decision cannot be taken back."""


class AlreadyDecided(StoreError):
    """The same decision, with the same reason, is in force."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"this is already decision {decision.number}; give another reason to decide it once more")
        self.decision = decision


class DecisionStore:
    """Decisions beside the attempts in `attempts`. With `durable` a stored decision also survives a power cut."""

    def __init__(self, attempts: Path, *, durable: bool = True) -> None:
        self.folder = attempts / FOLDER
        self.durable = durable
        self._known: list[Decision] = []
        self._digest = ""  # of the last known decision

    def path(self, number: int) -> Path:
        """Path of the decision's file."""
        return self.folder / f"{number:06}.json"

    def all(self) -> list[Decision]:
        """Every decision, in its order. StoreError names a file that is missing, damaged or changed."""
        for number in range(len(self._known) + 1, self._count() + 1):
            decision, digest = self._read(number)
            if decision.previous != self._digest:
                text = f"{self.path(number - 1)} was changed after it was stored; restore it from a copy"
                raise StoreError(text)
            self._known.append(decision)
            self._digest = digest
        return list(self._known)

    def in_force(self) -> list[Decision]:
        """Decisions that hold. StoreError as in `all`."""
        return in_force(self.all())

    def add(self, ruling: Ruling, author: str) -> Decision:
        """Store a ruling under the next number. Raises AlreadyDecided, CannotUndo, or StoreError if it is not stored.

        Before each try it is checked against every decision that is stored by then.
        """
        self._clear()
        for _ in range(TRIES):
            known = self.all()
            _check(ruling, known)
            decision = Decision(
                **ruling.model_dump(),
                number=len(known) + 1,
                at=clock.now("microseconds"),
                author=author,
                previous=self._digest,
            )
            content = decision.model_dump_json(by_alias=True, indent=1, exclude_none=True) + "\n"
            path = self.path(decision.number)
            try:
                write_whole(path, content, mode=OWNER_ALONE, durable=self.durable, new=True)
            except FileExistsError:
                continue
            except OSError as error:
                raise StoreError(f"{path} cannot be written ({error.strerror}); nothing was decided") from None
            return decision
        raise StoreError(f"others write into {self.folder} all the time; run the command again")

    # ------------------------------------------------------------ files

    def _count(self) -> int:
        """Number of decisions. StoreError if one is missing, or if a file has another name."""
        try:
            names = {path.name for path in self.folder.iterdir() if not path.name.startswith(".")}
        except FileNotFoundError:
            names = set()
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be read ({error.strerror}); check its permissions") from None
        for name in sorted(names):
            if not NAME.fullmatch(name):
                raise StoreError(f"{self.folder / name} is no decision; move it out of this folder")
        count = max(len(self._known), *(int(name.removesuffix(".json")) for name in names), 0)
        for number in range(1, count + 1):
            if self.path(number).name not in names:
                raise StoreError(f"{self.path(number)} is missing; restore it from a copy")
        return count

    def _read(self, number: int) -> tuple[Decision, str]:
        path = self.path(number)
        try:
            data = json.loads(path.read_bytes())
            decision = Decision.model_validate(data)
        except (ValidationError, ValueError, RecursionError):
            raise StoreError(f"{path} is damaged; restore it from a copy") from None
        except OSError as error:
            raise StoreError(f"{path} cannot be read ({error.strerror}); check its permissions") from None
        if decision.number != number:
            raise StoreError(f"{path} has the number {decision.number}; restore it from a copy")
        return decision, _digest(data)

    def _clear(self) -> None:
        """Remove the unfinished files of killed processes. A fresh one belongs to another writer."""
        for piece in self.folder.glob(f"{PIECE}*"):
            with suppress(OSError):
                if time.time() - piece.stat().st_mtime > OLD_SECONDS:
                    piece.unlink()


def _digest(data: object) -> str:
    """Digest of a file's content. Spaces and line ends do not count."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:32]


def _check(ruling: Ruling, known: Sequence[Decision]) -> None:
    if ruling.kind is DecisionKind.UNDO:
        assert ruling.undoes is not None
        if ruling.undoes > len(known):
            there = f"there are {len(known)}" if known else "there are none yet"
            raise CannotUndo(f"there is no decision {ruling.undoes}: {there}; list them with `course decisions`")
        if by := undone_by(known).get(ruling.undoes):
            text = f"decision {ruling.undoes} was taken back by decision {by}; --undo {by} brings it back"
            raise CannotUndo(text)
        return
    for one in in_force(known):
        same = (one.kind, one.student, one.lesson) == (ruling.kind, ruling.student, ruling.lesson)
        if same and one.ruling == ruling:
            raise AlreadyDecided(one)
