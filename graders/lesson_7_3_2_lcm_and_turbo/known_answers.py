"""Known right and wrong answers to lesson 7.3.2."""

import copy
import math

import torch
import torch.nn.functional as F
from torch.func import functional_call

from blindgrade.known_answers import exercise, fails, right, wrong

exercise("lcm_boundary_scalings")
wrong("no_timestep_scaling", "timesteps.to(torch.float64) * timestep_scaling", "timesteps.to(torch.float64)",
      hint="LCM multiplies the discrete timestep by timestep_scaling (10) before the formula.")
wrong("edm_c_out", "c_out = s / torch.sqrt", "c_out = sigma_data * s / torch.sqrt",
      hint="c_out must go to 1 for large t: here the network already predicts x0.")
wrong("missing_square", "sigma_data**2 / (s**2 + sigma_data**2)", "sigma_data / torch.sqrt(s**2 + sigma_data**2)",
      hint="c_skip and c_out are not cos and sin of one angle: c_skip is squared.")
wrong("swapped", "return c_skip.float(), c_out.float()", "return c_out.float(), c_skip.float()",
      hint="The skip coefficient comes first, and it is 1 at timestep 0.")


@right
def in_float32(timesteps, sigma_data=0.5, timestep_scaling=10.0):
    s = timestep_scaling * timesteps.float()
    total = s.square() + sigma_data * sigma_data
    return sigma_data * sigma_data / total, s * torch.rsqrt(total)


@right
def by_an_angle(timesteps, sigma_data=0.5, timestep_scaling=10.0):
    s = timesteps.double() * timestep_scaling
    angle = torch.atan2(s, torch.full_like(s, sigma_data))
    return torch.cos(angle).pow(2).to(torch.float32), torch.sin(angle).to(torch.float32)


@right
def level_by_level(timesteps, sigma_data=0.5, timestep_scaling=10.0):
    scaled = [timestep_scaling * t for t in timesteps.tolist()]
    skip = torch.tensor([sigma_data**2 / (s * s + sigma_data**2) for s in scaled], dtype=torch.float32)
    return skip, torch.tensor([s / math.hypot(s, sigma_data) for s in scaled], dtype=torch.float32)


exercise("lcm_training_pair")
wrong("adjacent_steps", "t_start - k", "t_start - 1",
      hint="Neighbouring timesteps out of 1000 are nearly identical. Skip k = n_train / n_ddim steps.")
wrong("off_by_one", "(index + 1) * k - 1", "index * k",
      hint="Index 0 must start at k-1 so the last index reaches n_train-1.")
wrong("negative_end", "torch.clamp(t_start - k, min=0)", "t_start - k",
      hint="The first pair would end at -1. Clamp at 0.")
wrong("standard_skip_only", "k = n_train // n_ddim", "k = 20",
      hint="A skip of 20 belongs to 50 of 1000 levels. Compute it from n_train and n_ddim.")


@right
def from_a_table(index, n_train=1000, n_ddim=50):
    k = n_train // n_ddim
    starts = torch.arange(1, n_ddim + 1) * k - 1
    ends = torch.where(starts >= k, starts - k, torch.zeros_like(starts))
    return starts[index], ends[index]


@right
def index_by_index(index, n_train=1000, n_ddim=50):
    k = n_train // n_ddim
    starts = [k * i + k - 1 for i in index.tolist()]
    return torch.tensor(starts), torch.tensor([max(start - k, 0) for start in starts])


exercise("lcm_inference_timesteps")
wrong("linspace_over_train", "[origin[(i * original_steps) // num_steps] for i in range(num_steps)]", "[n_train - 1 - (i * n_train) // num_steps for i in range(num_steps)]",
      hint="LCM was trained only on the 50 skipping timesteps; choose from those.")
wrong("includes_last", "(i * original_steps) // num_steps", "(i * (original_steps - 1)) // max(num_steps - 1, 1)",
      hint="The schedule excludes the end point: the last jump already lands at x0.")
wrong("ascending", "range(original_steps, 0, -1)", "range(1, original_steps + 1)",
      hint="Sampling goes from noise to data: descending.")


@wrong(hint="A fixed stride rounds too early and leaves the clean end out: multiply i by original_steps, then divide.")
def stride_rounded_first(num_steps, n_train=1000, original_steps=50):
    if not 1 <= num_steps <= original_steps:
        raise ValueError("num_steps out of range")
    k = n_train // original_steps
    origin = [j * k - 1 for j in range(original_steps, 0, -1)]
    return origin[:: original_steps // num_steps][:num_steps]


@right
def from_a_tensor(num_steps, n_train=1000, original_steps=50):
    if num_steps < 1 or num_steps > original_steps:
        raise ValueError("num_steps out of range")
    k = n_train // original_steps
    origin = (torch.arange(1, original_steps + 1) * k - 1).flip(0)
    places = torch.arange(num_steps) * original_steps // num_steps
    return origin[places].tolist()


@right
def counted_down(num_steps, n_train=1000, original_steps=50):
    if num_steps not in range(1, original_steps + 1):
        raise ValueError("num_steps out of range")
    k = n_train // original_steps
    steps = []
    for i in range(num_steps):
        skipped, _ = divmod(i * original_steps, num_steps)
        steps.append((original_steps - skipped) * k - 1)
    return steps


exercise("augmented_pf_ode_step")
wrong("cfg_convention", "eps_cond + w * (eps_cond - eps_uncond)", "eps_uncond + w * (eps_cond - eps_uncond)",
      hint="LCM writes the guided noise as (1+w) eps_c - w eps_u: w=0 must be plain conditional, not unconditional.")
wrong("swapped_cond", "eps_cond + w * (eps_cond - eps_uncond)", "eps_uncond + w * (eps_uncond - eps_cond)",
      hint="Prompt and empty prompt are exchanged, so this steers away from the prompt.")
wrong("guides_x0_only", "torch.sqrt(1 - ab_s) * eps", "torch.sqrt(1 - ab_s) * eps_cond",
      hint="The augmented ODE uses the guided noise in both places of the DDIM step.")
wrong("coefficients_on_the_last_axis", "w, ab_t, ab_s = _trailing(w, z), _trailing(ab_t, z), _trailing(ab_s, z)", "pass",
      hint="A coefficient of shape [B] belongs to the first axis: give it trailing axes of size 1.")
wrong("no_root", "torch.sqrt(ab_s) * z0 + torch.sqrt(1 - ab_s) * eps", "ab_s * z0 + (1 - ab_s) * eps",
      hint="ab is a share of the variance: signal and noise are multiplied by its root and by the root of the rest.")


@right
def sample_by_sample(z, eps_cond, eps_uncond, w, ab_t, ab_s):
    out = []
    for i in range(len(z)):
        eps = (1 + w[i]) * eps_cond[i] - w[i] * eps_uncond[i]
        x0 = (z[i] - (1 - ab_t[i]) ** 0.5 * eps) / ab_t[i] ** 0.5
        out.append(ab_s[i] ** 0.5 * x0 + (1 - ab_s[i]) ** 0.5 * eps)
    return torch.stack(out)


@right
def batch_axis_last(z, eps_cond, eps_uncond, w, ab_t, ab_s):
    z, eps = z.movedim(0, -1), torch.lerp(eps_uncond.movedim(0, -1), eps_cond.movedim(0, -1), 1 + w)
    ratio = (ab_s / ab_t).sqrt()
    return (ratio * z + ((1 - ab_s).sqrt() - ratio * (1 - ab_t).sqrt()) * eps).movedim(-1, 0)


@right
def by_einsum_in_float64(z, eps_cond, eps_uncond, w, ab_t, ab_s):
    w, t, s = w.double(), ab_t.double(), ab_s.double()
    gain = (1 - s).sqrt() - (s / t * (1 - t)).sqrt()
    parts = torch.stack([(s / t).sqrt(), gain * (1 + w), -gain * w])
    return torch.einsum("kb,kb...->b...", parts, torch.stack([z, eps_cond, eps_uncond]).double()).to(z.dtype)


exercise("guidance_scale_embedding")
wrong("no_1000", "1000.0 * w", "1.0 * w",
      hint="w is multiplied by 1000 so that it uses the same frequency range as timesteps.")
wrong("cos_first", "torch.cat([torch.sin(arg), torch.cos(arg)], dim=1)", "torch.cat([torch.cos(arg), torch.sin(arg)], dim=1)",
      hint="This embedding puts sine first (unlike DiT/SDXL's).")
wrong("half_not_minus_one", "/ (half - 1)", "/ half", hint="The lowest frequency is exactly 1/10000: divide by half-1.")
wrong("interleaved", "torch.cat([torch.sin(arg), torch.cos(arg)], dim=1)", "torch.stack([torch.sin(arg), torch.cos(arg)], dim=2).flatten(1)",
      hint="All sines come first, then all cosines: they do not alternate.")


@right
def as_the_official_code(w, dim=256):
    half = dim // 2
    freqs = torch.exp(torch.arange(half).double() * -(math.log(10000.0) / (half - 1)))
    arg = (w.double() * 1000).unsqueeze(1) * freqs.unsqueeze(0)
    columns = [arg.sin(), arg.cos()]
    if dim % 2:
        columns.append(torch.zeros(len(w), 1, dtype=torch.float64))
    return torch.cat(columns, dim=1).to(torch.float32)


@right
def by_logspace_into_zeros(w, dim=256):
    half = dim // 2
    out = torch.zeros(w.shape[0], dim)
    arg = torch.outer(w.to(torch.float64), 1000 * torch.logspace(0, -4, half, dtype=torch.float64))
    out[:, :half] = torch.sin(arg).float()
    out[:, half : 2 * half] = torch.cos(arg).float()
    return out


@right
def in_single_precision(w, dim=256):
    half = dim // 2
    freqs = torch.exp(-math.log(10000.0) / (half - 1) * torch.arange(half, dtype=torch.float32))
    arg = w.float()[:, None] * 1000.0 * freqs[None, :]
    return F.pad(torch.cat([arg.sin(), arg.cos()], dim=-1), (0, dim % 2))


exercise("lcm_distillation_loss")
wrong("no_stop_gradient", "with torch.no_grad():", "if True:", hint="Teacher and target must not receive gradient.")
wrong("no_cfg_augmentation", "augmented_pf_ode_step(z_t, eps_cond, eps_uncond, w, ab_t, ab_s)", "augmented_pf_ode_step(z_t, eps_cond, eps_uncond, 0 * w, ab_t, ab_s)",
      hint="The teacher step has to be guided by w: that is what 'augmented' means.")
wrong("target_without_w", "eps = model(z, t, cond, w_emb)", "eps = model(z, t, cond)",
      hint="The student must know which w it imitates: pass the w embedding.")
wrong("l2_not_huber", "(torch.sqrt((pred - goal) ** 2 + huber_c**2) - huber_c).mean()", "((pred - goal) ** 2).mean()",
      hint="Use the pseudo-Huber distance.")
wrong("target_at_the_start", "goal = leap(target, z_s, t_end, ab_s)", "goal = leap(target, z_s, t_start, ab_t)",
      hint="The target stands at the end of the teacher's step: it is asked at t_end, with that level's alpha-bar.")
wrong("noise_taken_for_clean", "c_out * (z - torch.sqrt(1 - ab) * eps) / torch.sqrt(ab)", "c_out * eps",
      hint="The networks predict noise. Turn it into an estimate of the clean latent before c_out multiplies it.")


@right
def with_detach_and_both_leaps_written_out(
    student, target, teacher, z0, noise, cond, uncond, w, w_emb, t_start, t_end, alphas_cumprod, huber_c=0.001
):
    def four(v):
        return v.to(z0.dtype)[:, None, None, None]

    ab_t, ab_s = alphas_cumprod.gather(0, t_start.long()), alphas_cumprod.gather(0, t_end.long())
    z_t = four(ab_t) ** 0.5 * z0 + (1 - four(ab_t)) ** 0.5 * noise
    e_c, e_u = teacher(z_t, t_start, cond).detach(), teacher(z_t, t_start, uncond).detach()
    z_s = augmented_pf_ode_step(z_t, e_c, e_u, w, ab_t, ab_s).detach()
    skip, out = lcm_boundary_scalings(t_start)
    x0 = (z_t - (1 - four(ab_t)) ** 0.5 * student(z_t, t_start, cond, w_emb)) / four(ab_t) ** 0.5
    here = four(skip) * z_t + four(out) * x0
    skip, out = lcm_boundary_scalings(t_end)
    x0 = (z_s - (1 - four(ab_s)) ** 0.5 * target(z_s, t_end, cond, w_emb)) / four(ab_s) ** 0.5
    there = (four(skip) * z_s + four(out) * x0).detach()
    return torch.mean(torch.hypot(here - there, torch.full_like(here, huber_c))) - huber_c


@right
def with_scalings_in_the_dtype_of_the_latents(
    student, target, teacher, z0, noise, cond, uncond, w, w_emb, t_start, t_end, alphas_cumprod, huber_c=0.001
):
    def leap(eps, z, t):
        ab = alphas_cumprod[t].reshape(-1, 1, 1, 1)
        s = 10 * t.to(z.dtype).reshape(-1, 1, 1, 1)
        clean = z / ab.sqrt() - (1 / ab - 1).sqrt() * eps
        return 0.25 / (s * s + 0.25) * z + s * (s * s + 0.25).rsqrt() * clean

    with torch.no_grad():
        level = alphas_cumprod[t_start].reshape(-1, 1, 1, 1)
        z_t = level.sqrt() * z0 + (1 - level).sqrt() * noise
        guide = w.reshape(-1, 1, 1, 1)
        eps = (1 + guide) * teacher(z_t, t_start, cond) - guide * teacher(z_t, t_start, uncond)
        clean = (z_t - (1 - level).sqrt() * eps) / level.sqrt()
        lower = alphas_cumprod[t_end].reshape(-1, 1, 1, 1)
        z_s = lower.sqrt() * clean + (1 - lower).sqrt() * eps
        goal = leap(target(z_s, t_end, cond, w_emb), z_s, t_end)
    gap = leap(student(z_t, t_start, cond, w_emb), z_t, t_start) - goal
    return (gap * gap / ((gap * gap + huber_c * huber_c).sqrt() + huber_c)).mean()


exercise("lora_adapter_size")
wrong("full_matrix", "sum(rank * (d_out + d_in) for d_out, d_in in layer_shapes)", "sum(d_out * d_in for d_out, d_in in layer_shapes)",
      hint="A LoRA stores A (r x d_in) and B (d_out x r), not the full update.")
wrong("one_factor", "rank * (d_out + d_in)", "rank * d_in",
      hint="A LoRA stores two factors for each layer, A and B: count both.")
wrong("mebibytes", "/ 1e6", "/ 2**20", hint="Megabytes here are 10^6 bytes.")
wrong("bits_not_bytes", "params * bytes_per_param / 1e6", "params * 8 * bytes_per_param / 1e6",
      hint="bytes_per_param already counts bytes: no factor of 8.")


@right
def layer_after_layer(layer_shapes, rank, bytes_per_param=2):
    if rank <= 0:
        raise ValueError("rank out of range")
    params = full = 0
    for d_out, d_in in layer_shapes:
        params += d_out * rank
        params += rank * d_in
        full += d_out * d_in
    return dict(params=params, megabytes=params / 1_000_000 * bytes_per_param, fraction=params / full)


@right
def from_a_table_of_shapes(layer_shapes, rank, bytes_per_param=2):
    if not rank >= 1:
        raise ValueError("rank out of range")
    shapes = torch.tensor(layer_shapes)
    params = rank * int(shapes.sum())
    return {
        "params": params,
        "megabytes": bytes_per_param * params * 1e-6,
        "fraction": params / int(shapes.prod(dim=1).sum()),
    }


exercise("merge_loras")
wrong("no_alpha_over_r", 'lora["scale"] * (lora["alpha"] / a.shape[0])', 'lora["scale"]',
      hint="The update is scaled by alpha / rank.")
wrong("overwrites", "out = out + lora", "out = weight + lora",
      hint="Each LoRA starts again from the base weight: only the last one survives. Speed and style must add up.")


@wrong(hint="Merging must not change the base weight.")
def in_place(weight, loras):
    for lora in loras:
        a, b = lora["A"], lora["B"]
        if (b.shape[0], a.shape[1]) != tuple(weight.shape):
            raise ValueError("shapes do not fit")
        weight += lora["scale"] * (lora["alpha"] / a.shape[0]) * (b @ a)
    return weight


wrong("shares_memory", "out = weight.clone()", "out = weight",
      hint="Without adapters you hand out the base weight itself: who writes into the result changes the model.")
wrong("average", "return out", "return weight + (out - weight) / max(len(loras), 1)",
      hint="Adapters add; they are not averaged.")
wrong("lets_it_broadcast", "(b.shape[0], a.shape[1]) != tuple(weight.shape)", "False",
      hint="An update with one row or one column broadcasts silently over the weight: compare the shapes yourself.")


@right
def into_a_copy(weight, loras):
    merged = weight.detach().clone()
    d_out, d_in = merged.shape
    for lora in loras:
        if lora["B"].shape[0] != d_out or lora["A"].shape[1] != d_in:
            raise ValueError("the adapter does not fit")
        merged.addmm_(lora["B"], lora["A"], alpha=float(lora["scale"]) * lora["alpha"] / len(lora["A"]))
    return merged


@right
def factors_side_by_side(weight, loras):
    if any(lora["B"].size(0) != weight.size(0) or lora["A"].size(1) != weight.size(1) for lora in loras):
        raise ValueError("the adapter does not fit")
    if not loras:
        return weight.clone()
    strength = [lora["scale"] * lora["alpha"] / lora["A"].size(0) for lora in loras]
    b = torch.cat([s * lora["B"] for s, lora in zip(strength, loras, strict=True)], dim=1)
    return weight + torch.einsum("or,ri->oi", b, torch.cat([lora["A"] for lora in loras], dim=0))


exercise("sharpness_problem")
wrong("picks_mode", "blur = (probs.unsqueeze(1) * candidates).sum(dim=0)", "blur = candidates[probs.argmax()]",
      hint="The squared-error optimum is the mean, even if no image looks like it. That is the blur.")
wrong("unweighted", "blur = (probs.unsqueeze(1) * candidates).sum(dim=0)", "blur = candidates.mean(dim=0)",
      hint="Weight the candidates by their probability.")
wrong("no_sqrt", "to_blur.min().sqrt()", "to_blur.min()", hint="Distance, not squared distance.")
wrong("risk_of_the_mode", "(pairwise @ probs).min()", "(pairwise @ probs)[probs.argmax()]",
      hint="The most likely candidate need not be the one of least risk: compute the risk of each and take the least.")


@right
def by_the_variance_identity(candidates, probs):
    c, p = candidates.double(), probs.double()
    mean = p @ c
    risk = (p @ (c - mean).square()).sum()
    away = torch.linalg.vector_norm(c - mean, dim=1)
    answer = {
        "mse_optimal": mean,
        "risk_optimal": risk,
        "risk_best_candidate": risk + away.min() ** 2,
        "distance_to_nearest": away.min(),
    }
    return {name: value.to(candidates.dtype) for name, value in answer.items()}


@right
def candidate_by_candidate(candidates, probs):
    mean = torch.einsum("k,kd->d", probs, candidates)

    def risk(x):
        return sum(p * torch.sum((c - x) ** 2) for p, c in zip(probs, candidates, strict=True))

    return {
        "mse_optimal": mean,
        "risk_optimal": risk(mean),
        "risk_best_candidate": torch.stack([risk(c) for c in candidates]).amin(),
        "distance_to_nearest": torch.stack([(c - mean).norm() for c in candidates]).amin(),
    }


exercise("add_discriminator_loss")
wrong("bce", "torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()", "torch.nn.functional.softplus(-real).mean() + torch.nn.functional.softplus(fake).mean()",
      hint="ADD uses the hinge loss: beyond the margin the gradient is zero.")
wrong("swapped_labels", "torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()", "torch.relu(1 + real).mean() + torch.relu(1 - fake).mean()",
      hint="Real logits should be pushed up, fake ones down.")
wrong("no_margin", "torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()", "torch.relu(-real).mean() + torch.relu(fake).mean()",
      hint="A logit on the right side still costs until it is past the margin of 1.")
wrong("sum_over_heads", "torch.stack(heads).mean()", "torch.stack(heads).sum()",
      hint="The loss is the mean over the heads, so that it does not grow with their number.")


@wrong(hint="Heads count alike: average within each head first. Pooled logits let the head with the largest map decide.")
def pooled_logits(real_logits, fake_logits):
    real = torch.cat([logits.flatten() for logits in real_logits])
    fake = torch.cat([logits.flatten() for logits in fake_logits])
    return torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()


@right
def by_clamp(real_logits, fake_logits):
    total = 0
    for real in real_logits:
        total = total + (1 - real).clamp(min=0).mean() / len(real_logits)
    for fake in fake_logits:
        total = total + (1 + fake).clamp(min=0).mean() / len(fake_logits)
    return total


@right
def by_margin_ranking(real_logits, fake_logits):
    def hinge(logits, label):
        zero = torch.zeros_like(logits)
        return F.margin_ranking_loss(logits, zero, torch.full_like(logits, label), margin=1.0)

    pairs = list(zip(real_logits, fake_logits, strict=True))
    return sum(hinge(real, 1.0) + hinge(fake, -1.0) for real, fake in pairs) / len(pairs)


exercise("add_generator_loss")
wrong("no_stop_gradient", "with torch.no_grad():", "if True:",
      hint="The teacher's answer is a fixed target: no gradient through it (and none through the re-noised input).")
wrong("teacher_sees_clean", "renoised = _trailing(alpha_s, noise) * student_x0 + _trailing(sigma_s, noise) * noise", "renoised = student_x0",
      hint="The teacher only understands noisy inputs: re-noise the student's sample to level s first.")
wrong("wrong_sign_adv", "adv = -torch.stack", "adv = torch.stack",
      hint="The generator wants high logits: minimise minus the mean.")
wrong("no_lambda", "adv + lam * distill", "adv + distill", hint="Two teachers, two lessons: lambda sets the balance.")
wrong("levels_weigh_alike", "(alpha_s * per_sample).mean()", "per_sample.mean()",
      hint="Each sample's squared error is weighed by its own alpha_s: targets from heavy noise count less.")
wrong("detached_sample", "discriminator(student_x0)", "discriminator(student_x0.detach())",
      hint="The student learns by the gradient that comes back through the discriminator: do not cut it.")


@right
def with_detach(student_x0, teacher, discriminator, noise, s, alpha_s, sigma_s, lam=2.5):
    a, sig = (v.reshape(-1, 1, 1, 1) for v in (alpha_s, sigma_s))
    goal = teacher((a * student_x0 + sig * noise).detach(), s).detach()
    distill = torch.mean(a * torch.square(student_x0 - goal))
    heads = discriminator(student_x0)
    adv = -sum(torch.mean(head) for head in heads) / len(heads)
    return {"loss": adv + lam * distill, "adv": adv, "distill": distill}


@right
def by_weighted_sum(student_x0, teacher, discriminator, noise, s, alpha_s, sigma_s, lam=2.5):
    sample = student_x0.detach()
    noisy = torch.einsum("b,bchw->bchw", alpha_s, sample) + torch.einsum("b,bchw->bchw", sigma_s, noise)
    with torch.no_grad():
        goal = teacher(noisy, s)
    error = F.mse_loss(student_x0, goal, reduction="none").mean(dim=(1, 2, 3))
    distill = torch.dot(alpha_s, error) / len(error)
    adv = torch.stack([-logits.flatten().mean() for logits in discriminator(student_x0)]).mean()
    return dict(adv=adv, distill=distill, loss=torch.add(adv, distill, alpha=lam))


exercise("train_speed_lora")
wrong("asks_for_the_clean_digit", "loss = (jump(adapters, x_hi, hi, label) - goal).square().mean()", "loss = (jump(adapters, x_hi, hi, label) - x0).square().mean()",
      hint="The squared error to the clean digit is what the teacher was trained with: its best answer is the mean, and it knows that already. Aim at the end of the trajectory.")


@wrong(hint="Your file works at half its strength: what you trained and what merge_loras makes of it must be the same update.")
def merged_at_another_strength(teacher, images, labels, steps, seed):
    torch.manual_seed(seed)
    adapters = ends_of_its_own(teacher, labels, steps)
    return {"adapters": {k: {**lora, "alpha": 2 * lora["alpha"]} for k, lora in adapters.items()}, "predicted_miss": 0.4}


@wrong(hint="Count the numbers: whole weights are no small file. The budget is a fifth of the teacher.")
def no_small_file(teacher, images, labels, steps, seed):
    torch.manual_seed(seed)
    return {"adapters": ends_of_its_own(teacher, labels, steps, rank=16), "predicted_miss": 0.4}


@wrong(hint="A and B have changed places: B has as many rows as the weight, A has as many columns, and the update is B times A.")
def factors_exchanged(teacher, images, labels, steps, seed):
    torch.manual_seed(seed)
    adapters = ends_of_its_own(teacher, labels, steps // 10)
    turned = {name: {**lora, "A": lora["B"], "B": lora["A"]} for name, lora in adapters.items()}
    return {"adapters": turned, "predicted_miss": 0.4}


fails("too_few_steps", "for _ in range(steps):", "for _ in range(steps // 10):")
fails("small_rate", "lr=1e-2", "lr=1e-5")
fails("large_rate", "lr=1e-2", "lr=0.3")
fails("no_training", "for _ in range(steps):", "for _ in range(0):")


def where_it_leads(teacher, x, label, steps=8):
    """Trajectories of the teacher by the midpoint rule."""
    with torch.no_grad():
        for i in range(steps // 2):
            t = torch.full((len(x),), 1 - 2 * i / steps)
            middle = x - teacher(x, t, label) / steps
            x = x - 2 / steps * teacher(middle, t - 1 / steps, label)
    return x


def ends_of_its_own(teacher, labels, steps, rank=4):
    """Adapters that regress one jump onto the ends of the teacher's trajectories."""
    noise, label = torch.randn(1024, 1, 8, 8), labels[torch.randint(len(labels), (1024,))]
    ends = where_it_leads(teacher, noise, label)
    weights = {name: weight.detach() for name, weight in teacher.named_parameters()}
    pairs = {}
    for name, weight in weights.items():
        if weight.dim() > 1 and name != "conv_out.weight":
            pairs[name] = [torch.randn(rank, weight[0].numel()) / weight[0].numel() ** 0.5, torch.zeros(len(weight), rank)]
    factors = [factor.requires_grad_() for pair in pairs.values() for factor in pair]
    optimiser = torch.optim.Adam(factors, lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        row = torch.randint(1024, (32,))
        merged = dict(weights)
        for name, (a, b) in pairs.items():
            merged[name] = weights[name] + (b @ a).view_as(weights[name])
        jump = noise[row] - functional_call(teacher, merged, (noise[row], torch.ones(32), label[row]))
        loss = torch.nn.functional.mse_loss(jump, ends[row])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return {name: {"A": a.detach(), "B": b.detach(), "alpha": rank, "scale": 1} for name, (a, b) in pairs.items()}


@right
def regresses_onto_its_own_ends(teacher, images, labels, steps, seed):
    torch.manual_seed(seed)
    return {"adapters": ends_of_its_own(teacher, labels, steps), "predicted_miss": 0.4}


@right
def distils_all_and_keeps_the_best_ranks(teacher, images, labels, steps, seed):
    """All weights are trained, and the file has the first singular vectors of what changed."""
    torch.manual_seed(seed)
    student = copy.deepcopy(teacher).requires_grad_(True)
    noise, label = torch.randn(1024, 1, 8, 8), labels[torch.randint(len(labels), (1024,))]
    ends = where_it_leads(teacher, noise, label)
    optimiser = torch.optim.Adam(student.parameters(), lr=2e-3)
    for _ in range(steps):
        row = torch.randint(1024, (32,))
        loss = (noise[row] - student(noise[row], torch.ones(32), label[row]) - ends[row]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    adapters = {}
    for (name, old), new in zip(teacher.named_parameters(), student.parameters(), strict=True):
        if old.dim() >= 2:
            u, s, vh = torch.linalg.svd((new.detach() - old).flatten(1), full_matrices=False)
            r = min(4, len(s))
            adapters[name] = {"A": vh[:r].clone(), "B": u[:, :r] * s[:r], "alpha": float(r), "scale": 1.0}
    return {"adapters": adapters, "predicted_miss": 0.5}


@right
def adapts_convolutions_alone(teacher, images, labels, steps, seed):
    """Rank 5 for the large convolutions, trained from noise and from halfway, at full and at half the road."""
    torch.manual_seed(seed)
    weights = {name: weight.detach() for name, weight in teacher.named_parameters()}
    chosen = [name for name, weight in weights.items() if weight.dim() == 4 and weight.shape[-1] == 3 and len(weight) > 1]
    down = {name: torch.nn.Parameter(0.08 * torch.randn(5, weights[name][0].numel())) for name in chosen}
    up = {name: torch.nn.Parameter(torch.zeros(len(weights[name]), 5)) for name in chosen}
    noise, label = torch.randn(768, 1, 8, 8), labels[torch.randint(len(labels), (768,))]
    ends = where_it_leads(teacher, noise, label)
    optimiser = torch.optim.AdamW([*down.values(), *up.values()], lr=1e-2, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, steps)
    for _ in range(steps):
        row = torch.randperm(768)[:32]
        merged = {**weights, **{n: weights[n] + (up[n] @ down[n]).reshape(weights[n].shape) for n in chosen}}
        velocity = functional_call(teacher, merged, (noise[row], torch.ones(32), label[row]))
        loss = (noise[row] - velocity - ends[row]).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    loras = {n: {"A": down[n].detach(), "B": up[n].detach(), "alpha": 5.0, "scale": 1.0} for n in chosen}
    return {"adapters": loras, "predicted_miss": 0.45}
