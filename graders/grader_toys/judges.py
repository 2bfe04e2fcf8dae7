"""Private judge of digits, for verdicts. Its weights stay in the grader's process."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from digits import DigitClassifier, Judge, every_digit


@lru_cache(maxsize=1)
def private_judge() -> Judge:
    """A judge of the same design as `digits.judge()`, trained on another split of the digits with another seed.

    Call it in the verdict of a hidden check. The student's process has neither this file nor the weights.
    """
    file = Path(__file__).resolve().parents[1] / "assets" / "private_judge.npz"
    with np.load(file, allow_pickle=False) as stored:
        weights = {key: torch.from_numpy(stored[key].astype(np.float32)) for key in stored.files}
    held_out = weights.pop("held_out").bool()
    classifier = DigitClassifier()
    classifier.load_state_dict(weights)
    images, labels, _ = every_digit()
    return Judge(classifier, images[held_out], labels[held_out])
