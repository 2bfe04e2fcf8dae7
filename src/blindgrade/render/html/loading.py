"""What a finished page would load, run or restyle. Templates can compute tags, so their own text is not enough.

A student's text is escaped and has no tags, so whatever is found here comes from a course's template.
"""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

ELEMENTS = {"script", "link", "iframe", "frame", "object", "embed", "base", "form", "meta", "style", "audio", "video"}
SOURCES = {"src", "srcset", "poster", "background", "data", "action", "formaction", "ping"}
LINKS = {"href", "xlink:href"}
CSS = re.compile(r"\\|(?<![\w-])(url|src|image|(-webkit-)?image-set)\s*\((?!\s*[\"']?(#|data:image/))", re.I)
UNSEEN = re.compile(r"[\x00-\x20]+")  # a browser leaves these out of a link's scheme


def added(page: str, frame: str) -> list[str]:
    """What the page would load or run and `frame` does not have, as in "<script>" or "<p onclick=…>"."""
    return list((_found(page) - _found(frame)).elements())


def _found(page: str) -> Counter[str]:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ELEMENTS:
            self.found[f"<{tag}>"] += 1
        for name, value in attrs:
            if _loads(tag, name, value or ""):
                self.found[f"<{tag} {name}=…>"] += 1


def _loads(tag: str, name: str, value: str) -> bool:
    place = UNSEEN.sub("", value).lower()
    if name.startswith("on"):
        return True
    if name in SOURCES:
        return not place.startswith("data:image/")
    if name in LINKS and tag == "a":
        return place.startswith(("javascript:", "data:", "vbscript:"))
    if name in LINKS:
        return not place.startswith(("#", "data:image/"))
    return bool(CSS.search(value))
