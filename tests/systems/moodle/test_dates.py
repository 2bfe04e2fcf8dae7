"""Dates in the forms that Moodle's language packs give to `userdate`."""

from __future__ import annotations

from datetime import datetime

import pytest

from blindgrade.collect.times import TimeUnclear
from blindgrade.systems.moodle.dates import (
    FILLERS,
    MONTH_OF,
    MONTHS,
    WEEKDAY_OF,
    WEEKDAYS,
    looks_like_a_date,
    read_date,
)

TEN = datetime(2026, 11, 2, 10, 0)


@pytest.mark.parametrize(
    "text",
    [
        "Monday, 2 November 2026, 10:00 AM", "Monday, November 2, 2026, 10:00 AM", "Mon, 2 Nov 2026, 10:00",
        "Montag, 2. November 2026, 10:00", "lundi 2 novembre 2026, 10:00", "lundi 2 novembre 2026 à 10h00",
        "lunes, 2 de noviembre de 2026, 10:00", "segunda-feira, 2 de novembro de 2026 às 10:00",
        "lunedì, 2 novembre 2026, 10:00", "dilluns, 2 de novembre 2026, 10:00", "maandag, 2 november 2026, 10:00",
        "måndag, 2 november 2026, 10:00", "mandag den 2. november 2026, 10:00",
        "maanantaina 2. marraskuuta 2026, 10:00",
        "poniedziałek, 2 listopada 2026, 10:00", "pondělí, 2. listopadu 2026, 10:00",
        "Pazartesi, 2 Kasım 2026, 10:00", "понедельник, 2 ноября 2026, 10:00", "понеділок, 2 листопада 2026, 10:00",
        "2026年 11月 2日(月曜日) 10:00", "2026年11月2日 星期一 10:00", "02.11.2026, 10:00", "2026-11-02 10:00:00",
    ],
)  # fmt: skip
def test_a_date_is_read_in_the_language_of_the_site(text: str) -> None:
    assert read_date(text) == TEN and looks_like_a_date(text)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("12:05 AM", 0), ("12:05 PM", 12), ("1:05 PM", 13), ("11:05 p. m.", 23), ("13:05", 13), ("01:05", 1)],
)
def test_noon_midnight_and_the_afternoon_have_their_hour(text: str, hour: int) -> None:
    assert read_date(f"Monday, 2 November 2026, {text}") == datetime(2026, 11, 2, hour, 5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("02/11/2026 10:00", "day/month and as month/day; write it in that cell as 2026-11-02 10:00"),
        ("Tuesday, 2 November 2026, 10:00 AM", "day of the week does not fit"),
        ("Monday, 31 November 2026, 10:00", "does not exist"),
        ("Monday, 2 November 2026, 25:00", "does not exist"),
        ("Monday, 2 November 2026, 13:00 PM", "is not understood"),
        ("Montag, 2. Brumaire 2026, 10:00", "is not understood"),
        ("Monday, 2 November 2026", "is not understood"),
        ("Monday, 2 November 2026, 10:00 AM or 11:00 AM", "is not understood"),
        ("Monday, 2 November 2026, 10:00 AM probably", "is not understood"),
        ("Monday, 2 November 2026, 10:00 AM 3", "is not understood"),
        ("yesterday", "is not understood"),
        ("-", "is not understood"),
    ],
)
def test_a_date_that_is_not_certain_is_an_error(text: str, says: str) -> None:
    with pytest.raises(TimeUnclear, match=says):
        read_date(text)


def test_a_numeric_date_is_read_if_only_one_order_is_possible() -> None:
    assert read_date("13/11/2026 10:00") == read_date("11/13/2026 10:00") == datetime(2026, 11, 13, 10, 0)
    assert read_date("11/11/2026 10:00") == datetime(2026, 11, 11, 10, 0)


def test_no_word_means_two_months_or_two_days_in_different_languages() -> None:
    for lists, numbers, size in ((MONTHS, MONTH_OF, 12), (WEEKDAYS, WEEKDAY_OF, 7)):
        for words in lists:
            assert len(words.split()) == size, words
            assert sorted(numbers[word.casefold()] for word in words.split()) == sorted(set(numbers.values()))
    assert not {*MONTH_OF} & {*WEEKDAY_OF} and not {*MONTH_OF, *WEEKDAY_OF} & FILLERS
