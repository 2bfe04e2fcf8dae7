"""State of a process in which an experiment begins, and the way back to it.

The student's file sets this state when it is loaded, as it would in a fresh kernel. What an experiment changes is set
back before the next one. What cannot be set back needs a fresh worker. So an exercise neither harms nor helps another.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import suppress
from types import ModuleType
from typing import Any

import numpy
import torch

from blindgrade.engine.wire.replies import Leaves
from blindgrade.engine.worker import attributes
from blindgrade.engine.worker.own_objects import files_in, marks_of
from blindgrade.engine.worker.settings import KEEP, OF_A_WORKER, SETTINGS


class State:
    """Positions of all switches, and the attributes of the libraries, at one moment.

    `own` are the student's modules, and `box` the folder that is theirs. They are looked at, and not set back. With
    `worker`, threads and files count too, because nobody else makes them.
    """

    def __init__(self, own: Iterable[ModuleType] = (), box: str = "", *, worker: bool = False) -> None:
        self.own = list(own)
        self.box = box
        self.settings = [*SETTINGS, *OF_A_WORKER] if worker else SETTINGS
        self.attributes = attributes.read()
        self.positions = [setting.read() for setting in self.settings]
        self.marks = self._marks()

    def restore(self) -> list[str]:
        """Set back what changed. The names of the switches of which traces may remain."""
        with suppress(Exception):  # a place that the student's code made read-only
            attributes.put_back(self.attributes)
        left = []
        for setting, before in zip(self.settings, self.positions, strict=True):
            try:
                if setting.read() == before:
                    continue
                if setting.write is not None:
                    setting.write(before)
                if setting.partial or setting.read() != before:
                    left.append(setting.name)
            except Exception:
                left.append(setting.name)
        return left

    def leaves(self) -> Leaves:
        """Set back what changed. Answer which check needs a fresh worker: the next one, or the next exercise's."""
        if self.restore():
            return "check"
        return "exercise" if self._marks() != self.marks else ""

    def _marks(self) -> Any:
        if not self.own:
            return []
        try:
            return marks_of(self.own), files_in(self.box) if self.box else []
        except Exception:  # an object of the student that cannot be looked at
            return []


def to_standard() -> None:
    """Bring torch's switches into the positions that they have in a new process."""
    for setting in SETTINGS:
        if setting.standard is not KEEP and setting.write is not None and setting.read() != setting.standard:
            setting.write(setting.standard)


def begin(seed: int) -> None:
    """Set the global random sources to a known start, and compute with one thread."""
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)
    # torch.manual_seed formats a stack trace for each kind of accelerator that is not there, which takes 3 ms.
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.manual_seed_all(seed)
    random.seed(seed)
    numpy.random.seed(seed % (1 << 32))
