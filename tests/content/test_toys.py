"""Toys against torch.distributions, brute force and each other, and that each can be cut out on its own."""

from __future__ import annotations

import ast
import importlib
import math
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from blindgrade.catalog import Catalog
from blindgrade.engine.answers.lesson_checks import provide_toys
from blindgrade.engine.answers.slices import Slicer, compiled
from blindgrade.engine.worker.experiment import Experiment

from .tensors import close, normal

ROOT = Path(__file__).parents[2]
PRIVATE = ROOT / "graders" / "grader_toys"
MODULES = sorted(path.stem for path in PRIVATE.glob("*.py") if path.stem != "__init__")
# What the curriculum relies on; later lessons may add toys.
PROMISED = {
    "mixtures": ["GaussianMixture"],
    "fields": ["LinearScore", "PointVelocity", "AffineVelocity", "RotationVelocity"],
    "nets": ["TinyVelocity"],
    "images": ["shapes_batch"],
    "distances": ["energy_distance"],
    "channels": ["FourChannelToy"],
}


@pytest.fixture(scope="module", autouse=True)
def _importable() -> None:
    provide_toys(Catalog(ROOT).ready()[0])


@pytest.fixture(scope="module")
def toys() -> ModuleType:
    return importlib.import_module("toys")


def toy(module: str, name: str) -> type:
    return getattr(importlib.import_module(f"grader_toys.{module}"), name)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gradient(log_prob: Tensor, x: Tensor) -> Tensor:
    return torch.autograd.grad(log_prob.sum(), x)[0]


# ---------------------------------------------------------------- the mixture

MEANS, STDS = normal(4, 2, seed=1), torch.tensor([0.3, 0.5, 0.8, 1.2], dtype=torch.float64)
WEIGHTS = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
TIMES = torch.tensor([0.02, 0.2, 0.4, 0.7, 0.9, 0.98], dtype=torch.float64)


@pytest.fixture
def mixture() -> object:
    return toy("mixtures", "GaussianMixture")(MEANS, STDS, WEIGHTS)


def noisy_law(alpha: float, sigma: float) -> MixtureSameFamily:
    """The law of alpha X + sigma N(0, I), by torch."""
    std = (alpha**2 * STDS**2 + sigma**2).sqrt()[:, None].expand_as(MEANS)
    return MixtureSameFamily(Categorical(WEIGHTS), Independent(Normal(alpha * MEANS, std), 1))


def test_mixture_is_torchs_mixture(mixture: object) -> None:
    x = (2 * normal(30, 2)).requires_grad_(True)
    log_prob = noisy_law(1.0, 0.0).log_prob(x)
    close(mixture.log_prob(x), log_prob)
    close(mixture.score(x.detach()), gradient(log_prob, x))
    close(mixture.at(0.6, 0.8).log_prob(x), noisy_law(0.6, 0.8).log_prob(x))


def test_scores_are_gradients_of_the_noisy_law_at_each_samples_own_t(mixture: object) -> None:
    x = (2 * normal(6, 2)).requires_grad_(True)
    ve = torch.stack([noisy_law(1.0, float(t)).log_prob(row) for t, row in zip(TIMES, x, strict=True)])
    close(mixture.score(x.detach(), TIMES), gradient(ve, x))
    levels = torch.exp(-(0.1 * TIMES + 9.95 * TIMES**2))
    vp = torch.stack(
        [noisy_law(math.sqrt(a), math.sqrt(1 - a)).log_prob(row) for a, row in zip(levels, x, strict=True)]
    )
    score = gradient(vp, x)
    close(mixture.vp_score()(x.detach(), TIMES), score)
    close(mixture.vp_noise()(x.detach(), levels), -(1 - levels).sqrt()[:, None] * score)


def test_denoisers_and_velocity_obey_tweedie(mixture: object) -> None:
    """E[X | x] = (x + sigma^2 score) / alpha, with the score of torch's noisy law."""
    x = (2 * normal(6, 2)).requires_grad_(True)
    ve = torch.stack([noisy_law(1.0, float(t)).log_prob(row) for t, row in zip(TIMES, x, strict=True)])
    fm = torch.stack([noisy_law(1 - float(t), float(t)).log_prob(row) for t, row in zip(TIMES, x, strict=True)])
    t = TIMES[:, None]
    close(mixture.denoiser(x.detach(), TIMES), (x + t**2 * gradient(ve, x)).detach())
    clean = ((x + t**2 * gradient(fm, x)) / (1 - t)).detach()
    close(mixture.denoiser_fm(x.detach(), TIMES), clean)
    close(mixture.velocity(x.detach(), TIMES), ((x - clean) / t).detach())
    assert torch.equal(mixture.flow_velocity()(x.detach(), TIMES), mixture.velocity(x.detach(), TIMES))


def test_velocity_is_exact_at_both_ends(mixture: object) -> None:
    x = normal(5, 2)
    close(mixture.velocity(x, torch.zeros(5, dtype=torch.float64)), -x)
    close(mixture.velocity(x, torch.ones(5, dtype=torch.float64)), x - WEIGHTS @ MEANS)


def test_one_t_serves_all_rows(mixture: object) -> None:
    x, one = normal(5, 2), torch.tensor(0.3, dtype=torch.float64)
    each = one.expand(5)
    for field in (mixture.score, mixture.denoiser, mixture.velocity, mixture.vp_score(), mixture.vp_noise()):
        close(field(x, one), field(x, each))
        close(field(x, 0.3), field(x, each))


def test_fields_answer_in_the_dtype_of_x(mixture: object) -> None:
    x, t = normal(3, 2).float(), torch.full((3,), 0.4)
    for field in (mixture.score, mixture.denoiser, mixture.velocity, mixture.vp_score(), mixture.vp_noise()):
        assert field(x, t).dtype == torch.float32
    assert bool(mixture.score(torch.full((1, 2), 60.0)).isfinite().all())


def test_samples_have_the_moments_of_the_mixture(mixture: object) -> None:
    x = mixture.sample(200_000, generator())
    second = (WEIGHTS[:, None] * (MEANS**2 + STDS[:, None] ** 2)).sum(dim=0)
    torch.testing.assert_close(x.mean(dim=0), WEIGHTS @ MEANS, atol=0.02, rtol=0)
    torch.testing.assert_close((x**2).mean(dim=0), second, atol=0.05, rtol=0)


def test_ring_has_its_hills_on_a_circle() -> None:
    ring = toy("mixtures", "GaussianMixture").ring(5, 3.0, 0.2, torch.float32)
    torch.testing.assert_close(ring.means.norm(dim=1), torch.full((5,), 3.0))
    torch.testing.assert_close(ring.means[0], torch.tensor([3.0, 0.0]))
    assert ring.stds.tolist() == pytest.approx([0.2] * 5) and ring.weights.tolist() == pytest.approx([0.2] * 5)


# ---------------------------------------------------------------- fields, nets, images, distances, channels


def test_linear_score_and_point_velocity_are_limits_of_the_mixture() -> None:
    make = toy("mixtures", "GaussianMixture")
    x, centre = normal(6, 2), torch.tensor([[1.0, -2.0]], dtype=torch.float64)
    close(toy("fields", "LinearScore")(centre[0], 0.25)(x, TIMES), make(centre, 0.5).score(x))
    close(toy("fields", "PointVelocity")(centre[0])(x, TIMES), make(centre, 0.0).velocity(x, TIMES))


def test_rotation_velocity_turns_by_omega() -> None:
    field = toy("fields", "RotationVelocity")(1.5)
    x, n = torch.tensor([[1.0, 0.0]], dtype=torch.float64), 20_000
    for _ in range(n):
        x = x + field(x, torch.zeros(1)) / n
    turned = torch.tensor([[math.cos(1.5), math.sin(1.5)]], dtype=torch.float64)
    torch.testing.assert_close(x, turned, atol=1e-3, rtol=0)


def test_affine_velocity_takes_each_samples_t_and_remembers_its_calls() -> None:
    matrix, shift, x = normal(2, 2), normal(2, seed=1), normal(6, 2, seed=2)
    field = toy("fields", "AffineVelocity")(matrix, shift)
    close(field(x, TIMES), torch.einsum("ij,nj->ni", matrix, x) + shift * TIMES[:, None])
    field(x, TIMES.flip(0))
    assert field.calls == [0.02, 0.98]


def test_tiny_velocity_depends_on_its_seed_alone() -> None:
    make = toy("nets", "TinyVelocity")
    before = torch.get_rng_state()
    one, same, other = make(2, 3), make(2, 3), make(2, 4)
    assert torch.equal(before, torch.get_rng_state())
    x, t = torch.randn(5, 2, generator=generator()), torch.rand(5, generator=generator())
    assert torch.equal(one(x, t), same(x, t)) and not torch.equal(one(x, t), other(x, t))
    assert one.seen == [((5, 2), (5,))] * 2


def test_shapes_batch_outlines_its_shapes() -> None:
    images, outlines = toy("images", "shapes_batch")(64, generator())
    assert images.shape == outlines.shape == (64, 1, 16, 16)
    assert images.unique().tolist() == [-1.0, 1.0] and outlines.unique().tolist() == [0.0, 1.0]
    assert bool((images[outlines == 1] == 1).all())
    assert bool((outlines.sum(dim=(1, 2, 3)) < (images == 1).sum(dim=(1, 2, 3))).all())


def test_energy_distance_is_the_mean_over_all_pairs() -> None:
    distance = toy("distances", "energy_distance")
    a, b = normal(7, 2), normal(5, 2, seed=1) + 1

    def mean(p: Tensor, q: Tensor) -> float:
        return sum(float((x - y).norm()) for x in p for y in q) / (len(p) * len(q))

    assert distance(a, b) == pytest.approx(2 * mean(a, b) - mean(a, a) - mean(b, b))
    assert distance(a, a.flip(0)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("active", [[], ["WHEN"], ["WHAT", "WHERE"], ["WHAT_IT_LOOKS_LIKE"]])
def test_four_channel_toy_hears_its_active_channels_alone(active: list[str]) -> None:
    make = toy("channels", "FourChannelToy")
    model = make(active)
    inputs = {"x": normal(2, 3, 4, 4), "t": normal(2), "text": normal(2, 5, 6), "hint": normal(2, 1, 8, 8)}
    inputs["image"] = normal(2, 7)
    moved = {key: model(**{**inputs, key: inputs[key] + 0.37}) for key in make.NAMES.values()}
    heard = [name for name, key in make.NAMES.items() if not torch.equal(model(**inputs), moved[key])]
    assert heard == active


# ---------------------------------------------------------------- public toys


def test_unet_adds_residuals_to_its_skips(toys: ModuleType) -> None:
    torch.manual_seed(0)
    unet = toys.TinyUNet(2, base=8)
    x, t = torch.randn(3, 2, 16, 16), torch.rand(3)
    shapes = [(3, 8, 16, 16), (3, 8, 16, 16), (3, 16, 8, 8), (3, 16, 8, 8), (3, 16, 8, 8)]
    silent, loud = [torch.zeros(s) for s in shapes], [torch.ones(s) for s in shapes]
    assert unet(x, t).shape == x.shape
    assert torch.equal(unet(x, t, silent), unet(x, t))
    for i in range(5):
        one = [loud[k] if k == i else silent[k] for k in range(5)]
        assert not torch.allclose(unet(x, t, one), unet(x, t))


def test_alpha_bar_table_is_the_exponential_of_the_integral(toys: ModuleType) -> None:
    fine = torch.linspace(0, 1, 100_001, dtype=torch.float64)
    integral = torch.cumulative_trapezoid(0.1 + 19.9 * fine, fine)
    torch.testing.assert_close(toys.alpha_bar_table(dtype=torch.float64), torch.exp(-integral[999::1000]))
    assert toys.alpha_bar_table().dtype == torch.float32


def test_state_keys_of_public_toys_are_kept(toys: ModuleType) -> None:
    block = ["conv1.weight", "conv1.bias", "temb.weight", "temb.bias", "norm.weight", "norm.bias"]
    assert list(toys.TinyBlock(8, 8).state_dict()) == [*block, "conv2.weight", "conv2.bias"]
    parts = ["time", "conv_in", "enc1", "down", "enc2", "mid", "dec3", "dec2", "up", "dec1", "dec0", "conv_out"]
    assert list(dict(toys.TinyUNet().named_children())) == parts
    assert list(toys.mlp(3, 2).state_dict()) == [f"{i}.{p}" for i in (0, 2, 4, 6) for p in ("weight", "bias")]
    assert toys.time_features(torch.rand(3)).shape == (3, 16) and toys.time_mlp()[2].out_features == 32


# ---------------------------------------------------------------- slices


def names(module: str) -> list[str]:
    tree = ast.parse((PRIVATE / f"{module}.py").read_text(encoding="utf-8"))
    return [n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.name.startswith("_")]


def test_every_promised_toy_is_there() -> None:
    for module, promised in PROMISED.items():
        assert set(promised) <= set(names(module)), module


@pytest.mark.parametrize(("module", "name"), [(m, n) for m in MODULES for n in names(m)])
def test_each_toy_can_be_cut_out_by_its_name(module: str, name: str, tmp_path: Path) -> None:
    checks = tmp_path / "checks.py"
    look = f"def look(lesson, rng):\n    return {name}.__name__\n"
    checks.write_text(f"from grader_toys.{module} import {name}\n\n\n{look}", encoding="utf-8")
    modules = Slicer(checks, PRIVATE).cut(["look"])
    experiment = Experiment("look", compiled(modules))
    assert experiment.function(None, None) == name
    tree = ast.parse(modules[f"grader_toys.{module}"])
    assert name in [n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
