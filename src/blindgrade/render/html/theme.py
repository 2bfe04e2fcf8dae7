"""A course's theme.css: values for the properties of palette.css, light and dark, and rules for our elements.

`:root { … }` has the values for light pages and, inside `@media (prefers-color-scheme: dark)`, those for dark ones.
Every other rule begins with `.blindgrade`, because a notebook's card is part of somebody else's page.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from blindgrade.catalog import CourseError

MAX_THEME = 64 * 1024
DARK = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
NEWLINE = re.compile(r"\r\n|\r|\f")  # each ends a line, and a string, in CSS
COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
NAME = re.compile(r"--[\w-]+")
# An SVG in an <img> or a background loads nothing and runs nothing, so a logo may be an SVG.
DATA = re.compile(r"""url\(\s*(?:"data:image/[^"\\\n]*"|'data:image/[^'\\\n]*'|data:image/[^"'()\\\s]*)\s*\)""", re.I)
# Strings are read together with pictures, from the left: `"url('data:image/"` is a string and begins no picture.
STRING = re.compile(r"""\\.|"(?:\\.|[^"\\\n])*["\n]|'(?:\\.|[^'\\\n])*['\n]""", re.S)
PICTURE_OR_STRING = re.compile(f"{DATA.pattern}|{STRING.pattern}", re.I | re.S)
ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)", re.S)
# Each pattern has the reason for the message.
REFUSED = (
    (re.compile(r"@import"), "`@import` loads a file, and pages load nothing; copy the rules into theme.css"),
    (re.compile(r"(?<![\w-])(url|src|image|(-webkit-)?image-set)\s*\("),
     "`{found}…)` loads a file, and pages load nothing; write the picture itself: url(\"data:image/svg+xml,…\")"),
    (re.compile(r"@(font-face|namespace|charset|layer|property)"),
     "`{found}` does not help here; name fonts that readers have, in --font"),
)  # fmt: skip


class ThemeError(CourseError):
    """theme.css cannot be used. The message names the line and says what to do."""


@dataclass(frozen=True)
class Theme:
    """Additions of a theme to the stylesheets: declarations for light and dark, and whole rules."""

    light: Markup = field(default_factory=Markup)
    dark: Markup = field(default_factory=Markup)
    rules: Markup = field(default_factory=Markup)


@dataclass(frozen=True)
class _Rule:
    prelude: str
    body: str
    line: int
    text: str


def read_theme(path: Path, shown: str) -> Theme:
    """Theme in the file; an empty one without a file. `shown` is the file's name in a ThemeError."""
    try:
        if not path.is_file():
            return Theme()
        text = path.read_bytes()[: MAX_THEME + 1].decode("utf-8")
    except UnicodeDecodeError:
        raise ThemeError(f"{shown}: this is no UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise ThemeError(f"{shown}: this cannot be read ({error.strerror}); check its permissions") from None
    if len(text) > MAX_THEME:
        raise ThemeError(f"{shown}: the file has more than {MAX_THEME // 1024} KiB; use a smaller logo")
    try:
        return theme_of(text)
    except _Fault as fault:
        raise ThemeError(f"{shown}:{fault.line}: {fault}") from None


class _Fault(Exception):
    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line


def theme_of(text: str) -> Theme:
    """Theme in the text. Raises _Fault with a line for the first error."""
    text = NEWLINE.sub("\n", text)
    _refuse_what_loads(text)
    light: list[str] = []
    dark: list[str] = []
    rules: list[str] = []
    for rule in _rules(text, 1):
        if rule.prelude == ":root":
            light += _declarations(rule, text)
        elif DARK.fullmatch(rule.prelude):
            for inner in _rules(rule.body, rule.line):
                if inner.prelude == ":root":
                    dark += _declarations(inner, text)
                else:
                    _ours(inner)
                    rules.append(f"{rule.prelude} {{\n{inner.text}\n}}")
        elif rule.prelude.startswith("@media"):
            for inner in _rules(rule.body, rule.line):
                _ours(inner)
            rules.append(rule.text)
        else:
            _ours(rule)
            rules.append(rule.text)
    return Theme(*(Markup("\n".join(part)) for part in (light, dark, rules)))


def _refuse_what_loads(text: str) -> None:
    at = text.lower().find("</style")
    if at >= 0:
        raise _Fault(_line(text, at), "`</style` would end the page's stylesheet; remove it")
    # Read it as a browser does: without comments, with escapes resolved. Line numbers do not change.
    plain = PICTURE_OR_STRING.sub(_without_strings, COMMENT.sub(_blank, text))
    plain = ESCAPE.sub(_resolved, plain).lower()
    for pattern, sentence in REFUSED:
        if found := pattern.search(plain):
            raise _Fault(_line(plain, found.start()), sentence.format(found=found[0]))


def _blank(match: re.Match[str]) -> str:
    return " " + "\n" * match[0].count("\n")


def _without_strings(match: re.Match[str]) -> str:
    """Nothing for a picture or a string; an escape outside of them stays."""
    return match[0] if match[0].startswith("\\") else _blank(match)


def _resolved(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[2]
    code = int(match[1], 16)
    return chr(code) if 0 < code <= 0x10FFFF else "\ufffd"


def _rules(text: str, line: int) -> Iterator[_Rule]:
    """Rules at the outermost level."""
    text = COMMENT.sub(_blank, text)
    start = opened = depth = 0
    for at, sign in _signs(text):
        if sign == "{":
            opened = at if depth == 0 else opened
            depth += 1
        elif sign == "}" and depth:
            depth -= 1
            if depth == 0:
                prelude = " ".join(text[start:opened].split())
                begin = start + len(text[start:opened]) - len(text[start:opened].lstrip())
                yield _Rule(prelude, text[opened + 1 : at], line + _line(text, opened) - 1, text[begin : at + 1])
                start = at + 1
        elif depth == 0 or sign == "}":
            raise _Fault(line + _line(text, at) - 1, f"`{sign}` is outside of a rule; remove it")
    if depth or text[start:].strip():
        raise _Fault(line + _line(text, max(opened, start)) - 1, "this rule has no end; close it with `}`")


def _signs(text: str) -> Iterator[tuple[int, str]]:
    """Braces and semicolons outside of strings and parentheses, with their places."""
    quote, parens, skip = "", 0, False
    for at, sign in enumerate(text):
        if skip:
            skip = False
        elif sign == "\\":
            skip = True
        elif quote:
            if sign in (quote, "\n"):  # a string ends with its line, as in a browser
                quote = ""
        elif sign in "\"'":
            quote = sign
        elif sign in "()":
            parens = max(0, parens + (1 if sign == "(" else -1))
        elif sign in "{};" and not parens:
            yield at, sign


def _declarations(rule: _Rule, whole: str) -> Iterator[str]:
    start = 0
    for end in [*(at for at, sign in _signs(rule.body) if sign == ";"), len(rule.body)]:
        declaration = rule.body[start:end]
        line = rule.line + _line(rule.body, start + len(declaration) - len(declaration.lstrip())) - 1
        start = end + 1
        if not declaration.strip():
            continue
        name, colon, value = (part.strip() for part in declaration.partition(":"))
        if not colon or not NAME.fullmatch(name):
            raise _Fault(line, f"`:root` takes only custom properties, as in `--link: #0a58a6`; {name!a} is not one")
        if not value:
            raise _Fault(line, f"{name} has no value; write one or remove the line")
        if name not in properties() and f"var({name}" not in whole:
            near = difflib.get_close_matches(name, properties(), n=1)
            guess = f"did you mean {near[0]}" if near else "palette.css lists the properties that pages use"
            raise _Fault(line, f"no page uses {name}; {guess}")
        yield f"{name}: {value};"


def _ours(rule: _Rule) -> None:
    for selector in rule.prelude.split(","):
        if not re.match(r"\.blindgrade(?![\w-])", selector.strip()):
            raise _Fault(rule.line, f"`{selector.strip()}` could change a notebook around its card; begin each selector"
                                    " with .blindgrade, or use `:root` for the properties")  # fmt: skip


@cache
def properties() -> tuple[str, ...]:
    """Properties that a theme may set: those of palette.css."""
    palette = files("blindgrade.render.html") / "templates" / "palette.css"
    return tuple(dict.fromkeys(re.findall(r"(--[\w-]+):", palette.read_text(encoding="utf-8"))))


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
