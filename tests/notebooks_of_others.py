"""Notebooks in the manner of public courses, as nbgrader writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def cell(source: str, name: str = "", **role: Any) -> dict[str, Any]:
    """A code cell. With a role, it has nbgrader's metadata."""
    meta = {"nbgrader": {"grade_id": name, "schema_version": 3, "locked": False, **role}} if name else {}
    return {"cell_type": "code", "metadata": meta, "source": source, "outputs": [], "execution_count": None}


def answer(source: str, name: str, **role: Any) -> dict[str, Any]:
    return cell(source, name, **{"grade": False, "solution": True, **role})


def checked(source: str, name: str, points: float) -> dict[str, Any]:
    return cell(source, name, grade=True, solution=False, points=points)


def text(source: str, name: str = "", **role: Any) -> dict[str, Any]:
    return {**cell(source, name, **role), "cell_type": "markdown"}


def write(path: Path, cells: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


# A course on deep learning: numpy, closeness, shapes, a hidden test, a plot, a magic.
NETWORKS = [
    text("# Logistic regression\n\nWith a *neural* mindset."),
    cell("import numpy as np\nimport matplotlib.pyplot as plt\n%matplotlib inline"),
    cell("EPS = 1e-8"),
    answer(
        'def sigmoid(z):\n    """The logistic function of z."""\n    # (one line)\n    ### BEGIN SOLUTION\n'
        "    s = 1 / (1 + np.exp(-z))\n    ### END SOLUTION\n    return s",
        "sigmoid",
    ),
    cell('print("sigmoid(0) =", sigmoid(np.array([0, 2])))'),
    checked(
        "# sigmoid of numbers and of arrays\nx = np.array([0.5, 0, 2.0])\noutput = sigmoid(x)\n"
        "assert type(output) == np.ndarray\nassert output.shape == (3,)\n"
        "assert np.allclose(sigmoid(x), [0.62245933, 0.5, 0.88079708], atol=1e-6)\n"
        "assert abs(sigmoid(0) - 0.5) < 1e-7\n"
        "### BEGIN HIDDEN TESTS\nfor value in [-30.0, 30.0]:\n"
        "    np.testing.assert_almost_equal(sigmoid(value), value > 0, decimal=5)\n"
        "### END HIDDEN TESTS",
        "test_sigmoid",
        5,
    ),
    answer(
        "def loss(y, p):\n    ### BEGIN SOLUTION\n    return -np.mean(y * np.log(p + EPS))\n    ### END SOLUTION",
        "loss",
    ),
    checked("y = np.array([1.0, 0.0])\nassert loss(y, sigmoid(y)) > 0, 'positive'", "test_loss", 3),
    cell("plt.plot([0, 1], [0, 1])"),
]

# A course on algorithms: classes, errors of three forms, a helper of nose, an answer that is no function.
ALGORITHMS = [
    text("# Stacks"),
    cell("from nose.tools import assert_equal, assert_raises"),
    answer("threshold = None\n### BEGIN SOLUTION\nthreshold = 3\n### END SOLUTION", "threshold"),
    answer(
        "class Stack:\n    def __init__(self):\n        ### BEGIN SOLUTION\n        self.items = []\n"
        "        ### END SOLUTION\n\n    def push(self, item):\n        ### BEGIN SOLUTION\n"
        "        self.items.append(item)\n        ### END SOLUTION\n\n    def pop(self):\n        ### BEGIN SOLUTION\n"
        "        if not self.items:\n            raise IndexError('empty')\n        return self.items.pop()\n"
        "        ### END SOLUTION",
        "stack",
    ),
    checked(
        "import pandas as pd\ns = Stack()\ns.push(1)\ns.push(2)\nassert_equal(s.pop(), 2)\nassert s.pop() == 1\n"
        "with assert_raises(IndexError):\n    s.pop()\nassert_raises(IndexError, Stack().pop)\n"
        "frame = pd.DataFrame()\nassert Stack().items == []",
        "test_stack",
        4,
    ),
    text("Because it is a stack.", "why", grade=True, solution=True, points=2),
    text(
        "Prove it.\n=== BEGIN MARK SCHEME ===\nhalf for trying\n=== END MARK SCHEME ===", "proof", task=True, points=3
    ),
]

# A course on PyTorch: tensors, close tensors, a training with a seed.
TENSORS = [
    text("Tensors without a heading"),
    cell("import torch\nfrom torch import nn"),
    answer(
        'def normalize(x):\n    """Rows of length 1."""\n    ### BEGIN SOLUTION\n'
        "    return x / x.norm(dim=-1, keepdim=True)\n    ### END SOLUTION",
        "normalize",
    ),
    checked(
        "torch.manual_seed(0)\nx = torch.randn(3, 4)\ny = normalize(x)\n"
        "torch.testing.assert_close(y, x / x.norm(dim=1, keepdim=True))\n"
        "assert torch.allclose(y.norm(dim=-1), torch.ones(3))\nassert (y == y).all()\nassert y.shape == x.shape\n"
        "assert not torch.isnan(normalize(x)).any()",
        "test_normalize",
        2,
    ),
    answer(
        "class Double(nn.Module):\n    def forward(self, x):\n        ### BEGIN SOLUTION\n"
        "        return 2 * normalize(x)\n        ### END SOLUTION",
        "double",
    ),
    checked(
        "out = Double()(torch.ones(2, 2))\nassert out.sum().item() > 1\nassert isinstance(out, torch.Tensor)",
        "test_double",
        2,
    ),
]
