"""Regions: the parts of a solution that students write."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"

# Everything that may be meant as a marker. A mistyped one must not leave an answer in the stub.
MEANT = re.compile(r"#+\s*(BEGIN|END)[\s_]+SOLUTION", re.IGNORECASE)
LAYOUT = {
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.COMMENT,
    tokenize.ENDMARKER,
}


class RegionError(Exception):
    """A region cannot be cut. The message has the form "path:line: what is wrong; what to do"."""


@dataclass(frozen=True)
class _Region:
    """Lines and columns of a region's two markers, counted in the cell."""

    begin: int
    end: int
    begin_column: int
    end_column: int

    def holds(self, line: int) -> bool:
        return self.begin < line < self.end


@dataclass(frozen=True)
class _Place:
    """A statement, the nodes around it from the innermost to the module, and the id of its block."""

    statement: ast.stmt
    owners: tuple[ast.AST, ...]
    block: int

    @property
    def first(self) -> int:
        return first_line_of(self.statement)

    @property
    def last(self) -> int:
        return self.statement.end_lineno or self.statement.lineno


def first_line_of(node: ast.stmt) -> int:
    """Line on which the statement begins: that of its first decorator, if it has one."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def cut(source: str, path: str, first_line: int) -> str:
    """`source` with `raise NotImplementedError` in place of each region.

    The first line of `source` is line `first_line` of the file `path`. Raises RegionError if a region cannot be cut.
    """
    cell = _Cell(source, path, first_line)
    lines = source.split("\n")
    for region in reversed(cell.regions()):
        cell.check(region)
        lines[region.begin - 1 : region.end] = [" " * region.begin_column + "raise NotImplementedError"]
    return "\n".join(lines)


class _Cell:
    """A code cell: its tokens and statements, and the place for its error messages."""

    def __init__(self, source: str, path: str, first_line: int) -> None:
        self._path = path
        self._first_line = first_line
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            raise self._error(error.lineno or 1, f"the cell is not valid Python ({error.msg}); correct it") from None
        self._tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
        self._places = list(_places(tree, ()))

    def regions(self) -> list[_Region]:
        """Regions in order. RegionError if the markers do not form pairs."""
        found: list[_Region] = []
        opened: tokenize.TokenInfo | None = None
        for token in self._markers():
            line = token.start[0]
            if token.string == BEGIN:
                if opened:
                    first = self._first_line + opened.start[0] - 1
                    raise self._error(
                        line,
                        f"`{BEGIN}` in the region that line {first} begins; end that one first with `{END}`",
                    )
                opened = token
            elif not opened:
                raise self._error(line, f"`{END}` without `{BEGIN}`; put `{BEGIN}` above the answer, or delete it")
            else:
                found.append(_Region(opened.start[0], line, opened.start[1], token.start[1]))
                opened = None
        if opened:
            raise self._error(
                opened.start[0], f"`{BEGIN}` is never closed; put `{END}` below the answer, in the same cell"
            )
        return found

    def check(self, region: _Region) -> None:
        """Raise RegionError unless the region is one or more whole statements of one block in a function."""
        code = [t.start[0] for t in self._tokens if region.holds(t.start[0]) and t.type not in LAYOUT]
        if not code:
            raise self._error(region.begin, "the region is empty; write the answer in it, or delete its markers")
        inside = [place for place in self._places if region.holds(place.first)]
        outermost = [p for p in inside if not any(p is not q and q.statement in p.owners for q in inside)]
        if not outermost or code[0] < outermost[0].first:
            raise self._misfit(region.begin, "the region begins inside a statement")
        owners = outermost[0].owners
        if not any(isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef) for owner in owners):
            raise self._error(
                region.begin, "the region is outside a function; put its markers inside a function or method"
            )
        if region.end_column != region.begin_column:
            raise self._misfit(region.end, f"`{END}` is not indented like its `{BEGIN}`")
        if any(place.statement.col_offset != region.begin_column for place in outermost):
            raise self._misfit(region.begin, "the region is not indented like the statements in it")
        if len({place.block for place in outermost}) > 1 or self._leaves_block(region):
            raise self._misfit(region.begin, "the region covers statements of two blocks")
        if any(place.last >= region.end for place in inside):
            raise self._misfit(region.end, "the region ends inside a statement")

    def _markers(self) -> Iterator[tokenize.TokenInfo]:
        for token in self._tokens:
            if token.type != tokenize.COMMENT or not MEANT.match(token.string):
                continue
            if token.string not in (BEGIN, END) or token.line[: token.start[1]].strip():
                raise self._error(
                    token.start[0],
                    f"`{token.string}` is not a marker; write `{BEGIN}` or `{END}` alone on its line",
                )
            yield token

    def _leaves_block(self, region: _Region) -> bool:
        """Whether a line in the region, such as `else:`, is indented less than the region."""
        starts = True
        for token in self._tokens:
            if token.type == tokenize.NEWLINE:
                starts = True
            elif token.type not in LAYOUT:
                if starts and region.holds(token.start[0]) and token.start[1] < region.begin_column:
                    return True
                starts = False
        return False

    def _misfit(self, line: int, what: str) -> RegionError:
        return self._error(line, f"{what}; put both markers around whole statements of one block, indented like them")

    def _error(self, line: int, text: str) -> RegionError:
        return RegionError(f"{self._path}:{self._first_line + line - 1}: {text}")


def _places(node: ast.AST, above: tuple[ast.AST, ...]) -> Iterator[_Place]:
    owners = (node, *above)
    for _, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else ():
            if isinstance(child, ast.stmt):
                yield _Place(child, owners, id(value))
            if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
                yield from _places(child, owners)
