"""Names of a notebook: where a name in a test is from."""

from __future__ import annotations

import ast
import builtins
import sys
from dataclasses import dataclass, field

ALLOWED = sys.stdlib_module_names | {"numpy", "torch"}  # what an experiment may import without a package of the course
OURS = {"error_of"}  # of blindgrade.checks, in what a check records
HELPERS = ("nose", "numpy.testing", "pytest", "torch.testing", "unittest")  # their asserts are translated


class CannotTranslate(Exception):
    """The statement has no form as a check. The message is the reason."""


@dataclass
class Names:
    """Names that tests may use: exercises, other names of the notebook, and imports."""

    exercises: list[str] = field(default_factory=list)
    others: set[str] = field(default_factory=set)
    imports: dict[str, ast.Import | ast.ImportFrom] = field(default_factory=dict)

    def add_imports(self, tree: ast.Module) -> None:
        """Add every import of a cell, each name by itself."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self.imports[alias.asname or alias.name.split(".")[0]] = ast.Import([alias])
            elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = ast.ImportFrom(node.module, [alias], 0)

    def module(self, name: str) -> str:
        """Module from which the name is imported, such as "numpy.testing"; "" if it is none."""
        node = self.imports.get(name)
        if isinstance(node, ast.Import):
            return node.names[0].name
        return f"{node.module}.{node.names[0].name}" if node is not None else ""


class Resolver(ast.NodeTransformer):
    """Makes names of the notebook attributes of the student's module, and collects the imports that are needed."""

    def __init__(self, names: Names, local: set[str]) -> None:
        self.names, self.local = names, local
        self.needed: dict[str, ast.Import | ast.ImportFrom] = {}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        name = node.id
        if not isinstance(node.ctx, ast.Load) or name in self.local:
            return node
        if name in self.names.exercises or name in self.names.others:
            return ast.Attribute(ast.Name("lesson", ast.Load()), name, ast.Load())
        if name in self.names.imports:
            module = self.names.module(name)
            if module.split(".")[0] not in ALLOWED:
                raise CannotTranslate(f"it uses {module}, which checks may import only as a package of the course")
            self.needed[name] = self.names.imports[name]
            return node
        if name in OURS or hasattr(builtins, name):
            return node
        raise CannotTranslate(f"it uses `{name}`, which no cell before it defines for the student's file")


def bound_in(tree: ast.AST) -> set[str]:
    """Names that code binds anywhere: variables, loop targets, parameters, functions."""
    found = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    found |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    return found | {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}


def calls(node: ast.AST, names: list[str]) -> list[str]:
    """Those of the names that the code uses, in their order."""
    used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return [name for name in names if name in used]
