"""Other right answers to lesson 7.1.3."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from blindgrade.known_answers import alternative

# ---------------------------------------------------------------- image_tokens


@alternative("image_tokens")
class token_by_token(nn.Module):
    def __init__(self, clip_dim, context_dim, num_tokens):
        super().__init__()
        self.norm = nn.LayerNorm([context_dim])
        self.proj = nn.Linear(clip_dim, context_dim * num_tokens)
        self.context_dim = context_dim

    def forward(self, image_embeds):
        pieces = self.proj(image_embeds).split(self.context_dim, dim=-1)
        return torch.stack([self.norm(piece) for piece in pieces], dim=1)


@alternative("image_tokens")
class unflattened(nn.Module):
    def __init__(self, clip_dim, context_dim, num_tokens):
        super().__init__()
        self.proj = nn.Linear(clip_dim, num_tokens * context_dim)
        self.norm = nn.LayerNorm(context_dim)
        self.shape = (num_tokens, context_dim)

    def forward(self, image_embeds):
        tokens = (image_embeds @ self.proj.weight.T + self.proj.bias).unflatten(1, self.shape)
        return F.layer_norm(tokens, self.shape[1:], self.norm.weight, self.norm.bias, self.norm.eps)


# ---------------------------------------------------------------- decoupled_attention


@alternative("decoupled_attention")
def by_scaled_dot_product(q, k_text, v_text, k_image, v_image, num_heads, scale):
    batch, queries, dim = q.shape
    if dim % num_heads != 0:
        raise ValueError("heads do not fit")
    split = [z.view(batch, -1, num_heads, dim // num_heads).transpose(1, 2) for z in (q, k_text, v_text)]
    text = F.scaled_dot_product_attention(*split)
    split[1:] = [z.view(batch, -1, num_heads, dim // num_heads).transpose(1, 2) for z in (k_image, v_image)]
    image = F.scaled_dot_product_attention(*split)
    return (text + scale * image).transpose(1, 2).reshape(batch, queries, dim)


@alternative("decoupled_attention")
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


@alternative("decoupled_attention")
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


# ---------------------------------------------------------------- decoupled_module


@alternative("decoupled_module")
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


@alternative("decoupled_module")
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


# ---------------------------------------------------------------- ip_param_count


@alternative("ip_param_count")
def by_building_on_meta(hidden_dims, context_dim, clip_dim, num_tokens):
    with torch.device("meta"):
        parts = [nn.Linear(clip_dim, num_tokens * context_dim), nn.LayerNorm(context_dim)]
        for width in hidden_dims:
            parts += [nn.Linear(context_dim, width, bias=False) for _ in "KV"]
    return sum(parameter.numel() for part in parts for parameter in part.parameters())


@alternative("ip_param_count")
def factored(hidden_dims, context_dim, clip_dim, num_tokens):
    return context_dim * (2 * sum(hidden_dims) + num_tokens * (clip_dim + 1) + 2)


# ---------------------------------------------------------------- init_status


@alternative("init_status")
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


@alternative("init_status")
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


# ---------------------------------------------------------------- remove_and_check


@alternative("remove_and_check")
def by_matrix_rank(base, loaded, max_rank):
    def rank(name):
        change = loaded[name].to(torch.float64) - base[name].to(torch.float64)
        return torch.linalg.matrix_rank(change, rtol=1e-4, atol=0.0).item()

    touched = [name for name in base if not torch.equal(base[name], loaded[name])]
    if touched and max(map(rank, touched)) > max_rank:
        return "full_finetune"
    ip = len(loaded) > len(base)
    return {(0, 0): "none", (1, 0): "lora", (0, 1): "ip_adapter", (1, 1): "lora+ip_adapter"}[bool(touched), ip]


@alternative("remove_and_check")
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


# ---------------------------------------------------------------- kv_paths


@alternative("kv_paths")
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


@alternative("kv_paths")
def by_einsum(w_k, w_v, text, image, lora, ip):
    if lora is not None:
        w_k = torch.addmm(w_k, lora["B_k"], lora["A_k"], alpha=lora["scale"])
        w_v = torch.addmm(w_v, lora["B_v"], lora["A_v"], alpha=lora["scale"])
    pairs = {"text_k": (text, w_k), "text_v": (text, w_v)}
    if ip is not None:
        pairs |= {"image_k": (image, ip["w_k_ip"]), "image_v": (image, ip["w_v_ip"])}
    return {name: torch.einsum("blc,dc->bld", tokens, weight) for name, (tokens, weight) in pairs.items()}


# ---------------------------------------------------------------- prepare_generation


@alternative("prepare_generation")
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


@alternative("prepare_generation")
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


# ---------------------------------------------------------------- channel_of


@alternative("channel_of")
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


@alternative("channel_of")
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


# ---------------------------------------------------------------- probe_channels


@alternative("probe_channels")
def with_random_changes(model, inputs, tol):
    names = [("WHEN", "t"), ("WHAT", "text"), ("WHERE", "hint"), ("WHAT_IT_LOOKS_LIKE", "image")]
    with torch.no_grad():
        before = model(**inputs).clone()

        def reacts(key):
            changed = {name: tensor.clone() for name, tensor in inputs.items()}
            changed[key] += torch.randn_like(changed[key])
            return bool(((model(**changed) - before).abs() > tol).any())

        return [channel for channel, key in names if reacts(key)]


@alternative("probe_channels")
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


# ---------------------------------------------------------------- volume_knob


@alternative("volume_knob")
def by_lerp(kind, base, signal, scale):
    if kind == "cfg":
        return torch.lerp(base, signal, scale)
    if kind not in {"controlnet", "ip_adapter"}:
        raise ValueError(kind)
    return torch.add(base, signal, alpha=scale)


@alternative("volume_knob")
def weights_of_both(kind, base, signal, scale):
    weights = {"cfg": (1 - scale, scale), "controlnet": (1, scale), "ip_adapter": (1, scale)}
    if kind not in weights:
        raise ValueError(f"no such kind: {kind}")
    a, b = weights[kind]
    return a * base + b * signal


# ---------------------------------------------------------------- train_ip_adapter


@alternative("train_ip_adapter")
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


@alternative("train_ip_adapter")
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
