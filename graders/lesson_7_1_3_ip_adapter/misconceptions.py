"""Wrong answers that we expect in lesson 7.1.3."""

import torch
import torch.nn.functional as F
from torch import nn

from blindgrade.known_answers import edit, misconception

# ---------------------------------------------------------------- image_tokens


@misconception(
    "image_tokens",
    hint="One CLIP vector becomes SEVERAL context tokens, so the reader can attend to different aspects.",
)
class single_token(nn.Module):
    def __init__(self, clip_dim, context_dim, num_tokens):
        super().__init__()
        self.proj = nn.Linear(clip_dim, context_dim)
        self.norm = nn.LayerNorm(context_dim)

    def forward(self, image_embeds):
        return self.norm(self.proj(image_embeds))[:, None]


edit(
    "image_tokens",
    "no_layernorm",
    "return self.norm(tokens)",
    "return tokens",
    hint="The LayerNorm puts the image tokens on the text tokens' scale.",
)


@misconception("image_tokens", hint="Normalise each token by itself, not the concatenation of all.")
class norm_before_reshape(nn.Module):
    def __init__(self, clip_dim, context_dim, num_tokens):
        super().__init__()
        self.num_tokens = num_tokens
        self.proj = nn.Linear(clip_dim, num_tokens * context_dim)
        self.norm = nn.LayerNorm(num_tokens * context_dim)

    def forward(self, image_embeds):
        return self.norm(self.proj(image_embeds)).reshape(len(image_embeds), self.num_tokens, -1)


edit(
    "image_tokens",
    "tokens_interleaved",
    "reshape(len(image_embeds), self.num_tokens, -1)",
    "reshape(len(image_embeds), -1, self.num_tokens).transpose(1, 2)",
    hint="A token is a piece of neighbouring numbers of the projection: reshape to [B, tokens, context] at once.",
)

# ---------------------------------------------------------------- decoupled_attention

edit(
    "decoupled_attention",
    "concatenate_kv",
    "return read(k_text, v_text) + scale * read(k_image, v_image)",
    "return read(torch.cat([k_text, k_image], 1), torch.cat([v_text, scale * v_image], 1))",
    hint="One softmax over both documents makes them compete. Decoupled: two attentions, two softmaxes, then add.",
)
edit(
    "decoupled_attention",
    "scale_on_both",
    "return read(k_text, v_text) + scale * read(k_image, v_image)",
    "return scale * (read(k_text, v_text) + read(k_image, v_image))",
    hint="The knob belongs to the image path; the text path stays as it was.",
)
edit(
    "decoupled_attention",
    "convex_mix",
    "return read(k_text, v_text) +",
    "return (1 - scale) * read(k_text, v_text) +",
    hint="Weighted ADDITION: text + s * image. A mix (1-s) text + s image would mute the prompt.",
)
edit(
    "decoupled_attention",
    "scale_on_keys",
    "scale * read(k_image, v_image)",
    "read(scale * k_image, v_image)",
    hint="Scaling the keys changes WHERE you look, not HOW MUCH the answer counts.",
)
edit(
    "decoupled_attention",
    "root_of_all_features",
    "q.shape[-1] // num_heads",
    "q.shape[-1]",
    hint="Each head works with D / heads features: that number goes under the root.",
)

# ---------------------------------------------------------------- decoupled_module

edit(
    "decoupled_module",
    "random_ip_weights",
    """        nn.init.zeros_(self.to_k_ip.weight)
        nn.init.zeros_(self.to_v_ip.weight)
""",
    "",
    hint="Nothing first: at initialisation any image must leave the output as it was.",
)
edit(
    "decoupled_module",
    "only_keys_zero",
    "        nn.init.zeros_(self.to_v_ip.weight)\n",
    "",
    hint="K = 0 gives UNIFORM attention: the mean of V still gets through. Which projection must be zero for silence?",
)
edit(
    "decoupled_module",
    "base_trainable",
    "self.requires_grad_(False)",
    "self.requires_grad_(True)",
    hint="IP-Adapter trains only the new K/V; the four existing projections stay frozen.",
)


@misconception("decoupled_module", hint="One reader: the image path reuses the SAME query as the text path.")
class own_query(nn.Module):
    def __init__(self, query_dim, context_dim, num_heads):
        super().__init__()
        if query_dim % num_heads:
            raise ValueError("heads do not divide the features")
        self.num_heads = num_heads
        self.to_q = nn.Linear(query_dim, query_dim, bias=False)
        self.to_k = nn.Linear(context_dim, query_dim, bias=False)
        self.to_v = nn.Linear(context_dim, query_dim, bias=False)
        self.to_out = nn.Linear(query_dim, query_dim)
        self.requires_grad_(False)
        self.to_q_ip = nn.Linear(query_dim, query_dim, bias=False)
        self.to_k_ip = nn.Linear(context_dim, query_dim, bias=False)
        self.to_v_ip = nn.Linear(context_dim, query_dim, bias=False)
        nn.init.zeros_(self.to_k_ip.weight)
        nn.init.zeros_(self.to_v_ip.weight)

    def forward(self, x, text, image=None, scale=1.0):
        k, v = self.to_k(text), self.to_v(text)
        read = decoupled_attention(self.to_q(x), k, v, k, v, self.num_heads, 0.0)
        if image is not None:
            k, v = self.to_k_ip(image), self.to_v_ip(image)
            read = read + scale * decoupled_attention(self.to_q_ip(x), k, v, k, v, self.num_heads, 0.0)
        return self.to_out(read)


edit(
    "decoupled_module",
    "ignores_scale",
    "            scale,\n        )  # [B, N, query_dim]",
    "            float(scale != 0),\n        )  # [B, N, query_dim]",
    hint="The image path is multiplied by scale, whatever it is.",
)

# ---------------------------------------------------------------- ip_param_count

edit(
    "ip_param_count",
    "keys_only",
    "2 * context_dim * width",
    "context_dim * width",
    hint="New projections for K and for V.",
)
edit(
    "ip_param_count",
    "new_query_too",
    "2 * context_dim * width",
    "2 * context_dim * width + width * width",
    hint="There is no new query projection: the one reader's Q serves both documents.",
)
edit(
    "ip_param_count",
    "hidden_squared",
    "2 * context_dim * width",
    "2 * width * width",
    hint="K/V read the CONTEXT (width context_dim), not the hidden state.",
)
edit(
    "ip_param_count",
    "one_token_projection",
    "projected = num_tokens * context_dim",
    "projected = context_dim",
    hint="The projection makes num_tokens tokens.",
)

# ---------------------------------------------------------------- init_status

edit(
    "init_status",
    "lora_both_zero_is_fine",
    'zero != {"A", "B"}',
    "True",
    hint="A = B = 0: dL/dB needs A, dL/dA needs B. Both gradients vanish for ever.",
)
edit(
    "init_status",
    "zero_weight_enough",
    'zero == {"weight", "bias"}',
    '"weight" in zero',
    hint="With W = 0 a bias of 0.3 still adds 0.3 everywhere: both must be zero for silence.",
)
edit(
    "init_status",
    "key_zero_is_silent",
    '"V" in zero',
    "bool(zero)",
    hint="K = 0 means uniform attention, not no attention.",
)


@misconception("init_status", hint="y = Wx: dy/dW = x does not care that W = 0.")
def zero_means_dead(adapter, zeroed):
    tensors = {"zero_conv": {"weight", "bias"}, "lora": {"A", "B"}, "ip_adapter": {"K", "V"}}
    zero = set(zeroed)
    if adapter not in tensors or not zero <= tensors[adapter]:
        raise ValueError("unknown")
    silent = {"zero_conv": len(zero) == 2, "lora": bool(zero), "ip_adapter": "V" in zero}[adapter]
    return {"silent": silent, "can_learn": not silent}


# ---------------------------------------------------------------- remove_and_check

edit(
    "remove_and_check",
    "any_change_is_lora",
    "if any(rank > max_rank for rank in ranks):",
    "if False:",
    hint="LoRA's change has low rank. What rank does a full fine-tune's change have?",
)
edit(
    "remove_and_check",
    "exact_rank",
    "int((singular > 1e-4 * singular[0]).sum())",
    "int(torch.linalg.matrix_rank(change))",
    hint="Merging in float32 leaves rounding noise of full rank: count singular values above 1e-4 of the largest.",
)


@misconception(
    "remove_and_check",
    hint="LoRA adds no keys of its own after merging: it changes W_K and W_V. Compare the shared weights.",
)
def new_keys_only(base, loaded, max_rank):
    return "ip_adapter" if set(loaded) - set(base) else "none"


edit(
    "remove_and_check",
    "first_only",
    "for name, weight in base.items():",
    "for name, weight in list(base.items())[:1]:",
    hint="An adapter may touch only some of the weights: look at all.",
)
edit(
    "remove_and_check",
    "absolute_threshold",
    "1e-4 * singular[0]",
    "1e-4",
    hint="The threshold is relative: 1e-4 of the LARGEST singular value of the difference.",
)

# ---------------------------------------------------------------- kv_paths

edit(
    "kv_paths",
    "ip_into_text",
    'paths["image_v"] = F.linear(image, ip["w_v_ip"])',
    """paths["image_v"] = F.linear(image, ip["w_v_ip"])
        paths["text_k"] = F.linear(text, w_k + ip["w_k_ip"])
        paths["text_v"] = F.linear(text, w_v + ip["w_v_ip"])""",
    hint="IP-Adapter builds a second highway; the text's own K and V do not change.",
)


@misconception("kv_paths", hint="LoRA's detour is on W_K and W_V; the image path has its own weights.")
def lora_on_image(w_k, w_v, text, image, lora, ip):
    detour_k = 0 if lora is None else lora["scale"] * lora["B_k"] @ lora["A_k"]
    detour_v = 0 if lora is None else lora["scale"] * lora["B_v"] @ lora["A_v"]
    paths = {"text_k": F.linear(text, w_k + detour_k), "text_v": F.linear(text, w_v + detour_v)}
    if ip is not None:
        paths["image_k"] = F.linear(image, ip["w_k_ip"] + detour_k)
        paths["image_v"] = F.linear(image, ip["w_v_ip"] + detour_v)
    return paths


@misconception("kv_paths", hint="The image has its own projections w_k_ip, w_v_ip.")
def image_through_text_weights(w_k, w_v, text, image, lora, ip):
    if lora is not None:
        w_k = w_k + lora["scale"] * lora["B_k"] @ lora["A_k"]
        w_v = w_v + lora["scale"] * lora["B_v"] @ lora["A_v"]
    paths = {"text_k": F.linear(text, w_k), "text_v": F.linear(text, w_v)}
    if ip is not None:
        paths.update(image_k=F.linear(image, w_k), image_v=F.linear(image, w_v))
    return paths


@misconception("kv_paths", hint="Same highway, add a detour: W + scale*B A, not B A alone.")
def lora_replaces(w_k, w_v, text, image, lora, ip):
    if lora is not None:
        w_k = lora["scale"] * lora["B_k"] @ lora["A_k"]
        w_v = lora["scale"] * lora["B_v"] @ lora["A_v"]
    paths = {"text_k": F.linear(text, w_k), "text_v": F.linear(text, w_v)}
    if ip is not None:
        paths.update(image_k=F.linear(image, ip["w_k_ip"]), image_v=F.linear(image, ip["w_v_ip"]))
    return paths


@misconception("kv_paths", hint="LoRA's change is scaled before it is added: scale * B A.")
def lora_unscaled(w_k, w_v, text, image, lora, ip):
    if lora is not None:
        w_k = w_k + lora["B_k"] @ lora["A_k"]
        w_v = w_v + lora["B_v"] @ lora["A_v"]
    paths = {"text_k": F.linear(text, w_k), "text_v": F.linear(text, w_v)}
    if ip is not None:
        paths.update(image_k=F.linear(image, ip["w_k_ip"]), image_v=F.linear(image, ip["w_v_ip"]))
    return paths


# ---------------------------------------------------------------- prepare_generation

edit(
    "prepare_generation",
    "ip_is_img2img",
    """    if method == "ip_adapter":
        return {"init_latent": noise, "start_index": 0, "image_tokens": clip_tokens}
    if method != "img2img":""",
    '    if method not in ("img2img", "ip_adapter"):',
    hint="With IP-Adapter the reference never enters the loop as a latent: start from pure noise and pass CLIP tokens.",
)
edit(
    "prepare_generation",
    "img2img_passes_tokens",
    'return {"init_latent": latent, "start_index": start, "image_tokens": None}',
    'return {"init_latent": latent, "start_index": start, "image_tokens": clip_tokens}',
    hint="img2img knows nothing of CLIP image tokens: it starts from a noised VAE latent.",
)
edit(
    "prepare_generation",
    "strength_reversed",
    "start = n - min(int(n * strength), n)",
    "start = min(int(n * strength), n)",
    hint="Strength 1 forgets the image (all steps run); strength 0 keeps it.",
)
edit(
    "prepare_generation",
    "indexes_alphas_by_step",
    "[timesteps[start]]",
    "[start]",
    hint="alphas_cumprod is indexed by the TIMESTEP, not by the step number.",
)
edit(
    "prepare_generation",
    "rounds_the_steps",
    "int(n * strength)",
    "round(n * strength)",
    hint="n times strength is cut off, not rounded, to a number of steps.",
)

# ---------------------------------------------------------------- channel_of

edit(
    "channel_of",
    "attn1_is_text",
    '"attn2" in parts and',
    'parts & {"attn1", "attn2"} and',
    hint="attn1 is self-attention: it reads the image's own tokens, no condition.",
)
edit(
    "channel_of",
    "query_is_text",
    'parts & {"to_k", "to_v"}:',
    'parts & {"to_q", "to_k", "to_v"}:',
    hint="In cross-attention the query comes from the image features; only K and V read the text.",
)
edit(
    "channel_of",
    "ip_counted_as_text",
    """    if parts & {"to_k_ip", "to_v_ip"} or first""",
    """    if parts & {"to_k_ip", "to_v_ip"}:
        return "WHAT"
    if first""",
    hint="to_k_ip and to_v_ip read the CLIP IMAGE tokens.",
)
edit(
    "channel_of",
    "resnet_time_missed",
    'if first == "time_embedding" or "time_emb_proj" in parts:',
    'if first == "time_embedding":',
    hint="The timestep enters every ResNet block, through time_emb_proj.",
)

# ---------------------------------------------------------------- probe_channels


@misconception("probe_channels", hint="Restore the other inputs before you test the next channel.")
def cumulative(model, inputs, tol):
    channels = {"WHEN": "t", "WHAT": "text", "WHERE": "hint", "WHAT_IT_LOOKS_LIKE": "image"}
    before, changed, heard = model(**inputs), dict(inputs), []
    for channel, key in channels.items():
        changed[key] = changed[key] + 0.37
        if (model(**changed) - before).abs().max() > tol:
            heard.append(channel)
    return heard


@misconception("probe_channels", hint="After your probe the caller's tensors are other ones: change a copy of the input, one at a time.")
def inplace(model, inputs, tol):
    channels = {"WHEN": "t", "WHAT": "text", "WHERE": "hint", "WHAT_IT_LOOKS_LIKE": "image"}
    heard = []
    for channel, key in channels.items():
        before = model(**inputs)
        inputs[key] += 0.37
        if (model(**inputs) - before).abs().max() > tol:
            heard.append(channel)
    return heard


edit(
    "probe_channels",
    "no_tol",
    ".max() > tol",
    ".max() > 0",
    hint="Only a change above tol counts.",
)
edit(
    "probe_channels",
    "mean_change",
    ".abs().max() > tol",
    ".abs().mean() > tol",
    hint="A channel may move a single corner: look at the largest change, not at the mean.",
)

# ---------------------------------------------------------------- volume_knob

edit(
    "volume_knob",
    "all_additive",
    "base + scale * (signal - base)",
    "base + scale * signal",
    hint="For CFG the signal is a whole prediction; what is scaled is its DIFFERENCE from the base.",
)


@misconception("volume_knob", hint="ControlNet's residual is a difference already.")
def all_cfg(kind, base, signal, scale):
    if kind not in ("cfg", "controlnet", "ip_adapter"):
        raise ValueError("unknown kind")
    return base + scale * (signal - base)


edit(
    "volume_knob",
    "cfg_reversed",
    "base + scale * (signal - base)",
    "signal + scale * (base - signal)",
    hint="Start from the unconditional prediction and move towards the conditional.",
)


edit(
    "volume_knob",
    "one_plus_scale",
    "base + scale * (signal - base)",
    "signal + scale * (signal - base)",
    hint="Here scale 0 gives the base and scale 1 the signal; the form with 1 + w counts from the signal.",
)

# ---------------------------------------------------------------- train_ip_adapter

edit(
    "train_ip_adapter",
    "trains_all",
    "trainable = [parameter for parameter in layer.parameters() if parameter.requires_grad]",
    "trainable = list(layer.requires_grad_(True).parameters())",
    hint="The frozen projections moved: the adapter would no longer plug into other checkpoints.",
)


@misconception("train_ip_adapter", hint="With V = 0 and frozen, the image path is mute for ever.")
def only_keys(state, x, text, image, target, num_heads, steps, seed):
    query_dim, context_dim = state["to_k.weight"].shape
    layer = DecoupledCrossAttention(query_dim, context_dim, num_heads)
    layer.load_state_dict(state)
    optimizer = torch.optim.Adam([layer.to_k_ip.weight], lr=1e-2)
    for _ in range(steps):
        loss = F.mse_loss(layer(x, text, image), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return {name: tensor.detach() for name, tensor in layer.state_dict().items()}


edit(
    "train_ip_adapter",
    "shuffled_image",
    "image[batch]), target[batch]",
    "image[torch.randint(len(x), (64,), generator=generator)]), target[batch]",
    hint="Each reference image belongs to its own target.",
)
edit(
    "train_ip_adapter",
    "only_values",
    "trainable = [parameter for parameter in layer.parameters() if parameter.requires_grad]",
    "trainable = [layer.to_v_ip.weight]",
    hint="With K left as it is, every query reads the same mixture of reference tokens. Train both new weights.",
)
edit(
    "train_ip_adapter",
    "fresh_layer",
    "    layer.load_state_dict(state)  # copies the numbers\n",
    "",
    hint="A new layer has a random base of its own. Load the given state before you train.",
)
edit(
    "train_ip_adapter",
    "returns_the_adapter_alone",
    "for name, tensor in layer.state_dict().items()}",
    'for name, tensor in layer.state_dict().items() if "_ip" in name}',
    hint="Return the FULL state: the base's tensors belong in it, as they were.",
)
