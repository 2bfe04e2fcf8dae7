"""Checks of lesson 7.2.1, Score Functions & SDEs.

Each check states one claim. All inputs are drawn before the student's code runs. Where a coefficient is given for
each sample, one case is square (as many samples as features), because only there does a coefficient on the wrong
axis go unnoticed by the shapes.
"""

import math

import torch

from blindgrade.checks import Fail, Watch, agree, answers, answers_and_purity, check, describe, error_of, in_each_dtype
from blindgrade.figures import arrows, bars, curves, image, paths, points
from digits import load_digits
from grader_toys.mixtures import GaussianMixture
from toys import mlp

# ---------------------------------------------------------------- gaussian_score


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


@check("gaussian_score")
def keeps_the_shape_of_x(lesson, rng):
    """The score has the shape and dtype of x, whatever the shape, and x stays as it was."""
    shapes = [(), (1,), (3, 3), (2, 3, 4, 5)]
    x = {f"of shape {shape}": rng.normal(*shape, dtype=torch.float64) for shape in shapes}
    return answers_and_purity(lesson.gaussian_score, {name: (x[name], eighths(rng, -2, 3), 0.75) for name in x})


@check("gaussian_score", public=True)
def refuses_a_sigma_that_is_not_positive(lesson, rng):
    """sigma = 0 and a negative sigma raise ValueError; a small positive one does not."""
    x, mu, negative = rng.normal(4), eighths(rng, -2, 3), -rng.number(0.1, 2)
    return {
        "error at sigma = 0": error_of(lesson.gaussian_score, x, mu, 0.0),
        "error at a negative sigma": error_of(lesson.gaussian_score, x, mu, negative),
        "score at sigma = 0.0625": lesson.gaussian_score(x, mu, 0.0625),
    }


# ---------------------------------------------------------------- gmm_score

# Responsibilities are differences of logarithms, so float32 keeps fewer digits than elsewhere.
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


@check("gmm_score", weight=2, **MIXTURE)
def works_in_any_dimension(lesson, rng):
    """In one, two and three dimensions a wide hill spreads its weight over the right volume."""
    return answers(
        lesson.gmm_score,
        {f"in {dim} dimensions": mixture_case(rng, 5, 3, dim, torch.float64) for dim in (1, 2, 3)},
    )


@check("gmm_score", **MIXTURE)
def keeps_points_hills_and_axes_apart(lesson, rng):
    """With as many points as hills as dimensions, no axis is mistaken for another; nothing is changed."""
    return answers_and_purity(lesson.gmm_score, in_each_dtype(lambda dtype: mixture_case(rng, 3, 3, 3, dtype)))


@check("gmm_score", **MIXTURE)
def listens_to_the_prior_weights(lesson, rng):
    """Halfway between two equal hills the heavier one wins, and equal weights cancel to zero."""
    centre = rng.normal(1, 2, dtype=torch.float64)
    means = torch.cat([centre, -centre])
    stds = rng.uniform(1, low=0.8, high=1.5, dtype=torch.float64).expand(2).clone()
    share = rng.uniform(1, low=0.6, high=0.9, dtype=torch.float64)
    middle, near = torch.zeros(1, 2, dtype=torch.float64), 0.4 * centre
    equal = torch.full((2,), 0.5, dtype=torch.float64)
    cases = {
        "between unequal hills": (middle, means, stds, torch.cat([share, 1 - share])),
        "between equal hills": (middle, means, stds, equal),
        "nearer to one": (near, means, stds, equal),
    }
    return answers(lesson.gmm_score, cases)


@check("gmm_score", public=True, **MIXTURE)
def stays_finite_far_away(lesson, rng):
    """Sixty units away, where every density rounds to zero, the score is finite and points back."""

    def far(dtype):
        direction = rng.normal(6, 2, dtype=dtype)
        x = 60 * direction / direction.norm(dim=1, keepdim=True)
        stds = torch.tensor([0.5, 0.8, 1.1], dtype=dtype)
        return x, rng.normal(3, 2, dtype=dtype), stds, torch.tensor([0.5, 0.3, 0.2], dtype=dtype)

    return answers(lesson.gmm_score, in_each_dtype(far))


# ---------------------------------------------------------------- score_by_autograd


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


@check("score_by_autograd")
def leaves_a_place_that_is_being_trained_alone(lesson, rng):
    """A place that requires gradients itself keeps its own; with as many points as features rows stay apart."""
    x = rng.normal(3, 3, dtype=torch.float64).requires_grad_(True)
    seen = traces(lesson, energy_of(rng, 3, torch.float64), x)
    one = lesson.score_by_autograd(quartic, x[:1])
    return {**seen, "of the first row alone": one.detach()}


@check("score_by_autograd")
def is_the_score_of_a_known_law(lesson, rng):
    """For a law of torch.distributions the answer is its score, also far away."""
    law = torch.distributions.MultivariateNormal(
        rng.normal(2, dtype=torch.float64), torch.diag(rng.uniform(2, low=0.5, high=2.0, dtype=torch.float64))
    )
    return lesson.score_by_autograd(law.log_prob, 20 * rng.normal(5, 2, dtype=torch.float64))


# ---------------------------------------------------------------- follow_compass


def swirl(x):
    """A smooth field that mixes the axes and is no straight line: a score to walk along."""
    return torch.sin(2 * x.flip(-1)) - x


def double_well(x):
    """The score of the density that is proportional to exp(x^2/2 - x^4/4) on each axis."""
    return x - x**3


@check("follow_compass", weight=2, public=True)
def walks_along_the_score(lesson, rng):
    """Without noise each step adds the step size times the score of that place; the whole walk is returned.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: (swirl, rng.normal(5, 3, dtype=dtype), rng.number(0.1, 0.3), 4))
    return answers_and_purity(lesson.follow_compass, cases)


@check("follow_compass", weight=2)
def shakes_as_langevin_does(lesson, rng):
    """With noise each step also adds that step's noise, scaled so that the walk samples from the density."""
    cases = in_each_dtype(
        lambda dtype: (
            swirl,
            rng.normal(4, 2, dtype=dtype),
            rng.number(0.05, 0.2),
            4,
            rng.normal(4, 4, 2, dtype=dtype),  # as many steps as walkers
        )
    )
    return answers(lesson.follow_compass, cases)


def climbs(walk, expected, rng):
    """The verdict on a walk: it begins at x, never goes downhill, and gains what there is to gain."""
    agree(list(walk.shape), list(expected.shape), name="the shape of the walk")
    agree(walk[0], expected[0], name="row 0 of the walk")
    height = (walk**2 / 2 - walk**4 / 4).sum(dim=-1)  # log p up to a constant, [n + 1, N]
    gain = height.diff(dim=0)
    if bool((gain < -1e-9).any()):
        step = int((gain < -1e-9).any(dim=1).nonzero()[0])
        raise Fail(f"log p falls in step {step}: the walk goes downhill")
    top = (expected[-1] ** 2 / 2 - expected[-1] ** 4 / 4).sum(dim=-1)
    if not bool((height[-1] - height[0] > 0.9 * (top - height[0])).all()):
        raise Fail("log p grows too little: the walk hardly climbs")


def walks(result, rng):
    return paths("Twenty walks, each from its dot", result.transpose(0, 1))


@check("follow_compass", verdict=climbs, figure=walks)
def climbs_to_likelier_places(lesson, rng):
    """Small steps without noise never make a place less likely, and lead towards a hilltop."""
    start = rng.uniform(20, 2, low=-1.8, high=1.8, dtype=torch.float64)
    return lesson.follow_compass(double_well, start, 0.05, 60)


@check("follow_compass", public=True)
def begins_at_x_and_leaves_it_alone(lesson, rng):
    """Row 0 is x itself; no step gives that row alone; x and the noise stay as they were."""
    start = in_each_dtype(lambda dtype: rng.normal(3, 2, dtype=dtype))
    noise = in_each_dtype(lambda dtype: rng.normal(2, 3, 2, dtype=dtype))
    cases = {f"{name}, no step": (swirl, start[name], 0.1, 0) for name in start}
    cases |= {f"{name}, two steps": (swirl, start[name], 0.1, 2, noise[name]) for name in start}
    return answers_and_purity(lesson.follow_compass, cases)


# ---------------------------------------------------------------- score_from_noise, noise_from_score


def coefficient_cases(rng, draw):
    """Data with a coefficient for each sample or for all: (data, coefficient) in the shapes that may occur."""
    cases = {}
    for shape in [(4, 4), (3, 2, 5, 5), (2, 2, 2), (6,)]:
        coefficient = draw(shape[0], dtype=torch.float64)
        cases[f"for {list(shape)} and one for each sample"] = (rng.normal(*shape, dtype=torch.float64), coefficient)
    for shape in [(3, 3), (2, 3, 4, 4)]:
        coefficient = draw(1, dtype=torch.float64)[0]
        cases[f"for {list(shape)} and one for all"] = (rng.normal(*shape, dtype=torch.float64), coefficient)
    return cases


@check("score_from_noise", weight=2, public=True)
def follows_from_the_noise(lesson, rng):
    """The score points against the predicted noise and is the longer the less noise there is.

    The arguments stay as they are.
    """
    cases = in_each_dtype(
        lambda dtype: (rng.normal(4, 4, dtype=dtype), rng.uniform(4, low=0.02, high=0.98, dtype=dtype))
    )
    return answers_and_purity(lesson.score_from_noise, cases)


@check("score_from_noise", weight=2)
def takes_the_level_of_each_sample(lesson, rng):
    """alpha_bar may be one for all or one for each sample, for data with any number of axes; nothing is changed."""
    cases = coefficient_cases(rng, lambda n, dtype: rng.uniform(n, low=0.02, high=0.98, dtype=dtype))
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


@check("noise_from_score", weight=2)
def scales_each_sample_by_its_level(lesson, rng):
    """alpha_bar may be one for all or one for each sample, for scores with any number of axes; nothing is changed."""
    cases = coefficient_cases(rng, lambda n, dtype: rng.uniform(n, low=0.02, high=0.98, dtype=dtype))
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


# ---------------------------------------------------------------- finite_data_denoiser


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


@check("finite_data_denoiser", **MIXTURE)
def denoises_data_of_any_shape(lesson, rng):
    """Images and single features work too, with one level for each sample or for all; nothing is changed."""
    cases = {}
    for shape in [(1, 3, 3), (4,), (1,), (2, 2)]:
        cases[f"samples of shape {list(shape)}"] = origins_case(rng, 4, 3, shape, torch.float64)
        case = origins_case(rng, 3, 4, shape, torch.float64, one_level=True)
        cases[f"samples of shape {list(shape)}, one level"] = case
    return answers_and_purity(lesson.finite_data_denoiser, cases)


@check("finite_data_denoiser", **MIXTURE)
def keeps_samples_points_and_features_apart(lesson, rng):
    """With as many samples as points as features, no axis is mistaken for another."""
    return answers(lesson.finite_data_denoiser, in_each_dtype(lambda dtype: origins_case(rng, 3, 3, (3,), dtype)))


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


# ---------------------------------------------------------------- three_step_walkthrough


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


@check("three_step_walkthrough")
def walks_with_the_level_of_each_sample(lesson, rng):
    """alpha_bar may be one for all or one for each sample, for data with any number of axes; nothing is changed."""
    cases = coefficient_cases(rng, lambda n, dtype: rng.uniform(n, low=0.1, high=0.9, dtype=dtype))
    eps = {name: rng.normal(*x0.shape, dtype=x0.dtype) for name, (x0, _) in cases.items()}
    return answers_and_purity(
        lesson.three_step_walkthrough, {name: (x0, eps[name], level) for name, (x0, level) in cases.items()}
    )


@check("three_step_walkthrough")
def centres_the_score_on_the_scaled_sample(lesson, rng):
    """Data far from zero: the score measures from where x_0 was moved to, not from zero nor from x_0."""
    x0 = rng.choice([-1, 1]) * (20 + rng.uniform(5, 2, high=5.0, dtype=torch.float64))
    eps, level = 0.1 * rng.normal(5, 2, dtype=torch.float64), rng.uniform(5, low=0.3, high=0.8, dtype=torch.float64)
    return lesson.three_step_walkthrough(x0, eps, level)


# ---------------------------------------------------------------- vp_sde, vp_marginal, staircase

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


@check("vp_sde", weight=2)
def takes_the_time_of_each_sample(lesson, rng):
    """t may be one for all or one for each sample: the drift is shaped like x, the diffusion like t."""
    cases = coefficient_cases(rng, lambda n, dtype: rng.uniform(n, dtype=dtype))
    return answers_and_purity(lesson.vp_sde, {name: (*case, *USUAL) for name, case in cases.items()})


@check("vp_sde", public=True)
def follows_the_schedule_that_is_given(lesson, rng):
    """beta grows linearly from beta_min at t = 0 to beta_max at t = 1, for any two values."""
    x = rng.normal(3, 2, dtype=torch.float64)
    ends, constant = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64), rng.number(1.0, 3.0)
    cases = {"some other schedule": (x, ends, *schedule(rng)), "a constant one": (x, ends, constant, constant)}
    return answers(lesson.vp_sde, cases)


# Near t = 0 the noise is 1 minus nearly 1; float32 may lose digits there.
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


@check("vp_marginal", **NEAR_ZERO)
def starts_clean_and_ends_in_noise(lesson, rng):
    """At t = 0 all is signal and nothing is noise; near t = 1 it is the other way round."""
    t = torch.tensor([0.0, 0.001, 0.02, rng.number(0.9, 0.98), 1.0])
    return {"in float32": lesson.vp_marginal(t, *USUAL), "in float64": lesson.vp_marginal(t.double(), *USUAL)}


@check("vp_marginal", weight=2, **NEAR_ZERO)
def integrates_the_schedule_that_is_given(lesson, rng):
    """Other schedules, a constant one among them: what counts is the area under beta."""
    t, constant = rng.uniform(6, low=0.02, dtype=torch.float64), rng.number(1.0, 3.0)
    cases = {"some other schedule": (t, *schedule(rng)), "a constant one": (t, constant, constant)}
    return answers(lesson.vp_marginal, cases)


@check("vp_marginal", **NEAR_ZERO)
def keeps_the_shape_of_t(lesson, rng):
    """Both coefficients have the shape of t: one number, a batch, a table; t stays as it was."""
    shapes = [(), (1,), (3,), (2, 3)]
    t = {f"of shape {shape}": rng.uniform(*shape, low=0.02, dtype=torch.float64) for shape in shapes}
    return answers_and_purity(lesson.vp_marginal, {name: (t[name], *USUAL) for name in t})


def steps_and_ramp(result, rng):
    steps, ramp = result["staircase"], result["ramp"]
    lines = {"staircase": (torch.arange(len(steps)), steps), "ramp": (torch.arange(len(ramp)), ramp)}
    return curves("The staircase and the ramp", lines, xlabel="step")


@check("staircase", weight=2, public=True, figure=steps_and_ramp)
def climbs_in_n_steps(lesson, rng):
    """The product of what each step keeps, beside the ramp at the same times, and the largest gap between them."""
    return lesson.staircase(rng.integer(30, 60), *USUAL)


@check("staircase", weight=2)
def climbs_any_ramp(lesson, rng):
    """Other schedules and numbers of steps, down to a single one."""
    single = (1, rng.number(0.1, 0.3), rng.number(0.5, 0.9))
    cases = {"few steps": (rng.integer(18, 25), *schedule(rng)), "a single step": single}
    return answers(lesson.staircase, cases)


@check("staircase")
def nears_the_ramp_as_steps_shrink(lesson, rng):
    """Twice the steps, about half the gap."""
    n = rng.integer(60, 120)
    return {f"gap with {k} times the steps": lesson.staircase(k * n, *USUAL)["gap"] for k in (1, 2, 4)}


@check("staircase", public=True)
def refuses_steps_that_leave_no_signal(lesson, rng):
    """Too few steps raise ValueError: none may have a beta_i of 1 or more."""
    return {
        "error with a last beta_i of 1": error_of(lesson.staircase, 4, 1.0, 4.0),
        "error with far too few steps": error_of(lesson.staircase, rng.integer(2, 10), *USUAL),
        "one step more": lesson.staircase(5, 1.0, 4.0),
    }


# ---------------------------------------------------------------- reverse_drift


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


@check("reverse_drift", weight=2)
def drifts_with_the_time_of_each_sample(lesson, rng):
    """t may be one for all or one for each sample, for data with any number of axes; nothing is changed."""
    drawn = coefficient_cases(rng, lambda n, dtype: rng.uniform(n, dtype=dtype))
    cases = {}
    for name, (x, t) in drawn.items():
        score, way = rng.normal(*x.shape, dtype=x.dtype), rng.choice([True, False])
        cases[name] = (x, score, t, *USUAL, way)
    return answers_and_purity(lesson.reverse_drift, cases)


@check("reverse_drift")
def reverses_any_schedule(lesson, rng):
    """Other schedules, both ways back."""
    x, score = rng.normal(5, 2, dtype=torch.float64), rng.normal(5, 2, dtype=torch.float64)
    t, betas = rng.uniform(5, dtype=torch.float64), schedule(rng)
    return {
        "the ODE's": lesson.reverse_drift(x, score, t, *betas, True),
        "the SDE's": lesson.reverse_drift(x, score, t, *betas, False),
    }


# ---------------------------------------------------------------- pf_ode_sample

# Many steps add up what float32 rounds away.
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


@check("pf_ode_sample", weight=2, **MANY_STEPS)
def stops_at_t_end(lesson, rng):
    """Few steps, other schedules, and an end well before t = 0: the grid is uniform from 1 to t_end."""
    x = rng.normal(3, 2, dtype=torch.float64)
    cases = {f"{n} steps": (winding, x, n, *schedule(rng), rng.number(0.2, 0.7)) for n in (1, 2, 7)}
    return answers(lesson.pf_ode_sample, cases)


@check("pf_ode_sample", **MANY_STEPS)
def tells_the_score_the_time(lesson, rng):
    """The score function gets one t for each point, in the dtype of the points; the start stays unchanged."""
    starts = in_each_dtype(lambda dtype: rng.normal(3, 3, dtype=dtype))
    seen = {}
    for name, x in starts.items():
        forms = set()

        def score_fn(x, t, forms=forms):
            forms.add(f"{list(t.shape)} {t.dtype}")
            return winding(x, t.reshape(-1))

        watch = Watch(x)
        seen[f"path {name}"] = lesson.pf_ode_sample(score_fn, x, 5, *USUAL, 0.01)
        seen[f"t {name}"] = sorted(forms)
        seen[f"start unchanged {name}"] = watch.unchanged()
    return seen


@check("pf_ode_sample", **MANY_STEPS)
def leaves_a_standard_normal_in_place(lesson, rng):
    """If data are standard normal nothing moves; if they are wider, points move apart."""
    x, spread = rng.normal(6, 2, dtype=torch.float64), rng.number(2.0, 3.0)
    return {
        "for standard normal data": lesson.pf_ode_sample(lambda x, t: -x, x, 10, *USUAL, 0.001),
        "for a wider score": lesson.pf_ode_sample(lambda x, t: -x / spread, x, 10, *USUAL, 0.001),
    }


def flow_onto_hills(result, rng):
    return paths("Noise on its way to six hills on a ring", result.transpose(0, 1))


# The mixture knows the score of noisy data at every time, which train_hidden_score asks for.
@check("pf_ode_sample", weight=2, isolated=True, **MANY_STEPS, figure=flow_onto_hills)
def carries_noise_to_the_data(lesson, rng):
    """With the exact score of six hills on a ring, noise flows onto the hills."""
    noise, end = rng.normal(40, 2, dtype=torch.float64), rng.number(0.005, 0.02)
    return lesson.pf_ode_sample(GaussianMixture.ring().vp_score(), noise, 30, *USUAL, end)


# ---------------------------------------------------------------- reverse_sde_sample


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


@check("reverse_sde_sample", weight=2, **MANY_STEPS)
def shakes_in_few_steps_too(lesson, rng):
    """Few steps, other schedules, and an end well before t = 0: a long step shakes more than a short one."""
    cases = {
        f"{n} steps": shaken_case(rng, 3, 2, n, torch.float64, schedule(rng), rng.number(0.2, 0.7)) for n in (1, 2, 7)
    }
    return answers(lesson.reverse_sde_sample, cases)


@check("reverse_sde_sample", **MANY_STEPS)
def asks_the_score_before_the_shake(lesson, rng):
    """The score is asked once for each step, where the step begins, with one t for each point in its dtype."""
    seen = {}
    for name, dtype in (("in float32", torch.float32), ("in float64", torch.float64)):
        asked = []

        def score_fn(x, t, asked=asked):
            asked.append((list(t.shape), str(t.dtype), t.mean(), x.clone()))
            return winding(x, t.reshape(-1))

        _, start, noise, *rest = shaken_case(rng, 3, 3, 4, dtype)
        lesson.reverse_sde_sample(score_fn, start, noise, *rest)
        seen[f"questions {name}"] = [list(question) for question in asked]
    return seen


# The mixture knows the score of noisy data at every time, which train_hidden_score asks for.
@check("reverse_sde_sample", weight=2, isolated=True, **MANY_STEPS, figure=flow_onto_hills)
def shakes_noise_onto_the_data(lesson, rng):
    """With the exact score of six hills on a ring, shaken noise ends on the hills."""
    noise, end = rng.normal(30, 40, 2, dtype=torch.float64), rng.number(0.005, 0.02)
    start = rng.normal(40, 2, dtype=torch.float64)
    return lesson.reverse_sde_sample(GaussianMixture.ring().vp_score(), start, noise, *USUAL, end)


# ---------------------------------------------------------------- ddim_vs_euler

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


@check("ddim_vs_euler", weight=2, **ONE_STEP)
def steps_with_the_levels_of_each_sample(lesson, rng):
    """The levels may be one for all or one for each sample, for data with any number of axes; nothing is changed."""
    cases = {}
    for shape, form in [((3, 2, 4, 4), (3,)), ((2, 2, 2), (2,)), ((5,), (5,)), ((3, 3), ()), ((2, 3, 4), ())]:
        x_t, eps = rng.normal(*shape, dtype=torch.float64), rng.normal(*shape, dtype=torch.float64)
        cases[f"for {list(shape)} and levels {list(form)}"] = (x_t, eps, *levels(rng, form, torch.float64))
    return answers_and_purity(lesson.ddim_vs_euler, cases)


@check("ddim_vs_euler", **ONE_STEP)
def nears_ddim_as_the_step_shrinks(lesson, rng):
    """For small steps Euler's in sigma is still DDIM itself, and the one in t comes as close as beta squared."""
    x_t, eps = rng.normal(3, 4, dtype=torch.float64), rng.normal(3, 4, dtype=torch.float64)
    ab_t = rng.uniform(3, low=0.3, high=0.7, dtype=torch.float64)
    cases = {f"at beta {beta}": (x_t, eps, ab_t, ab_t / (1 - beta)) for beta in (0.1, 0.01, 0.001)}
    return answers(lesson.ddim_vs_euler, cases)


# ---------------------------------------------------------------- sample_in_eight

# Over 10 draws of the hills with 400 starts the solution has 0.993 to 0.998 sharp, a width of 1.00 to 1.10 and 0.03 to
# 0.07 in the wrong crowd. Eight equal steps have 0.76 to 0.83 and 2.3 to 2.5 (the ODE), 0.06 to 0.11 and 2.7 to 3.2 (the
# SDE).
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


# The mixture knows the score of noisy data at every time, which train_hidden_score asks for.
@check(
    "sample_in_eight",
    weight=3,
    isolated=True,
    reference=False,
    verdict=sharp_and_fair,
    figure=landings,
)
def finds_other_narrow_hills(lesson, rng):
    """The same plan of eight questions works for hills at other places, with other shares."""
    means, weights, start = narrow_hills(rng)
    mixture = GaussianMixture(means, NARROW, weights)
    return questions_and_samples(lesson, mixture.vp_score(), start)


# ---------------------------------------------------------------- train_hidden_score


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


# Mean length of the exact score on the ring at t = 0.15. Plain correct solutions are at 0.88 to 0.92 of it, a score
# divided by the wrong power of the standard deviation at 1.9, and the predicted noise itself at 0.4.
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


# Relative squared error of the score at each t that a plain correct solution stays well below.
BOUNDS = {0.1: 0.75, 0.2: 0.4, 0.4: 0.05}


def four_hills(rng, n):
    """n points of four hills around the middle, with standard deviation 0.5."""
    angles = rng.integers(n, high=4) * (math.pi / 2)
    return 2 * torch.stack([angles.cos(), angles.sin()], dim=1) + 0.5 * rng.normal(n, 2)


def noisy_places(rng, times):
    """2000 noisy places for each of the times: x [M, 2], t [M]."""
    t = torch.tensor(times).repeat_interleave(2000)
    alpha_bar = torch.exp(-(0.1 * t + 9.95 * t**2))[:, None]
    return alpha_bar.sqrt() * four_hills(rng, len(t)) + (1 - alpha_bar).sqrt() * rng.normal(len(t), 2), t


def hills_and_places(rng):
    """Data to learn from, and noisy places with their times; the hills themselves stay here."""
    data = four_hills(rng, 8000)
    x, t = noisy_places(rng, list(BOUNDS))
    return {"data": data, "x": x, "t": t}


def is_the_score_of_noisy_data(score, expected, rng):
    """The verdict against the exact score of the noisy hills, and the diagnosis of what was returned in its place."""
    given = hills_and_places(rng)
    x, t = given["x"], given["t"]
    _expect_scores(score, x)
    exact = GaussianMixture.ring(4, 2.0, 0.5).vp_score()(x.double(), t.double())
    std = torch.sqrt(1 - torch.exp(-(0.1 * t + 9.95 * t**2))).double()[:, None]
    errors = {level: _error(score[t == level], exact[t == level]) for level in BOUNDS}
    large = [f"{error:.2g} at t = {level}" for level, error in errors.items() if not error < BOUNDS[level]]
    if large:
        others = {"returns_noise": -std * exact, "sign": -exact, "variance": exact / std, "gaussian_only": -x.double()}
        misses = {name: _error(score, field) for name, field in others.items()}
        nearest = min(misses, key=lambda name: misses[name])
        # What was trained is never exact. -x is written down, and after few updates a network is near it, too.
        believed = misses[nearest] < (1e-3 if nearest == "gaussian_only" else 0.3)
        named = nearest if believed and misses[nearest] < _error(score, exact) else None
        raise Fail(f"the relative error of the score is too large: {', '.join(large)}", misconception=named)


def _error(score, exact):
    """Squared error relative to the square of what is exact."""
    return float(((score.double() - exact) ** 2).sum() / (exact**2).sum())


@check("train_hidden_score", weight=3, reference=False, verdict=is_the_score_of_noisy_data, inputs=hills_and_places)
def is_close_to_the_exact_score(lesson, rng, given):
    """After 1000 updates on several hills, the returned score is close to the exact one at three noise levels."""
    return lesson.train_hidden_score(given["data"], 1000, rng.integer(0, 1000))(given["x"], given["t"])
