"""Times as systems write them: the instants are those of the time zone database."""

from __future__ import annotations

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from blindgrade.collect import times
from blindgrade.collect.times import TimeUnclear, ZoneUnknown, read_time, zone_named

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-10 21:40:00.000000 UTC", "2026-11-10T21:40:00Z"),
        ("2026-11-11 03:40:00.000000 CET", "2026-11-11T02:40:00Z"),
        ("2026-07-11 03:40:00.000000 CEST", "2026-07-11T01:40:00Z"),
        ("2026-11-10 21:40:00.000000 EST", "2026-11-11T02:40:00Z"),
        ("2026-07-10 21:40:00.000000 EDT", "2026-07-11T01:40:00Z"),
        ("2026-07-10 21:40:00 BST", "2026-07-10T20:40:00Z"),
        ("2026-11-11 03:40:00.000000 +0100", "2026-11-11T02:40:00Z"),
        ("2026-11-11 03:40:00 -03", "2026-11-11T06:40:00Z"),
        ("2026-11-11 03:40:00 +0545", "2026-11-10T21:55:00Z"),
        ("2026-11-11T03:40:00+01:00", "2026-11-11T02:40:00Z"),
        ("2026-11-11T03:40Z", "2026-11-11T03:40:00Z"),
        ("2026-11-11 03:40:00 UTC+1", "2026-11-11T02:40:00Z"),
        ("2026-11-11 03:40:00 Europe/Berlin", "2026-11-11T02:40:00Z"),
    ],
)
def test_a_time_with_a_zone_is_one_instant_whatever_the_zone_of_the_course_is(text: str, at: str) -> None:
    assert read_time(text, None) == at
    assert read_time(text, ZoneInfo("Asia/Tokyo")) == at


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-11-10 21:40:00", "has no time zone; name the zone of the system: --timezone"),
        ("2026-11-10 21:40:00 IST", "'IST' of its zone has several meanings"),
        ("2026-11-10 21:40:00 CST", "'CST' of its zone has several meanings"),
        ("2026-11-10 21:40:00 ABCD", "'ABCD' of its zone is not known"),
        ("2026-02-30 21:40:00 UTC", "does not exist"),
        ("2026-11-10 25:40:00 UTC", "does not exist"),
        ("10.11.2026 21:40", "is not written like 2026-11-02 10:00:00 UTC"),
        ("", "is not written like"),
    ],
)
def test_a_time_that_is_not_certain_is_an_error_that_says_what_to_do(text: str, says: str) -> None:
    with pytest.raises(TimeUnclear, match=says):
        read_time(text, None)


def test_an_abbreviation_with_several_meanings_has_the_one_of_the_zone_that_is_named() -> None:
    times = {zone: read_time("2026-11-10 21:40:00 IST", ZoneInfo(zone)) for zone in ("Asia/Kolkata", "Asia/Jerusalem")}
    assert times == {"Asia/Kolkata": "2026-11-10T16:10:00Z", "Asia/Jerusalem": "2026-11-10T19:40:00Z"}
    with pytest.raises(TimeUnclear, match="several meanings"):
        read_time("2026-11-10 21:40:00 IST", BERLIN)


def test_a_local_time_is_read_with_the_daylight_saving_of_its_day() -> None:
    assert read_time("2026-11-10 21:40:00", BERLIN) == "2026-11-10T20:40:00Z"
    assert read_time("2026-07-10 21:40:00", BERLIN) == "2026-07-10T19:40:00Z"


def test_the_hour_that_comes_twice_needs_its_zone_and_the_hour_that_is_skipped_is_no_time() -> None:
    """On 25 October 2026 clocks in Berlin show 2:30 twice; on 29 March 2026 they never show it."""
    with pytest.raises(TimeUnclear, match=r"showed this hour twice; write \+0100 or \+0200 after the time"):
        read_time("2026-10-25 02:30:00", BERLIN)
    assert read_time("2026-10-25 02:30:00 +0200", BERLIN) == "2026-10-25T00:30:00Z"
    assert read_time("2026-10-25 02:30:00 CEST", BERLIN) == "2026-10-25T00:30:00Z"
    assert read_time("2026-10-25 02:30:00 CET", BERLIN) == "2026-10-25T01:30:00Z"
    with pytest.raises(TimeUnclear, match="skipped this hour"):
        read_time("2026-03-29 02:30:00", BERLIN)
    assert read_time("2026-10-25 03:00:00", BERLIN) == "2026-10-25T02:00:00Z"
    assert read_time("2026-03-29 03:00:00", BERLIN) == "2026-03-29T01:00:00Z"


def test_a_zone_is_a_name_of_the_database_or_an_offset() -> None:
    assert zone_named("Europe/Berlin") == BERLIN and zone_named("utc") == UTC
    assert zone_named("+0100").utcoffset(None) == timedelta(hours=1)
    assert zone_named("-03:30").utcoffset(None) == -timedelta(hours=3, minutes=30)
    with pytest.raises(ZoneUnknown, match=r"'Berlin' is no time zone \(did you mean Europe/Berlin\?\); write"):
        zone_named("Berlin")
    for text in ("", "Europe", "../../etc/passwd", "/etc/localtime", "+2500"):
        with pytest.raises(ZoneUnknown, match="is no time zone"):
            zone_named(text)


def test_a_machine_without_a_time_zone_database_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(key: str) -> ZoneInfo:
        raise ZoneInfoNotFoundError(key)

    monkeypatch.setattr(times, "available_timezones", set)
    monkeypatch.setattr(times, "ZoneInfo", none)
    monkeypatch.setattr(times, "_all_zones", tuple)
    with pytest.raises(ZoneUnknown, match="pip install tzdata"):
        zone_named("Europe/Berlin")
    with pytest.raises(TimeUnclear, match="pip install tzdata"):
        read_time("2026-11-10 21:40:00 CET", None)
    assert read_time("2026-11-10 21:40:00", zone_named("+0100")) == "2026-11-10T20:40:00Z"
