"""`--from FILE`: an exercise proposed from a function or class that exists. The file is parsed and never run."""

from __future__ import annotations

import ast
from pathlib import Path

from blindgrade.authoring.regions import first_line_of
from blindgrade.models import Kind
from blindgrade.scaffold.filling import ScaffoldError
from blindgrade.scaffold.parts import Parts, spec_text
from blindgrade.scaffold.proposed_checks import class_checks, function_checks
from blindgrade.scaffold.proposed_wrongs import known_text
from blindgrade.scaffold.regions import with_regions

Definition = ast.FunctionDef | ast.ClassDef
TODO_HINTS = ("TODO: a question?", "TODO: a push.", "TODO: nearly the answer.")


def taken_parts(
    source: Path, name: str, title: str, kind: Kind | None, points: float, concept: str, have: frozenset[str]
) -> Parts:
    """Parts proposed from the definition `name` of the file. `have` are definitions that the lesson has already.

    ScaffoldError if the file does not parse or does not define the name.
    """
    try:
        text = source.read_text(encoding="utf-8-sig")
        tree = ast.parse(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ScaffoldError(f"{source} cannot be read: {error}; name a Python file") from None
    except SyntaxError as error:
        raise ScaffoldError(f"{source}:{error.lineno}: {error.msg}; correct the file, or name a Python file") from None
    definitions = {node.name: node for node in tree.body if isinstance(node, Definition)}
    if name not in definitions:
        listed = ", ".join(definitions) or "nothing"
        raise ScaffoldError(f"{source} defines no `{name}`; it defines {listed}")
    node = definitions[name]
    helpers = _helpers(tree, node, have)
    imports = _imports(tree, [node, *helpers])
    kind = kind or (Kind.CLASS if isinstance(node, ast.ClassDef) else Kind.FUNCTION)
    lines = text.splitlines()
    code = with_regions("\n".join(lines[first_line_of(node) - 1 : node.end_lineno]), name)
    private = "\n\n\n".join("\n".join(lines[first_line_of(one) - 1 : one.end_lineno]) for one in helpers)
    spec = spec_text(name, title, kind, points, concept, TODO_HINTS)
    checks = class_checks(node) if isinstance(node, ast.ClassDef) else function_checks(node)
    cells = [f"# %% [markdown]\n# ## {title}\n#\n# TODO: the idea, the formula, and a worked example with numbers."]
    cells += [f'# %% tags=["solution-only"]\n{private}'] if private else []
    cells += [f"# %%\n{code}"]
    return Parts("\n\n\n".join(cells), spec, checks, known_text(name, kind, code), tuple(imports))


def _helpers(tree: ast.Module, node: Definition, have: frozenset[str]) -> list[ast.stmt]:
    """Top-level functions, classes and constants of the file that the definition uses, in the file's order."""
    owners = {name: one for one in tree.body for name in _bound(one)}
    wanted: set[str] = set()
    pending = [node.name]
    while pending:
        used = {n.id for n in ast.walk(owners[pending.pop()]) if isinstance(n, ast.Name)}
        fresh = (used & owners.keys()) - wanted - {node.name} - have
        wanted |= fresh
        pending += sorted(fresh)
    return [one for one in tree.body if any(owners[name] is one for name in wanted)]


def _bound(node: ast.stmt) -> list[str]:
    if isinstance(node, Definition):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def _imports(tree: ast.Module, nodes: list[Definition | ast.stmt]) -> list[ast.Import | ast.ImportFrom]:
    """Imports of the file that these nodes use, without `annotations`: annotations of jaxtyping need values."""
    used = {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}
    found: list[ast.Import | ast.ImportFrom] = []
    for one in tree.body:
        if not isinstance(one, ast.Import | ast.ImportFrom) or getattr(one, "module", "") == "__future__":
            continue
        names = [alias for alias in one.names if (alias.asname or alias.name.split(".")[0]) in used]
        if names:
            one.names = names
            found.append(one)
    return found
