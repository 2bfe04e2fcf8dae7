"""`course import`: an nbgrader assignment as the texts of a lesson. The notebook is parsed and never run."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from blindgrade.authoring import regions
from blindgrade.authoring.regions import BEGIN, RegionError
from blindgrade.imports.names import ALLOWED, HELPERS, Names
from blindgrade.imports.notebook import SCHEME, NotebookCell, Role, without_magics
from blindgrade.imports.tests_cell import translated
from blindgrade.models import Kind
from blindgrade.scaffold.import_lines import split_imports, with_imports
from blindgrade.scaffold.lesson import NewLesson, empty_lesson
from blindgrade.scaffold.parts import LessonTexts, spec_text, with_code
from blindgrade.scaffold.proposed_wrongs import known_text
from blindgrade.scaffold.taken import TODO_HINTS

PLOTS = ("matplotlib", "seaborn", "plotly", "IPython", "ipywidgets")
FOOT = "\n\n# Tests of the notebook that have no form as a check. Write checks for them, and delete these lines.\n"
Definition = ast.FunctionDef | ast.ClassDef


@dataclass
class Imported:
    """Texts of the lesson, its exercises with points, and what an author has to look at, with the cell."""

    texts: LessonTexts
    exercises: dict[str, float]
    checks: int
    notes: list[str]


@dataclass
class _Reading:
    cells: list[str] = field(default_factory=list)
    names: Names = field(default_factory=Names)
    exercises: dict[str, Definition] = field(default_factory=dict)
    code: dict[str, str] = field(default_factory=dict)
    points: dict[str, float] = field(default_factory=dict)
    checks: list[tuple[str, str]] = field(default_factory=list)  # exercise and text
    uses: set[str] = field(default_factory=set)
    imports: dict[str, ast.Import | ast.ImportFrom] = field(default_factory=dict)
    left: list[tuple[str, str]] = field(default_factory=list)  # place and text
    notes: list[str] = field(default_factory=list)


def imported(cells: list[NotebookCell], plan: NewLesson) -> Imported:
    """The lesson that the cells make. Its solution, its checks and its proposals are for an author to read."""
    reading = _Reading()
    for cell in cells:
        if cell.role is Role.TESTS and cell.code:
            _read_tests(reading, cell)
        elif cell.role is Role.PLAIN or (cell.role is Role.TESTS and not cell.code):
            _read_plain(reading, cell)
        else:
            _read_answer(reading, cell)
    texts = empty_lesson(plan)
    title = [] if _has_title(reading.cells) else [f"# %% [markdown]\n# # {plan.files.entry.title}"]
    solution = "\n\n".join([*title, *reading.cells]) + "\n"
    for name in reading.exercises:
        if name not in {exercise for exercise, _ in reading.checks}:
            reading.uses.add("check")
            reading.checks.append((name, _missing_check(name)))
            reading.notes.append(f"`{name}` has no test that is a check; write one in checks.py")
    return Imported(
        LessonTexts(
            solution,
            _spec(texts.spec, reading, plan.concept),
            _checks(texts.checks, reading),
            _known(texts.known, reading),
        ),
        {name: _points(reading, name) for name in reading.exercises},
        len(re.findall(r"^@check", "\n".join(text for _, text in reading.checks), re.MULTILINE)),
        reading.notes,
    )


def _read_plain(reading: _Reading, cell: NotebookCell) -> None:
    if not cell.code:
        for name in re.findall(r"!\[[^\]]*\]\((?!https?:|data:)([^)\s]+)", cell.source):
            reading.notes.append(f"{cell.place}: the text shows the file {name}; a lesson has no such file")
        reading.cells.append(_markdown(cell.source))
        return
    source, magics = without_magics(cell.source)
    tree = _parsed(reading, cell, source)
    if tree is None:
        return
    if magics:
        reading.notes.append(f"{cell.place}: lines of IPython are comments now: {', '.join(magics)}")
    reading.names.add_imports(tree)
    source = _taken_out(source, tree, HELPERS)  # only tests use these, and tests are checks now
    if not source.strip():
        return
    tree = ast.parse(source)
    if _shows_only(tree, reading):
        reading.cells.append(_code(source, "notebook-only"))
        return
    plots = [ast.unparse(node) for node in tree.body if _imports_from(node, PLOTS)]
    if plots:  # a student's file must import without the library that draws
        reading.cells.append(_code("\n".join(plots), "notebook-only"))
        source = _taken_out(source, tree, PLOTS)
        tree = ast.parse(source)
    for name in sorted({reading.names.module(n).split(".")[0] for n in _imported(tree)} - ALLOWED - {""}):
        reading.notes.append(f"{cell.place}: it imports {name}; name it in course.toml under [environment] packages")
    reading.names.others |= _defined(tree)
    reading.cells.append(_code(source))


def _read_answer(reading: _Reading, cell: NotebookCell) -> None:
    """A cell in which students write. What is graded by hand is private in the lesson."""
    if cell.role is not Role.SOLUTION:
        points = f" ({cell.points:g} points)" if cell.points else ""
        kept = "its text" if cell.role is Role.TASK else "the answer, for the solution only,"
        reading.notes.append(f"{cell.place}: it is graded by hand{points}; {kept} is in the lesson, and no check")
    if cell.role is Role.TASK:
        reading.cells.append(_markdown(SCHEME.sub("", cell.source)))
        if scheme := SCHEME.search(cell.source):
            reading.cells.append(_markdown(scheme[0], "solution-only"))
        return
    if not cell.code:
        reading.cells.append(_markdown(cell.source, "solution-only"))
        return
    source, _ = without_magics(cell.source)
    tree = _parsed(reading, cell, source)
    if tree is None:
        return
    reading.names.add_imports(tree)
    reason = _not_an_exercise(source, tree, cell)
    if reason:
        if cell.role is Role.SOLUTION:
            reading.notes.append(f"{cell.place}: {reason}; it is in the solution only")
        reading.cells.append(_code(source, "solution-only"))
        return
    for node in tree.body:
        if isinstance(node, Definition):
            text = "\n".join(source.split("\n")[node.lineno - 1 : node.end_lineno])
            if BEGIN in text:
                reading.exercises[node.name] = node
                reading.code[node.name] = text
                reading.names.exercises.append(node.name)
            else:
                reading.names.others.add(node.name)
    reading.names.others |= _defined(tree) - set(reading.exercises)
    reading.cells.append(_code(source))


def _not_an_exercise(source: str, tree: ast.Module, cell: NotebookCell) -> str:
    if cell.role is Role.BY_HAND:
        return "it is graded by hand"
    if BEGIN not in source:
        return f"it has no `{BEGIN}`"
    try:
        regions.cut(source, cell.place, 1)
    except RegionError as error:
        return str(error).partition(": ")[2].partition(";")[0]
    return ""


def _read_tests(reading: _Reading, cell: NotebookCell) -> None:
    last = next(reversed(reading.exercises), "")
    made = translated(cell, reading.names, last)
    if not made.exercise:
        reading.notes.append(f"{cell.place}: its tests come before every exercise; they are left out")
        reading.left.append((cell.place, cell.source))
        return
    reading.points[made.exercise] = reading.points.get(made.exercise, 0.0) + cell.points
    if made.checks:
        reading.checks.append((made.exercise, made.checks))
    reading.uses |= made.uses
    reading.imports |= made.imports
    for text, reason in made.left:
        reading.left.append((cell.place, text))
        first = " ".join(text.split())
        reading.notes.append(f"{cell.place}: `{first[:60]}{'…' if len(first) > 60 else ''}` is no check: {reason}")


def _spec(head: str, reading: _Reading, concept: str) -> str:
    parts = [head.rstrip()]
    earlier: list[str] = []
    for name, node in reading.exercises.items():
        kind = Kind.CLASS if isinstance(node, ast.ClassDef) else Kind.FUNCTION
        title = name.replace("_", " ").capitalize()
        text = spec_text(name, title, kind, _points(reading, name), concept, TODO_HINTS)
        used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        requires = [f'"{one}"' for one in earlier if one in used]
        if requires:
            text = text.replace("concepts = ", f"requires = [{', '.join(requires)}]\nconcepts = ", 1)
        parts.append(text.rstrip())
        earlier.append(name)
    return "\n\n".join(parts) + "\n"


def _points(reading: _Reading, name: str) -> float:
    return reading.points.get(name) or 1.0


def _checks(head: str, reading: _Reading) -> str:
    ours, _ = split_imports(f"from blindgrade.checks import {', '.join(sorted(reading.uses))}")
    text = with_imports(head, [*ours, *reading.imports.values()])
    text = "\n\n\n".join([text.rstrip(), *(part for _, part in reading.checks)]) + "\n"
    if reading.left:
        text += FOOT
        for place, left in reading.left:
            text += "\n".join([f"# {place}:", *(f"#     {line}".rstrip() for line in left.split("\n"))]) + "\n"
    return text


def _known(head: str, reading: _Reading) -> str:
    text = head
    for name, node in reading.exercises.items():
        kind = Kind.CLASS if isinstance(node, ast.ClassDef) else Kind.FUNCTION
        text = with_code(text, known_text(name, kind, reading.code[name]))
    return text


def _missing_check(name: str) -> str:
    return "\n".join([
        f'@check("{name}", public=True)',
        f"def {name}_is_right(lesson, rng):",
        '    """TODO: the claim that students read."""',
        f"    return callable(lesson.{name})  # TODO: call it, and return what it gives",
    ])  # fmt: skip


def _parsed(reading: _Reading, cell: NotebookCell, source: str) -> ast.Module | None:
    """The cell's tree. If it does not parse, it is kept as text in the solution."""
    try:
        return ast.parse(source)
    except SyntaxError as error:
        reading.notes.append(f"{cell.place}: it is not valid Python ({error.msg}); it is text in the solution only")
        reading.cells.append(_markdown(f"```\n{cell.source}\n```", "solution-only"))
        return None


def _shows_only(tree: ast.Module, reading: _Reading) -> bool:
    """Is the cell for looking: plots, calls of exercises, bare expressions? A student's file must import without it."""
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    modules = {reading.names.module(name).split(".")[0] for name in used | _imported(tree)}
    outside = {
        n.id
        for node in tree.body
        if not isinstance(node, Definition)
        for n in ast.walk(node)
        if isinstance(n, ast.Name)
    }
    shows = all(isinstance(node, ast.Expr) for node in tree.body)
    if any(not _imports_from(node, PLOTS) for node in tree.body) and not used & reading.names.imports.keys():
        modules = set()  # a cell of imports
    return bool(modules & set(PLOTS)) or shows or bool(outside & set(reading.exercises))


def _imports_from(node: ast.stmt, modules: tuple[str, ...]) -> bool:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").startswith(modules)
    return isinstance(node, ast.Import) and all(alias.name.startswith(modules) for alias in node.names)


def _taken_out(source: str, tree: ast.Module, modules: tuple[str, ...]) -> str:
    """The source without its top-level imports of these modules."""
    lines = source.split("\n")
    for node in reversed(tree.body):
        if _imports_from(node, modules):
            del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines)


def _imported(tree: ast.Module) -> set[str]:
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    return {alias.asname or alias.name.split(".")[0] for node in found for alias in node.names}


def _defined(tree: ast.Module) -> set[str]:
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names | {node.name for node in tree.body if isinstance(node, Definition)}


def _has_title(cells: list[str]) -> bool:
    return any(re.search(r"^# # ", cell, re.MULTILINE) for cell in cells)


def _markdown(source: str, tag: str = "") -> str:
    head = "# %% [markdown]" + (f' tags=["{tag}"]' if tag else "")
    return "\n".join([head, *(f"# {line}".rstrip() for line in source.strip().split("\n"))])


def _code(source: str, tag: str = "") -> str:
    head = "# %%" + (f' tags=["{tag}"]' if tag else "")
    lines = [line for line in source.strip("\n").split("\n") if not line.startswith("from __future__")]
    return "\n".join([head, *(re.sub(r"^# ?%%", "#  %%", line).rstrip() for line in lines)])
