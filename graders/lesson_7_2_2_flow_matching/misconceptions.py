"""Wrong answers that we expect in lesson 7.2.2."""

import math

import torch
import torch.nn.functional as F

from blindgrade.known_answers import edit, misconception

# ---------------------------------------------------------------- interpolate

edit(
    "interpolate",
    "time_reversed",
    "(1 - t) * x0 + t * eps",
    "t * x0 + (1 - t) * eps",
    hint="Here t = 0 is DATA and t = 1 is noise (other libraries run the other way).",
)
edit(
    "interpolate",
    "vp_square_roots",
    "(1 - t) * x0 + t * eps",
    "(1 - t).sqrt() * x0 + t.sqrt() * eps",
    hint="Straight line: plain weights (1-t) and t; square roots are diffusion's curve.",
)
edit(
    "interpolate",
    "adds_noise_only",
    "(1 - t) * x0 + t * eps",
    "x0 + t * eps",
    hint="Your data keep their full weight: as the noise fades in, the data's weight falls from 1 to 0.",
)
edit(
    "interpolate",
    "broadcast_last_dim",
    "t = _trailing(t, x0)",
    "t = 1 * t",
    hint="t is per sample: give it trailing axes.",
)
edit(
    "interpolate",
    "clamps_time",
    'raise ValueError("t must lie in [0, 1]")',
    "t = t.clamp(0, 1)",
    hint="Refuse a time off the road instead of moving it: a silent repair hides the caller's mistake.",
)

# ---------------------------------------------------------------- velocity_target

edit(
    "velocity_target",
    "sign",
    "return eps - x0",
    "return x0 - eps",
    hint="d/dt of (1-t) x0 + t eps. At t=1 you must ARRIVE at eps.",
)
edit(
    "velocity_target",
    "noise_only",
    "return eps - x0",
    "return eps.clone()",
    hint="That is the noise target. The velocity also leaves x0 behind.",
)
edit(
    "velocity_target",
    "midpoint",
    "return eps - x0",
    "return (eps + x0) / 2",
    hint="That is a place on the road, not the speed along it.",
)
edit(
    "velocity_target",
    "unit_speed",
    "return eps - x0",
    "return F.normalize(eps - x0, dim=-1)",
    hint="The speed is the whole distance per unit of t: do not normalise it.",
)
edit(
    "velocity_target",
    "broadcasts_silently",
    "if x0.shape != eps.shape:",
    "if x0.ndim != eps.ndim:",
    hint="Each data element needs its own noise: compare the whole shapes, or broadcasting shares one noise.",
)

# ---------------------------------------------------------------- path_velocity


@misconception(
    "path_velocity",
    hint="eps - x0 is the derivative of the STRAIGHT path only. Design the path, then differentiate it.",
)
def always_eps_minus_x0(path, x0, eps, t):
    t = _trailing(t, x0)
    weights = {
        "linear": (1 - t, t),
        "cosine": (torch.cos(math.pi / 2 * t), torch.sin(math.pi / 2 * t)),
        "quadratic": (1 - t**2, t**2),
    }
    if path not in weights:
        raise ValueError(path)
    a, b = weights[path]
    return {"x_t": a * x0 + b * eps, "velocity": eps - x0}


edit(
    "path_velocity",
    "no_chain_factor",
    "-math.pi / 2 * torch.sin(angle), math.pi / 2 * torch.cos(angle)",
    "-torch.sin(angle), torch.cos(angle)",
    hint="Chain rule: the inner derivative pi/2.",
)
edit(
    "path_velocity",
    "quadratic_missing_2",
    "-2 * t, 2 * t",
    "-t, t",
    hint="On the quadratic road the speed changes on the way: differentiate the weights, d(t^2)/dt = 2t.",
)
edit(
    "path_velocity",
    "same_sign",
    "-math.pi / 2 * torch.sin(angle)",
    "math.pi / 2 * torch.sin(angle)",
    hint="The derivative of cos is -sin.",
)
edit(
    "path_velocity",
    "square_of_one_minus_t",
    "a, b = 1 - t**2, t**2\n        a_rate, b_rate = -2 * t, 2 * t",
    "a, b = (1 - t) ** 2, t**2\n        a_rate, b_rate = -2 * (1 - t), 2 * t",
    hint="The first weight of the quadratic path is one minus the square of t, not the square of 1 - t.",
)
edit(
    "path_velocity",
    "broadcast_last_dim",
    "t = _trailing(t, x0)",
    "t = 1 * t",
    hint="t is per sample: give it trailing axes.",
)

# ---------------------------------------------------------------- cfm_loss

edit(
    "cfm_loss",
    "noise_target",
    "velocity_target(x0, eps)",
    "eps",
    hint="Velocity prediction: the target is eps - x0.",
)
edit(
    "cfm_loss",
    "model_sees_x0",
    "model(x_t, t)",
    "model(x0, t)",
    hint="The model sees the place on the road, x_t.",
)
edit(
    "cfm_loss",
    "sum",
    "velocity_target(x0, eps))",
    'velocity_target(x0, eps), reduction="sum")',
    hint="The loss is the mean over all B times D numbers; a sum grows with the batch.",
)
edit(
    "cfm_loss",
    "l1",
    "F.mse_loss(",
    "F.l1_loss(",
    hint="You measured the absolute error; the loss is the squared one, whose best answer is the mean of the targets.",
)
edit(
    "cfm_loss",
    "detached",
    "model(x_t, t)",
    "model(x_t, t).detach().requires_grad_()",
    hint="The value is right, but no gradient reaches the model's parameters: nothing would be learnt.",
)
edit(
    "cfm_loss",
    "time_reversed",
    "model(x_t, t)",
    "model(x_t, 1 - t)",
    hint="Tell the model the time at which x_t lies on the road: 0 is data, 1 is noise.",
)
edit(
    "cfm_loss",
    "mean_over_batch_only",
    "velocity_target(x0, eps))",
    "velocity_target(x0, eps)) * x0.shape[1]",
    hint="Mean over all B times D elements, not over the samples alone.",
)

# ---------------------------------------------------------------- euler_sample

edit(
    "euler_sample",
    "plus",
    "path.append(path[-1] - ",
    "path.append(path[-1] + ",
    hint="v points from data to noise; sampling drives against it.",
)
edit(
    "euler_sample",
    "forward_time",
    "1 - k / n_steps",
    "k / n_steps",
    hint="You began at t = 0, where the data are: the drive starts from noise, at t = 1.",
)
edit(
    "euler_sample",
    "end_t",
    "1 - k / n_steps",
    "1 - (k + 1) / n_steps",
    hint="Euler uses the velocity where the step begins (and t = 0 may be singular).",
)
edit(
    "euler_sample",
    "step_size",
    "velocity_fn(path[-1], t) / n_steps",
    "velocity_fn(path[-1], t)",
    hint="The n steps together go from 1 to 0, so each of them is 1/n long.",
)
edit(
    "euler_sample",
    "stale_place",
    "velocity_fn(path[-1], t)",
    "velocity_fn(x1, t)",
    hint="Read the velocity where you are now, not where you started.",
)
edit(
    "euler_sample",
    "without_start",
    "torch.stack(path)",
    "torch.stack(path[1:])",
    hint="Row 0 is the noise you start from: n steps pass n + 1 places.",
)
edit(
    "euler_sample",
    "time_not_per_sample",
    "x1.new_full((x1.shape[0],), 1 - k / n_steps)",
    "x1.new_tensor(1 - k / n_steps)",
    hint="The velocity function wants one time for each sample: a tensor [N].",
)

# ---------------------------------------------------------------- convert_prediction


@misconception(
    "convert_prediction",
    hint="That is the v of the VP circle (Salimans & Ho); here v = eps - x0.",
)
def vp_v(value, x_t, t, source, target):
    names = ("noise", "score", "velocity", "x0")
    if source not in names or target not in names or bool(((t <= 0) | (t >= 1)).any()):
        raise ValueError("bad argument")
    t = _trailing(t, x_t)
    signal = ((1 - t) ** 2 / ((1 - t) ** 2 + t**2)).sqrt()
    spread = (1 - signal**2).sqrt()
    if source == target:
        return value
    if source == "velocity":
        noise = spread * x_t + signal * value
    else:
        noise = {"noise": value, "score": -t * value, "x0": (x_t - (1 - t) * value) / t}[source]
    x0 = (x_t - t * noise) / (1 - t)
    return {"noise": noise, "score": -noise / t, "velocity": signal * noise - spread * x0, "x0": x0}[target]


@misconception("convert_prediction", hint="On the straight path the noise's standard deviation is t, so the score is the noise over minus t.")
def score_sign(value, x_t, t, source, target):
    return _by_noise(value, x_t, t, source, target, lambda t: -t)


@misconception(
    "convert_prediction",
    hint="The noise scale of this path is t, and score = -eps / scale.",
)
def score_t2(value, x_t, t, source, target):
    return _by_noise(value, x_t, t, source, target, lambda t: t**2)


def _by_noise(value, x_t, t, source, target, scale):
    """The right conversions, but with minus noise over `scale(t)` as the score."""
    names = ("noise", "score", "velocity", "x0")
    if source not in names or target not in names or bool(((t <= 0) | (t >= 1)).any()):
        raise ValueError("bad argument")
    if source == target:
        return value
    t = _trailing(t, x_t)
    noise = {
        "noise": value,
        "score": -scale(t) * value,
        "velocity": x_t + (1 - t) * value,
        "x0": (x_t - (1 - t) * value) / t,
    }[source]
    velocity = (noise - x_t) / (1 - t)
    x0 = x_t - t * velocity
    return {"noise": noise, "score": -noise / scale(t), "velocity": velocity, "x0": x0}[target]


@misconception("convert_prediction", hint="eps = x_t + (1-t) v, x0 = x_t - t v.")
def v_sign(value, x_t, t, source, target):
    names = ("noise", "score", "velocity", "x0")
    if source not in names or target not in names or bool(((t <= 0) | (t >= 1)).any()):
        raise ValueError("bad argument")
    if source == target:
        return value
    t = _trailing(t, x_t)
    noise = {
        "noise": value,
        "score": -t * value,
        "velocity": x_t - (1 - t) * value,
        "x0": (x_t - (1 - t) * value) / t,
    }[source]
    velocity = (x_t - noise) / (1 - t)
    return {"noise": noise, "score": -noise / t, "velocity": velocity, "x0": x_t + t * velocity}[target]


edit(
    "convert_prediction",
    "swaps_the_ends",
    "t = _trailing(t, x_t)",
    "t = 1 - _trailing(t, x_t)",
    hint="At time t the data lie t behind you and the noise 1 - t ahead, not the other way round.",
)
edit(
    "convert_prediction",
    "accepts_the_ends",
    "if bool(((t <= 0) | (t >= 1)).any()):",
    "if bool(((t < 0) | (t > 1)).any()):",
    hint="At t = 0 the noise and at t = 1 the data leave no trace in x_t: both ends must be refused.",
)

# ---------------------------------------------------------------- straightness

edit(
    "straightness",
    "inverse",
    "chord / arc,",
    "arc / chord,",
    hint="Chord over arc: 1 is straight, less is curved.",
)
edit(
    "straightness",
    "mean_step",
    ".sum(dim=0)",
    ".mean(dim=0)",
    hint="The arc is the SUM of all steps.",
)


@misconception(
    "straightness",
    hint="An S-bend begins and ends in the same direction and is not straight.",
)
def cosine_first_last(traj):
    steps = traj.diff(dim=0)
    still = steps.norm(dim=-1).sum(dim=0) == 0
    return torch.where(still, 1.0, F.cosine_similarity(steps[0], steps[-1], dim=-1)).to(traj.dtype)


edit(
    "straightness",
    "nan_at_rest",
    "torch.where(arc > 0, chord / arc, torch.ones_like(arc))",
    "chord / arc",
    hint="A point that does not move counts as straight (1).",
)
edit(
    "straightness",
    "rest_is_bent",
    "torch.ones_like(arc)",
    "torch.zeros_like(arc)",
    hint="A point that does not move took no detour: it counts as straight (1), not as a loop (0).",
)

# ---------------------------------------------------------------- marginal_velocity

edit(
    "marginal_velocity",
    "uniform",
    "torch.softmax(-(offset**2).sum(dim=-1) / (2 * t**2), dim=1)",
    "torch.full_like(offset[..., 0], 1 / len(data))",
    hint="Data points whose line passes near x count more.",
)
edit(
    "marginal_velocity",
    "nearest",
    "torch.softmax(-(offset**2).sum(dim=-1) / (2 * t**2), dim=1)",
    "F.one_hot((offset**2).sum(dim=-1).argmin(dim=1), len(data)).to(x)",
    hint="Several lines cross at x: average them with posterior weights - that is where the bend comes from.",
)
edit(
    "marginal_velocity",
    "unscaled_data",
    "(1 - t) * data",
    "data",
    hint="On the way the data point has moved to (1-t) x_j.",
)
edit(
    "marginal_velocity",
    "std_not_var",
    "(2 * t**2)",
    "(2 * t)",
    hint="The spread of x_t around it is t, so the exponent divides by t^2.",
)
edit(
    "marginal_velocity",
    "no_half",
    "(2 * t**2)",
    "t**2",
    hint="A Gaussian's exponent is the squared distance over TWICE the variance.",
)
edit(
    "marginal_velocity",
    "softmax_over_places",
    "dim=1)",
    "dim=0)",
    hint="For each place the weights of the data add to 1: normalise over the data, not over the places.",
)
edit(
    "marginal_velocity",
    "overflows",
    "torch.softmax(-(offset**2).sum(dim=-1) / (2 * t**2), dim=1)",
    "torch.exp(-(offset**2).sum(dim=-1) / (2 * t**2))\n    weights /= weights.sum(dim=1, keepdim=True)",
    hint="For small t all exponentials vanish and you divide 0 by 0: subtract the largest exponent first.",
)

# ---------------------------------------------------------------- flow_velocity_from_vp

edit(
    "flow_velocity_from_vp",
    "no_rescale",
    "noise_fn(x / scale, alpha_bar)",
    "noise_fn(x, alpha_bar)",
    hint="The VP model expects variance-preserving inputs: rescale x so that squared weights sum to 1.",
)
edit(
    "flow_velocity_from_vp",
    "ab_is_one_minus_t",
    "((1 - t) / scale) ** 2",
    "1 - t",
    hint="Match the signal-to-noise ratio: alpha_bar = (1-t)^2 / ((1-t)^2 + t^2).",
)
edit(
    "flow_velocity_from_vp",
    "ab_squared_only",
    "((1 - t) / scale) ** 2",
    "(1 - t) ** 2",
    hint="(1-t)^2 and t^2 do not sum to 1: normalise.",
)
edit(
    "flow_velocity_from_vp",
    "returns_noise",
    "return (noise - x) / (1 - t)",
    "return noise",
    hint="Convert the noise prediction to a velocity.",
)
edit(
    "flow_velocity_from_vp",
    "velocity_at_the_wrong_place",
    "return (noise - x) / (1 - t)",
    "return (noise - x / scale) / (1 - t)",
    hint="The model is asked at the rescaled place, but the velocity belongs to x on the straight path.",
)
edit(
    "flow_velocity_from_vp",
    "alpha_bar_root",
    "((1 - t) / scale) ** 2",
    "(1 - t) / scale",
    hint="alpha_bar is the SQUARED weight of the data.",
)

# ---------------------------------------------------------------- which_lens

edit(
    "which_lens",
    "noise_by_bends",
    "(traj - traj[:1]).abs().max() > 1e-4",
    "straightness(traj[0]).min() <= 0.999",
    hint="A bend is not randomness. Start twice from the same point: same path?",
)
edit(
    "which_lens",
    "two_points_straight",
    "if traj.shape[1] == 2:",
    "if traj.shape[1] < 2:",
    hint="One jump and no path in between: teleport.",
)
edit(
    "which_lens",
    "mean_straightness",
    "straightness(traj[0]).min() > 0.999",
    "straightness(traj[0]).mean() > 0.999",
    hint="Most paths straight is not all paths straight.",
)
edit(
    "which_lens",
    "compares_ends_only",
    "(traj - traj[:1]).abs().max()",
    "(traj - traj[:1])[:, -1].abs().max()",
    hint="Runs may part on the way and meet again: compare all recorded places, not the ends alone.",
)


@misconception(
    "which_lens",
    hint="The first sign that holds wins: a record of two places is a jump, even where the runs differ.",
)
def noise_before_jump(traj):
    if bool((traj - traj[:1]).abs().max() > 1e-4):
        return "sde"
    if traj.shape[1] == 2:
        return "consistency"
    return "flow" if bool(straightness(traj[0]).min() > 0.999) else "pf_ode"


# ---------------------------------------------------------------- steps_needed

edit(
    "steps_needed",
    "vs_one_step",
    "euler_sample(velocity_fn, x1, 512)",
    "euler_sample(velocity_fn, x1, 1)",
    hint="Compare with the finest solution, 512 steps.",
)
edit(
    "steps_needed",
    "mean_error",
    ".norm(dim=-1).max()",
    ".norm(dim=-1).mean()",
    hint="The WORST trajectory must be within tol.",
)
edit(
    "steps_needed",
    "one_too_many",
    "return n_steps",
    "return 2 * n_steps",
    hint="The first n that is good enough is the answer.",
)
edit(
    "steps_needed",
    "per_coordinate",
    ".norm(dim=-1).max()",
    ".abs().max()",
    hint="The distance is Euclidean: coordinates add up before the largest is taken.",
)
edit(
    "steps_needed",
    "gives_up_quietly",
    'raise ValueError(f"more than 256 steps are needed for a tolerance of {tol}")',
    "return 256",
    hint="If 256 steps are not good enough, say so with a ValueError: 256 would be a wrong answer.",
)


@misconception(
    "steps_needed",
    hint="Two coarse solutions can agree and both be wrong: compare with 512 steps, not with the next finer.",
)
def vs_twice_as_many(velocity_fn, x1, tol):
    for n_steps in [2**k for k in range(9)]:
        end, finer = (euler_sample(velocity_fn, x1, n)[-1] for n in (n_steps, 2 * n_steps))
        if bool((end - finer).norm(dim=-1).max() <= tol):
            return n_steps
    raise ValueError("too many")


# ---------------------------------------------------------------- reflow_pairs

edit(
    "reflow_pairs",
    "shuffled_noise",
    '"eps": eps}',
    '"eps": eps[torch.randperm(len(eps))]}',
    hint="Each noise keeps the sample IT became; that alignment is what straightens.",
)
edit(
    "reflow_pairs",
    "swapped",
    '{"x0": x0, "eps": eps}',
    '{"x0": eps, "eps": x0}',
    hint="eps is the start (t=1), x0 where it arrived.",
)
edit(
    "reflow_pairs",
    "fresh_noise",
    '"eps": eps}',
    '"eps": torch.randn_like(eps)}',
    hint="Random pairs are the first round's training again.",
)
edit(
    "reflow_pairs",
    "one_step",
    "euler_sample(velocity_fn, eps, n_steps)",
    "euler_sample(velocity_fn, eps, 1)",
    hint="Follow the teacher's path with all n_steps.",
)
edit(
    "reflow_pairs",
    "keeps_the_graph",
    "with torch.no_grad():",
    "with torch.enable_grad():",
    hint="The pairs are data for the next training: cut them off from the teacher's graph.",
)

# ---------------------------------------------------------------- train_flow


def _train(draw, dim, steps, target=lambda x0, eps: eps - x0, shown=lambda t: t):
    """Training as in the solution, with another target or another time shown to the network."""
    network = mlp(dim + 1, dim)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=max(steps, 1))

    def field(x, t):
        return network(torch.cat([x, shown(t)[:, None]], dim=-1))

    for _ in range(steps):
        x0, eps = draw()
        t = torch.rand(len(x0))
        x_t = (1 - t[:, None]) * x0 + t[:, None] * eps
        loss = F.mse_loss(field(x_t, t), target(x0, eps))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return field


edit(
    "train_flow",
    "untrained",
    "data.shape[1], steps)",
    "data.shape[1], 0)",
    hint="The field that you returned answers like one that was never trained: is every update taken on the network that you return?",
)
edit(
    "train_flow",
    "time_reversed",
    "return x0, torch.randn_like(x0)",
    "return torch.randn_like(x0), x0",
    hint="Your time runs the other way: here the data are at t = 0 and the noise at t = 1.",
)


@misconception(
    "train_flow",
    hint="The model predicts eps, but the sampler drives with its output as a velocity.",
)
def noise_target(data, steps, seed):
    torch.manual_seed(seed)

    def draw():
        x0 = data[torch.randint(len(data), (512,))]
        return x0, torch.randn_like(x0)

    return _train(draw, data.shape[1], steps, target=lambda x0, eps: eps)


@misconception("train_flow", hint="The velocity field depends on t.")
def t_frozen(data, steps, seed):
    torch.manual_seed(seed)

    def draw():
        x0 = data[torch.randint(len(data), (512,))]
        return x0, torch.randn_like(x0)

    return _train(draw, data.shape[1], steps, shown=torch.zeros_like)


# ---------------------------------------------------------------- train_reflow

edit(
    "train_reflow",
    "no_reflow",
    "return _fit(draw, dim, steps)",
    "return velocity_fn",
    hint="One-step samples are as poor as before: the second round of training is missing.",
)
edit(
    "train_reflow",
    "shuffled_pairs",
    'pairs["eps"][chosen]',
    'pairs["eps"][torch.randint(4096, (512,))]',
    hint="Random pairs cross, and crossing lines bend the marginal paths again: keep each pair aligned.",
)
edit(
    "train_reflow",
    "one_step_teacher",
    "torch.randn(4096, dim), 50)",
    "torch.randn(4096, dim), 1)",
    hint="The teacher must walk its curved road properly before the ruler can retrace it.",
)
edit(
    "train_reflow",
    "swapped",
    'return pairs["x0"][chosen], pairs["eps"][chosen]',
    'return pairs["eps"][chosen], pairs["x0"][chosen]',
    hint="x0 is where the first flow took the noise, eps the noise that it started from; yours are exchanged.",
)
