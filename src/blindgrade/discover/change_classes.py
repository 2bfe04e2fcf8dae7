"""Classes of small changes of a solution, in words that a student may read. A class never quotes the solution."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

# Words that follow "your code answers".
WORDS = {
    "axis": "as if another axis were meant",
    "kept axis": "as if an axis were kept that should vanish, or the other way round",
    "option": "as if an option were switched the other way round",
    "sign": "as if a sign were the other way round",
    "product": "as if something were divided that should be multiplied, or the other way round",
    "power": "as if a power were another one",
    "matrix product": "as if a matrix product were a product of single values",
    "limit": "as if the case exactly at a limit belonged to the other side",
    "condition": "as if a condition were the other way round",
    "joined conditions": "as if two conditions were joined in another way",
    "case": "as if a special case were not treated",
    "left out": "as if a part of the calculation were left out",
    "exchanged": "as if two things were exchanged",
    "function": "as if another function were meant",
    "element": "as if another element or part were taken",
    "steps": "as if there were another number of steps",
    "whole number": "as if a whole number were another one",
    "constant": "as if a constant were another one",
    "other": "as if one small part of the calculation were another one",
}
AXIS_NAMES = ("dim", "dims", "axis", "axes", "dim0", "dim1", "start_dim", "end_dim", "axis1", "axis2")
KEPT = ("keepdim", "keepdims")
# Functions and methods whose whole numbers are axes. Of the first kind all arguments are, of the second kind the last.
ALL_AXES = {
    "transpose", "permute", "swapaxes", "movedim", "unsqueeze", "squeeze", "flatten", "size", "flip", "sum", "mean",
    "std", "var", "amax", "amin", "prod", "cumsum", "cumprod", "softmax", "log_softmax", "logsumexp", "argmax",
    "argmin", "norm", "unbind", "any", "all", "diff",
}  # fmt: skip
LAST_IS_AXIS = {"cat", "stack", "concat", "concatenate", "chunk", "split", "roll", "gather", "index_select", "unfold"}
SIGNS = (ast.Add, ast.Sub)
PRODUCTS = (ast.Mult, ast.Div)
LESS = (ast.Lt, ast.LtE)
LIMITS = (*LESS, ast.Gt, ast.GtE)

Step = tuple[ast.AST, str]  # a node, and the field of it that leads on


def class_of(before: str, after: str, line: int = 0) -> str:
    """Class of the one change between two texts of a solution: a key of WORDS. `line` is one that it changes."""
    old, new = _around(before, after, line)
    found = _first_difference(ast.parse(old), ast.parse(new), [])
    if found is None:
        return "other"
    one, other, above = found
    return (
        _of_operator(one, other)
        or _of_form(one, other, above)
        or _of_constant(one, other, above)
        or _of_parts(one, other, above)
        or "other"
    )


def _around(before: str, after: str, line: int) -> tuple[str, str]:
    """Texts of the top-level statement at the line. To parse a whole solution takes ten times as long."""
    old, new = before.splitlines(), after.splitlines()
    if not 0 < line <= len(old) or len(old) != len(new):
        return before, after
    first = next((n for n in range(line - 1, 0, -1) if _begins(old[n])), 0)
    last = next((n for n in range(max(line, first + 1), len(old)) if _begins(old[n])), len(old))
    parts = "\n".join(old[first:last]), "\n".join(new[first:last])
    try:
        return parts if all(ast.parse(part).body for part in parts) and parts[0] != parts[1] else (before, after)
    except SyntaxError:  # for example a text with lines at the margin
        return before, after


def _begins(line: str) -> bool:
    return bool(line) and line[0] not in " \t)]}#@"


def words_of(kinds: list[str]) -> str:
    """Sentence part about up to three classes; empty for more, because they say nothing together."""
    if not 0 < len(kinds) <= 3:
        return ""
    first, *others = (WORDS[kind] for kind in kinds)
    return ", or ".join([first, *others])


def _first_difference(old: Any, new: Any, above: list[Step]) -> tuple[Any, Any, list[Step]] | None:
    """Innermost pair of parts that contains the whole difference, and the nodes above it, outermost first."""
    if isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            return old, new, above
        pairs = [(one, other, above) for one, other in zip(old, new, strict=True)]
    elif isinstance(old, ast.AST) and type(old) is type(new):
        pairs = [(getattr(old, f, None), getattr(new, f, None), [*above, (old, f)]) for f in old._fields]
    else:
        return None if old == new and type(old) is type(new) else (old, new, above)
    different = [found for pair in pairs if (found := _first_difference(*pair)) is not None]
    return different[0] if len(different) == 1 else (old, new, above) if different else None


def _of_operator(old: Any, new: Any) -> str:
    if isinstance(old, SIGNS) and isinstance(new, SIGNS):
        return "sign"
    if isinstance(old, PRODUCTS) and isinstance(new, PRODUCTS):
        return "product"
    if isinstance(old, ast.Pow):
        return "power"
    if isinstance(old, ast.MatMult):
        return "matrix product"
    if isinstance(old, LIMITS) and isinstance(new, LIMITS):
        return "limit" if isinstance(old, LESS) == isinstance(new, LESS) else "condition"
    if isinstance(old, ast.cmpop):
        return "condition"
    return "joined conditions" if isinstance(old, ast.boolop) else ""


def _of_form(old: Any, new: Any, above: list[Step]) -> str:
    parent, field = above[-1] if above else (None, "")
    if isinstance(parent, ast.If | ast.IfExp) and field == "test" and isinstance(new, ast.Constant):
        return "case"
    if isinstance(old, ast.UnaryOp):
        if isinstance(old.op, ast.Not):
            return "condition"
        number = isinstance(old.operand, ast.Constant)
        return (_of_place(above) if number else "") or "sign"
    return ""


def _of_parts(old: Any, new: Any, above: list[Step]) -> str:
    """Class of a change that leaves a part out, exchanges two, or names another function."""
    if isinstance(old, str) and isinstance(new, str) and above and above[-1][1] in ("attr", "id"):
        return "function"
    if isinstance(old, list) and isinstance(new, list):
        return "left out" if len(new) < len(old) else "exchanged" if _same_parts(old, new) else ""
    if not isinstance(old, ast.AST) or not isinstance(new, ast.AST):
        return ""
    if isinstance(new, ast.Pass):
        return "left out"
    own = [part for part in ast.iter_child_nodes(old) if isinstance(part, ast.expr)]
    own += [part.value for part in own if isinstance(part, ast.Attribute)]  # the object of a method
    if _dumped([new])[0] in _dumped(own):
        return "left out"
    if isinstance(old, ast.BinOp) and isinstance(new, ast.UnaryOp):
        return "left out"  # the minuend
    same = type(old) is type(new) and _same_parts(list(ast.iter_child_nodes(old)), list(ast.iter_child_nodes(new)))
    return "exchanged" if same else ""


def _same_parts(old: list[Any], new: list[Any]) -> bool:
    """Whether both have the same parts in any order."""
    return sorted(_dumped(old)) == sorted(_dumped(new))


def _dumped(parts: list[Any]) -> list[str]:
    return [ast.dump(part) if isinstance(part, ast.AST) else repr(part) for part in parts]


def _of_constant(old: Any, new: Any, above: list[Step]) -> str:
    if isinstance(old, bool):
        return "kept axis" if _keyword(above) in KEPT else "option"
    if place := _of_place(above):
        return place
    if isinstance(old, int):
        return "whole number"
    return "constant" if isinstance(old, float) else ""


def _of_place(above: list[Step]) -> str:
    """Class of a changed number by where it is; empty if the place says nothing."""
    if _keyword(above) in AXIS_NAMES:
        return "axis"
    for node, field in _outwards(above):
        if isinstance(node, ast.Subscript) and field == "slice":
            return "axis" if isinstance(node.value, ast.Attribute) and node.value.attr == "shape" else "element"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and field == "right":
            return "power"
        if isinstance(node, ast.Call) and field == "args":
            return _of_argument(node, above)
        if isinstance(node, ast.BinOp | ast.Compare | ast.keyword):
            return ""
    return ""


def _of_argument(call: ast.Call, above: list[Step]) -> str:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in ("range", "linspace", "arange"):
        return "steps"
    if name in ALL_AXES:
        return "axis"
    inside = {id(node) for node, _ in above}
    last = call.args[-1]
    is_last = any(id(node) in inside for node in ast.walk(last))
    return "axis" if name in LAST_IS_AXIS and is_last else ""


def _keyword(above: list[Step]) -> str:
    """Name of the keyword argument that the changed part is; empty if it is part of something else."""
    for node, _ in _outwards(above):
        if isinstance(node, ast.keyword):
            return node.arg or ""
        if not isinstance(node, ast.Constant | ast.UnaryOp | ast.Tuple | ast.List):
            return ""
    return ""


def _outwards(above: list[Step]) -> Iterator[Step]:
    return reversed(above)
