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
      hint="Gradient flows into the target. Then both sides chase each other and collapse to a constant: detach the target branch.")
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


exercise("consistency_training_loss")
wrong("no_stop_gradient", "with torch.no_grad():", "if True:",
      hint="Detach the target branch, or the pair collapses to a constant.")
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
