"""Who may use a route. Every route names one of these; a test walks all routes and roles."""

from __future__ import annotations

from enum import StrEnum

from blindgrade.service.people import Role


class Permission(StrEnum):
    """What a route lets people do."""

    ANYBODY = "anybody"  # without a token
    SUBMIT = "submit"  # and read one's own submissions
    READ_STUDENTS = "read students"
    DECIDE = "decide"
    MANAGE = "manage"


NEEDED: dict[Permission, Role | None] = {
    Permission.ANYBODY: None,
    Permission.SUBMIT: Role.STUDENT,
    Permission.READ_STUDENTS: Role.ASSISTANT,
    Permission.DECIDE: Role.INSTRUCTOR,
    Permission.MANAGE: Role.OWNER,
}
