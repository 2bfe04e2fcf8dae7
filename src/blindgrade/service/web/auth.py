"""Who asks: the person of the token in the `Authorization` header. A token in an address is never read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Depends, Request

from blindgrade.service import people
from blindgrade.service.people import Identity
from blindgrade.service.web.permissions import NEEDED, Permission
from blindgrade.service.web.refusals import Refused
from blindgrade.service.web.state import state_of

PREFIX = "bearer "


def token_of(request: Request) -> str | None:
    """Token of the header; None if there is none."""
    header = request.headers.get("authorization", "")
    return header[len(PREFIX) :].strip() if header[: len(PREFIX)].lower() == PREFIX else None


def identity_of(request: Request) -> Identity:
    """Person who asks. Refused without a valid token."""
    if any(people_prefix in request.url.query for people_prefix in people.PREFIXES.values()):
        # Addresses are written into logs and histories, so this token is not secret any more.
        raise Refused(400, "token_in_address", "a token was in the address, where others may read it; revoke it with"
                      " `grade logout`, sign in again, and send it in the header Authorization")  # fmt: skip
    token = token_of(request)
    if token is None:
        raise Refused(401, "no_token", "nobody is signed in; run `grade login URL`")
    with state_of(request).service.database.reading() as session:
        found = people.identify(session, token, "access")
        if found is None and people.is_expired(session, token):
            raise Refused(401, "expired", "the token has expired; run `grade login URL` to sign in again")
    if found is None:
        raise Refused(401, "bad_token", "the token is unknown or was revoked; run `grade login URL` to sign in again")
    return found


def needs(permission: Permission) -> Any:
    """Dependency of a route: the person who asks, if the role of the person is enough."""

    def check(request: Request) -> Identity | None:
        needed = NEEDED[permission]
        if needed is None:
            return None
        found = identity_of(request)
        if not found.role.may(needed):
            raise Refused(403, "not_allowed", f"this needs the role {needed}; your role is {found.role}")
        return found

    check.__dict__["permission"] = permission
    return Depends(check)


def permission_of(dependency: Callable[..., Any]) -> Permission | None:
    """Permission that a dependency checks; None if it is another dependency."""
    return dependency.__dict__.get("permission")
