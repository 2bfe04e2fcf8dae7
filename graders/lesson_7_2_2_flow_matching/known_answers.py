"""Known right and wrong answers to lesson 7.2.2."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from blindgrade.known_answers import exercise, fails, right, wrong


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


def _train(draw, dim, steps, target=lambda x0, eps: eps - x0, shown=lambda t: t, lr=3e-3):
    """Training as in the solution, with another target, another time shown to the network or another rate."""
    network = mlp(dim + 1, dim)
    optimizer = torch.optim.Adam(network.parameters(), lr=lr)
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


class _TimeNet(nn.Module):
    """A plain network with sines of the time, as students write it without help."""

    def __init__(self, dim):
        super().__init__()
        self.inner = nn.Linear(dim + 5, 96)
        self.middle = nn.Linear(96, 96)
        self.outer = nn.Linear(96, dim)

    def forward(self, x, t):
        angle = t[:, None] * math.pi
        waves = [angle.sin(), angle.cos(), (2 * angle).sin(), (2 * angle).cos()]
        features = torch.cat([x, t[:, None], *waves], dim=1)
        hidden = F.gelu(self.inner(features))
        return self.outer(F.gelu(self.middle(hidden)))


def _train_time_net(draw, dim, steps, generator):
    net = _TimeNet(dim)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    for _ in range(steps):
        x0, eps = draw()
        t = torch.rand(len(x0), generator=generator)
        x_t = x0 + t[:, None] * (eps - x0)
        loss = ((net(x_t, t) - (eps - x0)) ** 2).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


exercise("interpolate")
wrong("time_reversed", "(1 - t) * x0 + t * eps", "t * x0 + (1 - t) * eps",
      hint="Here t = 0 is DATA and t = 1 is noise (other libraries run the other way).")
wrong("vp_square_roots", "(1 - t) * x0 + t * eps", "(1 - t).sqrt() * x0 + t.sqrt() * eps",
      hint="Straight line: plain weights (1-t) and t; square roots are diffusion's curve.")
wrong("adds_noise_only", "(1 - t) * x0 + t * eps", "x0 + t * eps",
      hint="Your data keep their full weight: as the noise fades in, the data's weight falls from 1 to 0.")
wrong("broadcast_last_dim", "t = _trailing(t, x0)", "t = 1 * t", hint="t is per sample: give it trailing axes.")
wrong("clamps_time", 'raise ValueError("t must lie in [0, 1]")', "t = t.clamp(0, 1)",
      hint="Refuse a time off the road instead of moving it: a silent repair hides the caller's mistake.")


@right
def by_lerp(x0, eps, t):
    if t.min() < 0 or t.max() > 1:
        raise ValueError("t is off the road")
    weight = t.view(-1, *[1] * (x0.dim() - 1)) if t.dim() else t
    return torch.lerp(x0, eps, weight.expand_as(x0))


@right
def sample_by_sample(x0, eps, t):
    if not all(0 <= float(one) <= 1 for one in t.reshape(-1)):
        raise ValueError("t is off the road")
    if t.ndim == 0:
        t = t.repeat(len(x0))
    return torch.stack([data + time * (noise - data) for data, noise, time in zip(x0, eps, t, strict=True)])


@right
def by_einsum(x0, eps, t):
    if ((t < 0) + (t > 1)).any():
        raise ValueError("t is off the road")
    t = t.expand(x0.shape[0])
    return torch.einsum("b...,b->b...", x0, 1 - t) + torch.einsum("b...,b->b...", eps, t)


exercise("velocity_target")
wrong("sign", "return eps - x0", "return x0 - eps", hint="d/dt of (1-t) x0 + t eps. At t=1 you must ARRIVE at eps.")
wrong("noise_only", "return eps - x0", "return eps.clone()",
      hint="That is the noise target. The velocity also leaves x0 behind.")
wrong("midpoint", "return eps - x0", "return (eps + x0) / 2",
      hint="That is a place on the road, not the speed along it.")
wrong("unit_speed", "return eps - x0", "return F.normalize(eps - x0, dim=-1)",
      hint="The speed is the whole distance per unit of t: do not normalise it.")
wrong("broadcasts_silently", "if x0.shape != eps.shape:", "if x0.ndim != eps.ndim:",
      hint="Each data element needs its own noise: compare the whole shapes, or broadcasting shares one noise.")


@right
def by_sub(x0, eps):
    if tuple(x0.size()) != tuple(eps.size()):
        raise ValueError("shapes differ")
    return torch.sub(eps, x0)


@right
def by_derivative(x0, eps):
    if x0.shape != eps.shape:
        raise ValueError("shapes differ")
    t = torch.zeros((), dtype=x0.dtype)
    return torch.func.jvp(lambda t: (1 - t) * x0 + t * eps, (t,), (torch.ones_like(t),))[1]


exercise("path_velocity")


@wrong(hint="eps - x0 is the derivative of the STRAIGHT path only. Design the path, then differentiate it.")
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


wrong("no_chain_factor", "-math.pi / 2 * torch.sin(angle), math.pi / 2 * torch.cos(angle)", "-torch.sin(angle), torch.cos(angle)",
      hint="Chain rule: the inner derivative pi/2.")
wrong("quadratic_missing_2", "-2 * t, 2 * t", "-t, t",
      hint="On the quadratic road the speed changes on the way: differentiate the weights, d(t^2)/dt = 2t.")
wrong("same_sign", "-math.pi / 2 * torch.sin(angle)", "math.pi / 2 * torch.sin(angle)",
      hint="The derivative of cos is -sin.")
wrong("square_of_one_minus_t", "a, b = 1 - t**2, t**2\n        a_rate, b_rate = -2 * t, 2 * t", "a, b = (1 - t) ** 2, t**2\n        a_rate, b_rate = -2 * (1 - t), 2 * t",
      hint="The first weight of the quadratic path is one minus the square of t, not the square of 1 - t.")
wrong("broadcast_last_dim", "t = _trailing(t, x0)", "t = 1 * t", hint="t is per sample: give it trailing axes.")


@right
def by_jvp(path, x0, eps, t):
    ways = {
        "linear": lambda t: (1 - t, t),
        "cosine": lambda t: (torch.cos(t * torch.pi / 2), torch.sin(t * torch.pi / 2)),
        "quadratic": lambda t: (1 - t * t, t * t),
    }
    if path not in ways:
        raise ValueError(path)

    def place(t):
        a, b = ways[path](t[(...,) + (None,) * (x0.ndim - 1)])
        return a * x0 + b * eps

    each = t.expand(len(x0)).clone()
    x_t, velocity = torch.func.jvp(place, (each,), (torch.ones_like(each),))
    return {"x_t": x_t, "velocity": velocity}


@right
def in_float64(path, x0, eps, t):
    time = t.double().reshape(t.shape + (1,) * (x0.ndim - t.ndim))
    quarter = 0.5 * math.pi
    if path == "linear":
        weights = (1 - time, time, time * 0 - 1, time * 0 + 1)
    elif path == "cosine":
        weights = (
            (quarter * time).cos(),
            (quarter * time).sin(),
            -quarter * (quarter * time).sin(),
            quarter * (quarter * time).cos(),
        )
    elif path == "quadratic":
        weights = (1 - time.square(), time.square(), -2 * time, 2 * time)
    else:
        raise ValueError(f"no such path: {path}")
    a, b, da, db = weights
    x, e = x0.double(), eps.double()
    return {"velocity": (da * x + db * e).to(x0.dtype), "x_t": (a * x + b * e).to(x0.dtype)}


exercise("cfm_loss")
wrong("noise_target", "velocity_target(x0, eps)", "eps", hint="Velocity prediction: the target is eps - x0.")
wrong("model_sees_x0", "model(x_t, t)", "model(x0, t)", hint="The model sees the place on the road, x_t.")
wrong("sum", "velocity_target(x0, eps))", 'velocity_target(x0, eps), reduction="sum")',
      hint="The loss is the mean over all B times D numbers; a sum grows with the batch.")
wrong("l1", "F.mse_loss(", "F.l1_loss(",
      hint="You measured the absolute error; the loss is the squared one, whose best answer is the mean of the targets.")
wrong("detached", "model(x_t, t)", "model(x_t, t).detach().requires_grad_()",
      hint="The value is right, but no gradient reaches the model's parameters: nothing would be learnt.")
wrong("time_reversed", "model(x_t, t)", "model(x_t, 1 - t)",
      hint="Tell the model the time at which x_t lies on the road: 0 is data, 1 is noise.")
wrong("mean_over_batch_only", "velocity_target(x0, eps))", "velocity_target(x0, eps)) * x0.shape[1]",
      hint="Mean over all B times D elements, not over the samples alone.")


@right
def written_out(model, x0, eps, t):
    time = t[:, None]
    prediction = model((1 - time) * x0 + time * eps, t)
    return (prediction + x0 - eps).pow(2).mean()


@right
def by_inner_product(model, x0, eps, t):
    error = (model(torch.lerp(x0, eps, t.unsqueeze(1)), t) - (eps - x0)).flatten()
    return torch.dot(error, error) / error.numel()


exercise("euler_sample")
wrong("plus", "path.append(path[-1] - ", "path.append(path[-1] + ",
      hint="v points from data to noise; sampling drives against it.")
wrong("forward_time", "1 - k / n_steps", "k / n_steps",
      hint="You began at t = 0, where the data are: the drive starts from noise, at t = 1.")
wrong("end_t", "1 - k / n_steps", "1 - (k + 1) / n_steps",
      hint="Euler uses the velocity where the step begins (and t = 0 may be singular).")
wrong("step_size", "velocity_fn(path[-1], t) / n_steps", "velocity_fn(path[-1], t)",
      hint="The n steps together go from 1 to 0, so each of them is 1/n long.")
wrong("one_step_too_many", "velocity_fn(path[-1], t) / n_steps", "velocity_fn(path[-1], t) / (n_steps + 1)",
      hint="A grid of n + 1 times has n steps, so each of them is 1/n long.")
wrong("stale_place", "velocity_fn(path[-1], t)", "velocity_fn(x1, t)",
      hint="Read the velocity where you are now, not where you started.")
wrong("without_start", "torch.stack(path)", "torch.stack(path[1:])",
      hint="Row 0 is the noise you start from: n steps pass n + 1 places.")
wrong("time_not_per_sample", "x1.new_full((x1.shape[0],), 1 - k / n_steps)", "x1.new_tensor(1 - k / n_steps)",
      hint="The velocity function wants one time for each sample: a tensor [N].")


@right
def into_an_empty_tensor(velocity_fn, x1, n_steps):
    if n_steps <= 0:
        raise ValueError("no steps")
    path = torch.empty(n_steps + 1, *x1.shape, dtype=x1.dtype)
    path[0] = x1
    times = torch.linspace(1, 0, n_steps + 1, dtype=x1.dtype)
    with torch.no_grad():
        for k in range(n_steps):
            step = times[k + 1] - times[k]
            path[k + 1] = path[k] + step * velocity_fn(path[k].clone(), times[k].expand(len(x1)))
    return path


@right
def by_accumulate(velocity_fn, x1, n_steps):
    from itertools import accumulate

    if n_steps < 1:
        raise ValueError("no steps")

    def step(x, k):
        t = torch.full(x.shape[:1], (n_steps - k) / n_steps, dtype=x.dtype)
        return x - (1 / n_steps) * velocity_fn(x, t)

    return torch.stack(list(accumulate(range(n_steps), step, initial=x1)))


exercise("convert_prediction")


@wrong(hint="That is the v of the VP circle (Salimans & Ho); here v = eps - x0.")
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


@wrong(hint="On the straight path the noise's standard deviation is t, so the score is the noise over minus t.")
def score_sign(value, x_t, t, source, target):
    return _by_noise(value, x_t, t, source, target, lambda t: -t)


@wrong(hint="The noise scale of this path is t, and score = -eps / scale.")
def score_t2(value, x_t, t, source, target):
    return _by_noise(value, x_t, t, source, target, lambda t: t**2)


@wrong(hint="eps = x_t + (1-t) v, x0 = x_t - t v.")
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


wrong("swaps_the_ends", "t = _trailing(t, x_t)", "t = 1 - _trailing(t, x_t)",
      hint="At time t the data lie t behind you and the noise 1 - t ahead, not the other way round.")
wrong("accepts_the_ends", "if bool(((t <= 0) | (t >= 1)).any()):", "if bool(((t < 0) | (t > 1)).any()):",
      hint="At t = 0 the noise and at t = 1 the data leave no trace in x_t: both ends must be refused.")


@right
def by_noise(value, x_t, t, source, target):
    if {source, target} - {"noise", "score", "velocity", "x0"}:
        raise ValueError("unknown name")
    if t.min() <= 0 or t.max() >= 1:
        raise ValueError("t")
    if source == target:
        return value.clone()
    s = t.view(*t.shape, *[1] * (x_t.dim() - t.dim()))
    eps = {
        "noise": lambda: value,
        "score": lambda: -s * value,
        "velocity": lambda: x_t + (1 - s) * value,
        "x0": lambda: (x_t - (1 - s) * value) / s,
    }[source]()
    return {
        "noise": lambda: eps,
        "score": lambda: -eps / s,
        "velocity": lambda: (eps - x_t) / (1 - s),
        "x0": lambda: (x_t - s * eps) / (1 - s),
    }[target]()


@right
def by_data_and_noise(value, x_t, t, source, target):
    if bool((t <= 0).any()) or bool((t >= 1).any()):
        raise ValueError("t")
    time = t if t.ndim == 0 else t[(slice(None),) + (None,) * (x_t.ndim - 1)]
    if source == "x0":
        data, noise = value, (x_t - (1 - time) * value) / time
    elif source == "velocity":
        data, noise = x_t - time * value, x_t + (1 - time) * value
    elif source in ("noise", "score"):
        noise = value if source == "noise" else -time * value
        data = (x_t - time * noise) / (1 - time)
    else:
        raise ValueError(source)
    if target == "x0":
        return data
    if target == "noise":
        return noise
    if target == "velocity":
        return noise - data
    if target == "score":
        return ((1 - time) * data - x_t) / time**2
    raise ValueError(target)


@right
def by_a_linear_system(value, x_t, t, source, target):
    rows = {"noise": (0.0, 1.0), "score": None, "velocity": (-1.0, 1.0), "x0": (1.0, 0.0)}
    if source not in rows or target not in rows or not bool(((t > 0) & (t < 1)).all()):
        raise ValueError("bad argument")
    s = (t.reshape(-1, *[1] * (x_t.ndim - 1)) if t.ndim else t).expand_as(x_t)
    zero = torch.zeros_like(s)
    a, b = (zero, -1 / s) if source == "score" else (zero + rows[source][0], zero + rows[source][1])
    # (1-s) data + s noise = x_t and a data + b noise = value, by Cramer's rule.
    determinant = (1 - s) * b - s * a
    data, noise = (x_t * b - s * value) / determinant, ((1 - s) * value - a * x_t) / determinant
    c, d = (zero, -1 / s) if target == "score" else (zero + rows[target][0], zero + rows[target][1])
    return c * data + d * noise


exercise("straightness")
wrong("inverse", "chord / arc,", "arc / chord,", hint="Chord over arc: 1 is straight, less is curved.")
wrong("mean_step", ".sum(dim=0)", ".mean(dim=0)", hint="The arc is the SUM of all steps.")


@wrong(hint="An S-bend begins and ends in the same direction and is not straight.")
def cosine_first_last(traj):
    steps = traj.diff(dim=0)
    still = steps.norm(dim=-1).sum(dim=0) == 0
    return torch.where(still, 1.0, F.cosine_similarity(steps[0], steps[-1], dim=-1)).to(traj.dtype)


wrong("nan_at_rest", "torch.where(arc > 0, chord / arc, torch.ones_like(arc))", "chord / arc",
      hint="A point that does not move counts as straight (1).")
wrong("rest_is_bent", "torch.ones_like(arc)", "torch.zeros_like(arc)",
      hint="A point that does not move took no detour: it counts as straight (1), not as a loop (0).")


@right
def sample_by_sample(traj):
    ratios = []
    for path in traj.unbind(dim=1):
        arc = sum(torch.dist(a, b) for a, b in zip(path[:-1], path[1:], strict=True))
        ratios.append(torch.dist(path[0], path[-1]) / arc if arc > 0 else torch.ones_like(arc))
    return torch.stack(ratios)


@right
def filling_nan(traj):
    steps = traj[1:] - traj[:-1]
    arc = steps.square().sum(-1).sqrt().sum(0)
    return (steps.sum(0).square().sum(-1).sqrt() / arc).nan_to_num(nan=1.0)


exercise("marginal_velocity")
wrong("uniform", "torch.softmax(-(offset**2).sum(dim=-1) / (2 * t**2), dim=1)", "torch.full_like(offset[..., 0], 1 / len(data))",
      hint="Data points whose line passes near x count more.")
wrong("nearest", "torch.softmax(-(offset**2).sum(dim=-1) / (2 * t**2), dim=1)", "F.one_hot((offset**2).sum(dim=-1).argmin(dim=1), len(data)).to(x)",
      hint="Several lines cross at x: average them with posterior weights - that is where the bend comes from.")
wrong("unscaled_data", "(1 - t) * data", "data", hint="On the way the data point has moved to (1-t) x_j.")
wrong("std_not_var", "(2 * t**2)", "(2 * t)", hint="The spread of x_t around it is t, so the exponent divides by t^2.")
wrong("no_half", "(2 * t**2)", "t**2", hint="A Gaussian's exponent is the squared distance over TWICE the variance.")
wrong("softmax_over_places", "dim=1)", "dim=0)",
      hint="For each place the weights of the data add to 1: normalise over the data, not over the places.")
wrong("overflows", "torch.softmax(-(offset**2).sum(dim=-1) / (2 * t**2), dim=1)", "torch.exp(-(offset**2).sum(dim=-1) / (2 * t**2))\n    weights /= weights.sum(dim=1, keepdim=True)",
      hint="For small t all exponentials vanish and you divide 0 by 0: subtract the largest exponent first.")


@right
def by_mean_of_conditionals(x, t, data):
    if t <= 0 or t > 1:
        raise ValueError("t")
    velocities = (x[:, None, :] - data[None]) / t
    logits = -0.5 * torch.cdist(x, (1 - t) * data, compute_mode="donot_use_mm_for_euclid_dist") ** 2 / t**2
    shares = (logits - torch.logsumexp(logits, dim=1, keepdim=True)).exp()
    return torch.einsum("nm,nmd->nd", shares, velocities)


@right
def by_score(x, t, data):
    if not 0 < t <= 1:
        raise ValueError("t")
    if t == 1:
        return x - data.mean(dim=0)
    place = x.detach().double().requires_grad_(True)
    centres = (1 - t) * data.double()
    with torch.enable_grad():
        log_density = torch.logsumexp(-((place[:, None] - centres) ** 2).sum(-1) / (2 * t * t), dim=1)
        score = torch.autograd.grad(log_density.sum(), place)[0]
    return (-(x.double() + t * score) / (1 - t)).to(x.dtype)


@right
def place_by_place(x, t, data):
    if t <= 0 or t > 1:
        raise ValueError("t")
    rows = []
    for place in x:
        exponents = -((place - (1 - t) * data) ** 2).sum(dim=1) / (2 * t * t)
        weights = torch.exp(exponents - exponents.max())
        rows.append((place - (weights[:, None] * data).sum(dim=0) / weights.sum()) / t)
    return torch.stack(rows)


exercise("flow_velocity_from_vp")
wrong("no_rescale", "noise_fn(x / scale, alpha_bar)", "noise_fn(x, alpha_bar)",
      hint="The VP model expects variance-preserving inputs: rescale x so that squared weights sum to 1.")
wrong("ab_is_one_minus_t", "((1 - t) / scale) ** 2", "1 - t",
      hint="Match the signal-to-noise ratio: alpha_bar = (1-t)^2 / ((1-t)^2 + t^2).")
wrong("ab_squared_only", "((1 - t) / scale) ** 2", "(1 - t) ** 2", hint="(1-t)^2 and t^2 do not sum to 1: normalise.")
wrong("returns_noise", "return (noise - x) / (1 - t)", "return noise",
      hint="Convert the noise prediction to a velocity.")
wrong("velocity_at_the_wrong_place", "return (noise - x) / (1 - t)", "return (noise - x / scale) / (1 - t)",
      hint="The model is asked at the rescaled place, but the velocity belongs to x on the straight path.")
wrong("alpha_bar_root", "((1 - t) / scale) ** 2", "(1 - t) / scale",
      hint="alpha_bar is the SQUARED weight of the data.")


@right
def by_signal_to_noise(noise_fn, x, t):
    if t < 0 or t >= 1:
        raise ValueError("t")
    alpha_bar = 1 / (1 + (t / (1 - t)) ** 2)
    stretch = math.sqrt(alpha_bar) / (1 - t)
    eps = noise_fn(x * stretch, torch.full((len(x),), alpha_bar, dtype=x.dtype))
    return eps - (x - t * eps) / (1 - t)


@right
def with_tensors(noise_fn, x, t):
    if not (t >= 0 and t < 1):
        raise ValueError("t")
    time = torch.full(x.shape[:1], t, dtype=torch.float64)
    length = torch.hypot(1 - time, time)
    alpha_bar = ((1 - time) ** 2 / length**2).to(x.dtype)
    return (noise_fn(x / length.to(x.dtype).unsqueeze(1), alpha_bar) - x) / (1 - t)


exercise("which_lens")
wrong("noise_by_bends", "(traj - traj[:1]).abs().max() > 1e-4", "straightness(traj[0]).min() <= 0.999",
      hint="A bend is not randomness. Start twice from the same point: same path?")
wrong("two_points_straight", "if traj.shape[1] == 2:", "if traj.shape[1] < 2:",
      hint="One jump and no path in between: teleport.")
wrong("mean_straightness", "straightness(traj[0]).min() > 0.999", "straightness(traj[0]).mean() > 0.999",
      hint="Most paths straight is not all paths straight.")
wrong("compares_ends_only", "(traj - traj[:1]).abs().max()", "(traj - traj[:1])[:, -1].abs().max()",
      hint="Runs may part on the way and meet again: compare all recorded places, not the ends alone.")


@wrong(hint="The first sign that holds wins: a record of two places is a jump, even where the runs differ.")
def noise_before_jump(traj):
    if bool((traj - traj[:1]).abs().max() > 1e-4):
        return "sde"
    if traj.shape[1] == 2:
        return "consistency"
    return "flow" if bool(straightness(traj[0]).min() > 0.999) else "pf_ode"


@right
def with_loops(traj):
    runs, times, samples, _ = traj.shape
    if times == 2:
        return "consistency"
    for run in range(1, runs):
        if (traj[run] - traj[0]).abs().amax() > 1e-4:
            return "sde"
    for n in range(samples):
        path = traj[0, :, n]
        arc = (path[1:] - path[:-1]).norm(dim=1).sum()
        if arc > 0 and (path[-1] - path[0]).norm() / arc <= 0.999:
            return "pf_ode"
    return "flow"


@right
def by_all(traj):
    if traj.size(1) == 2:
        return "consistency"
    if not torch.all(torch.abs(traj - traj[0]) <= 1e-4):
        return "sde"
    return "flow" if torch.all(straightness(traj[0]) > 0.999) else "pf_ode"


exercise("steps_needed")
wrong("vs_one_step", "euler_sample(velocity_fn, x1, 512)", "euler_sample(velocity_fn, x1, 1)",
      hint="Compare with the finest solution, 512 steps.")
wrong("mean_error", ".norm(dim=-1).max()", ".norm(dim=-1).mean()", hint="The WORST trajectory must be within tol.")
wrong("one_too_many", "return n_steps", "return 2 * n_steps", hint="The first n that is good enough is the answer.")
wrong("per_coordinate", ".norm(dim=-1).max()", ".abs().max()",
      hint="The distance is Euclidean: coordinates add up before the largest is taken.")
wrong("gives_up_quietly", 'raise ValueError(f"more than 256 steps are needed for a tolerance of {tol}")', "return 256",
      hint="If 256 steps are not good enough, say so with a ValueError: 256 would be a wrong answer.")


@wrong(hint="Two coarse solutions can agree and both be wrong: compare with 512 steps, not with the next finer.")
def vs_twice_as_many(velocity_fn, x1, tol):
    for n_steps in [2**k for k in range(9)]:
        end, finer = (euler_sample(velocity_fn, x1, n)[-1] for n in (n_steps, 2 * n_steps))
        if bool((end - finer).norm(dim=-1).max() <= tol):
            return n_steps
    raise ValueError("too many")


@right
def with_its_own_euler(velocity_fn, x1, tol):
    def end(n):
        x = x1
        for k in range(n, 0, -1):
            x = x - velocity_fn(x, torch.full((len(x),), k / n, dtype=x.dtype)) / n
        return x

    finest, n = end(512), 1
    while n <= 256:
        if torch.linalg.vector_norm(end(n) - finest, dim=1).amax().item() <= tol:
            return n
        n *= 2
    raise ValueError("none is good enough")


@right
def all_at_once(velocity_fn, x1, tol):
    ends = {n: euler_sample(velocity_fn, x1, n)[-1] for n in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)}
    good = [n for n, end in ends.items() if n < 512 and ((end - ends[512]) ** 2).sum(1).sqrt().max() <= tol]
    if not good:
        raise ValueError("none is good enough")
    return min(good)


exercise("reflow_pairs")
wrong("shuffled_noise", '"eps": eps}', '"eps": eps[torch.randperm(len(eps))]}',
      hint="Each noise keeps the sample IT became; that alignment is what straightens.")
wrong("swapped", '{"x0": x0, "eps": eps}', '{"x0": eps, "eps": x0}',
      hint="eps is the start (t=1), x0 where it arrived.")
wrong("fresh_noise", '"eps": eps}', '"eps": torch.randn_like(eps)}',
      hint="Random pairs are the first round's training again.")
wrong("one_step", "euler_sample(velocity_fn, eps, n_steps)", "euler_sample(velocity_fn, eps, 1)",
      hint="Follow the teacher's path with all n_steps.")
wrong("keeps_the_graph", "with torch.no_grad():", "with torch.enable_grad():",
      hint="The pairs are data for the next training: cut them off from the teacher's graph.")


@right
def with_detach(velocity_fn, eps, n_steps):
    return {"eps": eps.clone(), "x0": euler_sample(velocity_fn, eps, n_steps)[-1].detach()}


@right
def with_its_own_loop(velocity_fn, eps, n_steps):
    with torch.inference_mode():
        x = eps.clone()
        for k in range(n_steps):
            x = x - velocity_fn(x, torch.ones(len(x), dtype=x.dtype) - k / n_steps) / n_steps
    return {"x0": x.clone(), "eps": eps}


exercise("train_flow")
wrong("untrained", "data.shape[1], steps)", "data.shape[1], 0)",
      hint="The field that you returned answers like one that was never trained: is every update taken on the network that you return?")
wrong("time_reversed", "return x0, torch.randn_like(x0)", "return torch.randn_like(x0), x0",
      hint="Your time runs the other way: here the data are at t = 0 and the noise at t = 1.")


@wrong(hint="The model predicts eps, but the sampler drives with its output as a velocity.")
def noise_target(data, steps, seed):
    torch.manual_seed(seed)

    def draw():
        x0 = data[torch.randint(len(data), (512,))]
        return x0, torch.randn_like(x0)

    return _train(draw, data.shape[1], steps, target=lambda x0, eps: eps)


@wrong(hint="The velocity field depends on t.")
def t_frozen(data, steps, seed):
    torch.manual_seed(seed)

    def draw():
        x0 = data[torch.randint(len(data), (512,))]
        return x0, torch.randn_like(x0)

    return _train(draw, data.shape[1], steps, shown=torch.zeros_like)


fails("too_few_steps", "data.shape[1], steps)", "data.shape[1], steps // 50)")
fails("one_point", "torch.randint(len(data), (512,))", "torch.zeros(512, dtype=torch.long)")


@fails
def small_rate(data, steps, seed):
    torch.manual_seed(seed)

    def draw():
        x0 = data[torch.randint(len(data), (512,))]
        return x0, torch.randn_like(x0)

    return _train(draw, data.shape[1], steps, lr=3e-5)


@fails
def large_rate(data, steps, seed):
    torch.manual_seed(seed)

    def draw():
        x0 = data[torch.randint(len(data), (512,))]
        return x0, torch.randn_like(x0)

    return _train(draw, data.shape[1], steps, lr=1.0)


@right
def without_decay(data, steps, seed):
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1)

    def draw():
        x0 = data[torch.randperm(len(data), generator=generator)[:256]]
        return x0, torch.randn(x0.shape, generator=generator)

    return _train_time_net(draw, 2, steps, generator)


@right
def small_and_slow(data, steps, seed):
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(steps):
        x0 = data[torch.randint(0, data.shape[0], (256,))]
        eps, t = torch.randn_like(x0), torch.rand(256, 1)
        loss = F.mse_loss(net(torch.cat([(1 - t) * x0 + t * eps, t], 1)), eps - x0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    @torch.no_grad()
    def field(x, t):
        return net(torch.cat([x, t[:, None]], 1))

    return field


exercise("train_reflow")
wrong("no_reflow", "return _fit(draw, dim, steps)", "return velocity_fn",
      hint="One-step samples are as poor as before: the second round of training is missing.")
wrong("shuffled_pairs", 'pairs["eps"][chosen]', 'pairs["eps"][torch.randint(4096, (512,))]',
      hint="Random pairs cross, and crossing lines bend the marginal paths again: keep each pair aligned.")
wrong("one_step_teacher", "torch.randn(4096, dim), 50)", "torch.randn(4096, dim), 1)",
      hint="The teacher must walk its curved road properly before the ruler can retrace it.")
wrong("swapped", 'return pairs["x0"][chosen], pairs["eps"][chosen]', 'return pairs["eps"][chosen], pairs["x0"][chosen]',
      hint="x0 is where the first flow took the noise, eps the noise that it started from; yours are exchanged.")
fails("too_few_steps", "_fit(draw, dim, steps)", "_fit(draw, dim, steps // 50)")
fails("one_pair", "torch.randn(4096, dim), 50)", "torch.randn(1, dim).repeat(4096, 1), 50)")
fails("no_training", "_fit(draw, dim, steps)", "_fit(draw, dim, 0)")


@right
def with_fewer_pairs(velocity_fn, dim, steps, seed):
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    eps = torch.randn(2048, dim, generator=generator)
    with torch.no_grad():
        x0 = eps.clone()
        for k in range(40):
            x0 -= velocity_fn(x0, torch.full((2048,), 1 - k / 40)) / 40

    def draw():
        chosen = torch.randperm(2048, generator=generator)[:256]
        return x0[chosen], eps[chosen]

    return _train_time_net(draw, dim, steps, generator)


@right
def with_new_pairs_now_and_then(velocity_fn, dim, steps, seed):
    torch.manual_seed(seed)
    updates = 0
    pairs = {}

    def draw():
        nonlocal updates, pairs
        if updates % 100 == 0:
            pairs = reflow_pairs(velocity_fn, torch.randn(2000, dim), 30)
        updates += 1
        chosen = torch.randint(2000, (400,))
        return pairs["x0"][chosen], pairs["eps"][chosen]

    return _fit(draw, dim, steps)
