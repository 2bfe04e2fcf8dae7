"""Other right answers to lesson 7.2.1."""

import math

import torch
from torch import nn
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from blindgrade.known_answers import alternative

# ---------------------------------------------------------------- gaussian_score


@alternative("gaussian_score")
def by_autograd(x, mu, sigma):
    if not sigma > 0:
        raise ValueError("no Gaussian has this sigma")
    at = x.detach().clone().requires_grad_(True)
    return torch.autograd.grad(Normal(mu, sigma, validate_args=False).log_prob(at).sum(), at)[0]


@alternative("gaussian_score")
def by_precision(x, mu, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    precision = 1 / (sigma * sigma)
    return mu * precision - x * precision


# ---------------------------------------------------------------- gmm_score


@alternative("gmm_score")
def by_autograd_of_a_distribution(x, means, stds, weights):
    at = x.detach().clone().requires_grad_(True)
    hills = Independent(Normal(means, stds[:, None].expand_as(means)), 1)
    mixture = MixtureSameFamily(Categorical(weights), hills)
    return torch.autograd.grad(mixture.log_prob(at).sum(), at)[0]


@alternative("gmm_score")
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


@alternative("gmm_score")
def by_einsum(x, means, stds, weights):
    precision = stds.pow(-2)
    distance = (x.unsqueeze(1) - means.unsqueeze(0)).square().sum(2)
    share = (weights.log() + 0.5 * x.size(1) * precision.log() - 0.5 * distance * precision).softmax(1)
    return torch.einsum("nk,k,kd->nd", share, precision, means) - x * (share @ precision)[:, None]


# ---------------------------------------------------------------- follow_compass


@alternative("follow_compass")
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


@alternative("follow_compass")
def by_recursion(score_fn, x, step_size, n_steps, noise=None):
    if n_steps == 0:
        return x.unsqueeze(0)
    shake = 0 if noise is None else noise[0] * math.sqrt(2 * step_size)
    rest = None if noise is None else noise[1:]
    place = x + step_size * score_fn(x) + shake
    return torch.cat([x.unsqueeze(0), follow_compass(score_fn, place, step_size, n_steps - 1, rest)])


# ---------------------------------------------------------------- score_from_noise, noise_from_score


@alternative("score_from_noise")
def batch_axis_last(eps, alpha_bar):
    if alpha_bar.min() < 0 or alpha_bar.max() >= 1:
        raise ValueError("alpha_bar out of range")
    return -(eps.movedim(0, -1) * torch.rsqrt(1 - alpha_bar)).movedim(-1, 0)


@alternative("score_from_noise")
def in_float64(eps, alpha_bar):
    if not bool(torch.all((0 <= alpha_bar) & (alpha_bar < 1))):
        raise ValueError("alpha_bar out of range")
    std = (1 - alpha_bar.double()) ** 0.5
    while std.ndim and std.ndim < eps.ndim:
        std = std.unsqueeze(-1)
    return (-eps.double() / std).to(eps.dtype)


@alternative("noise_from_score")
def sample_by_sample(score, alpha_bar):
    levels = alpha_bar.expand(len(score)).tolist()
    if any(level < 0 or level > 1 for level in levels):
        raise ValueError("alpha_bar out of range")
    return torch.stack([one * -math.sqrt(1 - level) for one, level in zip(score, levels, strict=True)])


@alternative("noise_from_score")
def by_einsum_over_the_batch(score, alpha_bar):
    if (alpha_bar.clamp(0, 1) != alpha_bar).any():
        raise ValueError("alpha_bar out of range")
    return torch.einsum("b...,b->b...", score, -(1 - alpha_bar).sqrt().expand(len(score)))


# ---------------------------------------------------------------- three_step_walkthrough


@alternative("three_step_walkthrough")
def by_autograd_of_q(x0, eps, alpha_bar):
    level = alpha_bar.view(-1, *[1] * (x0.ndim - 1)).expand_as(x0)
    x_t = (level.sqrt() * x0 + (1 - level).sqrt() * eps).detach()
    at = x_t.clone().requires_grad_(True)
    log_q = Normal(level.sqrt() * x0, (1 - level).sqrt()).log_prob(at).sum()
    score = torch.autograd.grad(log_q, at)[0]
    return {"x_t": x_t, "score": score, "eps_back": -(1 - level).sqrt() * score}


@alternative("three_step_walkthrough")
def cancelled_on_paper(x0, eps, alpha_bar):
    level = alpha_bar if alpha_bar.ndim == 0 else alpha_bar[(...,) + (None,) * (x0.ndim - 1)]
    std = torch.sqrt(1 - level)
    return {"x_t": torch.sqrt(level) * x0 + std * eps, "score": -eps / std, "eps_back": eps.clone()}


# ---------------------------------------------------------------- vp_sde


@alternative("vp_sde")
def by_lerp(x, t, beta_min, beta_max):
    low = torch.full_like(t, beta_min)
    beta = torch.lerp(low, torch.full_like(t, beta_max), t)
    per_sample = beta if beta.ndim == 0 else beta.reshape(-1, *(1 for _ in x.shape[1:]))
    return {"drift": -x * per_sample / 2, "diffusion": torch.sqrt(beta)}


@alternative("vp_sde")
def by_vmap(x, t, beta_min, beta_max):
    g = ((1 - t) * beta_min + t * beta_max) ** 0.5
    drift = torch.vmap(lambda one, scale: -0.5 * scale**2 * one)(x, g.expand(len(x)))
    return {"drift": drift, "diffusion": g}


# ---------------------------------------------------------------- vp_marginal


@alternative("vp_marginal")
def by_log_mean(t, beta_min, beta_max):
    log_mean = -0.25 * t**2 * (beta_max - beta_min) - 0.5 * t * beta_min
    return {"mean_coef": torch.exp(log_mean), "std": torch.sqrt(1.0 - torch.exp(2.0 * log_mean))}


@alternative("vp_marginal")
def by_the_trapezoid(t, beta_min, beta_max):
    beta_at_t = beta_min + t * (beta_max - beta_min)
    alpha_bar = torch.exp(-t * (beta_min + beta_at_t) / 2)
    return {"mean_coef": alpha_bar.sqrt(), "std": (1 - alpha_bar).sqrt()}


# ---------------------------------------------------------------- staircase


@alternative("staircase")
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


@alternative("staircase")
def in_logarithms(n_steps, beta_min, beta_max):
    step = (beta_max - beta_min) / n_steps
    rates = torch.linspace(beta_min + step, beta_max, n_steps, dtype=torch.float64)
    if rates.max() >= n_steps:
        raise ValueError("too few steps")
    stairs = torch.log1p(-rates / n_steps).cumsum(0).exp()
    edges = torch.cat([torch.tensor([beta_min], dtype=torch.float64), rates])
    ramp = torch.exp(-torch.cumulative_trapezoid(edges, dx=1 / n_steps))
    return {"staircase": stairs, "ramp": ramp, "gap": (stairs - ramp).abs().max().item()}


# ---------------------------------------------------------------- reverse_drift


@alternative("reverse_drift")
def in_one_line(x, score, t, beta_min, beta_max, deterministic):
    beta = (beta_min + t * (beta_max - beta_min)).reshape(-1, *[1] * (x.ndim - 1))
    return -0.5 * beta * (x + (1 if deterministic else 2) * score)


@alternative("reverse_drift")
def with_two_branches(x, score, t, beta_min, beta_max, deterministic):
    sde = vp_sde(x, t, beta_min, beta_max)
    g = sde["diffusion"].expand(len(x)).view(len(x), *[1] * (x.ndim - 1))
    if deterministic:
        return torch.addcmul(sde["drift"], g * g, score, value=-0.5)
    return torch.addcmul(sde["drift"], g * g, score, value=-1)


# ---------------------------------------------------------------- pf_ode_sample


@alternative("pf_ode_sample")
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


@alternative("pf_ode_sample")
def with_python_times(score_fn, x_T, n_steps, beta_min, beta_max, t_end):
    path, width = [x_T], (1 - t_end) / n_steps
    while len(path) <= n_steps:
        x, t = path[-1], 1 - (len(path) - 1) * width
        times = torch.ones(x.shape[0], dtype=x.dtype) * t
        path.append(x - width * reverse_drift(x, score_fn(x, times), times, beta_min, beta_max, True))
    return torch.stack(path, dim=0)


# ---------------------------------------------------------------- ddim_vs_euler


@alternative("ddim_vs_euler")
def in_float64_throughout(x_t, eps, ab_t, ab_prev):
    x, e = x_t.double(), eps.double()
    a, b = (v.double().reshape(v.shape + (1,) * (x.ndim - v.ndim)) for v in (ab_t, ab_prev))
    x0 = x / a.sqrt() - e * (1 / a - 1).sqrt()
    ddim = b.sqrt() * x0 + (1 - b).sqrt() * e
    score = -e / (1 - a).sqrt()
    euler_t = x + 0.5 * (b - a) / b * (x + score)
    result = {"x0": x0, "ddim": ddim, "euler_sigma": ddim, "euler_t": euler_t}
    return {name: value.to(x_t.dtype) for name, value in result.items()}


@alternative("ddim_vs_euler")
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


# ---------------------------------------------------------------- train_hidden_score


@alternative("train_hidden_score")
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
