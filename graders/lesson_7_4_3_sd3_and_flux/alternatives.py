"""Other right answers to lesson 7.4.3."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from blindgrade.known_answers import alternative

# ---------------------------------------------------------------- sd3_text_context


@alternative("sd3_text_context")
def into_a_buffer(clip_l, clip_g, t5, pooled_l, pooled_g):
    (batch, n, d_l), d_g = clip_l.shape, clip_g.shape[-1]
    if d_l + d_g > t5.shape[-1]:
        raise ValueError("too wide")
    context = t5.new_zeros(batch, n + t5.shape[1], t5.shape[-1])
    context[:, :n, :d_l] = clip_l
    context[:, :n, d_l : d_l + d_g] = clip_g
    context[:, n:] = t5
    return context, torch.hstack([pooled_l, pooled_g])


@alternative("sd3_text_context")
def with_a_block_of_zeros(clip_l, clip_g, t5, pooled_l, pooled_g):
    missing = t5.size(-1) - clip_l.size(-1) - clip_g.size(-1)
    if missing < 0:
        raise ValueError("too wide")
    zeros = torch.zeros(*clip_l.shape[:2], missing, dtype=t5.dtype, device=t5.device)
    clip = torch.cat((clip_l, clip_g, zeros), -1)
    return torch.cat((clip, t5), -2), torch.cat((pooled_l, pooled_g), -1)


# ---------------------------------------------------------------- joint_attention


@alternative("joint_attention")
def head_by_head(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    q, k, v = torch.cat([q_txt, q_img], 1), torch.cat([k_txt, k_img], 1), torch.cat([v_txt, v_img], 1)
    size = q.shape[-1] // n_heads
    answers, attentions = [], []
    for head in range(n_heads):
        own = slice(head * size, (head + 1) * size)
        att = (torch.bmm(q[..., own], k[..., own].transpose(1, 2)) * size**-0.5).softmax(-1)
        attentions.append(att)
        answers.append(torch.bmm(att, v[..., own]))
    out = torch.cat(answers, dim=-1)
    txt, img = out.split([q_txt.shape[1], q_img.shape[1]], dim=1)
    return txt, img, torch.stack(attentions, dim=1)


@alternative("joint_attention")
def by_einsum(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    def heads(txt, img):
        both = torch.cat([txt, img], dim=-2)
        return both.view(both.shape[0], both.shape[1], n_heads, -1)

    q, k, v = heads(q_txt, q_img), heads(k_txt, k_img), heads(v_txt, v_img)
    scores = torch.einsum("bihc,bjhc->bhij", q, k) / q.shape[-1] ** 0.5
    scores = scores - scores.amax(dim=-1, keepdim=True).detach()
    att = scores.exp() / scores.exp().sum(dim=-1, keepdim=True)
    out = torch.einsum("bhij,bjhc->bihc", att, v).reshape(len(q), q.shape[1], -1)
    return out[:, : q_txt.shape[1]], out[:, -q_img.shape[1] :], att


@alternative("joint_attention")
def four_blocks(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    """Both modalities' scores apart, one log-sum-exp for both; image first inside."""

    def heads(z):
        return z.unflatten(-1, (n_heads, -1)).movedim(2, 1)

    keys = {"img": (heads(k_img), heads(v_img)), "txt": (heads(k_txt), heads(v_txt))}

    def listen(q):
        q = heads(q) / math.sqrt(q.shape[-1] / n_heads)
        scores = {name: q @ k.transpose(-1, -2) for name, (k, _) in keys.items()}
        total = torch.logsumexp(torch.cat([scores["img"], scores["txt"]], dim=-1), dim=-1, keepdim=True)
        shares = {name: (score - total).exp() for name, score in scores.items()}
        heard = shares["txt"] @ keys["txt"][1] + shares["img"] @ keys["img"][1]
        return heard.movedim(1, 2).flatten(-2), torch.cat([shares["txt"], shares["img"]], dim=-1)

    (txt, att_txt), (img, att_img) = listen(q_txt), listen(q_img)
    return txt, img, torch.cat([att_txt, att_img], dim=-2)


# ---------------------------------------------------------------- attention_quadrants


@alternative("attention_quadrants")
def by_indicator_matrices(att, n_txt):
    n = att.shape[-1]
    kinds = torch.zeros(n, 2, dtype=att.dtype)
    kinds[:n_txt, 0], kinds[n_txt:, 1] = 1, 1
    table = torch.einsum("bhij,ia,jc->bac", att, kinds / kinds.sum(0), kinds) / att.shape[1]
    names = ("text", "image")
    return {f"{a}_to_{b}": table[:, i, j] for i, a in enumerate(names) for j, b in enumerate(names)}


@alternative("attention_quadrants")
def sample_by_sample(att, n_txt):
    rows = {"text": slice(0, n_txt), "image": slice(n_txt, att.shape[-1])}
    answer = {}
    for asks in rows:
        for replies in rows:
            blocks = [one[:, rows[asks], rows[replies]] for one in att]
            count = att.shape[1] * (rows[asks].stop - rows[asks].start)
            answer[f"{asks}_to_{replies}"] = torch.stack([block.sum() / count for block in blocks])
    return answer


# ---------------------------------------------------------------- MMDiTBlock


@alternative("MMDiTBlock")
class with_module_dicts(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        self.heads = n_heads
        sizes = {
            **dict.fromkeys(["q", "k", "v", "proj"], (d_model, d_model)),
            "ada": (d_model, 6 * d_model),
            "fc1": (d_model, 4 * d_model),
            "fc2": (4 * d_model, d_model),
        }
        for stream in ("img", "txt"):
            layers = nn.ModuleDict({name: nn.Linear(*size) for name, size in sizes.items()})
            for parameter in layers["ada"].parameters():
                parameter.data.zero_()
            setattr(self, stream, layers)
        self.norm = nn.LayerNorm(d_model, eps=1e-6, elementwise_affine=False)
        self.act = nn.GELU(approximate="tanh")

    def forward(self, txt, img, c):
        signal = F.silu(c).unsqueeze(1)
        streams = [(self.txt, txt), (self.img, img)]
        mods = [layers["ada"](signal).chunk(6, dim=-1) for layers, _ in streams]
        normed = [self.norm(x) * (1 + mod[1]) + mod[0] for (_, x), mod in zip(streams, mods, strict=True)]
        parts = [layers[name](h) for (layers, _), h in zip(streams, normed, strict=True) for name in "qkv"]
        heard = joint_attention(*parts, self.heads)[:2]
        out = []
        for (layers, x), mod, a in zip(streams, mods, heard, strict=True):
            x = x + mod[2] * layers["proj"](a)
            h = self.norm(x) * (1 + mod[4]) + mod[3]
            out.append(x + mod[5] * layers["fc2"](self.act(layers["fc1"](h))))
        return out[0], out[1]


class Holder(nn.Module):
    def __init__(self, d):
        super().__init__()
        for name, width in {"q": d, "k": d, "v": d, "proj": d, "ada": 6 * d, "fc1": 4 * d}.items():
            setattr(self, name, nn.Linear(d, width))
        self.fc2 = nn.Linear(4 * d, d)
        nn.init.constant_(self.ada.weight, 0.0)
        nn.init.constant_(self.ada.bias, 0.0)


@alternative("MMDiTBlock")
class image_first_by_sdpa(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        self.n_heads = n_heads
        self.txt = Holder(d_model)
        self.img = Holder(d_model)

    @staticmethod
    def norm(x):
        mean = x.mean(dim=-1, keepdim=True)
        return (x - mean) / ((x - mean).pow(2).mean(dim=-1, keepdim=True) + 1e-6).sqrt()

    def forward(self, txt, img, c):
        c = c * torch.sigmoid(c)
        mod_t, mod_i = self.txt.ada(c).unflatten(-1, (6, -1)), self.img.ada(c).unflatten(-1, (6, -1))
        h_t = modulate(self.norm(txt), mod_t[:, 0], mod_t[:, 1])
        h_i = modulate(self.norm(img), mod_i[:, 0], mod_i[:, 1])
        q, k, v = (
            torch.cat([getattr(self.img, name)(h_i), getattr(self.txt, name)(h_t)], dim=1)
            .unflatten(-1, (self.n_heads, -1))
            .transpose(1, 2)
            for name in "qkv"
        )
        a = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        a_i, a_t = a[:, : img.shape[1]], a[:, img.shape[1] :]
        txt = txt + mod_t[:, None, 2] * self.txt.proj(a_t)
        img = img + mod_i[:, None, 2] * self.img.proj(a_i)
        h_t = modulate(self.norm(txt), mod_t[:, 3], mod_t[:, 4])
        h_i = modulate(self.norm(img), mod_i[:, 3], mod_i[:, 4])
        txt = txt + mod_t[:, None, 5] * self.txt.fc2(F.gelu(self.txt.fc1(h_t), approximate="tanh"))
        img = img + mod_i[:, None, 5] * self.img.fc2(F.gelu(self.img.fc1(h_i), approximate="tanh"))
        return txt, img


# ---------------------------------------------------------------- projection_conflict


@alternative("projection_conflict")
def by_pseudoinverse(x_txt, y_txt, x_img, y_img):
    n = x_txt.shape[0] + x_img.shape[0]

    def error(x, y):
        return (y - x @ (torch.linalg.pinv(x) @ y)).square().sum()

    both = error(torch.vstack([x_txt, x_img]), torch.vstack([y_txt, y_img]))
    return {"shared": both / n, "specific": (error(x_txt, y_txt) + error(x_img, y_img)) / n}


@alternative("projection_conflict")
def by_projection_in_float64(x_txt, y_txt, x_img, y_img):
    def unexplained(x, y):
        q, _ = torch.linalg.qr(x.double())
        y = y.double()
        return y.pow(2).sum() - (q.T @ y).pow(2).sum()

    n = len(x_txt) + len(x_img)
    shared = unexplained(torch.cat([x_txt, x_img]), torch.cat([y_txt, y_img])) / n
    specific = (unexplained(x_txt, y_txt) + unexplained(x_img, y_img)) / n
    return {"shared": shared.to(x_txt.dtype), "specific": specific.to(x_txt.dtype)}


@alternative("projection_conflict")
def by_normal_equations(x_txt, y_txt, x_img, y_img):
    def error(pairs):
        gram, moment = sum(x.T @ x for x, _ in pairs), sum(x.T @ y for x, y in pairs)
        w = torch.linalg.solve(gram, moment)
        return sum(((x @ w - y) ** 2).sum() for x, y in pairs)

    txt, img = (x_txt.double(), y_txt.double()), (x_img.double(), y_img.double())
    n = len(x_txt) + len(x_img)
    shared, specific = error([txt, img]) / n, (error([txt]) + error([img])) / n
    return {"shared": shared.to(x_txt.dtype), "specific": specific.to(x_txt.dtype)}


# ---------------------------------------------------------------- shift_sigmas, flux_dynamic_shift


@alternative("shift_sigmas")
def through_the_logit(sigmas, shift):
    return torch.sigmoid(torch.logit(sigmas) + math.log(shift))


@alternative("shift_sigmas")
def as_diffusers_writes_it(sigmas, shift):
    return shift / (shift + (1 / sigmas - 1))


@alternative("shift_sigmas")
def as_a_mean(sigmas, shift):
    return shift * sigmas / ((1 - sigmas) + shift * sigmas)


@alternative("flux_dynamic_shift")
def by_interpolation(sigmas, n_tokens, base_tokens=256, max_tokens=4096, base_mu=0.5, max_mu=1.15):
    place = (n_tokens - base_tokens) / (max_tokens - base_tokens)
    return shift_sigmas(sigmas, math.e ** ((1 - place) * base_mu + place * max_mu))


@alternative("flux_dynamic_shift")
def slope_and_intercept(sigmas, n_tokens, base_tokens=256, max_tokens=4096, base_mu=0.5, max_mu=1.15):
    m = (max_mu - base_mu) / (max_tokens - base_tokens)
    b = base_mu - m * base_tokens
    odds = math.exp(m * n_tokens + b)
    return (odds * sigmas / (1 - sigmas + odds * sigmas)).to(sigmas.dtype)


# ---------------------------------------------------------------- logit_normal_density


@alternative("logit_normal_density")
def by_torch_distributions(s, mean=0.0, std=1.0):
    base = torch.distributions.Normal(torch.tensor(mean, dtype=s.dtype), torch.tensor(std, dtype=s.dtype))
    law = torch.distributions.TransformedDistribution(base, torch.distributions.SigmoidTransform())
    return law.log_prob(s).exp()


@alternative("logit_normal_density")
def through_logarithms(s, mean=0.0, std=1.0):
    x = s.double()
    logit = x.log() - torch.log1p(-x)
    log_p = -((logit - mean) ** 2) / (2 * std**2) - math.log(std) - 0.5 * math.log(2 * math.pi)
    return (log_p - x.log() - torch.log1p(-x)).exp().to(s.dtype)


# ---------------------------------------------------------------- sd3_training_loss


@alternative("sd3_training_loss")
def road_from_the_velocity(model, x0, noise, normal_draws, cond, mean=0.0, std=1.0, shift=1.0):
    target = noise - x0
    s = 1 / (1 + torch.exp(-(mean + std * normal_draws)))
    s = shift_sigmas(s, shift)
    x_s = x0 + torch.einsum("b,b...->b...", s, target)
    return (model(x_s, s, cond) - target).pow(2).mean()


@alternative("sd3_training_loss")
def shift_as_a_moved_mean(model, x0, noise, normal_draws, cond, mean=0.0, std=1.0, shift=1.0):
    s = torch.sigmoid(mean + math.log(shift) + std * normal_draws)
    x_s = torch.stack([torch.lerp(a, b, level) for a, b, level in zip(x0, noise, s, strict=True)])
    return ((noise - x0 - model(x_s, s, cond)) ** 2).sum() / x0.numel()


# ---------------------------------------------------------------- rectified_flow_sample


@alternative("rectified_flow_sample")
def levels_in_the_datas_dtype(velocity, noise, n_steps, shift=1.0):
    if not n_steps >= 1:
        raise ValueError("too few steps")
    levels = shift_sigmas(torch.linspace(1, 0, n_steps + 1), shift).to(noise)
    x = noise.clone()
    for k in range(n_steps):
        x = x - (levels[k] - levels[k + 1]) * velocity(x, levels[k].expand(x.shape[0]))
    return x


@alternative("rectified_flow_sample")
def by_recursion(velocity, noise, n_steps, shift=1.0):
    if n_steps <= 0:
        raise ValueError("too few steps")

    def level(k):
        even = 1 - k / n_steps
        return shift * even / (1 + (shift - 1) * even)

    def walk(x, k):
        if k == n_steps:
            return x
        s = torch.full((x.shape[0],), level(k), dtype=x.dtype)
        return walk(x + (level(k + 1) - level(k)) * velocity(x, s), k + 1)

    return walk(noise, 0)


# ---------------------------------------------------------------- FluxSingleBlock


@alternative("FluxSingleBlock")
class written_out(nn.Module):
    def __init__(self, d_model, n_heads, mlp_ratio=4):
        super().__init__()
        self.h, self.d = n_heads, d_model
        self.out = nn.Linear(d_model + mlp_ratio * d_model, d_model)
        self.fc1 = nn.Linear(d_model, d_model * mlp_ratio)
        for name in ("norm_k", "norm_q"):
            self.register_parameter(name, nn.Parameter(torch.full((d_model // n_heads,), 1.0)))
        self.qkv = nn.Linear(d_model, d_model * 3)
        self.ada = nn.Linear(d_model, d_model * 3)
        nn.init.zeros_(self.ada.weight)

    def forward(self, txt, img, c):
        n = txt.size(1)
        x = torch.cat((txt, img), 1)
        mods = self.ada(nn.functional.silu(c))[:, None]
        shift, scale, gate = mods[..., : self.d], mods[..., self.d : 2 * self.d], mods[..., 2 * self.d :]
        var, mean = torch.var_mean(x, dim=-1, keepdim=True, unbiased=False)
        h = (x - mean) * torch.rsqrt(var + 1e-6) * (1 + scale) + shift
        parts = self.qkv(h).split(self.d, dim=-1)
        q, k, v = (part.reshape(*part.shape[:2], self.h, -1).permute(0, 2, 1, 3) for part in parts)
        q = q * torch.rsqrt(q.square().mean(-1, keepdim=True) + 1e-6) * self.norm_q
        k = k * torch.rsqrt(k.square().mean(-1, keepdim=True) + 1e-6) * self.norm_k
        att = torch.softmax(q @ k.transpose(2, 3) / q.size(-1) ** 0.5, dim=-1) @ v
        att = att.permute(0, 2, 1, 3).reshape(x.shape)
        u = self.fc1(h)
        gelu = 0.5 * u * (1 + torch.tanh(math.sqrt(2 / math.pi) * (u + 0.044715 * u**3)))
        x = x + gate * self.out(torch.cat((att, gelu), -1))
        return x[:, :n], x[:, n:]


@alternative("FluxSingleBlock")
class by_joint_attention(nn.Module):
    def __init__(self, d_model, n_heads, mlp_ratio=4):
        super().__init__()
        self.n_heads = n_heads
        self.ada, self.qkv = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, 3 * d_model)
        self.norm_q, self.norm_k = (nn.Parameter(torch.ones(d_model // n_heads)) for _ in range(2))
        self.fc1, self.out = nn.Linear(d_model, mlp_ratio * d_model), nn.Linear((mlp_ratio + 1) * d_model, d_model)

    def forward(self, txt, img, c):
        shift, scale, gate = self.ada(F.silu(c)).chunk(3, dim=-1)

        def prepare(x):
            h = modulate(F.layer_norm(x, (x.shape[-1],), None, None, 1e-6), shift, scale)
            q, k, v = self.qkv(h).chunk(3, dim=-1)
            return h, self.unit(q, self.norm_q), self.unit(k, self.norm_k), v

        (h_t, *words), (h_i, *patches) = prepare(txt), prepare(img)
        heard_t, heard_i, _ = joint_attention(*words, *patches, self.n_heads)

        def finish(x, h, heard):
            both = torch.cat([heard, F.gelu(self.fc1(h), approximate="tanh")], dim=-1)
            return x + gate.unsqueeze(1) * self.out(both)

        return finish(txt, h_t, heard_t), finish(img, h_i, heard_i)

    def unit(self, z, gain):
        return F.rms_norm(z.unflatten(-1, (self.n_heads, -1)), gain.shape, gain, 1e-6).flatten(2)


# ---------------------------------------------------------------- trace_sd3_pipeline


@alternative("trace_sd3_pipeline")
def row_by_row(image_size, batch, patch, d_model, n_t5, vae_factor=8, channels=16):
    side, rest = divmod(image_size, vae_factor * patch)  # patches per side
    if rest:
        raise ValueError("broken patches")
    latent, text, image = side * patch, n_t5 + 77, side * side
    shapes = [
        (batch, 77, 2048),
        (batch, 77, 4096),
        (batch, text, 4096),
        (batch, 2048),
        (batch, channels, latent, latent),
        (batch, image, patch**2 * channels),
        (batch, image, d_model),
        (batch, text, d_model),
        (batch, text + image, d_model),
        (batch, 6 * d_model),
        (batch, image, patch**2 * channels),
        (batch, channels, latent, latent),
        (batch, 3, image_size, image_size),
    ]
    return [(name, shape, lesson) for (name, lesson), shape in zip(SD3_STAGES, shapes, strict=True)]


@alternative("trace_sd3_pipeline")
def by_running_it_on_meta_tensors(image_size, batch, patch, d_model, n_t5, vae_factor=8, channels=16):
    if image_size // vae_factor // patch * patch * vae_factor != image_size:
        raise ValueError("broken patches")

    def empty(*shape):
        return torch.empty(batch, *shape, device="meta")

    size = image_size // vae_factor
    clip = torch.cat([empty(77, 768), empty(77, 1280)], dim=-1)
    padded = F.pad(clip, (0, 4096 - clip.shape[-1]))
    context = torch.cat([padded, empty(n_t5, 4096)], dim=1)
    pooled = torch.cat([empty(768), empty(1280)], dim=-1)
    latent = empty(channels, size, size)
    patches = F.unfold(latent, patch, stride=patch).transpose(1, 2)
    image_tokens = patches @ torch.empty(patches.shape[-1], d_model, device="meta")
    text_tokens = context @ torch.empty(4096, d_model, device="meta")
    joint = torch.cat([text_tokens, image_tokens], dim=1)
    ada = empty(d_model) @ torch.empty(d_model, 6 * d_model, device="meta")
    velocity = F.fold(patches.transpose(1, 2), size, patch, stride=patch)
    image = empty(3, image_size, image_size)
    flow = [clip, padded, context, pooled, latent, patches, image_tokens, text_tokens, joint, ada]
    flow += [patches, velocity, image]
    return [[name, list(z.shape), lesson] for (name, lesson), z in zip(SD3_STAGES, flow, strict=True)]
