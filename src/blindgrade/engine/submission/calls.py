"""Names that a definition uses, found in the text: with them the grader knows for which exercise another one waits."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection

from blindgrade.engine.submission.statements import IMPORTS, binds, tree_of, uses

BY_NAME = {"globals", "locals", "vars", "eval", "exec", "getattr", "__import__"}  # with these, code finds names as text


def names_used(text: str, name: str, helpers: Collection[str] = ()) -> set[str] | None:
    """Names of the file that the definition of `name` uses, directly or through other definitions.

    A file that does not define `name` uses nothing for it. None if the text does not show it: it does not parse, reads
    names as text, or uses one of the student's other modules, which are `helpers`.
    """
    tree = tree_of(text)
    if tree is None:
        return None
    by_name: dict[str, list[ast.stmt]] = defaultdict(list)
    for node in tree.body:
        names, roots = binds(node)
        for one in names | roots:  # `Model.forward = f` belongs to Model
            by_name[one].append(node)
    if name not in by_name:
        hidden = any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in tree.body)
        return None if hidden else set()
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        for node in by_name.get(waiting.pop(), []):
            if isinstance(node, IMPORTS):
                if _modules(node) & set(helpers):
                    return None
                continue
            found = uses(node)
            if found & BY_NAME:
                return None
            waiting += found - reached
            reached |= found
    return reached


def _modules(node: ast.stmt) -> set[str]:
    """First parts of the modules that an import names. A relative import has an empty one."""
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").split(".")[0]}
    return {alias.name.split(".")[0] for alias in node.names} if isinstance(node, ast.Import) else set()
