"""The solutions of lesson 7.3.1 against references that we did not write."""

from __future__ import annotations

import copy
from types import ModuleType

import pytest
import torch
from scipy.integrate import solve_ivp
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ..tensors import normal


def _bent(x: Tensor, t: Tensor) -> Tensor:
    return torch.tanh(x.flip(-1)) / (1 + t.reshape(-1, *[1] * (x.ndim - 1))) + 0.3 * x


def _field(denoiser, x: Tensor):
    """The PF-ODE's right-hand side for scipy."""

    def slope(t: float, flat):
        here = torch.as_tensor(flat).reshape(x.shape)
        return ((here - denoiser(here, here.new_full((len(here),), t))) / t).flatten().numpy()

    return slope


def test_gaussian_consistency_function_is_the_end_of_the_ode(solution: ModuleType) -> None:
    x, t, mean, std = 2 * normal(4, 2), 2.5, torch.tensor([1.0, -0.5], dtype=torch.float64), 0.7

    def denoiser(x: Tensor, t: Tensor) -> Tensor:
        return mean + (x - mean) * (std**2 / (std**2 + t**2))[:, None]

    walk = solve_ivp(_field(denoiser, x), (t, 1e-6), x.flatten().numpy(), rtol=1e-10, atol=1e-12)
    got = solution.gaussian_consistency_function(x, x.new_full((4,), t), mean, std)
    torch.testing.assert_close(got.flatten(), torch.as_tensor(walk.y[:, -1]), rtol=1e-6, atol=1e-6)


def _hills(x: Tensor, t: Tensor) -> Tensor:
    """The denoiser of two hills of width 0.5 at -1 and +1, in each coordinate; at t = 0 it is the identity."""
    variance = 0.25 + t[:, None] ** 2
    middle = torch.tanh(x / variance)
    return middle + (x - middle) * 0.25 / variance


def test_euler_converges_to_the_ode_and_its_single_step_is_the_denoiser(solution: ModuleType) -> None:
    x = normal(3, 2, seed=1)
    walk = solve_ivp(_field(_hills, x), (1.5, 1e-6), x.flatten().numpy(), rtol=1e-11, atol=1e-13)
    end = torch.as_tensor(walk.y[:, -1]).reshape(x.shape)
    walks = [solution.euler_pf_ode(_hills, x, 1.5, n) for n in (100, 200, 400)]
    errors = [float((walk - end).abs().max()) for walk in walks]
    assert errors[2] < 5e-4
    # First order: half the step, half the error. What is left of it after extrapolation is of second order.
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.1)
    assert errors[1] / errors[2] == pytest.approx(2, abs=0.1)
    rest = [float((2 * fine - coarse - end).abs().max()) for coarse, fine in zip(walks[:-1], walks[1:], strict=True)]
    assert rest[1] < 1e-5
    assert rest[0] / rest[1] == pytest.approx(4, abs=0.2)
    one = solution.euler_pf_ode(_hills, x, 1.5, 1)
    torch.testing.assert_close(one, _hills(x, x.new_full((3,), 1.5)))


def test_gap_is_the_diameter_that_scipy_finds(solution: ModuleType) -> None:
    from scipy.spatial.distance import pdist

    trajectory, times = normal(5, 4, 3), torch.linspace(3, 0.1, 5, dtype=torch.float64)
    ends = torch.stack([_bent(x, t.expand(4)) for x, t in zip(trajectory, times, strict=True)])
    want = torch.tensor([pdist(ends[:, b].numpy()).max() for b in range(4)], dtype=torch.float64)
    torch.testing.assert_close(solution.self_consistency_gap(_bent, trajectory, times), want)


def test_distillation_loss_is_zero_for_the_exact_function_and_a_fine_step(solution: ModuleType) -> None:
    mean, std = torch.tensor([1.0, -0.5], dtype=torch.float64), 0.7

    def exact(x: Tensor, t: Tensor) -> Tensor:
        return solution.gaussian_consistency_function(x, t, mean, std)

    def teacher(x: Tensor, t: Tensor) -> Tensor:
        return mean + (x - mean) * (std**2 / (std**2 + t**2))[:, None]

    x0, noise, high = normal(6, 2), normal(6, 2, seed=2), torch.full((6,), 2.0, dtype=torch.float64)
    losses = [
        solution.consistency_distillation_loss(exact, exact, teacher, x0, noise, high, high - h) for h in (0.4, 0.2)
    ]
    assert losses[1] < 1e-6
    assert losses[0] / losses[1] > 40  # the local error of Heun's step is of third order, its square of sixth


def test_distillation_loss_in_the_form_of_the_paper(solution: ModuleType) -> None:
    x0, noise, high = normal(4, 4), normal(4, 4, seed=2), torch.tensor([2.0, 1.5, 1.0, 3.0], dtype=torch.float64)
    low, net = 0.6 * high, nn.Linear(4, 4).double()

    def student(x: Tensor, t: Tensor) -> Tensor:
        return net(x) / (1 + t[:, None])

    def slope(x: Tensor, t: Tensor) -> Tensor:  # dx/dt = -t * score
        return -t[:, None] * ((_bent(x, t) - x) / t[:, None] ** 2)

    x = x0 + high[:, None] * noise
    first = slope(x, high)
    second = slope(x + (low - high)[:, None] * first, low)
    wanted = student(x + (low - high)[:, None] * (first + second) / 2, low).detach()
    want = torch.nn.functional.mse_loss(student(x, high), wanted)
    got = solution.consistency_distillation_loss(student, student, _bent, x0, noise, high, low)
    torch.testing.assert_close(got, want)
    for a, b in zip(*(torch.autograd.grad(v, list(net.parameters())) for v in (got, want)), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("decay", [0.0, 0.9, 1.0])
def test_ema_is_torchs_own(solution: ModuleType, decay: float) -> None:
    online, target = (
        nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)),
        nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)),
    )
    online(normal(8, 3).float())  # moves the running statistics
    want = [p.detach().clone() for p in target.parameters()]
    get_ema_multi_avg_fn(decay)(want, [p.detach() for p in online.parameters()], None)
    before = copy.deepcopy(online.state_dict())
    assert solution.ema_update(target, online, decay) is None
    torch.testing.assert_close([p.detach() for p in target.parameters()], want)
    torch.testing.assert_close(dict(target.named_buffers()), dict(online.named_buffers()))
    torch.testing.assert_close(online.state_dict(), before)


def test_training_loss_is_distillation_with_the_data_as_teacher(solution: ModuleType) -> None:
    x0, noise, high = normal(4, 3, 2), normal(4, 3, 2, seed=3), torch.tensor([2.0, 1.5, 1.0, 3.0], dtype=torch.float64)
    got = solution.consistency_training_loss(_bent, _bent, x0, noise, high, 0.5 * high)
    want = solution.consistency_distillation_loss(_bent, _bent, lambda x, t: x0, x0, noise, high, 0.5 * high)
    torch.testing.assert_close(got, want)


def test_ct_direction_and_variance_by_tweedie(solution: ModuleType) -> None:
    data, x, t = normal(5, 3), normal(4, 3, seed=1), torch.tensor([0.7, 1.0, 1.5, 3.0], dtype=torch.float64)
    got = solution.ct_direction_noise(data, x, t)
    for b in range(4):

        def log_p(x: Tensor, level: Tensor = t[b]) -> Tensor:
            law = torch.distributions.MixtureSameFamily(
                torch.distributions.Categorical(torch.ones(5, dtype=torch.float64)),
                torch.distributions.Independent(torch.distributions.Normal(data, level), 1),
            )
            return law.log_prob(x)

        score = torch.autograd.functional.jacobian(log_p, x[b])
        hessian = torch.autograd.functional.hessian(log_p, x[b])
        torch.testing.assert_close(got["teacher_direction"][b], -t[b] * score)
        torch.testing.assert_close(got["ct_variance"][b], t[b] ** 2 * hessian.trace() + 3)


def test_multistep_with_the_exact_function_keeps_the_law(solution: ModuleType) -> None:
    mean, std, t_min = torch.tensor([1.0], dtype=torch.float64), 0.7, 0.3
    width = (std**2 + t_min**2) ** 0.5  # the law at t_min, where this f ends

    def to_t_min(x: Tensor, t: Tensor) -> Tensor:
        return mean + (x - mean) * (width / torch.sqrt(std**2 + t**2))[:, None]

    start = mean + (std**2 + 9) ** 0.5 * normal(40000, 1)
    noises = [normal(40000, 1, seed=s) for s in (1, 2)]
    sample = solution.multistep_consistency_sample(to_t_min, start, 3.0, [1.0, 0.5], noises, t_min)
    assert abs(float(sample.std()) - width) < 0.01
    assert abs(float(sample.mean()) - 1) < 0.02


def test_a_trained_model_beats_one_step_of_the_solver(solution: ModuleType) -> None:
    from grader_toys.denoisers import ToyMLP
    from grader_toys.mixtures import GaussianMixture

    generator = torch.Generator().manual_seed(0)
    mixture = GaussianMixture.ring(4, 2.0, 0.2, dtype=torch.float32)
    f = solution.train_consistency_model(
        ToyMLP(2, 64, depth=3), mixture.denoiser, mixture.sample(4096, generator), 0.02, 5.0, 700, 0
    )
    x = 5 * torch.randn(40, 2, generator=generator)
    walk = solve_ivp(
        _field(GaussianMixture.ring(4, 2.0, 0.2).denoiser, x.double()),
        (5.0, 0.02),
        x.double().flatten().numpy(),
        rtol=1e-6,
    )
    end = torch.as_tensor(walk.y[:, -1]).reshape(x.shape)
    with torch.no_grad():
        jump, near = f(x, torch.full((40,), 5.0)).double(), f(x, torch.full((40,), 0.02))
    one_step = x.double() + (0.02 - 5) * (x.double() - mixture.denoiser(x.double(), 5.0)) / 5
    assert (jump - end).norm() < 0.6 * (one_step - end).norm()
    torch.testing.assert_close(near, x, rtol=0, atol=1e-4)


@pytest.mark.peers
@pytest.mark.parametrize("sigma", [0.002, 0.01, 0.5, 80.0])
def test_boundary_scalings_are_those_of_diffusers(solution: ModuleType, sigma: float) -> None:
    from diffusers import CMStochasticIterativeScheduler

    c_skip, c_out = CMStochasticIterativeScheduler().get_scalings_for_boundary_condition(sigma)
    x, t = normal(3, 2), torch.full((3,), sigma, dtype=torch.float64)
    got = solution.consistency_function(lambda x, t: _bent(x, t), x, t)
    torch.testing.assert_close(got, c_skip * x + c_out * _bent(x, t))


@pytest.mark.peers
def test_multistep_is_the_scheduler_of_diffusers(solution: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    import diffusers.schedulers.scheduling_consistency_models as peer

    scheduler = peer.CMStochasticIterativeScheduler()
    scheduler.set_timesteps(3)
    sigmas = [float(s) for s in scheduler.sigmas[:3]]
    noises = [normal(4, 2, seed=s).float() for s in (1, 2, 3)]
    queue = list(noises)
    monkeypatch.setattr(peer, "randn_tensor", lambda *args, **kwargs: queue.pop(0))

    def net(x: Tensor, t: Tensor) -> Tensor:
        return torch.tanh(x)

    def f(x: Tensor, t: Tensor) -> Tensor:
        return solution.consistency_function(net, x, t)

    start = sigmas[0] * normal(4, 2).float()
    x = start
    for step in scheduler.timesteps:
        scheduler.scale_model_input(x, step)
        x = scheduler.step(net(x, step), step, x).prev_sample
    # The scheduler ends with noise of its own scale: zero, since the last level is t_min.
    got = solution.multistep_consistency_sample(f, start, sigmas[0], sigmas[1:], noises[:2])
    torch.testing.assert_close(got, x, rtol=1e-5, atol=1e-5)


# ---------------------------------------------------------------- what prevents a collapse


def _chain(solution: ModuleType, boundary: bool, stop_gradient: bool, decay: float = 0.0, steps: int = 800) -> Tensor:
    start = torch.tensor([2.0, -1.0, 0.5, 3.0, 1.0], dtype=torch.float64)
    return solution.answers_over_training(start, 0.7, 0.15, decay, steps, boundary, stop_gradient)[-1]


def test_the_boundary_condition_alone_finds_the_true_spread(solution: ModuleType) -> None:
    for stop_gradient in (True, False):
        torch.testing.assert_close(_chain(solution, True, stop_gradient), torch.full((5,), 0.7).double())


def test_without_the_boundary_condition_levels_agree_on_an_accident(solution: ModuleType) -> None:
    """With the stop-gradient on what the lowest level happened to say, without it on the mean of all."""
    torch.testing.assert_close(_chain(solution, False, True), torch.full((5,), 2.0).double())
    torch.testing.assert_close(_chain(solution, False, False), torch.full((5,), 1.1).double())


def test_the_slow_target_delays_the_news(solution: ModuleType) -> None:
    misses = [abs(float(_chain(solution, True, True, decay, 40)[-1]) - 0.7) for decay in (0.0, 0.8, 0.95)]
    assert misses == sorted(misses)


def test_the_two_levels_of_the_text_meet_where_the_text_says(solution: ModuleType) -> None:
    start = torch.tensor([1.0, 0.0], dtype=torch.float64)
    held = solution.answers_over_training(start, 9.0, 0.25, 0.0, 2, False, True)
    assert held.tolist() == [[1.0, 0.0], [1.0, 0.5], [1.0, 0.75]]
    free = solution.answers_over_training(start, 9.0, 0.25, 0.0, 1, False, False)
    assert free[-1].tolist() == [0.5, 0.5]
