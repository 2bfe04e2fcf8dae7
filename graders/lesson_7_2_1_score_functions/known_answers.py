"""Known right and wrong answers to lesson 7.2.1."""

import math

import torch
from torch import nn
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from blindgrade.known_answers import exercise, fails, right, wrong

exercise("gaussian_score")
wrong("gradient_wrt_mean", "-(x - mu)", "(x - mu)",
      hint="Differentiate with respect to the DATA x, not the parameter mu: the compass points towards the mean.")
wrong("sigma_not_squared", "/ sigma**2", "/ sigma",
      hint="The exponent is -(x-mu)^2 / (2 sigma^2): sigma comes squared.")
wrong("half_kept", "/ sigma**2", "/ (2 * sigma**2)", hint="The 2 from the square cancels the 1/2.")


@wrong(hint="The score is the gradient of LOG p: divide by p.")
def gradient_of_density(x, mu, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    density = torch.exp(-0.5 * ((x - mu) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
    return -(x - mu) / sigma**2 * density


@right
def by_autograd(x, mu, sigma):
    if not sigma > 0:
        raise ValueError("no Gaussian has this sigma")
    at = x.detach().clone().requires_grad_(True)
    return torch.autograd.grad(Normal(mu, sigma, validate_args=False).log_prob(at).sum(), at)[0]


@right
def by_precision(x, mu, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    precision = 1 / (sigma * sigma)
    return mu * precision - x * precision


exercise("gmm_score")
wrong("no_responsibilities", "share = torch.softmax(weights.log() + log_density, dim=1)", "share = weights.expand(len(x), -1)",
      hint="Weigh each component's score by its posterior at x, not by its prior weight.")
wrong("nearest", "share = torch.softmax(weights.log() + log_density, dim=1)", "share = F.one_hot((weights.log() + log_density).argmax(dim=1), len(stds)).to(x.dtype)",
      hint="Between two modes both pull: soft weights, not the winner alone.")
wrong("ignores_weights", "weights.log() + log_density", "log_density", hint="A heavy component pulls harder.")
wrong("one_std_power", "x.shape[1] * stds.log()", "stds.log()",
      hint="The normaliser of a D-dimensional Gaussian is sigma^D.")


@wrong(hint="Far away every density rounds to 0, and 0/0 is not a number: take the ratio of the densities in logarithms.")
def densities_underflow(x, means, stds, weights):
    offset = x[:, None, :] - means
    variance = stds**2
    density = weights * torch.exp(-0.5 * (offset**2).sum(dim=-1) / variance) / stds ** x.shape[1]
    share = density / density.sum(dim=1, keepdim=True)
    return (share[..., None] * -offset / variance[:, None]).sum(dim=1)


@right
def by_autograd_of_a_distribution(x, means, stds, weights):
    at = x.detach().clone().requires_grad_(True)
    hills = Independent(Normal(means, stds[:, None].expand_as(means)), 1)
    mixture = MixtureSameFamily(Categorical(weights), hills)
    return torch.autograd.grad(mixture.log_prob(at).sum(), at)[0]


@right
def hill_by_hill(x, means, stds, weights):
    x64 = x.double()
    logs, pulls = [], []
    for mean, std, weight in zip(means.double(), stds.double(), weights.double(), strict=True):
        away = x64 - mean
        logs.append(torch.log(weight) - x.shape[1] * torch.log(std) - away.pow(2).sum(1) / (2 * std * std))
        pulls.append(-away / (std * std))
    log_total = torch.logsumexp(torch.stack(logs), dim=0)
    score = sum((log - log_total).exp()[:, None] * pull for log, pull in zip(logs, pulls, strict=True))
    return score.to(x.dtype)


@right
def by_einsum(x, means, stds, weights):
    precision = stds.pow(-2)
    distance = (x.unsqueeze(1) - means.unsqueeze(0)).square().sum(2)
    share = (weights.log() + 0.5 * x.size(1) * precision.log() - 0.5 * distance * precision).softmax(1)
    return torch.einsum("nk,k,kd->nd", share, precision, means) - x * (share @ precision)[:, None]


exercise("score_by_autograd")


@wrong(hint="backward() also writes into the .grad of the network's parameters. Ask for the gradient of one thing only: the place.")
def fills_the_parameters(log_density, x):
    with torch.enable_grad():
        at = x.detach().clone().requires_grad_(True)
        log_density(at).sum().backward()
    return at.grad


wrong("mean_over_the_batch", ".sum()", ".mean()",
      hint="The mean divides every score by the number of points. A point's score must not depend on its neighbours.")
wrong("keeps_the_graph", "torch.autograd.grad(total, at)[0]", "torch.autograd.grad(total, at, create_graph=True)[0]",
      hint="The returned score still has a graph; nobody asked for a second derivative.")
wrong("marks_the_argument", "at = x.detach().requires_grad_(True)", "at = x if x.requires_grad else x.requires_grad_(True)",
      hint="You marked the caller's own tensor. Mark a leaf of your own.")
wrong("needs_recording", "with torch.enable_grad():", "if True:",
      hint="Inside torch.no_grad() nothing is recorded, so there is nothing to differentiate. Switch recording on for your own lines.")
wrong("of_the_density", "log_density(at).sum()", "log_density(at).exp().sum()",
      hint="The score is the gradient of LOG p, not of p.")


@right
def by_transforms(log_density, x):
    def one(row):
        return log_density(row.unsqueeze(0)).squeeze(0)

    return torch.func.vmap(torch.func.grad(one))(x.detach()).detach()


@right
def for_chosen_inputs(log_density, x):
    place = x.detach().clone()
    place.requires_grad = True
    with torch.enable_grad():
        values = log_density(place)
        values.backward(torch.ones_like(values), inputs=[place])
    return place.grad


@right
def row_by_row(log_density, x):
    scores = []
    with torch.enable_grad():
        for row in x.detach():
            at = row.clone()[None].requires_grad_(True)
            scores.append(torch.autograd.grad(log_density(at)[0], at)[0][0])
    return torch.stack(scores)


exercise("follow_compass")
wrong("down", "x + step_size * score_fn(x)", "x - step_size * score_fn(x)",
      hint="The score points to HIGHER probability: add it.")
wrong("no_sqrt", "math.sqrt(2 * step_size)", "2 * step_size",
      hint="Noise scales with the square root of the step: sqrt(2 eta).")
wrong("no_two", "math.sqrt(2 * step_size)", "math.sqrt(step_size)",
      hint="Langevin needs sqrt(2 eta); with sqrt(eta) the samples are too narrow.")


@wrong(hint="Read the compass again at each new place.")
def stale(score_fn, x, step_size, n_steps, noise=None):
    walk, score = [x], score_fn(x)
    for k in range(n_steps):
        x = x + step_size * score
        if noise is not None:
            x = x + math.sqrt(2 * step_size) * noise[k]
        walk.append(x)
    return torch.stack(walk)


@wrong(hint="Read the compass where you stand, and be shaken afterwards: step k takes its score before noise[k].")
def shaken_first(score_fn, x, step_size, n_steps, noise=None):
    walk = [x]
    for k in range(n_steps):
        if noise is not None:
            x = x + math.sqrt(2 * step_size) * noise[k]
        x = x + step_size * score_fn(x)
        walk.append(x)
    return torch.stack(walk)


@right
def into_a_buffer(score_fn, x, step_size, n_steps, noise=None):
    walk = x.new_empty(n_steps + 1, *x.shape)
    walk[0] = x
    scale = (2.0 * step_size) ** 0.5
    for k in range(n_steps):
        here = walk[k].clone()
        walk[k + 1] = here + step_size * score_fn(here)
        if noise is not None:
            walk[k + 1] += scale * noise[k]
    return walk


@right
def by_recursion(score_fn, x, step_size, n_steps, noise=None):
    if n_steps == 0:
        return x.unsqueeze(0)
    shake = 0 if noise is None else noise[0] * math.sqrt(2 * step_size)
    rest = None if noise is None else noise[1:]
    place = x + step_size * score_fn(x) + shake
    return torch.cat([x.unsqueeze(0), follow_compass(score_fn, place, step_size, n_steps - 1, rest)])


exercise("score_from_noise")
wrong("sign", "return -eps", "return eps", hint="Noise points AWAY from the data, the score towards it.")
wrong("variance_not_std", "(1 - alpha_bar).sqrt()", "(1 - alpha_bar)",
      hint="Divide by the standard deviation sqrt(1 - alpha_bar), not by the variance.")
wrong("signal_scale", "(1 - alpha_bar).sqrt()", "alpha_bar.sqrt()",
      hint="sqrt(alpha_bar) scales the signal; the noise's scale is sqrt(1 - alpha_bar).")
wrong("multiplies", "-eps / _trailing", "-eps * _trailing",
      hint="You applied the inverse direction of the formula: score = -eps / sqrt(1 - alpha_bar).")
wrong("last_dim", "_trailing((1 - alpha_bar).sqrt(), eps)", "(1 - alpha_bar).sqrt()",
      hint="alpha_bar is per sample: give it trailing axes, or it meets the last axis of the noise.")


@right
def batch_axis_last(eps, alpha_bar):
    if alpha_bar.min() < 0 or alpha_bar.max() >= 1:
        raise ValueError("alpha_bar out of range")
    return -(eps.movedim(0, -1) * torch.rsqrt(1 - alpha_bar)).movedim(-1, 0)


@right
def in_float64(eps, alpha_bar):
    if not bool(torch.all((0 <= alpha_bar) & (alpha_bar < 1))):
        raise ValueError("alpha_bar out of range")
    std = (1 - alpha_bar.double()) ** 0.5
    while std.ndim and std.ndim < eps.ndim:
        std = std.unsqueeze(-1)
    return (-eps.double() / std).to(eps.dtype)


exercise("noise_from_score")
wrong("sign", "return -score", "return score", hint="epsilon = -sqrt(1 - alpha_bar) * score: mind the minus.")
wrong("variance", "(1 - alpha_bar).sqrt()", "(1 - alpha_bar)",
      hint="The noise's scale is its standard deviation, sqrt(1 - alpha_bar), not its variance.")
wrong("divides", "-score * _trailing", "-score / _trailing", hint="From score to noise you multiply.")
wrong("signal_scale", "(1 - alpha_bar).sqrt()", "alpha_bar.sqrt()",
      hint="sqrt(alpha_bar) scales the signal; the noise's scale is sqrt(1 - alpha_bar).")


@right
def sample_by_sample(score, alpha_bar):
    levels = alpha_bar.expand(len(score)).tolist()
    if any(level < 0 or level > 1 for level in levels):
        raise ValueError("alpha_bar out of range")
    return torch.stack([one * -math.sqrt(1 - level) for one, level in zip(score, levels, strict=True)])


@right
def by_einsum_over_the_batch(score, alpha_bar):
    if (alpha_bar.clamp(0, 1) != alpha_bar).any():
        raise ValueError("alpha_bar out of range")
    return torch.einsum("b...,b->b...", score, -(1 - alpha_bar).sqrt().expand(len(score)))


exercise("finite_data_denoiser")
wrong("picks_the_likeliest", "weights = torch.softmax(-0.5 * distance / variance.reshape(-1, 1), dim=1)", "weights = F.one_hot(distance.argmin(dim=1), len(data)).to(x_t.dtype)",
      hint="The likeliest origin is one of several. The squared error is least for the mean over all of them.")
wrong("counts_all_alike", "weights = torch.softmax(-0.5 * distance / variance.reshape(-1, 1), dim=1)", "weights = torch.full_like(distance, 1 / len(data))",
      hint="Before you look, all points are equally likely. After you saw x_t they are not.")
wrong("data_not_shrunk", "signal[:, None] * data", "data",
      hint="The noise did not start at the clean point: x_t is centred on sqrt(alpha_bar) times it.")
wrong("std_not_variance", "distance / variance.reshape(-1, 1)", "distance / variance.sqrt().reshape(-1, 1)",
      hint="A Gaussian's exponent divides the squared distance by the VARIANCE 1 - alpha_bar (twice).")
wrong("no_half", "-0.5 * distance", "-distance", hint="A Gaussian's exponent has a half: squared distance over TWICE the variance.")
wrong("x0_not_shrunk", "(x_t - signal * x0)", "(x_t - x0)",
      hint="The noise is what x_t has beyond its signal, and the signal is sqrt(alpha_bar) times the clean sample.")


@wrong(hint="From far away every likelihood rounds to 0, and 0/0 is no weight: compare logarithms.")
def likelihoods_underflow(x_t, data, alpha_bar):
    if ((alpha_bar < 0) | (alpha_bar >= 1)).any():
        raise ValueError("alpha_bar")
    signal, variance = _trailing(alpha_bar.sqrt(), x_t), _trailing(1 - alpha_bar, x_t)
    offset = x_t[:, None] - signal[:, None] * data
    likely = torch.exp(-0.5 * (offset**2).flatten(start_dim=2).sum(dim=2) / variance.reshape(-1, 1))
    weights = likely / likely.sum(dim=1, keepdim=True)
    x0 = (weights @ data.flatten(start_dim=1)).reshape(x_t.shape)
    return {"weights": weights, "x0": x0, "eps": (x_t - signal * x0) / variance.sqrt()}


@right
def by_the_expected_noise(x_t, data, alpha_bar):
    if alpha_bar.min() < 0 or alpha_bar.max() >= 1:
        raise ValueError("no such level")
    level = alpha_bar.double().expand(len(x_t)).reshape(-1, 1, 1)
    flat, points = x_t.double().reshape(len(x_t), 1, -1), data.double().reshape(1, len(data), -1)
    eps = (flat - level.sqrt() * points) / (1 - level).sqrt()  # the noise that each origin would need
    weights = (-0.5 * eps.square().sum(2)).softmax(1)
    expected = torch.einsum("bk,bkd->bd", weights, eps)
    x0 = torch.einsum("bk,kd->bd", weights, points[0])
    shape, dtype = x_t.shape, x_t.dtype
    return {"weights": weights.to(dtype), "x0": x0.reshape(shape).to(dtype), "eps": expected.reshape(shape).to(dtype)}


@right
def sample_by_sample_in_logarithms(x_t, data, alpha_bar):
    levels = [float(a) for a in alpha_bar.double().expand(len(x_t))]
    if any(a < 0 or a >= 1 for a in levels):
        raise ValueError("no such level")
    found = []
    for x, a in zip(x_t, levels, strict=True):
        logs = torch.stack([-((x - math.sqrt(a) * y) ** 2).sum() / (2 * (1 - a)) for y in data])
        share = torch.exp(logs - torch.logsumexp(logs, dim=0))
        clean = sum(w * y for w, y in zip(share, data, strict=True))
        found.append((share, clean, (x - math.sqrt(a) * clean) / math.sqrt(1 - a)))
    return {name: torch.stack(part) for name, part in zip(("weights", "x0", "eps"), zip(*found, strict=True), strict=True)}


exercise("three_step_walkthrough")


@wrong(hint="Signal and noise get sqrt(alpha_bar) and sqrt(1 - alpha_bar): variances add.")
def no_sqrt(x0, eps, alpha_bar):
    mean = _trailing(alpha_bar, x0) * x0
    variance = _trailing(1 - alpha_bar, x0)
    x_t = mean + variance * eps
    score = -(x_t - mean) / variance
    return {"x_t": x_t, "score": score, "eps_back": noise_from_score(score, alpha_bar)}


wrong("mean_unscaled", "score = -(x_t - mean)", "score = -(x_t - x0)",
      hint="The conditional mean is sqrt(alpha_bar) x0.")
wrong("std", "-(x_t - mean) / variance", "-(x_t - mean) / variance.sqrt()",
      hint="The score of N(m, s^2) divides by the VARIANCE 1 - alpha_bar.")
wrong("marginal", "score = -(x_t - mean)", "score = -x_t",
      hint="q(x_t | x_0) is centred on sqrt(alpha_bar) x0, not on 0.")


@right
def by_autograd_of_q(x0, eps, alpha_bar):
    level = alpha_bar.view(-1, *[1] * (x0.ndim - 1)).expand_as(x0)
    x_t = (level.sqrt() * x0 + (1 - level).sqrt() * eps).detach()
    at = x_t.clone().requires_grad_(True)
    log_q = Normal(level.sqrt() * x0, (1 - level).sqrt()).log_prob(at).sum()
    score = torch.autograd.grad(log_q, at)[0]
    return {"x_t": x_t, "score": score, "eps_back": -(1 - level).sqrt() * score}


@right
def cancelled_on_paper(x0, eps, alpha_bar):
    level = alpha_bar if alpha_bar.ndim == 0 else alpha_bar[(...,) + (None,) * (x0.ndim - 1)]
    std = torch.sqrt(1 - level)
    return {"x_t": torch.sqrt(level) * x0 + std * eps, "score": -eps / std, "eps_back": eps.clone()}


exercise("vp_sde")
wrong("no_half", "-0.5 * _trailing", "-_trailing",
      hint="sqrt(1 - beta dt) = 1 - beta dt / 2 + ...: the drift has a half.")
wrong("sign", "-0.5 * _trailing", "0.5 * _trailing",
      hint="The forward drift shrinks the signal, so for positive x it is negative.")
wrong("beta_not_sqrt", "beta.sqrt()", "beta", hint="g(t) = sqrt(beta): noise variance beta dt.")
wrong("last_dim", "_trailing(beta, x)", "beta", hint="beta is per sample: give it trailing axes.")
wrong("ignores_the_schedule", "_beta(t, beta_min, beta_max)", "_beta(t, 0.1, 20.0)",
      hint="0.1 and 20 are only the usual values: use the beta_min and beta_max that are given.")


@right
def by_lerp(x, t, beta_min, beta_max):
    low = torch.full_like(t, beta_min)
    beta = torch.lerp(low, torch.full_like(t, beta_max), t)
    per_sample = beta if beta.ndim == 0 else beta.reshape(-1, *(1 for _ in x.shape[1:]))
    return {"drift": -x * per_sample / 2, "diffusion": torch.sqrt(beta)}


@right
def by_vmap(x, t, beta_min, beta_max):
    g = ((1 - t) * beta_min + t * beta_max) ** 0.5
    drift = torch.vmap(lambda one, scale: -0.5 * scale**2 * one)(x, g.expand(len(x)))
    return {"drift": drift, "diffusion": g}


exercise("vp_marginal")
wrong("beta_times_t", "beta_min * t + 0.5 * (beta_max - beta_min) * t**2", "_beta(t, beta_min, beta_max) * t",
      hint="Integrate beta from 0 to t; beta(t)*t forgets that it grew.")
wrong("no_half", "torch.exp(-0.5 * integral)", "torch.exp(-integral)",
      hint="The signal decays with HALF the integral (its square, alpha_bar, with the whole).")
wrong("variance", "(-torch.expm1(-integral)).sqrt()", "-torch.expm1(-integral)",
      hint="1 - alpha_bar is the noise's variance; std is its root.")
wrong("one_minus_mean", "(-torch.expm1(-integral)).sqrt()", "1 - torch.exp(-0.5 * integral)",
      hint="Variances add to 1, not amplitudes.")


@right
def by_log_mean(t, beta_min, beta_max):
    log_mean = -0.25 * t**2 * (beta_max - beta_min) - 0.5 * t * beta_min
    return {"mean_coef": torch.exp(log_mean), "std": torch.sqrt(1.0 - torch.exp(2.0 * log_mean))}


@right
def by_the_trapezoid(t, beta_min, beta_max):
    beta_at_t = beta_min + t * (beta_max - beta_min)
    alpha_bar = torch.exp(-t * (beta_min + beta_at_t) / 2)
    return {"mean_coef": alpha_bar.sqrt(), "std": (1 - alpha_bar).sqrt()}


exercise("staircase")


@wrong(hint="A ramp climbed in N steps: each step gets beta(t)/N.")
def beta_not_divided(n_steps, beta_min, beta_max):
    t = torch.arange(1, n_steps + 1, dtype=torch.float64) / n_steps
    stairs = torch.cumprod(1 - _beta(t, beta_min, beta_max), dim=0)
    ramp = vp_marginal(t, beta_min, beta_max)["mean_coef"] ** 2
    return {"staircase": stairs, "ramp": ramp, "gap": float((stairs - ramp).abs().max())}


wrong("cumsum", "torch.cumprod(1 - betas, dim=0)", "1 - torch.cumsum(betas, dim=0)",
      hint="Each step multiplies the signal: product, not sum.")
wrong("sqrt", "torch.cumprod(1 - betas, dim=0)", "torch.cumprod(1 - betas, dim=0).sqrt()",
      hint="alpha_bar is the product of (1 - beta), the SQUARED signal scale.")
wrong("ramp_is_stairs", 'vp_marginal(t, beta_min, beta_max)["mean_coef"] ** 2', "torch.exp(-torch.cumsum(betas, dim=0))",
      hint="The ramp is the integral, not a sum over the same steps.")
wrong("starts_at_zero", "torch.arange(1, n_steps + 1, dtype=torch.float64)", "torch.arange(n_steps, dtype=torch.float64)",
      hint="Step i ends at t_i = i/n, and i runs from 1 to n: the last step reaches t = 1.")


@right
def in_python_floats(n_steps, beta_min, beta_max):
    kept, stairs, ramp = 1.0, [], []
    for i in range(1, n_steps + 1):
        t = i / n_steps
        beta = (beta_min + t * (beta_max - beta_min)) / n_steps
        if beta >= 1:
            raise ValueError("too few steps")
        kept *= 1 - beta
        stairs.append(kept)
        ramp.append(math.exp(-(beta_min * t + (beta_max - beta_min) * t * t / 2)))
    gap = max(abs(a - b) for a, b in zip(stairs, ramp, strict=True))
    return {
        "staircase": torch.tensor(stairs, dtype=torch.float64),
        "ramp": torch.tensor(ramp, dtype=torch.float64),
        "gap": gap,
    }


@right
def in_logarithms(n_steps, beta_min, beta_max):
    step = (beta_max - beta_min) / n_steps
    rates = torch.linspace(beta_min + step, beta_max, n_steps, dtype=torch.float64)
    if rates.max() >= n_steps:
        raise ValueError("too few steps")
    stairs = torch.log1p(-rates / n_steps).cumsum(0).exp()
    edges = torch.cat([torch.tensor([beta_min], dtype=torch.float64), rates])
    ramp = torch.exp(-torch.cumulative_trapezoid(edges, dx=1 / n_steps))
    return {"staircase": stairs, "ramp": ramp, "gap": (stairs - ramp).abs().max().item()}


exercise("reverse_drift")
wrong("half_always", "0.5 if deterministic else 1.0", "0.5",
      hint="The reverse SDE also adds noise, so it must pull twice as hard: g^2, no half.")
wrong("full_always", "0.5 if deterministic else 1.0", "1.0",
      hint="The probability flow ODE has no noise to fight: half of g^2.")
wrong("plus_score", '["drift"] -', '["drift"] +',
      hint="f - g^2 score (time runs backward, so dt < 0 makes it a push uphill).")
wrong("g_not_squared", '["diffusion"] ** 2', '["diffusion"]',
      hint="What enters the reverse drift is g squared, which is beta; g itself is its root.")
wrong("half_swapped", "0.5 if deterministic else 1.0", "1.0 if deterministic else 0.5",
      hint="Deterministic means no noise to fight, so half the pull is enough; the SDE needs the whole.")


@right
def in_one_line(x, score, t, beta_min, beta_max, deterministic):
    beta = (beta_min + t * (beta_max - beta_min)).reshape(-1, *[1] * (x.ndim - 1))
    return -0.5 * beta * (x + (1 if deterministic else 2) * score)


@right
def with_two_branches(x, score, t, beta_min, beta_max, deterministic):
    sde = vp_sde(x, t, beta_min, beta_max)
    g = sde["diffusion"].expand(len(x)).view(len(x), *[1] * (x.ndim - 1))
    if deterministic:
        return torch.addcmul(sde["drift"], g * g, score, value=-0.5)
    return torch.addcmul(sde["drift"], g * g, score, value=-1)


exercise("pf_ode_sample")
wrong("positive_dt", "x + dt * reverse_drift", "x - dt * reverse_drift",
      hint="From t = 1 down to t_end: dt is negative.")
wrong("next_t", "1.0 + k * dt", "1.0 + (k + 1) * dt", hint="Euler evaluates the drift where the step BEGINS.")
wrong("sde_drift", "deterministic=True", "deterministic=False",
      hint="Without noise, g^2 instead of g^2/2 pulls twice too hard: samples collapse onto the modes.")


@wrong(hint="Deterministic: same start, same end.")
def adds_noise(score_fn, x_T, n_steps, beta_min, beta_max, t_end):
    dt = (t_end - 1.0) / n_steps
    x, path = x_T, [x_T]
    for k in range(n_steps):
        t = x.new_full((len(x),), 1.0 + k * dt)
        x = x + dt * reverse_drift(x, score_fn(x, t), t, beta_min, beta_max, deterministic=False)
        g = vp_sde(x, t, beta_min, beta_max)["diffusion"][:, None]
        x = x + g * math.sqrt(-dt) * torch.randn_like(x)
        path.append(x)
    return torch.stack(path)


wrong("ends_at_zero", "(t_end - 1.0) / n_steps", "-1.0 / n_steps",
      hint="The grid runs from 1 to t_end, not to 0: divide the way that is left, 1 - t_end, into n steps.")


@right
def on_a_linspace_grid(score_fn, x_T, n_steps, beta_min, beta_max, t_end):
    grid = torch.linspace(1.0, t_end, n_steps + 1, dtype=x_T.dtype)
    path = torch.empty(n_steps + 1, *x_T.shape, dtype=x_T.dtype)
    path[0] = x_T
    with torch.no_grad():
        for k, (t, after) in enumerate(zip(grid[:-1], grid[1:], strict=True)):
            x = path[k].clone()
            score = score_fn(x, t.expand(len(x)))
            beta = beta_min + t * (beta_max - beta_min)
            path[k + 1] = x - 0.5 * beta * (x + score) * (after - t)
    return path


@right
def with_python_times(score_fn, x_T, n_steps, beta_min, beta_max, t_end):
    path, width = [x_T], (1 - t_end) / n_steps
    while len(path) <= n_steps:
        x, t = path[-1], 1 - (len(path) - 1) * width
        times = torch.ones(x.shape[0], dtype=x.dtype) * t
        path.append(x - width * reverse_drift(x, score_fn(x, times), times, beta_min, beta_max, True))
    return torch.stack(path, dim=0)


exercise("reverse_sde_sample")
wrong("half_the_pull", "deterministic=False", "deterministic=True",
      hint="That is the drift of the probability flow ODE. A walker who is shaken at each step must pull twice as hard.")
wrong("shake_without_root", "math.sqrt(-dt)", "(-dt)",
      hint="Variances add along the way, so a step's standard deviation grows with the ROOT of its length.")
wrong("variance_as_shake", '["diffusion"] * math', '["diffusion"] ** 2 * math',
      hint="g is the root of beta: the standard deviation of the shake, not its variance.")
wrong("still_at_the_end", "_trailing(shake, x) * noise[k]", "_trailing(shake, x) * noise[k] * (k < n_steps - 1)",
      hint="Many samplers leave out the last shake. Here every step shakes, the last one included.")
wrong("shake_of_the_steps_end", 'vp_sde(x, t, beta_min, beta_max)["diffusion"]', 'vp_sde(x, t + dt, beta_min, beta_max)["diffusion"]',
      hint="Everything is taken where the step begins, g as well.")


@wrong(hint="Ask for the score where the step begins, and shake afterwards.")
def shaken_first(score_fn, x_T, noise, beta_min, beta_max, t_end):
    n_steps = len(noise)
    dt = (t_end - 1.0) / n_steps
    x, path = x_T, [x_T]
    for k in range(n_steps):
        t = x.new_full((len(x),), 1.0 + k * dt)
        x = x + _trailing(vp_sde(x, t, beta_min, beta_max)["diffusion"] * math.sqrt(-dt), x) * noise[k]
        x = x + dt * reverse_drift(x, score_fn(x, t), t, beta_min, beta_max, deterministic=False)
        path.append(x)
    return torch.stack(path)


@right
def into_a_buffer(score_fn, x_T, noise, beta_min, beta_max, t_end):
    steps = noise.shape[0]
    path = x_T.new_empty(steps + 1, *x_T.shape)
    path[0] = x_T
    grid = torch.linspace(1.0, t_end, steps + 1, dtype=x_T.dtype)
    for k, (t, after) in enumerate(zip(grid[:-1], grid[1:], strict=True)):
        here, length = path[k].clone(), t - after
        beta = beta_min + t * (beta_max - beta_min)
        score = score_fn(here, t.repeat(len(here)))
        path[k + 1] = here + length * beta * (0.5 * here + score) + torch.sqrt(beta * length) * noise[k]
    return path


@right
def twice_the_flow_plus_shake(score_fn, x_T, noise, beta_min, beta_max, t_end):
    # The SDE's drift is the ODE's plus the same share of the score once more.
    path, width = [x_T], (1 - t_end) / len(noise)
    for draw in noise:
        x, t = path[-1], 1 - (len(path) - 1) * width
        beta, times = beta_min + t * (beta_max - beta_min), torch.full_like(x[:, 0], t)
        score = score_fn(x, times)
        flow = reverse_drift(x, score, times, beta_min, beta_max, True) - 0.5 * beta * score
        path.append(x - width * flow + (beta * width) ** 0.5 * draw)
    return torch.stack(path)


exercise("ddim_vs_euler")
wrong("x0_not_rescaled", "(x_t - noise_std * eps) / ab_t.sqrt()", "x_t - noise_std * eps",
      hint="Solve x_t = sqrt(a) x0 + sqrt(1-a) eps for x0: divide by sqrt(a).")
wrong("leaps_to_x0", "ddim = ab_prev.sqrt() * x0 + (1 - ab_prev).sqrt() * eps", "ddim = x0",
      hint="Predict x0, then leap to the NEXT noise level, not to the end.")
wrong("old_noise_level", "(1 - ab_prev).sqrt() * eps", "noise_std * eps",
      hint="Noise goes back in at the new level, sqrt(1 - alpha_bar_prev).")
wrong("sigma_step_sign", "(sigma_prev - sigma)", "(sigma - sigma_prev)",
      hint="d(x/sqrt(alpha_bar)) = eps d(sigma), and sigma falls.")
wrong("noise_is_the_score", "x_t - eps / noise_std", "x_t + eps",
      hint="The ODE in t contains the score, and the score is -eps / sqrt(1 - alpha_bar).")


@right
def in_float64_throughout(x_t, eps, ab_t, ab_prev):
    x, e = x_t.double(), eps.double()
    a, b = (v.double().reshape(v.shape + (1,) * (x.ndim - v.ndim)) for v in (ab_t, ab_prev))
    x0 = x / a.sqrt() - e * (1 / a - 1).sqrt()
    ddim = b.sqrt() * x0 + (1 - b).sqrt() * e
    score = -e / (1 - a).sqrt()
    euler_t = x + 0.5 * (b - a) / b * (x + score)
    result = {"x0": x0, "ddim": ddim, "euler_sigma": ddim, "euler_t": euler_t}
    return {name: value.to(x_t.dtype) for name, value in result.items()}


@right
def sample_by_sample_steps(x_t, eps, ab_t, ab_prev):
    steps = []
    levels = zip(ab_t.expand(len(x_t)), ab_prev.expand(len(x_t)), strict=True)
    for x, e, (a, b) in zip(x_t, eps, levels, strict=True):
        x0 = (x - (1 - a).sqrt() * e) / a.sqrt()
        sigma = torch.sqrt(1 / torch.stack([a, b]) - 1)
        along = b.sqrt() * (x / a.sqrt() + (sigma[1] - sigma[0]) * e)
        beta = 1 - a / b
        euler_t = (1 + beta / 2) * x - beta / 2 * e / (1 - a).sqrt()
        steps.append((x0, x0 * b.sqrt() + e * (1 - b).sqrt(), along, euler_t))
    return dict(zip(("x0", "ddim", "euler_sigma", "euler_t"), map(torch.stack, zip(*steps, strict=True)), strict=True))


exercise("sample_in_eight")
wrong("equal_steps", "times = torch.linspace(1.0, 0.03, 9, dtype=x_T.dtype) ** 2", "times = torch.linspace(1.0, 0.001, 9, dtype=x_T.dtype)",
      hint="Equal steps in t spend most questions where nearly everything is noise. The hills appear near t = 0: ask more often there.")
wrong("over_budget", "torch.linspace(1.0, 0.03, 9, dtype=x_T.dtype)", "torch.linspace(1.0, 0.03, 41, dtype=x_T.dtype)",
      hint="Good samples, but for more questions than there are. Eight rows of the score for each point are the whole budget.")


@wrong(hint="One question at t = 1 gives the mean of all data, whatever comes after it. Use the answers of later questions.")
def one_leap(score_fn, x_T, beta_min, beta_max):
    t = torch.ones(len(x_T), dtype=x_T.dtype)
    alpha_bar = vp_marginal(t[:1], beta_min, beta_max)["mean_coef"] ** 2
    eps = noise_from_score(score_fn(x_T, t), alpha_bar[0])
    return {"samples": (x_T - (1 - alpha_bar).sqrt() * eps) / alpha_bar.sqrt(), "predicted": 1.0}


@wrong(hint="The reverse SDE needs many steps: in eight equal ones the shake of a step is wider than the hills. Leave the shake out, or spend the time otherwise.")
def shaken_in_equal_steps(score_fn, x_T, beta_min, beta_max):
    torch.manual_seed(0)
    noise = torch.randn(8, *x_T.shape, dtype=x_T.dtype)
    return {"samples": reverse_sde_sample(score_fn, x_T, noise, beta_min, beta_max, 1e-3)[-1], "predicted": 0.9}


fails("stops_early", "torch.linspace(1.0, 0.03, 9, dtype=x_T.dtype)", "torch.linspace(1.0, 0.6, 9, dtype=x_T.dtype)")
fails("never_moves", '{"samples": x, "predicted": 0.97}', '{"samples": x_T, "predicted": 0.97}')
fails("three_steps", "torch.linspace(1.0, 0.03, 9, dtype=x_T.dtype)", "torch.linspace(1.0, 0.03, 4, dtype=x_T.dtype)")


@right
def euler_in_time_with_shrinking_steps(score_fn, x_T, beta_min, beta_max):
    x, t = x_T, 1.0
    for k in range(1, 9):
        later = (1 - k / 8 * 0.968) ** 2
        times = torch.full((len(x),), t, dtype=x.dtype)
        x = x + (later - t) * reverse_drift(x, score_fn(x, times), times, beta_min, beta_max, deterministic=True)
        t = later
    return {"samples": x, "predicted": 0.95}


def _levels(low, count, beta_min, beta_max):
    """Equal steps in the logarithm of noise over signal, from t = 1 to t = low: times, alpha_bar."""

    def ratio(t):
        area = beta_min * t + 0.5 * (beta_max - beta_min) * t**2
        return torch.log(torch.expm1(area)) / 2

    ends = ratio(torch.tensor([1.0, low], dtype=torch.float64))
    area = torch.log1p(torch.exp(2 * torch.linspace(float(ends[0]), float(ends[1]), count + 1, dtype=torch.float64)))
    slope = beta_max - beta_min
    return (torch.sqrt(beta_min**2 + 2 * slope * area) - beta_min) / slope, torch.exp(-area)


@right
def remembers_the_last_answer(score_fn, x_T, beta_min, beta_max):
    # DPM-Solver++ of second order: each step extrapolates from the last two clean predictions.
    times, levels = _levels(0.004, 8, beta_min, beta_max)
    logs = 0.5 * torch.log(levels / (1 - levels))
    x, before = x_T.double(), None
    for k in range(8):
        a, b = levels[k], levels[k + 1]
        score = score_fn(x.to(x_T.dtype), times[k].to(x_T.dtype).expand(len(x))).double()
        clean = (x + (1 - a) * score) / a.sqrt()
        h = logs[k + 1] - logs[k]
        used = clean if before is None else clean + h / (2 * (logs[k] - logs[k - 1])) * (clean - before)
        x = ((1 - b) / (1 - a)).sqrt() * x - b.sqrt() * torch.expm1(-h) * used
        before = clean
    return {"samples": x.to(x_T.dtype), "predicted": 0.98}


@right
def shaken_where_it_can_be_forgotten(score_fn, x_T, beta_min, beta_max):
    # DDPM's own ancestral step, on equal steps of the log signal-to-noise ratio.
    generator = torch.Generator().manual_seed(1)
    times, levels = _levels(0.004, 8, beta_min, beta_max)
    x = x_T
    for t, a, b in zip(times[:-1].to(x.dtype), levels[:-1], levels[1:], strict=True):
        eps = -(1 - a).sqrt().to(x.dtype) * score_fn(x, t.repeat(len(x)))
        clean = (x - (1 - a).sqrt() * eps) / a.sqrt()
        fresh = (1 - b) / (1 - a) * (1 - a / b)
        draw = torch.randn(x.shape, generator=generator)
        x = (b.sqrt() * clean + (1 - b - fresh).sqrt() * eps + fresh.sqrt() * draw).to(x_T.dtype)
    return {"samples": x, "predicted": 0.96}


exercise("train_hidden_score")
wrong("returns_noise", "score_from_noise(predict_noise(x, t), alpha_bar)", "predict_noise(x, t)",
      hint="You returned epsilon; convert it to a score.")
wrong("sign", "return score_from_noise(predict_noise(x, t), alpha_bar)", "return -score_from_noise(predict_noise(x, t), alpha_bar)",
      hint="Noise points away from the data.")
wrong("variance", "score_from_noise(predict_noise(x, t), alpha_bar)", "-predict_noise(x, t) / (1 - alpha_bar)[:, None]",
      hint="Divide by sqrt(1 - alpha_bar).")


@wrong(hint="-x is the score of pure noise, right only at t = 1.")
def gaussian_only(data, steps, seed):
    return lambda x, t: -x


fails("too_few_steps", "for _ in range(steps):", "for _ in range(steps // 50):")
fails("small_rate", "lr=3e-3", "lr=3e-5")
fails("no_training", "for _ in range(steps):", "for _ in range(0):")


@right
def with_the_noise_level_as_input(data, steps, seed):
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed + 1)
    net = nn.Sequential(nn.Linear(4, 96), nn.SiLU(), nn.Linear(96, 96), nn.SiLU(), nn.Linear(96, 2))
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(steps, 1))

    def std_of(t):
        return torch.sqrt(1 - torch.exp(-(0.1 * t + 9.95 * t**2)))[:, None]

    def noise(x, std):
        return net(torch.cat([x, std, torch.log(std + 1e-3)], dim=1))

    for _ in range(steps):
        x0 = data[torch.randint(0, data.shape[0], (512,), generator=generator)]
        std = std_of(torch.rand(512, generator=generator))
        eps = torch.randn(512, 2, generator=generator)
        x_t = torch.sqrt(1 - std**2) * x0 + std * eps
        loss = (noise(x_t, std) - eps).pow(2).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
    return lambda x, t: -noise(x, std_of(t)) / std_of(t)
