"""Requests that wait for a result. One task looks for all of them, so that 2,000 that wait cost next to nothing."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import select

from blindgrade.service.database.connect import Database
from blindgrade.service.database.tables import Submission
from blindgrade.service.pace import Pace
from blindgrade.service.waking import drain

LOOK_SECONDS = 1.0  # it looks this often if nobody wakes it
ALONE_SECONDS = 0.25  # the same, if the grader is on another machine and cannot wake it
AT_ONCE = 500  # uuids in one query
OPEN = ("waiting", "grading")


@dataclass
class Waiting:
    """Events by the uuid of a submission."""

    pace: Pace = field(default_factory=Pace)
    _events: dict[str, set[asyncio.Event]] = field(default_factory=lambda: defaultdict(set))
    _woken: set[str] = field(default_factory=set)

    @contextmanager
    def for_change(self, uuid: str) -> Iterator[asyncio.Event]:
        """Event that is set when the submission is no longer open."""
        event = asyncio.Event()
        self._events[uuid].add(event)
        try:
            yield event
        finally:
            self._events[uuid].discard(event)
            if not self._events[uuid]:
                del self._events[uuid]
                self._woken.discard(uuid)

    def changed(self, uuids: Collection[str]) -> None:
        """Wake those who wait for these submissions, each once."""
        fresh = [uuid for uuid in uuids if uuid in self._events and uuid not in self._woken]
        self.pace.saw(len(fresh))
        self._woken.update(fresh)
        for uuid in fresh:
            for event in self._events.get(uuid, ()):
                event.set()

    async def watch(self, database: Database, descriptor: int, seen: asyncio.Event) -> None:
        """Look for results for ever: when the grader wakes this process, and from time to time."""
        loop = asyncio.get_running_loop()
        if descriptor >= 0:
            loop.add_reader(descriptor, _woken, descriptor, seen)
        pause = LOOK_SECONDS if descriptor >= 0 else ALONE_SECONDS
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(seen.wait(), pause)
            seen.clear()
            if asleep := [uuid for uuid in self._events if uuid not in self._woken]:
                with suppress(Exception):  # a database that does not answer now answers later
                    self.changed(await asyncio.to_thread(_closed, database, asleep))


def _woken(descriptor: int, seen: asyncio.Event) -> None:
    drain(descriptor)
    seen.set()


def _closed(database: Database, uuids: list[str]) -> set[str]:
    """Those of the submissions that are no longer open."""
    found: set[str] = set()
    with database.reading() as session:
        for start in range(0, len(uuids), AT_ONCE):
            some = uuids[start : start + AT_ONCE]
            query = select(Submission.uuid).where(Submission.uuid.in_(some), Submission.state.not_in(OPEN))
            found |= set(session.scalars(query))
    return found
