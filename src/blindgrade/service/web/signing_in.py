"""The API's routes about people: who am I, sign a terminal in, sign out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel

from blindgrade import clock
from blindgrade.service import people
from blindgrade.service.people import Identity
from blindgrade.service.web.auth import needs
from blindgrade.service.web.permissions import Permission
from blindgrade.service.web.refusals import RESPONSES, Refused
from blindgrade.service.web.state import state_of
from blindgrade.submitting.wire_models import DeviceCode, DeviceToken, Invitation, WhoAmI

router = APIRouter(tags=["people"], responses=RESPONSES)


class DeviceRequest(BaseModel):
    """The secret of a terminal that waits."""

    device_code: str


@router.get("/whoami", response_model=WhoAmI)
def whoami(request: Request, who: Annotated[Identity, needs(Permission.SUBMIT)]) -> WhoAmI:
    """The person of the token, and the server's time."""
    service = state_of(request).service
    title = service.lessons.catalog.course.title
    with service.database.writing() as session:
        people.note_use(session, who.token_id)
    return WhoAmI(
        student=who.student, name=who.name, role=who.role, section=who.section, course=title, server_time=clock.now()
    )


@router.post("/logout", status_code=204)
def logout(request: Request, who: Annotated[Identity, needs(Permission.SUBMIT)]) -> None:
    """Revoke the token of this request."""
    with state_of(request).service.database.writing() as session:
        people.revoke(session, who.token_id)


@router.post("/device", response_model=DeviceCode)
def begin(request: Request, _: Annotated[None, needs(Permission.ANYBODY)]) -> DeviceCode:
    """Begin to sign a terminal in. Its user enters the code at the address, where they are signed in."""
    service = state_of(request).service
    with service.database.writing() as session:
        device, user_code = people.begin_device(session)
    url = f"{service.settings.url}/device"
    return DeviceCode(
        device_code=device, user_code=user_code, verification_url=url, expires_in=people.DEVICE_SECONDS
    )  # fmt: skip


@router.post("/device/token", response_model=DeviceToken)
def take(request: Request, asked: DeviceRequest, _: Annotated[None, needs(Permission.ANYBODY)]) -> DeviceToken:
    """Token of a terminal, once its user has entered the code."""
    with state_of(request).service.database.writing() as session:
        try:
            found = people.take_device(session, asked.device_code)
        except KeyError:
            raise Refused(400, "bad_code", "the code has expired or was used; run `grade login URL` again") from None
    return DeviceToken() if found is None else DeviceToken(token=found[0], student=found[1])


@router.post("/join", response_model=DeviceToken)
def join(request: Request, asked: Invitation, _: Annotated[None, needs(Permission.ANYBODY)]) -> DeviceToken:
    """Token for an invitation, which is used up by that."""
    with state_of(request).service.database.writing() as session:
        found = people.accept_invitation(session, asked.invitation, "access")
    if found is None:
        text = "the invitation is unknown, has expired or was used; ask your instructor for a new one"
        raise Refused(400, "bad_invitation", text)
    identity, token = found
    return DeviceToken(token=token, student=identity.student)
