"""The people of a service: roles, tokens, invitations and the code that signs a terminal in.

A token is shown once, when it is made. The database has its digest alone, so a copy of the database opens nothing.
Prefixes make tokens easy to find by programs that look for secrets.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from blindgrade.service.database.tables import Audit, Device, Person, Token

PREFIXES = {"access": "bgt_", "session": "bgs_", "invitation": "bgi_", "device": "bgd_"}
DAYS = 24 * 3600.0
INVITATION_DAYS, ACCESS_DAYS, SESSION_DAYS = 60, 365, 14
DEVICE_SECONDS = 900
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words, and nothing that is read as a digit


class Role(StrEnum):
    """What a person may do; each role may do what those before it may."""

    STUDENT = "student"
    ASSISTANT = "assistant"
    INSTRUCTOR = "instructor"
    OWNER = "owner"

    def may(self, needed: Role) -> bool:
        """Is this role enough?"""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True)
class Identity:
    """Who asks, by which token."""

    person_id: int
    student: str
    name: str
    role: Role
    section: str
    token_id: int


def now() -> float:
    """The present time, as the tables have it."""
    return time.time()


def digest_of(token: str) -> str:
    """Digest by which the database knows the token. Tokens are random, so no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def fresh(kind: str) -> str:
    """New random token."""
    return PREFIXES[kind] + secrets.token_urlsafe(30)


def person_of(session: Session, student: str) -> Person | None:
    """Person with this id of the roster, if they are not removed."""
    return session.scalar(select(Person).where(Person.student == student, Person.removed_at.is_(None)))


def enrol(
    session: Session, student: str, *, name: str = "", email: str = "", role: Role = Role.STUDENT, section: str = "",
) -> Person:  # fmt: skip
    """Person with this id, made or brought up to date."""
    person = session.scalar(select(Person).where(Person.student == student))
    if person is None:
        person = Person(student=student, created_at=time.time())
        session.add(person)
    person.name, person.email = name or person.name or "", email or person.email or ""
    person.role, person.section, person.removed_at = role.value, section or person.section or "", None
    session.flush()
    return person


def issue(session: Session, person: Person, kind: str, *, days: float | None, label: str = "") -> str:
    """New token of the person. This is the only time that anybody sees it."""
    token, now = fresh(kind), time.time()
    expires = now + days * DAYS if days is not None else None
    session.add(
        Token(person_id=person.id, kind=kind, digest=digest_of(token), label=label, created_at=now, expires_at=expires)
    )
    session.flush()
    return token


def identify(session: Session, token: str, *kinds: str) -> Identity | None:
    """Person of a valid token of these kinds; None if it is unknown, expired or revoked, or the person was removed."""
    found = session.execute(
        select(Token, Person).join(Person, Token.person_id == Person.id).where(Token.digest == digest_of(token))
    ).first()
    if found is None:
        return None
    one, person = found
    expired = one.expires_at is not None and one.expires_at <= time.time()
    if one.kind not in kinds or expired or one.revoked_at is not None or person.removed_at is not None:
        return None
    return Identity(person.id, person.student, person.name, Role(person.role), person.section, one.id)


def is_expired(session: Session, token: str) -> bool:
    """Was this a valid token whose time is over?"""
    one = session.scalar(select(Token).where(Token.digest == digest_of(token), Token.revoked_at.is_(None)))
    return one is not None and one.expires_at is not None and one.expires_at <= time.time()


def note_use(session: Session, token_id: int) -> None:
    """Note that a token was used. A new invitation does not end it then."""
    session.execute(update(Token).where(Token.id == token_id, Token.used_at.is_(None)).values(used_at=time.time()))


def revoke(session: Session, token_id: int) -> None:
    """End a token."""
    session.execute(update(Token).where(Token.id == token_id).values(revoked_at=time.time()))


def revoke_all(session: Session, person_id: int) -> None:
    """End every token of a person."""
    known = update(Token).where(Token.person_id == person_id, Token.revoked_at.is_(None))
    session.execute(known.values(revoked_at=time.time()))


def accept_invitation(session: Session, invitation: str, kind: str = "session") -> tuple[Identity, str] | None:
    """Identity and a new token for a valid invitation, which is used up by that; None if it is not valid."""
    found = identify(session, invitation, "invitation")
    if found is None:
        return None
    used = update(Token).where(Token.id == found.token_id, Token.revoked_at.is_(None))
    if session.execute(used.values(used_at=time.time(), revoked_at=time.time())).rowcount != 1:  # type: ignore[attr-defined]  # the result of an UPDATE has it
        return None
    person = session.get_one(Person, found.person_id)
    days = SESSION_DAYS if kind == "session" else ACCESS_DAYS
    return found, issue(session, person, kind, days=days, label="invitation")


# ---------------------------------------------------------------- a terminal


def begin_device(session: Session) -> tuple[str, str]:
    """The terminal's own secret, and the code that its user enters in a browser."""
    device, now = fresh("device"), time.time()
    code = "".join(secrets.choice(LETTERS) for _ in range(8))
    shown = f"{code[:4]}-{code[4:]}"
    session.add(
        Device(digest=digest_of(device), user_code=shown, created_at=now, expires_at=now + DEVICE_SECONDS)
    )  # fmt: skip
    return device, shown


def approve_device(session: Session, user_code: str, person_id: int) -> bool:
    """Sign the terminal with this code in as the person. False if no terminal waits with the code."""
    code = user_code.strip().upper().replace(" ", "-")
    code = code if "-" in code else f"{code[:4]}-{code[4:]}"
    waiting = update(Device).where(
        Device.user_code == code, Device.person_id.is_(None), Device.expires_at > time.time()
    )  # fmt: skip
    return bool(session.execute(waiting.values(person_id=person_id)).rowcount == 1)  # type: ignore[attr-defined]  # the result of an UPDATE has it


def take_device(session: Session, device: str) -> tuple[str, str] | None:
    """Token and student of a terminal that was approved, once; None while it waits. KeyError if it cannot succeed."""
    one = session.scalar(select(Device).where(Device.digest == digest_of(device)).with_for_update())
    if one is None or one.taken_at is not None or one.expires_at <= time.time():
        raise KeyError(device)
    if one.person_id is None:
        return None
    one.taken_at = time.time()
    person = session.get_one(Person, one.person_id)
    return issue(session, person, "access", days=ACCESS_DAYS, label="terminal"), person.student


def note(session: Session, actor: str, action: str, about: str, detail: str = "") -> None:
    """Add a line to the audit."""
    session.add(Audit(at=time.time(), actor=actor, action=action, about=about, detail=detail))
