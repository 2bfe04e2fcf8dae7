"""Commands under the emulation of `sitecustomize.py`. On Windows, where nothing must be emulated, they simply run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
EMULATED = hasattr(os, "fork")
GRADE = ("-m", "blindgrade", "grade")
COURSE = ("-m", "blindgrade", "course")
SECONDS = 240


def environment(**more: str) -> dict[str, str]:
    """Environment of a command. The screen has the code page of Windows in western Europe."""
    kept = {name: value for name, value in os.environ.items() if name != "BLINDGRADE_COURSE"}
    path = {"PYTHONPATH": str(HERE), "PYTHONWARNDEFAULTENCODING": "1"} if EMULATED else {}
    return {**kept, **path, "PYTHONIOENCODING": "cp1252", **more}


def run(*command: str | Path, cwd: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments."""
    given = {"capture_output": True, "encoding": "cp1252", "timeout": SECONDS, "env": environment(), **more}
    done: subprocess.CompletedProcess[str] = subprocess.run([sys.executable, *map(str, command)], cwd=cwd, **given)
    return done


def run_code(text: str, *, cwd: Path = HERE, module: str = "blindgrade.trial") -> subprocess.CompletedProcess[str]:
    """Run a text as if it were a module of ours."""
    code = f"exec(compile({text!r}, 'trial.py', 'exec'), {{'__name__': {module!r}, '__builtins__': __builtins__}})"
    return run("-c", code, cwd=cwd)
