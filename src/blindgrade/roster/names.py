"""Names of people: whether two are the same, whether they look alike, and whether a text may name a folder."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")
MAX_WORDS = 6  # most rotations of a name's words that are compared

# Letters of other scripts that look like a Latin letter, large or small (from Unicode's confusables).
CYRILLIC = "аa вb еe іi јj кk мm нh оo рp сc тt уy хx ѕs һh ԁd ԛq ԝw ӏl"
OTHERS = "αa βb εe ζz ηh ιi κk μm νn οo ρp τt υy χx ωw ıi ɑa ɡg"
LIKE = {ord(pair[0]): pair[1] for pair in f"{CYRILLIC} {OTHERS}".split()}


def normal(name: str) -> str:
    """Form of a name for comparison: compatibility forms, case and spaces do not count."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def composed(text: str) -> str:
    """Text with each accent in one character with its letter: two forms of one id are equal."""
    return unicodedata.normalize("NFC", text)


def skeleton(name: str) -> str:
    """Visible form of a name: equal for names that look alike, even with other letters."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", normal(name)) if not unicodedata.combining(c))
    hidden = "".join(c for c in bare if unicodedata.category(c) not in ("Cf", "Mn", "Zs", "Pd", "Pc", "Po"))
    return hidden.translate(LIKE)


def forms(name: str) -> Iterator[str]:
    """Forms in which systems write one name: "ana doe", "doe ana" and "doeana" for "Doe, Ana"."""
    for turned in _turned(_words(name)):
        yield " ".join(turned)
        yield "".join(c for c in "".join(turned) if c.isalnum())


def skeletons(name: str) -> set[str]:
    """Skeletons of the name's forms."""
    return {"".join(turned) for turned in _turned([skeleton(word) for word in _words(name)])}


def _words(name: str) -> list[str]:
    last, comma, first = name.partition(",")
    return normal(f"{first} {last}" if comma else name).split()


def _turned(words: list[str]) -> list[list[str]]:
    return [words[turn:] + words[:turn] for turn in range(min(len(words), MAX_WORDS))]


def is_id(text: str) -> bool:
    """Is the text a valid folder name on every system, and so a valid id?"""
    return bool(ID.fullmatch(text)) and not text.endswith(".")
