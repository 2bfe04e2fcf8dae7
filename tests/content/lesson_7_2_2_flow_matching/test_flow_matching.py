"""Lesson 7.2.2 against references that we did not write: torchcfm, diffusers, autograd, scipy."""

from __future__ import annotations

import math
from types import ModuleType, SimpleNamespace

import numpy
import pytest
import torch
from scipy.integrate import solve_ivp
from torch import Tensor

from ..tensors import close, normal

DOUBLE = torch.float64
NAMES = ("noise", "score", "velocity", "x0")


@pytest.fixture(scope="module")
def toys(solution: ModuleType) -> SimpleNamespace:
    """The private toys, which can be imported once a lesson is loaded."""
    from grader_toys.distances import energy_distance
    from grader_toys.fields import PointVelocity, RotationVelocity
    from grader_toys.mixtures import GaussianMixture

    return SimpleNamespace(
        energy_distance=energy_distance,
        point=PointVelocity,
        rotation=RotationVelocity,
        ring=GaussianMixture.ring,
    )


def turn(angle: float) -> Tensor:
    """The matrix that turns rows of places clockwise."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return torch.tensor([[cosine, -sine], [sine, cosine]], dtype=DOUBLE)


# ---------------------------------------------------------------- peers


@pytest.mark.peers
def test_straight_path_is_torchcfms_with_data_first(solution: ModuleType) -> None:
    from torchcfm.conditional_flow_matching import ConditionalFlowMatcher

    x0, eps, t = normal(6, 3), normal(6, 3, seed=1), torch.rand(6, dtype=DOUBLE)
    _, x_t, velocity = ConditionalFlowMatcher(sigma=0.0).sample_location_and_conditional_flow(x0, eps, t)
    close(solution.interpolate(x0, eps, t), x_t, rtol=1e-9)
    close(solution.velocity_target(x0, eps), velocity, rtol=1e-9)


@pytest.mark.peers
def test_cosine_path_is_torchcfms_variance_preserving_one(solution: ModuleType) -> None:
    from torchcfm.conditional_flow_matching import VariancePreservingConditionalFlowMatcher

    x0, eps, t = normal(6, 3), normal(6, 3, seed=1), torch.rand(6, dtype=DOUBLE)
    matcher = VariancePreservingConditionalFlowMatcher(sigma=0.0)
    _, x_t, velocity = matcher.sample_location_and_conditional_flow(x0, eps, t)
    ours = solution.path_velocity("cosine", x0, eps, t)
    close(ours["x_t"], x_t, rtol=1e-9)
    close(ours["velocity"], velocity, rtol=1e-9)


@pytest.mark.peers
def test_euler_takes_the_steps_of_diffusers_flow_matching_scheduler(
    solution: ModuleType, toys: SimpleNamespace
) -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler

    n_steps, noise = 8, normal(5, 2).float()
    field = toys.ring(4, std=0.3).velocity
    scheduler = FlowMatchEulerDiscreteScheduler(shift=1.0)
    scheduler.set_timesteps(sigmas=numpy.linspace(1.0, 1 / n_steps, n_steps).tolist())
    places = [noise]
    for timestep, sigma in zip(scheduler.timesteps, scheduler.sigmas[:-1], strict=True):
        places.append(scheduler.step(field(places[-1], sigma), timestep, places[-1]).prev_sample)
    close(solution.euler_sample(field, noise, n_steps), torch.stack(places), 1e-5, 1e-5)


@pytest.mark.peers
def test_interpolate_is_diffusers_scale_noise(solution: ModuleType) -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler

    scheduler = FlowMatchEulerDiscreteScheduler(shift=1.0)
    chosen = torch.tensor([100, 500, 900])
    images, noise = normal(3, 1, 4, 4).float(), normal(3, 1, 4, 4, seed=1).float()
    theirs = scheduler.scale_noise(images, scheduler.timesteps[chosen], noise)
    close(solution.interpolate(images, noise, scheduler.sigmas[chosen]), theirs, 1e-6, 1e-6)


# ---------------------------------------------------------------- paths


@pytest.mark.parametrize("path", ["linear", "cosine", "quadratic"])
def test_path_velocity_is_the_derivative_of_the_place(solution: ModuleType, path: str) -> None:
    x0, eps, t = normal(4, 3), normal(4, 3, seed=1), torch.tensor([0.0, 0.3, 0.8, 1.0], dtype=DOUBLE)
    place, derivative = torch.autograd.functional.jvp(
        lambda time: solution.path_velocity(path, x0, eps, time)["x_t"], t, torch.ones_like(t)
    )
    ours = solution.path_velocity(path, x0, eps, t)
    close(ours["velocity"], derivative, rtol=1e-9)
    close(place[0], x0[0], rtol=1e-9)
    close(place[3], eps[3], rtol=1e-9)


def test_quadratic_path_is_straight_in_space(solution: ModuleType) -> None:
    x0, eps = normal(1, 3), normal(1, 3, seed=1)
    times = torch.linspace(0, 1, 9, dtype=DOUBLE)
    road = torch.stack([solution.path_velocity("quadratic", x0, eps, t)["x_t"] for t in times])
    close(solution.straightness(road), torch.ones(1, dtype=DOUBLE), rtol=1e-9)


def test_least_loss_is_that_of_the_exact_velocity(solution: ModuleType, toys: SimpleNamespace) -> None:
    ring = toys.ring(4, std=0.3)
    x0 = ring.sample(20_000, torch.Generator().manual_seed(0))
    eps, t = normal(20_000, 2, seed=1), torch.linspace(0.01, 0.99, 20_000, dtype=DOUBLE)
    least = solution.cfm_loss(ring.velocity, x0, eps, t)
    for wrong in (lambda x, t: 1.1 * ring.velocity(x, t), lambda x, t: ring.velocity(x, t) + 0.2):
        assert solution.cfm_loss(wrong, x0, eps, t) > least


# ---------------------------------------------------------------- samplers


def test_euler_converges_to_scipys_solution(solution: ModuleType, toys: SimpleNamespace) -> None:
    ring, noise = toys.ring(3, std=0.4), normal(4, 2)

    def slope(t, flat):
        return ring.velocity(torch.from_numpy(flat).reshape(4, 2), t).flatten().numpy()

    exact = solve_ivp(slope, (1.0, 0.0), noise.flatten().numpy(), method="DOP853", rtol=1e-10, atol=1e-10)
    end = torch.from_numpy(exact.y[:, -1]).reshape(4, 2)
    ends = [solution.euler_sample(ring.velocity, noise, n)[-1] for n in (200, 400, 800)]
    errors = [float((ours - end).norm()) for ours in ends]
    assert errors[2] < 0.02
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.1)


def test_one_step_is_exact_on_a_straight_road(solution: ModuleType, toys: SimpleNamespace) -> None:
    noise, point = normal(5, 3), normal(3, seed=1)
    close(solution.euler_sample(toys.point(point), noise, 1)[-1], point.expand(5, 3), rtol=1e-9)


def test_first_step_lands_on_the_mean_of_the_data(solution: ModuleType) -> None:
    noise, data = normal(5, 2), normal(30, 2, seed=1) + 3
    end = solution.euler_sample(lambda x, t: solution.marginal_velocity(x, float(t[0]), data), noise, 1)[-1]
    close(end, data.mean(dim=0).expand(5, 2), rtol=1e-9)


@pytest.mark.parametrize(("omega", "tol", "steps"), [(1.0, 0.1, 16), (3.0, 0.3, 64)])
def test_steps_needed_on_circles(
    solution: ModuleType, toys: SimpleNamespace, omega: float, tol: float, steps: int
) -> None:
    assert solution.steps_needed(toys.rotation(omega), 2.5 * torch.eye(2, dtype=DOUBLE), tol) == steps
    ends = [2.5 * (1 - 1j * omega / n) ** n for n in (steps // 2, steps, 512)]
    assert abs(ends[1] - ends[2]) <= tol < abs(ends[0] - ends[2])


def test_reflow_pairs_on_circles_are_turned_noise(solution: ModuleType, toys: SimpleNamespace) -> None:
    eps, omega = normal(6, 2), 1.3
    pairs = solution.reflow_pairs(toys.rotation(omega), eps, 4000)
    close(pairs["x0"], eps @ turn(omega), 1e-3, 1e-3)
    close(pairs["eps"], eps, rtol=1e-9)


# ---------------------------------------------------------------- one family


@pytest.mark.parametrize("source", NAMES)
@pytest.mark.parametrize("target", NAMES)
def test_conversions_agree_with_a_known_pair(solution: ModuleType, source: str, target: str) -> None:
    x0, eps, t = normal(4, 3), normal(4, 3, seed=1), torch.tensor([0.1, 0.4, 0.6, 0.9], dtype=DOUBLE)
    x_t = (1 - t[:, None]) * x0 + t[:, None] * eps
    place = x_t.clone().requires_grad_()
    law = torch.distributions.Normal((1 - t[:, None]) * x0, t[:, None])
    score = torch.autograd.grad(law.log_prob(place).sum(), place)[0]
    truth = {"noise": eps, "score": score, "velocity": eps - x0, "x0": x0}
    close(solution.convert_prediction(truth[source], x_t, t, source, target), truth[target], rtol=1e-9)


@pytest.mark.parametrize("t", [0.2, 0.5, 0.9])
def test_marginal_velocity_comes_from_autograds_score(solution: ModuleType, t: float) -> None:
    x, data = normal(6, 2), 2 * normal(5, 2, seed=1)
    parts = torch.distributions.Independent(torch.distributions.Normal((1 - t) * data, t), 1)
    law = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(logits=torch.zeros(5)), parts)
    place = x.clone().requires_grad_()
    score = torch.autograd.grad(law.log_prob(place).sum(), place)[0]
    close(solution.marginal_velocity(x, t, data), -(x + t * score) / (1 - t), rtol=1e-9)


@pytest.mark.parametrize("t", [0.0, 0.25, 0.7, 0.95])
def test_vp_noise_gives_the_flow_velocity(solution: ModuleType, toys: SimpleNamespace, t: float) -> None:
    ring, x = toys.ring(5, std=0.3), normal(8, 2)
    close(solution.flow_velocity_from_vp(ring.vp_noise(), x, t), ring.velocity(x, t), 1e-8, 1e-8)


# ---------------------------------------------------------------- trajectories


def test_straightness_of_circle_arcs(solution: ModuleType) -> None:
    for angle in (math.pi / 2, math.pi, 2 * math.pi):
        expected = 2 * math.sin(angle / 2) / angle
        part = torch.linspace(0, angle, 4001, dtype=DOUBLE)
        arc = torch.stack([part.cos(), part.sin()], dim=-1)[:, None]
        assert solution.straightness(arc).item() == pytest.approx(expected, abs=1e-6)


def test_lens_of_exact_samplers(solution: ModuleType, toys: SimpleNamespace) -> None:
    ring, noise = toys.ring(3, std=0.3), normal(10, 2)
    straight = solution.euler_sample(toys.point(normal(2, seed=1)), noise, 12)
    bent = solution.euler_sample(ring.velocity, noise, 40)
    steps = 0.1 * normal(2, 20, 10, 2, seed=2)
    noisy = torch.cat([noise.expand(2, 1, 10, 2), noise + steps.cumsum(dim=1)], dim=1)
    assert solution.which_lens(straight[None]) == "flow"
    assert solution.which_lens(bent.expand(2, *bent.shape)) == "pf_ode"
    assert solution.which_lens(bent[[0, -1]][None]) == "consistency"
    assert solution.which_lens(noisy) == "sde"


# ---------------------------------------------------------------- training


def test_trained_flow_samples_its_data(solution: ModuleType, toys: SimpleNamespace) -> None:
    data = toys.ring(3, std=0.3).sample(4000, torch.Generator().manual_seed(0)).float()
    field = solution.train_flow(data, 600, seed=0)
    noise = normal(1000, 2, seed=1).float()
    assert toys.energy_distance(solution.euler_sample(field, noise, 50)[-1], data[:1000]) < 0.05


def test_reflow_straightens_and_keeps_partners(solution: ModuleType, toys: SimpleNamespace) -> None:
    ring, noise = toys.ring(3, std=0.3), normal(300, 2, seed=1).float()
    before = solution.euler_sample(ring.velocity, noise, 50)
    after = solution.euler_sample(solution.train_reflow(ring.velocity, 2, 600, seed=0), noise, 50)
    assert solution.straightness(after).mean() > 0.97 > solution.straightness(before).mean()
    assert (after[-1] - before[-1]).norm(dim=-1).mean() < 0.25
