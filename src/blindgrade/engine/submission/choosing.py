"""Choice of the statements of a student's file that run: all that may decide what the exercises' functions return.

The choice reads the text and runs nothing. A statement is left out only if it surely changes nothing that an exercise
reads: a plot, a print, a training for a picture.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from blindgrade.engine.submission import vocabulary as words
from blindgrade.engine.submission.effects import (
    Shared,
    Summary,
    Traces,
    called_acts,
    called_changes,
    closed,
    functions_in,
    imported_from,
    local_names,
    names_in,
    read_at_once,
    summaries,
    traces_of,
)
from blindgrade.engine.submission.statements import DEFINITIONS, IMPORTS, binds, uses

# Two names that no Python name equals: the state of the random sources, and files that the code writes.
RANDOM, FILES = "<random>", "<files>"
PLACES = frozenset({"os", "sys", "pathlib", "shutil", "platform"})  # what these give is mostly a path or a text
PLAIN_CALLS = ("sys.path.", "torch.set_", "torch.manual_seed", "warnings.")


@dataclass(frozen=True)
class Statement:
    """Top-level statement, the module-level names that it reads, and those whose value it may change."""

    node: ast.stmt
    reads: frozenset[str]
    touches: frozenset[str]
    always: bool  # it stays, whatever the exercises read
    definition: bool = False
    draws: bool = False  # it draws random numbers when it runs


class Program:
    """Statements of a file, in order, with what each of them reads and may change.

    `nodes` are the file's statements as they run. `graded` are the names that the exercises define; None if they are
    not known, and then all functions and classes count.
    """

    def __init__(self, nodes: Sequence[ast.stmt], graded: frozenset[str] | None = None) -> None:
        self.nodes = nodes
        self.graded = graded

    @cached_property
    def plain(self) -> bool:
        """Whether the file has only definitions, imports and constants. Then everything stays, without an analysis."""
        return all(_plain(node) for node in self.nodes)

    @cached_property
    def statements(self) -> list[Statement]:
        """Statements with their effects."""
        return [self._statement(node) for node in self.nodes]

    def kept(self, also: set[str] | frozenset[str] = frozenset()) -> set[int]:
        """`id` of each node that runs. `also` are names that something else reads."""
        if self.plain and self.graded is not None:
            return {id(node) for node in self.nodes}
        roots = self.graded
        if roots is None:
            roots = frozenset(name for node in self.nodes for name, _ in functions_in(node))
        return self._needed(set(roots) | also, acting=True)

    def dependants(self, node: ast.stmt) -> list[str]:
        """Exercises' names whose functions may read what this statement changes, in order."""
        found = next((one for one in self.statements if one.node is node), None)
        if found is None or not found.touches:
            return []
        names = sorted(self.graded or ())
        return [name for name in names if id(node) in self._needed({name}, acting=False)]

    def readers(self, names: set[str]) -> list[str]:
        """Exercises' names whose functions may read one of these names."""
        known = sorted(self.graded or ())
        return [name for name in known if self._names_needed({name}) & names]

    # ---------------------------------------------------------------- the closure

    def _names_needed(self, roots: set[str]) -> set[str]:
        needed = set(roots)
        self._needed(needed, acting=False)
        return needed

    def _needed(self, needed: set[str], *, acting: bool) -> set[int]:
        """`id` of each statement that may change a name in `needed`, and of those that these need. `needed` grows."""
        kept: set[int] = set()
        waiting = list(self.statements)
        grown = True
        while grown:
            grown = False
            for one in list(waiting):
                reached = bool(one.touches & needed)
                if not (reached or (acting and one.always and id(one.node) not in kept)):
                    continue
                kept.add(id(one.node))
                grown = True
                if one.definition and not reached:
                    # A function that nothing calls stays, but what its body reads is not needed. It may be called yet.
                    needed |= read_at_once(one.node)
                    continue
                waiting.remove(one)
                needed |= one.reads
                needed |= {RANDOM} if one.draws else set()
                if self._writes_files and any(map(words.READS_FILES.match, self._trace(one.node).identifiers)):
                    needed.add(FILES)
        return kept

    # ---------------------------------------------------------------- one statement

    def _statement(self, node: ast.stmt) -> Statement:
        names, roots = binds(node)
        names -= {"_"}
        if isinstance(node, DEFINITIONS):
            made = names | (called_changes(self._trace(node).calls, self._summaries) if node.decorator_list else set())
            return Statement(node, frozenset(uses(node)), frozenset(made), True, definition=True)
        if isinstance(node, IMPORTS):
            shown = "*" not in names and {self._imports.get(name, "") for name in names} <= words.DISPLAY
            return Statement(node, frozenset(), frozenset(names), not shown)
        traces = self._trace(node)
        changed = traces.changed | roots | called_changes(traces.calls, self._summaries)
        # A function is an object too. It is changed only by its name: `score.calls = 0`.
        changed = roots | (closed(changed, self._shared) - self._only_functions)
        changed -= self._imports.keys() | self._frozen | words.BUILTINS
        identifiers = self._reached_identifiers(traces)
        draws = any(words.RANDOM.search(word) for word in identifiers) or any(
            name in traces.identifiers and module not in words.PURE_LIBRARIES for name, module in self._imports.items()
        )
        made = names | changed | ({RANDOM} if draws else set())
        if any(words.WRITES_FILES.match(word) for word in identifiers):
            made |= {FILES}
        acts = traces.acts or traces.unknown or called_acts(traces.calls, self._summaries)
        always = acts or _stays(node) or bool(traces.identifiers & self._handles)
        return Statement(node, frozenset(uses(node)), frozenset(made), always, draws=draws)

    @cached_property
    def _writes_files(self) -> bool:
        return any(FILES in one.touches for one in self.statements)

    @cached_property
    def _imports(self) -> dict[str, str]:
        return imported_from(self.nodes)

    def _trace(self, node: ast.AST) -> Traces:
        found = self._traced.get(id(node))
        if found is None:
            found = self._traced[id(node)] = traces_of(node, self._imports)
        return found

    @cached_property
    def _traced(self) -> dict[int, Traces]:
        return {}

    @cached_property
    def _shared(self) -> Shared:
        return [pair for node in self.nodes if not isinstance(node, DEFINITIONS) for pair in self._trace(node).shared]

    @cached_property
    def _functions(self) -> dict[str, list[ast.AST]]:
        found: dict[str, list[ast.AST]] = {}
        for node in self.nodes:
            for name, function in functions_in(node):
                found.setdefault(name, []).append(function)
        return found

    @cached_property
    def _handles(self) -> set[str]:
        """Names of what modules such as ctypes and socket gave. Their methods act outside of the file."""
        acting = {name for name, module in self._imports.items() if module in words.ACTING - PLACES}
        found: set[str] = set()
        for node in self.nodes if acting else ():
            if not isinstance(node, (*DEFINITIONS, *IMPORTS)) and self._trace(node).identifiers & (acting | found):
                found |= binds(node)[0]
        return found

    @cached_property
    def _only_functions(self) -> set[str]:
        """Names that are nothing but functions. A class and a table of functions can be changed by their methods.

        `right = f`, as people write it above a new `f` that calls the old one, is another name of a function.
        """
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
        found = {name for name, every in self._functions.items() if all(isinstance(one, kinds) for one in every)}
        values: dict[str, set[str | None]] = {}
        for node in self.nodes:
            simple = isinstance(node, ast.Assign) and isinstance(node.value, ast.Name)
            for name in binds(node)[0]:
                values.setdefault(name, set()).add(node.value.id if simple else None)  # type: ignore[attr-defined]
        while more := {name for name, every in values.items() if every <= found} - found:
            found |= more
        return found

    def _bodies(self, name: str) -> list[Traces]:
        return [self._trace(one) for one in self._functions.get(name, [])]

    @cached_property
    def _summaries(self) -> dict[str, Summary]:
        """Summaries of the functions that statements outside of definitions may call."""
        waiting = [name for node in self.nodes if _runs(node) for name, _ in self._trace(node).calls]
        called: dict[str, list[Traces]] = {}
        while waiting:
            name = waiting.pop()
            if name in called or name not in self._functions:
                continue
            called[name] = self._bodies(name)
            waiting += [other for body in called[name] for other, _ in body.calls]
        return summaries(called, {name: [local_names(one) for one in self._functions[name]] for name in called})

    def _reached_identifiers(self, traces: Traces) -> set[str]:
        """Identifiers of a statement, and of the file's functions that it may call."""
        found = set(traces.identifiers)
        waiting = list(found)
        while waiting:
            for body in self._bodies(waiting.pop()):
                new = body.identifiers - found
                found |= new
                waiting += new
        return found

    @cached_property
    def _frozen(self) -> set[str]:
        """Names whose every value is a number, a text or another object that nothing can change."""
        values: dict[str, list[ast.expr | None]] = {}
        for node in self.nodes:
            simple = isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
            for name in binds(node)[0]:
                values.setdefault(name, []).append(node.value if simple else None)  # type: ignore[attr-defined]
        for name in {name for node in self.nodes for name in _declared_global(node)}:
            values.setdefault(name, []).append(None)
        found: set[str] = set()
        grown = True
        while grown:
            new = {
                name for name, every in values.items() if all(v and _immutable(v, found, self._imports) for v in every)
            }
            grown, found = new != found, new
        return found


def _runs(node: ast.stmt) -> bool:
    return not isinstance(node, DEFINITIONS) or bool(node.decorator_list)


def _declared_global(node: ast.stmt) -> set[str]:
    return {name for inner in ast.walk(node) if isinstance(inner, ast.Global) for name in inner.names}


def _plain(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign | ast.AnnAssign):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        return isinstance(target, ast.Name) and (node.value is None or isinstance(node.value, ast.Constant))
    if isinstance(node, IMPORTS):
        return words.DISPLAY.isdisjoint(imported_from([node]).values())
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        # `sys.path.append("..")`: nothing can be left out here.
        called = node.value
        return (
            isinstance(called.func, ast.Attribute)
            and ast.unparse(called.func).startswith(PLAIN_CALLS)
            and all(isinstance(part, ast.Constant) for part in called.args)
        )
    return isinstance(node, DEFINITIONS) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _stays(node: ast.stmt) -> bool:
    """Whether a statement stays, whatever it changes: `raise`, a docstring, and blocks of imports and definitions.

    An endless loop stays too. It is stopped when the file's time is over, and named.
    """
    if isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return True
    if isinstance(node, ast.While) and isinstance(node.test, ast.Constant):
        return True
    if not isinstance(node, ast.If | ast.Try):
        return False
    inside = [inner for inner in ast.walk(node) if isinstance(inner, ast.stmt) and inner is not node]
    own = [inner for inner in inside if isinstance(inner, (*DEFINITIONS, *IMPORTS))]
    covered = {id(part) for one in own for part in ast.walk(one)}
    rest = [one for one in inside if id(one) not in covered and not isinstance(one, ast.Pass | ast.If | ast.Try)]
    return bool(own) and not rest


def _immutable(value: ast.expr, frozen: set[str], imports: dict[str, str]) -> bool:
    def part(one: ast.expr) -> bool:
        return _immutable(one, frozen, imports)

    match value:
        case ast.Constant() | ast.JoinedStr():
            return True
        case ast.Compare(left=left, comparators=others):
            return all(map(part, [left, *others]))
        case ast.Name(id=name):
            return name in frozen
        case ast.Tuple(elts=parts):
            return all(map(part, parts))
        case ast.UnaryOp(operand=one):
            return part(one)
        case ast.BinOp(left=left, right=right):
            return part(left) and part(right)
        case ast.IfExp(body=one, orelse=other):
            return part(one) and part(other)
        case ast.Attribute():
            return {imports.get(n, "") for n in names_in(value)} <= {"torch", "numpy", "math"}  # torch.float32
        case ast.Call(func=ast.Attribute(attr=name)):
            root = {imports.get(n, "") for n in names_in(value.func)}
            return root == {"math"} or (root == {"torch"} and name in ("device", "is_available"))
        case ast.Call(func=ast.Name(id=name)):
            return name in ("int", "float", "str", "bool", "len", "round", "abs", "complex", "bytes", "frozenset")
    return False
