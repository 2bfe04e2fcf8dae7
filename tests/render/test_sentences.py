"""Sentences of a message: each has one end."""

from __future__ import annotations

import pytest

from blindgrade.render.sentences import joined


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("it is broken", "it is broken. Repair it."),
        ("Encountered unknown tag 'if'.", "Encountered unknown tag 'if'. Repair it."),
        ("did you mean `closing`?", "did you mean `closing`? Repair it."),
        ("no such file\n", "no such file. Repair it."),
    ],
)
def test_a_sentence_gets_an_end_unless_it_has_one(first: str, said: str) -> None:
    assert joined(first, "Repair it") == said
