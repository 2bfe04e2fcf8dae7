"""Other right answers to lesson 7.4.4."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Normal

from blindgrade.known_answers import alternative

# ---------------------------------------------------------------- SwiGLU


@alternative("SwiGLU")
class with_the_sigmoid_written_out(nn.Module):
    def __init__(self, d_model, d_hidden):
        super().__init__()
        for name, (fan_in, fan_out) in {
            "w1": (d_model, d_hidden),
            "w3": (d_model, d_hidden),
            "w2": (d_hidden, d_model),
        }.items():
            setattr(self, name, nn.Linear(fan_in, fan_out, bias=False))

    def forward(self, x):
        view = self.w1(x)
        return self.w2(view * torch.sigmoid(view) * self.w3(x))


@alternative("SwiGLU")
class both_views_in_one_product(nn.Module):
    def __init__(self, d_model, d_hidden):
        super().__init__()
        self.w2 = nn.Linear(d_hidden, d_model, bias=False)
        self.w1, self.w3 = (nn.Linear(d_model, d_hidden, bias=False) for _ in range(2))

    def forward(self, x):
        gate, value = (x @ torch.cat([self.w1.weight, self.w3.weight]).T).chunk(2, dim=-1)
        return nn.SiLU()(gate).mul(value) @ self.w2.weight.T


# ---------------------------------------------------------------- unified_position_ids


@alternative("unified_position_ids")
def token_by_token(n_text, grid_h, grid_w):
    image = [[n_text + 1, row, col] for row in range(grid_h) for col in range(grid_w)]
    return torch.tensor(image + [[i, 0, 0] for i in range(1, n_text + 1)], dtype=torch.long)


@alternative("unified_position_ids")
def as_two_grids(n_text, grid_h, grid_w):
    def grid(start, sizes):
        axes = [torch.arange(low, low + size) for low, size in zip(start, sizes)]
        return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, 3)

    return torch.cat([grid((n_text + 1, 0, 0), (1, grid_h, grid_w)), grid((1, 0, 0), (n_text, 1, 1))])


# ---------------------------------------------------------------- rope_3d


@alternative("rope_3d")
def as_complex_numbers(x, ids, axes_dims, theta=256.0):
    if any(size % 2 for size in axes_dims) or sum(axes_dims) != x.shape[-1]:
        raise ValueError("the blocks do not fit")
    angles = torch.cat(
        [
            torch.outer(ids[:, k].double(), theta ** (-torch.arange(0, d, 2).double() / d))
            for k, d in enumerate(axes_dims)
        ],
        dim=1,
    )
    pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(-2).to(x.dtype)


@alternative("rope_3d")
def block_by_block_in_float32(x, ids, axes_dims, theta=256.0):
    if sum(axes_dims) != x.shape[-1]:
        raise ValueError("the blocks do not add up")
    done = []
    for axis, block in enumerate(x.split(axes_dims, dim=-1)):
        d = axes_dims[axis]
        if d % 2:
            raise ValueError("an odd block has no pairs")
        frequencies = torch.exp(-math.log(theta) * torch.arange(0, d, 2, dtype=torch.float32) / d)
        angle = (ids[:, axis, None].float() * frequencies).repeat_interleave(2, dim=-1)  # [N, d]
        partner = torch.stack([-block[..., 1::2], block[..., 0::2]], dim=-1).flatten(-2)
        done.append(block * angle.cos() + partner * angle.sin())
    return torch.cat(done, dim=-1).to(x.dtype)


# ---------------------------------------------------------------- S3DiTBlock


@alternative("S3DiTBlock")
class with_softmax_and_torchs_norm(nn.Module):
    def __init__(self, d_model, n_heads, axes_dims, d_cond=None, modulation=True):
        super().__init__()
        self.heads, self.blocks = n_heads, axes_dims
        self.ada = nn.Linear(d_cond, 4 * d_model) if modulation else None
        for name in ("attn_norm1", "attn_norm2", "ffn_norm1", "ffn_norm2"):
            setattr(self, name, nn.Parameter(torch.ones(d_model)))
        for name in ("norm_q", "norm_k"):
            setattr(self, name, nn.Parameter(torch.ones(d_model // n_heads)))
        for name in ("to_q", "to_k", "to_v", "to_out"):
            setattr(self, name, nn.Linear(d_model, d_model, bias=False))
        self.ffn = SwiGLU(d_model, 8 * d_model // 3)

    def attend(self, h, ids):
        b, n, d = h.shape
        split = [layer(h).view(b, n, self.heads, d // self.heads) for layer in (self.to_q, self.to_k, self.to_v)]
        q = F.rms_norm(split[0], self.norm_q.shape, self.norm_q, 1e-5).transpose(1, 2)
        k = F.rms_norm(split[1], self.norm_k.shape, self.norm_k, 1e-5).transpose(1, 2)
        q, k = rope_3d(q, ids, self.blocks), rope_3d(k, ids, self.blocks)
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(d // self.heads), dim=-1)
        return self.to_out(torch.einsum("bhnm,bmhd->bnhd", weights, split[2]).reshape(b, n, d))

    def forward(self, x, ids, c=None):
        if self.ada is None:
            parts = [torch.zeros(()), torch.ones(()), torch.zeros(()), torch.ones(())]
        else:
            parts = list(self.ada(c).unsqueeze(1).split(x.shape[-1], dim=-1))
            parts[1], parts[3] = torch.tanh(parts[1]), torch.tanh(parts[3])
        size = x.shape[-1:]
        h = self.attend(F.rms_norm(x, size, self.attn_norm1, 1e-5) * (parts[0] + 1), ids)
        x = torch.addcmul(x, parts[1].to(x), F.rms_norm(h, size, self.attn_norm2, 1e-5))
        h = self.ffn(F.rms_norm(x, size, self.ffn_norm1, 1e-5) * (parts[2] + 1))
        return torch.addcmul(x, parts[3].to(x), F.rms_norm(h, size, self.ffn_norm2, 1e-5))


@alternative("S3DiTBlock")
class head_by_head(nn.Module):
    def __init__(self, d_model, n_heads, axes_dims, d_cond=None, modulation=True):
        super().__init__()
        self.size, self.axes_dims, self.modulation = d_model // n_heads, list(axes_dims), modulation
        self.to_q, self.to_k, self.to_v, self.to_out = (nn.Linear(d_model, d_model, False) for _ in range(4))
        self.norm_q, self.norm_k = (nn.Parameter(torch.ones(self.size)) for _ in range(2))
        self.attn_norm1, self.attn_norm2, self.ffn_norm1, self.ffn_norm2 = (
            nn.Parameter(torch.ones(d_model)) for _ in range(4)
        )
        self.ffn = SwiGLU(d_model, int(d_model / 3 * 8))
        if modulation:
            self.ada = nn.Linear(d_cond, 4 * d_model)
            nn.init.zeros_(self.ada.weight)

    def norm(self, x, weight):
        return weight * x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-5)

    def forward(self, x, ids, c=None):
        scale1, gate1, scale2, gate2 = [0 * x[:, :1], 0 * x[:, :1] + 1, 0 * x[:, :1], 0 * x[:, :1] + 1]
        if self.modulation:
            scale1, gate1, scale2, gate2 = self.ada(c).reshape(len(x), 4, 1, x.shape[-1]).unbind(1)
            gate1, gate2 = gate1.tanh(), gate2.tanh()
        h = self.norm(x, self.attn_norm1)
        h = h + h * scale1
        out = []
        for q, k, v in zip(*(f(h).split(self.size, dim=-1) for f in (self.to_q, self.to_k, self.to_v)), strict=True):
            q = rope_3d(self.norm(q, self.norm_q), ids, self.axes_dims)
            k = rope_3d(self.norm(k, self.norm_k), ids, self.axes_dims)
            scores = torch.bmm(q, k.transpose(1, 2)) * self.size**-0.5
            out.append(torch.softmax(scores, -1) @ v)
        x = x + gate1 * self.norm(self.to_out(torch.cat(out, dim=-1)), self.attn_norm2)
        h = self.norm(x, self.ffn_norm1)
        return x + gate2 * self.norm(self.ffn(h + h * scale2), self.ffn_norm2)


# ---------------------------------------------------------------- stream_parameters


@alternative("stream_parameters")
def from_shapes(d_model=3840, d_hidden=10240, depth=30, refiner_depth=2):
    shapes = [(d_model, d_model)] * 4 + [(d_model, d_hidden)] * 3
    one = sum(math.prod(shape) for shape in shapes)
    blocks = {"dual": 2 * depth, "single": depth + 2 * refiner_depth}
    counts = {name: float(n * one) for name, n in blocks.items()}
    return {"per_stream": float(one), **counts, "saving": (counts["dual"] - counts["single"]) / counts["dual"]}


@alternative("stream_parameters")
def the_saving_from_blocks(d_model=3840, d_hidden=10240, depth=30, refiner_depth=2):
    block = d_model * (4 * d_model + 3 * d_hidden)
    return {
        "saving": 0.5 - refiner_depth / depth,
        "single": block * (depth + 2 * refiner_depth),
        "dual": block * depth * 2,
        "per_stream": block,
    }


# ---------------------------------------------------------------- text_stack_summary


@alternative("text_stack_summary")
def with_match(encoders):
    context, params = [0, 0], 0
    for encoder in encoders:
        own = [encoder["tokens"], encoder["width"]]
        params += encoder["params"]
        match encoder["join"]:
            case "first":
                context = own
            case "channel" if own[0] != context[0]:
                raise ValueError("tokens differ")
            case "channel":
                context = [context[0], context[1] + own[1]]
            case "sequence":
                context = [context[0] + own[0], max(context[1], own[1])]
    return {"context": context, "params": params, "encoders": len(encoders)}


@alternative("text_stack_summary")
def with_real_tensors(encoders):
    context = torch.empty(encoders[0]["tokens"], encoders[0]["width"])
    for encoder in encoders[1:]:
        part = torch.empty(encoder["tokens"], encoder["width"])
        if encoder["join"] == "channel":
            if len(part) != len(context):
                raise ValueError("these tables do not stand side by side")
            context = torch.cat([context, part], dim=1)
        else:
            width = max(context.shape[1], part.shape[1])
            context = torch.cat([F.pad(table, (0, width - table.shape[1])) for table in (context, part)])
    params = [encoder["params"] for encoder in encoders]
    return {"encoders": len(params), "params": sum(params), "context": list(context.shape)}


# ---------------------------------------------------------------- TinyS3DiT


@alternative("TinyS3DiT")
class with_folded_patches(nn.Module):
    def __init__(self, channels, p, d_model, n_heads, axes_dims, depth, refiner_depth, d_text, d_cond):
        super().__init__()
        self.p, self.width = p, d_model
        args = (d_model, n_heads, axes_dims)
        self.layers = nn.ModuleList([S3DiTBlock(*args, d_cond=d_cond) for _ in range(depth)])
        self.noise_refiner = nn.ModuleList([S3DiTBlock(*args, d_cond=d_cond) for _ in range(refiner_depth)])
        self.context_refiner = nn.ModuleList([S3DiTBlock(*args, modulation=False) for _ in range(refiner_depth)])
        self.text_norm = nn.Parameter(torch.ones(d_text))
        self.text_embed, self.x_embed = nn.Linear(d_text, d_model), nn.Linear(channels * p * p, d_model)
        self.t_fc1, self.t_fc2 = nn.Linear(32, d_cond), nn.Linear(d_cond, d_cond)
        self.final_ada, self.final = nn.Linear(d_cond, d_model), nn.Linear(d_model, channels * p * p)

    def forward(self, x, t, text):
        b, channels, height, width = x.shape
        rows, cols = height // self.p, width // self.p
        count, words = rows * cols, text.shape[1]
        c = self.t_fc2(F.silu(self.t_fc1(timestep_embedding(t * 1000, 32))))
        patches = F.unfold(x, self.p, stride=self.p).mT.unflatten(-1, (channels, -1)).mT.flatten(-2)
        image = self.x_embed(patches)
        words_in = self.text_embed(F.rms_norm(text, text.shape[-1:], self.text_norm, 1e-5))
        image_ids, text_ids = unified_position_ids(words, rows, cols).split([count, words])
        for block in self.noise_refiner:
            image = block(image, image_ids, c)
        for block in self.context_refiner:
            words_in = block(words_in, text_ids)
        both, ids = torch.cat([image, words_in], 1), torch.cat([image_ids, text_ids])
        for block in self.layers:
            both = block(both, ids, c)
        centred = both - both.mean(-1, keepdim=True)
        normed = centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + 1e-6)
        out = self.final(normed * (1 + self.final_ada(F.silu(c)).unsqueeze(1)))[:, :count]
        return F.fold(out.unflatten(-1, (-1, channels)).mT.flatten(-2).mT, (height, width), self.p, stride=self.p)


@alternative("TinyS3DiT")
class in_parts(nn.Module):
    def __init__(self, channels, p, d_model, n_heads, axes_dims, depth, refiner_depth, d_text, d_cond):
        super().__init__()
        self.patch, patch = p, channels * p**2
        self.x_embed, self.final = nn.Linear(patch, d_model), nn.Linear(d_model, patch)
        self.text_norm = nn.Parameter(torch.ones(d_text))
        self.text_embed, self.final_ada = nn.Linear(d_text, d_model), nn.Linear(d_cond, d_model)
        self.t_fc1, self.t_fc2 = nn.Linear(32, d_cond), nn.Linear(d_cond, d_cond)
        self.noise_refiner, self.context_refiner, self.layers = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for stack, count, steered in (
            (self.noise_refiner, refiner_depth, True),
            (self.context_refiner, refiner_depth, False),
            (self.layers, depth, True),
        ):
            stack.extend(S3DiTBlock(d_model, n_heads, axes_dims, d_cond, steered) for _ in range(count))
        nn.init.zeros_(self.final.weight)

    def level(self, t):
        return self.t_fc2(F.silu(self.t_fc1(timestep_embedding((1000 * t).float(), 32))))

    def words(self, text, ids):
        h = self.text_embed(rms(text, self.text_norm, 1e-5))
        for block in self.context_refiner:
            h = block(h, ids, None)
        return h

    def forward(self, x, t, text):
        grid = [side // self.patch for side in x.shape[2:]]
        ids, c = unified_position_ids(text.shape[1], *grid), self.level(t)
        split = len(ids) - text.shape[1]
        h = self.x_embed(patchify(x, self.patch))
        for block in self.noise_refiner:
            h = block(h, ids[:split], c)
        h = torch.cat((h, self.words(text, ids[split:])), dim=1)
        for block in self.layers:
            h = block(h, ids, c)
        h = nn.LayerNorm(h.shape[-1], eps=1e-6, elementwise_affine=False)(h)
        h = self.final(h * (1 + self.final_ada(F.silu(c))[:, None]))
        return unpatchify(h[:, :split], self.patch, *grid)


# ---------------------------------------------------------------- dmd_loss


@alternative("dmd_loss")
def with_the_gradient_as_a_product(x, real_x0, fake_x0):
    x_now, real, fake = x.detach(), real_x0.detach(), fake_x0.detach()
    axes = tuple(range(1, x.ndim))
    grad = (fake - real) / (x_now - real).abs().mean(dim=axes, keepdim=True).clamp(min=1e-8)
    # Its value is the loss's, its gradient in x is grad over the number of elements.
    return 0.5 * grad.square().mean() + (grad * (x - x_now)).mean()


@alternative("dmd_loss")
def sample_by_sample(x, real_x0, fake_x0):
    goals = []
    for own, real, fake in zip(x.detach(), real_x0.detach(), fake_x0.detach(), strict=True):
        distance = torch.linalg.vector_norm(own - real, ord=1) / own.numel()
        goals.append(own + (real - fake) / torch.maximum(distance, torch.full_like(distance, 1e-8)))
    return F.mse_loss(x, torch.stack(goals)) / 2


# ---------------------------------------------------------------- spear_and_shield


@alternative("spear_and_shield")
def guided_minus_conditional(real_cond, real_uncond, fake_cond, alpha):
    guided = torch.lerp(real_uncond, real_cond, alpha)
    return guided - real_cond, real_cond - fake_cond


@alternative("spear_and_shield")
def from_the_sum(real_cond, real_uncond, fake_cond, alpha):
    total = real_uncond + alpha * (real_cond - real_uncond) - fake_cond
    shield = torch.sub(real_cond, fake_cond)
    return total - shield, shield


# ---------------------------------------------------------------- renoise_levels


@alternative("renoise_levels")
def as_a_blend(u_spear, u_shield, spear_range, shield_range):
    def level(u, ends):
        low, high = ends
        if low < 0 or high > 1 or low > high:
            raise ValueError("no range of levels")
        return low * (1 - u) + high * u

    return level(u_spear, spear_range), level(u_shield, shield_range)


@alternative("renoise_levels")
def both_at_once(u_spear, u_shield, spear_range, shield_range):
    ends = torch.tensor([spear_range, shield_range], dtype=torch.float64)  # [2, 2]
    if (ends < 0).any() or (ends > 1).any() or (ends.diff(dim=1) < 0).any():
        raise ValueError("ranges are (low, high) within [0, 1]")
    u = torch.stack([u_spear, u_shield]).double()
    spear, shield = (ends[:, :1] + ends.diff(dim=1) * u).to(u_spear.dtype)
    return spear, shield


# ---------------------------------------------------------------- decoupled_dmd_direction


@alternative("decoupled_dmd_direction")
def through_spear_and_shield(real, fake, x, cond, uncond, s_spear, s_shield, n_spear, n_shield, alpha):
    parts = []
    for s, noise in ((s_spear, n_spear), (s_shield, n_shield)):
        x_s = torch.lerp(x.detach(), noise, s.view(-1, *[1] * (x.ndim - 1)))
        asked = real(x_s, s, cond), real(x_s, s, uncond), fake(x_s, s, cond)
        parts.append(spear_and_shield(*asked, alpha))
    return (parts[0][0] + parts[1][1]).detach()


@alternative("decoupled_dmd_direction")
@torch.no_grad()
def with_a_decorator(real, fake, x, cond, uncond, s_spear, s_shield, n_spear, n_shield, alpha):
    def noisy(s, noise):
        s = s[(...,) + (None,) * (x.ndim - 1)]
        return x - s * (x - noise)

    first, second = noisy(s_spear, n_spear), noisy(s_shield, n_shield)
    guided = real(first, s_spear, cond) - real(first, s_spear, uncond)
    return (alpha - 1) * guided + (real(second, s_shield, cond) - fake(second, s_shield, cond))


# ---------------------------------------------------------------- diffusion_dpo_loss


@alternative("diffusion_dpo_loss")
def as_softplus(err_w, err_l, ref_err_w, ref_err_l, beta):
    return F.softplus(beta * (err_w - err_l - ref_err_w + ref_err_l)).mean()


@alternative("diffusion_dpo_loss")
def as_cross_entropy(err_w, err_l, ref_err_w, ref_err_l, beta):
    # The winner is class 0 of a softmax over the two improvements.
    logits = -beta * torch.stack([err_w - ref_err_w, err_l - ref_err_l], dim=1)
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))


# ---------------------------------------------------------------- grpo_advantages


@alternative("grpo_advantages")
def group_by_group(rewards, eps=1e-4):
    return torch.stack([(group - group.mean()) / (group.std() + eps) for group in rewards])


@alternative("grpo_advantages")
def by_hand(rewards, eps=1e-4):
    n = rewards.shape[1]
    offset = rewards - rewards.sum(dim=1, keepdim=True) / n
    return offset / (torch.sqrt((offset**2).sum(dim=1, keepdim=True) / (n - 1)) + eps)


# ---------------------------------------------------------------- grpo_loss


@alternative("grpo_loss")
def as_a_maximum_of_losses(logp, logp_old, rewards, clip=0.2):
    with torch.no_grad():
        adv = grpo_advantages(rewards)
    ratio = (logp - logp_old.detach()).exp()
    losses = torch.stack([-adv * ratio, -adv * torch.clip(ratio, min=1 - clip, max=1 + clip)])
    return losses.amax(dim=0).mean()


@alternative("grpo_loss")
def by_the_sign_of_the_advantage(logp, logp_old, rewards, clip=0.2):
    adv = grpo_advantages(rewards.detach())
    ratio = torch.exp(logp - logp_old.detach())
    limited = torch.where(adv >= 0, ratio.clamp(max=1 + clip), ratio.clamp(min=1 - clip))
    return -(limited * adv).sum() / adv.numel()


# ---------------------------------------------------------------- dmdr_loss


@alternative("dmdr_loss")
def by_name(logp, logp_old, rewards, x, real_x0, fake_x0, dmd_weight, clip=0.2):
    engine = grpo_loss(logp=logp, logp_old=logp_old, rewards=rewards, clip=clip)
    return torch.add(engine, dmd_loss(x=x, real_x0=real_x0, fake_x0=fake_x0), alpha=dmd_weight)


@alternative("dmdr_loss")
def written_out(logp, logp_old, rewards, x, real_x0, fake_x0, dmd_weight, clip=0.2):
    adv = ((rewards - rewards.mean(1, True)) / (rewards.std(1, keepdim=True) + 1e-4)).detach()
    ratio = torch.exp(logp - logp_old.detach())
    engine = -torch.min(ratio * adv, ratio.clamp(1 - clip, 1 + clip) * adv).mean()
    far = (x - real_x0).abs().mean(dim=tuple(range(1, x.ndim)), keepdim=True).clamp_min(1e-8)
    goal = (x - (fake_x0 - real_x0) / far).detach()
    return engine + dmd_weight * F.mse_loss(x, goal) / 2


# ---------------------------------------------------------------- guardrail_optimum


@alternative("guardrail_optimum")
def one_newton_step(teacher_mean, teacher_var, reward_slope, dmd_weight):
    if not dmd_weight > 0:
        raise ValueError("a guardrail has a positive weight")
    m = torch.tensor(float(teacher_mean), dtype=torch.float64, requires_grad=True)
    value = reward_slope * m - dmd_weight * (m - teacher_mean) ** 2 / (2 * teacher_var)
    (slope,) = torch.autograd.grad(value, m, create_graph=True)
    (bend,) = torch.autograd.grad(slope, m)
    return float(m.detach() - slope.detach() / bend)


@alternative("guardrail_optimum")
def by_standard_deviations(teacher_mean, teacher_var, reward_slope, dmd_weight):
    if dmd_weight <= 0:
        raise ValueError("a guardrail has a positive weight")
    std = math.sqrt(teacher_var)
    return teacher_mean + std * (std * reward_slope / dmd_weight)


# ---------------------------------------------------------------- train_dmd_generator


@alternative("train_dmd_generator")
def with_fresh_samples_and_a_falling_rate(net, teacher_score, steps, seed):
    torch.manual_seed(seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=4e-3, betas=(0.8, 0.95), weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(steps, 1), eta_min=4e-4)
    for _ in range(steps):
        with torch.no_grad():
            crowd = net(torch.randn(512, 2), 0)
        x = net(torch.randn(384, 2), 0)
        at = x.detach()
        t = torch.exp(Normal(-0.3, 0.8).sample((384,)).clamp(-2.0, 1.4))[:, None]
        x_t = at + t * torch.randn_like(at)
        real = x_t + t**2 * teacher_score(x_t, t.squeeze(1))
        distance = (x_t[:, None] - crowd[None]).square().sum(-1)
        fake = torch.softmax(-distance / (2 * t**2), dim=1) @ crowd
        loss = dmd_loss(x, real, fake)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
    return net
