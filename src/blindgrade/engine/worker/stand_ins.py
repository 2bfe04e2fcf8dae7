"""Stand-ins for what a kernel has and a worker lacks: `display`, `get_ipython()`, and libraries for pictures.

They show nothing. So code that draws and computes in one statement still computes.
"""

from __future__ import annotations

import ast
import builtins
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy

# Packages that only show something. A worker imports a stand-in in their place, also where they are installed: then a
# result is the same on every machine. matplotlib would search all fonts in each worker, which takes seconds.
FOR_THE_EYE = frozenset({
    "matplotlib", "mpl_toolkits", "seaborn", "plotly", "bokeh", "altair", "IPython", "ipywidgets", "tqdm",
})  # fmt: skip


def install() -> None:
    """Let this process, a worker, import stand-ins for libraries that only show something."""
    sys.meta_path.insert(0, _Finder())


def shell(text: str) -> None:
    """Define the two names that every kernel has, if the text has one of them."""
    if "get_ipython" in text or "display" in text:
        given: dict[str, Any] = {"get_ipython": lambda: SHELL, "display": lambda *shown, **options: None}
        vars(builtins).update(given)


class Silent:
    """Object that accepts every use and does nothing: a figure, an axis, a widget."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Silent()

    def __call__(self, *given: Any, **options: Any) -> Any:
        # A decorator of a library for pictures gives the function itself.
        return given[0] if len(given) == 1 and not options and callable(given[0]) else Silent()

    def __getitem__(self, key: Any) -> Any:
        return Silent()

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter((Silent(),))  # `line, = ax.plot(x)`

    def __len__(self) -> int:
        return 1

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: Any) -> None:
        return None


def subplots(nrows: int = 1, ncols: int = 1, *, squeeze: bool = True, **options: Any) -> tuple[Any, Any]:
    """A figure and its axes, in the form that matplotlib gives them."""
    axes = numpy.empty((nrows, ncols), dtype=object)
    for place in numpy.ndindex(axes.shape):
        axes[place] = Silent()
    if not squeeze:
        return Silent(), axes
    return Silent(), axes.item() if axes.size == 1 else axes.squeeze()


class Progress:
    """Progress bar that shows nothing: it gives the items of an iterable."""

    def __init__(self, iterable: Any = (), *given: Any, **options: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable)

    def __len__(self) -> int:
        return len(self.iterable)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: Any) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        return Silent()


def trange(*given: int, **options: Any) -> Progress:
    """`tqdm.trange`."""
    return Progress(range(*given))


class _Quiet(ModuleType):
    """Module of a library for pictures."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        special: dict[str, Any] = {"subplots": subplots, "hist": lambda *given, **options: (Silent(),) * 3}
        special |= dict.fromkeys(("tqdm", "tqdm_notebook"), Progress) | dict.fromkeys(("trange", "tnrange"), trange)
        return special.get(name) or Silent()


class _Finder(MetaPathFinder, Loader):
    """Finds the stand-in of a package that only shows something."""

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        """Spec of a stand-in, if the package only shows something."""
        if fullname.split(".")[0] not in FOR_THE_EYE:
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module that has every name."""
        return _Quiet(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is to be run."""


class _Shell:
    """What `get_ipython()` returns. Magics that give names a value work; shell lines and all others do nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Silent()

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """`%%time` and others that run the cell."""
        if name in ("time", "timeit", "capture"):
            caller = sys._getframe(1)
            _run(cell, caller.f_globals, caller.f_code.co_filename, caller.f_lineno)

    def run_line_magic(self, name: str, line: str, *given: Any, **options: Any) -> None:
        """`%run FILE` and `%time STATEMENT`."""
        caller = sys._getframe(1)
        if name == "time":
            _run(line, caller.f_globals, caller.f_code.co_filename, caller.f_lineno)
        elif name == "run":
            _run_file(line, caller.f_globals)


SHELL = _Shell()


def _run(text: str, names: dict[str, Any], path: str, line: int) -> None:
    """Run a text whose every line counts as one line of the student's file."""
    tree = ast.parse(text, path)
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            node.lineno = node.end_lineno = line  # type: ignore[attr-defined]  # only nodes with places have both
    exec(compile(tree, path, "exec", dont_inherit=True), names)


def _run_file(line: str, names: dict[str, Any]) -> None:
    """Run another file of the submission; then its names are the caller's too."""
    parts = [part.strip("'\"") for part in line.split() if not part.startswith("-")]
    name = next((part for part in parts if part), "")
    file = Path(name if name.endswith((".py", ".ipynb")) else f"{name}.py")
    if file.suffix == ".ipynb":
        raise FileNotFoundError(f"%run {name}: the grader takes no other notebook; save it as {file.stem}.py")
    if not file.is_file():
        raise FileNotFoundError(f"%run {name}: there is no such file beside the lesson's file")
    space: dict[str, Any] = {"__name__": "__main__", "__file__": str(file), "__builtins__": builtins}
    exec(compile(file.read_text(encoding="utf-8"), str(file.resolve()), "exec", dont_inherit=True), space)
    names.update({key: value for key, value in space.items() if not (key.startswith("__") and key.endswith("__"))})
