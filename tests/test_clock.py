"""Times as text, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from blindgrade.clock import instant, now, utc

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=ZONES)


@given(TIMES)
def test_written_content_is_read_again(at: datetime) -> None:
    assert instant(utc(at, "microseconds")) == at
    assert instant(utc(at)) == at.replace(microsecond=0)


@given(TIMES)
def test_times_of_one_precision_are_in_the_order_of_their_text(at: datetime) -> None:
    later = at + timedelta(seconds=1)
    assert utc(at) < utc(later) and utc(at, "microseconds") < utc(later, "microseconds")


def test_a_time_ends_with_z_whatever_zone_it_came_in() -> None:
    assert utc(datetime(2026, 11, 10, 1, 30, tzinfo=timezone(timedelta(hours=2)))) == "2026-11-09T23:30:00Z"
    assert utc(datetime(2026, 11, 10, 1, 30, 0, 7), "auto") == "2026-11-10T01:30:00.000007Z"
    assert abs(instant(now()) - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_missing_or_unreadable_time_is_before_every_other() -> None:
    assert instant(None) == instant("") == instant("yesterday") < instant("0001-01-02")
    assert instant("2026-11-10T10:00:00") == instant("2026-11-10T11:00:00+01:00")
