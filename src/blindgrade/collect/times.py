"""Times that systems write, as instants in UTC. A time whose instant is not certain is an error with the reason."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from blindgrade import clock

EXAMPLE = "--timezone Europe/Berlin"
NO_DATABASE = "this machine has no time zone database; install it (pip install tzdata), or give an offset such as +0100"
UNIVERSAL = {"UTC", "GMT", "UT", "Z"}
# "2026-11-02 10:00:00.000000 CET", and the same with a T, without seconds, with a numeric zone or without a zone
WRITTEN = re.compile(r"(?P<local>\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?) ?(?P<zone>[^\d:].*)?")
NUMERIC = re.compile(r"(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d\d?):?(?P<minutes>\d\d)?", re.IGNORECASE)


class TimeUnclear(Exception):
    """The instant of a time is not certain. The message says why, and what to do."""


class ZoneUnknown(Exception):
    """A text names no time zone. The message says what to write."""


def zone_named(text: str) -> tzinfo:
    """Zone with this name of the time zone database, such as "Europe/Berlin", or with this offset, such as "+0100"."""
    if text.upper() in UNIVERSAL:
        return UTC
    if fixed := _offset(text):
        return fixed
    try:
        return ZoneInfo(text)
    except (OSError, ValueError, KeyError):
        names = available_timezones()
        if not names:
            raise ZoneUnknown(NO_DATABASE) from None
        parts = {part.lower(): name for name in sorted(names) for part in name.split("/")[1:]}
        near = difflib.get_close_matches(text, names, 1, 0.7) or [parts.get(text.lower(), "")]
        meant = f" (did you mean {near[0]}?)" if near[0] else ""
        raise ZoneUnknown(f"{text!r} is no time zone{meant}; write Europe/Berlin or +0100, for example") from None


def read_time(text: str, zone: tzinfo | None) -> str:
    """Instant of a time written as 2026-11-02 10:00:00, with a zone or in this zone. TimeUnclear if it has no other."""
    match = WRITTEN.fullmatch(text.strip())
    if match is None:
        raise TimeUnclear("its time is not written like 2026-11-02 10:00:00 UTC; correct it in the source")
    try:
        local = datetime.fromisoformat(re.sub(r"[.,]\d+$", "", match["local"]))
    except ValueError:
        raise TimeUnclear("its date or time does not exist; correct it in the source") from None
    return instant_of(local, zone, (match["zone"] or "").strip())


def instant_of(local: datetime, zone: tzinfo | None, name: str = "") -> str:
    """Instant of a local time. `name` is the zone that the system wrote beside it, "" if it wrote none."""
    if name.upper() in UNIVERSAL:
        return clock.utc(local.replace(tzinfo=UTC))
    if fixed := _offset(name):
        return clock.utc(local.replace(tzinfo=fixed))
    if name:
        return clock.utc(_by_abbreviation(local, zone, name))
    if zone is None:
        raise TimeUnclear(f"its time has no time zone; name the zone of the system: {EXAMPLE}")
    found = _instants(local, zone)
    if not found:
        raise TimeUnclear(f"the clocks in {zone} skipped this hour; correct the time or name another --timezone")
    if len(found) > 1:
        ends = " or ".join(sorted(one.strftime("%z") for one in found))
        raise TimeUnclear(f"the clocks in {zone} showed this hour twice; write {ends} after the time in the source")
    return clock.utc(found.pop())


def _offset(text: str) -> tzinfo | None:
    match = NUMERIC.fullmatch(text)
    if match is None or int(match["hours"]) > 23 or int(match["minutes"] or 0) > 59:
        return None
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    return timezone(offset if match["sign"] == "+" else -offset)


def _instants(local: datetime, zone: tzinfo, name: str = "") -> set[datetime]:
    """Instants at which a clock in the zone shows this time. `name` is what the zone must be called then."""
    found = set()
    for fold in (0, 1):
        one = local.replace(tzinfo=zone, fold=fold)
        if name and one.tzname() != name:
            continue
        instant = one.astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None, fold=0) == local:  # the clock did not skip it
            found.add(instant.astimezone(timezone(one.utcoffset() or timedelta(0))))
    return found


def _by_abbreviation(local: datetime, zone: tzinfo | None, name: str) -> datetime:
    """Instant of a time beside an abbreviation such as CET, or beside a zone's whole name.

    Some abbreviations mean different zones: IST is used in India, Israel and Ireland. Such a one counts only if it is
    one of the zone's own.
    """
    if zone is not None and len(found := _instants(local, zone, name)) == 1:
        return found.pop()
    if "/" in name and name in available_timezones():
        return datetime.fromisoformat(instant_of(local, ZoneInfo(name)))
    meant = {instant.astimezone(UTC) for one in _all_zones() for instant in _instants(local, one, name)}
    if len(meant) == 1:
        return meant.pop()
    if not _all_zones():
        raise TimeUnclear(NO_DATABASE)
    why = "has several meanings" if meant else "is not known"
    raise TimeUnclear(f"the abbreviation {name!a} of its zone {why}; name the zone of the system: {EXAMPLE}")


@cache
def _all_zones() -> tuple[ZoneInfo, ...]:
    return tuple(ZoneInfo(name) for name in sorted(available_timezones()))
