"""Private matter of a course: the lines and shapes of solutions, hidden checks, known answers and private toys."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import islice
from pathlib import Path

from pydantic import Field, ValidationError

from blindgrade.authoring import cells, regions
from blindgrade.authoring.cells import SOLUTION_ONLY
from blindgrade.authoring.notebook import notebook_text
from blindgrade.authoring.stub import stub_text
from blindgrade.catalog import Catalog, CourseError
from blindgrade.engine.answers.known import read_known_answers
from blindgrade.engine.answers.slices import MAIN, TOYS, SliceError, Slicer
from blindgrade.engine.answers.solution_text import SolutionText
from blindgrade.files import toml_data
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Described
from blindgrade.release.scan import shapes
from blindgrade.release.scan.opening import code_of
from blindgrade.release.scan.pieces import Piece, squeezed, take
from blindgrade.release.scan.private_data import private_data
from blindgrade.shared_files import private_assets

SHORTEST = 18  # characters without spaces: a shorter line is a habit and no answer (`return x.mean()`)
NAME = re.compile(r"[A-Za-z_]\w{11,}")  # shorter names are words that any code may use
SEED = re.compile(r'"seed":\s*(\d{7,})')
MAX_RECORDS = 20_000


@dataclass(frozen=True)
class Origin:
    """Kind of a private piece and its place in the course: "a line of a solution", "solutions/…/basics.py:34"."""

    what: str
    place: str


class Purpose(Described):
    """Lines that are private in one file and may be in the public `file` (a pattern), with the reason."""

    file: str
    lines: list[str] = Field(min_length=1)
    reason: str

    def names(self, released: str) -> bool:
        """Whether `released` is this file. A target may move it: "course/exercises/toys.py" or "x.zip!exercises/…"."""
        return any(fnmatchcase(released, pattern) for pattern in (self.file, f"*/{self.file}", f"*!{self.file}"))


class PrivateMatter:
    """Private lines, shapes, names, paths and seeds of a whole course, including lessons that are only drafts."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.hidden_names: dict[str, Origin] = {}
        self.public_names: dict[str, dict[str, str]] = {}  # by lesson: a public check's exercise by the check's name
        self.hints: dict[str, dict[str, dict[str, str]]] = {}  # of misconceptions, by lesson, exercise and name
        self._shown: list[str] = []  # texts that the course shows on purpose: stubs, notebooks, public checks, hints
        self._public_toys: dict[str, set[int]] = {}
        pieces: list[Piece] = []
        for entry in catalog.entries:
            pieces += self._of_lesson(LessonFiles(catalog.root, entry))
        pieces += self._toys()
        pieces += private_data(catalog.root)
        # A name that students read anyway (of a function, of another lesson's public check) reveals nothing.
        for name in NAME.findall("\n".join(self._shown)):
            self.hidden_names.pop(name, None)
        self.lines = self._lines(pieces)
        self.shapes, self.sizes = self._shapes(pieces)

    @cached_property
    def beginnings(self) -> dict[str, list[str]]:
        """Private lines by their first characters. So the scan reads a text once, and not once for each line."""
        found: dict[str, list[str]] = {}
        for line in self.lines:
            found.setdefault(line[:SHORTEST], []).append(line)
        return found

    def lines_in(self, text: str) -> Iterator[tuple[int, str]]:
        """Every private line in a squeezed text, with the index at which it begins."""
        for at in range(len(text) - SHORTEST + 1):
            for line in self.beginnings.get(text[at : at + SHORTEST], ()):
                if text.startswith(line, at):
                    yield at, line

    @cached_property
    def on_purpose(self) -> list[Purpose]:
        """Lines that the course allows in public files."""
        path = self.catalog.on_purpose
        try:
            entries = toml_data(path).get("line", []) if path.is_file() else []
            return [Purpose.model_validate(entry) for entry in entries]
        except (tomllib.TOMLDecodeError, ValidationError) as error:
            raise CourseError(
                f"{path}: {str(error).splitlines()[0]}; each [[line]] has file, lines and reason"
            ) from None

    @cached_property
    def paths(self) -> dict[str, Origin]:
        """Paths of folders on this machine and of the private trees, and names of private data."""
        machine = Origin("a path of this machine", "")
        own = [
            self.catalog.root,
            self.catalog.root.resolve(),
            Path(__file__).resolve().parents[3],
            Path.home(),
        ]
        found = {str(path): machine for path in own if len(path.parts) > 2}
        for entry in self.catalog.entries:
            files = LessonFiles(self.catalog.root, entry)
            for path in (files.solution.parent, files.private_checks.parent):
                name = path.relative_to(self.catalog.root).as_posix()
                found[name] = found[name.replace("/", "\\")] = Origin("a path of a private tree", "")
        for path in private_assets(self.catalog.root):
            found[path.name] = Origin("the name of a private file", self._place(path))
        return found

    @cached_property
    def seeds(self) -> dict[str, Origin]:
        """Secret seeds of recorded attempts."""
        found = {}
        homes = (self.catalog.attempts, self.catalog.build)
        for path in islice((path for home in homes for path in home.rglob("*.json") if path.is_file()), MAX_RECORDS):
            for seed in SEED.findall(path.read_text(encoding="utf-8", errors="replace")):
                found[seed] = Origin("the seed of an attempt", self._place(path))
        return found

    def _of_lesson(self, files: LessonFiles) -> Iterator[Piece]:
        if files.solution.is_file():
            yield self._solution(files)
        if files.private_checks.is_file():
            yield self._hidden_checks(files)
        if files.known_answers.is_file():
            yield self._whole("a known answer", files.known_answers)
            self._learn_hints(files)

    def _solution(self, files: LessonFiles) -> Piece:
        text, name = files.solution.read_text(encoding="utf-8"), self._place(files.solution)
        try:
            self._shown += [stub_text(text, name), notebook_text(text, name)]
            parsed = cells.parse(text, name)
        except (cells.CellError, regions.RegionError) as error:
            raise CourseError(str(error)) from None
        piece = Piece("a line of a solution", files.solution)
        for cell in parsed:
            wanted = _region_lines(cell.source)
            if SOLUTION_ONLY in cell.tags:
                wanted = [range(1, cell.source.count("\n") + 2)]
            tree = shapes.parse(cell.source) if cell.kind == "code" and wanted else None
            for lines in wanted if tree else ():
                take(piece, cell.source, tree, set(lines), cell.first_line - 1)
        return piece

    def _hidden_checks(self, files: LessonFiles) -> Piece:
        text = files.private_checks.read_text(encoding="utf-8")
        tree = ast.parse(text)
        checks = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        public = {node.name: _exercise_of(node) for node in checks if _is_check(node, public=True)}
        self.public_names[files.entry.id] = public
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and _is_check(node, public=False):
                place = f"{self._place(files.private_checks)}:{node.lineno}"
                self.hidden_names[node.name] = Origin("the name of a hidden check", place)
        try:
            cut = Slicer(files.private_checks, files.grader_toys).cut(public, decorators=True)
        except SliceError as error:
            raise CourseError(str(error)) from None
        for module, shown in cut.items():
            self._shown.append(shown)
            if module != MAIN:
                self._public_toys.setdefault(module, set()).update(_filled(shown))
        return self._whole("a hidden check", files.private_checks, _filled(cut.get(MAIN, "")))

    def _learn_hints(self, files: LessonFiles) -> None:
        """Learn what answer keys show of misconceptions: their names and hints, and nothing of their code."""
        with suppress(CourseError, OSError):  # a draft may lack parts; then no key of it may have hints
            known = read_known_answers(SolutionText(files, self.catalog.lesson(files)))
            found = self.hints.setdefault(files.entry.id, {})
            for variant in known.wrong:
                found.setdefault(variant.exercise, {})[variant.name] = variant.hint
                self._shown += [variant.name, variant.hint]

    def _toys(self) -> Iterator[Piece]:
        home = self.catalog.root / "graders" / TOYS
        for path in sorted(home.rglob("*.py")):
            parts = path.relative_to(home.parent).with_suffix("").parts
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield self._whole("a private toy", path, self._public_toys.get(module, set()))

    def _whole(self, what: str, path: Path, public: set[int] | None = None) -> Piece:
        """Piece of a whole file, without the lines in `public`."""
        text = path.read_text(encoding="utf-8")
        tree = shapes.parse(text)
        if tree is None:
            raise CourseError(f"{path} is not valid Python; correct it")
        piece = Piece(what, path)
        take(piece, text, tree, set(range(1, text.count("\n") + 2)) - (public or set()), 0)
        return piece

    def _lines(self, pieces: Iterable[Piece]) -> dict[str, Origin]:
        shown = squeezed("\n".join(self._shown))
        beginnings = {shown[at : at + SHORTEST] for at in range(len(shown))}
        found: dict[str, Origin] = {}
        for piece in pieces:
            for number, line in piece.lines:
                if len(line) < SHORTEST or line in found or (line[:SHORTEST] in beginnings and line in shown):
                    continue
                found[line] = Origin(piece.what, f"{self._place(piece.path)}:{number}")
        return found

    def _shapes(self, pieces: Iterable[Piece]) -> tuple[dict[str, Origin], set[shapes.Size]]:
        found: dict[str, Origin] = {}
        sizes: set[shapes.Size] = set()
        for piece in pieces:
            telling = shapes.telling_shapes(piece.runs)
            sizes |= telling.sizes
            for shape, line in telling.lines.items():
                found.setdefault(shape, Origin(piece.what, f"{self._place(piece.path)}:{line}"))
        for text in self._shown:
            for code in code_of(text):
                tree = shapes.parse(code.text)
                for shape, _ in shapes.seen_in(tree, sizes) if tree else ():
                    found.pop(shape, None)
        return found, sizes

    def _place(self, path: Path) -> str:
        return path.relative_to(self.catalog.root).as_posix()


def _region_lines(source: str) -> list[range]:
    found, begin = [], 0
    for number, line in enumerate(source.split("\n"), 1):
        if line.strip() == regions.BEGIN:
            begin = number + 1
        elif line.strip() == regions.END:
            found.append(range(begin, number))
    return found


def _is_check(node: ast.FunctionDef, public: bool) -> bool:
    for call in node.decorator_list:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "check":
            given = [k.value for k in call.keywords if k.arg == "public"]
            return any(isinstance(v, ast.Constant) and v.value is True for v in given) == public
    return False


def _exercise_of(node: ast.FunctionDef) -> str:
    """First argument of the decorator `check`; "" if it is no plain text."""
    for call in node.decorator_list:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "check" and call.args:
            first = call.args[0]
            return str(first.value) if isinstance(first, ast.Constant) else ""
    return ""


def _filled(text: str) -> set[int]:
    return {number for number, line in enumerate(text.split("\n"), 1) if line.strip()}
