"""Invitations: a link and a token for each person of a roster."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel
from sqlalchemy import update
from sqlalchemy.orm import Session

from blindgrade.roster.people import Person as Listed
from blindgrade.service import people
from blindgrade.service.database.tables import Token
from blindgrade.service.people import Role


class Invited(BaseModel):
    """What one person gets. Both open the service as this person, so they are for this person alone."""

    student: str
    link: str
    token: str


def invite(session: Session, listed: Iterable[Listed], role: Role, url: str) -> list[Invited]:
    """Invite people, or invite them again. Earlier invitations that were not used end."""
    found = []
    for one in listed:
        person = people.enrol(
            session, one.id, name=one.name, email=one.get("email"), role=role, section=one.get("section")
        )
        unused = update(Token).where(
            Token.person_id == person.id,
            Token.label == "invitation",
            Token.used_at.is_(None),
            Token.revoked_at.is_(None),
        )
        session.execute(unused.values(revoked_at=people.now()))
        link = people.issue(session, person, "invitation", days=people.INVITATION_DAYS, label="invitation")
        token = people.issue(session, person, "access", days=people.ACCESS_DAYS, label="invitation")
        people.note(session, "course invite", "invite", person.student, role.value)
        found.append(Invited(student=person.student, link=f"{url}/join/{link}", token=token))
    return found
