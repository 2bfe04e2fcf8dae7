"""Sentences that are joined into one message."""

from __future__ import annotations

ENDS = (".", "?", "!", "…")


def joined(*sentences: str) -> str:
    """Sentences with a blank between them. One without an end gets a full stop."""
    texts = [sentence.rstrip() for sentence in sentences]
    return " ".join(text if text.endswith(ENDS) else f"{text}." for text in texts)


def begun(text: str) -> str:
    """Text as the beginning of a sentence, with a capital letter."""
    return text[:1].upper() + text[1:]


def many(count: int, what: str) -> str:
    """The number with its noun."""
    return f"{count} {what}{'' if count == 1 else 's'}"
