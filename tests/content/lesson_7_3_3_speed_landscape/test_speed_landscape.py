"""The solutions of lesson 7.3.3 against exact trajectories, scipy and the definitions written out."""

from __future__ import annotations

import itertools
import math
import random
from types import ModuleType

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

DIMS = ("speed", "quality", "flexibility", "composability")


def gaussian(std: float):
    """Denoiser and exact consistency function of N(0, std^2)."""

    def denoiser(x, t):
        return x * (std**2 / (std**2 + t**2))[:, None]

    def teleport(x, t):
        return x * (std / (std**2 + t**2).sqrt())[:, None]

    return denoiser, teleport


def drawn_options(count: int, top: int) -> list[dict]:
    return [{"name": f"o{i:02d}", **{d: random.randint(0, top) for d in DIMS}} for i in range(count)]


def test_a_card_of_each_method_has_the_level_of_its_name(solution: ModuleType) -> None:
    cards = {
        "ddim": (False, "noise", []),
        "unipc": (False, "noise", []),
        "rectified_flow": (True, "velocity", []),
        "consistency_distillation": (True, "self_consistency", ["teacher", "ema_target"]),
        "lcm_lora": (True, "self_consistency", ["teacher", "ema_target"]),
        "add": (True, "distillation", ["teacher", "discriminator"]),
        "sdxl_turbo": (True, "distillation", ["teacher", "discriminator"]),
    }
    for name, (changes, loss, extra) in cards.items():
        card = {"changes_weights": changes, "loss": loss, "extra_networks": extra, "claimed_steps": 4}
        assert solution.speed_level(card) == solution.known_method_level(name)
    with pytest.raises(ValueError, match="not one of"):
        solution.known_method_level("ddpm")


def test_the_five_by_five_table_agrees_with_numpy(solution: ModuleType) -> None:
    levels = ["3b", "1", "3a", "2", "1"]
    digits = np.array([int(level[0]) for level in levels])
    assert np.array_equal(solution.composability_matrix(levels), np.not_equal.outer(digits, digits).astype(int))


def test_conflicts_are_the_pairs_within_each_level(solution: ModuleType) -> None:
    levels = {"unipc": "1", "lcm": "3a", "sdxl_turbo": "3b", "ddim": "1", "heun": "1", "flow": "2"}
    groups = (["ddim", "heun", "unipc"], ["lcm", "sdxl_turbo"])
    expected = sorted(pair for group in groups for pair in itertools.combinations(group, 2))
    assert solution.stack_conflicts(list(levels), levels) == expected


def test_the_worked_prices(solution: ModuleType) -> None:
    rows = solution.quality_cost_regions([1, 20, 1000, 4, 50], [14.0, 3.4, 3.0, 6.0, 3.2])
    assert [row["from"] for row in rows] == [1000, 50, 20, 4]
    assert [round(row["cost_per_doubling"], 2) for row in rows] == [0.05, 0.15, 1.12, 4.0]
    assert [row["label"] for row in rows] == ["free", "free", "cheap", "expensive"]


def test_prices_are_slopes_over_the_logarithm_of_steps(solution: ModuleType) -> None:
    steps, fid = np.array([200, 60, 17, 3]), np.array([2.0, 2.9, 4.1, 9.0])
    slopes = -np.diff(fid) / np.diff(np.log2(steps))
    rows = solution.quality_cost_regions(steps.tolist(), fid.tolist())
    assert np.allclose([row["cost_per_doubling"] for row in rows], slopes)


def test_the_limit_is_what_the_time_tends_to(solution: ModuleType) -> None:
    today = solution.end_to_end_latency(20, 50.0, 500.0, True)
    assert today == {"evals": 40, "ms": 2500.0, "speedup_limit": 5.0}
    fast = solution.end_to_end_latency(20, 1e-9, 500.0, True)
    assert today["ms"] / fast["ms"] == pytest.approx(today["speedup_limit"])


def test_every_weighted_best_is_on_the_menu(solution: ModuleType) -> None:
    """With positive weights a weighted sum is maximal on the Pareto front, and its members are not dominated."""
    random.seed(0)
    for _ in range(50):
        options = drawn_options(9, 5)
        values = np.array([[o[d] for d in DIMS] for o in options])
        menu = solution.pareto_menu(options)
        weights = {d: random.uniform(0.1, 1) for d in DIMS}
        assert solution.choose_acceleration(options, {}, weights) in menu
        for option, row in zip(options, values, strict=True):
            beaten = ((values >= row).all(1) & (values > row).any(1)).any()
            assert (option["name"] in menu) == (not beaten)


def test_the_three_scenarios_of_the_text(solution: ModuleType) -> None:
    rows = {"solver": (2, 5, 5, 5), "lcm_lora": (4, 3, 4, 4), "turbo": (5, 3, 1, 1), "old_distill": (4, 2, 1, 1)}
    options = [{"name": name, **dict(zip(DIMS, row, strict=True))} for name, row in rows.items()]
    assert solution.pareto_menu(options) == ["lcm_lora", "solver", "turbo"]

    def choose(minimums: dict[str, float], *weights: float) -> str | None:
        return solution.choose_acceleration(options, minimums, dict(zip(DIMS, weights, strict=True)))

    assert choose({"speed": 4}, 3, 1, 0, 0) == "turbo"
    assert choose({"composability": 3, "speed": 3}, 2, 1, 1, 1) == "lcm_lora"
    assert choose({"quality": 4}, 0, 1, 0, 0) == "solver"
    assert choose({"quality": 6}, 1, 1, 1, 1) is None


def test_the_race_on_a_gaussian_agrees_with_its_exact_trajectories(solution: ModuleType) -> None:
    std, t_max, t_min = 0.5, 10.0, 0.01
    denoiser, teleport = gaussian(std)
    x = 10 * torch.randn(64, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rows = solution.speed_race(denoiser, teleport, x, t_max, t_min, [1, 8, 32, 64])
    assert [(r["method"], r["nfe"]) for r in rows[:3]] == [("euler", 1), ("euler", 8), ("heun", 8)]
    by = {(r["method"], r["nfe"]): r["rms"] for r in rows}
    # The exact jump goes to 0, the judge stops at t_min: they differ by about t_min^2 / (2 std^2).
    assert by["teleport", 1] < 2e-3
    assert by["heun", 64] < by["euler", 64]
    assert by["euler", 8] < by["heun", 8]
    exact = x * math.sqrt((std**2 + t_min**2) / (std**2 + t_max**2))
    size = x.square().sum(1).mean().sqrt().item()
    for (method, nfe), shrink in {("euler", 8): 0.0404147, ("heun", 8): 0.0699857}.items():
        distance = abs(shrink - exact[0, 0].item() / x[0, 0].item()) * size
        assert by[method, nfe] == pytest.approx(distance, rel=1e-2)


def test_a_long_euler_race_ends_where_scipy_ends(solution: ModuleType) -> None:
    """The judge is hidden, but its distance to scipy's solution shows as the "teleport" row."""
    means = torch.tensor([[-1.0, 0.0], [1.0, 0.5], [0.0, 1.5]], dtype=torch.float64)

    def denoiser(x, t):
        variance = 0.3**2 + t[:, None] ** 2
        offset = x[:, None] - means
        share = torch.softmax(-0.5 * offset.square().sum(-1) / variance, dim=1)
        return (share[..., None] * (means + offset * (0.09 / variance)[..., None])).sum(1)

    x = 5 * torch.randn(5, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def slope(t: float, flat: np.ndarray) -> np.ndarray:
        here = torch.from_numpy(flat).reshape(5, 2)
        return ((here - denoiser(here, torch.full((5,), t, dtype=torch.float64))) / t).numpy().ravel()

    path = solve_ivp(slope, (5.0, 0.05), x.numpy().ravel(), rtol=1e-10, atol=1e-12, method="DOP853")
    end = torch.from_numpy(path.y[:, -1]).reshape(5, 2)
    rows = solution.speed_race(denoiser, lambda x, t: end, x, 5.0, 0.05, [64], n_ref=512)
    assert rows[-1]["rms"] < 1e-3
    assert rows[1]["rms"] < rows[0]["rms"]


def test_budgets_one_and_odd(solution: ModuleType) -> None:
    denoiser, teleport = gaussian(1.0)
    x = torch.ones(2, 3, dtype=torch.float64)
    rows = solution.speed_race(denoiser, teleport, x, 2.0, 0.1, [1, 5], n_ref=4)
    assert [(r["method"], r["nfe"]) for r in rows] == [("euler", 1), ("euler", 5), ("heun", 4), ("teleport", 1)]
    assert all(type(r["rms"]) is float for r in rows)


def ring(count: int = 6, std: float = 0.25):
    """Places of the hills on a ring of radius 2, and their denoiser."""
    angle = torch.arange(count, dtype=torch.float64) * 2 * math.pi / count
    places = 2 * torch.stack([angle.cos(), angle.sin()], dim=1)

    def denoiser(x, t):
        variance = std**2 + t[:, None] ** 2
        clean = torch.softmax(-0.5 * torch.cdist(x, places).square() / variance, dim=1) @ places
        return clean + std**2 / variance * (x - clean)

    return places, denoiser


def ends_by_scipy(denoiser, x: torch.Tensor, t_max: float, t_min: float) -> torch.Tensor:
    def slope(t: float, flat: np.ndarray) -> np.ndarray:
        here = torch.from_numpy(flat).reshape(x.shape)
        return ((here - denoiser(here, torch.full((len(x),), t, dtype=x.dtype))) / t).numpy().ravel()

    path = solve_ivp(slope, (t_max, t_min), x.numpy().ravel(), rtol=1e-6, atol=1e-8)
    return torch.from_numpy(path.y[:, -1]).reshape(x.shape)


def test_the_table_of_the_straight_road(solution: ModuleType) -> None:
    """Without any training, flow beats Euler at each budget, and Heun overtakes it with 32 evaluations."""
    _, denoiser = ring()
    x = 10 * torch.randn(400, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ends = ends_by_scipy(denoiser, x, 10.0, 0.01)
    rows = solution.speed_race(denoiser, denoiser, x, 10.0, 0.01, [8, 16, 32], n_ref=128)
    rows += solution.road_race(denoiser, denoiser, x, ends, 10.0, 0.01, [8, 16, 32])
    by = {(r["method"], r["nfe"]): r["rms"] for r in rows}
    stated = {8: (0.17, 0.52, 0.10), 16: (0.084, 0.072, 0.053), 32: (0.042, 0.014, 0.027)}
    for nfe, row in stated.items():
        assert [by[m, nfe] for m in ("euler", "heun", "flow")] == pytest.approx(row, rel=0.12)


def test_the_road_of_a_perfect_reflow_needs_one_step(solution: ModuleType) -> None:
    """On a line the trajectories keep their order, so noise and end are tied by their ranks: a straight road."""
    hills, std, t_max, t_min = torch.tensor([-1.5, 1.5], dtype=torch.float64), 0.3, 10.0, 0.01
    x = t_max * torch.linspace(-2, 2, 41, dtype=torch.float64)[:, None]

    def below(x, t):
        return torch.special.ndtr((x - hills) / math.sqrt(std**2 + t**2)).mean(dim=1, keepdim=True)

    low, high = torch.full_like(x, -30), torch.full_like(x, 30)
    for _ in range(60):
        middle = (low + high) / 2
        short = below(middle, t_min) < below(x, t_max)
        low, high = torch.where(short, middle, low), torch.where(short, high, middle)
    first, last = x / (1 + t_max), low / (1 + t_min)
    span = t_max / (1 + t_max) - t_min / (1 + t_min)

    def reflowed(y, s):
        return (first - last) / span

    rows = solution.road_race(lambda x, t: x, reflowed, x, low, t_max, t_min, [1, 5])
    assert all(row["rms"] < 1e-9 for row in rows if row["method"] == "reflow")


def test_a_pair_across_levels_composes_and_one_within_does_not(solution: ModuleType) -> None:
    places, denoiser = ring()
    x = 10 * torch.randn(400, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ends = ends_by_scipy(denoiser, x, 10.0, 0.01)

    def miss(found):
        return (found - ends).square().sum(1).mean().sqrt().item()

    def neighbour(turn):
        return lambda x, t: places.roll(turn, dims=0)[(x @ places.T).argmax(dim=1)]

    across, _ = solution.measured_pairs(denoiser, (neighbour(0), neighbour(1)), x, 10.0, 0.01, 16, miss)
    assert [*across["alone"], across["together"]] == pytest.approx([0.072, 0.053, 0.015], rel=0.15)
    assert across["composes"]

    def off(found):
        return torch.cdist(found, places).min(dim=1).values.mean().item()

    _, within = solution.measured_pairs(denoiser, (neighbour(0), neighbour(1)), x, 10.0, 0.01, 2, off)
    assert within["alone"] == pytest.approx([0, 0], abs=1e-9)
    assert within["together"] == pytest.approx(1.0)
    assert not within["composes"]


def test_a_step_of_flow_is_a_step_of_ddim(solution: ModuleType) -> None:
    """With alpha-bar = 1 / (1 + t^2), x over the root of 1 + t^2 is DDIM's place."""
    _, denoiser = ring(3)
    x = 4 * torch.randn(9, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    levels = torch.linspace(4 / 5, 0.1 / 1.1, 4, dtype=torch.float64)
    levels = levels / (1 - levels)
    z = x / math.sqrt(1 + 4.0**2)
    for t, u in itertools.pairwise(levels.tolist()):
        ab, ab_next = 1 / (1 + t**2), 1 / (1 + u**2)
        clean = denoiser(z / ab**0.5, torch.full((9,), t, dtype=torch.float64))
        eps = (z - ab**0.5 * clean) / (1 - ab) ** 0.5
        z = ab_next**0.5 * clean + (1 - ab_next) ** 0.5 * eps
    rows = solution.road_race(denoiser, denoiser, x, z * math.sqrt(1 + 0.1**2), 4.0, 0.1, [3])
    assert rows[0]["rms"] < 1e-12


def test_heun_that_was_measured_twice_is_read_once(solution: ModuleType) -> None:
    rows = [{"method": "heun", "nfe": n, "rms": r} for n, r in [(2, 0.9), (2, 0.9), (4, 0.3), (8, 0.04)]]
    read = solution.measured_landscape(rows, 0.3)["heun"]
    assert read["needs"] == 4
    assert [s["cost_per_doubling"] for s in read["stretches"]] == pytest.approx([0.26, 0.6])
