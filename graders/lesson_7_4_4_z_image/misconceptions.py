"""Wrong answers that we expect in lesson 7.4.4."""


from blindgrade.known_answers import edit, misconception

# ---------------------------------------------------------------- SwiGLU

edit(
    "SwiGLU",
    "gelu",
    "F.silu(self.w1(x))",
    "F.gelu(self.w1(x))",
    hint="The gate uses SiLU (Swish), hence *Swi*GLU.",
)
edit(
    "SwiGLU",
    "gate_swapped",
    "F.silu(self.w1(x)) * self.w3(x)",
    "self.w1(x) * F.silu(self.w3(x))",
    hint="w1 is activated, w3 is the linear view.",
)
edit(
    "SwiGLU",
    "added",
    "F.silu(self.w1(x)) * self.w3(x)",
    "F.silu(self.w1(x)) + self.w3(x)",
    hint="The two views are multiplied, feature by feature; added, neither could shut the other off.",
)
edit(
    "SwiGLU",
    "sigmoid_gate",
    "F.silu(self.w1(x))",
    "torch.sigmoid(self.w1(x))",
    hint="A sigmoid gate makes a GLU; SiLU is the input times its sigmoid.",
)
edit(
    "SwiGLU",
    "no_gate",
    "F.silu(self.w1(x)) * self.w3(x)",
    "F.silu(self.w1(x))",
    hint="That is a plain feed-forward network: the second view, w3, is missing.",
)

# ---------------------------------------------------------------- unified_position_ids

edit(
    "unified_position_ids",
    "text_from_zero",
    "torch.arange(1, n_text + 1)",
    "torch.arange(n_text)",
    hint="Text positions start at 1 on the time axis.",
)
edit(
    "unified_position_ids",
    "image_at_zero",
    "torch.full_like(rows, n_text + 1)",
    "torch.zeros_like(rows)",
    hint="All image tokens share the moment after the text.",
)
edit(
    "unified_position_ids",
    "raster_time",
    "torch.full_like(rows, n_text + 1)",
    "n_text + 1 + rows * grid_w + cols",
    hint="An image is one moment: its tokens differ in height and width only.",
)
edit(
    "unified_position_ids",
    "text_on_all_axes",
    "text[:, 0] = torch.arange(1, n_text + 1)",
    "text[:] = torch.arange(1, n_text + 1).unsqueeze(1)",
    hint="Text has no height or width: position 0 there (zero rotation).",
)
edit(
    "unified_position_ids",
    "text_first",
    "torch.cat([image, text])",
    "torch.cat([text, image])",
    hint="Text comes earlier in time, but image tokens come first in the sequence.",
)
edit(
    "unified_position_ids",
    "column_by_column",
    "[torch.full_like(rows, n_text + 1), rows, cols]",
    "[torch.full_like(rows, n_text + 1), cols, rows]",
    hint="The coordinates are time, row, column, and the image is read row by row: the column changes fastest.",
)
edit(
    "unified_position_ids",
    "image_with_the_last_word",
    "torch.full_like(rows, n_text + 1)",
    "torch.full_like(rows, n_text)",
    hint="The last word stands at n_text: the image's moment is the next one.",
)

# ---------------------------------------------------------------- rope_3d

edit(
    "rope_3d",
    "one_axis",
    "ids[:, axis]",
    "ids[:, 0]",
    hint="Each block of channels rotates by its own axis' position.",
)
edit(
    "rope_3d",
    "halves_pairing",
    "even, odd = x[..., 0::2], x[..., 1::2]",
    "even, odd = x.chunk(2, dim=-1)",
    hint="Pairs are neighbouring channels (2i, 2i+1), not the two halves.",
)
edit(
    "rope_3d",
    "freq_over_head",
    "torch.arange(0, d, 2, dtype=torch.float64) / d",
    "torch.arange(0, d, 2, dtype=torch.float64) / x.shape[-1]",
    hint="Frequencies are laid out per axis: divide by that axis' size.",
)
edit(
    "rope_3d",
    "adds_positions",
    "even * cos - odd * sin",
    "even + sin",
    hint="RoPE rotates; it keeps the length of q and k.",
)
edit(
    "rope_3d",
    "turns_back",
    "[even * cos - odd * sin, even * sin + odd * cos]",
    "[even * cos + odd * sin, odd * cos - even * sin]",
    hint="You turn by minus the angle: the minus stands before the odd channel's sine.",
)
edit(
    "rope_3d",
    "not_interleaved",
    "turned.flatten(-2)",
    "turned.transpose(-1, -2).flatten(-2)",
    hint="Rotated pairs go back to where they came from: channels 2i and 2i+1, not the first and the second half.",
)
edit(
    "rope_3d",
    "base_built_in",
    "theta ** -",
    "256.0 ** -",
    hint="256 is only the default: use the theta that is given.",
)

# ---------------------------------------------------------------- S3DiTBlock

edit(
    "S3DiTBlock",
    "no_tanh",
    "gate1, gate2 = gate1.tanh(), gate2.tanh()",
    "pass",
    hint="The gates are not bounded: they go through tanh, so that no branch passes at more than its own size.",
)
edit(
    "S3DiTBlock",
    "no_post_norm",
    "x = x + gate1 * rms(a, self.attn_norm2)",
    "x = x + gate1 * a",
    hint="Sandwich norm: the branch's output is normalised again before the gate.",
)
edit(
    "S3DiTBlock",
    "rope_on_v",
    "v = heads(self.to_v(h))",
    "v = rope_3d(heads(self.to_v(h)), ids, self.axes_dims)",
    hint="The values were rotated, too: positions are for who attends to whom, so only queries and keys turn.",
)
edit(
    "S3DiTBlock",
    "no_qk_norm",
    "rms(heads(self.to_q(h)), self.norm_q)",
    "heads(self.to_q(h))",
    hint="Q and K are RMS-normalised per head before the rotation.",
)
edit(
    "S3DiTBlock",
    "silu_on_the_condition",
    "self.ada(c)[:, None]",
    "self.ada(F.silu(c))[:, None]",
    hint="DiT puts a SiLU before this layer; Z-Image's block reads c as it is.",
)
edit(
    "S3DiTBlock",
    "gates_before_scales",
    "scale1, gate1, scale2, gate2 = self.ada",
    "gate1, scale1, gate2, scale2 = self.ada",
    hint="The four parts come as scale, gate, scale, gate.",
)
edit(
    "S3DiTBlock",
    "scale_without_one",
    "rms(x, self.attn_norm1) * (1 + scale1)",
    "rms(x, self.attn_norm1) * (scale1 if self.modulation else 1.0)",
    hint="The scale is a change: multiply by 1 + scale, so that a scale of 0 leaves the branch as it is.",
)
edit(
    "S3DiTBlock",
    "heads_interleaved",
    "features.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)",
    "features.unflatten(-1, (-1, self.n_heads)).permute(0, 3, 1, 2)",
    hint="Head h owns consecutive channels: split the width into heads first, channels of a head second.",
)

# ---------------------------------------------------------------- stream_parameters

edit(
    "stream_parameters",
    "two_matrix_ffn",
    "3 * d_model * d_hidden",
    "2 * d_model * d_hidden",
    hint="The feed-forward network counts with two matrices; a SwiGLU has three.",
)
edit(
    "stream_parameters",
    "forgets_refiners",
    "depth * per_stream + 2 * refiner_depth * per_stream",
    "depth * per_stream",
    hint="The refiners cost parameters too: one stack per modality.",
)
edit(
    "stream_parameters",
    "dual_counts_once",
    "depth * 2 * per_stream",
    "depth * per_stream",
    hint="Dual-stream blocks have all weights twice, once for each modality.",
)
edit(
    "stream_parameters",
    "one_refiner_stack",
    "2 * refiner_depth",
    "refiner_depth",
    hint="Image and text have refiners of their own: two stacks.",
)
edit(
    "stream_parameters",
    "ratio_not_saving",
    "1 - single / dual",
    "single / dual",
    hint="The saving is the share that one stream does without: 1 minus the ratio.",
)
edit(
    "stream_parameters",
    "no_output_projection",
    "4 * d_model**2",
    "3 * d_model**2",
    hint="Attention has four square matrices: query, key, value, and the output projection.",
)

# ---------------------------------------------------------------- text_stack_summary

edit(
    "text_stack_summary",
    "channel_adds_tokens",
    'if enc["join"] == "channel":',
    "if False:",
    hint="Channel joins widen the context, sequence joins lengthen it.",
)
edit(
    "text_stack_summary",
    "sequence_adds_width",
    'width = max(width, enc["width"])',
    'width += enc["width"]',
    hint="For a sequence join the narrower part is padded to the wider width.",
)
edit(
    "text_stack_summary",
    "no_error",
    'if enc["tokens"] != tokens:',
    "if False:",
    hint="Channel concatenation needs equal token counts.",
)
edit(
    "text_stack_summary",
    "compares_with_the_first",
    'if enc["tokens"] != tokens:',
    'if enc["tokens"] != encoders[0]["tokens"]:',
    hint="An encoder joins the whole context so far: after a sequence join it has more tokens than the first encoder.",
)
edit(
    "text_stack_summary",
    "last_width_wins",
    'width = max(width, enc["width"])',
    'width = enc["width"]',
    hint="In a sequence join the wider of the two parts sets the width, be it the earlier one.",
)

# ---------------------------------------------------------------- TinyS3DiT

edit(
    "TinyS3DiT",
    "no_refiners",
    "for block in self.noise_refiner:",
    "for block in self.noise_refiner[:0]:",
    hint="Translate once: refine each modality before they meet.",
)
edit(
    "TinyS3DiT",
    "text_at_the_images_places",
    "txt = block(txt, ids[n_img:])",
    "txt = block(txt, ids[:n_img][: txt.shape[1]])",
    hint="The text was refined at positions of the image: its own are the rows behind the image's, ids[n_img:].",
)
edit(
    "TinyS3DiT",
    "text_first",
    "h = torch.cat([img, txt], dim=1)",
    "h = torch.cat([txt, img], dim=1)",
    hint="Image tokens come first here; ids and slicing must agree.",
)
edit(
    "TinyS3DiT",
    "t_not_scaled",
    "1000.0 * t.float()",
    "t.float()",
    hint="t in [0, 1] is scaled by 1000 before the Fourier features.",
)
edit(
    "TinyS3DiT",
    "final_reads_c",
    "self.final_ada(F.silu(c))",
    "self.final_ada(c)",
    hint="The blocks read c as it is, but the final layer reads silu(c).",
)
edit(
    "TinyS3DiT",
    "no_final_norm",
    "F.layer_norm(h[:, :n_img], h.shape[-1:], eps=1e-6)",
    "h[:, :n_img]",
    hint="Before the final scale the image tokens pass a LayerNorm without parameters.",
)
edit(
    "TinyS3DiT",
    "text_not_normed",
    "rms(text, self.text_norm)",
    "text",
    hint="The language model's features pass an RMSNorm before they are embedded.",
)

# ---------------------------------------------------------------- dmd_loss

edit(
    "dmd_loss",
    "wrong_sign",
    "(fake_x0 - real_x0)",
    "(real_x0 - fake_x0)",
    hint="Descending must move x towards the real prediction and away from the fake one.",
)
edit(
    "dmd_loss",
    "no_normalisation",
    " / _trailing(norm, x).clamp_min(1e-8)",
    "",
    hint="Divide by mean |x - real_x0| per sample so that noise levels weigh alike.",
)
edit(
    "dmd_loss",
    "batch_norm_scale",
    "(x - real_x0).abs().flatten(1).mean(1)",
    "(x - real_x0).abs().mean().expand(x.shape[0])",
    hint="Normalise each sample by itself.",
)
edit(
    "dmd_loss",
    "no_stop_gradient",
    "with torch.no_grad():",
    "if True:",
    hint="The goal is a constant; only x carries gradient.",
)
edit(
    "dmd_loss",
    "distance_to_the_fake",
    "(x - real_x0).abs()",
    "(x - fake_x0).abs()",
    hint="The distance that measures g is the one to the real answer.",
)
edit(
    "dmd_loss",
    "summed",
    "((x - goal) ** 2).mean()",
    "((x - goal) ** 2).sum()",
    hint="The loss is a mean over all elements, so that it does not grow with the batch.",
)
edit(
    "dmd_loss",
    "divides_by_zero",
    ".clamp_min(1e-8)",
    "",
    hint="A sample that is its own real answer has distance 0: keep the divisor above 1e-8.",
)

# ---------------------------------------------------------------- spear_and_shield

edit(
    "spear_and_shield",
    "alpha_not_minus_one",
    "(alpha - 1) * (real_cond - real_uncond)",
    "alpha * (real_cond - real_uncond)",
    hint="alpha = 1 is no guidance: then the spear must vanish.",
)
edit(
    "spear_and_shield",
    "shield_uncond",
    "real_cond - fake_cond",
    "real_uncond - fake_cond",
    hint="With (alpha - 1) in the spear, the shield compares conditional with conditional.",
)
edit(
    "spear_and_shield",
    "swapped",
    "return spear, shield",
    "return shield, spear",
    hint="Spear = CFG augmentation, shield = distribution matching.",
)
edit(
    "spear_and_shield",
    "spear_against_the_fake",
    "(real_cond - real_uncond)",
    "(real_cond - fake_cond)",
    hint="The spear knows nothing of the student: it is the teacher's own difference with and without the condition.",
)
edit(
    "spear_and_shield",
    "shield_backwards",
    "real_cond - fake_cond",
    "fake_cond - real_cond",
    hint="Both point where the sample should go: towards the real prediction, away from the fake one.",
)

# ---------------------------------------------------------------- renoise_levels

edit(
    "renoise_levels",
    "shared",
    "s_shield = shield_range[0] + (shield_range[1] - shield_range[0]) * u_shield",
    "s_shield = s_spear",
    hint="Decoupled: each term draws its own noise level.",
)
edit(
    "renoise_levels",
    "same_draw",
    "(shield_range[1] - shield_range[0]) * u_shield",
    "(shield_range[1] - shield_range[0]) * u_spear",
    hint="Spear and shield got the same draw: each has one of its own.",
)
edit(
    "renoise_levels",
    "width_not_high",
    "spear_range[0] + (spear_range[1] - spear_range[0]) * u_spear",
    "spear_range[0] + spear_range[1] * u_spear",
    hint="A draw of 1 must become high: stretch by the width of the range, high minus low.",
)
edit(
    "renoise_levels",
    "only_the_spear_is_checked",
    "for low, high in (spear_range, shield_range):",
    "for low, high in (spear_range,):",
    hint="Both ranges must lie within [0, 1] and run forwards.",
)
edit(
    "renoise_levels",
    "no_single_level",
    "if not 0 <= low <= high <= 1:",
    "if not 0 <= low < high <= 1:",
    hint="A range may be a single level: low = high is allowed.",
)

# ---------------------------------------------------------------- decoupled_dmd_direction

edit(
    "decoupled_dmd_direction",
    "coupled",
    "x_shield = (1 - b) * x + b * n_shield",
    "x_shield, s_shield = x_spear, s_spear",
    hint="The shield must be evaluated at its own noise level.",
)
edit(
    "decoupled_dmd_direction",
    "cfg_in_shield",
    "fake(x_shield, s_shield, cond)",
    "fake(x_shield, s_shield, uncond)",
    hint="Real and fake are compared under the same condition.",
)
edit(
    "decoupled_dmd_direction",
    "no_detach",
    "with torch.no_grad():",
    "if True:",
    hint="The direction is a constant: no gradient through the score networks.",
)
edit(
    "decoupled_dmd_direction",
    "levels_on_the_last_axis",
    "a, b = _trailing(s_spear, x), _trailing(s_shield, x)",
    "a, b = s_spear, s_shield",
    hint="A level of shape [B] belongs to the first axis: give it trailing axes of size 1.",
)
edit(
    "decoupled_dmd_direction",
    "clean_samples",
    "shield = real(x_shield, s_shield, cond) - fake(x_shield, s_shield, cond)",
    "shield = real(x, s_shield, cond) - fake(x, s_shield, cond)",
    hint="Both models are asked about the re-noised sample, of which the level that they are told is true.",
)
edit(
    "decoupled_dmd_direction",
    "signal_kept_whole",
    "x_spear = (1 - a) * x + a * n_spear",
    "x_spear = x + a * n_spear",
    hint="In this lesson's notation noise replaces signal: (1 - s) x + s n.",
)

# ---------------------------------------------------------------- diffusion_dpo_loss

edit(
    "diffusion_dpo_loss",
    "wrong_sign",
    "-F.logsigmoid(-beta * inside)",
    "-F.logsigmoid(beta * inside)",
    hint="A *lower* error on the winner than the reference is good.",
)
edit(
    "diffusion_dpo_loss",
    "no_reference",
    "(err_w - ref_err_w) - (err_l - ref_err_l)",
    "err_w - err_l",
    hint="Improvement is measured against the frozen reference.",
)
edit(
    "diffusion_dpo_loss",
    "plain_sigmoid",
    "-F.logsigmoid(-beta * inside)",
    "-torch.log(torch.sigmoid(-beta * inside))",
    hint="log(sigmoid()) underflows to -inf for large arguments: use logsigmoid.",
)
edit(
    "diffusion_dpo_loss",
    "average_pair",
    "-F.logsigmoid(-beta * inside).mean()",
    "-F.logsigmoid(-beta * inside.mean())",
    hint="Each pair is a comparison of its own: take the log-sigmoid pair by pair, and the mean afterwards.",
)
edit(
    "diffusion_dpo_loss",
    "summed",
    "-F.logsigmoid(-beta * inside).mean()",
    "-F.logsigmoid(-beta * inside).sum()",
    hint="The loss is the mean over the batch.",
)

# ---------------------------------------------------------------- grpo_advantages

edit(
    "grpo_advantages",
    "batch_stats",
    "rewards.mean(dim=1, keepdim=True)",
    "rewards.mean()",
    hint="Compare within the group (same prompt), not across prompts.",
)
edit("grpo_advantages", "no_std", " / (std + eps)", "", hint="Divide by the group's standard deviation.")
edit(
    "grpo_advantages",
    "eps_inside",
    "(std + eps)",
    "(std ** 2 + eps).sqrt()",
    hint="eps is added to the standard deviation, not to the variance.",
)
edit(
    "grpo_advantages",
    "biased_std",
    "rewards.std(dim=1, keepdim=True)",
    "rewards.std(dim=1, keepdim=True, correction=0)",
    hint="This course takes the unbiased standard deviation: the sum of squares over n - 1.",
)


@misconception("grpo_advantages", hint="A group is a row: mean and standard deviation run along dim 1.")
def groups_are_columns(rewards, eps=1e-4):
    offset = rewards - rewards.mean(dim=0)
    return offset / ((offset.square().sum(dim=0) / (len(rewards) - 1)).sqrt() + eps)


# ---------------------------------------------------------------- grpo_loss

edit(
    "grpo_loss",
    "maximum",
    "torch.minimum(ratio * adv, clipped * adv)",
    "torch.maximum(ratio * adv, clipped * adv)",
    hint="The clipped objective is pessimistic: minimum.",
)
edit(
    "grpo_loss",
    "only_clipped",
    "torch.minimum(ratio * adv, clipped * adv)",
    "(clipped * adv)",
    hint="Clipping alone removes the gradient that would pull back a policy gone wrong.",
)
edit("grpo_loss", "wrong_sign", "-torch.minimum", "torch.minimum", hint="We minimise: minus the objective.")
edit(
    "grpo_loss",
    "log_ratio",
    "torch.exp(logp - logp_old.detach())",
    "(logp - logp_old.detach())",
    hint="The ratio is exp of the log-probability difference.",
)
edit(
    "grpo_loss",
    "clip_built_in",
    "ratio.clamp(1 - clip, 1 + clip)",
    "ratio.clamp(0.8, 1.2)",
    hint="0.2 is only the default: use the clip that is given.",
)
edit(
    "grpo_loss",
    "gradient_to_the_reward",
    "adv = grpo_advantages(rewards).detach()",
    "adv = grpo_advantages(rewards)",
    hint="Advantages are constants: they say how much, and nothing flows back into the reward.",
)

# ---------------------------------------------------------------- dmdr_loss

edit(
    "dmdr_loss",
    "weight_on_reward",
    "grpo_loss(logp, logp_old, rewards, clip) + dmd_weight * dmd_loss(x, real_x0, fake_x0)",
    "dmd_weight * grpo_loss(logp, logp_old, rewards, clip) + dmd_loss(x, real_x0, fake_x0)",
    hint="RL drives, DMD guards: the weight belongs to the guardrail.",
)
edit("dmdr_loss", "subtracts", "+ dmd_weight", "- dmd_weight", hint="The guardrail is a penalty: add it.")
edit(
    "dmdr_loss",
    "swapped_scores",
    "dmd_loss(x, real_x0, fake_x0)",
    "dmd_loss(x, fake_x0, real_x0)",
    hint="The two answers are exchanged on their way to dmd_loss: samples are pulled towards the real one.",
)
edit(
    "dmdr_loss",
    "clip_forgotten",
    "grpo_loss(logp, logp_old, rewards, clip)",
    "grpo_loss(logp, logp_old, rewards)",
    hint="Another clip than 0.2 has no effect: hand it on to grpo_loss.",
)
edit(
    "dmdr_loss",
    "weight_forgotten",
    "dmd_weight * dmd_loss",
    "dmd_loss",
    hint="How strong the guardrail is, dmd_weight says.",
)

# ---------------------------------------------------------------- guardrail_optimum

edit(
    "guardrail_optimum",
    "teacher_is_ceiling",
    "return teacher_mean + teacher_var * reward_slope / dmd_weight",
    "return teacher_mean",
    hint="The optimum moves beyond the teacher; the guardrail only limits how far.",
)
edit(
    "guardrail_optimum",
    "weight_inverted",
    "reward_slope / dmd_weight",
    "reward_slope * dmd_weight",
    hint="A stronger guardrail keeps the student closer to the teacher.",
)
edit(
    "guardrail_optimum",
    "std_for_var",
    "teacher_var * reward_slope",
    "teacher_var ** 0.5 * reward_slope",
    hint="The divergence between Gaussians of equal variance is (m - mu)^2 / (2 var).",
)
edit(
    "guardrail_optimum",
    "half_forgotten",
    "teacher_var * reward_slope",
    "0.5 * teacher_var * reward_slope",
    hint="The 2 from the square cancels the 1/2 of the divergence.",
)
edit(
    "guardrail_optimum",
    "any_weight",
    "if dmd_weight <= 0:",
    "if dmd_weight == 0:",
    hint="With a negative weight the guardrail would push the student away: there is no optimum, only a ValueError.",
)

# ---------------------------------------------------------------- train_dmd_generator

edit(
    "train_dmd_generator",
    "no_fake",
    "loss = dmd_loss(x, real_x0, fake_x0)",
    "loss = 0.5 * ((x - real_x0) ** 2).mean()",
    hint="Without the fake score the samples collapse to one place: distribution matching needs both scores.",
)
edit(
    "train_dmd_generator",
    "wrong_sign",
    "loss = dmd_loss(x, real_x0, fake_x0)",
    "loss = dmd_loss(x, fake_x0, real_x0)",
    hint="The samples leave the hills: the difference of the two answers has the wrong sign.",
)
edit(
    "train_dmd_generator",
    "no_renoise",
    "x_t = x + t * torch.randn(n, 2, generator=generator)",
    "t = 0 * t + 0.1; x_t = x",
    hint="Both scores are compared on re-noised samples at many levels; on clean samples the two hardly overlap.",
)
edit(
    "train_dmd_generator",
    "fake_is_the_sample",
    "fake_x0 = weights @ x",
    "fake_x0 = x",
    hint="The fake answer is the crowd's, the weighted mean of all own samples: one sample alone feels no crowding.",
)
edit(
    "train_dmd_generator",
    "too_much_noise",
    "n, t_min, t_max = 256, 0.2, 3.0",
    "n, t_min, t_max = 256, 4.0, 6.0",
    hint="Much noise shows where the crowds are and hides the shape of each hill: small levels are needed, too.",
)
edit(
    "train_dmd_generator",
    "kernel_without_the_two",
    "(2 * t**2)",
    "(t**2)",
    hint="The weights come from log densities of N(x_j, t^2 I): the squared distance over TWICE t squared.",
)
