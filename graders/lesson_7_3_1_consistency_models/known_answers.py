"""Known right and wrong answers to lesson 7.3.1."""

import math

import torch
from torch import nn

from blindgrade.known_answers import exercise, fails, right, wrong


def _columns(t, x):
    return t.view([-1] + [1] * (x.dim() - 1))


exercise("gaussian_consistency_function")
wrong("posterior_mean", "std / torch.sqrt(std**2 + t**2)", "std**2 / (std**2 + t**2)",
      hint="That is the denoiser E[x0|x_t], the average over all trajectories through this point. A consistency function follows one trajectory to its end: solve dx/dt = (x - D)/t for a Gaussian and look at how the distance to the mean scales.")
wrong("forgot_mean", "mean + (x - mean) * ratio[:, None]", "x * ratio[:, None]",
      hint="Trajectories contract towards the data mean, not the origin. Move to coordinates centred on the mean first.")
wrong("inverted_ratio", "std / torch.sqrt(std**2 + t**2)", "torch.sqrt(std**2 + t**2) / std",
      hint="Going to t=0 shrinks the noise; your map spreads points further. Which of the two widths belongs to t=0?")
wrong("widths_add", "torch.sqrt(std**2 + t**2)", "(std + t)",
      hint="Variances of independent parts add, standard deviations do not: the noisy law's width is a root of squares.")


@right
def in_units_of_the_width(x, t, mean, std):
    standing = (x.double() - mean.double()) / torch.hypot(t.double(), torch.full_like(t.double(), std)).unsqueeze(1)
    return (mean.double() + std * standing).to(x.dtype)


@right
def row_by_row(x, t, mean, std):
    rows = [mean + (row - mean) / math.sqrt(1 + (float(level) / std) ** 2) for row, level in zip(x, t, strict=True)]
    return torch.stack(rows)


exercise("euler_pf_ode")
wrong("no_divide_by_t", ") / t  #", ")  #",
      hint="The PF-ODE slope is (x - D)/t, not the noise estimate itself. Check: one step from t to 0 must give exactly D(x,t).")
wrong("wrong_sign", "x + (ts[i + 1] - ts[i]) * slope", "x - (ts[i + 1] - ts[i]) * slope",
      hint="t decreases, so the step t_next - t is already negative. Your samples move away from the data.")
wrong("slope_at_new_time", "t = ts[i]\n", "t = ts[i + 1].clamp_min(1e-3)\n",
      hint="Explicit Euler evaluates the slope where you stand (t_i), not where you are going.")
wrong("one_step_short", "for i in range(n_steps):", "for i in range(n_steps - 1):",
      hint="n steps have n + 1 levels, and the last step ends at 0. Your walk stops one step before the end.")


@right
def with_python_levels(denoiser, x, t_start, n_steps):
    if not n_steps >= 1:
        raise ValueError("at least one step")
    h = t_start / n_steps
    for i in range(n_steps):
        t = t_start - i * h
        x = x - h * (x - denoiser(x, torch.full((len(x),), t, dtype=x.dtype))) / t
    return x


@right
def as_interpolation(denoiser, x, t_start, n_steps):
    if n_steps <= 0:
        raise ValueError("at least one step")
    for i in range(n_steps):
        t = x.new_full((x.size(0),), t_start * (1 - i / n_steps))
        keep = (n_steps - i - 1) / (n_steps - i)  # t_next / t
        x = torch.lerp(denoiser(x, t), x, keep)
    return x


exercise("self_consistency_gap")
wrong("adjacent_only", "pair.amax(dim=(0, 1))", "(pair.diagonal(offset=1).amax(dim=-1) if len(times) > 1 else pair[0, 0])",
      hint="Small gaps between neighbours can add up to a large drift. Self-consistency is about every pair of points on the trajectory.")
wrong("inputs_not_outputs", "f(x, t.expand(x.shape[0]))", "x",
      hint="The points themselves differ along a trajectory. It is f's outputs that have to agree.")
wrong("mean_not_max", "pair.amax(dim=(0, 1))", "pair.mean(dim=(0, 1))",
      hint="An average hides one bad time. Report the worst pair.")
wrong("one_gap_for_all", "pair.amax(dim=(0, 1))", "pair.amax().expand(pair.shape[-1]).clone()",
      hint="Points of different trajectories never had to agree. Report one gap for each trajectory.")


@right
def by_cdist(f, trajectory, times):
    n, b, d = trajectory.shape
    ends = f(trajectory.reshape(n * b, d), times.repeat_interleave(b)).reshape(n, b, d).transpose(0, 1)
    distance = torch.cdist(ends, ends, compute_mode="donot_use_mm_for_euclid_dist")  # [B, N, N]
    return distance.flatten(1).max(dim=1).values


@right
def pair_by_pair(f, trajectory, times):
    gap = trajectory.new_zeros(trajectory.shape[1])
    ends = [f(x, times[n].repeat(len(x))) for n, x in enumerate(trajectory)]
    for i in range(len(ends)):
        for j in range(i):
            gap = torch.maximum(gap, torch.sqrt(((ends[i] - ends[j]) ** 2).sum(-1)))
    return gap


exercise("consistency_function")
wrong("edm_scalings", "((s - t_min) ** 2 + sigma_data**2)", "(s**2 + sigma_data**2)",
      hint="These are EDM's scalings: at t_min they do not give f(x,t_min)=x. Shift c_skip by t_min.")
wrong("c_out_not_zero", "sigma_data * (s - t_min)", "sigma_data * s",
      hint="At t=t_min the network must be switched off. What is your c_out there?")
wrong("no_parameterization", "c_skip * x + c_out * net(x, t)", "net(x, t)",
      hint="A free network can satisfy self-consistency by a constant. The boundary condition f(x,t_min)=x is what rules that out.")
wrong("shifted_everywhere", "torch.sqrt(s**2 + sigma_data**2)", "torch.sqrt((s - t_min) ** 2 + sigma_data**2)",
      hint="The root in c_out scales the noisy input's size, which t itself decides: t_min is not subtracted there.")


@right
def batch_axis_last(net, x, t, sigma_data=0.5, t_min=0.002):
    above = t - t_min
    c_skip = 1 / (1 + (above / sigma_data) ** 2)
    c_out = above / torch.sqrt(1 + (t / sigma_data) ** 2)
    return (c_skip * x.movedim(0, -1) + c_out * net(x, t).movedim(0, -1)).movedim(-1, 0)


@right
def by_einsum(net, x, t, sigma_data=0.5, t_min=0.002):
    variance = sigma_data * sigma_data
    c_skip = variance / ((t - t_min).square() + variance)
    c_out = (t - t_min) * sigma_data * torch.rsqrt(t.square() + variance)
    return torch.einsum("b,b...->b...", c_skip, x) + torch.einsum("b,b...->b...", c_out, net(x, t))


exercise("consistency_distillation_loss")
wrong("no_stop_gradient", "with torch.no_grad():", "if True:",
      hint="Gradient flows into the target, too. It stands nearer to the data and knows more: hold it still, so that it leads and is not pulled back.")
wrong("euler_teacher", "(lo - hi) * 0.5 * (d_hi + d_lo)", "(lo - hi) * d_hi",
      hint="That is a plain Euler step. The exercise asks for Heun: average the slopes at both ends.")
wrong("regress_to_data", "y = target(x_lo, t_lo)", "y = x0",
      hint="Regressing on x0 trains a denoiser (the mean of all trajectories). Compare with the target's output at the neighbouring point instead.")
wrong("same_time", "pred = student(x_hi, t_hi)", "pred = student(x_lo, t_lo)",
      hint="Both networks see the same point, so nothing ties adjacent points together. The student sees the noisier one.")
wrong("second_slope_over_t_hi", "teacher(x_euler, t_lo)) / lo", "teacher(x_euler, t_lo)) / hi",
      hint="The second slope is taken at the lower level: divide it by t_lo, as the first by t_hi.")


@right
def with_detach(student, target, teacher, x0, noise, t_hi, t_lo):
    hi, lo = _columns(t_hi, x0), _columns(t_lo, x0)
    x_hi = x0 + hi * noise
    first = (x_hi - teacher(x_hi, t_hi).detach()) / hi
    guess = x_hi - (hi - lo) * first
    second = (guess - teacher(guess, t_lo).detach()) / lo
    x_lo = (x_hi - (hi - lo) * (first + second) / 2).detach()
    return torch.nn.functional.mse_loss(student(x_hi, t_hi), target(x_lo, t_lo).detach())


@right
def through_the_score(student, target, teacher, x0, noise, t_hi, t_lo):
    def drift(x, t):
        level = _columns(t, x)
        return -level * ((teacher(x, t) - x) / level**2)

    with torch.no_grad():
        start = x0 + _columns(t_hi, x0) * noise
        step = _columns(t_lo - t_hi, x0)
        k1 = drift(start, t_hi)
        k2 = drift(start + step * k1, t_lo)
        wanted = target(start + step * (k1 + k2) / 2, t_lo)
    return (student(start, t_hi) - wanted).square().sum() / x0.numel()


exercise("ema_update")
wrong("swapped_decay", "p_t.mul_(decay).add_(p_o, alpha=1.0 - decay)", "p_t.mul_(1.0 - decay).add_(p_o, alpha=decay)",
      hint="decay=0.99 must mean 'keep 99% of the old target'. You have the fast one.")
wrong("hard_copy", "p_t.mul_(decay).add_(p_o, alpha=1.0 - decay)", "p_t.copy_(p_o)",
      hint="Copying the student gives no slow target; with decay=1 nothing may change.")
wrong("aliases_online", "p_t.mul_(decay).add_(p_o, alpha=1.0 - decay)", "p_t.data = p_o.data if decay == 0.0 else p_t.mul_(decay).add_(p_o, alpha=1.0 - decay).data",
      hint="The target shares memory with the student: the next optimiser step changes both. Copy values.")
wrong("forgets_buffers", "b_t.copy_(b_o)", "pass", hint="Running statistics are not parameters. Copy the buffers too.")


@right
def by_lerp(target, online, decay):
    for p, q in zip(target.parameters(), online.parameters(), strict=True):
        p.data.lerp_(q.data, 1 - decay)
    for p, q in zip(target.buffers(), online.buffers(), strict=True):
        p.data.copy_(q.data)


@right
def by_state_dict(target, online, decay):
    names = dict(target.named_parameters())
    old, new = target.state_dict(), online.state_dict()
    mixed = {n: decay * old[n] + (1 - decay) * new[n] if n in names else new[n].clone() for n in old}
    target.load_state_dict(mixed)


@right
@torch.no_grad()
def by_name(target: nn.Module, online: nn.Module, decay: float):
    theirs = dict(online.named_parameters())
    for name, p in target.named_parameters():
        p.copy_(p * decay + theirs[name] * (1 - decay))
    running = dict(online.named_buffers())
    for name, b in target.named_buffers():
        b.copy_(running[name])


exercise("answers_over_training")
wrong("gradient_into_both", "if not stop_gradient:", "if True:",
      hint="With the stop-gradient on, the target counts as a constant: only the level above moves.")
wrong("boundary_is_learned", "gradient[0] = 0  # what is known is not learned", "pass",
      hint="The boundary condition holds at every moment, not only at the beginning: the lowest level is known and is not learned.")
wrong("boundary_is_forgotten", "b[0] = width", "pass",
      hint="With the boundary condition on, the lowest level is true from the beginning, before any training.")
wrong("half_the_gradient", "gradient[1:] += 2 * miss", "gradient[1:] += miss",
      hint="The loss is a square: its derivative has a 2.")
wrong("swapped_decay", "c = decay * c + (1 - decay) * b", "c = (1 - decay) * c + decay * b",
      hint="decay is the share of the OLD target that is kept.")
wrong("target_before_step", "b = b - rate * gradient\n        c = decay * c + (1 - decay) * b", "c = decay * c + (1 - decay) * b\n        b = b - rate * gradient",
      hint="First the student moves, then the target follows to where the student is now.")
wrong("target_without_delay", "(c if stop_gradient else b)[:-1]", "b[:-1]",
      hint="The student is compared with the slow target, not with itself.")


@wrong(hint="All levels move at once: each compares with its neighbour as it was before the step.")
def one_after_the_other(start, width, rate, decay, n_steps, boundary, stop_gradient):
    b = start.clone()
    if boundary:
        b[0] = width
    c, rows = b.clone(), [b.clone()]
    for _ in range(n_steps):
        for k in range(len(b) - 1):
            miss = b[k + 1] - (c if stop_gradient else b)[k]
            b[k + 1] = b[k + 1] - rate * 2 * miss
            if not stop_gradient and not (boundary and k == 0):
                b[k] = b[k] + rate * 2 * miss
        c = decay * c + (1 - decay) * b
        rows.append(b.clone())
    return torch.stack(rows)


@right
def by_autograd(start, width, rate, decay, n_steps, boundary, stop_gradient):
    free = start.clone()
    fixed = torch.zeros_like(free)
    fixed[0] = 1.0 if boundary else 0.0
    student = torch.where(fixed > 0, torch.full_like(free, width), free)
    target, seen = student.clone(), [student]
    for _ in range(n_steps):
        b = student.clone().requires_grad_(True)
        against = target if stop_gradient else b
        loss = sum((b[k + 1] - against[k]) ** 2 for k in range(len(b) - 1))
        (gradient,) = torch.autograd.grad(loss, b)
        student = student - rate * gradient * (1 - fixed)
        target = torch.lerp(student, target, decay)
        seen.append(student)
    return torch.stack(seen)


@right
def by_matrices(start, width, rate, decay, n_steps, boundary, stop_gradient):
    n, kind = len(start), {"dtype": start.dtype}
    b = start.clone()
    if boundary:
        b = torch.cat([b.new_tensor([width]), b[1:]])
    c, rows = b, [b]
    down = torch.eye(n, **kind) - torch.diag(torch.ones(n - 1, **kind), -1)
    down[0] = 0  # row k is b_k - b_(k-1)
    below = torch.diag(torch.ones(n - 1, **kind), -1)
    for _ in range(n_steps):
        if stop_gradient:
            upper = b.clone()
            upper[0] = 0
            gradient = 2 * (upper - below @ c)
        else:
            gradient = 2 * down.T @ (down @ b)
        if boundary:
            gradient = gradient * (torch.arange(n) > 0)
        b = b - rate * gradient
        c = c * decay + b * (1 - decay)
        rows.append(b)
    return torch.stack(rows)


exercise("consistency_training_loss")
wrong("no_stop_gradient", "with torch.no_grad():", "if True:",
      hint="Gradient flows into the target, too. It knows more than the student, and must not be pulled towards it: hold it still.")
wrong("independent_noise", "x_lo = x0 + lo * noise", "x_lo = x0 + lo * noise.flip(0)",
      hint="Both points must lie on the same straight pair (x0, noise). With fresh noise they belong to different trajectories.")
wrong("regress_to_data", "y = target(x_lo, t_lo)", "y = x0",
      hint="That is denoiser training. The target is the network's own answer at the neighbouring point.")
wrong("swapped_points", "pred = student(x_hi, t_hi)", "pred = student(x_lo, t_lo)",
      hint="The student sees the noisier point.")


@right
def as_distillation_of_the_data(student, target, x0, noise, t_hi, t_lo):
    return consistency_distillation_loss(student, target, lambda x, t: x0, x0, noise, t_hi, t_lo)


@right
def sample_by_sample(student, target, x0, noise, t_hi, t_lo):
    high = torch.stack([x + t * z for x, t, z in zip(x0, t_hi, noise, strict=True)])
    low = torch.stack([x + t * z for x, t, z in zip(x0, t_lo, noise, strict=True)])
    return torch.mean(torch.square(student(high, t_hi) - target(low, t_lo).detach()))


exercise("ct_direction_noise")
wrong("no_softmax_temperature", "-sq / (2 * s**2)", "-sq",
      hint="The weights are Gaussian likelihoods at noise level t: divide the squared distance by 2 t^2.")
wrong("wrong_sign_direction", "(x - mean) / s", "(mean - x) / s",
      hint="dx/dt = (x - D)/t points away from the data as t grows.")
wrong("std_not_variance", "(w * spread).sum(dim=1) / t**2", "(w * spread).sum(dim=1).sqrt() / t",
      hint="Report the variance (squared), summed over dimensions.")
wrong("variance_of_the_data", "(w * spread).sum(dim=1) / t**2", "(w * spread).sum(dim=1)",
      hint="That is how far the clean points scatter. The slope divides their offset by t, so its variance has t squared below.")


@right
def by_explicit_guesses(data, x, t):
    guesses = (x.unsqueeze(1) - data) / t.view(-1, 1, 1)  # [B, K, D]
    share = torch.softmax(-0.5 * guesses.square().sum(-1), dim=1).unsqueeze(-1)
    direction = (share * guesses).sum(1)
    scatter = (share * (guesses - direction.unsqueeze(1)).square()).sum((1, 2))
    return {"teacher_direction": direction, "ct_variance": scatter}


@right
def by_autograd(data, x, t):
    at = x.detach().double().requires_grad_(True)
    level = t.double()
    squares = ((at.unsqueeze(1) - data.double()) ** 2).sum(2)
    log_p = torch.logsumexp(-squares / (2 * level.unsqueeze(1) ** 2), dim=1)
    score = torch.autograd.grad(log_p.sum(), at, create_graph=True)[0]
    trace = sum(torch.autograd.grad(score[:, d].sum(), at, retain_graph=True)[0][:, d] for d in range(x.shape[1]))
    return {
        "teacher_direction": (-level.unsqueeze(1) * score).detach().to(x.dtype),
        "ct_variance": (level**2 * trace + x.shape[1]).to(x.dtype),
    }


exercise("multistep_consistency_sample")
wrong("noise_without_tmin", "(tau**2 - t_min**2) ** 0.5", "tau",
      hint="f returns a sample at t_min, which already carries t_min noise. Add variance tau^2 - t_min^2.")
wrong("no_renoise", "x_hat = x + (tau**2 - t_min**2) ** 0.5 * z", "x_hat = x",
      hint="Without noise the point is not at level tau. Each extra step re-noises, then teleports again.")
wrong("walks_along_ode", "x = f(x_hat, x_init.new_full((b,), float(tau)))", "x = 0.5 * (x_hat + f(x_hat, x_init.new_full((b,), float(tau))))",
      hint="A consistency model never takes partial steps; it jumps to the end each time.")
wrong("levels_subtracted", "(tau**2 - t_min**2) ** 0.5", "(tau - t_min)",
      hint="Variances add, standard deviations do not: take the root of the difference of the squares.")


@right
def by_one_loop(f, x_init, t_max, taus, noises, t_min=0.002):
    for tau in taus:
        if tau < t_min or tau >= t_max:
            raise ValueError("tau out of range")
    x = x_init
    for i, level in enumerate([t_max, *taus]):
        if i > 0:
            x = x + math.sqrt(level * level - t_min * t_min) * noises[i - 1]
        x = f(x, torch.full((x.shape[0],), level, dtype=x.dtype))
    return x


@right
def by_recursion(f, x_init, t_max, taus, noises, t_min=0.002):
    if len(taus) and (min(taus) < t_min or max(taus) >= t_max):
        raise ValueError("tau out of range")
    level = taus[-1] if taus else t_max
    here = x_init
    if taus:
        before = multistep_consistency_sample(f, x_init, t_max, taus[:-1], noises[:-1], t_min)
        here = before + math.sqrt((level - t_min) * (level + t_min)) * noises[-1]
    return f(here, here.new_tensor([level] * len(here)))


exercise("train_consistency_model")
wrong("denoiser_instead", "loss = consistency_distillation_loss(f_on, f_tg, teacher, x0, z, grid[k + 1], grid[k])", "loss = ((f_on(x0 + grid[k + 1].unsqueeze(1) * z, grid[k + 1]) - x0) ** 2).mean()",
      hint="Your one-step samples sit between the modes: you trained the posterior mean, not a consistency function.")
wrong("frozen_target", "ema_update(target, net, 0.95)", "pass",
      hint="The target never moves, so the end point's information cannot travel from t_min outwards.")
wrong("no_boundary", "return consistency_function(net, x, t, sd, t_min)\n\n    def f_tg(x: Tensor, t: Tensor) -> Tensor:\n        return consistency_function(target, x, t, sd, t_min)", "return net(x, t)\n\n    def f_tg(x: Tensor, t: Tensor) -> Tensor:\n        return target(x, t)",
      hint="Without f(x,t_min)=x every constant is a perfect solution; check the boundary.")
wrong("default_t_min", "return consistency_function(net, x, t, sd, t_min)\n\n    def f_tg(x: Tensor, t: Tensor) -> Tensor:\n        return consistency_function(target, x, t, sd, t_min)", "return consistency_function(net, x, t, sd)\n\n    def f_tg(x: Tensor, t: Tensor) -> Tensor:\n        return consistency_function(target, x, t, sd)",
      hint="The boundary sits nearly, but not quite, at t_min: hand the given t_min on to the parameterization.")


fails("too_few_steps", "for _ in range(steps):", "for _ in range(steps // 40):")
fails("small_rate", "lr=2e-3", "lr=2e-6")
fails("large_rate", "lr=2e-3", "lr=0.5")
fails("no_training", "for _ in range(steps):", "for _ in range(0):")


@wrong(hint="Your f walks down with the teacher: a solver, however short its code. A consistency model is the trained network itself and asks nobody.")
def walks_with_the_teacher(net, teacher, data, t_min, t_max, steps, seed):
    def f(x, t):
        for i in range(40):
            now = t * (t_min / t) ** (i / 40)
            later = t * (t_min / t) ** ((i + 1) / 40)
            slope = (x - teacher(x, now)) / now[:, None]
            guess = x + (later - now)[:, None] * slope
            x = x + (later - now)[:, None] * 0.5 * (slope + (guess - teacher(guess, later)) / later[:, None])
        return x

    return f


@right
def returns_the_slow_copy(net, teacher, data, t_min, t_max, steps, seed):
    torch.manual_seed(seed)
    low, high = t_min ** (1 / 7), t_max ** (1 / 7)
    levels = (low + torch.linspace(0, 1, 16) * (high - low)) ** 7
    slow = copy.deepcopy(net)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.0)

    def fast_f(x, t):
        return consistency_function(net, x, t, 1.0, t_min)

    def slow_f(x, t):
        return consistency_function(slow, x, t, 1.0, t_min)

    for _ in range(steps):
        clean = data[torch.randperm(len(data))[:400]]
        i = torch.randint(1, len(levels), (len(clean),))
        noise = torch.randn_like(clean)
        loss = consistency_distillation_loss(fast_f, slow_f, teacher, clean, noise, levels[i], levels[i - 1])
        net.zero_grad()
        loss.backward()
        optimiser.step()
        ema_update(slow, net, 0.9)
    return slow_f


exercise("train_without_teacher")
wrong("denoiser_instead", "wanted = f(x0 + lo[:, None] * z, lo)  # the student itself, held still: no slow copy", "wanted = x0",
      hint="You trained towards the clean point: that is the mean of all data that fit, and it lies between the hills.")
wrong("no_boundary", "return consistency_function(net, x, t, sd, t_min)", "return net(x, t)",
      hint="Without f(x, t_min) = x every constant agrees with itself; build the boundary into f.")


@wrong(hint="You look up a point of the data. A trajectory ends where the flow leads, and most places of a hill are no data point.")
def looks_up_the_data(net, data, t_min, t_max, steps, seed):
    def f(x, t):
        nearest = data[torch.cdist(x * 0.4, data).argmin(dim=1)]
        return torch.where((t <= t_min * 1.01)[:, None], x, nearest)

    return {"f": f, "predicted": 0.3}


@wrong(hint="Your f walks down with a denoiser made of the data: a solver. What answers must be the given network, in one call.")
def walks_on_the_data(net, data, t_min, t_max, steps, seed):
    def denoise(x, t):
        return torch.softmax(-(torch.cdist(x, data) ** 2) / (2 * t[:, None] ** 2), dim=1) @ data

    def f(x, t):
        for i in range(24):
            now, later = t * (t_min / t) ** (i / 24), t * (t_min / t) ** ((i + 1) / 24)
            slope = (x - denoise(x, now)) / now[:, None]
            guess = x + (later - now)[:, None] * slope
            x = x + (later - now)[:, None] * 0.5 * (slope + (guess - denoise(guess, later)) / later[:, None])
        return x

    return {"f": f, "predicted": 0.1}


fails("no_training", "for step in range(steps):", "for step in range(0):")
fails("few_steps", "for step in range(steps):", "for step in range(steps // 30):")
fails("small_rate", "lr=4e-3", "lr=4e-6")


@fails
def the_plain_recipe(net, data, t_min, t_max, steps, seed):
    generator = torch.Generator().manual_seed(seed)
    sd, grid = float(data.std()), torch.linspace(math.log(t_min), math.log(t_max), 18).exp()
    target = copy.deepcopy(net)

    def wrapped(network):
        return lambda x, t: consistency_function(network, x, t, sd, t_min)

    optimiser = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(steps):
        x0 = data[torch.randint(len(data), (256,), generator=generator)]
        z = torch.randn(x0.shape, generator=generator)
        k = torch.randint(17, (256,), generator=generator)
        loss = consistency_training_loss(wrapped(net), wrapped(target), x0, z, grid[k + 1], grid[k])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        ema_update(target, net, 0.95)
    return {"f": wrapped(net), "predicted": 0.45}


@right
def the_data_are_the_teacher(net, data, t_min, t_max, steps, seed):
    # The best denoiser of a few hundred data points is known without training: distil it.
    torch.manual_seed(seed)
    points, sd = data[:512], float(data.std())
    grid = torch.linspace(math.log(t_min), math.log(t_max), 18).exp()
    slow = copy.deepcopy(net)

    def denoise(x, t):
        return torch.softmax(-(torch.cdist(x, points) ** 2) / (2 * t[:, None] ** 2), dim=1) @ points

    def fast_f(x, t):
        return consistency_function(net, x, t, sd, t_min)

    def slow_f(x, t):
        return consistency_function(slow, x, t, sd, t_min)

    optimiser = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(steps):
        clean = data[torch.randint(len(data), (256,))]
        i = torch.randint(17, (256,))
        noise = torch.randn_like(clean)
        loss = consistency_distillation_loss(fast_f, slow_f, denoise, clean, noise, grid[i + 1], grid[i])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        ema_update(slow, net, 0.9)
    return {"f": fast_f, "predicted": 0.3}


@right
def first_a_denoiser_then_a_pupil(net, data, t_min, t_max, steps, seed):
    # 300 updates for a teacher of one's own, 400 to distil it.
    generator = torch.Generator().manual_seed(seed)
    sd, first = float(data.std()), 3 * steps // 7
    own, target = copy.deepcopy(net), copy.deepcopy(net)

    def draw(batch):
        x0 = data[torch.randint(len(data), (batch,), generator=generator)]
        return x0, torch.randn(x0.shape, generator=generator)

    def denoise(x, t):
        level = t[:, None]
        width = (level**2 + sd**2).sqrt()
        return (sd / width) ** 2 * x + sd * level / width * own(x / width, t)

    optimiser = torch.optim.Adam(own.parameters(), lr=3e-3)
    for _ in range(first):
        x0, z = draw(512)
        t = t_min * (t_max / t_min) ** torch.rand(512, generator=generator)
        level = t[:, None]
        miss = (denoise(x0 + level * z, t) - x0) * (level**2 + sd**2).sqrt() / (level * sd)
        optimiser.zero_grad()
        miss.square().mean().backward()
        optimiser.step()

    def f(x, t):
        return consistency_function(net, x, t, sd, t_min)

    grid = torch.linspace(math.log(t_min), math.log(t_max), 18).exp()
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(steps - first):
        x0, z = draw(256)
        k = torch.randint(17, (256,), generator=generator)
        loss = consistency_distillation_loss(
            f, lambda x, t: consistency_function(target, x, t, sd, t_min), denoise, x0, z, grid[k + 1], grid[k]
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        ema_update(target, net, 0.9)
    return {"f": f, "predicted": 0.33}


@right
def robust_on_a_fixed_grid(net, data, t_min, t_max, steps, seed):
    generator = torch.Generator().manual_seed(seed)
    sd, grid = float(data.std()), torch.linspace(math.log(t_min), math.log(t_max), 18).exp()

    def f(x, t):
        return consistency_function(net, x, t, sd, t_min)

    optimiser = torch.optim.Adam(net.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        x0 = data[torch.randint(len(data), (512,), generator=generator)]
        z = torch.randn(x0.shape, generator=generator)
        k = torch.randint(17, (512,), generator=generator)
        with torch.no_grad():
            low = f(x0 + grid[k, None] * z, grid[k])
        miss = (f(x0 + grid[k + 1, None] * z, grid[k + 1]) - low).square().sum(1)
        loss = ((miss + 0.01).sqrt() - 0.1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return {"f": f, "predicted": 0.3}


exercise("distil_digits")
wrong("no_guidance", "return without + guidance * (with_class - without)", "return with_class",
      hint="Your jumps end where the trajectory WITHOUT guidance ends. The teacher's step is what has to be guided: the student learns where it leads.")
wrong("no_boundary", "return x - _trailing(t, x) * network(x, t, label)", "return network(x, t, label)",
      hint="At t = 0 the picture is the answer. Give the network a factor that vanishes there.")
wrong("forgets_the_class", "return lambda x, t, label: jump(net, x, t, label)", "return lambda x, t, label: jump(net, x, t, torch.full_like(label, 10))",
      hint="Whatever digit is asked for, you draw the same. Hand the label on to the network.")


@wrong(hint="Your f walks with the teacher. A consistency model is the trained network itself, one call, and asks nobody.")
def walks_with_the_teacher(teacher, images, labels, guidance, steps, seed):
    def f(x, t, label):
        start = t
        for i in range(8):
            now = start * (1 - i / 8)
            free = teacher(x, now, None)
            velocity = free + guidance * (teacher(x, now, label) - free)
            x = x - _trailing(start, x) * velocity / 8
        return x

    return f


fails("no_training", "for _ in range(steps):", "for _ in range(0):")
fails("few_steps", "for _ in range(steps):", "for _ in range(steps // 20):")
fails("small_rate", "lr=2e-3", "lr=2e-7")
fails("towards_the_data", "wanted = jump(target, x_lo, lo, label)", "wanted = x0")
fails("target_that_stays", "ema_update(target, net, 0.9)", "pass")


@right
def heuns_teacher_and_a_robust_loss(teacher, images, labels, guidance, steps, seed):
    torch.manual_seed(seed)
    pupil = copy.deepcopy(teacher)
    for parameter in pupil.parameters():
        parameter.requires_grad_(True)
    times = torch.linspace(0, 1, 7) ** 1.2
    optimiser = torch.optim.AdamW(pupil.parameters(), lr=2e-3, weight_decay=0.0)

    def f(x, t, label):
        return x - t.view(-1, 1, 1, 1) * pupil(x, t, label)

    def slope(x, t, label):
        free = teacher(x, t, None)
        return free + guidance * (teacher(x, t, label) - free)

    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * (1 - step / steps)
        pick = torch.randperm(len(images))[:64]
        clean, label = images[pick], labels[pick]
        i = torch.randint(1, 7, (64,))
        t, s = times[i], times[i - 1]
        h = (s - t).view(-1, 1, 1, 1)
        high = torch.lerp(clean, torch.randn_like(clean), t.view(-1, 1, 1, 1))
        with torch.no_grad():
            first = slope(high, t, label)
            second = slope(high + h * first, s, label)
            wanted = f(high + h * (first + second) / 2, s, label)
        miss = (f(high, t, label) - wanted).flatten(1).square().sum(1)
        loss = (torch.sqrt(miss + 0.09) - 0.3).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return f


@right
def learns_whole_walks(teacher, images, labels, guidance, steps, seed):
    # The teacher walks 400 roads once; the student learns the end of each road from all its places.
    generator = torch.Generator().manual_seed(seed)
    label = torch.arange(10).repeat(40)
    x, road = torch.randn(400, 1, 8, 8, generator=generator), []
    with torch.no_grad():
        for k in range(8):
            t = torch.full((400,), 1 - k / 8)
            road.append(x)
            free = teacher(x, t, None)
            x = x - (free + guidance * (teacher(x, t, label) - free)) / 8
    ends, road = x, torch.stack(road)  # [400, ...], [8, 400, ...]
    net = copy.deepcopy(teacher).requires_grad_(True)
    optimiser = torch.optim.Adam(net.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        k = torch.randint(8, (96,), generator=generator)
        row = torch.randint(400, (96,), generator=generator)
        t, here = 1 - k / 8, road[k, row]
        loss = ((here - t[:, None, None, None] * net(here, t, label[row]) - ends[row]) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    net.requires_grad_(False)
    return lambda x, t, y: x - t[:, None, None, None] * net(x, t, y)
