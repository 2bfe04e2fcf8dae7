"""Digits, their judges and the teacher: what README.md and the docstrings say of them is measured."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor

from blindgrade.catalog import Catalog
from blindgrade.engine.answers.lesson_checks import provide_toys

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "exercises" / "assets"


@pytest.fixture(scope="module")
def digits() -> ModuleType:
    provide_toys(Catalog(ROOT).ready()[0])
    return importlib.import_module("digits")


def judges(digits: ModuleType) -> dict[str, object]:
    return {"public": digits.judge(), "private": importlib.import_module("grader_toys.judges").private_judge()}


@pytest.fixture(scope="module")
def samples(digits: ModuleType) -> tuple[Tensor, Tensor]:
    """300 samples of the teacher with 12 Euler steps, and the digits that were asked for."""
    model, labels = digits.teacher(), torch.arange(300) % 10
    x = torch.randn(300, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        for k in range(12):
            x = x - model(x, torch.full((300,), 1 - k / 12), labels) / 12
    return x, labels


# ---------------------------------------------------------------- the images


def test_splits_are_disjoint_balanced_and_complete(digits: ModuleType) -> None:
    images, labels = digits.load_digits()
    held_out, held_labels = digits.load_digits("held_out")
    assert images.shape == (1297, 1, 8, 8) and held_out.shape == (500, 1, 8, 8)
    assert images.dtype == torch.float32 and labels.dtype == torch.int64
    assert (float(images.min()), float(images.max())) == (-1, 1)
    assert torch.bincount(held_labels).tolist() == [50] * 10
    seen = {one.tobytes() for one in images.numpy()}
    assert not [one for one in held_out.numpy() if one.tobytes() in seen]


def test_an_unknown_split_is_named(digits: ModuleType) -> None:
    with pytest.raises(ValueError, match="train.*held_out.*'test'"):
        digits.load_digits("test")


def test_the_data_have_no_pickle_and_stay_below_a_megabyte() -> None:
    files = list(ASSETS.rglob("*"))
    assert sum(path.stat().st_size for path in files) < 1_000_000
    for path in [*ASSETS.glob("*.npz"), *(ROOT / "graders" / "assets").glob("*.npz")]:
        with np.load(path, allow_pickle=False) as stored:
            assert all(stored[key].dtype.kind in "bfiu" for key in stored.files)


def test_the_source_and_licence_are_beside_the_data() -> None:
    text = (ASSETS / "README.md").read_text()
    assert "CC BY 4.0" in text and "Alpaydin" in text and "10.24432/C50P49" in text


# ---------------------------------------------------------------- the network


def test_no_label_and_the_label_of_no_class_are_the_same(digits: ModuleType) -> None:
    model, x, t = digits.teacher(), torch.randn(4, 1, 8, 8), torch.rand(4)
    assert torch.equal(model(x, t), model(x, t, torch.full((4,), 10)))
    assert not torch.allclose(model(x, t), model(x, t, torch.arange(4)))


def test_the_unet_adds_residuals_to_its_skips(digits: ModuleType) -> None:
    torch.manual_seed(0)
    unet, x, t = digits.DigitUNet(8), torch.randn(3, 1, 8, 8), torch.rand(3)
    shapes = [(3, 8, 8, 8), (3, 8, 8, 8), (3, 16, 4, 4), (3, 16, 4, 4), (3, 16, 4, 4)]
    silent = [torch.zeros(shape) for shape in shapes]
    assert torch.equal(unet(x, t, None, silent), unet(x, t))
    for i in range(5):
        loud = [torch.ones(shape) if k == i else silent[k] for k, shape in enumerate(shapes)]
        assert not torch.allclose(unet(x, t, None, loud), unet(x, t))


def test_state_keys_are_those_of_tiny_unet_and_the_label(digits: ModuleType) -> None:
    toys = sys.modules["toys"]
    ours, tiny = digits.DigitUNet(8).state_dict(), toys.TinyUNet(1, 8).state_dict()
    assert [key for key in ours if key not in tiny] == ["label.weight"]
    assert {key: ours[key].shape for key in tiny} == {key: value.shape for key, value in tiny.items()}


def test_every_teacher_is_a_new_frozen_network(digits: ModuleType) -> None:
    one, other = digits.teacher(), digits.teacher()
    assert one is not other and not one.training
    assert not any(p.requires_grad for p in one.parameters())
    assert digits.judge() is digits.judge()


# ---------------------------------------------------------------- the judges


def test_both_judges_read_held_out_digits(digits: ModuleType) -> None:
    images, labels = digits.load_digits("held_out")
    assert digits.judge().legible(images, labels) == pytest.approx(0.996, abs=0.003)
    private = judges(digits)["private"]
    every, every_label, _ = digits.every_digit()
    with np.load(ROOT / "graders" / "assets" / "private_judge.npz") as stored:
        theirs = torch.from_numpy(stored["held_out"])
    assert private.legible(every[theirs], every_label[theirs]) == pytest.approx(0.996, abs=0.003)
    assert not torch.equal(private.classifier.head.weight, digits.judge().classifier.head.weight)


def test_frechet_distance_is_that_of_scipy(digits: ModuleType) -> None:
    linalg = pytest.importorskip("scipy.linalg")
    a, b = torch.randn(50, 6, dtype=torch.float64), 1 + 2 * torch.randn(80, 6, dtype=torch.float64)
    one, other = ((x.mean(dim=0), torch.cov(x.T)) for x in (a, b))
    root = linalg.sqrtm((one[1] @ other[1]).numpy()).real
    expected = (one[0] - other[0]).square().sum() + one[1].trace() + other[1].trace() - 2 * root.trace()
    assert digits.frechet(*one, *other) == pytest.approx(float(expected))
    assert digits.frechet(*one, *one) == pytest.approx(0, abs=1e-9)
    assert digits.frechet(one[0] * torch.nan, one[1], *other) == float("inf")


@pytest.mark.parametrize("name", ["public", "private"])
def test_distance_orders_what_the_eye_orders(digits: ModuleType, samples: tuple[Tensor, Tensor], name: str) -> None:
    judge = judges(digits)[name]
    images, labels = digits.load_digits("held_out")
    means = torch.stack([images[labels == d].mean(dim=0) for d in range(10)])[labels]
    noise = torch.randn(500, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    seen = [judge.distance(x) for x in (images, samples[0], means, noise)]
    assert seen == sorted(seen)
    assert seen[0] < 0.02 < seen[2] - seen[1] and seen[3] > 0.4


def test_half_of_the_real_digits_gives_the_noise_floor(digits: ModuleType) -> None:
    images, labels = digits.load_digits("held_out")
    order = labels.argsort(stable=True)
    half, other = order[0::2], order[1::2]
    floor = digits.Judge(digits.judge().classifier, images[other], labels[other]).distance(images[half])
    assert floor == pytest.approx(digits.NOISE_FLOOR, abs=0.001)


def test_distance_with_labels_compares_with_digits_of_these_labels(digits: ModuleType) -> None:
    images, labels = digits.load_digits("train")
    ones, judge = images[labels == 1], digits.judge()
    assert judge.distance(ones, torch.ones(len(ones), dtype=torch.int64)) < 0.1 < 1 < judge.distance(ones)


def test_diversity_is_one_for_digits_and_nothing_for_copies(digits: ModuleType) -> None:
    images, labels = digits.load_digits("train")
    judge = digits.judge()
    assert judge.diversity(images) == pytest.approx(1, abs=0.02)
    assert judge.diversity(images, labels) == pytest.approx(1, abs=0.1)
    copies = torch.stack([images[labels == d][0] for d in range(10)])[labels]
    assert judge.diversity(copies, labels) == pytest.approx(0, abs=1e-6)
    assert judge.diversity(copies) > 0.9  # without labels, ten repeated pictures look diverse


@pytest.mark.parametrize("name", ["public", "private"])
def test_the_teachers_samples_are_digits(digits: ModuleType, samples: tuple[Tensor, Tensor], name: str) -> None:
    judge = judges(digits)[name]
    assert judge.legible(*samples) >= 0.97
    assert judge.distance(samples[0]) < 0.05
    assert judge.diversity(samples[0], samples[1]) == pytest.approx(1, abs=0.25)
