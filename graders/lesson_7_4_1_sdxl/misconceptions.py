"""Wrong answers that we expect in lesson 7.4.1."""

from blindgrade.known_answers import edit, misconception

# ---------------------------------------------------------------- sdxl_text_context

edit(
    "sdxl_text_context",
    "token_axis",
    "torch.cat([hidden_l, hidden_g], dim=-1)",
    "torch.cat([F.pad(hidden_l, (0, hidden_g.shape[-1] - hidden_l.shape[-1])), hidden_g], dim=1)",
    hint="SDXL joins the two encoders along channels: 77 tokens stay 77, width becomes 2048.",
)
edit(
    "sdxl_text_context",
    "wrong_order",
    "torch.cat([hidden_l, hidden_g], dim=-1)",
    "torch.cat([hidden_g, hidden_l], dim=-1)",
    hint="CLIP ViT-L comes first (channels 0..767).",
)
edit(
    "sdxl_text_context",
    "pooled_mean",
    "return context, pooled_g",
    "return context, hidden_g.mean(1)",
    hint="The pooled embedding is the encoder's own (EOS, projected) vector, not a mean of tokens.",
)
edit(
    "sdxl_text_context",
    "last_token_pooled",
    "return context, pooled_g",
    "return context, hidden_g[:, -1]",
    hint="The last hidden state is not the pooled embedding: G makes that at the end of the text, through a projection.",
)
edit(
    "sdxl_text_context",
    "added_up",
    "torch.cat([hidden_l, hidden_g], dim=-1)",
    "F.pad(hidden_l, (0, hidden_g.shape[-1] - hidden_l.shape[-1])) + hidden_g",
    hint="Adding mixes what the two encoders say for good; side by side, the U-Net can read each of them.",
)
edit(
    "sdxl_text_context",
    "no_error",
    "if hidden_l.shape[:2] != hidden_g.shape[:2]:",
    "if False:",
    hint="Compare batch and tokens yourself and raise ValueError: torch's own error is a RuntimeError.",
)
edit(
    "sdxl_text_context",
    "checks_tokens_only",
    "if hidden_l.shape[:2] != hidden_g.shape[:2]:",
    "if hidden_l.shape[1] != hidden_g.shape[1]:",
    hint="The encoders may also disagree on the number of prompts: compare the batch as well.",
)

# ---------------------------------------------------------------- SDXLCrossAttention

edit(
    "SDXLCrossAttention",
    "no_scale",
    " / math.sqrt(q.shape[-1])",
    "",
    hint="Divide the scores by sqrt(head size).",
)
edit(
    "SDXLCrossAttention",
    "scale_by_model",
    "math.sqrt(q.shape[-1])",
    "math.sqrt(x.shape[-1])",
    hint="Scale by the head size, not the model width.",
)
edit(
    "SDXLCrossAttention",
    "swapped_qk",
    "q @ k.transpose(-1, -2)",
    "q.roll(1, -2) @ k.transpose(-1, -2)",
    hint="Each image position asks its own question: keep query order.",
)
edit(
    "SDXLCrossAttention",
    "softmax_over_places",
    "softmax(dim=-1)",
    "softmax(dim=-2)",
    hint="Each place spreads its attention over the tokens: the weights of one place add up to 1.",
)
edit(
    "SDXLCrossAttention",
    "interleaved_heads",
    "z.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)",
    "z.unflatten(-1, (-1, self.n_heads)).permute(0, 3, 1, 2)",
    hint="A head owns consecutive channels, not every n-th one.",
)
edit(
    "SDXLCrossAttention",
    "heads_not_merged_back",
    "mixed.transpose(1, 2).flatten(2)",
    "mixed.reshape(x.shape)",
    hint="Bring the heads behind the places before you merge them: reshape alone mixes heads with places.",
)
edit(
    "SDXLCrossAttention",
    "residual",
    "return self.to_out",
    "return x + self.to_out",
    hint="The residual connection belongs to the block around this layer.",
)
edit(
    "SDXLCrossAttention",
    "biased_queries",
    "self.to_q = nn.Linear(d_model, d_model, bias=False)",
    "self.to_q = nn.Linear(d_model, d_model)",
    hint="Queries, keys and values have no bias; the output projection has one.",
)


@misconception(
    "SDXLCrossAttention",
    hint="One context, one softmax: the two encoders share each token's key, they are not two documents.",
)
class TwoPaths(nn.Module):
    def __init__(self, d_model, n_heads, d_context=2048):
        super().__init__()
        self.n_heads = n_heads
        self.to_q = nn.Linear(d_model, d_model, bias=False)
        self.to_k = nn.Linear(d_context, d_model, bias=False)
        self.to_v = nn.Linear(d_context, d_model, bias=False)
        self.to_out = nn.Linear(d_model, d_model)

    def forward(self, x, context):
        cut = context.shape[-1] * 3 // 8  # 768 of 2048
        read = 0
        for part in (slice(None, cut), slice(cut, None)):
            k, v = (F.linear(context[..., part], layer.weight[:, part]) for layer in (self.to_k, self.to_v))
            q, k, v = (z.unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for z in (self.to_q(x), k, v))
            read = read + F.scaled_dot_product_attention(q, k, v)
        return self.to_out(read.transpose(1, 2).flatten(2))


# ---------------------------------------------------------------- multi_resolution_options

edit(
    "multi_resolution_options",
    "long_side",
    "torch.minimum(h, w)",
    "torch.maximum(h, w)",
    hint="An image is too small if its shorter side is below the target.",
)
edit(
    "multi_resolution_options",
    "no_clamp",
    "torch.clamp(target / short, min=1.0).max().item()",
    "(target / short).mean().item()",
    hint="Report the worst enlargement; shrinking is not upscaling.",
)
edit(
    "multi_resolution_options",
    "crop_by_area_lost",
    "(1 - short / long).mean().item()",
    "(1 - (short / long) ** 2).mean().item()",
    hint="After resizing the short side to the target only the long side is cut.",
)
edit(
    "multi_resolution_options",
    "shrinking_counts",
    "torch.clamp(target / short, min=1.0).max()",
    "(target / short).max()",
    hint="If every picture is large enough nothing is enlarged: the factor is 1, not less.",
)
edit(
    "multi_resolution_options",
    "target_is_too_small",
    "(short < target)",
    "(short <= target)",
    hint="A side of exactly the target is large enough.",
)
edit(
    "multi_resolution_options",
    "height_is_short",
    "short, long = torch.minimum(h, w), torch.maximum(h, w)",
    "short, long = h, w",
    hint="Pictures may be flat or tall: take the shorter side of each, whichever it is.",
)
edit(
    "multi_resolution_options",
    "counts",
    "(short < target).double().mean().item()",
    "float((short < target).sum().item())",
    hint="Report a share of the pictures, between 0 and 1, not their number.",
)
edit(
    "multi_resolution_options",
    "crops_what_is_left",
    "(1 - short / long).mean().item()",
    "(1 - short / long)[short >= target].double().mean().nan_to_num(0.0).item()",
    hint="The third option keeps every picture and crops it: average over all of them, small ones too.",
)

# ---------------------------------------------------------------- micro_conditioning_ids

edit(
    "micro_conditioning_ids",
    "width_first",
    "[height, width, top, left, target, target]",
    "[width, height, left, top, target, target]",
    hint="The order is (height, width), (top, left), (height, width).",
)
edit(
    "micro_conditioning_ids",
    "resized_not_original",
    "[height, width, top, left, target, target]",
    "[new_h, new_w, top, left, target, target]",
    hint="original_size is the size before any resizing: that is how the model learns about upscaling blur.",
)
edit(
    "micro_conditioning_ids",
    "scale_by_long",
    "target / min(height, width)",
    "target / max(height, width)",
    hint="Resize so that the shorter side fits the target.",
)
edit(
    "micro_conditioning_ids",
    "last_place_missing",
    "top = int(u_top * (new_h - target + 1))\n    left = int(u_left * (new_w - target + 1))",
    "top = int(u_top * (new_h - target))\n    left = int(u_left * (new_w - target))",
    hint="A square of side T in a row of T + 3 pixels can begin at 4 places, not at 3: the last one counts.",
)
edit(
    "micro_conditioning_ids",
    "always_the_centre",
    "top = int(u_top * (new_h - target + 1))\n    left = int(u_left * (new_w - target + 1))",
    "top, left = (new_h - target) // 2, (new_w - target) // 2",
    hint="The crop is drawn at random; if it were always the centre, the model would learn nothing from being told.",
)
edit(
    "micro_conditioning_ids",
    "cut_not_rounded",
    "round(height * scale), round(width * scale)",
    "int(height * scale), int(width * scale)",
    hint="The sides of the resized picture are rounded to the nearest pixel.",
)
edit(
    "micro_conditioning_ids",
    "crop_before_resizing",
    "top = int(u_top * (new_h - target + 1))\n    left = int(u_left * (new_w - target + 1))",
    "top = int(u_top * (new_h - target + 1) / scale)\n    left = int(u_left * (new_w - target + 1) / scale)",
    hint="The crop is told in pixels of the resized picture, from which it is cut.",
)
edit(
    "micro_conditioning_ids",
    "whole_picture_as_target",
    "[height, width, top, left, target, target]",
    "[height, width, top, left, new_h, new_w]",
    hint="The target size is that of the square that the model is trained on, after the crop.",
)

# ---------------------------------------------------------------- micro_conditioning_embedding

edit(
    "micro_conditioning_embedding",
    "sin_first",
    "torch.cat([torch.cos(arg), torch.sin(arg)], dim=-1)",
    "torch.cat([torch.sin(arg), torch.cos(arg)], dim=-1)",
    hint="In each embedding all cosines stand before all sines (diffusers calls it flip_sin_to_cos).",
)
edit(
    "micro_conditioning_embedding",
    "freq_shift",
    "device=ids.device) / half",
    "device=ids.device) / (half - 1)",
    hint="The exponent is i over half the dim, not over half minus 1, so the last frequency is not quite 1/10000.",
)
edit(
    "micro_conditioning_embedding",
    "summed",
    "return emb.flatten(1)",
    "return emb.sum(1)",
    hint="The six embeddings are concatenated, not added: otherwise height and crop cannot be told apart.",
)
edit(
    "micro_conditioning_embedding",
    "interleaved",
    "torch.cat([torch.cos(arg), torch.sin(arg)], dim=-1)",
    "torch.stack([torch.cos(arg), torch.sin(arg)], dim=-1).flatten(2)",
    hint="All cosines of an id come before its sines; they do not take turns.",
)
edit(
    "micro_conditioning_embedding",
    "all_cosines_first",
    "torch.cat([torch.cos(arg), torch.sin(arg)], dim=-1)",
    "torch.cat([torch.cos(arg), torch.sin(arg)], dim=1)",
    hint="Each id has its own stretch, with its cosines and its sines; do not collect the cosines of all six first.",
)
edit(
    "micro_conditioning_embedding",
    "frequency_by_frequency",
    "return emb.flatten(1)",
    "return emb.transpose(1, 2).flatten(1)",
    hint="One id after the other: the whole embedding of the height, then that of the width.",
)
edit(
    "micro_conditioning_embedding",
    "full_dim_of_frequencies",
    "half = dim // 2",
    "half = dim",
    hint="dim counts cosines and sines together: there are dim / 2 frequencies.",
)
edit(
    "micro_conditioning_embedding",
    "shrunken_ids",
    "arg = ids[..., None] * freqs",
    "arg = ids[..., None] / 1024 * freqs",
    hint="The integers go in as they are: the slow clocks are there for the large ones.",
)

# ---------------------------------------------------------------- SDXLAddedConditioning

edit(
    "SDXLAddedConditioning",
    "replaces_time",
    "return time_emb + self.linear_2",
    "return self.linear_2",
    hint="The result is added to the timestep embedding, not put in its place.",
)
edit(
    "SDXLAddedConditioning",
    "no_activation",
    "F.silu(self.linear_1(h))",
    "self.linear_1(h)",
    hint="There is a SiLU between the two layers.",
)
edit(
    "SDXLAddedConditioning",
    "ids_first",
    "torch.cat([pooled, fourier], dim=-1)",
    "torch.cat([fourier, pooled], dim=-1)",
    hint="Pooled text first, then the Fourier features.",
)
edit(
    "SDXLAddedConditioning",
    "time_through_the_layers",
    "return time_emb + self.linear_2(F.silu(self.linear_1(h)))",
    "return self.linear_2(F.silu(time_emb + self.linear_1(h)))",
    hint="The time embedding passes through neither layer: add it to what comes out at the end.",
)
edit(
    "SDXLAddedConditioning",
    "second_activation",
    "return time_emb + self.linear_2(F.silu(self.linear_1(h)))",
    "return time_emb + F.silu(self.linear_2(F.silu(self.linear_1(h))))",
    hint="The SiLU stands between the layers only; the U-Net's blocks apply their own to the sum.",
)
edit(
    "SDXLAddedConditioning",
    "other_activation",
    "F.silu(self.linear_1(h))",
    "F.gelu(self.linear_1(h))",
    hint="The activation is SiLU, as in the time embedding, not GELU.",
)
edit(
    "SDXLAddedConditioning",
    "modulates_time",
    "return time_emb + self.linear_2(F.silu(self.linear_1(h)))",
    "return time_emb * (1 + self.linear_2(F.silu(self.linear_1(h))))",
    hint="The result is added to the time embedding; scales and shifts are made of the sum, later, in each block.",
)

# ---------------------------------------------------------------- refiner_split

edit(
    "refiner_split",
    "first_fraction_by_count",
    "base = [t for t in timesteps if t >= cutoff]",
    "base = list(timesteps)[: max(1, int(handoff * len(timesteps)) - 1)]",
    hint="The hand-off is a noise level, not a count of steps.",
)
edit(
    "refiner_split",
    "inverted",
    "round(n_train - handoff * n_train)",
    "round(handoff * n_train)",
    hint="The base model takes the noisy part (high t); handoff=0.8 leaves only t < 200 to the refiner.",
)
edit(
    "refiner_split",
    "strict",
    "if t >= cutoff]",
    "if t > cutoff]",
    hint="A step exactly at the cutoff belongs to the base.",
)


@misconception("refiner_split", hint="Eighty percent of the noise axis is not eighty percent of the steps: compare t.")
def share_of_the_steps(timesteps, handoff, n_train=1000):
    if not 0 < handoff <= 1:
        raise ValueError("handoff")
    count = round(handoff * len(timesteps))
    return timesteps[:count], timesteps[count:]


edit(
    "refiner_split",
    "cut_not_rounded",
    "round(n_train - handoff * n_train)",
    "int(n_train - handoff * n_train)",
    hint="The cutoff is rounded to the nearest timestep.",
)
edit(
    "refiner_split",
    "always_a_thousand",
    "round(n_train - handoff * n_train)",
    "round(1000 - handoff * 1000)",
    hint="Not every model is trained with 1000 timesteps: use n_train.",
)
edit(
    "refiner_split",
    "done_twice",
    "if t < cutoff]",
    "if t <= cutoff]",
    hint="A step at the cutoff would be done twice: the refiner begins below it.",
)
edit(
    "refiner_split",
    "no_error",
    "if not 0 < handoff <= 1:",
    "if False:",
    hint="A share of the noise axis is above 0 and at most 1; anything else is an error of the caller.",
)
edit(
    "refiner_split",
    "one_is_an_error",
    "if not 0 < handoff <= 1:",
    "if not 0 < handoff < 1:",
    hint="A hand-off of 1 is allowed: the base model does everything.",
)

# ---------------------------------------------------------------- where_change_lands

edit(
    "where_change_lands",
    "alongside_is_around",
    'return "ALONGSIDE"',
    'return "AROUND"',
    hint="A second denoising network that runs its own steps stands alongside.",
)
edit(
    "where_change_lands",
    "by_name",
    'if change["edits_unet_blocks"]:',
    'if "attention" in change["name"]:',
    hint="Judge by what the change does, not by its name.",
)
edit(
    "where_change_lands",
    "order",
    'if change["runs_own_denoising_steps"]:',
    'if change["runs_own_denoising_steps"] and not change["edits_unet_blocks"]:',
    hint="A network with its own steps is alongside even if its blocks differ too.",
)
edit(
    "where_change_lands",
    "everything_is_in",
    'return "AROUND"',
    'return "IN"',
    hint="An encoder or a VAE leaves the U-Net's blocks as they are: such a change lands around them.",
)
edit(
    "where_change_lands",
    "refiner_is_in",
    'return "ALONGSIDE"',
    'return "IN"',
    hint="A second U-Net does not sit in the first one: it takes its own steps, alongside.",
)
edit(
    "where_change_lands",
    "refiner_by_name",
    'if change["runs_own_denoising_steps"]:',
    'if "refine" in change["name"]:',
    hint="A name is no proof: ask whether it takes denoising steps of its own.",
)

# ---------------------------------------------------------------- route_conditioning

edit(
    "route_conditioning",
    "size_by_attention",
    "return ROUTES[signal]",
    'return (ROUTES[signal][0], "cross_attention") if ROUTES[signal][0] == "AT-WHAT-QUALITY" else ROUTES[signal]',
    hint="Micro-conditioning joins the timestep embedding: adaptive norm.",
)
edit(
    "route_conditioning",
    "ip_is_cross",
    "return ROUTES[signal]",
    'return (ROUTES[signal][0], "cross_attention") if signal == "reference_image" else ROUTES[signal]',
    hint="IP-Adapter reads the image through its own K/V path.",
)
edit(
    "route_conditioning",
    "no_fifth",
    "return ROUTES[signal]",
    'return ("WHERE", ROUTES[signal][1]) if signal == "crop_top_left" else ROUTES[signal]',
    hint="crop_top_left says how the training image was cut: quality, not layout.",
)
edit(
    "route_conditioning",
    "text_is_tokens",
    "return ROUTES[signal]",
    'return ("WHAT", "cross_attention") if signal == "pooled_text" else ROUTES[signal]',
    hint="A single vector has nothing to look up: the pooled text goes with the timestep.",
)
edit(
    "route_conditioning",
    "pooled_is_a_look",
    "return ROUTES[signal]",
    'return ("WHAT-IT-LOOKS-LIKE", "adaptive_norm") if signal == "pooled_text" else ROUTES[signal]',
    hint="The pooled vector is made of the prompt: it says what is to be seen, in general.",
)
edit(
    "route_conditioning",
    "maps_by_attention",
    "return ROUTES[signal]",
    'return (ROUTES[signal][0], "cross_attention") if signal.endswith("_map") else ROUTES[signal]',
    hint="A map is shaped like the picture: its features are added place by place, nobody has to look them up.",
)
edit(
    "route_conditioning",
    "pose_is_content",
    "return ROUTES[signal]",
    'return ("WHAT", ROUTES[signal][1]) if signal == "pose_map" else ROUTES[signal]',
    hint="A pose says where the limbs are, as an edge map says where the edges are.",
)
edit(
    "route_conditioning",
    "key_error",
    "if signal not in ROUTES:",
    "if False:",
    hint="An unknown name is an error of the caller: raise ValueError, a bare KeyError is another thing.",
)
