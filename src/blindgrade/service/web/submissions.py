"""The API's routes for submissions: hand in, and read the result."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from blindgrade import clock
from blindgrade.service.accepting import NotAccepted, Offered, too_many
from blindgrade.service.blobs import packed
from blindgrade.service.database.tables import Submission
from blindgrade.service.people import Identity
from blindgrade.service.policy import moment
from blindgrade.service.web.auth import needs
from blindgrade.service.web.bodies import files_in
from blindgrade.service.web.permissions import Permission
from blindgrade.service.web.refusals import RESPONSES, Refused
from blindgrade.service.web.state import WebState, state_of
from blindgrade.submitting.wire_models import FINAL, Refusal, SubmissionStatus

LONGEST_WAIT = 60.0
router = APIRouter(tags=["submissions"], responses=RESPONSES)
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {"files": {"type": "object", "additionalProperties": {"type": "string"}}},
                    "required": ["files"],
                    "additionalProperties": False,
                }
            }
        },
    }
}


@router.put(
    "/lessons/{lesson}/submissions/{uuid}",
    status_code=202,
    response_model=SubmissionStatus,
    openapi_extra=BODY,
    responses={
        200: {"model": SubmissionStatus, "description": "The service had this submission already."},
        403: {"model": Refusal, "description": "The lesson is closed."},
        408: {"model": Refusal, "description": "The files took too long to arrive."},
        409: {"model": Refusal, "description": "The uuid names another submission."},
        413: {"model": Refusal, "description": "The files are too large."},
        429: {"model": Refusal, "description": "The student submits too often."},
    },
)
async def submit(
    request: Request, response: Response, lesson: str, uuid: UUID, who: Annotated[Identity, needs(Permission.SUBMIT)]
) -> SubmissionStatus:
    """Hand in files for a lesson. The answer comes when the submission is stored durably."""
    state = state_of(request)
    await asyncio.to_thread(_check_open, state, lesson, who)
    files = await files_in(request)
    digest, content = packed(files)
    lessons = state.service.lessons
    offered = Offered(
        str(uuid), who, lesson, lessons.lane(lesson), digest, content,
        lambda earlier, now: lessons.over_quota(lesson, earlier, now),
    )  # fmt: skip
    try:
        future = await asyncio.to_thread(state.acceptor.offer, offered)
        accepted = await asyncio.wrap_future(future)
    except NotAccepted as error:
        raise Refused(error.status, error.error, str(error), error.retry_after) from None
    if not accepted.fresh:
        response.status_code = 200
    if accepted.superseded is not None:
        state.waiting.changed([accepted.superseded])
    return await asyncio.to_thread(_status, state, accepted.submission)


@router.get("/lessons/{lesson}/submissions/{uuid}", response_model=SubmissionStatus)
async def read(
    request: Request, lesson: str, uuid: UUID, who: Annotated[Identity, needs(Permission.SUBMIT)],
    wait: Annotated[float, Query(ge=0, description="Seconds to wait for the result, at most 60.")] = 0.0,
) -> SubmissionStatus:  # fmt: skip
    """The submission's state, and the student's view when there is one. With `wait` the answer may come later."""
    state = state_of(request)
    ends = time.monotonic() + min(wait, LONGEST_WAIT)
    with state.waiting.for_change(str(uuid)) as event:
        while True:
            event.clear()
            status, again = await asyncio.to_thread(_own, state, lesson, str(uuid), who)
            left = ends - time.monotonic()
            if status.state in FINAL or left <= 0:
                return status
            await _pause(event, min(left, again) if again is not None else left)


async def _pause(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), max(seconds, 0.01))
    except TimeoutError:
        return


def _own(state: WebState, lesson: str, uuid: str, who: Identity) -> tuple[SubmissionStatus, float | None]:
    """The person's submission, and the seconds until its result may be read if it is graded already."""
    now = time.time()
    with state.service.database.reading() as session:
        found = session.get(Submission, uuid)
        if found is None or found.person_id != who.person_id or found.lesson != lesson:
            raise Refused(404, "no_submission", "you have no submission with this uuid for this lesson")
        status = state.service.views.status(session, found, now)
        shown = state.service.views.shown_at(found, now)
    return status, None if shown is None else max(shown - now, 0.0)


def _status(state: WebState, submission: Submission) -> SubmissionStatus:
    with state.service.database.reading() as session:
        return state.service.views.status(session, submission, time.time())


def _check_open(state: WebState, lesson: str, who: Identity) -> None:
    lessons = state.service.lessons
    if lessons.find(lesson) is None:
        known = ", ".join(target.lesson.id for target in lessons.all)
        raise Refused(404, "no_lesson", f"this course has no lesson {lesson[:60]!a} now; it has {known}")
    closes = lessons.closes(lesson, who.student)
    if closes is not None and moment(time.time()) > closes:
        text = f"{lesson} closed for you at {clock.utc(closes)}; ask your instructor for an extension"
        raise Refused(403, "closed", text)
    with state.service.database.reading() as session:
        refused = too_many(session, who.person_id, time.time())  # before anything is stored
    if refused is not None:
        raise Refused(refused.status, refused.error, str(refused), refused.retry_after)
