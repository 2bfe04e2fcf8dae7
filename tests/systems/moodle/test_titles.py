from __future__ import annotations

from blindgrade.systems.moodle.titles import KINDS, NO, REQUIRED, TITLES, YES, title


def test_every_title_means_one_kind_of_column() -> None:
    assert all(KINDS[title(text)] == kind for kind, titles in TITLES.items() for text in titles)
    assert set(REQUIRED) <= set(TITLES)


def test_no_word_is_both_yes_and_no() -> None:
    assert not set(YES) & set(NO)
