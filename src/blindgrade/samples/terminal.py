"""Page with the terminal output of `grade`, for a picture."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from blindgrade.catalog import CourseError

COLUMNS = 80
COLOURS = TerminalTheme(
    (28, 32, 38),
    (226, 229, 234),
    [(28, 32, 38), (255, 137, 128), (122, 214, 148), (235, 190, 100), (140, 170, 255), (214, 166, 236), (120, 205, 215),
     (226, 229, 234)],
    [(140, 148, 158), (255, 160, 152), (150, 226, 172), (243, 208, 130), (168, 190, 255), (226, 188, 244),
     (150, 222, 230), (255, 255, 255)],
)  # fmt: skip
PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Terminal</title><style>
body {{ margin: 0; padding: 18px; background: #ffffff; width: fit-content; }}
.window {{ background: #1c2026; color: #e2e5ea; border-radius: 10px; padding: 14px 22px 18px; }}
.lights {{ display: flex; gap: 8px; margin-bottom: 12px; }}
.lights i {{ width: 12px; height: 12px; border-radius: 50%; }}
pre {{ margin: 0; font: 15px/1.42 "JetBrains Mono", "DejaVu Sans Mono", monospace; font-variant-ligatures: none; }}
a {{ color: inherit; text-decoration: none; }}
{stylesheet}
</style></head><body><div class="window">
<div class="lights"><i style="background: #ff5f57"></i><i style="background: #febc2e"></i><i style="background: #28c840"></i></div>
<pre>{code}</pre></div></body></html>"""  # noqa: E501  # one element


def terminal_page(command: list[str], folder: Path) -> str:
    """HTML of the command and its output on a terminal of 80 columns. The command runs in the folder."""
    console = Console(width=COLUMNS, record=True, file=io.StringIO())
    console.print(Text.assemble(("$ ", "bright_black"), (" ".join(command), "bold")))
    console.print()
    console.print(Text.from_ansi(_printed(command, folder)), no_wrap=True)
    return console.export_html(theme=COLOURS, code_format=PAGE)


def _printed(command: list[str], folder: Path) -> str:
    ours, theirs = pty.openpty()
    program = [str(Path(sys.executable).with_name(command[0])), *command[1:]]
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    # The progress bar is on standard error, so it is not in the picture.
    running = subprocess.Popen(program, cwd=folder, env=environment, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    read = b""
    try:
        while part := os.read(ours, 65536):
            read += part
    except OSError:
        pass  # Linux's way to say that the other end is closed
    os.close(ours)
    if (code := running.wait()) > 1:
        raise CourseError(f"`{' '.join(command)}` ended with {code}; run it yourself to see why")
    return read.decode().replace("\r\n", "\n").strip("\n")
