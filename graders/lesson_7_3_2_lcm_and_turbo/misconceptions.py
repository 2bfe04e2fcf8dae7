"""Wrong answers that we expect in lesson 7.3.2."""

import torch

from blindgrade.known_answers import edit, misconception

# ---------------------------------------------------------------- lcm_boundary_scalings

edit(
    "lcm_boundary_scalings",
    "no_timestep_scaling",
    "timesteps.to(torch.float64) * timestep_scaling",
    "timesteps.to(torch.float64)",
    hint="LCM multiplies the discrete timestep by timestep_scaling (10) before the formula.",
)
edit(
    "lcm_boundary_scalings",
    "edm_c_out",
    "c_out = s / torch.sqrt",
    "c_out = sigma_data * s / torch.sqrt",
    hint="c_out must go to 1 for large t: here the network already predicts x0.",
)
edit(
    "lcm_boundary_scalings",
    "missing_square",
    "sigma_data**2 / (s**2 + sigma_data**2)",
    "sigma_data / torch.sqrt(s**2 + sigma_data**2)",
    hint="c_skip and c_out are not cos and sin of one angle: c_skip is squared.",
)
edit(
    "lcm_boundary_scalings",
    "swapped",
    "return c_skip.float(), c_out.float()",
    "return c_out.float(), c_skip.float()",
    hint="The skip coefficient comes first, and it is 1 at timestep 0.",
)

# ---------------------------------------------------------------- lcm_training_pair

edit(
    "lcm_training_pair",
    "adjacent_steps",
    "t_start - k",
    "t_start - 1",
    hint="Neighbouring timesteps out of 1000 are nearly identical. Skip k = n_train / n_ddim steps.",
)
edit(
    "lcm_training_pair",
    "off_by_one",
    "(index + 1) * k - 1",
    "index * k",
    hint="Index 0 must start at k-1 so the last index reaches n_train-1.",
)
edit(
    "lcm_training_pair",
    "negative_end",
    "torch.clamp(t_start - k, min=0)",
    "t_start - k",
    hint="The first pair would end at -1. Clamp at 0.",
)
edit(
    "lcm_training_pair",
    "standard_skip_only",
    "k = n_train // n_ddim",
    "k = 20",
    hint="A skip of 20 belongs to 50 of 1000 levels. Compute it from n_train and n_ddim.",
)

# ---------------------------------------------------------------- lcm_inference_timesteps

edit(
    "lcm_inference_timesteps",
    "linspace_over_train",
    "[origin[(i * original_steps) // num_steps] for i in range(num_steps)]",
    "[n_train - 1 - (i * n_train) // num_steps for i in range(num_steps)]",
    hint="LCM was trained only on the 50 skipping timesteps; choose from those.",
)
edit(
    "lcm_inference_timesteps",
    "includes_last",
    "(i * original_steps) // num_steps",
    "(i * (original_steps - 1)) // max(num_steps - 1, 1)",
    hint="The schedule excludes the end point: the last jump already lands at x0.",
)
edit(
    "lcm_inference_timesteps",
    "ascending",
    "range(original_steps, 0, -1)",
    "range(1, original_steps + 1)",
    hint="Sampling goes from noise to data: descending.",
)


@misconception(
    "lcm_inference_timesteps",
    hint="A fixed stride rounds too early and leaves the clean end out: multiply i by original_steps, then divide.",
)
def stride_rounded_first(num_steps, n_train=1000, original_steps=50):
    if not 1 <= num_steps <= original_steps:
        raise ValueError("num_steps out of range")
    k = n_train // original_steps
    origin = [j * k - 1 for j in range(original_steps, 0, -1)]
    return origin[:: original_steps // num_steps][:num_steps]


# ---------------------------------------------------------------- augmented_pf_ode_step

edit(
    "augmented_pf_ode_step",
    "cfg_convention",
    "eps_cond + w * (eps_cond - eps_uncond)",
    "eps_uncond + w * (eps_cond - eps_uncond)",
    hint="LCM writes the guided noise as (1+w) eps_c - w eps_u: w=0 must be plain conditional, not unconditional.",
)
edit(
    "augmented_pf_ode_step",
    "swapped_cond",
    "eps_cond + w * (eps_cond - eps_uncond)",
    "eps_uncond + w * (eps_uncond - eps_cond)",
    hint="Prompt and empty prompt are exchanged, so this steers away from the prompt.",
)
edit(
    "augmented_pf_ode_step",
    "guides_x0_only",
    "torch.sqrt(1 - ab_s) * eps",
    "torch.sqrt(1 - ab_s) * eps_cond",
    hint="The augmented ODE uses the guided noise in both places of the DDIM step.",
)
edit(
    "augmented_pf_ode_step",
    "coefficients_on_the_last_axis",
    "w, ab_t, ab_s = _trailing(w, z), _trailing(ab_t, z), _trailing(ab_s, z)",
    "pass",
    hint="A coefficient of shape [B] belongs to the first axis: give it trailing axes of size 1.",
)
edit(
    "augmented_pf_ode_step",
    "no_root",
    "torch.sqrt(ab_s) * z0 + torch.sqrt(1 - ab_s) * eps",
    "ab_s * z0 + (1 - ab_s) * eps",
    hint="ab is a share of the variance: signal and noise are multiplied by its root and by the root of the rest.",
)

# ---------------------------------------------------------------- guidance_scale_embedding

edit(
    "guidance_scale_embedding",
    "no_1000",
    "1000.0 * w",
    "1.0 * w",
    hint="w is multiplied by 1000 so that it uses the same frequency range as timesteps.",
)
edit(
    "guidance_scale_embedding",
    "cos_first",
    "torch.cat([torch.sin(arg), torch.cos(arg)], dim=1)",
    "torch.cat([torch.cos(arg), torch.sin(arg)], dim=1)",
    hint="This embedding puts sine first (unlike DiT/SDXL's).",
)
edit(
    "guidance_scale_embedding",
    "half_not_minus_one",
    "/ (half - 1)",
    "/ half",
    hint="The lowest frequency is exactly 1/10000: divide by half-1.",
)
edit(
    "guidance_scale_embedding",
    "interleaved",
    "torch.cat([torch.sin(arg), torch.cos(arg)], dim=1)",
    "torch.stack([torch.sin(arg), torch.cos(arg)], dim=2).flatten(1)",
    hint="All sines come first, then all cosines: they do not alternate.",
)

# ---------------------------------------------------------------- lcm_distillation_loss

edit(
    "lcm_distillation_loss",
    "no_stop_gradient",
    "with torch.no_grad():",
    "if True:",
    hint="Teacher and target must not receive gradient.",
)
edit(
    "lcm_distillation_loss",
    "no_cfg_augmentation",
    "augmented_pf_ode_step(z_t, eps_cond, eps_uncond, w, ab_t, ab_s)",
    "augmented_pf_ode_step(z_t, eps_cond, eps_uncond, 0 * w, ab_t, ab_s)",
    hint="The teacher step has to be guided by w: that is what 'augmented' means.",
)
edit(
    "lcm_distillation_loss",
    "target_without_w",
    "eps = model(z, t, cond, w_emb)",
    "eps = model(z, t, cond)",
    hint="The student must know which w it imitates: pass the w embedding.",
)
edit(
    "lcm_distillation_loss",
    "l2_not_huber",
    "(torch.sqrt((pred - goal) ** 2 + huber_c**2) - huber_c).mean()",
    "((pred - goal) ** 2).mean()",
    hint="Use the pseudo-Huber distance.",
)
edit(
    "lcm_distillation_loss",
    "target_at_the_start",
    "goal = leap(target, z_s, t_end, ab_s)",
    "goal = leap(target, z_s, t_start, ab_t)",
    hint="The target stands at the end of the teacher's step: it is asked at t_end, with that level's alpha-bar.",
)
edit(
    "lcm_distillation_loss",
    "noise_taken_for_clean",
    "c_out * (z - torch.sqrt(1 - ab) * eps) / torch.sqrt(ab)",
    "c_out * eps",
    hint="The networks predict noise. Turn it into an estimate of the clean latent before c_out multiplies it.",
)

# ---------------------------------------------------------------- lora_adapter_size

edit(
    "lora_adapter_size",
    "full_matrix",
    "sum(rank * (d_out + d_in) for d_out, d_in in layer_shapes)",
    "sum(d_out * d_in for d_out, d_in in layer_shapes)",
    hint="A LoRA stores A (r x d_in) and B (d_out x r), not the full update.",
)
edit(
    "lora_adapter_size",
    "one_factor",
    "rank * (d_out + d_in)",
    "rank * d_in",
    hint="A LoRA stores two factors for each layer, A and B: count both.",
)
edit(
    "lora_adapter_size",
    "mebibytes",
    "/ 1e6",
    "/ 2**20",
    hint="Megabytes here are 10^6 bytes.",
)
edit(
    "lora_adapter_size",
    "bits_not_bytes",
    "params * bytes_per_param / 1e6",
    "params * 8 * bytes_per_param / 1e6",
    hint="bytes_per_param already counts bytes: no factor of 8.",
)

# ---------------------------------------------------------------- merge_loras

edit(
    "merge_loras",
    "no_alpha_over_r",
    'lora["scale"] * (lora["alpha"] / a.shape[0])',
    'lora["scale"]',
    hint="The update is scaled by alpha / rank.",
)
edit(
    "merge_loras",
    "overwrites",
    "out = out + lora",
    "out = weight + lora",
    hint="Each LoRA starts again from the base weight: only the last one survives. Speed and style must add up.",
)


@misconception("merge_loras", hint="Merging must not change the base weight.")
def in_place(weight, loras):
    for lora in loras:
        a, b = lora["A"], lora["B"]
        if (b.shape[0], a.shape[1]) != tuple(weight.shape):
            raise ValueError("shapes do not fit")
        weight += lora["scale"] * (lora["alpha"] / a.shape[0]) * (b @ a)
    return weight


edit(
    "merge_loras",
    "average",
    "return out",
    "return weight + (out - weight) / max(len(loras), 1)",
    hint="Adapters add; they are not averaged.",
)
edit(
    "merge_loras",
    "lets_it_broadcast",
    "(b.shape[0], a.shape[1]) != tuple(weight.shape)",
    "False",
    hint="An update with one row or one column broadcasts silently over the weight: compare the shapes yourself.",
)

# ---------------------------------------------------------------- sharpness_problem

edit(
    "sharpness_problem",
    "picks_mode",
    "blur = (probs.unsqueeze(1) * candidates).sum(dim=0)",
    "blur = candidates[probs.argmax()]",
    hint="The squared-error optimum is the mean, even if no image looks like it. That is the blur.",
)
edit(
    "sharpness_problem",
    "unweighted",
    "blur = (probs.unsqueeze(1) * candidates).sum(dim=0)",
    "blur = candidates.mean(dim=0)",
    hint="Weight the candidates by their probability.",
)
edit(
    "sharpness_problem",
    "no_sqrt",
    "to_blur.min().sqrt()",
    "to_blur.min()",
    hint="Distance, not squared distance.",
)
edit(
    "sharpness_problem",
    "risk_of_the_mode",
    "(pairwise @ probs).min()",
    "(pairwise @ probs)[probs.argmax()]",
    hint="The most likely candidate need not be the one of least risk: compute the risk of each and take the least.",
)

# ---------------------------------------------------------------- add_discriminator_loss

edit(
    "add_discriminator_loss",
    "bce",
    "torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()",
    "torch.nn.functional.softplus(-real).mean() + torch.nn.functional.softplus(fake).mean()",
    hint="ADD uses the hinge loss: beyond the margin the gradient is zero.",
)
edit(
    "add_discriminator_loss",
    "swapped_labels",
    "torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()",
    "torch.relu(1 + real).mean() + torch.relu(1 - fake).mean()",
    hint="Real logits should be pushed up, fake ones down.",
)
edit(
    "add_discriminator_loss",
    "no_margin",
    "torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()",
    "torch.relu(-real).mean() + torch.relu(fake).mean()",
    hint="A logit on the right side still costs until it is past the margin of 1.",
)
edit(
    "add_discriminator_loss",
    "sum_over_heads",
    "torch.stack(heads).mean()",
    "torch.stack(heads).sum()",
    hint="The loss is the mean over the heads, so that it does not grow with their number.",
)


@misconception(
    "add_discriminator_loss",
    hint="Heads count alike: average within each head first. Pooled logits let the head with the largest map decide.",
)
def pooled_logits(real_logits, fake_logits):
    real = torch.cat([logits.flatten() for logits in real_logits])
    fake = torch.cat([logits.flatten() for logits in fake_logits])
    return torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()


# ---------------------------------------------------------------- add_generator_loss

edit(
    "add_generator_loss",
    "no_stop_gradient",
    "with torch.no_grad():",
    "if True:",
    hint="The teacher's answer is a fixed target: no gradient through it (and none through the re-noised input).",
)
edit(
    "add_generator_loss",
    "teacher_sees_clean",
    "renoised = _trailing(alpha_s, noise) * student_x0 + _trailing(sigma_s, noise) * noise",
    "renoised = student_x0",
    hint="The teacher only understands noisy inputs: re-noise the student's sample to level s first.",
)
edit(
    "add_generator_loss",
    "wrong_sign_adv",
    "adv = -torch.stack",
    "adv = torch.stack",
    hint="The generator wants high logits: minimise minus the mean.",
)
edit(
    "add_generator_loss",
    "no_lambda",
    "adv + lam * distill",
    "adv + distill",
    hint="Two teachers, two lessons: lambda sets the balance.",
)
edit(
    "add_generator_loss",
    "levels_weigh_alike",
    "(alpha_s * per_sample).mean()",
    "per_sample.mean()",
    hint="Each sample's squared error is weighed by its own alpha_s: targets from heavy noise count less.",
)
edit(
    "add_generator_loss",
    "detached_sample",
    "discriminator(student_x0)",
    "discriminator(student_x0.detach())",
    hint="The student learns by the gradient that comes back through the discriminator: do not cut it.",
)
