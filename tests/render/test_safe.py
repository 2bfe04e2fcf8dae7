from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blindgrade.render.safe import shown


@pytest.mark.parametrize("text", ["", "plain\ttext\n", "tëxt ☃ 🎉 数学 ∇·x", "a b", "<b>&amp;</b>", r"\x1b"])
def test_text_that_a_reader_can_see_is_shown_unchanged(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x1b]8;;http://evil\x07", r"\x1b]8;;http://evil\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("a\rb\x00c\x08\x7f", r"a\x0db\x00c\x08\x7f"),
        ("a\u202eb", r"a\u202eb"),
        ("\u2066\u2069", r"\u2066\u2069"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("\ud800", r"\ud800"),
        ("\ue000", r"\ue000"),
        ("\U000e0041", r"\U000e0041"),
        ("one\u2028two\u2029", r"one\u2028two\u2029"),
        ("::set-output name=points::100", r"\x3a:set-output name=points::100"),
        ("x\n  ::error::y", "x\n  \\x3a:error::y"),
        ("far away ::error::y", r"far away \x3a:error::y"),
        ("a ##[error]b", r"a \x23#[error]b"),
        ("soft\u00adhyphen", r"soft\xadhyphen"),
    ],
    ids=ascii,
)
def test_text_that_a_terminal_or_page_could_interpret_is_written_as_its_escape(text: str, escaped: str) -> None:
    assert shown(text) == escaped


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=[])))
def test_nothing_invisible_is_left_and_the_text_can_be_encoded(text: str) -> None:
    safe = shown(text)
    assert all(c in "\n\t" or unicodedata.category(c)[0] != "C" for c in safe)
    safe.encode()


@settings(deadline=None)
@given(st.text())
def test_text_that_was_made_safe_stays_unchanged(text: str) -> None:
    assert shown(shown(text)) == shown(text)
