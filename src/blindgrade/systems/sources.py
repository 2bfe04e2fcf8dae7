"""What `course collect` can collect from, the clearest sign first."""

from __future__ import annotations

from blindgrade.collect import earlier, folders, git_checkouts
from blindgrade.collect.source_item import Recognise
from blindgrade.systems.canvas import downloads as canvas
from blindgrade.systems.gradescope import downloads as gradescope
from blindgrade.systems.moodle import downloads as moodle
from blindgrade.systems.nbgrader import exchange

SOURCES: dict[str, Recognise] = {
    "collected": earlier.collected,
    "gradescope": gradescope.gradescope,
    "nbgrader": exchange.exchange,
    "moodle": moodle.moodle,
    "canvas": canvas.canvas,
    "git": git_checkouts.checkouts,
    "folders": folders.plain,
}
