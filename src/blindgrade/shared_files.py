"""Files that a course shares with every lesson: the modules at the top of exercises/, and the files in its assets/.

A lesson imports them as if they were beside its own file: `from toys import mlp`. A module finds the assets in the
folder `assets` beside itself.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ASSETS = "assets"
MANIFEST = Path(".blindgrade", "released.json")
NOISE = frozenset({"__pycache__", ".ipynb_checkpoints"})
MODULE = re.compile(r"[A-Za-z_]\w*")


def private_assets(root: Path) -> list[Path]:
    """Data that a course's private toys read, in graders/assets. Scripts and pages there are no data."""
    found = (root / "graders" / ASSETS).rglob("*")
    return sorted(path for path in found if path.is_file() and path.suffix not in (".py", ".pyc", ".md"))


@dataclass(frozen=True)
class SharedFiles:
    """Shared files as they are now; make a new object to look again. `home` is the course's folder exercises/.

    A student may put own files there. So in a released folder, only the files that the release brought are shared.
    """

    home: Path

    @cached_property
    def modules(self) -> dict[str, Path]:
        """Shared modules by their names: "toys"."""
        found = sorted(self.home.glob("*.py"))
        return {path.stem: path for path in found if MODULE.fullmatch(path.stem) and self._is_shared(path)}

    @cached_property
    def assets(self) -> list[Path]:
        """Data that shared modules read."""
        found: list[Path] = []
        for folder, inner, names in os.walk(self.home / ASSETS):
            inner[:] = sorted(name for name in inner if name not in NOISE and not name.startswith("."))
            found += [Path(folder, name) for name in sorted(names) if not name.startswith(".")]
        return [path for path in found if self._is_shared(path)]

    @property
    def paths(self) -> list[Path]:
        """All shared files."""
        return [*self.modules.values(), *self.assets]

    @property
    def names(self) -> list[str]:
        """Names of all shared files, relative to their folder: "toys.py", "assets/digits.npz"."""
        return [self.name(path) for path in self.paths]

    def name(self, path: Path) -> str:
        """Name of a shared file, relative to the folder of all."""
        return path.relative_to(self.home).as_posix()

    def contents(self) -> dict[str, bytes]:
        """All shared files: name → content."""
        return {self.name(path): path.read_bytes() for path in self.paths}

    def for_code(self, texts: Iterable[str]) -> dict[str, bytes]:
        """Shared files for a process that runs this code: all modules, and the assets if the code may read them."""
        everything = list(texts)
        imported = self.imported_by(everything)
        reads = any(ASSETS in text for text in everything) or self._reads_assets(imported)
        paths = [*self.modules.values(), *(self.assets if reads else ())]
        return {self.name(path): path.read_bytes() for path in paths}

    def needed_by(self, texts: Iterable[str]) -> list[Path]:
        """Shared files on which this code can depend: the modules that it imports, directly or not, and their data."""
        return self.behind(self.imported_by(texts))

    def behind(self, modules: Iterable[str]) -> list[Path]:
        """These modules' files, those of the modules that they import, and the assets if one of them reads assets."""
        wanted = self._with_their_imports(set(modules))
        paths = [self.modules[name] for name in sorted(wanted)]
        return [*paths, *(self.assets if self._reads_assets(wanted) else ())]

    def imported_by(self, texts: Iterable[str]) -> set[str]:
        """Names of shared modules in the lines that import something. It finds too many rather than too few."""
        lines = [line for text in texts for line in text.split("\n") if "import" in line]
        return self.modules.keys() & {word for line in lines for word in MODULE.findall(line)}

    def _with_their_imports(self, modules: set[str]) -> set[str]:
        found: set[str] = set()
        waiting = modules & self.modules.keys()
        while waiting:
            found |= waiting
            waiting = self.imported_by(self._texts[name] for name in waiting) - found
        return found

    def _reads_assets(self, modules: set[str]) -> bool:
        return any(ASSETS in self._texts[name] for name in self._with_their_imports(modules))

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {name: path.read_text(encoding="utf-8", errors="replace") for name, path in self.modules.items()}

    @cached_property
    def _released(self) -> frozenset[str] | None:
        """Names that the release brought to this folder; None if it is no released folder."""
        try:
            files = json.loads((self.home.parent / MANIFEST).read_text(encoding="utf-8"))["files"]
            return frozenset(map(str, files))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _is_shared(self, path: Path) -> bool:
        if not path.is_file():
            return False
        return self._released is None or path.relative_to(self.home.parent).as_posix() in self._released
