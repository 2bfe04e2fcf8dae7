"""Known right and wrong answers to lesson 7.1.3."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from blindgrade.known_answers import exercise, fails, right, wrong

exercise("image_tokens")


@wrong(hint="One CLIP vector becomes SEVERAL context tokens, so the reader can attend to different aspects.")
class single_token(nn.Module):
    def __init__(self, clip_dim, context_dim, num_tokens):
        super().__init__()
        self.proj = nn.Linear(clip_dim, context_dim)
        self.norm = nn.LayerNorm(context_dim)

    def forward(self, image_embeds):
        return self.norm(self.proj(image_embeds))[:, None]


wrong("no_layernorm", "return self.norm(tokens)", "return tokens",
      hint="The LayerNorm puts the image tokens on the text tokens' scale.")


@wrong(hint="Normalise each token by itself, not all tokens of a sample together.")
class normalises_all_tokens_together(ImageProjection):
    def forward(self, image_embeds):
        flat = self.proj(image_embeds)
        tokens = F.layer_norm(flat, flat.shape[-1:]).reshape(len(image_embeds), self.num_tokens, -1)
        return tokens * self.norm.weight + self.norm.bias


@wrong(hint="Normalise each token by itself, not the concatenation of all.")
class norm_before_reshape(nn.Module):
    def __init__(self, clip_dim, context_dim, num_tokens):
        super().__init__()
        self.num_tokens = num_tokens
        self.proj = nn.Linear(clip_dim, num_tokens * context_dim)
        self.norm = nn.LayerNorm(num_tokens * context_dim)

    def forward(self, image_embeds):
        return self.norm(self.proj(image_embeds)).reshape(len(image_embeds), self.num_tokens, -1)


wrong("tokens_interleaved", "reshape(len(image_embeds), self.num_tokens, -1)", "reshape(len(image_embeds), -1, self.num_tokens).transpose(1, 2)",
      hint="A token is a piece of neighbouring numbers of the projection: reshape to [B, tokens, context] at once.")


@right
class token_by_token(nn.Module):
    def __init__(self, clip_dim, context_dim, num_tokens):
        super().__init__()
        self.norm = nn.LayerNorm([context_dim])
        self.proj = nn.Linear(clip_dim, context_dim * num_tokens)
        self.context_dim = context_dim

    def forward(self, image_embeds):
        pieces = self.proj(image_embeds).split(self.context_dim, dim=-1)
        return torch.stack([self.norm(piece) for piece in pieces], dim=1)


@right
class unflattened(nn.Module):
    def __init__(self, clip_dim, context_dim, num_tokens):
        super().__init__()
        self.proj = nn.Linear(clip_dim, num_tokens * context_dim)
        self.norm = nn.LayerNorm(context_dim)
        self.shape = (num_tokens, context_dim)

    def forward(self, image_embeds):
        tokens = (image_embeds @ self.proj.weight.T + self.proj.bias).unflatten(1, self.shape)
        return F.layer_norm(tokens, self.shape[1:], self.norm.weight, self.norm.bias, self.norm.eps)


exercise("decoupled_attention")
wrong("concatenate_kv", "return read(k_text, v_text) + scale * read(k_image, v_image)", "return read(torch.cat([k_text, k_image], 1), torch.cat([v_text, scale * v_image], 1))",
      hint="One softmax over both documents makes them compete. Decoupled: two attentions, two softmaxes, then add.")
wrong("scale_on_both", "return read(k_text, v_text) + scale * read(k_image, v_image)", "return scale * (read(k_text, v_text) + read(k_image, v_image))",
      hint="The knob belongs to the image path; the text path stays as it was.")
wrong("convex_mix", "return read(k_text, v_text) +", "return (1 - scale) * read(k_text, v_text) +",
      hint="Weighted ADDITION: text + s * image. A mix (1-s) text + s image would mute the prompt.")
wrong("scale_on_keys", "scale * read(k_image, v_image)", "read(scale * k_image, v_image)",
      hint="Scaling the keys changes WHERE you look, not HOW MUCH the answer counts.")
wrong("root_of_all_features", "q.shape[-1] // num_heads", "q.shape[-1]",
      hint="Each head works with D / heads features: that number goes under the root.")


@right
def by_scaled_dot_product(q, k_text, v_text, k_image, v_image, num_heads, scale):
    batch, queries, dim = q.shape
    if dim % num_heads != 0:
        raise ValueError("heads do not fit")
    split = [z.view(batch, -1, num_heads, dim // num_heads).transpose(1, 2) for z in (q, k_text, v_text)]
    text = F.scaled_dot_product_attention(*split)
    split[1:] = [z.view(batch, -1, num_heads, dim // num_heads).transpose(1, 2) for z in (k_image, v_image)]
    image = F.scaled_dot_product_attention(*split)
    return (text + scale * image).transpose(1, 2).reshape(batch, queries, dim)


@right
def head_by_head(q, k_text, v_text, k_image, v_image, num_heads, scale):
    if q.size(-1) % num_heads:
        raise ValueError("heads do not fit")
    out = []
    for parts in zip(*[z.chunk(num_heads, dim=-1) for z in (q, k_text, v_text, k_image, v_image)], strict=True):
        one_q, kt, vt, ki, vi = (part.double() for part in parts)
        root = math.sqrt(one_q.size(-1))
        text = torch.einsum("bnd,bld->bnl", one_q, kt).div(root).softmax(-1) @ vt
        image = torch.einsum("bnd,bld->bnl", one_q, ki).div(root).softmax(-1) @ vi
        out.append(text + image * scale)
    return torch.cat(out, dim=-1).to(q.dtype)


@right
def skips_a_silent_image(q, k_text, v_text, k_image, v_image, num_heads, scale):
    width, rest = divmod(q.shape[-1], num_heads)
    if rest:
        raise ValueError("heads do not fit")

    def attend(k, v):
        qh, kh, vh = (z.reshape(*z.shape[:2], num_heads, width) for z in (q, k, v))
        logits = torch.einsum("bnhd,blhd->bhnl", qh * width**-0.5, kh)
        weights = torch.exp(logits - logits.logsumexp(dim=-1, keepdim=True))
        return torch.einsum("bhnl,blhd->bnhd", weights, vh).reshape(q.shape)

    text = attend(k_text, v_text)
    return text if scale == 0 else text + attend(k_image, scale * v_image)


exercise("decoupled_module")
wrong("random_ip_weights", "        nn.init.zeros_(self.to_k_ip.weight)\n        nn.init.zeros_(self.to_v_ip.weight)\n", "",
      hint="Nothing first: at initialisation any image must leave the output as it was.")
wrong("only_keys_zero", "        nn.init.zeros_(self.to_v_ip.weight)\n", "",
      hint="K = 0 gives UNIFORM attention: the mean of V still gets through. Which projection must be zero for silence?")
wrong("base_trainable", "self.requires_grad_(False)", "self.requires_grad_(True)",
      hint="IP-Adapter trains only the new K/V; the four existing projections stay frozen.")


@wrong(hint="One reader: the image path reuses the SAME query as the text path.")
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


wrong("ignores_scale", "            scale,\n        )  # [B, N, query_dim]", "            float(scale != 0),\n        )  # [B, N, query_dim]",
      hint="The image path is multiplied by scale, whatever it is.")


@right
class freezes_by_name(nn.Module):
    def __init__(self, query_dim, context_dim, num_heads):
        super().__init__()
        if query_dim % num_heads != 0:
            raise ValueError("heads do not fit")
        self.heads = num_heads
        for name in ("to_k_ip", "to_v_ip", "to_k", "to_v"):
            setattr(self, name, nn.Linear(context_dim, query_dim, bias=False))
        self.to_q = nn.Linear(query_dim, query_dim, bias=False)
        self.to_out = nn.Linear(query_dim, query_dim, bias=True)
        for name, parameter in self.named_parameters():
            if "_ip" in name:
                parameter.data.zero_()
            else:
                parameter.requires_grad = False

    def forward(self, x, text, image=None, scale=1.0):
        q, read = self.split(self.to_q(x)), F.scaled_dot_product_attention
        out = read(q, self.split(self.to_k(text)), self.split(self.to_v(text)))
        if image is not None:
            out = out + scale * read(q, self.split(self.to_k_ip(image)), self.split(self.to_v_ip(image)))
        return self.to_out(out.transpose(1, 2).flatten(-2))

    def split(self, z):
        return z.unflatten(-1, (self.heads, -1)).transpose(1, 2)


@right
class einsum_and_late_check(nn.Module):
    def __init__(self, query_dim, context_dim, num_heads):
        super().__init__()
        self.width, self.rest = divmod(query_dim, num_heads)
        self.to_q = nn.Linear(query_dim, query_dim, bias=False).requires_grad_(False)
        self.to_k = nn.Linear(context_dim, query_dim, bias=False).requires_grad_(False)
        self.to_v = nn.Linear(context_dim, query_dim, bias=False).requires_grad_(False)
        self.to_out = nn.Linear(query_dim, query_dim).requires_grad_(False)
        self.to_k_ip = nn.Linear(context_dim, query_dim, bias=False)
        self.to_v_ip = nn.Linear(context_dim, query_dim, bias=False)
        nn.init.constant_(self.to_k_ip.weight, 0.0)
        nn.init.constant_(self.to_v_ip.weight, 0.0)

    def forward(self, x, text, image=None, scale=1.0):
        if self.rest:
            raise ValueError("heads do not fit")
        out = self.read(x, text, self.to_k, self.to_v)
        if image is not None and scale != 0:
            out = torch.add(out, self.read(x, image, self.to_k_ip, self.to_v_ip), alpha=scale)
        return self.to_out(out)

    def read(self, x, tokens, to_k, to_v):
        q, k, v = (z.unflatten(-1, (-1, self.width)) for z in (self.to_q(x), to_k(tokens), to_v(tokens)))
        shares = (torch.einsum("bnhd,blhd->bhnl", q, k) / math.sqrt(self.width)).softmax(dim=-1)
        return torch.einsum("bhnl,blhd->bnhd", shares, v).flatten(2)


exercise("ip_param_count")
wrong("keys_only", "2 * context_dim * width", "context_dim * width", hint="New projections for K and for V.")
wrong("new_query_too", "2 * context_dim * width", "2 * context_dim * width + width * width",
      hint="There is no new query projection: the one reader's Q serves both documents.")
wrong("hidden_squared", "2 * context_dim * width", "2 * width * width",
      hint="K/V read the CONTEXT (width context_dim), not the hidden state.")
wrong("one_token_projection", "projected = num_tokens * context_dim", "projected = context_dim",
      hint="The projection makes num_tokens tokens.")


@right
def by_building_on_meta(hidden_dims, context_dim, clip_dim, num_tokens):
    with torch.device("meta"):
        parts = [nn.Linear(clip_dim, num_tokens * context_dim), nn.LayerNorm(context_dim)]
        for width in hidden_dims:
            parts += [nn.Linear(context_dim, width, bias=False) for _ in "KV"]
    return sum(parameter.numel() for part in parts for parameter in part.parameters())


@right
def factored(hidden_dims, context_dim, clip_dim, num_tokens):
    return context_dim * (2 * sum(hidden_dims) + num_tokens * (clip_dim + 1) + 2)


exercise("init_status")
wrong("lora_both_zero_is_fine", 'zero != {"A", "B"}', "True",
      hint="A = B = 0: dL/dB needs A, dL/dA needs B. Both gradients vanish for ever.")
wrong("zero_weight_enough", 'zero == {"weight", "bias"}', '"weight" in zero',
      hint="With W = 0 a bias of 0.3 still adds 0.3 everywhere: both must be zero for silence.")
wrong("key_zero_is_silent", '"V" in zero', "bool(zero)", hint="K = 0 means uniform attention, not no attention.")


@wrong(hint="y = Wx: dy/dW = x does not care that W = 0.")
def zero_means_dead(adapter, zeroed):
    tensors = {"zero_conv": {"weight", "bias"}, "lora": {"A", "B"}, "ip_adapter": {"K", "V"}}
    zero = set(zeroed)
    if adapter not in tensors or not zero <= tensors[adapter]:
        raise ValueError("unknown")
    silent = {"zero_conv": len(zero) == 2, "lora": bool(zero), "ip_adapter": "V" in zero}[adapter]
    return {"silent": silent, "can_learn": not silent}


@right
def measured_by_autograd(adapter, zeroed):
    sizes = {
        "zero_conv": {"weight": (3, 4), "bias": (3,)},
        "lora": {"A": (2, 4), "B": (3, 2)},
        "ip_adapter": {"K": (3, 4), "V": (3, 4)},
    }
    if adapter not in sizes or any(name not in sizes[adapter] for name in zeroed):
        raise ValueError("unknown")
    generator = torch.Generator().manual_seed(1)
    x, q, wish = (torch.randn(*shape, generator=generator) for shape in [(5, 4), (6, 3), (5, 3)])
    tensors = {}
    for name, shape in sizes[adapter].items():
        tensor = torch.randn(*shape, generator=generator)
        tensors[name] = (tensor * 0 if name in zeroed else tensor).requires_grad_()
    if adapter == "zero_conv":
        added = x @ tensors["weight"].T + tensors["bias"]
    elif adapter == "lora":
        added = x @ tensors["A"].T @ tensors["B"].T
    else:
        added = ((q @ (x @ tensors["K"].T).T).softmax(-1) @ (x @ tensors["V"].T))[:5]
    grads = torch.autograd.grad((added - wish).square().sum(), list(tensors.values()))
    return {"silent": not added.any().item(), "can_learn": any(grad.any().item() for grad in grads)}


@right
def by_table(adapter, zeroed):
    silent = {
        "zero_conv": {frozenset({"weight", "bias"})},
        "lora": {frozenset("A"), frozenset("B"), frozenset("AB")},
        "ip_adapter": {frozenset("V"), frozenset("KV")},
    }
    if adapter not in silent:
        raise ValueError("unknown adapter")
    names = set().union(*silent[adapter])
    if set(zeroed) - names:
        raise ValueError("unknown tensor")
    key = frozenset(zeroed)
    return {"silent": key in silent[adapter], "can_learn": not (adapter == "lora" and len(key) == 2)}


exercise("remove_and_check")
wrong("any_change_is_lora", "if any(rank > max_rank for rank in ranks):", "if False:",
      hint="LoRA's change has low rank. What rank does a full fine-tune's change have?")
wrong("exact_rank", "int((singular > 1e-4 * singular[0]).sum())", "int(torch.linalg.matrix_rank(change))",
      hint="Merging in float32 leaves rounding noise of full rank: count singular values above 1e-4 of the largest.")


@wrong(hint="LoRA adds no keys of its own after merging: it changes W_K and W_V. Compare the shared weights.")
def new_keys_only(base, loaded, max_rank):
    return "ip_adapter" if set(loaded) - set(base) else "none"


wrong("first_only", "for name, weight in base.items():", "for name, weight in list(base.items())[:1]:",
      hint="An adapter may touch only some of the weights: look at all.")
wrong("absolute_threshold", "1e-4 * singular[0]", "1e-4",
      hint="The threshold is relative: 1e-4 of the LARGEST singular value of the difference.")


@right
def by_matrix_rank(base, loaded, max_rank):
    def rank(name):
        change = loaded[name].to(torch.float64) - base[name].to(torch.float64)
        return torch.linalg.matrix_rank(change, rtol=1e-4, atol=0.0).item()

    touched = [name for name in base if not torch.equal(base[name], loaded[name])]
    if touched and max(map(rank, touched)) > max_rank:
        return "full_finetune"
    ip = len(loaded) > len(base)
    return {(0, 0): "none", (1, 0): "lora", (0, 1): "ip_adapter", (1, 1): "lora+ip_adapter"}[bool(touched), ip]


@right
def with_full_svd(base, loaded, max_rank):
    found = set()
    for name, tensor in loaded.items():
        if name not in base:
            found.add("ip_adapter")
            continue
        difference = tensor.double().sub(base[name].double())
        if difference.abs().max() == 0:
            continue
        values = torch.svd(difference)[1]
        found.add("lora" if (values / values.max() > 1e-4).sum() <= max_rank else "full_finetune")
    if "full_finetune" in found:
        return "full_finetune"
    return "+".join(sorted(found, reverse=True)) if found else "none"


exercise("kv_paths")
wrong("ip_into_text", 'paths["image_v"] = F.linear(image, ip["w_v_ip"])', "paths[\"image_v\"] = F.linear(image, ip[\"w_v_ip\"])\n        paths[\"text_k\"] = F.linear(text, w_k + ip[\"w_k_ip\"])\n        paths[\"text_v\"] = F.linear(text, w_v + ip[\"w_v_ip\"])",
      hint="IP-Adapter builds a second highway; the text's own K and V do not change.")


@wrong(hint="LoRA's detour is on W_K and W_V; the image path has its own weights.")
def lora_on_image(w_k, w_v, text, image, lora, ip):
    detour_k = 0 if lora is None else lora["scale"] * lora["B_k"] @ lora["A_k"]
    detour_v = 0 if lora is None else lora["scale"] * lora["B_v"] @ lora["A_v"]
    paths = {"text_k": F.linear(text, w_k + detour_k), "text_v": F.linear(text, w_v + detour_v)}
    if ip is not None:
        paths["image_k"] = F.linear(image, ip["w_k_ip"] + detour_k)
        paths["image_v"] = F.linear(image, ip["w_v_ip"] + detour_v)
    return paths


@wrong(hint="The image has its own projections w_k_ip, w_v_ip.")
def image_through_text_weights(w_k, w_v, text, image, lora, ip):
    if lora is not None:
        w_k = w_k + lora["scale"] * lora["B_k"] @ lora["A_k"]
        w_v = w_v + lora["scale"] * lora["B_v"] @ lora["A_v"]
    paths = {"text_k": F.linear(text, w_k), "text_v": F.linear(text, w_v)}
    if ip is not None:
        paths.update(image_k=F.linear(image, w_k), image_v=F.linear(image, w_v))
    return paths


@wrong(hint="Same highway, add a detour: W + scale*B A, not B A alone.")
def lora_replaces(w_k, w_v, text, image, lora, ip):
    if lora is not None:
        w_k = lora["scale"] * lora["B_k"] @ lora["A_k"]
        w_v = lora["scale"] * lora["B_v"] @ lora["A_v"]
    paths = {"text_k": F.linear(text, w_k), "text_v": F.linear(text, w_v)}
    if ip is not None:
        paths.update(image_k=F.linear(image, ip["w_k_ip"]), image_v=F.linear(image, ip["w_v_ip"]))
    return paths


@wrong(hint="LoRA's change is scaled before it is added: scale * B A.")
def lora_unscaled(w_k, w_v, text, image, lora, ip):
    if lora is not None:
        w_k = w_k + lora["B_k"] @ lora["A_k"]
        w_v = w_v + lora["B_v"] @ lora["A_v"]
    paths = {"text_k": F.linear(text, w_k), "text_v": F.linear(text, w_v)}
    if ip is not None:
        paths.update(image_k=F.linear(image, ip["w_k_ip"]), image_v=F.linear(image, ip["w_v_ip"]))
    return paths


@right
def detour_on_its_own(w_k, w_v, text, image, lora, ip):
    paths = {}
    for letter, weight in {"k": w_k, "v": w_v}.items():
        paths[f"text_{letter}"] = text @ weight.T
        if lora:
            detour = text @ lora[f"A_{letter}"].T @ lora[f"B_{letter}"].T
            paths[f"text_{letter}"] = paths[f"text_{letter}"] + lora["scale"] * detour
        if ip:
            paths[f"image_{letter}"] = image @ ip[f"w_{letter}_ip"].T
    return paths


@right
def by_einsum(w_k, w_v, text, image, lora, ip):
    if lora is not None:
        w_k = torch.addmm(w_k, lora["B_k"], lora["A_k"], alpha=lora["scale"])
        w_v = torch.addmm(w_v, lora["B_v"], lora["A_v"], alpha=lora["scale"])
    pairs = {"text_k": (text, w_k), "text_v": (text, w_v)}
    if ip is not None:
        pairs |= {"image_k": (image, ip["w_k_ip"]), "image_v": (image, ip["w_v_ip"])}
    return {name: torch.einsum("blc,dc->bld", tokens, weight) for name, (tokens, weight) in pairs.items()}


exercise("prepare_generation")
wrong("ip_is_img2img", "    if method == \"ip_adapter\":\n        return {\"init_latent\": noise, \"start_index\": 0, \"image_tokens\": clip_tokens}\n    if method != \"img2img\":", '    if method not in ("img2img", "ip_adapter"):',
      hint="With IP-Adapter the reference never enters the loop as a latent: start from pure noise and pass CLIP tokens.")
wrong("img2img_passes_tokens", 'return {"init_latent": latent, "start_index": start, "image_tokens": None}', 'return {"init_latent": latent, "start_index": start, "image_tokens": clip_tokens}',
      hint="img2img knows nothing of CLIP image tokens: it starts from a noised VAE latent.")
wrong("strength_reversed", "start = n - min(int(n * strength), n)", "start = min(int(n * strength), n)",
      hint="Strength 1 forgets the image (all steps run); strength 0 keeps it.")
wrong("indexes_alphas_by_step", "[timesteps[start]]", "[start]",
      hint="alphas_cumprod is indexed by the TIMESTEP, not by the step number.")
wrong("rounds_the_steps", "int(n * strength)", "round(n * strength)",
      hint="n times strength is cut off, not rounded, to a number of steps.")


@right
def as_a_match(method, ref_latent, clip_tokens, noise, alphas_cumprod, timesteps, strength):
    start, latent, tokens = 0, noise, None
    match method:
        case "txt2img":
            pass
        case "ip_adapter":
            tokens = clip_tokens
        case "img2img":
            if strength < 0 or strength > 1:
                raise ValueError("strength")
            start = max(len(timesteps) - math.floor(len(timesteps) * strength), 0)
            if start == len(timesteps):
                latent = ref_latent.clone()
            else:
                share = alphas_cumprod.to(ref_latent.dtype)[int(timesteps[start])]
                latent = share**0.5 * ref_latent + (1 - share) ** 0.5 * noise
        case _:
            raise ValueError("method")
    return dict(init_latent=latent, start_index=start, image_tokens=tokens)


@right
def as_the_pipeline_does(method, ref_latent, clip_tokens, noise, alphas_cumprod, timesteps, strength):
    if method in {"txt2img", "ip_adapter"}:
        tokens = clip_tokens if method == "ip_adapter" else None
        return {"init_latent": noise.clone(), "start_index": 0, "image_tokens": tokens}
    if method != "img2img" or not (0.0 <= strength <= 1.0):
        raise ValueError("bad request")
    n = timesteps.shape[0]
    run = min(int(strength * n), n)
    if run == 0:
        return {"init_latent": ref_latent, "start_index": n, "image_tokens": None}
    table = alphas_cumprod.to(ref_latent)
    at = timesteps[n - run : n - run + 1].expand(len(ref_latent))
    signal = (table[at] ** 0.5).view(-1, 1, 1, 1)
    spread = ((1 - table[at]) ** 0.5).view(-1, 1, 1, 1)
    return {"init_latent": signal * ref_latent + spread * noise, "start_index": n - run, "image_tokens": None}


exercise("reference_codes")
wrong("small_picture", "F.adaptive_avg_pool2d(spectrum, (2, 8)).flatten(1)", "F.avg_pool2d(images, 4).flatten(1)",
      hint="A small picture is still a picture: shift the square, and its numbers move to other places. What forgets where?")


@wrong(hint="Copying the pixels is no code: it keeps the layout, and it has many more numbers than you may spend.")
def all_the_pixels(images):
    return {"look": images.flatten(1), "layout": images.flatten(1), "guess": 1.0}


@wrong(hint="One mean forgets where, and nearly all of what. Two textures can be equally bright.")
def mean_brightness(images):
    return {"look": images.mean(dim=(1, 2, 3))[:, None], "layout": F.avg_pool2d(images, 2).flatten(1), "guess": 0.0}


wrong("one_code_for_both", "F.avg_pool2d(images, 2).flatten(1)", "look",
      hint="What forgets where cannot say where. The layout needs a code of its own.")
fails("grey_values_alone", "F.adaptive_avg_pool2d(spectrum, (2, 8)).flatten(1)", "torch.stack([(images > level).double().mean(dim=(1, 2, 3)) for level in (0.1, 0.3, 0.6, 0.9)], dim=1)")
fails("one_edge_detector", "F.adaptive_avg_pool2d(spectrum, (2, 8)).flatten(1)", "images.diff(dim=3).abs().mean(dim=(1, 2, 3))[:, None].repeat(1, 2)")
fails("layout_of_rows_alone", "F.avg_pool2d(images, 2).flatten(1)", "images.mean(dim=3).flatten(1)")


@right
def neighbours_that_agree(images):
    picture, shifts = images[:, 0], ((0, 1), (0, 2), (1, 0), (2, 0), (1, 1), (1, -1), (2, 2), (0, 0))
    pairs = [(picture * picture.roll(shift, (1, 2))).mean(dim=(1, 2)) for shift in shifts]
    rows = torch.arange(16, dtype=images.dtype)
    weight = (picture - 0.12).clamp(min=0)
    total = weight.sum(dim=(1, 2))
    centre = [(weight.sum(dim=axis) * rows).sum(dim=1) / total for axis in (2, 1)]
    return {"look": torch.stack(pairs, dim=1), "layout": torch.stack(centre, dim=1), "guess": 0.1}


@right
def filters_and_a_mean(images):
    generator = torch.Generator().manual_seed(0)
    filters = torch.randn(16, 1, 3, 3, generator=generator)
    filters = (filters - filters.mean(dim=(2, 3), keepdim=True)).to(images.dtype)
    look = F.conv2d(images, filters, padding=1).relu().mean(dim=(2, 3))
    return {"look": look, "layout": torch.cat([images.mean(dim=3), images.mean(dim=2)], dim=2).flatten(1), "guess": 0.3}


@right
def differences(images):
    def change(dy, dx):
        rows, columns = 16 - abs(dy), 16 - abs(dx)
        here = images[..., :rows, max(-dx, 0) : max(-dx, 0) + columns]
        ahead = images[..., dy:, max(dx, 0) : max(dx, 0) + columns]
        return (ahead - here).abs().mean(dim=(1, 2, 3))

    look = torch.stack([change(*step) for step in ((0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0))], dim=1)
    return {"look": look, "layout": F.avg_pool2d(images, 4).flatten(1), "guess": 0.2}


exercise("channel_of")
wrong("attn1_is_text", '"attn2" in parts and', 'parts & {"attn1", "attn2"} and',
      hint="attn1 is self-attention: it reads the image's own tokens, no condition.")
wrong("query_is_text", 'parts & {"to_k", "to_v"}:', 'parts & {"to_q", "to_k", "to_v"}:',
      hint="In cross-attention the query comes from the image features; only K and V read the text.")
wrong("ip_counted_as_text", '    if parts & {"to_k_ip", "to_v_ip"} or first', "    if parts & {\"to_k_ip\", \"to_v_ip\"}:\n        return \"WHAT\"\n    if first",
      hint="to_k_ip and to_v_ip read the CLIP IMAGE tokens.")
wrong("resnet_time_missed", 'if first == "time_embedding" or "time_emb_proj" in parts:', 'if first == "time_embedding":',
      hint="The timestep enters every ResNet block, through time_emb_proj.")


@right
def rare_channels_first(param_name):
    first, *rest = param_name.split(".")
    if first == "add_embedding":
        return "AT_WHAT_QUALITY"
    if first in ("controlnet_cond_embedding", "controlnet_down_blocks", "controlnet_mid_block"):
        return "WHERE"
    if first == "encoder_hid_proj" or "to_k_ip" in rest or "to_v_ip" in rest:
        return "WHAT_IT_LOOKS_LIKE"
    if "attn2" in rest and ("to_k" in rest or "to_v" in rest):
        return "WHAT"
    return "WHEN" if first == "time_embedding" or "time_emb_proj" in rest else "NONE"


@right
def by_dotted_text(param_name):
    name = f".{param_name}."
    if name.startswith(".time_embedding.") or ".time_emb_proj." in name:
        return "WHEN"
    if name.startswith(".encoder_hid_proj.") or ".to_k_ip." in name or ".to_v_ip." in name:
        return "WHAT_IT_LOOKS_LIKE"
    if name.startswith(".controlnet_"):
        return "WHERE"
    if name.startswith(".add_embedding."):
        return "AT_WHAT_QUALITY"
    return "WHAT" if ".attn2." in name and (".to_k." in name or ".to_v." in name) else "NONE"


exercise("probe_channels")


@wrong(hint="Restore the other inputs before you test the next channel.")
def cumulative(model, inputs, tol):
    channels = {"WHEN": "t", "WHAT": "text", "WHERE": "hint", "WHAT_IT_LOOKS_LIKE": "image"}
    before, changed, heard = model(**inputs), dict(inputs), []
    for channel, key in channels.items():
        changed[key] = changed[key] + 0.37
        if (model(**changed) - before).abs().max() > tol:
            heard.append(channel)
    return heard


@wrong(hint="After your probe the caller's tensors are other ones: change a copy of the input, one at a time.")
def inplace(model, inputs, tol):
    channels = {"WHEN": "t", "WHAT": "text", "WHERE": "hint", "WHAT_IT_LOOKS_LIKE": "image"}
    heard = []
    for channel, key in channels.items():
        before = model(**inputs)
        inputs[key] += 0.37
        if (model(**inputs) - before).abs().max() > tol:
            heard.append(channel)
    return heard


@wrong(hint="Your probe changes the caller's tensors, and the next channel is tested with them: change a copy, one at a time.")
def inplace_and_cumulative(model, inputs, tol):
    channels = {"WHEN": "t", "WHAT": "text", "WHERE": "hint", "WHAT_IT_LOOKS_LIKE": "image"}
    before, heard = model(**inputs), []
    for channel, key in channels.items():
        inputs[key] += 0.37
        if (model(**inputs) - before).abs().max() > tol:
            heard.append(channel)
    return heard


wrong("no_tol", ".max() > tol", ".max() > 0", hint="Only a change above tol counts.")
wrong("mean_change", ".abs().max() > tol", ".abs().mean() > tol",
      hint="A channel may move a single corner: look at the largest change, not at the mean.")


@right
def with_random_changes(model, inputs, tol):
    names = [("WHEN", "t"), ("WHAT", "text"), ("WHERE", "hint"), ("WHAT_IT_LOOKS_LIKE", "image")]
    with torch.no_grad():
        before = model(**inputs).clone()

        def reacts(key):
            changed = {name: tensor.clone() for name, tensor in inputs.items()}
            changed[key] += torch.randn_like(changed[key])
            return bool(((model(**changed) - before).abs() > tol).any())

        return [channel for channel, key in names if reacts(key)]


@right
def downwards_with_a_norm(model, inputs, tol):
    order = {"t": "WHEN", "text": "WHAT", "hint": "WHERE", "image": "WHAT_IT_LOOKS_LIKE"}
    heard = []
    for key in order:
        other = dict(inputs)
        other[key] = inputs[key] - 1.0
        difference = (model(**other) - model(**inputs)).flatten()
        if torch.linalg.vector_norm(difference, ord=float("inf")).item() > tol:
            heard.append(order[key])
    return heard


exercise("four_channels")
wrong("one_softmax_for_both", "return h + self.attention(h, text, image, look)", "image = text[:, :0] if image is None else look * image\n        return h + self.attention(h, torch.cat([text, image], dim=1))",
      hint="Scaled down to zeros, the reference's tokens still take shares of the softmax. Read the two documents apart.")
wrong("one_knob_for_both", "h = h + where * self.hint(hint)", "h = h + where * look * self.hint(hint)",
      hint="Turn one knob and see what else moves: each channel has a knob of its own.")
wrong("map_not_silent", "        nn.init.zeros_(self.hint.weight)\n        nn.init.zeros_(self.hint.bias)\n", "",
      hint="Nothing first: in a fresh network the map must change nothing. Which layer does it come through?")
wrong("map_asleep", "h = h + where * self.hint(hint)", "h = h + where * self.hint(hint) * self.hint.weight.sum()",
      hint="The map's path is silent and gets no gradient: two zeros stand in a row. One is enough.")
wrong("deaf_to_time", "self.time(t[:, None])[:, None]", "0 * self.time(t[:, None])[:, None]",
      hint="WHEN is a channel, too: another time must give another answer.")
wrong("knob_before_the_map", "where * self.hint(hint)", "self.hint(where * hint)",
      hint="At 0 a trained layer of zeros still adds its bias. Turn the volume of what the layer says, not of what it hears.")


@right
class gates_in_front(nn.Module):
    def __init__(self, width, context):
        super().__init__()
        self.clock = nn.Sequential(nn.Linear(1, 8), nn.SiLU(), nn.Linear(8, width))
        self.ask = nn.Linear(width, context)
        self.speak = nn.Linear(context, width)
        self.draw = nn.Linear(width, width)
        self.show = nn.Linear(context, width)
        self.gates = nn.Parameter(torch.zeros(2))

    def read(self, h, tokens):
        return torch.softmax(self.ask(h) @ tokens.mT, dim=-1) @ tokens

    def forward(self, x, t, text, hint=None, image=None, where=1.0, look=1.0):
        h = x + self.clock(t[:, None]).unsqueeze(1)
        if hint is not None and where != 0:
            h = h + where * self.gates[0] * self.draw(hint)
        out = h + self.speak(self.read(h, text))
        if image is not None and look != 0:
            out = out + look * self.gates[1] * self.show(self.read(h, image))
        return out


@right
class reference_by_its_mean(nn.Module):
    def __init__(self, width, context):
        super().__init__()
        self.width = width
        self.mix = nn.Linear(width + context + 1, width)
        self.map = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, width, bias=False))
        self.reference = nn.Linear(context, width, bias=False)
        for layer in (self.map[2], self.reference):
            nn.init.zeros_(layer.weight)

    def forward(self, x, t, text, hint=None, image=None, where=1.0, look=1.0):
        n = x.shape[1]
        always = torch.cat([text.mean(dim=1), t[:, None]], dim=1)[:, None].expand(-1, n, -1)
        h = torch.tanh(self.mix(torch.cat([x, always], dim=2)))
        added = torch.zeros_like(h)
        if hint is not None:
            added = added + where * self.map(hint)
        if image is not None:
            added = added + look * self.reference(image.mean(dim=1))[:, None] * h
        return x + h + added


exercise("volume_knob")
wrong("all_additive", "base + scale * (signal - base)", "base + scale * signal",
      hint="For CFG the signal is a whole prediction; what is scaled is its DIFFERENCE from the base.")


@wrong(hint="ControlNet's residual is a difference already.")
def all_cfg(kind, base, signal, scale):
    if kind not in ("cfg", "controlnet", "ip_adapter"):
        raise ValueError("unknown kind")
    return base + scale * (signal - base)


wrong("cfg_reversed", "base + scale * (signal - base)", "signal + scale * (base - signal)",
      hint="Start from the unconditional prediction and move towards the conditional.")
wrong("one_plus_scale", "base + scale * (signal - base)", "signal + scale * (signal - base)",
      hint="Here scale 0 gives the base and scale 1 the signal; the form with 1 + w counts from the signal.")


@right
def by_lerp(kind, base, signal, scale):
    if kind == "cfg":
        return torch.lerp(base, signal, scale)
    if kind not in {"controlnet", "ip_adapter"}:
        raise ValueError(kind)
    return torch.add(base, signal, alpha=scale)


@right
def weights_of_both(kind, base, signal, scale):
    weights = {"cfg": (1 - scale, scale), "controlnet": (1, scale), "ip_adapter": (1, scale)}
    if kind not in weights:
        raise ValueError(f"no such kind: {kind}")
    a, b = weights[kind]
    return a * base + b * signal


exercise("train_ip_adapter")
wrong("trains_all", "trainable = [parameter for parameter in layer.parameters() if parameter.requires_grad]", "trainable = list(layer.requires_grad_(True).parameters())",
      hint="The frozen projections moved: the adapter would no longer plug into other checkpoints.")


@wrong(hint="With V = 0 and frozen, the image path is mute for ever.")
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


wrong("shuffled_image", "image[batch]), target[batch]", "image[torch.randint(len(x), (64,), generator=generator)]), target[batch]",
      hint="Each reference image belongs to its own target.")
wrong("only_values", "trainable = [parameter for parameter in layer.parameters() if parameter.requires_grad]", "trainable = [layer.to_v_ip.weight]",
      hint="With K left as it is, every query reads the same mixture of reference tokens. Train both new weights.")
wrong("fresh_layer", "    layer.load_state_dict(state)  # copies the numbers\n", "",
      hint="A new layer has a random base of its own. Load the given state before you train.")
wrong("returns_the_adapter_alone", "for name, tensor in layer.state_dict().items()}", 'for name, tensor in layer.state_dict().items() if "_ip" in name}',
      hint="Return the FULL state: the base's tensors belong in it, as they were.")
fails("too_few_steps", "for _ in range(steps):", "for _ in range(steps // 8):")
fails("small_rate", "lr=1e-2", "lr=1e-3")
fails("no_training", "for _ in range(steps):", "for _ in range(0):")


@right
def full_batch_on_a_copy(state, x, text, image, target, num_heads, steps, seed):
    torch.manual_seed(seed)
    layer = DecoupledCrossAttention(x.shape[-1], text.shape[-1], num_heads)
    layer.load_state_dict({name: tensor.clone() for name, tensor in state.items()})
    optimizer = torch.optim.Adam([layer.to_k_ip.weight, layer.to_v_ip.weight], lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(layer(x, text, image, 1.0), target).backward()
        optimizer.step()
    return {name: tensor.detach().clone() for name, tensor in layer.state_dict().items()}


@right
def shuffled_epochs(state, x, text, image, target, num_heads, steps, seed):
    generator = torch.Generator().manual_seed(seed)
    layer = DecoupledCrossAttention(*state["to_k.weight"].shape, num_heads)
    layer.load_state_dict(state)
    optimizer = torch.optim.Adam(filter(lambda p: p.requires_grad, layer.parameters()), lr=1e-2)
    done = 0
    while done < steps:
        for rows in torch.randperm(len(x), generator=generator).split(32):
            if done == steps:
                break
            loss = F.mse_loss(layer(x[rows], text[rows], image[rows]), target[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            done += 1
    return layer.state_dict()
