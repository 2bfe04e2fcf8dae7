"""Python files as people export them from notebooks (nbconvert, jupytext), and work at the margin of any Python file.

A file gets the same choice of statements as a notebook. Each line stays on its line.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from blindgrade.engine.submission.answers import parsed
from blindgrade.engine.submission.choosing import Program
from blindgrade.engine.submission.magics import Cell, parse
from blindgrade.engine.submission.notebook import blanked, picture_lines, without_pictures
from blindgrade.engine.submission.notes import is_work, left_out, not_run

# A line at the margin that is no definition, import, decorator, comment or assignment of one name. A file without such
# a line is not analysed, because it runs as it is.
WORK = re.compile(
    r"^(?!(?:def|class|async def|import|from)\b|[@#)\]}]|\"\"\"|'''|[A-Za-z_]\w*[ ]*(?::[^=\n]*)?=[^=]|[ \t]|$)", re.M
)
JUPYTEXT = re.compile(r"\A# ---\n(?:# .*\n|#\n)*?# jupyter:\n")
COMMENTED = re.compile(r"^([ \t]*)# (?=[%!]{1}(?!%)\w|%%(?:time|timeit|capture)\b|\w+ = [%!]\w)", re.M)
EXPORTED = re.compile(
    r"^(?P<indent>[ \t]*)(?P<target>[\w.]+ = )?get_ipython\(\)\."
    r"(?P<kind>run_line_magic|system|getoutput|magic)\((?P<given>.*)\)[ \t]*$",
    re.M,
)
MAX_LINES = 5  # left-out lines that are named
CELL_TIMES = re.compile(r"^%%(?:time|timeit|capture)\b.*$", re.M)


@dataclass(frozen=True)
class ScriptText:
    """Text that runs, and its problems. It has the file's lines."""

    text: str
    problems: list[str]


def read_script(text: str, name: str, graded: frozenset[str] | None) -> ScriptText:
    """The code of a Python file that runs. `name` is the file's name, for the notes."""
    if graded is None:
        return ScriptText(without_pictures(text), [])
    if not WORK.search(text) and not JUPYTEXT.match(text):
        return ScriptText(text, [])
    cell = Cell(1, _with_magics(text).split("\n"))
    if any("get_ipython" in line or line.lstrip()[:1] in ("%", "!") for line in cell.lines):
        parse(cell, [], main=False)
    else:
        cell.body = parsed(text) or None
    if cell.body is None:  # its readable parts run, see `broken`
        return ScriptText(without_pictures(text), [])
    program = Program(cell.body, graded)
    kept = program.kept()
    cell.left_out = [node for node in cell.body if id(node) not in kept]
    notes = not_run([(f"{name}:{line}", text) for line, text in cell.shell], program)
    released = picture_lines(text)  # the course's own pictures are not named
    if done := [node.lineno for node in cell.left_out if is_work(node) and node.lineno not in released]:
        shown = ", ".join(map(str, done[:MAX_LINES])) + (" and more" if len(done) > MAX_LINES else "")
        notes += [f"{name}: {note}" for note in left_out(f"{'line' if len(done) == 1 else 'lines'} {shown}")]
    return ScriptText("\n".join(blanked(cell.lines, cell.left_out)), notes)


def _with_magics(text: str) -> str:
    """The text with its magics as a notebook has them."""
    if JUPYTEXT.match(text):
        text = CELL_TIMES.sub("", COMMENTED.sub(r"\1", text))
    return EXPORTED.sub(_as_magic, text)


def _as_magic(found: re.Match[str]) -> str:
    try:
        given = ast.literal_eval(f"({found['given']},)")
    except (ValueError, SyntaxError):
        return found[0]
    if not all(isinstance(part, str) and "\n" not in part for part in given):
        return found[0]
    sign = "%" if found["kind"] in ("run_line_magic", "magic") else "!"
    return f"{found['indent']}{found['target'] or ''}{sign}{' '.join(given)}"
