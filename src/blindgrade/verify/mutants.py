"""Mutants: small automatic changes of the solution. A check must notice each one, or equivalents.toml must list it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, CodeSpan, MetadataWrapper, ParentNodeProvider, PositionProvider

from blindgrade.models import Lesson
from blindgrade.verify.mutant import Mutant

BINARY: dict[type[cst.BaseBinaryOp], type[cst.BaseBinaryOp]] = {
    cst.Add: cst.Subtract,
    cst.Subtract: cst.Add,
    cst.Multiply: cst.Divide,
    cst.Divide: cst.Multiply,
    cst.Power: cst.Multiply,
    cst.MatrixMultiply: cst.Multiply,
}
AUGMENTED: dict[type[cst.BaseAugOp], type[cst.BaseAugOp]] = {
    cst.AddAssign: cst.SubtractAssign,
    cst.SubtractAssign: cst.AddAssign,
    cst.MultiplyAssign: cst.DivideAssign,
    cst.DivideAssign: cst.MultiplyAssign,
}
COMPARED: dict[type[cst.BaseCompOp], type[cst.BaseCompOp]] = {
    cst.LessThan: cst.LessThanEqual,
    cst.LessThanEqual: cst.LessThan,
    cst.GreaterThan: cst.GreaterThanEqual,
    cst.GreaterThanEqual: cst.GreaterThan,
    cst.Equal: cst.NotEqual,
    cst.NotEqual: cst.Equal,
}
Changes = list[tuple[cst.CSTNode, cst.CSTNode]]  # a part of the solution, and what is in its place
SIDE = 28  # characters of a change's text before and after the arrow


def proved_changes(module: cst.Module) -> Changes:
    """Changes that a course's checks must notice."""
    collector = _Collector()
    module.visit(collector)
    return collector.found


def mutants(
    text: str,
    lesson: Lesson,
    only: Container[str] | None = None,
    changes: Callable[[cst.Module], Changes] = proved_changes,
) -> list[Mutant]:
    """Every mutant of the solution's regions and solution-only cells, in the order of the file.

    `only` are names of exercises and helpers; None means all. `changes` finds what is changed.
    """
    wrapper = MetadataWrapper(cst.parse_module(text))
    positions = wrapper.resolve(PositionProvider)
    parents = wrapper.resolve(ParentNodeProvider)
    spans = wrapper.resolve(ByteSpanPositionProvider)
    source = text.encode()
    owners = {e.defines: e.name for e in lesson.exercises}
    inside = _private_lines(text)
    found = []
    for node, replacement in changes(wrapper.module):
        line = positions[node].start.line
        if line not in inside:
            continue
        owner = _owner(node, parents)
        if only is not None and owners.get(owner, owner) not in only:
            continue
        shown = _shown(node, parents)
        before = wrapper.module.code_for_node(shown)
        after = wrapper.module.code_for_node(_replace(shown, node, replacement))
        changed = _spliced(source, spans[node], wrapper.module.code_for_node(replacement))
        found.append(Mutant(owners.get(owner, owner), line, _change(before, after), changed, before, after))
    return sorted(found, key=lambda m: m.line)


def _private_lines(text: str) -> set[int]:
    lines: set[int] = set()
    region = cell = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("# %%"):
            cell = "solution-only" in line
        elif line.strip() == "### BEGIN SOLUTION":
            region = True
        elif line.strip() == "### END SOLUTION":
            region = False
        elif region or cell:
            lines.add(number)
    return lines


def _replace(tree: cst.CSTNode, node: cst.CSTNode, replacement: cst.CSTNode) -> cst.CSTNode:
    if tree is node:
        return replacement
    changed = tree.deep_replace(node, replacement)
    assert isinstance(changed, cst.CSTNode)
    return changed


def _spliced(source: bytes, span: CodeSpan, code: str) -> str:
    """The source with `code` at the span. A new tree of the whole module would take a hundred times as long."""
    end = span.start + span.length
    return (source[: span.start] + code.encode() + source[end:]).decode()


def _owner(node: cst.CSTNode, parents: object) -> str:
    """Name of the outermost definition around the node."""
    name = "(module)"
    for above in _above(node, parents):
        if isinstance(above, cst.FunctionDef | cst.ClassDef):
            name = above.name.value
    return name


def _above(node: cst.CSTNode, parents: object) -> Iterator[cst.CSTNode]:
    assert hasattr(parents, "get")
    above = parents.get(node)
    while above is not None:
        yield above
        above = parents.get(above)


def _shown(node: cst.CSTNode, parents: object) -> cst.CSTNode:
    """Part of the statement that shows the change. For a bare constant, the argument or expression around it."""
    if isinstance(node, cst.Integer | cst.Float | cst.Name | cst.UnaryOperation | cst.ComparisonTarget):
        for above in _above(node, parents):
            if isinstance(above, cst.Arg) and above.keyword is None:
                continue  # f(x, 1), not 1
            if isinstance(above, cst.UnaryOperation) and not isinstance(node, cst.UnaryOperation):
                continue  # dim=-1, not -1
            if isinstance(above, cst.Arg | cst.BaseExpression | cst.BaseSmallStatement):
                return above
            if isinstance(above, cst.BaseCompoundStatement):
                return node
    return node


def _change(before: str, after: str) -> str:
    before, after = (" ".join(side.split()).rstrip(", ") for side in (before, after))
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    start = max(0, same - 10) if max(len(before), len(after)) > SIDE else 0
    return f"{_cut(before, start)} -> {_cut(after, start)}"


def _cut(side: str, start: int) -> str:
    head = "…" if start else ""
    part = head + side[start:]
    return part if len(part) <= SIDE else part[: SIDE - 1] + "…"


class _Collector(cst.CSTVisitor):
    """Pairs of a node and its replacement."""

    def __init__(self) -> None:
        self.found: Changes = []

    def visit_Raise(self, node: cst.Raise) -> bool:
        return False  # no check compares the text of an exception

    def visit_Annotation(self, node: cst.Annotation) -> bool:
        return False

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        return False

    def visit_BinaryOperation(self, node: cst.BinaryOperation) -> None:
        other = BINARY.get(type(node.operator))
        if other:
            spaces = {"whitespace_before": cst.SimpleWhitespace(" "), "whitespace_after": cst.SimpleWhitespace(" ")}
            self.found.append((node, node.with_changes(operator=other(**spaces))))

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        other = AUGMENTED.get(type(node.operator))
        if other:
            self.found.append((node, node.with_changes(operator=other())))

    def visit_ComparisonTarget(self, node: cst.ComparisonTarget) -> None:
        other = COMPARED.get(type(node.operator))
        if other:
            self.found.append((node, node.with_changes(operator=other())))

    def visit_Integer(self, node: cst.Integer) -> None:
        self.found.append((node, cst.Integer(str(int(node.value, 0) + 1))))

    def visit_Float(self, node: cst.Float) -> None:
        value = float(node.value)
        self.found.append((node, cst.Float(repr(value * 2 if value else 1.0))))

    def visit_UnaryOperation(self, node: cst.UnaryOperation) -> None:
        if isinstance(node.operator, cst.Minus | cst.Not):
            self.found.append((node, node.expression))

    def visit_BooleanOperation(self, node: cst.BooleanOperation) -> None:
        other = cst.Or() if isinstance(node.operator, cst.And) else cst.And()
        self.found.append((node, node.with_changes(operator=other)))

    def visit_Name(self, node: cst.Name) -> None:
        if node.value in ("True", "False"):
            self.found.append((node, cst.Name("False" if node.value == "True" else "True")))

    def visit_If(self, node: cst.If) -> None:
        self.found.append((node.test, cst.Name("False")))
