"""Parts of a file that Python cannot read: merge-conflict markers, and definitions with a broken line inside.

They become blank lines, so the rest of the file runs and keeps its line numbers. A definition is never read by its
first half: if a line inside it is broken, the whole definition is left out.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from blindgrade.engine.submission.lines import LineMap
from blindgrade.engine.submission.statements import DEFINITIONS, tree_of
from blindgrade.engine.worker.blocks import CONTINUES, parsed_block

DEFINES = re.compile(r"^(?:async +def|def|class) +(\w+)")
HEADER = re.compile(r"(?:async\b|def\b|class\b|if\b|for\b|while\b|with\b|try\b|match\b|@)")
OPENS, PARTS, CLOSES = re.compile(r"<{7}(?: |$)"), re.compile(r"={7}$|\|{7}(?: |$)"), re.compile(r">{7}(?: |$)")
SCOPES = (*DEFINITIONS, ast.Lambda)
COMMENT = re.compile(r"\s*(?:#|$)")
UNREAD = "could not be read"  # start of the message of each check of such an exercise

# Syntax of later Pythons, by the line or by the parser's message.
NEWER = (
    ((3, 12), re.compile(r"\s*type\s+\w+\s*(?:\[.*\]\s*)?="), ""),
    ((3, 12), re.compile(r"\s*(?:async\s+)?def\s+\w+\s*\["), ""),
    ((3, 12), re.compile(r"\s*class\s+\w+\s*\["), ""),
    ((3, 14), re.compile(r".*(?<!\w)[tT][rR]?[\"']"), ""),
    ((3, 14), re.compile(r""), "multiple exception types must be parenthesized"),
)


@dataclass
class Readable:
    """Text that Python parses, reasons of the definitions that are not in it by their names, and problems to report."""

    text: str
    unread: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether definitions were left out and none is left."""
        return bool(self.unread) and not any(DEFINES.match(line) for line in self.text.split("\n"))


def readable(text: str, lines: LineMap) -> Readable:
    """The text without its broken parts."""
    found = Readable(text)
    tree = tree_of(text)
    if tree is None:
        work = _Repair(text.split("\n"), lines, found)
        work.conflicts()
        if tree_of("\n".join(work.rows)) is None:
            work.blocks()
        found.text = "\n".join(work.rows)
        tree = tree_of(found.text)
    if tree is not None:
        work = _Repair(found.text.split("\n"), lines, found)
        work.returns(tree)
        found.text = "\n".join(work.rows)
    return found


def reads(error: SyntaxError | str, row: str) -> str:
    """Parser's message, with the Python that read the line and, for newer syntax, the Python that it needs."""
    said = error if isinstance(error, str) else str(error.msg)
    here = sys.version_info[:2]
    for version, pattern, message in NEWER:
        if version > here and pattern.match(row) and said.startswith(message):
            needs, graded = (".".join(map(str, one)) for one in (version, here))
            return f"{said}; this syntax needs Python {needs}, and Python {graded} graded the file"
    if said.startswith("f-string") and here < (3, 12):
        # A quote of the same kind inside, a backslash and a comment: the message does not say which it is.
        return f"{said}; Python {here[0]}.{here[1]} graded the file, and Python 3.12 allows more in f-strings"
    return f"{said} (read by Python {here[0]}.{here[1]})"


@dataclass
class _Repair:
    """Lines of the text. Broken parts become blank, and their definitions are noted."""

    rows: list[str]
    lines: LineMap
    found: Readable

    # ------------------------------------------------------------ merge conflicts

    def conflicts(self) -> None:
        """Blank each region between conflict markers, and the definition around it."""
        for first, middle, last in list(self._marked()):
            sides = [self.rows[first + 1 : middle], self.rows[middle + 1 : last]]
            begin, end = first, last + 1
            if any(_begins_indented(side) for side in (*sides, self.rows[last + 1 :])):
                begin = self._start_above(first)
                while end < len(self.rows) and not _at_margin(self.rows[end]):
                    end += 1
            what = f"merge-conflict markers from {self.lines.where(first + 1)} to {self.lines.where(last + 1)}"
            advice = "keep one side and delete the lines with <<<<<<<, ======= and >>>>>>>"
            names = self._blank(begin, end, f"{UNREAD}: {what}; {advice}")
            self.found.problems.append(f"{what}{_named(names)}; {advice}")

    def _marked(self) -> Iterator[tuple[int, int, int]]:
        first = middle = -1
        for number, row in enumerate(self.rows):
            if OPENS.match(row):
                first, middle = number, -1
            elif first >= 0 and middle < 0 and PARTS.match(row):
                middle = number
            elif first >= 0 and CLOSES.match(row):
                yield first, middle if middle >= 0 else first, number
                first = -1

    def _start_above(self, row: int) -> int:
        """First line of the definition that the line belongs to, with its decorators."""
        start = row
        while start > 0:
            start -= 1
            if _at_margin(self.rows[start]):
                break
        while start > 0 and self.rows[start - 1].startswith("@"):
            start -= 1
        return start

    # ------------------------------------------------------------ blocks that do not parse

    def blocks(self) -> None:
        """Blank each block that does not parse, and a definition before it whose rest the block contains."""
        text = "\n".join(self.rows)
        rows = text.split("\n")
        starts = [number for number, row in enumerate(rows) if not CONTINUES.match(row)]
        at = 0
        last: tuple[int, int, list[ast.stmt]] | None = None  # the last block that parsed
        if starts and any(not COMMENT.match(row) for row in rows[: starts[0]]):
            self._broken(0, starts[0], "SyntaxError: unexpected indent", 1)
        while at < len(starts):
            body, following, problem = parsed_block(rows, starts, at, self.lines.file)
            end = starts[following] if following < len(starts) else len(rows)
            if problem is None:
                for name in (node.name for node in body if isinstance(node, DEFINITIONS)):
                    self.found.unread.pop(name, None)  # the last definition counts
                last = (starts[at], end, body)
            else:
                begin = starts[at]
                if last is not None and _continues(rows[begin:end]) and hasattr(last[2][-1], "body"):
                    begin = max(last[2][-1].lineno - 1, last[0])
                    last = None
                said = f"{problem.error.type}: {problem.error.message}"
                self._broken(begin, end, said, problem.line)
            at = following

    def _broken(self, begin: int, end: int, said: str, line: int) -> None:
        row = self.rows[line - 1] if 0 < line <= len(self.rows) else ""
        kind, _, message = said.partition(": ")
        what = f"{self.lines.where(line)}: {kind}: {reads(' '.join(message.split())[:200], row)}"
        names = self._blank(begin, end, f"{UNREAD}: {what}")
        self.found.problems.append(f"{what}{_named(names) or '; this part was left out'}, and the rest was graded")

    # ------------------------------------------------------------ lines that fell out of their function

    def returns(self, tree: ast.Module) -> None:
        """Leave out a function if a `return` at the margin shows that its rest is outside of it."""
        last: ast.FunctionDef | ast.AsyncFunctionDef | None = None
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                # A function that ends with `return` or `raise` is whole.
                last = None if isinstance(node.body[-1], ast.Return | ast.Raise) else node
            elif last is not None and _returns(node):
                begin = min(one.lineno for one in (last, *last.decorator_list)) - 1
                line = next(one.lineno for one in _outside_functions(node) if isinstance(one, ast.Return))
                # What is between the function and its `return` may be its rest, too.
                self._broken(begin, node.end_lineno or node.lineno, "SyntaxError: 'return' outside function", line)
                last = None

    # ------------------------------------------------------------

    def _blank(self, begin: int, end: int, reason: str) -> list[str]:
        """Blank these lines. Return the names of the definitions that began in them."""
        names = list(dict.fromkeys(m[1] for row in self.rows[begin:end] if (m := DEFINES.match(row))))
        self.rows[begin:end] = [""] * (end - begin)
        self.found.unread.update(dict.fromkeys(names, reason))
        return names


def _continues(rows: list[str]) -> bool:
    """Does a block that does not parse contain the rest of the definition before it?

    Its first line is a statement that needs no indented lines, and indented lines follow.
    """
    head, rest = rows[0], rows[1:]
    if not _begins_indented(rest) or HEADER.match(head) or head.rstrip().endswith(("(", "[", "{", ",", "\\")):
        return False
    return True


def _begins_indented(rows: list[str]) -> bool:
    first = next((row for row in rows if row.strip()), "")
    return first[:1] in (" ", "\t")


def _at_margin(row: str) -> bool:
    return not CONTINUES.match(row)


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, SCOPES):
            yield from _outside_functions(child)


def _returns(node: ast.stmt) -> bool:
    return not isinstance(node, DEFINITIONS) and any(isinstance(one, ast.Return) for one in _outside_functions(node))


def _named(names: list[str]) -> str:
    return f"; {' and '.join(f'`{name}`' for name in names)} {UNREAD}" if names else ""
