"""Wrong answers that we expect in lesson 7.2.1."""

import math

import torch

from blindgrade.known_answers import edit, misconception

# ---------------------------------------------------------------- gaussian_score

edit(
    "gaussian_score",
    "gradient_wrt_mean",
    "-(x - mu)",
    "(x - mu)",
    hint="Differentiate with respect to the DATA x, not the parameter mu: the compass points towards the mean.",
)
edit(
    "gaussian_score",
    "sigma_not_squared",
    "/ sigma**2",
    "/ sigma",
    hint="The exponent is -(x-mu)^2 / (2 sigma^2): sigma comes squared.",
)
edit(
    "gaussian_score",
    "half_kept",
    "/ sigma**2",
    "/ (2 * sigma**2)",
    hint="The 2 from the square cancels the 1/2.",
)


@misconception("gaussian_score", hint="The score is the gradient of LOG p: divide by p.")
def gradient_of_density(x, mu, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    density = torch.exp(-0.5 * ((x - mu) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
    return -(x - mu) / sigma**2 * density


# ---------------------------------------------------------------- gmm_score

edit(
    "gmm_score",
    "no_responsibilities",
    "share = torch.softmax(weights.log() + log_density, dim=1)",
    "share = weights.expand(len(x), -1)",
    hint="Weigh each component's score by its posterior at x, not by its prior weight.",
)
edit(
    "gmm_score",
    "nearest",
    "share = torch.softmax(weights.log() + log_density, dim=1)",
    "share = F.one_hot((weights.log() + log_density).argmax(dim=1), len(stds)).to(x.dtype)",
    hint="Between two modes both pull: soft weights, not the winner alone.",
)
edit(
    "gmm_score",
    "ignores_weights",
    "weights.log() + log_density",
    "log_density",
    hint="A heavy component pulls harder.",
)
edit(
    "gmm_score",
    "one_std_power",
    "x.shape[1] * stds.log()",
    "stds.log()",
    hint="The normaliser of a D-dimensional Gaussian is sigma^D.",
)


@misconception(
    "gmm_score",
    hint="Far away every density rounds to 0, and 0/0 is not a number: take the ratio of the densities in logarithms.",
)
def densities_underflow(x, means, stds, weights):
    offset = x[:, None, :] - means
    variance = stds**2
    density = weights * torch.exp(-0.5 * (offset**2).sum(dim=-1) / variance) / stds ** x.shape[1]
    share = density / density.sum(dim=1, keepdim=True)
    return (share[..., None] * -offset / variance[:, None]).sum(dim=1)


# ---------------------------------------------------------------- follow_compass

edit(
    "follow_compass",
    "down",
    "x + step_size * score_fn(x)",
    "x - step_size * score_fn(x)",
    hint="The score points to HIGHER probability: add it.",
)
edit(
    "follow_compass",
    "no_sqrt",
    "math.sqrt(2 * step_size)",
    "2 * step_size",
    hint="Noise scales with the square root of the step: sqrt(2 eta).",
)
edit(
    "follow_compass",
    "no_two",
    "math.sqrt(2 * step_size)",
    "math.sqrt(step_size)",
    hint="Langevin needs sqrt(2 eta); with sqrt(eta) the samples are too narrow.",
)


@misconception("follow_compass", hint="Read the compass again at each new place.")
def stale(score_fn, x, step_size, n_steps, noise=None):
    walk, score = [x], score_fn(x)
    for k in range(n_steps):
        x = x + step_size * score
        if noise is not None:
            x = x + math.sqrt(2 * step_size) * noise[k]
        walk.append(x)
    return torch.stack(walk)


@misconception(
    "follow_compass",
    hint="Read the compass where you stand, and be shaken afterwards: step k takes its score before noise[k].",
)
def shaken_first(score_fn, x, step_size, n_steps, noise=None):
    walk = [x]
    for k in range(n_steps):
        if noise is not None:
            x = x + math.sqrt(2 * step_size) * noise[k]
        x = x + step_size * score_fn(x)
        walk.append(x)
    return torch.stack(walk)


# ---------------------------------------------------------------- score_from_noise

edit(
    "score_from_noise",
    "sign",
    "return -eps",
    "return eps",
    hint="Noise points AWAY from the data, the score towards it.",
)
edit(
    "score_from_noise",
    "variance_not_std",
    "(1 - alpha_bar).sqrt()",
    "(1 - alpha_bar)",
    hint="Divide by the standard deviation sqrt(1 - alpha_bar), not by the variance.",
)
edit(
    "score_from_noise",
    "signal_scale",
    "(1 - alpha_bar).sqrt()",
    "alpha_bar.sqrt()",
    hint="sqrt(alpha_bar) scales the signal; the noise's scale is sqrt(1 - alpha_bar).",
)
edit(
    "score_from_noise",
    "multiplies",
    "-eps / _trailing",
    "-eps * _trailing",
    hint="You applied the inverse direction of the formula: score = -eps / sqrt(1 - alpha_bar).",
)
edit(
    "score_from_noise",
    "last_dim",
    "_trailing((1 - alpha_bar).sqrt(), eps)",
    "(1 - alpha_bar).sqrt()",
    hint="alpha_bar is per sample: give it trailing axes, or it meets the last axis of the noise.",
)

# ---------------------------------------------------------------- noise_from_score

edit(
    "noise_from_score",
    "sign",
    "return -score",
    "return score",
    hint="epsilon = -sqrt(1 - alpha_bar) * score: mind the minus.",
)
edit(
    "noise_from_score",
    "variance",
    "(1 - alpha_bar).sqrt()",
    "(1 - alpha_bar)",
    hint="The noise's scale is its standard deviation, sqrt(1 - alpha_bar), not its variance.",
)
edit(
    "noise_from_score",
    "divides",
    "-score * _trailing",
    "-score / _trailing",
    hint="From score to noise you multiply.",
)
edit(
    "noise_from_score",
    "signal_scale",
    "(1 - alpha_bar).sqrt()",
    "alpha_bar.sqrt()",
    hint="sqrt(alpha_bar) scales the signal; the noise's scale is sqrt(1 - alpha_bar).",
)

# ---------------------------------------------------------------- three_step_walkthrough


@misconception(
    "three_step_walkthrough",
    hint="Signal and noise get sqrt(alpha_bar) and sqrt(1 - alpha_bar): variances add.",
)
def no_sqrt(x0, eps, alpha_bar):
    mean = _trailing(alpha_bar, x0) * x0
    variance = _trailing(1 - alpha_bar, x0)
    x_t = mean + variance * eps
    score = -(x_t - mean) / variance
    return {"x_t": x_t, "score": score, "eps_back": noise_from_score(score, alpha_bar)}


edit(
    "three_step_walkthrough",
    "mean_unscaled",
    "score = -(x_t - mean)",
    "score = -(x_t - x0)",
    hint="The conditional mean is sqrt(alpha_bar) x0.",
)
edit(
    "three_step_walkthrough",
    "std",
    "-(x_t - mean) / variance",
    "-(x_t - mean) / variance.sqrt()",
    hint="The score of N(m, s^2) divides by the VARIANCE 1 - alpha_bar.",
)
edit(
    "three_step_walkthrough",
    "marginal",
    "score = -(x_t - mean)",
    "score = -x_t",
    hint="q(x_t | x_0) is centred on sqrt(alpha_bar) x0, not on 0.",
)

# ---------------------------------------------------------------- vp_sde

edit(
    "vp_sde",
    "no_half",
    "-0.5 * _trailing",
    "-_trailing",
    hint="sqrt(1 - beta dt) = 1 - beta dt / 2 + ...: the drift has a half.",
)
edit("vp_sde", "sign", "-0.5 * _trailing", "0.5 * _trailing", hint="The forward drift shrinks the signal, so for positive x it is negative.")
edit("vp_sde", "beta_not_sqrt", "beta.sqrt()", "beta", hint="g(t) = sqrt(beta): noise variance beta dt.")
edit("vp_sde", "last_dim", "_trailing(beta, x)", "beta", hint="beta is per sample: give it trailing axes.")
edit(
    "vp_sde",
    "ignores_the_schedule",
    "_beta(t, beta_min, beta_max)",
    "_beta(t, 0.1, 20.0)",
    hint="0.1 and 20 are only the usual values: use the beta_min and beta_max that are given.",
)

# ---------------------------------------------------------------- vp_marginal

edit(
    "vp_marginal",
    "beta_times_t",
    "beta_min * t + 0.5 * (beta_max - beta_min) * t**2",
    "_beta(t, beta_min, beta_max) * t",
    hint="Integrate beta from 0 to t; beta(t)*t forgets that it grew.",
)
edit(
    "vp_marginal",
    "no_half",
    "torch.exp(-0.5 * integral)",
    "torch.exp(-integral)",
    hint="The signal decays with HALF the integral (its square, alpha_bar, with the whole).",
)
edit(
    "vp_marginal",
    "variance",
    "(-torch.expm1(-integral)).sqrt()",
    "-torch.expm1(-integral)",
    hint="1 - alpha_bar is the noise's variance; std is its root.",
)
edit(
    "vp_marginal",
    "one_minus_mean",
    "(-torch.expm1(-integral)).sqrt()",
    "1 - torch.exp(-0.5 * integral)",
    hint="Variances add to 1, not amplitudes.",
)

# ---------------------------------------------------------------- staircase


@misconception("staircase", hint="A ramp climbed in N steps: each step gets beta(t)/N.")
def beta_not_divided(n_steps, beta_min, beta_max):
    t = torch.arange(1, n_steps + 1, dtype=torch.float64) / n_steps
    stairs = torch.cumprod(1 - _beta(t, beta_min, beta_max), dim=0)
    ramp = vp_marginal(t, beta_min, beta_max)["mean_coef"] ** 2
    return {"staircase": stairs, "ramp": ramp, "gap": float((stairs - ramp).abs().max())}


edit(
    "staircase",
    "cumsum",
    "torch.cumprod(1 - betas, dim=0)",
    "1 - torch.cumsum(betas, dim=0)",
    hint="Each step multiplies the signal: product, not sum.",
)
edit(
    "staircase",
    "sqrt",
    "torch.cumprod(1 - betas, dim=0)",
    "torch.cumprod(1 - betas, dim=0).sqrt()",
    hint="alpha_bar is the product of (1 - beta), the SQUARED signal scale.",
)
edit(
    "staircase",
    "ramp_is_stairs",
    'vp_marginal(t, beta_min, beta_max)["mean_coef"] ** 2',
    "torch.exp(-torch.cumsum(betas, dim=0))",
    hint="The ramp is the integral, not a sum over the same steps.",
)
edit(
    "staircase",
    "starts_at_zero",
    "torch.arange(1, n_steps + 1, dtype=torch.float64)",
    "torch.arange(n_steps, dtype=torch.float64)",
    hint="Step i ends at t_i = i/n, and i runs from 1 to n: the last step reaches t = 1.",
)

# ---------------------------------------------------------------- reverse_drift

edit(
    "reverse_drift",
    "half_always",
    "0.5 if deterministic else 1.0",
    "0.5",
    hint="The reverse SDE also adds noise, so it must pull twice as hard: g^2, no half.",
)
edit(
    "reverse_drift",
    "full_always",
    "0.5 if deterministic else 1.0",
    "1.0",
    hint="The probability flow ODE has no noise to fight: half of g^2.",
)
edit(
    "reverse_drift",
    "plus_score",
    '["drift"] -',
    '["drift"] +',
    hint="f - g^2 score (time runs backward, so dt < 0 makes it a push uphill).",
)
edit("reverse_drift", "g_not_squared", '["diffusion"] ** 2', '["diffusion"]', hint="What enters the reverse drift is g squared, which is beta; g itself is its root.")
edit(
    "reverse_drift",
    "half_swapped",
    "0.5 if deterministic else 1.0",
    "1.0 if deterministic else 0.5",
    hint="Deterministic means no noise to fight, so half the pull is enough; the SDE needs the whole.",
)

# ---------------------------------------------------------------- pf_ode_sample

edit(
    "pf_ode_sample",
    "positive_dt",
    "x + dt * reverse_drift",
    "x - dt * reverse_drift",
    hint="From t = 1 down to t_end: dt is negative.",
)
edit(
    "pf_ode_sample",
    "next_t",
    "1.0 + k * dt",
    "1.0 + (k + 1) * dt",
    hint="Euler evaluates the drift where the step BEGINS.",
)
edit(
    "pf_ode_sample",
    "sde_drift",
    "deterministic=True",
    "deterministic=False",
    hint="Without noise, g^2 instead of g^2/2 pulls twice too hard: samples collapse onto the modes.",
)


@misconception("pf_ode_sample", hint="Deterministic: same start, same end.")
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


edit(
    "pf_ode_sample",
    "ends_at_zero",
    "(t_end - 1.0) / n_steps",
    "-1.0 / n_steps",
    hint="The grid runs from 1 to t_end, not to 0: divide the way that is left, 1 - t_end, into n steps.",
)

# ---------------------------------------------------------------- ddim_vs_euler

edit(
    "ddim_vs_euler",
    "x0_not_rescaled",
    "(x_t - noise_std * eps) / ab_t.sqrt()",
    "x_t - noise_std * eps",
    hint="Solve x_t = sqrt(a) x0 + sqrt(1-a) eps for x0: divide by sqrt(a).",
)
edit(
    "ddim_vs_euler",
    "leaps_to_x0",
    "ddim = ab_prev.sqrt() * x0 + (1 - ab_prev).sqrt() * eps",
    "ddim = x0",
    hint="Predict x0, then leap to the NEXT noise level, not to the end.",
)
edit(
    "ddim_vs_euler",
    "old_noise_level",
    "(1 - ab_prev).sqrt() * eps",
    "noise_std * eps",
    hint="Noise goes back in at the new level, sqrt(1 - alpha_bar_prev).",
)
edit(
    "ddim_vs_euler",
    "sigma_step_sign",
    "(sigma_prev - sigma)",
    "(sigma - sigma_prev)",
    hint="d(x/sqrt(alpha_bar)) = eps d(sigma), and sigma falls.",
)
edit(
    "ddim_vs_euler",
    "noise_is_the_score",
    "x_t - eps / noise_std",
    "x_t + eps",
    hint="The ODE in t contains the score, and the score is -eps / sqrt(1 - alpha_bar).",
)

# ---------------------------------------------------------------- train_hidden_score

edit(
    "train_hidden_score",
    "returns_noise",
    "score_from_noise(predict_noise(x, t), alpha_bar)",
    "predict_noise(x, t)",
    hint="You returned epsilon; convert it to a score.",
)
edit(
    "train_hidden_score",
    "sign",
    "return score_from_noise(predict_noise(x, t), alpha_bar)",
    "return -score_from_noise(predict_noise(x, t), alpha_bar)",
    hint="Noise points away from the data.",
)
edit(
    "train_hidden_score",
    "variance",
    "score_from_noise(predict_noise(x, t), alpha_bar)",
    "-predict_noise(x, t) / (1 - alpha_bar)[:, None]",
    hint="Divide by sqrt(1 - alpha_bar).",
)


@misconception("train_hidden_score", hint="-x is the score of pure noise, right only at t = 1.")
def gaussian_only(data, steps, seed):
    return lambda x, t: -x
