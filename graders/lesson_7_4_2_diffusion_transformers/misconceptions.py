"""Wrong answers that we expect in lesson 7.4.2."""

from blindgrade.known_answers import edit, misconception

# ---------------------------------------------------------------- patchify

edit(
    "patchify",
    "channel_first",
    "permute(0, 2, 4, 3, 5, 1)",
    "permute(0, 2, 4, 1, 3, 5)",
    hint="The order inside a token is (row, column, channel).",
)
edit(
    "patchify",
    "column_major",
    "permute(0, 2, 4, 3, 5, 1)",
    "permute(0, 4, 2, 3, 5, 1)",
    hint="Tokens run along rows first (left to right, then down).",
)
edit(
    "patchify",
    "reshape_only",
    "x.permute(0, 2, 4, 3, 5, 1)",
    "x",
    hint="A bare reshape mixes pixels of different patches; move the patch axes together first.",
)
edit(
    "patchify",
    "columns_inside_first",
    "permute(0, 2, 4, 3, 5, 1)",
    "permute(0, 2, 4, 5, 3, 1)",
    hint="Inside a token the pixels follow each other along the row, as the tokens do.",
)
edit(
    "patchify",
    "checks_the_area",
    "if height % p or width % p:",
    "if (height * width) % (p * p):",
    hint="p must divide the height and the width, each by itself: 2 by 8 pixels hold 16, and yet no square of side 4.",
)
edit(
    "patchify",
    "no_error",
    "if height % p or width % p:",
    "if False:",
    hint="A latent that the patches do not tile is an error of the caller: raise ValueError and say so.",
)

# ---------------------------------------------------------------- unpatchify

edit(
    "unpatchify",
    "channel_first",
    "tokens.reshape(b, grid_h, grid_w, p, p, d // (p * p))",
    "tokens.reshape(b, grid_h, grid_w, d // (p * p), p, p).permute(0, 1, 2, 4, 5, 3)",
    hint="Must be the exact inverse of patchify: (row, column, channel) inside a token.",
)
edit(
    "unpatchify",
    "swapped_grid",
    "permute(0, 5, 1, 3, 2, 4)",
    "permute(0, 5, 1, 4, 2, 3)",
    hint="Pair each grid axis with its own pixel axis.",
)
edit(
    "unpatchify",
    "square_only",
    "if n != grid_h * grid_w or d % (p * p):",
    "if n != grid_h * grid_h or d % (p * p):",
    hint="Height and width have grids of their own: a latent need not be square.",
)
edit(
    "unpatchify",
    "pixels_before_the_grid",
    "permute(0, 5, 1, 3, 2, 4)",
    "permute(0, 5, 3, 1, 4, 2)",
    hint="Neighbouring rows belong to one patch: the row inside the patch changes faster than the row of the grid.",
)


@misconception("unpatchify", hint="Tokens run along rows first: the grid's rows are the outer axis of the list.")
def column_major(tokens, p, grid_h, grid_w):
    b, n, d = tokens.shape
    if n != grid_h * grid_w or d % (p * p):
        raise ValueError("the tokens do not fit")
    patches = tokens.reshape(b, grid_w, grid_h, p, p, d // (p * p)).transpose(1, 2)
    return patches.permute(0, 5, 1, 3, 2, 4).reshape(b, -1, grid_h * p, grid_w * p)


edit(
    "unpatchify",
    "counts_numbers_only",
    "if n != grid_h * grid_w or d % (p * p):\n        raise ValueError",
    "if d % (p * p):\n        raise ValueError",
    hint="Check the number of tokens against the grid too: that the numbers can be reshaped does not mean they fit.",
)

# ---------------------------------------------------------------- dit_token_budget

edit(
    "dit_token_budget",
    "one_axis",
    "(height // p) * (width // p)",
    "(height * width) // p",
    hint="Patching shrinks both axes: p^2 fewer tokens.",
)
edit(
    "dit_token_budget",
    "linear_attention",
    "2 * n * n * d_model",
    "2 * n * d_model",
    hint="Every token meets every token: n^2.",
)
edit(
    "dit_token_budget",
    "no_ffn",
    "12 * n * d_model * d_model",
    "4 * n * d_model * d_model",
    hint="4 d^2 for attention projections plus 8 d^2 for the feed-forward.",
)
edit(
    "dit_token_budget",
    "scores_only",
    "2 * n * n * d_model",
    "n * n * d_model",
    hint="Attention multiplies twice: queries with keys for the scores, and the shares with the values.",
)
edit(
    "dit_token_budget",
    "ffn_one_matrix",
    "12 * n * d_model * d_model",
    "8 * n * d_model * d_model",
    hint="The feed-forward goes up to 4 d and back down: two matrices of 4 d^2.",
)

# ---------------------------------------------------------------- DiTBlock

edit(
    "DiTBlock",
    "no_gate",
    "x = x + gate1.unsqueeze(1) * self.attention",
    "x = x + self.attention",
    hint="Each branch is multiplied by its gate; with a zero gate the block must be the identity.",
)
edit(
    "DiTBlock",
    "order_scale_shift",
    "shift1, scale1, gate1, shift2, scale2, gate2 =",
    "scale1, shift1, gate1, scale2, shift2, gate2 =",
    hint="Order of the six: shift, scale, gate - attention first, then MLP.",
)
edit(
    "DiTBlock",
    "no_silu",
    "self.ada(F.silu(c))",
    "self.ada(c)",
    hint="SiLU comes before the modulation layer.",
)
edit(
    "DiTBlock",
    "not_zero_init",
    "nn.init.zeros_(self.ada.weight)",
    "pass",
    hint="adaLN-*Zero*: the modulation layer starts at zero.",
)
edit(
    "DiTBlock",
    "exact_gelu",
    'F.gelu(h, approximate="tanh")',
    "F.gelu(h)",
    hint="DiT uses GELU in its tanh form; the exact one differs in the fourth digit.",
)
edit(
    "DiTBlock",
    "parallel_branches",
    "x = x + gate1.unsqueeze(1) * self.attention(modulate(self.norm(x), shift1, scale1))\n"
    "        h = self.fc1(modulate(self.norm(x), shift2, scale2))",
    "h = self.fc1(modulate(self.norm(x), shift2, scale2))\n"
    "        x = x + gate1.unsqueeze(1) * self.attention(modulate(self.norm(x), shift1, scale1))",
    hint="The MLP reads the x that the attention has changed; only then comes the next norm.",
)
edit(
    "DiTBlock",
    "affine_norm",
    "elementwise_affine=False",
    "elementwise_affine=True",
    hint="The norms have no scale and shift of their own: the condition supplies them.",
)
edit(
    "DiTBlock",
    "split_per_head",
    "z.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)  # [B, heads, n, d_head]\n"
    "            for z in self.qkv(h).chunk(3, dim=-1)",
    "z.transpose(1, 2)\n            for z in self.qkv(h).unflatten(-1, (self.n_heads, -1)).chunk(3, dim=-1)",
    hint="qkv holds all queries, then all keys, then all values; split it into three first and into heads afterwards.",
)

# ---------------------------------------------------------------- dit_block_params

edit(
    "dit_block_params",
    "no_bias",
    "4 * d_model * d_model + 4 * d_model",
    "4 * d_model * d_model",
    hint="The count is of weights alone: all five linear layers have biases, too.",
)
edit(
    "dit_block_params",
    "gpt_block",
    "6 * d_model * d_model + 6 * d_model",
    "0",
    hint="adaLN-Zero adds 6 d^2: a third of the block.",
)
edit(
    "dit_block_params",
    "norm_affine",
    "attention + mlp + ada}",
    "attention + mlp + ada + 4 * d_model}",
    hint="The layer norms have no affine parameters: adaLN supplies them.",
)
edit(
    "dit_block_params",
    "always_fourfold",
    "hidden = mlp_ratio * d_model",
    "hidden = 4 * d_model",
    hint="Four is only the usual ratio: use the mlp_ratio that is given.",
)
edit(
    "dit_block_params",
    "no_gates",
    "6 * d_model * d_model + 6 * d_model",
    "4 * d_model * d_model + 4 * d_model",
    hint="Each of the two branches has three vectors: shift, scale and gate.",
)

# ---------------------------------------------------------------- scale_dit

edit(
    "scale_dit",
    "first_fit",
    "if total <= budget and (best is None or total > best[2]):",
    "if total <= budget and best is None:",
    hint="Use as much of the budget as possible.",
)
edit(
    "scale_dit",
    "may_exceed",
    "if total <= budget and (best is None or total > best[2]):",
    "if best is None or abs(total - budget) < abs(best[2] - budget):",
    hint="The budget is a limit: a stack may reach it, and not exceed it.",
)
edit(
    "scale_dit",
    "linear_in_d",
    'n * dit_block_params(d)["total"]',
    'n * d * dit_block_params(sorted(d_models)[0])["total"] // sorted(d_models)[0]',
    hint="Parameters grow with d^2 but only linearly with depth.",
)
edit(
    "scale_dit",
    "wider_in_ties",
    "total > best[2]",
    "total >= best[2]",
    hint="Of two models with equally many parameters keep the narrower one: replace it only by a larger one.",
)
edit(
    "scale_dit",
    "strictly_below",
    "total <= budget",
    "total < budget",
    hint="A model that uses the budget to the last parameter still fits.",
)
edit(
    "scale_dit",
    "widest_first",
    "total > best[2]",
    "(d, n) > best[:2]",
    hint="Width does not come first: a narrower but deeper model may use more of the budget.",
)

# ---------------------------------------------------------------- sincos_pos_embed

edit(
    "sincos_pos_embed",
    "rows_first",
    "torch.cat([one(cols), one(rows)], dim=1)",
    "torch.cat([one(rows), one(cols)], dim=1)",
    hint="DiT's (MAE's) table encodes the column in the first half.",
)
edit(
    "sincos_pos_embed",
    "interleaved",
    "torch.cat([out.sin(), out.cos()], dim=1)",
    "torch.stack([out.sin(), out.cos()], dim=2).flatten(1)",
    hint="Sines first, then cosines; not interleaved.",
)
edit(
    "sincos_pos_embed",
    "half_freqs",
    "torch.arange(d_model // 4, dtype=torch.float64) / (d_model / 4)",
    "torch.arange(d_model // 4, dtype=torch.float64) / (d_model / 2)",
    hint="Each axis has d/2 channels, so d/4 frequencies over the full range.",
)
edit(
    "sincos_pos_embed",
    "cosines_first",
    "torch.cat([out.sin(), out.cos()], dim=1)",
    "torch.cat([out.cos(), out.sin()], dim=1)",
    hint="Here the sines come first; it is the timestep embedding that starts with cosines.",
)
edit(
    "sincos_pos_embed",
    "counts_from_one",
    "torch.arange(grid_w).repeat",
    "torch.arange(1, grid_w + 1).repeat",
    hint="Rows and columns count from 0.",
)


@misconception(
    "sincos_pos_embed", hint="Tokens run along rows first, as patchify makes them: the column changes at every token."
)
def tokens_by_column(d_model, grid_h, grid_w):
    omega = 10_000.0 ** -(torch.arange(d_model // 4, dtype=torch.float64) / (d_model / 4))

    def one(u):
        return torch.cat([(u[:, None] * omega).sin(), (u[:, None] * omega).cos()], dim=1)

    return torch.cat(
        [one(torch.arange(grid_w).repeat_interleave(grid_h)), one(torch.arange(grid_h).repeat(grid_w))], 1
    ).float()


# ---------------------------------------------------------------- ddim_generate

edit(
    "ddim_generate",
    "eps_not_reused",
    "torch.sqrt(1 - ab_prev) * eps",
    "torch.sqrt(1 - ab_prev) * x_init",
    hint="The direction term uses the predicted noise.",
)
edit(
    "ddim_generate",
    "final_not_clean",
    "else torch.ones_like(ab)",
    "else alphas_cumprod[0]",
    hint="After the last step alpha-bar is 1: return x0.",
)
edit(
    "ddim_generate",
    "no_x0_scaling",
    "/ torch.sqrt(ab)",
    "",
    hint="x0 = (x - sqrt(1-ab) eps) / sqrt(ab).",
)
edit(
    "ddim_generate",
    "one_timestep_down",
    "alphas_cumprod[t_next]",
    "alphas_cumprod[t - 1]",
    hint="The next level is that of the next timestep on the list, not of t - 1.",
)
edit(
    "ddim_generate",
    "one_t_for_all",
    "torch.full((len(x),), t, device=x.device)",
    "torch.tensor(t)",
    hint="The denoiser wants a timestep for each sample: int64 of shape [B].",
)
edit(
    "ddim_generate",
    "no_roots",
    "torch.sqrt(ab_prev) * x0 + torch.sqrt(1 - ab_prev) * eps",
    "ab_prev * x0 + (1 - ab_prev) * eps",
    hint="alpha-bar is a share of the variance: signal and noise are scaled by square roots.",
)

# ---------------------------------------------------------------- TinyDiT

edit(
    "TinyDiT",
    "no_pos",
    "self.x_embed(patchify(x, self.p)) + self.pos",
    "self.x_embed(patchify(x, self.p))",
    hint="Without positions the transformer sees a bag of patches.",
)
edit("TinyDiT", "no_class", "+ self.y_embed(y)", "+ 0 * self.y_embed(y)", hint="The class has no say in your condition: c is the time's vector plus the class's.")
edit(
    "TinyDiT",
    "final_not_zero",
    "for m in (self.final_ada, self.final):",
    "for m in (self.final_ada,):",
    hint="The output layer starts at zero too.",
)
edit(
    "TinyDiT",
    "final_no_mod",
    "self.final(modulate(self.final_norm(h), shift, scale))",
    "self.final(self.final_norm(h))",
    hint="The final layer is modulated as well (shift and scale, no gate).",
)
edit(
    "TinyDiT",
    "saved_positions",
    ", persistent=False",
    "",
    hint="The addresses follow from the sizes: a buffer that is not saved keeps them out of the state.",
)
edit(
    "TinyDiT",
    "learned_positions",
    'self.register_buffer("pos", sincos_pos_embed(d_model, self.grid, self.grid), persistent=False)',
    "self.pos = nn.Parameter(sincos_pos_embed(d_model, self.grid, self.grid))",
    hint="DiT's addresses are fixed and not learned: a buffer, not a parameter.",
)
edit(
    "TinyDiT",
    "no_row_for_no_class",
    "nn.Embedding(n_classes + 1, d_model)",
    "nn.Embedding(n_classes, d_model)",
    hint='The class table has one row more than there are classes: the last one means "no class".',
)
edit(
    "TinyDiT",
    "scale_before_shift",
    "shift, scale = self.final_ada",
    "scale, shift = self.final_ada",
    hint="At the end, too, the shift comes before the scale.",
)
