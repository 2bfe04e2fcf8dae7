from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blindgrade.engine.worker import stand_ins


@pytest.fixture
def installed() -> Iterator[None]:
    """Stand-ins in this process, for a package that no other test imports."""
    before = dict(sys.modules)
    stand_ins.install()
    stand_ins.shell("get_ipython display")
    yield
    sys.meta_path.pop(0)
    for name in ("get_ipython", "display"):
        delattr(builtins, name)
    for name in set(sys.modules) - set(before):
        del sys.modules[name]


@pytest.mark.usefixtures("installed")
def test_pictures_are_computed_around_and_not_drawn() -> None:
    plots: Any = importlib.import_module("bokeh.plotting")
    figure, axes = plots.subplots(2, 3)
    assert axes.shape == (2, 3)
    (line,) = axes[0, 1].plot([1, 2])
    with plots.style.context("x"):
        figure.suptitle("x").set(color="red")
    counts, edges, bars = plots.hist([1])
    assert [type(one) for one in (line, counts, edges, bars)] == [stand_ins.Silent] * 4


def test_subplots_have_matplotlibs_form() -> None:
    shapes = [stand_ins.subplots(*size)[1] for size in ((1, 1), (1, 3), (3, 1), (2, 2))]
    assert isinstance(shapes[0], stand_ins.Silent)
    assert [one.shape for one in shapes[1:]] == [(3,), (3,), (2, 2)]


def test_a_progress_bar_gives_its_items() -> None:
    assert list(stand_ins.Progress([1, 2], desc="x")) == [1, 2]
    with stand_ins.trange(3) as bar:
        bar.set_description("x")
        assert list(bar) == [0, 1, 2]


@pytest.mark.usefixtures("installed")
def test_a_timed_cell_runs_in_the_callers_module() -> None:
    names: dict[str, Any] = {}
    exec(
        "get_ipython().run_cell_magic('time', '', 'x = 1\\ny = x')\nget_ipython().run_line_magic('time', 'z = y')",
        names,
    )
    assert (names["x"], names["y"], names["z"]) == (1, 1, 1)
    exec("get_ipython().run_cell_magic('bash', '', 'ls')\nget_ipython().system('ls')", names)


@pytest.mark.usefixtures("installed")
def test_another_file_gives_its_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.py").write_text("a = 1\ndef f(): return a\n")
    names: dict[str, Any] = {"a": 5}
    exec("get_ipython().run_line_magic('run', '-i other.py')", names)
    assert (names["a"], names["f"]()) == (1, 1)
    with pytest.raises(FileNotFoundError, match=r"no other notebook; save it as b\.py"):
        exec("get_ipython().run_line_magic('run', 'b.ipynb')", names)
