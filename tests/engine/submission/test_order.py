from __future__ import annotations

from blindgrade.engine.submission.order import listed, order_notes


def notes(*runs: tuple[int, int | None]) -> list[str]:
    return order_notes(runs, [count for _, count in runs])


def test_cells_that_were_run_in_order_give_no_note() -> None:
    assert notes((1, 1), (3, 2), (4, 9)) == []


def test_a_notebook_without_numbers_gives_no_note() -> None:
    assert notes((1, None), (2, None)) == []


def test_cells_that_were_run_later_than_a_cell_below_are_named() -> None:
    [note] = notes((1, 1), (2, 5), (3, 4), (4, 6))
    assert note.startswith("cell 2 was run after cell 3: the grader runs all cells from top to bottom")
    assert "may get another result" in note and "Restart Kernel and Run All Cells" in note


def test_cells_that_were_not_run_are_named_beside_cells_that_were() -> None:
    [note] = notes((1, None), (2, None), (3, 1))
    assert note.startswith("cells 1-2 were not run: ")


def test_numbers_of_cells_are_joined() -> None:
    assert listed([3]) == "cell 3"
    assert listed([7, 3, 5, 6]) == "cells 3, 5-7"
