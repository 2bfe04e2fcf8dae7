"""The API's routes about the service itself and its lessons."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import func, select

from blindgrade import clock
from blindgrade.models import Level
from blindgrade.service import queue
from blindgrade.service.database.tables import Job, Person
from blindgrade.service.own_marks import shown_standings
from blindgrade.service.people import Identity
from blindgrade.service.queue import Lane
from blindgrade.service.web.auth import needs
from blindgrade.service.web.permissions import Permission
from blindgrade.service.web.refusals import RESPONSES
from blindgrade.service.web.state import state_of

router = APIRouter(tags=["service"], responses=RESPONSES)


class Health(BaseModel):
    """State of the service. The queue is not in it: from its length, students could see how long code runs."""

    status: str
    server_time: str


class QueueNow(BaseModel):
    """The queue, for the staff: how many wait in each lane, and how many a grader has."""

    waiting: dict[str, int]
    in_flight: int


class LessonNow(BaseModel):
    """A lesson for the person who asks: when it is due, and what the course shows of hidden results now.

    capacity: most bits that one submission carries out of the hidden checks, by its result and by its time. points: the
    mark, when nobody can hand in in time any more; None before, and without a mark.
    """

    lesson: str
    title: str
    max_points: float
    due: str | None
    closes: str | None
    level: Level
    capacity: float | None
    points: float | None


@router.get("/health", response_model=Health)
def health(request: Request, _: Annotated[None, needs(Permission.ANYBODY)]) -> Health:
    """Is the service ready?"""
    with state_of(request).service.database.reading() as session:
        session.execute(select(1))
    return Health(status="ready", server_time=clock.now())


@router.get("/queue", response_model=QueueNow)
def queue_now(request: Request, who: Annotated[Identity, needs(Permission.READ_STUDENTS)]) -> QueueNow:
    """How long the queue is."""
    with state_of(request).service.database.reading() as session:
        leased = session.scalar(select(func.count()).select_from(Job).where(Job.state == "leased")) or 0
        return QueueNow(waiting={lane.value: queue.waiting(session, lane) for lane in Lane}, in_flight=leased)


@router.get("/lessons", response_model=list[LessonNow])
def lessons(request: Request, who: Annotated[Identity, needs(Permission.SUBMIT)]) -> list[LessonNow]:
    """The course's lessons."""
    service = state_of(request).service
    known, now = service.lessons, time.time()
    with service.database.reading() as session:
        person = session.get_one(Person, who.person_id)
        points = {one.lesson: one.points for one in shown_standings(service, session, person, now)}
    found = []
    for target in known.all:
        lesson = target.lesson
        due, closes = known.due(lesson.id, who.student), known.closes(lesson.id, who.student)
        level = known.level(lesson.id, now)
        capacity = known.capacity(lesson.id, level)
        found.append(
            LessonNow(
                lesson=lesson.id,
                title=lesson.title,
                max_points=lesson.max_points,
                due=clock.utc(due) if due else None,
                closes=clock.utc(closes) if closes else None,
                level=level,
                capacity=round(capacity.bits, 1) if capacity else None,
                points=points.get(lesson.id),
            )
        )
    return found
