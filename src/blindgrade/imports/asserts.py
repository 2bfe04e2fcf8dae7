"""Forms of asserts that have a form as a check: what the check records, and its tolerance."""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass

from blindgrade.imports.names import HELPERS, CannotTranslate, Names, calls

CLOSE = {"allclose", "isclose", "array_equal", "equal", "assert_allclose", "assert_array_equal", "assert_close"}
CLOSE |= {"assert_almost_equal", "assert_array_almost_equal", "assertAlmostEqual", "approx"}
EQUAL = {
    "assert_equal",
    "assertEqual",
    "assert_equals",
    "assertListEqual",
    "assertDictEqual",
    "assert_array_equal",
    "eq_",
}
TRUE, FALSE = {"assert_true", "assertTrue", "ok_"}, {"assert_false", "assertFalse"}
RAISES = {"assert_raises", "assertRaises", "raises"}
WHOLE = {"all", "any", "item", "max", "sum"}  # methods around a comparison


@dataclass(frozen=True)
class Recorded:
    """An expression whose value is compared with the solution's. `key` is its text in the notebook."""

    key: str
    value: ast.expr
    atol: float | None = None
    error: bool = False


class Forms:
    """Reads the asserts of one cell."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def of(self, node: ast.stmt) -> Recorded | None:
        """What an assert, or a call of an assert function, records. None for another statement."""
        if isinstance(node, ast.Assert):
            return self._condition(node.test)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            return self._call(node.value)
        if isinstance(node, ast.Try):
            return self._refused(node)
        if isinstance(node, ast.With):
            return self._raising(node)
        return None

    def _condition(self, test: ast.expr) -> Recorded:
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left, right = test.left, test.comparators[0]
            if isinstance(test.ops[0], ast.Eq) and not (_no_data(left) or _no_data(right)):
                return self._sides(left, right)
            if isinstance(test.ops[0], ast.Lt | ast.LtE) and (miss := _difference(left)):
                try:
                    return self._sides(miss.left, miss.right, float(ast.literal_eval(right)))
                except (ValueError, TypeError):
                    pass
        whole = test
        while isinstance(whole, ast.Call) and isinstance(whole.func, ast.Attribute) and whole.func.attr in WHOLE:
            whole = whole.args[0] if whole.args and not isinstance(whole.func.value, ast.Compare) else whole.func.value
        if isinstance(whole, ast.Compare) and whole is not test and isinstance(whole.ops[0], ast.Eq):
            return self._sides(whole.left, whole.comparators[0])
        if isinstance(whole, ast.Call) and _name(whole) in CLOSE and len(whole.args) >= 2:
            return self._sides(whole.args[0], whole.args[1], _tolerance(whole))
        self._needs_exercise(test)
        return Recorded(ast.unparse(test), ast.Call(ast.Name("bool", ast.Load()), [test], []))

    def _call(self, node: ast.Call) -> Recorded | None:
        name = _name(node)
        if not self._is_helper(node):
            return None
        if name in RAISES and len(node.args) >= 2:
            return self._error(ast.Call(node.args[1], node.args[2:], node.keywords))
        if name in TRUE | FALSE and node.args:
            return self._condition(node.args[0])
        if name in EQUAL | CLOSE and len(node.args) >= 2:
            tolerance = _tolerance(node) if name in CLOSE else None
            return self._sides(node.args[0], node.args[1], tolerance)
        raise CannotTranslate(f"`{name}` has no form as a check")

    def _refused(self, node: ast.Try) -> Recorded:
        """try: f(0) / except ValueError: pass / else: raise AssertionError."""
        body = [one for one in node.body if not _fails(one)]
        falls = any(map(_fails, [*node.body, *node.orelse]))
        quiet = all(isinstance(one, ast.Pass) or is_print(one) for handler in node.handlers for one in handler.body)
        if len(body) != 1 or not falls or not quiet or node.finalbody:
            raise CannotTranslate("`try` has a form that is no test of an error")
        call = body[0].value if isinstance(body[0], ast.Expr | ast.Assign) else None
        return self._error(call)

    def _raising(self, node: ast.With) -> Recorded | None:
        """with pytest.raises(ValueError): f(0)."""
        item = node.items[0].context_expr
        if not (isinstance(item, ast.Call) and _name(item) in RAISES):
            return None
        call = node.body[0].value if len(node.body) == 1 and isinstance(node.body[0], ast.Expr | ast.Assign) else None
        return self._error(call)

    def _error(self, call: ast.expr | None) -> Recorded:
        if not isinstance(call, ast.Call):
            raise CannotTranslate("only one call in a test of an error has a form as a check")
        self._needs_exercise(call)
        wrapped = ast.Call(ast.Name("error_of", ast.Load()), [call.func, *call.args], call.keywords)
        return Recorded(f"error of {ast.unparse(call)}", wrapped, error=True)

    def _sides(self, left: ast.expr, right: ast.expr, atol: float | None = None) -> Recorded:
        """The side that calls the student's code. If both do, both."""
        mine = [side for side in (left, right) if calls(side, [*self.names.exercises, *self.names.others])]
        own = [side for side in (left, right) if calls(side, self.names.exercises)]
        chosen = own or mine
        if not chosen:  # a variable that was made from the student's code
            chosen = [left] if not isinstance(left, ast.Constant) else [right]
        value = chosen[0] if len(chosen) == 1 else ast.List(chosen, ast.Load())
        return Recorded(ast.unparse(value), value, atol)

    def _needs_exercise(self, node: ast.AST) -> None:
        if isinstance(node, ast.Constant):
            raise CannotTranslate("it does not use the student's code")

    def _is_helper(self, node: ast.Call) -> bool:
        name, root = _name(node), node.func
        while isinstance(root, ast.Attribute):
            root = root.value
        base = root.id if isinstance(root, ast.Name) else ""
        module = self.names.module(base)
        known = name in EQUAL | CLOSE | TRUE | FALSE | RAISES or name.startswith("assert")
        return known and (base == "self" or name.startswith("assert") or module.startswith(HELPERS))


def _no_data(node: ast.expr) -> bool:
    """Does the expression give what no experiment can return: a type, a dtype, a set?"""
    if isinstance(node, ast.Call):
        return _name(node) in ("type", "set", "frozenset")
    return isinstance(node, ast.Set) or (
        isinstance(node, ast.Attribute) and node.attr in ("dtype", "device", "__class__")
    )


def _name(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _difference(node: ast.expr) -> ast.BinOp | None:
    """The difference in abs(a - b), np.abs(a - b).max(), (a - b).abs().max() or torch.norm(a - b)."""
    signs = {"abs", "fabs", "norm"}
    if any(isinstance(n, ast.Call) and _name(n) in signs for n in ast.walk(node)):
        return next((n for n in ast.walk(node) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Sub)), None)
    return None


def _tolerance(node: ast.Call) -> float | None:
    """Absolute tolerance that the call names; None if it names none."""
    for keyword in node.keywords:
        try:
            value = float(ast.literal_eval(keyword.value))
        except (ValueError, TypeError):
            continue
        if keyword.arg in ("atol", "abs_tol", "delta", "abs"):
            return value
        if keyword.arg in ("decimal", "places"):
            return 1.5 * math.pow(10, -value)
    return None


def _fails(node: ast.stmt) -> bool:
    """Does the statement fail the test: `assert False`, `raise AssertionError`, `self.fail()`?"""
    if isinstance(node, ast.Assert):
        return isinstance(node.test, ast.Constant) and not node.test.value
    if isinstance(node, ast.Raise):
        return node.exc is not None
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _name(node.value) == "fail"


def is_print(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _name(node.value) == "print"
