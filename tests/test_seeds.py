"""Secret seeds."""

from __future__ import annotations

import json

from blindgrade.seeds import MAX_SEED, draw


def test_seeds_are_drawn_from_the_whole_range_and_differ() -> None:
    drawn = [draw() for _ in range(200)]
    assert len(set(drawn)) == 200
    assert 0 <= min(drawn) < MAX_SEED // 4 and MAX_SEED - MAX_SEED // 4 < max(drawn) < MAX_SEED


def test_a_reader_that_knows_only_floating_numbers_keeps_every_seed_exact() -> None:
    assert json.loads(json.dumps(MAX_SEED - 1), parse_int=float) == MAX_SEED - 1
    assert float(MAX_SEED + 1) != MAX_SEED + 1
