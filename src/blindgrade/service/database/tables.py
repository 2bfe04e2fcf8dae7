"""The tables of the service. Times are seconds since 1970 in UTC, from the server's clock.

The truth about results is in the attempts' files and about submissions in the blobs; `course serve --reindex` makes the
table `attempts` anew. Decisions (extensions, adjustments, excuses) are files beside the attempts and have no table.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

WAITING = text("state = 'waiting' AND purpose = 'feedback'")
LEASED = text("state = 'leased'")


class Table(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map = {float: Float(53), dict[str, Any]: JSON}


class Person(Table):
    """Somebody who may sign in. `student` is the id in the roster and in the folders of attempts."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    student: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(Text, default="")
    email: Mapped[str] = mapped_column(Text, default="")
    role: Mapped[str] = mapped_column(String(20), default="student")
    section: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[float]
    removed_at: Mapped[float | None] = mapped_column(default=None)


class Token(Table):
    """A token or an invitation, by its digest. The token itself is stored nowhere.

    kind: "access" for commands and scripts, "session" for a browser, "invitation" for a link that makes one of these.
    """

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[float]
    expires_at: Mapped[float | None] = mapped_column(default=None)
    used_at: Mapped[float | None] = mapped_column(default=None)
    revoked_at: Mapped[float | None] = mapped_column(default=None)


class Device(Table):
    """A terminal that waits until its user enters the code in a browser."""

    __tablename__ = "devices"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_code: Mapped[str] = mapped_column(String(20), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), default=None)
    created_at: Mapped[float]
    expires_at: Mapped[float]
    taken_at: Mapped[float | None] = mapped_column(default=None)


class Submission(Table):
    """What a student handed in. `digest` names the blob, `number` counts the student's submissions of the lesson.

    state: waiting, grading, done, superseded (a newer one took its place), failed (a fault of ours, which costs no
    attempt) or set_aside (its code ended the grader's processes); `reason` says why. over_quota: the student reads
    less. `feedback_key` and `mark_key` name the attempts. `shown_at` is when the result may be read.
    """

    __tablename__ = "submissions"
    __table_args__ = (UniqueConstraint("person_id", "lesson", "number"),)

    uuid: Mapped[str] = mapped_column(String(36), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    lesson: Mapped[str] = mapped_column(String(100), index=True)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    accepted_at: Mapped[float] = mapped_column(index=True)
    over_quota: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    reason: Mapped[str] = mapped_column(Text, default="")
    graded_at: Mapped[float | None] = mapped_column(default=None)
    feedback_key: Mapped[str] = mapped_column(String(64), default="")
    mark_key: Mapped[str] = mapped_column(String(64), default="")
    laid_out: Mapped[bool] = mapped_column(Boolean, default=False)


class Job(Table):
    """A grading in the queue. `position` orders the jobs of a lane; see `queue`.

    purpose: feedback or mark. state: waiting, leased, done, dropped (not needed any more) or set_aside.
    `kills` counts workers that died with it, `losses` graders that died, `errors` faults of ours.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("jobs_order", "state", "lane", "position"),
        # The database itself refuses a second waiting submission of a student and lesson, and a second one in flight.
        Index("jobs_one_waits", "person_id", "lesson", unique=True, sqlite_where=WAITING, postgresql_where=WAITING),
        Index("jobs_one_in_flight", "person_id", "lesson", unique=True, sqlite_where=LEASED, postgresql_where=LEASED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    submission: Mapped[str] = mapped_column(ForeignKey("submissions.uuid", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    lesson: Mapped[str] = mapped_column(String(100))
    purpose: Mapped[str] = mapped_column(String(10))
    lane: Mapped[str] = mapped_column(String(20))
    position: Mapped[float]
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    not_before: Mapped[float] = mapped_column(default=0.0)
    owner: Mapped[str] = mapped_column(String(100), default="")
    lease_until: Mapped[float] = mapped_column(default=0.0)
    kills: Mapped[int] = mapped_column(default=0)
    losses: Mapped[int] = mapped_column(default=0)
    errors: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(Text, default="")


class IndexedAttempt(Table):
    """What pages need of an attempt's file."""

    __tablename__ = "attempts"

    lesson: Mapped[str] = mapped_column(String(100), primary_key=True)
    student: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(10))
    points: Mapped[float]
    max_points: Mapped[float]
    sha256: Mapped[str] = mapped_column(String(64))
    submitted_at: Mapped[str | None] = mapped_column(String(40))
    graded_at: Mapped[str] = mapped_column(String(40))
    course: Mapped[str] = mapped_column(String(64))


class Comment(Table):
    """What an instructor or assistant wrote at a line of a submission."""

    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission: Mapped[str] = mapped_column(ForeignKey("submissions.uuid", ondelete="CASCADE"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    file: Mapped[str] = mapped_column(Text)
    line: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float]
    deleted_at: Mapped[float | None] = mapped_column(default=None)


class Outgoing(Table):
    """A score for another system (LTI), which a later version sends."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    lesson: Mapped[str] = mapped_column(String(100))
    content: Mapped[dict[str, Any]]
    created_at: Mapped[float]
    sent_at: Mapped[float | None] = mapped_column(default=None)


class Audit(Table):
    """Something that a person of the staff did, or that the service did with somebody's work."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(40))
    about: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text, default="")


class Setting(Table):
    """A value of the whole service, such as the address that people use."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
