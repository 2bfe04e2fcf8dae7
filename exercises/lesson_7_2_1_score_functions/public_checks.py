"""Public checks of lesson-7.2.1: Score Functions & SDEs. Made by `course build`; do not edit."""

from __future__ import annotations

import math
import torch
from blindgrade.checks import Fail, Watch, answers, answers_and_purity, check, describe, error_of, in_each_dtype
from blindgrade.figures import arrows, bars, curves, image, paths, points
from digits import load_digits
from toys import mlp


def eighths(rng, low, high):
    """A number in [low, high) that float32 holds exactly, as its square: torch.distributions stores it so."""
    return rng.integer(8 * low, 8 * high) / 8

@check("gaussian_score", weight=2, public=True)
def points_at_the_mean(lesson, rng):
    """The score of a Gaussian points at its mean: the further away and the narrower, the longer.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: (rng.normal(7, dtype=dtype), eighths(rng, -2, 3), eighths(rng, 1, 3) + 0.25))
    cases["of a narrow one"] = (rng.normal(5), eighths(rng, -2, 3), rng.choice([0.125, 0.25, 0.375, 0.5, 0.625]))
    return answers_and_purity(lesson.gaussian_score, cases)

@check("gaussian_score", public=True)
def refuses_a_sigma_that_is_not_positive(lesson, rng):
    """sigma = 0 and a negative sigma raise ValueError; a small positive one does not."""
    x, mu, negative = rng.normal(4), eighths(rng, -2, 3), -rng.number(0.1, 2)
    return {
        "error at sigma = 0": error_of(lesson.gaussian_score, x, mu, 0.0),
        "error at a negative sigma": error_of(lesson.gaussian_score, x, mu, negative),
        "score at sigma = 0.0625": lesson.gaussian_score(x, mu, 0.0625),
    }

MIXTURE = {"atol": {"float32": 1e-4}, "rtol": {"float32": 1e-3}}

def mixture_case(rng, points, components, dim, dtype):
    """Points among a few hills of different width and weight: the arguments of gmm_score."""
    weights = rng.uniform(components, low=0.2, high=1.0, dtype=torch.float64)
    return (
        1.5 * rng.normal(points, dim, dtype=dtype),
        1.5 * rng.normal(components, dim, dtype=dtype),
        rng.uniform(components, low=0.5, high=1.5, dtype=dtype),
        (weights / weights.sum()).to(dtype),
    )

def grid(side=8, reach=3.0):
    """Places on a square grid, float64, for a field that someone looks at: [side * side, 2]."""
    ticks = torch.linspace(-reach, reach, side, dtype=torch.float64)
    return torch.cartesian_prod(ticks, ticks)

def pulls(result, rng):
    return arrows("The score of four hills", grid(), result["on a grid"])

@check("gmm_score", weight=2, public=True, **MIXTURE, figure=pulls)
def weighs_the_pulls_of_all_hills(lesson, rng):
    """Each hill pulls with its own score, weighed by the probability that the point came from that hill.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: mixture_case(rng, 6, 4, 2, dtype))
    cases["on a grid"] = (grid(), *mixture_case(rng, 1, 4, 2, torch.float64)[1:])
    return answers_and_purity(lesson.gmm_score, cases)

@check("gmm_score", public=True, **MIXTURE)
def stays_finite_far_away(lesson, rng):
    """Sixty units away, where every density rounds to zero, the score is finite and points back."""

    def far(dtype):
        direction = rng.normal(6, 2, dtype=dtype)
        x = 60 * direction / direction.norm(dim=1, keepdim=True)
        stds = torch.tensor([0.5, 0.8, 1.1], dtype=dtype)
        return x, rng.normal(3, 2, dtype=dtype), stds, torch.tensor([0.5, 0.3, 0.2], dtype=dtype)

    return answers(lesson.gmm_score, in_each_dtype(far))

def quartic(x):
    """Log density of a law that is flat in the middle and steep outside, up to a constant."""
    return -(x**4).sum(dim=1) / 4 + 0.3 * x[:, 0] * x[:, -1]

def energy_of(rng, dim, dtype):
    """A network that gives each row a log density: x [N, dim] -> [N]."""
    return torch.nn.Sequential(rng.fill(mlp(dim, 1, 8, 2).to(dtype), scale=0.6), torch.nn.Flatten(0))

@check("score_by_autograd", weight=2, public=True)
def climbs_what_the_program_computes(lesson, rng):
    """The score of each point is the gradient of its own log density, for formulas and for networks.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: (quartic, rng.normal(5, 3, dtype=dtype)))
    cases["of a network"] = (energy_of(rng, 2, torch.float64), rng.normal(6, 2, dtype=torch.float64))
    return answers_and_purity(lesson.score_by_autograd, cases)

def traces(lesson, energy, x):
    """What a call leaves behind: in the answer, in the place and in the network's parameters, which have gradients."""
    parameters = list(energy.parameters())
    for parameter in parameters:
        parameter.grad = torch.ones_like(parameter)
    watch = Watch(x, *parameters, *(parameter.grad for parameter in parameters))
    score = lesson.score_by_autograd(energy, x)
    return {
        "score": score.detach(),
        "the score has a graph": score.requires_grad,
        "the place requires gradients": x.requires_grad,
        "the place has a gradient": x.grad is not None,
        "parameters still trainable": all(parameter.requires_grad for parameter in parameters),
        "parameters and their gradients unchanged": watch.unchanged(),
    }

@check("score_by_autograd", weight=2, public=True)
def touches_no_parameter(lesson, rng):
    """The network's parameters and the gradients in their `.grad` stay as they are, and so does the place."""
    return traces(lesson, energy_of(rng, 3, torch.float64), rng.normal(4, 3, dtype=torch.float64))

@check("score_by_autograd", public=True)
def works_where_nothing_is_recorded(lesson, rng):
    """Inside torch.no_grad() the score is the same, and afterwards gradients are still switched off."""
    x = rng.normal(4, 2, dtype=torch.float64)
    with torch.no_grad():
        score = lesson.score_by_autograd(quartic, x)
        return {"score": score, "gradients switched on": torch.is_grad_enabled()}

def swirl(x):
    """A smooth field that mixes the axes and is no straight line: a score to walk along."""
    return torch.sin(2 * x.flip(-1)) - x

@check("follow_compass", weight=2, public=True)
def walks_along_the_score(lesson, rng):
    """Without noise each step adds the step size times the score of that place; the whole walk is returned.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: (swirl, rng.normal(5, 3, dtype=dtype), rng.number(0.1, 0.3), 4))
    return answers_and_purity(lesson.follow_compass, cases)

@check("follow_compass", public=True)
def begins_at_x_and_leaves_it_alone(lesson, rng):
    """Row 0 is x itself; no step gives that row alone; x and the noise stay as they were."""
    start = in_each_dtype(lambda dtype: rng.normal(3, 2, dtype=dtype))
    noise = in_each_dtype(lambda dtype: rng.normal(2, 3, 2, dtype=dtype))
    cases = {f"{name}, no step": (swirl, start[name], 0.1, 0) for name in start}
    cases |= {f"{name}, two steps": (swirl, start[name], 0.1, 2, noise[name]) for name in start}
    return answers_and_purity(lesson.follow_compass, cases)

@check("score_from_noise", weight=2, public=True)
def follows_from_the_noise(lesson, rng):
    """The score points against the predicted noise and is the longer the less noise there is.

    The arguments stay as they are.
    """
    cases = in_each_dtype(
        lambda dtype: (rng.normal(4, 4, dtype=dtype), rng.uniform(4, low=0.02, high=0.98, dtype=dtype))
    )
    return answers_and_purity(lesson.score_from_noise, cases)

@check("score_from_noise", public=True)
def refuses_a_level_without_noise(lesson, rng):
    """alpha_bar below 0, or 1 and above, raises ValueError, even for one sample alone; 0 is allowed."""
    eps, fine = rng.normal(3, 2), rng.uniform(3, low=0.2, high=0.8)
    one, above, below = fine.clone(), fine.clone(), fine.clone()
    one[1], above[2], below[0] = 1.0, rng.number(1.05, 1.9), -rng.number(0.05, 0.9)
    return {
        "error at 1": error_of(lesson.score_from_noise, eps, torch.tensor(1.0)),
        "error at 1 for one sample": error_of(lesson.score_from_noise, eps, one),
        "error above 1": error_of(lesson.score_from_noise, eps, above),
        "error below 0": error_of(lesson.score_from_noise, eps, below),
        "score at 0": lesson.score_from_noise(eps, torch.tensor(0.0)),
        "score just below 1": lesson.score_from_noise(eps.double(), torch.tensor(0.9999, dtype=torch.float64)),
    }

@check("noise_from_score", weight=2, public=True)
def follows_from_the_score(lesson, rng):
    """The noise points against the score and is the smaller the less noise there is. The arguments stay as they are."""
    cases = in_each_dtype(
        lambda dtype: (rng.normal(4, 4, dtype=dtype), rng.uniform(4, low=0.02, high=0.98, dtype=dtype))
    )
    return answers_and_purity(lesson.noise_from_score, cases)

@check("noise_from_score", public=True)
def refuses_a_level_out_of_range(lesson, rng):
    """alpha_bar below 0 or above 1 raises ValueError, even for one sample alone; both ends are allowed."""
    score, fine = rng.normal(3, 2), rng.uniform(3, low=0.2, high=0.8)
    ends, above, below = fine.clone(), fine.clone(), fine.clone()
    ends[0], ends[2], above[1], below[2] = 0.0, 1.0, rng.number(1.05, 1.9), -rng.number(0.05, 0.9)
    return {
        "error above 1": error_of(lesson.noise_from_score, score, torch.tensor(1.5)),
        "error above 1 for one sample": error_of(lesson.noise_from_score, score, above),
        "error below 0": error_of(lesson.noise_from_score, score, torch.tensor(-0.5)),
        "error below 0 for one sample": error_of(lesson.noise_from_score, score, below),
        "noise at the ends": lesson.noise_from_score(score, ends),
    }

def origins_case(rng, batch, points, shape, dtype, *, one_level=False):
    """Noisy samples of a few clean points, at levels where several of them may be the origin."""
    data = rng.normal(points, *shape, dtype=dtype)
    level = rng.uniform(batch, low=0.15, high=0.7, dtype=dtype)
    return rng.normal(batch, *shape, dtype=dtype), data, level[0] if one_level else level

def pulled_by_the_best_denoiser(result, rng):
    return arrows("Where the best denoiser sends each place", grid(), result["on a grid"]["x0"] - grid())

@check("finite_data_denoiser", weight=2, public=True, **MIXTURE, figure=pulled_by_the_best_denoiser)
def weighs_every_origin(lesson, rng):
    """Each clean point counts as much as it is likely to be the origin; the answers are the means over all of them.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: origins_case(rng, 6, 5, (2,), dtype))
    cases["on a grid"] = (grid(), 1.5 * rng.normal(4, 2, dtype=torch.float64), torch.tensor(0.6, dtype=torch.float64))
    return answers_and_purity(lesson.finite_data_denoiser, cases)

@check("finite_data_denoiser", public=True, **MIXTURE)
def knows_both_ends(lesson, rng):
    """With hardly any noise one point is certain, also from far away; without signal every point is as likely."""
    data = torch.tensor([[-2.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
    near = data + 0.3 * rng.uniform(3, 2, low=-1.0, high=1.0)
    return {
        "with little noise": lesson.finite_data_denoiser(near, data, torch.tensor(0.9995)),
        "from far away": lesson.finite_data_denoiser(40 * near, data, torch.tensor(0.9)),
        "without signal": lesson.finite_data_denoiser(near, data, torch.tensor(0.0)),
    }

def digits_and_answers(result, rng):
    """Six noisy digits above, the answers below."""
    rows = torch.stack([result["noisy"], result["answers"]])[:, :, 0]  # [2, 6, 8, 8]
    pixels = rows.permute(0, 2, 1, 3).reshape(16, 48)
    return image("Digits under more and more noise, and the best answers", -pixels, low=-1, high=1)

@check("finite_data_denoiser", public=True, **MIXTURE, figure=digits_and_answers)
def sees_digits_through_noise(lesson, rng):
    """Of handwritten digits the answer is one digit at little noise, a blend at more, and the mean of all at the most."""
    data = load_digits("held_out")[0][:120]
    levels = torch.tensor([0.95, 0.7, 0.4, 0.2, 0.08, 0.01])
    signal, spread = levels.sqrt().reshape(6, 1, 1, 1), (1 - levels).sqrt().reshape(6, 1, 1, 1)
    noisy = signal * data[rng.integers(6, high=120)] + spread * rng.normal(6, 1, 8, 8)
    return {"noisy": noisy, "answers": lesson.finite_data_denoiser(noisy, data, levels)["x0"]}

@check("finite_data_denoiser", public=True)
def has_no_answer_without_noise(lesson, rng):
    """alpha_bar below 0, or 1 and above, raises ValueError, even for one sample alone."""
    x_t, data, fine = origins_case(rng, 3, 4, (2,), torch.float32)
    one, below = fine.clone(), fine.clone()
    one[1], below[0] = 1.0, -rng.number(0.05, 0.9)
    return {
        "error at 1": error_of(lesson.finite_data_denoiser, x_t, data, torch.tensor(1.0)),
        "error at 1 for one sample": error_of(lesson.finite_data_denoiser, x_t, data, one),
        "error below 0": error_of(lesson.finite_data_denoiser, x_t, data, below),
        "no error": error_of(lesson.finite_data_denoiser, x_t, data, fine),
    }

@check("three_step_walkthrough", weight=2, public=True)
def noise_goes_in_and_comes_out(lesson, rng):
    """The noisy sample, its score given x_0, and the noise that this score stands for: the one that went in.

    The arguments stay as they are.
    """
    cases = in_each_dtype(
        lambda dtype: (
            rng.normal(4, 4, dtype=dtype),
            rng.normal(4, 4, dtype=dtype),
            rng.uniform(4, low=0.1, high=0.9, dtype=dtype),
        )
    )
    return answers_and_purity(lesson.three_step_walkthrough, cases)

USUAL = (0.1, 20.0)

def schedule(rng):
    """Another beta_min and beta_max than the usual ones."""
    return rng.number(0.2, 1.0), rng.number(5.0, 15.0)

@check("vp_sde", weight=2, public=True)
def shrinks_and_stirs(lesson, rng):
    """The drift shrinks the signal, the diffusion is the strength of the noise: both for the usual schedule.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: (rng.normal(4, 4, dtype=dtype), rng.uniform(4, dtype=dtype), *USUAL))
    return answers_and_purity(lesson.vp_sde, cases)

@check("vp_sde", public=True)
def follows_the_schedule_that_is_given(lesson, rng):
    """beta grows linearly from beta_min at t = 0 to beta_max at t = 1, for any two values."""
    x = rng.normal(3, 2, dtype=torch.float64)
    ends, constant = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64), rng.number(1.0, 3.0)
    cases = {"some other schedule": (x, ends, *schedule(rng)), "a constant one": (x, ends, constant, constant)}
    return answers(lesson.vp_sde, cases)

NEAR_ZERO = {"atol": {"float32": 2e-4, "float64": 1e-8}}

def signal_and_noise(result, rng):
    for dtype in (torch.float32, torch.float64):  # in the order of the experiment's draws
        t = rng.uniform(9, low=0.02, dtype=dtype)
    seen, order = result["in float64"], t.argsort()
    lines = {"signal": (t[order], seen["mean_coef"][order]), "noise": (t[order], seen["std"][order])}
    return curves("Signal and noise", lines, xlabel="t", low=0)

@check("vp_marginal", weight=2, public=True, **NEAR_ZERO, figure=signal_and_noise)
def splits_signal_and_noise(lesson, rng):
    """Signal and noise at random times of the usual schedule, in both dtypes. The arguments stay as they are."""
    cases = in_each_dtype(lambda dtype: (rng.uniform(9, low=0.02, dtype=dtype), *USUAL))
    return answers_and_purity(lesson.vp_marginal, cases)

def steps_and_ramp(result, rng):
    steps, ramp = result["staircase"], result["ramp"]
    lines = {"staircase": (torch.arange(len(steps)), steps), "ramp": (torch.arange(len(ramp)), ramp)}
    return curves("The staircase and the ramp", lines, xlabel="step")

@check("staircase", weight=2, public=True, figure=steps_and_ramp)
def climbs_in_n_steps(lesson, rng):
    """The product of what each step keeps, beside the ramp at the same times, and the largest gap between them."""
    return lesson.staircase(rng.integer(30, 60), *USUAL)

@check("staircase", public=True)
def refuses_steps_that_leave_no_signal(lesson, rng):
    """Too few steps raise ValueError: none may have a beta_i of 1 or more."""
    return {
        "error with a last beta_i of 1": error_of(lesson.staircase, 4, 1.0, 4.0),
        "error with far too few steps": error_of(lesson.staircase, rng.integer(2, 10), *USUAL),
        "one step more": lesson.staircase(5, 1.0, 4.0),
    }

def reverse_case(rng, dtype, deterministic):
    """A square batch with a time for each sample: the arguments of reverse_drift."""
    x, score = rng.normal(4, 4, dtype=dtype), rng.normal(4, 4, dtype=dtype)
    return x, score, rng.uniform(4, dtype=dtype), *USUAL, deterministic

@check("reverse_drift", weight=2, public=True)
def the_ode_stands_firm(lesson, rng):
    """The drift of the probability flow ODE: it has no noise of its own to fight. The arguments stay as they are."""
    return answers_and_purity(lesson.reverse_drift, in_each_dtype(lambda dtype: reverse_case(rng, dtype, True)))

@check("reverse_drift", weight=2, public=True)
def the_sde_pulls_against_its_noise(lesson, rng):
    """The drift of the reverse SDE: it must also undo the noise that it adds."""
    return answers(lesson.reverse_drift, in_each_dtype(lambda dtype: reverse_case(rng, dtype, False)))

MANY_STEPS = {"atol": {"float32": 1e-4}, "rtol": {"float32": 1e-3}}

def winding(x, t):
    """A smooth field of place and time, close to the score of standard normal data."""
    return 0.3 * torch.sin(2 * x.flip(-1) + 3 * t[:, None]) - x

def flow(result, rng):
    return paths("Four points on their way, each from its dot", result["in float64"][..., :2].transpose(0, 1))

@check("pf_ode_sample", weight=2, public=True, **MANY_STEPS, figure=flow)
def follows_the_flow(lesson, rng):
    """Euler's method from t = 1 down to t_end: the drift where each step begins, every place returned, no noise.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: (winding, rng.normal(4, 3, dtype=dtype), 25, *USUAL, rng.number(0.001, 0.01)))
    return answers_and_purity(lesson.pf_ode_sample, cases)

@check("pf_ode_sample", weight=0.5, public=True, **MANY_STEPS)
def walks_the_same_way_each_time(lesson, rng):
    """The flow has no chance in it: the same start gives the same path each time."""
    start = rng.normal(4, 2, dtype=torch.float64)
    paths = [lesson.pf_ode_sample(winding, start, 5, *USUAL, 0.01) for _ in range(2)]
    return {"the same path each time": torch.equal(*paths)}

def shaken_case(rng, points, dim, steps, dtype, betas=USUAL, end=0.005):
    """The arguments of reverse_sde_sample with the score `winding`."""
    return winding, rng.normal(points, dim, dtype=dtype), rng.normal(steps, points, dim, dtype=dtype), *betas, end

def shaken(result, rng):
    return paths("Four points, shaken on their way", result["in float64"][..., :2].transpose(0, 1))

@check("reverse_sde_sample", weight=2, public=True, **MANY_STEPS, figure=shaken)
def pulls_and_shakes(lesson, rng):
    """Each step pulls with the reverse SDE's drift and shakes with its own draw; every place is returned.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: shaken_case(rng, 4, 3, 25, dtype))
    cases["as many steps as points"] = shaken_case(rng, 3, 3, 3, torch.float64)
    return answers_and_purity(lesson.reverse_sde_sample, cases)

def noisy_score(lesson, means, stds, weights):
    """The score of noisy hills at time t, by the student's own functions."""

    def score_fn(x, t):
        law = lesson.vp_marginal(t[:1], *USUAL)
        wide = (law["mean_coef"] ** 2 * stds**2 + law["std"] ** 2).sqrt()
        return lesson.gmm_score(x, law["mean_coef"] * means, wide, weights)

    return score_fn

CROWD = 300

def both_ways(result, rng):
    """Ten walkers of each crowd over time: [20, steps, 2]."""
    across = torch.linspace(0, 1, 41)[:, None, None].expand(-1, 10, 1)
    ways = [torch.cat([across, result[way]], dim=2) for way in ("a few of the ODE's paths", "a few of the SDE's paths")]
    return paths(
        "Ten walkers by each way back: the smooth ones by the ODE",
        torch.cat(ways, dim=1).transpose(0, 1),
        xlabel="1 - t",
        ylabel="x",
    )

@check("reverse_sde_sample", weight=2, public=True, **MANY_STEPS, figure=both_ways)
def carries_the_same_crowd(lesson, rng):
    """From the same starts both ways back have nearly the same mean and spread at every time, by other paths."""
    middle = rng.number(1.2, 1.8)
    means = torch.tensor([[-middle], [middle]], dtype=torch.float64)
    stds, weights = torch.full((2,), 0.3, dtype=torch.float64), torch.tensor([0.4, 0.6], dtype=torch.float64)
    start, noise = rng.normal(CROWD, 1, dtype=torch.float64), rng.normal(160, CROWD, 1, dtype=torch.float64)
    score_fn = noisy_score(lesson, means, stds, weights)
    ode = lesson.pf_ode_sample(score_fn, start, len(noise), *USUAL, 0.001)
    sde = lesson.reverse_sde_sample(score_fn, start, noise, *USUAL, 0.001)
    seen = {}
    for name, way in (("ODE", ode), ("SDE", sde)):
        seen[f"mean over time by the {name}"] = way[::20].mean(dim=(1, 2))
        seen[f"spread over time by the {name}"] = way[::20].std(dim=(1, 2))
        ends = torch.stack([way[0, :, 0], way[-1, :, 0]])
        seen[f"correlation of start and end by the {name}"] = torch.corrcoef(ends)[0, 1]
        seen[f"a few of the {name}'s paths"] = way[::4, :10]
    return seen

ONE_STEP = {"atol": {"float32": 1e-4}, "rtol": {"float32": 1e-4}}

def levels(rng, shape, dtype):
    """Two signal shares for one step, the second one with less noise."""
    ab_t = rng.uniform(*shape, low=0.05, high=0.6, dtype=dtype)
    return ab_t, ab_t + rng.uniform(*shape, low=0.05, high=0.35, dtype=dtype)

@check("ddim_vs_euler", weight=2, public=True, **ONE_STEP)
def sees_one_step_in_three_ways(lesson, rng):
    """The clean sample, the step of DDIM, and Euler's step in sigma and in t. The arguments stay as they are."""
    cases = in_each_dtype(
        lambda dtype: (rng.normal(4, 4, dtype=dtype), rng.normal(4, 4, dtype=dtype), *levels(rng, (4,), dtype))
    )
    return answers_and_purity(lesson.ddim_vs_euler, cases)

QUESTIONS, NARROW, SHARP, WIDTH, STRAY = 8, 0.05, 0.94, (0.5, 1.7), 0.15

def narrow_hills(rng):
    """Six narrow hills around the middle, not equally likely, and noise: means [6, 2], weights [6], starts [400, 2]."""
    angles = (torch.arange(6) + rng.number()) * (math.pi / 3)
    radii = rng.uniform(6, low=1.6, high=2.4)
    weights = rng.uniform(6, low=0.3, high=1.3)
    means = radii[:, None] * torch.stack([angles.cos(), angles.sin()], dim=1)
    return means, weights / weights.sum(), rng.normal(400, 2)

def questions_and_samples(lesson, score_fn, start):
    """The samples with the prediction, how many rows were asked about, and at which times."""
    rows, times = [], []

    def listening(x, t):
        rows.append(len(x))
        times.append(float(t.double().mean()))
        return score_fn(x, t)

    result = lesson.sample_in_eight(listening, start, *USUAL)
    return {
        "samples": result["samples"],
        "predicted": result["predicted"],
        "rows asked": sum(rows),
        "times asked": times[: 4 * QUESTIONS],
    }

def sharpness(samples, means):
    """Which samples are within 0.3 of a hill, the hill that is nearest to each, and how far away it is."""
    distance, nearest = torch.cdist(samples, means).min(dim=1)
    return distance < 0.3, nearest, distance

def sharp_and_fair(result, expected, rng):
    """The verdict on eight questions: the budget, the samples' sharpness, their width and their crowd."""
    means, weights, start = narrow_hills(rng)
    samples, rows = result["samples"], result["rows asked"]
    if rows > QUESTIONS * len(start):
        raise Fail(
            f"{rows / len(start):.3g} questions about each point; {QUESTIONS} are allowed", misconception="over_budget"
        )
    if not (isinstance(samples, torch.Tensor) and samples.shape == start.shape):
        raise Fail(f"the samples of {len(start)} starts are {describe(samples)}; expected {describe(start)}")
    inside, nearest, distance = sharpness(samples.to(means), means)
    sharp = float(inside.float().mean())
    if not sharp >= SHARP:
        raise Fail(f"{sharp:.0%} of the samples are within 0.3 of a hill; expected at least {SHARP:.0%}")
    width = float((distance[inside] ** 2).mean().sqrt()) / (NARROW * math.sqrt(2))
    if not WIDTH[0] <= width <= WIDTH[1]:
        raise Fail(
            f"the samples spread {width:.2f} times as wide as the hills; expected {WIDTH[0]} to {WIDTH[1]} times"
        )
    stray = float((torch.bincount(nearest, minlength=6) / len(samples) - weights).abs().sum()) / 2
    if not stray <= STRAY:
        raise Fail(f"{stray:.0%} of the samples are in the crowd of another hill; expected at most {STRAY:.0%}")

def landings(result, rng):
    means, _, _ = narrow_hills(rng)
    return points("Where your eight questions lead", {"samples": result["samples"], "hills": means})

@check("sample_in_eight", weight=2, public=True, reference=False, verdict=sharp_and_fair, figure=landings)
def finds_narrow_hills_in_eight(lesson, rng):
    """With eight questions about each point, noise lands on hills that nobody named: sharp, as wide as they are, fairly.

    The score comes from your own gmm_score and vp_marginal.
    """
    means, weights, start = narrow_hills(rng)
    return questions_and_samples(lesson, noisy_score(lesson, means, torch.full((6,), NARROW), weights), start)

def foreseen(result, expected, rng):
    """The verdict on the prediction: it is a share. Whether it comes true is not graded."""
    predicted = result["predicted"]
    if not (isinstance(predicted, float) and 0 <= predicted <= 1):
        raise Fail(f"the prediction is {describe(predicted)}; expected a Python float from 0 to 1")

def predicted_and_measured(result, rng):
    means, _, _ = narrow_hills(rng)
    inside, _, _ = sharpness(result["samples"].to(means), means)
    heights = {"predicted": result["predicted"], "measured": float(inside.float().mean())}
    return bars("Share of sharp samples", heights, ylabel="share")

@check(
    "sample_in_eight",
    weight=0.5,
    public=True,
    reference=False,
    verdict=foreseen,
    figure=predicted_and_measured,
)
def predicts_how_many_are_sharp(lesson, rng):
    """A share is predicted for the samples. The report shows it beside the measured one; only its form is graded."""
    means, weights, start = narrow_hills(rng)
    return questions_and_samples(lesson, noisy_score(lesson, means, torch.full((6,), NARROW), weights), start)

def blob(rng):
    """One hill away from the middle, rings of places around its noisy images, and the middle of the first image.

    The rings have radius 2 at t = 0.3, and radius 1 at t = 0.15.
    """
    centre = torch.tensor([2.5, -1.5])
    data = centre + 0.3 * rng.normal(2000, 2)
    angles = torch.arange(64) * (2 * math.pi / 64)
    ring = torch.stack([angles.cos(), angles.sin()], dim=1)
    shrunk = 0.63 * centre
    return data, shrunk + 2 * ring, 0.887 * centre + ring, shrunk

NEEDLE, SHORTEST, LONGEST = 3.5, 0.65, 1.4

def points_at_the_blob(result, expected, rng):
    """The verdict on the score around one hill: nearly every needle points to it; they balance; their length fits."""
    _, places, near, shrunk = blob(rng)
    score = result["around"]
    _expect_scores(score, places)
    _expect_scores(result["near"], near)
    share = float(((score * (shrunk - places)).sum(dim=1) > 0).float().mean())
    if not share > 0.9:
        raise Fail(f"only {share:.0%} of the needles around one hill point towards it; expected nearly all")
    lean = float(score.mean(dim=0).norm() / score.norm(dim=1).mean())
    # Plain correct solutions stay below 0.17; with beta up to 40 it is 0.27 and more.
    if not lean < 0.22:
        raise Fail(
            "the needles around one hill do not balance: your score is zero somewhere else than in the middle of the "
            "noisy hill at t = 0.3. Does beta run from 0.1 to 20?"
        )
    length = float(result["near"].norm(dim=1).mean()) / NEEDLE
    if not SHORTEST < length < LONGEST:
        raise Fail(f"the needles at t = 0.15 are {length:.2f} times as long as the score; expected nearly as long")

def _expect_scores(score, places):
    if not (isinstance(score, torch.Tensor) and score.shape == places.shape and score.dtype == places.dtype):
        raise Fail(f"the score of {len(places)} places is {describe(score)}; expected {describe(places)}")

def blob_and_places(rng):
    """What the student gets of it."""
    data, places, near, _ = blob(rng)
    return {"data": data, "places": places, "near": near}

def needles(result, rng):
    return arrows("What you learned around one hill", blob(rng)[1], result["around"])

@check(
    "train_hidden_score",
    public=True,
    reference=False,
    verdict=points_at_the_blob,
    inputs=blob_and_places,
    figure=needles,
)
def learns_where_one_hill_is(lesson, rng, given):
    """After 500 updates on a single hill, the score points to it from all around, and is as long as it must be."""
    score = lesson.train_hidden_score(given["data"], 500, rng.integer(0, 1000))
    places, near = given["places"], given["near"]
    return {
        "around": score(places, torch.full((len(places),), 0.3)),
        "near": score(near, torch.full((len(near),), 0.15)),
    }
