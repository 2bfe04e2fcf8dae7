"""More changes of a solution than the proofs make: what students mix up, leave out or put in another order.

They explain wrong answers that no smaller change explains. No check has to notice them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from blindgrade.verify.mutants import Changes

MODULES = {"torch", "F", "nn", "math", "np", "init", "functional", "linalg"}
OTHER_NAMES = {
    "sum": "mean", "mean": "sum", "amax": "amin", "amin": "amax", "max": "min", "min": "max", "argmax": "argmin",
    "argmin": "argmax", "sin": "cos", "cos": "sin", "floor": "round", "ceil": "floor", "zeros": "ones", "ones": "zeros",
    "zeros_": "ones_", "ones_": "zeros_", "zeros_like": "ones_like", "ones_like": "zeros_like", "randn": "rand",
    "randn_like": "rand_like", "log": "log2", "softmax": "sigmoid", "relu": "gelu", "silu": "gelu", "gelu": "silu",
}  # fmt: skip
TURNED: dict[type[cst.BaseCompOp], type[cst.BaseCompOp]] = {
    cst.LessThan: cst.GreaterThan,
    cst.LessThanEqual: cst.GreaterThanEqual,
    cst.GreaterThan: cst.LessThan,
    cst.GreaterThanEqual: cst.LessThanEqual,
}
FACTORS = (0.1, 0.5, 10.0)  # of a constant


def wider_changes(module: cst.Module) -> Changes:
    """Changes of the module's parts, each to one other text."""
    collector = _Wider()
    module.visit(collector)
    return collector.found


class _Wider(cst.CSTVisitor):
    def __init__(self) -> None:
        self.found: Changes = []

    def _add(self, node: cst.CSTNode, *others: cst.CSTNode) -> None:
        self.found += [(node, other) for other in others if not other.deep_equals(node)]

    def visit_Raise(self, node: cst.Raise) -> bool:
        return False

    def visit_Annotation(self, node: cst.Annotation) -> bool:
        return False

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        return False

    def visit_BinaryOperation(self, node: cst.BinaryOperation) -> None:
        """One side alone, or the sides exchanged."""
        left, right = _inside(node.left), _inside(node.right)
        if isinstance(node.operator, cst.Add | cst.Multiply):
            self._add(node, left, right)
        elif isinstance(node.operator, cst.Subtract | cst.Divide | cst.Power | cst.MatrixMultiply | cst.Modulo):
            self._add(node, left, node.with_changes(left=right, right=left))
        if isinstance(node.operator, cst.Subtract):
            self._add(node, cst.UnaryOperation(cst.Minus(), right))

    def visit_ComparisonTarget(self, node: cst.ComparisonTarget) -> None:
        if other := TURNED.get(type(node.operator)):
            self._add(node, node.with_changes(operator=other()))

    def visit_Integer(self, node: cst.Integer) -> None:
        value = int(node.value, 0)
        self._add(node, _number(value - 1), *([_number(2 * value)] if value > 1 else []))

    def visit_Float(self, node: cst.Float) -> None:
        self._add(node, *[cst.Float(repr(float(f"{factor * float(node.value):.12g}"))) for factor in FACTORS])

    def visit_Call(self, node: cst.Call) -> None:
        """Its first argument or its object alone; another function; an option left out; two arguments exchanged."""
        plain = [arg for arg in node.args if arg.keyword is None and not arg.star]
        if isinstance(node.func, cst.Attribute):
            holder = node.func.value
            if not _is_module(holder):
                self._add(node, holder)
            elif plain and plain[0] is node.args[0]:
                self._add(node, _inside(plain[0].value))
            if other := OTHER_NAMES.get(node.func.attr.value):
                self._add(node, node.with_changes(func=node.func.with_changes(attr=cst.Name(other))))
        elif isinstance(node.func, cst.Name) and plain and plain[0] is node.args[0]:
            self._add(node, _inside(plain[0].value))
            if other := OTHER_NAMES.get(node.func.value):
                self._add(node, node.with_changes(func=cst.Name(other)))
        for one in node.args:
            if one.keyword is not None:
                self._add(node, node.with_changes(args=_listed([arg for arg in node.args if arg is not one])))
        for first, second in _neighbours(plain):
            self._add(node, node.with_changes(args=_exchanged(node.args, first, second)))

    def visit_Assign(self, node: cst.Assign) -> None:
        """Two names that values are given to, exchanged."""
        for target in node.targets:
            if isinstance(target.target, cst.Tuple):
                elements = target.target.elements
                for first, second in _neighbours(elements):
                    self._add(target.target, target.target.with_changes(elements=_exchanged(elements, first, second)))

    def visit_Expr(self, node: cst.Expr) -> None:
        """A statement that is left out. A docstring is none."""
        if isinstance(node.value, cst.Call):
            self._add(node, cst.Pass())

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._add(node, cst.Pass())


def _inside(node: cst.BaseExpression) -> cst.BaseExpression:
    """The expression in brackets of its own, unless it is one word: it may come to stand anywhere."""
    if isinstance(node, cst.Name | cst.Integer | cst.Float | cst.Call | cst.Attribute | cst.Subscript) or node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _number(value: int) -> cst.BaseExpression:
    return cst.Integer(str(value)) if value >= 0 else cst.UnaryOperation(cst.Minus(), cst.Integer(str(-value)))


def _is_module(node: cst.BaseExpression) -> bool:
    """Whether the node is a module of a library: `torch`, or `nn.init`."""
    name = node.attr if isinstance(node, cst.Attribute) else node
    return isinstance(name, cst.Name) and name.value in MODULES


def _listed(args: Sequence[cst.Arg]) -> list[cst.Arg]:
    return [*args[:-1], args[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)] if args else []


Item = cst.Arg | cst.BaseElement


def _neighbours(items: Sequence[Item]) -> Iterator[tuple[Item, Item]]:
    return zip(items, items[1:], strict=False)


def _exchanged(items: Sequence[Item], first: Item, second: Item) -> list[Item]:
    """The items with two values exchanged. Commas and keywords stay where they are."""
    other = {id(first): second.value, id(second): first.value}
    return [item.with_changes(value=other[id(item)]) if id(item) in other else item for item in items]
