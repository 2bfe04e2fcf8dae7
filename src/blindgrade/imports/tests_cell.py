"""A cell with tests as checks: each assert becomes an entry in the data that an experiment returns."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from blindgrade.imports.asserts import Forms, Recorded, is_print
from blindgrade.imports.names import CannotTranslate, Names, Resolver, bound_in, calls
from blindgrade.imports.notebook import HIDDEN, NotebookCell, without_magics

KEY = 60  # characters of a key


@dataclass
class Translated:
    """Checks of one cell as text, the names that they need imported, and what could not be translated."""

    exercise: str
    checks: str = ""
    uses: set[str] = field(default_factory=set)  # of blindgrade.checks
    imports: dict[str, ast.Import | ast.ImportFrom] = field(default_factory=dict)
    left: list[tuple[str, str]] = field(default_factory=list)  # text and reason


def translated(cell: NotebookCell, names: Names, last: str) -> Translated:
    """Checks of the cell. `last` is the exercise that it belongs to if it names none."""
    source, _ = without_magics(cell.source)
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return Translated(last, left=[(cell.source.strip().split("\n")[0], f"the cell does not parse: {error.msg}")])
    used = calls(tree, names.exercises)
    made = Translated(used[-1] if used else last)
    local = Names(names.exercises, names.others, dict(names.imports))
    local.add_imports(tree)
    hidden = _hidden_lines(source)
    claim = _claim(tree, source, cell)
    shown = _Experiment(local, tree, made, lambda line: line not in hidden, public=True)
    covered = _Experiment(local, tree, made, lambda line: line in hidden, public=False) if hidden else None
    parts = [one for one in (shown, covered) if one is not None and one.count]
    texts = []
    for one in parts:
        public = one is shown
        weight = cell.points / len(parts) if cell.points else 1.0
        name = _identifier(cell.name) + ("" if public else "_hidden")
        texts.append(one.text(made.exercise, name, claim, weight, public))
    made.checks = "\n\n\n".join(texts)
    return made


class _Experiment:
    """The statements of a cell that make one experiment: all that is no assert, and the asserts on its own lines."""

    def __init__(
        self, names: Names, tree: ast.Module, made: Translated, mine: Callable[[int], bool], *, public: bool
    ) -> None:
        self.forms, self.made, self.mine, self.public = Forms(names), made, mine, public
        self.resolver = Resolver(names, bound_in(tree))
        self.names = names
        self.keys: dict[str, int] = {}
        self.count = 0
        self.atol: float | None = None
        self.body: list[ast.stmt] = []
        for node in tree.body[1:] if ast.get_docstring(tree) is not None else tree.body:
            try:
                self.body += self._statement(node, loop=False)
            except CannotTranslate as error:
                rest = [node] if _is_test(node) else tree.body[tree.body.index(node) :]  # which may depend on it
                if any(mine(one.lineno) for one in rest):
                    made.left.append(("\n".join(map(ast.unparse, rest)), str(error)))
                if not _is_test(node):
                    break
        made.imports |= self.resolver.needed

    def text(self, exercise: str, name: str, claim: str, weight: float, public: bool) -> str:
        """The check as text."""
        options = [f'"{exercise}"'] + ([f"weight={weight:g}"] if weight != 1 else [])
        options += ["public=True"] * public + ([f"atol={self.atol:g}"] if self.atol is not None else [])
        lines = [f"@check({', '.join(options)})", f"def {name}(lesson, rng):", f'    """{claim}"""', "    seen = {}"]
        module = ast.fix_missing_locations(ast.Module(self.body, []))
        lines += ["    " + line if line else "" for line in ast.unparse(module).split("\n")]
        self.made.uses |= {"check"} | ({"error_of"} if "error_of(" in "\n".join(lines) else set())
        return "\n".join([*lines, "    return seen"])

    def _statement(self, node: ast.stmt, loop: bool) -> list[ast.stmt]:
        if isinstance(node, ast.Import | ast.ImportFrom) or is_print(node):
            return []
        if self.public and not self.mine(node.lineno):
            return []  # nothing of a hidden test becomes public, also not the values that it tries
        if (recorded := self.forms.of(node)) is not None:
            return [self._record(recorded, loop)] if self.mine(node.lineno) else []
        if isinstance(node, ast.For | ast.If | ast.With):
            body = [one for below in node.body for one in self._statement(below, loop or isinstance(node, ast.For))]
            other = [one for below in getattr(node, "orelse", []) for one in self._statement(below, loop)]
            head = self._resolved(ast.parse(ast.unparse(node).split("\n")[0] + "\n    pass").body[0])
            assert isinstance(head, ast.For | ast.If | ast.With)
            head.body = body or [ast.Pass()]
            if other and not isinstance(head, ast.With):
                head.orelse = other
            return [head]
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.FunctionDef | ast.Expr | ast.Pass):
            if changed := bound_in(node) & {*self.names.exercises, *self.names.others}:
                raise CannotTranslate(f"it replaces `{sorted(changed)[0]}` of the student's file")
            return [self._resolved(ast.parse(ast.unparse(node)).body[0])]
        raise CannotTranslate(f"`{type(node).__name__.lower()}` has no form in a check")

    def _resolved(self, node: ast.stmt) -> ast.stmt:
        found = self.resolver.visit(node)
        assert isinstance(found, ast.stmt)
        return found

    def _value(self, node: ast.expr) -> str:
        """Text of an expression with the names of the student's module. The node itself stays as it is."""
        return ast.unparse(self.resolver.visit(ast.parse(ast.unparse(node), mode="eval").body))

    def _record(self, recorded: Recorded, loop: bool) -> ast.stmt:
        value = self._value(recorded.value)
        if recorded.atol is not None:
            self.atol = max(self.atol or 0.0, recorded.atol)
        key = " ".join(recorded.key.split())[:KEY]
        self.keys[key] = self.keys.get(key, 0) + 1
        key = repr(f"{key} ({self.keys[key]})" if self.keys[key] > 1 else key)
        self.count += 1
        text = f"seen.setdefault({key}, []).append({value})" if loop else f"seen[{key}] = {value}"
        return ast.parse(text).body[0]


def _is_test(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assert | ast.Try | ast.With | ast.Expr)


def _hidden_lines(source: str) -> set[int]:
    found: set[int] = set()
    for match in HIDDEN.finditer(source):
        first = source[: match.start()].count("\n") + 1
        found |= set(range(first, first + match[0].count("\n") + 1))
    return found


def _claim(tree: ast.Module, source: str, cell: NotebookCell) -> str:
    """What the cell says of itself: its docstring, or its first comment."""
    comment = re.search(r"^\s*#+\s*(?!##|BEGIN|END)([^#\n]+)$", source, re.MULTILINE)
    said = ast.get_docstring(tree) or (comment[1] if comment else "")
    text = " ".join(said.replace('"', "'").replace("\\", "/").split())
    return text if text else f"TODO: what the cell {cell.name} tests."


def _identifier(name: str) -> str:
    text = re.sub(r"\W+", "_", name).strip("_").lower()
    return text if text and text[0].isalpha() else f"cell_{text}"
