"""Wrong answers that we expect in lesson 7.3.1."""

from blindgrade.known_answers import edit, misconception

# ---------------------------------------------------------------- gaussian_consistency_function

edit(
    "gaussian_consistency_function",
    "posterior_mean",
    "std / torch.sqrt(std**2 + t**2)",
    "std**2 / (std**2 + t**2)",
    hint="That is the denoiser E[x0|x_t], the average over all trajectories through this point. A consistency function "
    "follows one trajectory to its end: solve dx/dt = (x - D)/t for a Gaussian and look at how the distance to the "
    "mean scales.",
)
edit(
    "gaussian_consistency_function",
    "forgot_mean",
    "mean + (x - mean) * ratio[:, None]",
    "x * ratio[:, None]",
    hint="Trajectories contract towards the data mean, not the origin. Move to coordinates centred on the mean first.",
)
edit(
    "gaussian_consistency_function",
    "inverted_ratio",
    "std / torch.sqrt(std**2 + t**2)",
    "torch.sqrt(std**2 + t**2) / std",
    hint="Going to t=0 shrinks the noise; your map spreads points further. Which of the two widths belongs to t=0?",
)
edit(
    "gaussian_consistency_function",
    "widths_add",
    "torch.sqrt(std**2 + t**2)",
    "(std + t)",
    hint="Variances of independent parts add, standard deviations do not: the noisy law's width is a root of squares.",
)

# ---------------------------------------------------------------- euler_pf_ode

edit(
    "euler_pf_ode",
    "no_divide_by_t",
    ") / t  #",
    ")  #",
    hint="The PF-ODE slope is (x - D)/t, not the noise estimate itself. Check: one step from t to 0 must give exactly "
    "D(x,t).",
)
edit(
    "euler_pf_ode",
    "wrong_sign",
    "x + (ts[i + 1] - ts[i]) * slope",
    "x - (ts[i + 1] - ts[i]) * slope",
    hint="t decreases, so the step t_next - t is already negative. Your samples move away from the data.",
)
edit(
    "euler_pf_ode",
    "slope_at_new_time",
    "t = ts[i]\n",
    "t = ts[i + 1].clamp_min(1e-3)\n",
    hint="Explicit Euler evaluates the slope where you stand (t_i), not where you are going.",
)
edit(
    "euler_pf_ode",
    "one_step_short",
    "for i in range(n_steps):",
    "for i in range(n_steps - 1):",
    hint="n steps have n + 1 levels, and the last step ends at 0. Your walk stops one step before the end.",
)

# ---------------------------------------------------------------- self_consistency_gap

edit(
    "self_consistency_gap",
    "adjacent_only",
    "pair.amax(dim=(0, 1))",
    "(pair.diagonal(offset=1).amax(dim=-1) if len(times) > 1 else pair[0, 0])",
    hint="Small gaps between neighbours can add up to a large drift. Self-consistency is about every pair of points on "
    "the trajectory.",
)
edit(
    "self_consistency_gap",
    "inputs_not_outputs",
    "f(x, t.expand(x.shape[0]))",
    "x",
    hint="The points themselves differ along a trajectory. It is f's outputs that have to agree.",
)
edit(
    "self_consistency_gap",
    "mean_not_max",
    "pair.amax(dim=(0, 1))",
    "pair.mean(dim=(0, 1))",
    hint="An average hides one bad time. Report the worst pair.",
)
edit(
    "self_consistency_gap",
    "one_gap_for_all",
    "pair.amax(dim=(0, 1))",
    "pair.amax().expand(pair.shape[-1]).clone()",
    hint="Points of different trajectories never had to agree. Report one gap for each trajectory.",
)

# ---------------------------------------------------------------- consistency_function

edit(
    "consistency_function",
    "edm_scalings",
    "((s - t_min) ** 2 + sigma_data**2)",
    "(s**2 + sigma_data**2)",
    hint="These are EDM's scalings: at t_min they do not give f(x,t_min)=x. Shift c_skip by t_min.",
)
edit(
    "consistency_function",
    "c_out_not_zero",
    "sigma_data * (s - t_min)",
    "sigma_data * s",
    hint="At t=t_min the network must be switched off. What is your c_out there?",
)
edit(
    "consistency_function",
    "no_parameterization",
    "c_skip * x + c_out * net(x, t)",
    "net(x, t)",
    hint="A free network can satisfy self-consistency by a constant. The boundary condition f(x,t_min)=x is what rules "
    "that out.",
)
edit(
    "consistency_function",
    "shifted_everywhere",
    "torch.sqrt(s**2 + sigma_data**2)",
    "torch.sqrt((s - t_min) ** 2 + sigma_data**2)",
    hint="The root in c_out scales the noisy input's size, which t itself decides: t_min is not subtracted there.",
)

# ---------------------------------------------------------------- consistency_distillation_loss

edit(
    "consistency_distillation_loss",
    "no_stop_gradient",
    "with torch.no_grad():",
    "if True:",
    hint="Gradient flows into the target. Then both sides chase each other and collapse to a constant: detach the "
    "target branch.",
)
edit(
    "consistency_distillation_loss",
    "euler_teacher",
    "(lo - hi) * 0.5 * (d_hi + d_lo)",
    "(lo - hi) * d_hi",
    hint="That is a plain Euler step. The exercise asks for Heun: average the slopes at both ends.",
)
edit(
    "consistency_distillation_loss",
    "regress_to_data",
    "y = target(x_lo, t_lo)",
    "y = x0",
    hint="Regressing on x0 trains a denoiser (the mean of all trajectories). Compare with the target's output at the "
    "neighbouring point instead.",
)
edit(
    "consistency_distillation_loss",
    "same_time",
    "pred = student(x_hi, t_hi)",
    "pred = student(x_lo, t_lo)",
    hint="Both networks see the same point, so nothing ties adjacent points together. The student sees the noisier "
    "one.",
)
edit(
    "consistency_distillation_loss",
    "second_slope_over_t_hi",
    "teacher(x_euler, t_lo)) / lo",
    "teacher(x_euler, t_lo)) / hi",
    hint="The second slope is taken at the lower level: divide it by t_lo, as the first by t_hi.",
)

# ---------------------------------------------------------------- ema_update

edit(
    "ema_update",
    "swapped_decay",
    "p_t.mul_(decay).add_(p_o, alpha=1.0 - decay)",
    "p_t.mul_(1.0 - decay).add_(p_o, alpha=decay)",
    hint="decay=0.99 must mean 'keep 99% of the old target'. You have the fast one.",
)
edit(
    "ema_update",
    "hard_copy",
    "p_t.mul_(decay).add_(p_o, alpha=1.0 - decay)",
    "p_t.copy_(p_o)",
    hint="Copying the student gives no slow target; with decay=1 nothing may change.",
)
edit(
    "ema_update",
    "aliases_online",
    "p_t.mul_(decay).add_(p_o, alpha=1.0 - decay)",
    "p_t.data = p_o.data if decay == 0.0 else p_t.mul_(decay).add_(p_o, alpha=1.0 - decay).data",
    hint="The target shares memory with the student: the next optimiser step changes both. Copy values.",
)
edit(
    "ema_update",
    "forgets_buffers",
    "b_t.copy_(b_o)",
    "pass",
    hint="Running statistics are not parameters. Copy the buffers too.",
)

# ---------------------------------------------------------------- consistency_training_loss

edit(
    "consistency_training_loss",
    "no_stop_gradient",
    "with torch.no_grad():",
    "if True:",
    hint="Detach the target branch, or the pair collapses to a constant.",
)
edit(
    "consistency_training_loss",
    "independent_noise",
    "x_lo = x0 + lo * noise",
    "x_lo = x0 + lo * noise.flip(0)",
    hint="Both points must lie on the same straight pair (x0, noise). With fresh noise they belong to different "
    "trajectories.",
)
edit(
    "consistency_training_loss",
    "regress_to_data",
    "y = target(x_lo, t_lo)",
    "y = x0",
    hint="That is denoiser training. The target is the network's own answer at the neighbouring point.",
)
edit(
    "consistency_training_loss",
    "swapped_points",
    "pred = student(x_hi, t_hi)",
    "pred = student(x_lo, t_lo)",
    hint="The student sees the noisier point.",
)

# ---------------------------------------------------------------- ct_direction_noise

edit(
    "ct_direction_noise",
    "no_softmax_temperature",
    "-sq / (2 * s**2)",
    "-sq",
    hint="The weights are Gaussian likelihoods at noise level t: divide the squared distance by 2 t^2.",
)
edit(
    "ct_direction_noise",
    "wrong_sign_direction",
    "(x - mean) / s",
    "(mean - x) / s",
    hint="dx/dt = (x - D)/t points away from the data as t grows.",
)
edit(
    "ct_direction_noise",
    "std_not_variance",
    "(w * spread).sum(dim=1) / t**2",
    "(w * spread).sum(dim=1).sqrt() / t",
    hint="Report the variance (squared), summed over dimensions.",
)
edit(
    "ct_direction_noise",
    "variance_of_the_data",
    "(w * spread).sum(dim=1) / t**2",
    "(w * spread).sum(dim=1)",
    hint="That is how far the clean points scatter. The slope divides their offset by t, so its variance has t squared "
    "below.",
)

# ---------------------------------------------------------------- multistep_consistency_sample

edit(
    "multistep_consistency_sample",
    "noise_without_tmin",
    "(tau**2 - t_min**2) ** 0.5",
    "tau",
    hint="f returns a sample at t_min, which already carries t_min noise. Add variance tau^2 - t_min^2.",
)
edit(
    "multistep_consistency_sample",
    "no_renoise",
    "x_hat = x + (tau**2 - t_min**2) ** 0.5 * z",
    "x_hat = x",
    hint="Without noise the point is not at level tau. Each extra step re-noises, then teleports again.",
)
edit(
    "multistep_consistency_sample",
    "walks_along_ode",
    "x = f(x_hat, x_init.new_full((b,), float(tau)))",
    "x = 0.5 * (x_hat + f(x_hat, x_init.new_full((b,), float(tau))))",
    hint="A consistency model never takes partial steps; it jumps to the end each time.",
)
edit(
    "multistep_consistency_sample",
    "levels_subtracted",
    "(tau**2 - t_min**2) ** 0.5",
    "(tau - t_min)",
    hint="Variances add, standard deviations do not: take the root of the difference of the squares.",
)

# ---------------------------------------------------------------- train_consistency_model

edit(
    "train_consistency_model",
    "denoiser_instead",
    "loss = consistency_distillation_loss(f_on, f_tg, teacher, x0, z, grid[k + 1], grid[k])",
    "loss = ((f_on(x0 + grid[k + 1].unsqueeze(1) * z, grid[k + 1]) - x0) ** 2).mean()",
    hint="Your one-step samples sit between the modes: you trained the posterior mean, not a consistency function.",
)
edit(
    "train_consistency_model",
    "frozen_target",
    "ema_update(target, net, 0.95)",
    "pass",
    hint="The target never moves, so the end point's information cannot travel from t_min outwards.",
)
edit(
    "train_consistency_model",
    "no_boundary",
    "return consistency_function(net, x, t, sd, t_min)\n\n    def f_tg(x: Tensor, t: Tensor) -> Tensor:\n        "
    "return consistency_function(target, x, t, sd, t_min)",
    "return net(x, t)\n\n    def f_tg(x: Tensor, t: Tensor) -> Tensor:\n        return target(x, t)",
    hint="Without f(x,t_min)=x every constant is a perfect solution; check the boundary.",
)
edit(
    "train_consistency_model",
    "default_t_min",
    "return consistency_function(net, x, t, sd, t_min)\n\n    def f_tg(x: Tensor, t: Tensor) -> Tensor:\n        "
    "return consistency_function(target, x, t, sd, t_min)",
    "return consistency_function(net, x, t, sd)\n\n    def f_tg(x: Tensor, t: Tensor) -> Tensor:\n        "
    "return consistency_function(target, x, t, sd)",
    hint="The boundary sits nearly, but not quite, at t_min: hand the given t_min on to the parameterization.",
)


@misconception(
    "train_consistency_model",
    hint="Your f walks down with the teacher: a solver, however short its code. A consistency model is the trained "
    "network itself and asks nobody.",
)
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
