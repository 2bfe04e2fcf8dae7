"""Text for a terminal, and the first line of a lesson. `grade` prints that line before it imports anything large."""

from __future__ import annotations

import io
from typing import Any, cast

from rich.console import Console, RenderableType
from rich.text import Text

WIDTH = 100  # longer lines are hard to read


def as_text(console: Console, *parts: RenderableType) -> str:
    """Text that the console would print, without blanks at the ends of lines. Nothing is printed."""
    page = io.StringIO()
    twin = Console(
        file=page,
        force_terminal=console.is_terminal,
        color_system=cast(Any, console.color_system),
        no_color=console.no_color,
        width=min(console.width, WIDTH),
        highlight=False,
        legacy_windows=False,
    )
    for part in parts:
        twin.print(part)
    return "\n".join(line.rstrip(" ") for line in page.getvalue().split("\n"))


def heading(lesson: str, title: str) -> Text:
    """First line of a lesson."""
    return Text.assemble((lesson, "bold cyan"), "  ", (title, "bold"))
