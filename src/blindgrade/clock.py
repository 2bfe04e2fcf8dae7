"""Times in all of our files: ISO 8601 in UTC, with a Z at the end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

Precision = Literal["auto", "seconds", "microseconds"]


def utc(at: datetime, precision: Precision = "seconds") -> str:
    """Text of a time. A time without a zone is read as UTC."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def now(precision: Precision = "seconds") -> str:
    """Text of the present time."""
    return utc(datetime.now(UTC), precision)


def instant(text: str | None) -> datetime:
    """Inverse of `utc`. A time without a zone is read as UTC. A missing or unreadable time is before all others."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def is_known(text: str | None) -> bool:
    """Is this a time that can be read?"""
    return instant(text) != instant(None)
