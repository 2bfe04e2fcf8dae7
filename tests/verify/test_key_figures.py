from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.engine.answers.answer_key import KEY_SEED
from blindgrade.verify.key_figures import KeyFigures, key_figures
from blindgrade.verify.workshop import Workshop

MINI = Path(__file__).parents[1] / "courses" / "mini"
COURSE = Path(__file__).parents[2]
FOLDER = "lesson_1_1_1_basics"


@pytest.mark.parametrize("seed", [KEY_SEED, 1001])
def test_a_key_of_any_seed_accepts_right_answers_and_names_wrong_ones(seed: int) -> None:
    lessons = [files.entry.id for files in Catalog(COURSE).ready()]
    found = sum((key_figures(Workshop(COURSE, lesson), seed) for lesson in lessons), KeyFigures())
    assert found.refused == []
    assert found.misnamed == []
    assert len(found.unnoticed) <= 0.03 * found.wrong, found.unnoticed
    assert found.named >= 0.9 * found.wrong, found.unnamed


def test_answers_that_come_out_otherwise_are_listed(tmp_path: Path) -> None:
    shutil.copytree(MINI, tmp_path / "mini")
    known = tmp_path / "mini" / "graders" / FOLDER / "known_answers.py"
    halved = 'right("halved", "return centered", "return 0.5 * centered")\n'
    as_it_is = 'wrong("as_it_is", "centered = values", "centered = +values", hint="Never.")\n'
    text = known.read_text().replace('exercise("standardize")\n', f'exercise("standardize")\n{halved}{as_it_is}', 1)
    known.write_text(text)
    found = key_figures(Workshop(tmp_path / "mini", "lesson-1.1.1"), 1001)
    assert found.refused == ["lesson-1.1.1/standardize/halved, seed 1001"]
    hidden = "lesson-1.1.1/standardize/accepts_one_value, seed 1001"  # of the mini course, on purpose
    assert set(found.unnoticed) == {"lesson-1.1.1/standardize/as_it_is, seed 1001", hidden}
    assert found.unnamed == found.misnamed == []
    assert (found.right, found.wrong, found.named) == (5, 9, 7)
