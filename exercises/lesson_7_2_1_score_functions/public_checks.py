"""Public checks of lesson-7.2.1: Score Functions & SDEs. Made by `course build`; do not edit."""

from __future__ import annotations

import math
import torch
from blindgrade.checks import Fail, answers, answers_and_purity, check, describe, error_of, in_each_dtype
from blindgrade.figures import arrows, curves, paths


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
