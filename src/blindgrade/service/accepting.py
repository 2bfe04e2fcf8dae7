"""Accept submissions: the blob is on the disk before the row, and the row is committed before the answer.

Submissions that arrive together are committed together: one commit for each would give about 150 a second.
"""

from __future__ import annotations

import queue as queues
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from blindgrade.service import queue
from blindgrade.service.blobs import Blobs
from blindgrade.service.database.connect import Database
from blindgrade.service.database.tables import Submission
from blindgrade.service.people import Identity
from blindgrade.service.queue import Lane

TOGETHER = 64  # submissions in one commit
TRIES = 5  # of a commit, if several web processes number the same student's submissions
MOST_AN_HOUR = 240  # submissions of a person
MOST_BACK = 3600.0  # seconds that a clock may be set back


class NotAccepted(Exception):
    """The submission was not accepted, and nothing of it counts. `error` is a word for programs."""

    def __init__(self, error: str, message: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.error, self.status, self.retry_after = error, status, retry_after


@dataclass
class Offered:
    """A submission that was read and checked. `over_quota` is asked with the times of the student's earlier ones."""

    uuid: str
    who: Identity
    lesson: str
    lane: Lane
    digest: str
    content: bytes
    over_quota: Callable[[list[float], float], bool]
    answer: Future[Accepted] = field(default_factory=lambda: Future())


@dataclass(frozen=True)
class Accepted:
    """The accepted submission. fresh: False if it was here already. superseded: the uuid whose place it took."""

    submission: Submission
    fresh: bool
    superseded: str | None = None


class Clock:
    """The server's clock, which gives no time twice and does not go back if somebody sets it back a little."""

    def __init__(self, database: Database) -> None:
        with database.reading() as session:
            self._last = session.scalar(select(func.max(Submission.accepted_at))) or 0.0

    def now(self) -> float:
        """The present time."""
        now = time.time()
        if self._last - now < MOST_BACK:  # further ahead, the earlier time was wrong
            now = max(now, self._last + 1e-5)
        self._last = now
        return now


class Acceptor:
    """A thread that commits submissions, many at once. `woken` is called after each commit with new ones."""

    def __init__(self, database: Database, blobs: Blobs, woken: Callable[[], None]) -> None:
        self._database, self._blobs, self._woken = database, blobs, woken
        self._clock = Clock(database)
        self._offered: queues.SimpleQueue[Offered | None] = queues.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="acceptor", daemon=True)
        self._thread.start()

    def offer(self, offered: Offered) -> Future[Accepted]:
        """Store the blob, and let the thread commit the row. The future has the answer, or raises NotAccepted."""
        try:
            self._blobs.keep(offered.digest, offered.content)
        except OSError as error:
            offered.answer.set_exception(_no_room(str(error.strerror)))
            return offered.answer
        self._offered.put(offered)
        return offered.answer

    def close(self) -> None:
        """Commit what was offered, and end the thread."""
        self._offered.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._offered.get()) is not None:
            batch = [first]
            while len(batch) < TOGETHER:
                try:
                    more = self._offered.get_nowait()
                except queues.Empty:
                    break
                if more is None:
                    self._offered.put(None)
                    break
                batch.append(more)
            self._commit(batch)

    def _commit(self, batch: list[Offered], tries: int = TRIES) -> None:
        found: list[tuple[Offered, Accepted | NotAccepted]] = []
        try:
            with self._database.writing() as session:
                found = [(one, accept(session, one, self._clock.now())) for one in batch]
        except SQLAlchemyError as error:
            if len(batch) > 1:  # one of them may be the reason
                for one in batch:
                    self._commit([one])
                return
            if isinstance(error, IntegrityError) and tries > 1:  # another web process took the number at this moment
                self._commit(batch, tries - 1)
                return
            found = [(one, _no_room(str(getattr(error, "orig", None) or error).splitlines()[0])) for one in batch]
        for one, answer in found:
            if isinstance(answer, NotAccepted):
                one.answer.set_exception(answer)
            else:
                one.answer.set_result(answer)
        if any(isinstance(answer, Accepted) and answer.fresh for _, answer in found):
            self._woken()


def _no_room(why: str) -> NotAccepted:
    text = f"the service cannot store anything now ({why}); nothing was accepted, so submit again later"
    return NotAccepted("cannot_store", text, 503, 60.0)


def accept(session: Session, offered: Offered, now: float) -> Accepted | NotAccepted:
    """Add the submission and its place in the queue. The same uuid, or the same files again, is one submission."""
    who = offered.who
    known = session.get(Submission, offered.uuid)
    if known is not None:
        if known.person_id != who.person_id or known.lesson != offered.lesson:
            return NotAccepted("uuid_taken", "this uuid names another submission; draw a new one", 409)
        if known.digest != offered.digest:
            return NotAccepted("uuid_taken", "this uuid names a submission with other files; draw a new one", 409)
        return Accepted(known, False)
    mine = select(Submission).where(Submission.person_id == who.person_id, Submission.lesson == offered.lesson)
    latest = session.scalar(mine.order_by(Submission.number.desc()).limit(1))
    if latest is not None and latest.digest == offered.digest and latest.state not in ("failed", "set_aside"):
        return Accepted(latest, False)
    if (refused := too_many(session, who.person_id, now)) is not None:
        return refused
    counted = select(Submission.accepted_at).where(
        Submission.person_id == who.person_id,
        Submission.lesson == offered.lesson,
        Submission.accepted_at > now - 86400.0,
        Submission.over_quota.is_(False),
        Submission.state.not_in(("failed", "superseded")),
    )
    submission = Submission(
        uuid=offered.uuid,
        person_id=who.person_id,
        lesson=offered.lesson,
        number=(latest.number if latest is not None else 0) + 1,
        digest=offered.digest,
        accepted_at=now,
        over_quota=offered.over_quota(list(session.scalars(counted)), now),
        state="waiting",
    )
    session.add(submission)
    session.flush()
    return Accepted(submission, True, queue.enqueue(session, submission, offered.lane))


def too_many(session: Session, person_id: int, now: float) -> NotAccepted | None:
    """The refusal of a person who submits far too often; None for all others."""
    query = select(func.count()).select_from(Submission)
    query = query.where(Submission.person_id == person_id, Submission.accepted_at > now - 3600.0)
    if (session.scalar(query) or 0) < MOST_AN_HOUR:
        return None
    text = f"you submitted {MOST_AN_HOUR} times in an hour, which is more than the service takes; wait some minutes"
    return NotAccepted("too_many", text, 429, 300.0)
