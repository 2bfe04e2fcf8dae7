"""Solutions of lesson 7.2.1 against references that are not ours."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from torch import Tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from ..tensors import close, normal, uniform

BETAS = (0.1, 20.0)


def gradient(log_prob: Tensor, x: Tensor) -> Tensor:
    return torch.autograd.grad(log_prob.sum(), x)[0]


def mixture(means: Tensor, stds: Tensor, weights: Tensor) -> MixtureSameFamily:
    return MixtureSameFamily(Categorical(weights), Independent(Normal(means, stds[:, None].expand_as(means)), 1))


def hills(dim: int) -> tuple[Tensor, Tensor, Tensor]:
    return normal(4, dim, seed=1), uniform(4, low=0.4, high=1.5), torch.tensor([0.1, 0.2, 0.3, 0.4]).double()


def test_gaussian_score_is_the_gradient_of_torchs_log_prob(solution: ModuleType) -> None:
    x = normal(3, 5).requires_grad_(True)
    law = Normal(torch.tensor(0.7, dtype=torch.float64), torch.tensor(1.3, dtype=torch.float64))
    close(solution.gaussian_score(x.detach(), 0.7, 1.3), gradient(law.log_prob(x), x))


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_gmm_score_is_the_gradient_of_torchs_mixture(solution: ModuleType, dim: int) -> None:
    x = (2 * normal(50, dim)).requires_grad_(True)
    close(solution.gmm_score(x.detach(), *hills(dim)), gradient(mixture(*hills(dim)).log_prob(x), x))


def test_gmm_score_far_away_is_that_of_the_widest_hill(solution: ModuleType) -> None:
    means, stds, weights = (part.float() for part in hills(2))
    x = torch.tensor([[60.0, 0.0], [0.0, -60.0]])
    widest = int(stds.argmax())
    score = solution.gmm_score(x, means, stds, weights)
    torch.testing.assert_close(score, -(x - means[widest]) / stds[widest] ** 2)


def test_following_the_compass_never_makes_a_place_less_likely(solution: ModuleType) -> None:
    law = hills(2)
    walk = solution.follow_compass(lambda x: solution.gmm_score(x, *law), 2 * normal(40, 2), 0.05, 100)
    heights = mixture(*law).log_prob(walk)
    assert bool((heights.diff(dim=0) > -1e-12).all())


def test_langevin_has_the_variance_that_its_recursion_predicts(solution: ModuleType) -> None:
    eta, walkers = 0.1, 40_000
    walk = solution.follow_compass(lambda x: -x, normal(walkers, 1), eta, 60, normal(60, walkers, 1, seed=2))
    assert float(walk[-1].var()) == pytest.approx(1 / (1 - eta / 2), abs=4 * math.sqrt(2 / walkers))


def test_expected_noise_is_the_score_of_the_noisy_data(solution: ModuleType) -> None:
    """For a finite data set both are exact: posterior weights on one side, autograd of log p(x_t) on the other."""
    data, alpha_bar = normal(6, 2, seed=3), torch.tensor(0.6, dtype=torch.float64)
    signal, std = alpha_bar.sqrt(), (1 - alpha_bar).sqrt()
    x_t = (1.5 * normal(30, 2)).requires_grad_(True)
    eps = (x_t[:, None] - signal * data) / std  # the noise that leads from each data point to x_t
    posterior = torch.softmax(-0.5 * (eps**2).sum(dim=-1), dim=1)
    expected = (posterior[..., None] * eps).sum(dim=1).detach()
    law = mixture(signal * data, std.expand(6), torch.full((6,), 1 / 6, dtype=torch.float64))
    score = gradient(law.log_prob(x_t), x_t)
    close(solution.score_from_noise(expected, alpha_bar), score)
    close(solution.noise_from_score(score, alpha_bar), expected)


def test_noise_to_score_and_back_is_the_identity(solution: ModuleType) -> None:
    eps, alpha_bar = normal(5, 3, 2), uniform(5, low=0.0, high=0.99)
    close(solution.noise_from_score(solution.score_from_noise(eps, alpha_bar), alpha_bar), eps)


def test_walkthrough_takes_the_score_of_torchs_conditional(solution: ModuleType) -> None:
    x0, eps, alpha_bar = normal(4, 3), normal(4, 3, seed=1), uniform(4, low=0.1, high=0.9)
    steps = solution.three_step_walkthrough(x0, eps, alpha_bar)
    x_t = steps["x_t"].requires_grad_(True)
    level = alpha_bar[:, None]
    close(steps["score"], gradient(Normal(level.sqrt() * x0, (1 - level).sqrt()).log_prob(x_t), x_t))
    close(steps["eps_back"], eps)


def test_vp_sde_is_the_limit_of_a_ddpm_step(solution: ModuleType) -> None:
    x, t, dt = normal(4, 2), uniform(4, low=0.0, high=1.0), 1e-7
    beta = torch.from_numpy(np.interp(t.numpy(), [0, 1], BETAS))
    sde = solution.vp_sde(x, t, *BETAS)
    step = torch.sqrt(1 - beta * dt)[:, None] * x
    torch.testing.assert_close(x + sde["drift"] * dt, step, atol=1e-10, rtol=0)
    close(sde["diffusion"] * math.sqrt(dt), torch.sqrt(beta * dt))


def test_vp_marginal_solves_the_moment_equations(solution: ModuleType) -> None:
    """Under the SDE the mean decays by beta/2, and the variance v obeys v' = -beta v + beta."""

    def moments(t: float, y: np.ndarray) -> np.ndarray:
        beta = np.interp(t, [0, 1], BETAS)
        return np.array([-0.5 * beta * y[0], -beta * y[1] + beta])

    t = np.linspace(0, 1, 11)
    exact = solve_ivp(moments, (0, 1), [1.0, 0.0], t_eval=t, method="DOP853", rtol=1e-11, atol=1e-13).y
    law = solution.vp_marginal(torch.from_numpy(t), *BETAS)
    torch.testing.assert_close(law["mean_coef"], torch.from_numpy(exact[0]), atol=1e-8, rtol=0)
    torch.testing.assert_close(law["std"] ** 2, torch.from_numpy(exact[1]), atol=1e-8, rtol=0)


def test_staircase_nears_the_ramp_like_one_over_n(solution: ModuleType) -> None:
    gaps = [solution.staircase(n, *BETAS)["gap"] for n in (200, 400, 800)]
    assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.03)
    assert gaps[1] / gaps[2] == pytest.approx(2, rel=0.03)


def noisy_hills_score(solution: ModuleType, x: Tensor, t: Tensor) -> Tensor:
    means, stds, weights = hills(2)
    law = solution.vp_marginal(t[:1], *BETAS)
    spread = (law["mean_coef"] ** 2 * stds**2 + law["std"] ** 2).sqrt()
    return solution.gmm_score(x, law["mean_coef"] * means, spread, weights)


def test_pf_ode_sample_nears_scipys_solution_at_first_order(solution: ModuleType) -> None:
    x_T, t_end = normal(6, 2), 0.05

    def velocity(t: float, flat: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(flat.reshape(6, 2))
        score = noisy_hills_score(solution, x, torch.full((6,), t, dtype=torch.float64))
        return (-0.5 * np.interp(t, [0, 1], BETAS) * (x + score)).numpy().ravel()

    exact = solve_ivp(velocity, (1, t_end), x_T.numpy().ravel(), method="DOP853", rtol=1e-10, atol=1e-12)
    end = torch.from_numpy(exact.y[:, -1].reshape(6, 2))
    errors = []
    for n in (200, 400, 800):
        path = solution.pf_ode_sample(lambda x, t: noisy_hills_score(solution, x, t), x_T, n, *BETAS, t_end)
        errors.append(float((path[-1] - end).norm()))
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.15)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.15)
    assert errors[2] < 0.01


def test_both_ways_back_keep_the_law_of_noisy_gaussian_data(solution: ModuleType) -> None:
    """For data N(0, s^2) the variance of noisy data must shrink backwards as it grew forwards, by either drift."""
    s2, t = 4.0, torch.tensor(0.15, dtype=torch.float64)
    law = solution.vp_marginal(t, *BETAS)
    variance = law["mean_coef"] ** 2 * s2 + law["std"] ** 2
    beta = 0.1 + 0.15 * 19.9
    growth = -beta * variance + beta  # d(variance)/dt, forwards
    one = torch.ones(1, 1, dtype=torch.float64)
    ode = solution.reverse_drift(one, -one / variance, t, *BETAS, True)
    sde = solution.reverse_drift(one, -one / variance, t, *BETAS, False)
    close((2 * ode * variance).squeeze(), growth)
    close((2 * sde * variance).squeeze() - beta, growth)  # backwards the SDE's own noise adds beta


def test_euler_in_t_differs_from_ddim_by_the_square_of_beta(solution: ModuleType) -> None:
    x_t, eps, ab_t = normal(5, 3), normal(5, 3, seed=1), uniform(5, low=0.3, high=0.7)
    gaps = []
    for beta in (1e-2, 1e-3):
        step = solution.ddim_vs_euler(x_t, eps, ab_t, ab_t / (1 - beta))
        close(step["euler_sigma"], step["ddim"])
        gaps.append(float((step["euler_t"] - step["ddim"]).norm()))
    assert gaps[0] / gaps[1] == pytest.approx(100, rel=0.05)


def test_training_finds_the_score_of_one_gaussian(solution: ModuleType) -> None:
    mean, std = torch.tensor([1.0, -0.5]), 0.7
    data = mean + std * normal(4000, 2).float()
    score = solution.train_hidden_score(data, 400, 0)
    t = torch.full((500,), 0.3)
    law = solution.vp_marginal(t[:1].double(), *BETAS)
    variance = law["mean_coef"] ** 2 * std**2 + law["std"] ** 2
    x = (law["mean_coef"] * mean + variance.sqrt() * normal(500, 2, seed=5)).float()
    exact = -(x - law["mean_coef"] * mean) / variance
    error = ((score(x, t) - exact) ** 2).sum() / (exact**2).sum()
    assert float(error) < 0.05


def test_autograd_finds_gmm_score(solution: ModuleType) -> None:
    law, x = hills(3), 2 * normal(20, 3)
    close(solution.score_by_autograd(mixture(*law).log_prob, x), solution.gmm_score(x, *law))


def test_the_denoiser_of_a_finite_set_knows_the_score_of_its_noisy_law(solution: ModuleType) -> None:
    data, x_t, alpha_bar = normal(7, 2, seed=3), 1.5 * normal(30, 2), uniform(30, low=0.1, high=0.9)
    found = solution.finite_data_denoiser(x_t, data, alpha_bar)
    at = x_t.clone().requires_grad_(True)
    weights = torch.full((7,), 1 / 7, dtype=torch.float64)
    log_p = []
    for row, level in zip(at, alpha_bar, strict=True):
        law = mixture(level.sqrt() * data, (1 - level).sqrt().expand(7), weights)
        log_p.append(law.log_prob(row))
    score = gradient(torch.stack(log_p), at)
    close(solution.score_from_noise(found["eps"], alpha_bar), score)
    # Tweedie: the same mean by the other road.
    level = alpha_bar[:, None]
    close(found["x0"], (x_t + (1 - level) * score) / level.sqrt())


def test_the_two_points_of_the_text_have_the_numbers_of_the_text(solution: ModuleType) -> None:
    data, half = torch.tensor([[-1.0], [1.0]], dtype=torch.float64), torch.tensor(0.5, dtype=torch.float64)
    found = solution.finite_data_denoiser(torch.tensor([[0.5]], dtype=torch.float64), data, half)
    assert found["weights"][0].tolist() == pytest.approx([0.196, 0.804], abs=5e-4)
    assert float(found["x0"]) == pytest.approx(0.609, abs=5e-4)
    assert float(solution.score_from_noise(found["eps"], half)) == pytest.approx(-0.139, abs=5e-4)


def test_no_answer_has_a_smaller_error_than_the_mean_of_the_origins(solution: ModuleType) -> None:
    """Noisy samples of known origin: the denoiser beats the nearest point and the best straight line."""
    data, level = normal(5, 2, seed=4), torch.tensor(0.6, dtype=torch.float64)
    x0 = data[torch.randint(5, (4000,), generator=torch.Generator().manual_seed(0))]
    x_t = level.sqrt() * x0 + (1 - level).sqrt() * normal(4000, 2, seed=5)
    found = solution.finite_data_denoiser(x_t, data, level)
    nearest = data[found["weights"].argmax(dim=1)]
    design = torch.cat([x_t, torch.ones(4000, 1, dtype=torch.float64)], dim=1)
    line = design @ torch.linalg.lstsq(design, x0).solution
    best = float((found["x0"] - x0).square().mean())
    assert best < 0.97 * float((nearest - x0).square().mean())
    assert best < 0.97 * float((line - x0).square().mean())


def test_both_ways_back_carry_one_crowd_and_the_paths_of_two(solution: ModuleType) -> None:
    """The table of the text: mean and spread of the noisy data at four times, and who ends where."""
    means, stds = torch.tensor([[-1.5], [1.5]], dtype=torch.float64), torch.full((2,), 0.2, dtype=torch.float64)
    weights = torch.tensor([0.4, 0.6], dtype=torch.float64)

    def score(x: Tensor, t: Tensor) -> Tensor:
        law = solution.vp_marginal(t[:1], *BETAS)
        spread = (law["mean_coef"] ** 2 * stds**2 + law["std"] ** 2).sqrt()
        return solution.gmm_score(x, law["mean_coef"] * means, spread, weights)

    start, noise = normal(4000, 1), normal(300, 4000, 1, seed=6)
    ways = {
        "ode": solution.pf_ode_sample(score, start, 300, *BETAS, 0.001),
        "sde": solution.reverse_sde_sample(score, start, noise, *BETAS, 0.001),
    }
    for t, mean, std in ((1.0, 0.0, 1.0), (0.5, 0.08, 1.05), (0.2, 0.24, 1.34), (0.001, 0.30, 1.48)):
        row = round((1 - t) / (1 - 0.001) * 300)
        for way in ways.values():
            assert float(way[row].mean()) == pytest.approx(mean, abs=0.1)
            assert float(way[row].std()) == pytest.approx(std, abs=0.05)
    ends = {name: torch.corrcoef(torch.stack([way[0, :, 0], way[-1, :, 0]]))[0, 1] for name, way in ways.items()}
    assert float(ends["ode"]) > 0.8
    assert abs(float(ends["sde"])) < 0.1


# ---------------------------------------------------------------- peers


@pytest.mark.peers
def test_vp_marginal_solves_torchdiffeqs_equation(solution: ModuleType) -> None:
    from torchdiffeq import odeint

    t = torch.linspace(0, 1, 9, dtype=torch.float64)
    slope = BETAS[1] - BETAS[0]
    one = torch.ones(1, dtype=torch.float64)
    alpha_bar = odeint(lambda u, a: -(BETAS[0] + u * slope) * a, one, t, rtol=1e-10, atol=1e-12)[:, 0]
    law = solution.vp_marginal(t, *BETAS)
    torch.testing.assert_close(law["mean_coef"] ** 2, alpha_bar, atol=1e-8, rtol=0)
    torch.testing.assert_close(law["std"] ** 2, 1 - alpha_bar, atol=1e-8, rtol=0)


@pytest.mark.peers
def test_staircase_is_the_schedule_of_diffusers_ddpm(solution: ModuleType) -> None:
    from diffusers import DDPMScheduler

    n = 1000
    betas = (BETAS[0] + np.arange(1, n + 1) / n * (BETAS[1] - BETAS[0])) / n
    theirs = DDPMScheduler(num_train_timesteps=n, trained_betas=betas.tolist()).alphas_cumprod
    torch.testing.assert_close(solution.staircase(n, *BETAS)["staircase"].float(), theirs, atol=1e-6, rtol=1e-4)


@pytest.mark.peers
def test_reverse_drift_is_that_of_diffusers_sde_scheduler(solution: ModuleType) -> None:
    from diffusers.schedulers.deprecated.scheduling_sde_vp import ScoreSdeVpScheduler

    scheduler = ScoreSdeVpScheduler(num_train_timesteps=50, beta_min=BETAS[0], beta_max=BETAS[1])
    scheduler.set_timesteps(50)
    x, score, t = normal(3, 2), normal(3, 2, seed=1), uniform(3, low=0.1, high=0.9)
    std = solution.vp_marginal(t, *BETAS)["std"][:, None]
    # Its `score` is noise-like: it divides by -std itself.
    _, mean = scheduler.step_pred(-std * score, x, t)
    ours = solution.reverse_drift(x, score, t, *BETAS, False)
    torch.testing.assert_close(x - ours / 50, mean, atol=1e-9, rtol=1e-7)


@pytest.mark.peers
def test_ddim_is_the_step_of_diffusers_scheduler(solution: ModuleType) -> None:
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler(num_train_timesteps=1000, clip_sample=False)
    scheduler.set_timesteps(20)
    x_t, eps, timestep = normal(2, 3, 4, 4).float(), normal(2, 3, 4, 4, seed=1).float(), 500
    theirs = scheduler.step(eps, timestep, x_t, eta=0.0)
    levels = scheduler.alphas_cumprod
    ours = solution.ddim_vs_euler(x_t, eps, levels[timestep], levels[timestep - 50])
    torch.testing.assert_close(ours["ddim"], theirs.prev_sample, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(ours["x0"], theirs.pred_original_sample, atol=1e-4, rtol=1e-4)
