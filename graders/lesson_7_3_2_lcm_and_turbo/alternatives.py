"""Other right answers to lesson 7.3.2."""

import math

import torch
import torch.nn.functional as F

from blindgrade.known_answers import alternative

# ---------------------------------------------------------------- lcm_boundary_scalings


@alternative("lcm_boundary_scalings")
def in_float32(timesteps, sigma_data=0.5, timestep_scaling=10.0):
    s = timestep_scaling * timesteps.float()
    total = s.square() + sigma_data * sigma_data
    return sigma_data * sigma_data / total, s * torch.rsqrt(total)


@alternative("lcm_boundary_scalings")
def by_an_angle(timesteps, sigma_data=0.5, timestep_scaling=10.0):
    s = timesteps.double() * timestep_scaling
    angle = torch.atan2(s, torch.full_like(s, sigma_data))
    return torch.cos(angle).pow(2).to(torch.float32), torch.sin(angle).to(torch.float32)


@alternative("lcm_boundary_scalings")
def level_by_level(timesteps, sigma_data=0.5, timestep_scaling=10.0):
    scaled = [timestep_scaling * t for t in timesteps.tolist()]
    skip = torch.tensor([sigma_data**2 / (s * s + sigma_data**2) for s in scaled], dtype=torch.float32)
    return skip, torch.tensor([s / math.hypot(s, sigma_data) for s in scaled], dtype=torch.float32)


# ---------------------------------------------------------------- lcm_training_pair


@alternative("lcm_training_pair")
def from_a_table(index, n_train=1000, n_ddim=50):
    k = n_train // n_ddim
    starts = torch.arange(1, n_ddim + 1) * k - 1
    ends = torch.where(starts >= k, starts - k, torch.zeros_like(starts))
    return starts[index], ends[index]


@alternative("lcm_training_pair")
def index_by_index(index, n_train=1000, n_ddim=50):
    k = n_train // n_ddim
    starts = [k * i + k - 1 for i in index.tolist()]
    return torch.tensor(starts), torch.tensor([max(start - k, 0) for start in starts])


# ---------------------------------------------------------------- lcm_inference_timesteps


@alternative("lcm_inference_timesteps")
def from_a_tensor(num_steps, n_train=1000, original_steps=50):
    if num_steps < 1 or num_steps > original_steps:
        raise ValueError("num_steps out of range")
    k = n_train // original_steps
    origin = (torch.arange(1, original_steps + 1) * k - 1).flip(0)
    places = torch.arange(num_steps) * original_steps // num_steps
    return origin[places].tolist()


@alternative("lcm_inference_timesteps")
def counted_down(num_steps, n_train=1000, original_steps=50):
    if num_steps not in range(1, original_steps + 1):
        raise ValueError("num_steps out of range")
    k = n_train // original_steps
    steps = []
    for i in range(num_steps):
        skipped, _ = divmod(i * original_steps, num_steps)
        steps.append((original_steps - skipped) * k - 1)
    return steps


# ---------------------------------------------------------------- augmented_pf_ode_step


@alternative("augmented_pf_ode_step")
def sample_by_sample(z, eps_cond, eps_uncond, w, ab_t, ab_s):
    out = []
    for i in range(len(z)):
        eps = (1 + w[i]) * eps_cond[i] - w[i] * eps_uncond[i]
        x0 = (z[i] - (1 - ab_t[i]) ** 0.5 * eps) / ab_t[i] ** 0.5
        out.append(ab_s[i] ** 0.5 * x0 + (1 - ab_s[i]) ** 0.5 * eps)
    return torch.stack(out)


@alternative("augmented_pf_ode_step")
def batch_axis_last(z, eps_cond, eps_uncond, w, ab_t, ab_s):
    z, eps = z.movedim(0, -1), torch.lerp(eps_uncond.movedim(0, -1), eps_cond.movedim(0, -1), 1 + w)
    ratio = (ab_s / ab_t).sqrt()
    return (ratio * z + ((1 - ab_s).sqrt() - ratio * (1 - ab_t).sqrt()) * eps).movedim(-1, 0)


@alternative("augmented_pf_ode_step")
def by_einsum_in_float64(z, eps_cond, eps_uncond, w, ab_t, ab_s):
    w, t, s = w.double(), ab_t.double(), ab_s.double()
    gain = (1 - s).sqrt() - (s / t * (1 - t)).sqrt()
    parts = torch.stack([(s / t).sqrt(), gain * (1 + w), -gain * w])
    return torch.einsum("kb,kb...->b...", parts, torch.stack([z, eps_cond, eps_uncond]).double()).to(z.dtype)


# ---------------------------------------------------------------- guidance_scale_embedding


@alternative("guidance_scale_embedding")
def as_the_official_code(w, dim=256):
    half = dim // 2
    freqs = torch.exp(torch.arange(half).double() * -(math.log(10000.0) / (half - 1)))
    arg = (w.double() * 1000).unsqueeze(1) * freqs.unsqueeze(0)
    columns = [arg.sin(), arg.cos()]
    if dim % 2:
        columns.append(torch.zeros(len(w), 1, dtype=torch.float64))
    return torch.cat(columns, dim=1).to(torch.float32)


@alternative("guidance_scale_embedding")
def by_logspace_into_zeros(w, dim=256):
    half = dim // 2
    out = torch.zeros(w.shape[0], dim)
    arg = torch.outer(w.to(torch.float64), 1000 * torch.logspace(0, -4, half, dtype=torch.float64))
    out[:, :half] = torch.sin(arg).float()
    out[:, half : 2 * half] = torch.cos(arg).float()
    return out


@alternative("guidance_scale_embedding")
def in_single_precision(w, dim=256):
    half = dim // 2
    freqs = torch.exp(-math.log(10000.0) / (half - 1) * torch.arange(half, dtype=torch.float32))
    arg = w.float()[:, None] * 1000.0 * freqs[None, :]
    return F.pad(torch.cat([arg.sin(), arg.cos()], dim=-1), (0, dim % 2))


# ---------------------------------------------------------------- lcm_distillation_loss


@alternative("lcm_distillation_loss")
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


@alternative("lcm_distillation_loss")
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


# ---------------------------------------------------------------- lora_adapter_size


@alternative("lora_adapter_size")
def layer_after_layer(layer_shapes, rank, bytes_per_param=2):
    if rank <= 0:
        raise ValueError("rank out of range")
    params = full = 0
    for d_out, d_in in layer_shapes:
        params += d_out * rank
        params += rank * d_in
        full += d_out * d_in
    return dict(params=params, megabytes=params / 1_000_000 * bytes_per_param, fraction=params / full)


@alternative("lora_adapter_size")
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


# ---------------------------------------------------------------- merge_loras


@alternative("merge_loras")
def into_a_copy(weight, loras):
    merged = weight.detach().clone()
    d_out, d_in = merged.shape
    for lora in loras:
        if lora["B"].shape[0] != d_out or lora["A"].shape[1] != d_in:
            raise ValueError("the adapter does not fit")
        merged.addmm_(lora["B"], lora["A"], alpha=float(lora["scale"]) * lora["alpha"] / len(lora["A"]))
    return merged


@alternative("merge_loras")
def factors_side_by_side(weight, loras):
    if any(lora["B"].size(0) != weight.size(0) or lora["A"].size(1) != weight.size(1) for lora in loras):
        raise ValueError("the adapter does not fit")
    if not loras:
        return weight.clone()
    strength = [lora["scale"] * lora["alpha"] / lora["A"].size(0) for lora in loras]
    b = torch.cat([s * lora["B"] for s, lora in zip(strength, loras, strict=True)], dim=1)
    return weight + torch.einsum("or,ri->oi", b, torch.cat([lora["A"] for lora in loras], dim=0))


# ---------------------------------------------------------------- sharpness_problem


@alternative("sharpness_problem")
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


@alternative("sharpness_problem")
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


# ---------------------------------------------------------------- add_discriminator_loss


@alternative("add_discriminator_loss")
def by_clamp(real_logits, fake_logits):
    total = 0
    for real in real_logits:
        total = total + (1 - real).clamp(min=0).mean() / len(real_logits)
    for fake in fake_logits:
        total = total + (1 + fake).clamp(min=0).mean() / len(fake_logits)
    return total


@alternative("add_discriminator_loss")
def by_margin_ranking(real_logits, fake_logits):
    def hinge(logits, label):
        zero = torch.zeros_like(logits)
        return F.margin_ranking_loss(logits, zero, torch.full_like(logits, label), margin=1.0)

    pairs = list(zip(real_logits, fake_logits, strict=True))
    return sum(hinge(real, 1.0) + hinge(fake, -1.0) for real, fake in pairs) / len(pairs)


# ---------------------------------------------------------------- add_generator_loss


@alternative("add_generator_loss")
def with_detach(student_x0, teacher, discriminator, noise, s, alpha_s, sigma_s, lam=2.5):
    a, sig = (v.reshape(-1, 1, 1, 1) for v in (alpha_s, sigma_s))
    goal = teacher((a * student_x0 + sig * noise).detach(), s).detach()
    distill = torch.mean(a * torch.square(student_x0 - goal))
    heads = discriminator(student_x0)
    adv = -sum(torch.mean(head) for head in heads) / len(heads)
    return {"loss": adv + lam * distill, "adv": adv, "distill": distill}


@alternative("add_generator_loss")
def by_weighted_sum(student_x0, teacher, discriminator, noise, s, alpha_s, sigma_s, lam=2.5):
    sample = student_x0.detach()
    noisy = torch.einsum("b,bchw->bchw", alpha_s, sample) + torch.einsum("b,bchw->bchw", sigma_s, noise)
    with torch.no_grad():
        goal = teacher(noisy, s)
    error = F.mse_loss(student_x0, goal, reduction="none").mean(dim=(1, 2, 3))
    distill = torch.dot(alpha_s, error) / len(error)
    adv = torch.stack([-logits.flatten().mean() for logits in discriminator(student_x0)]).mean()
    return dict(adv=adv, distill=distill, loss=torch.add(adv, distill, alpha=lam))
