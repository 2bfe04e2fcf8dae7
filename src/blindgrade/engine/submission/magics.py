"""IPython's own lines in a cell: magics, shell lines and help. They become Python, or are left out and noted."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field

KEPT_CELL_MAGICS = frozenset({"time", "timeit", "capture"})
SHOWN_CELL_MAGICS = frozenset({"html", "HTML", "javascript", "js", "latex", "markdown", "svg"})  # nothing is lost
# Magics that change nothing of the code's names.
QUIET_MAGICS = frozenset(
    """
    matplotlib config load_ext reload_ext unload_ext autoreload aimport grade timeit prun lprun mprun memit who whos
    who_ls
    pdb debug xmode precision tensorboard history hist pinfo pinfo2 psource pdoc colors automagic logstart logstop
    tb pprint lsmagic magic quickref pylab watermark reset_selective
""".split()
)
MAX_SINGLE_MAGICS = 50  # each costs one parse; with more, all lines that look like magics are removed at once

# %magic, !shell, name = %magic, name = !shell, ?help, help?, help??
MAGIC = re.compile(r"\s*(?:[%!?]|[\w.,\[\]'\" ]+=\s*[%!](?!=)|[\w.*%]+\?\??\s*$)")
PARTS = re.compile(r"(?P<indent>\s*)(?:(?P<target>[\w.,\[\]'\" ]+?)\s*=\s*)?%(?P<name>\w+)(?:\s+(?P<rest>.*))?$")
DEFINITION = re.compile(r"^\s*(?:async\s+def|def|class)\s+(\w+)", re.MULTILINE)
MAIN = re.compile(r"""^if\s+__name__\s*==\s*(["'])__main__\1\s*:""")


@dataclass
class Cell:
    """Code cell. `body` is None if it does not parse; then it stays unchanged."""

    number: int
    lines: list[str]
    count: int | None = None  # Jupyter's number of its last run
    released: bool = False  # the course's own cell: a picture, or the path to its files
    body: list[ast.stmt] | None = None
    left_out: list[ast.stmt] = field(default_factory=list)
    shell: list[tuple[int, str]] = field(default_factory=list)  # line and text of each line that was not run

    @property
    def text(self) -> str:
        """The cell's text as it is now."""
        return "\n".join(self.lines)


def parse(cell: Cell, problems: list[str], *, main: bool = True) -> None:
    """Replace the cell's magics, then fill `body` if the rest is Python. The number of lines stays.

    With `main`, the block of `if __name__ == "__main__"` runs, as in a kernel. In the worker, the module has the
    lesson's name.
    """
    first = next((n for n, line in enumerate(cell.lines) if line.strip()), 0)
    if cell.lines[first].startswith("%%"):
        _cell_magic(cell, first, problems)
    if main:
        cell.lines[:] = [MAIN.sub("if True:", line) for line in cell.lines]
    for _ in range(MAX_SINGLE_MAGICS):
        error = _try(cell)
        if error is None:
            return
        at = (error.lineno or 1) - 1
        # A `%` that continues an expression and a `!` inside a string parse. So only a line that stops the parser is
        # replaced.
        if not (0 <= at < len(cell.lines) and MAGIC.match(cell.lines[at])):
            break
        _replace(cell, at)
    for at, line in enumerate(cell.lines):
        if MAGIC.match(line):
            _replace(cell, at)
    error = _try(cell)
    if error is not None and "unterminated triple-quoted" in str(error.msg):
        # Otherwise the open string would include the cells that follow.
        start = max((error.lineno or 1) - 1, 0)
        problems.append(
            f"cell {cell.number}, line {start + 1}: a triple-quoted string has no end, so the rest "
            "of the cell was left out; close the string"
        )
        cell.lines[start:] = [""] * len(cell.lines[start:])
        _try(cell)


def _cell_magic(cell: Cell, first: int, problems: list[str]) -> None:
    name = "".join(cell.lines[first][2:].split(maxsplit=1)[:1])
    if name not in KEPT_CELL_MAGICS:
        if DEFINITION.search(cell.text):
            problems.append(
                f"cell {cell.number} starts with %%{name}, so it was left out; "
                "move its definitions to a cell of their own"
            )
        elif name not in SHOWN_CELL_MAGICS:
            cell.shell.append((first + 1, cell.lines[first].strip()))
        cell.lines[:] = [""] * len(cell.lines)
    _drop(cell.lines, first)


def _try(cell: Cell) -> SyntaxError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence" is a warning for the student alone
            cell.body = ast.parse(cell.text).body
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError):
        return SyntaxError("too deep to parse")
    return None


def _replace(cell: Cell, at: int) -> None:
    """Put Python in place of a magic that gives names a value, and drop every other magic."""
    line = cell.lines[at]
    found = PARTS.match(line)
    name, rest = (found["name"], (found["rest"] or "").strip()) if found else ("", "")
    if found and name == "time" and rest and not line.endswith("\\"):
        target = f"{found['target']} = " if found["target"] else ""
        cell.lines[at] = f"{found['indent']}{target}{rest}"
        return
    if found and name == "run" and rest:
        cell.lines[at] = f"{found['indent']}get_ipython().run_line_magic('run', {rest!r})"
        return
    if name not in QUIET_MAGICS and ("!" in line or found):
        cell.shell.append((at + 1, line.strip()))
    _drop(cell.lines, at)


def _drop(lines: list[str], at: int) -> None:
    """Blank a magic and its continuation lines. Inside a block, `pass` keeps the block valid."""
    line = lines[at]
    indent = line[: len(line) - len(line.lstrip())]
    lines[at] = f"{indent}pass" if indent else ""
    while line.endswith("\\") and at + 1 < len(lines):
        at += 1
        line, lines[at] = lines[at], ""
