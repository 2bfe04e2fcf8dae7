"""Lesson 7.4.3 against what we did not write: diffusers, torch's attention and distributions, numpy, scipy."""

from __future__ import annotations

import math
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import stats
from scipy.integrate import quad, solve_ivp
from torch import Tensor, nn

from ..tensors import close, normal

# Float32 against a peer in float32, both at their own order of operations.
PEER = {"atol": 5e-6, "rtol": 0.0}


def randomised(module: nn.Module, scale: float = 0.2) -> nn.Module:
    for number, parameter in enumerate(module.parameters()):
        parameter.data = scale * normal(*parameter.shape, dtype=parameter.dtype, seed=number)
    return module


# ---------------------------------------------------------------- text


@pytest.mark.peers
def test_sd3_text_context_is_the_one_of_the_pipeline(solution: ModuleType) -> None:
    """encode_prompt of diffusers, with encoders that hand out what we give them."""
    from diffusers import StableDiffusion3Pipeline

    clip = {
        0: (normal(2, 77, 16, seed=0), normal(2, 16, seed=1)),
        1: (normal(2, 77, 24, seed=2), normal(2, 24, seed=3)),
    }
    t5 = normal(2, 20, 64, seed=4)

    pipeline = SimpleNamespace(
        _execution_device="cpu",
        text_encoder=None,
        text_encoder_2=None,
        _get_clip_prompt_embeds=lambda clip_model_index, **_: clip[clip_model_index],
        _get_t5_prompt_embeds=lambda **_: t5,
    )
    want, _, want_pooled, _ = StableDiffusion3Pipeline.encode_prompt(
        pipeline, ["a", "b"], None, None, do_classifier_free_guidance=False
    )
    got, pooled = solution.sd3_text_context(clip[0][0], clip[1][0], t5, clip[0][1], clip[1][1])
    close(got, want)
    close(pooled, want_pooled)


# ---------------------------------------------------------------- attention


def room(*sizes: int) -> list[Tensor]:
    batch, n_txt, n_img, d = sizes
    return [normal(batch, n, d, seed=i) for i, n in enumerate((n_txt,) * 3 + (n_img,) * 3)]


@pytest.mark.parametrize("n_heads", [1, 2, 8])
def test_joint_attention_is_torchs_attention_on_333_tokens(solution: ModuleType, n_heads: int) -> None:
    parts = room(2, 77, 256, 16)
    q, k, v = (
        torch.cat([parts[i], parts[i + 3]], dim=1).reshape(2, 333, n_heads, -1).transpose(1, 2) for i in range(3)
    )
    want = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(2, 333, 16)
    txt, img, att = solution.joint_attention(*parts, n_heads)
    close(torch.cat([txt, img], dim=1), want)
    assert txt.shape[1] == 77
    close((att @ v).transpose(1, 2).reshape(2, 333, 16), want)


def test_joint_attention_is_the_one_of_torchs_module(solution: ModuleType) -> None:
    parts = room(3, 5, 7, 12)
    layer = nn.MultiheadAttention(12, 4, bias=False, batch_first=True).double()
    layer.in_proj_weight.data = torch.eye(12).double().repeat(3, 1)
    layer.out_proj.weight.data = torch.eye(12).double()
    q, k, v = (torch.cat([parts[i], parts[i + 3]], dim=1) for i in range(3))
    want, weights = layer(q, k, v, average_attn_weights=False)
    txt, img, att = solution.joint_attention(*parts, 4)
    close(torch.cat([txt, img], dim=1), want.detach())
    close(att, weights.detach())


def test_the_two_shares_of_one_asker_add_up_to_one(solution: ModuleType) -> None:
    att = solution.joint_attention(*room(3, 5, 7, 12), 4)[2]
    shares = solution.attention_quadrants(att, 5)
    close(shares["text_to_text"] + shares["text_to_image"], torch.ones(3).double())
    close(shares["image_to_text"] + shares["image_to_image"], torch.ones(3).double())


def test_attention_quadrants_are_block_sums_of_numpy(solution: ModuleType) -> None:
    att = solution.joint_attention(*room(3, 5, 7, 12), 4)[2]
    blocks = np.add.reduceat(np.add.reduceat(att.numpy(), [0, 5], axis=2), [0, 5], axis=3).mean(axis=1)  # [B, 2, 2]
    shares = solution.attention_quadrants(att, 5)
    for row, (asks, count) in enumerate({"text": 5, "image": 7}.items()):
        for column, answers in enumerate(("text", "image")):
            np.testing.assert_allclose(shares[f"{asks}_to_{answers}"].numpy(), blocks[:, row, column] / count)


# ---------------------------------------------------------------- blocks


@pytest.mark.peers
@pytest.mark.parametrize(("d", "heads"), [(64, 4), (32, 1)])
def test_mmdit_block_is_diffusers_joint_transformer_block(solution: ModuleType, d: int, heads: int) -> None:
    from diffusers.models.attention import JointTransformerBlock

    ours = randomised(solution.MMDiTBlock(d, heads), 1 / math.sqrt(d))
    peer = JointTransformerBlock(d, heads, d // heads)
    image = {
        "ada": "norm1.linear",
        "q": "attn.to_q",
        "k": "attn.to_k",
        "v": "attn.to_v",
        "proj": "attn.to_out.0",
        "fc1": "ff.net.0.proj",
        "fc2": "ff.net.2",
    }
    text = {
        "ada": "norm1_context.linear",
        "q": "attn.add_q_proj",
        "k": "attn.add_k_proj",
        "v": "attn.add_v_proj",
        "proj": "attn.to_add_out",
        "fc1": "ff_context.net.0.proj",
        "fc2": "ff_context.net.2",
    }
    names = {f"img.{a}": b for a, b in image.items()} | {f"txt.{a}": b for a, b in text.items()}
    state = {}
    for name, tensor in ours.state_dict().items():
        layer, _, kind = name.rpartition(".")
        state[f"{names[layer]}.{kind}"] = tensor
    peer.load_state_dict(state)
    txt, img, c = normal(2, 77, d, seed=1).float(), normal(2, 256, d, seed=2).float(), normal(2, d, seed=3).float()
    with torch.no_grad():
        got_txt, got_img = ours(txt, img, c)
        want_txt, want_img = peer(hidden_states=img, encoder_hidden_states=txt, temb=c)
    torch.testing.assert_close(got_txt, want_txt, **PEER)
    torch.testing.assert_close(got_img, want_img, **PEER)


def test_fresh_mmdit_block_is_the_identity(solution: ModuleType) -> None:
    txt, img, c = normal(2, 77, 16, seed=1).float(), normal(2, 256, 16, seed=2).float(), normal(2, 16, seed=3).float()
    got = solution.MMDiTBlock(16, 4)(txt, img, c)
    assert torch.equal(got[0], txt)
    assert torch.equal(got[1], img)


def test_mmdit_block_has_36_d_squared_weights(solution: ModuleType) -> None:
    block = solution.MMDiTBlock(32, 4)
    assert sum(p.numel() for name, p in block.named_parameters() if "weight" in name) == 36 * 32**2


@pytest.mark.peers
@pytest.mark.parametrize(("d", "heads", "ratio"), [(64, 4, 4), (32, 2, 2)])
def test_flux_single_block_is_diffusers(solution: ModuleType, d: int, heads: int, ratio: int) -> None:
    from diffusers.models.transformers.transformer_flux import FluxSingleTransformerBlock

    ours = randomised(solution.FluxSingleBlock(d, heads, ratio), 1 / math.sqrt(d))
    ours.norm_q.data += 1
    ours.norm_k.data += 1
    peer = FluxSingleTransformerBlock(d, heads, d // heads, mlp_ratio=ratio)
    own = ours.state_dict()
    state = {"attn.norm_q.weight": own["norm_q"], "attn.norm_k.weight": own["norm_k"]}
    for kind in ("weight", "bias"):
        for name, third in zip("qkv", own[f"qkv.{kind}"].chunk(3), strict=True):
            state[f"attn.to_{name}.{kind}"] = third
        for name, theirs in {"ada": "norm.linear", "fc1": "proj_mlp", "out": "proj_out"}.items():
            state[f"{theirs}.{kind}"] = own[f"{name}.{kind}"]
    peer.load_state_dict(state)
    txt, img, c = normal(2, 77, d, seed=1).float(), normal(2, 256, d, seed=2).float(), normal(2, d, seed=3).float()
    with torch.no_grad():
        got_txt, got_img = ours(txt, img, c)
        want_txt, want_img = peer(hidden_states=img, encoder_hidden_states=txt, temb=c, image_rotary_emb=None)
    torch.testing.assert_close(got_txt, want_txt, **PEER)
    torch.testing.assert_close(got_img, want_img, **PEER)


def test_flux_single_block_treats_text_and_image_alike(solution: ModuleType) -> None:
    block = randomised(solution.FluxSingleBlock(16, 4).double())
    txt, img, c = normal(2, 5, 16, seed=1), normal(2, 9, 16, seed=2), normal(2, 16, seed=3)
    there, back = block(txt, img, c), block(img, txt, c)
    close(there[0], back[1])
    close(there[1], back[0])


def test_flux_single_block_does_not_care_how_loud_queries_are(solution: ModuleType) -> None:
    block = randomised(solution.FluxSingleBlock(16, 4).double(), 1.0)
    inputs = normal(2, 5, 16, seed=1), normal(2, 9, 16, seed=2), normal(2, 16, seed=3)
    before = block(*inputs)
    block.qkv.weight.data[:16] *= 50
    block.qkv.bias.data[:16] *= 50
    for got, want in zip(block(*inputs), before, strict=True):
        torch.testing.assert_close(got, want, atol=1e-3, rtol=1e-3)  # eps of the norm is what is left


# ---------------------------------------------------------------- projections


def test_projection_conflict_is_numpys_least_squares(solution: ModuleType) -> None:
    x_txt, y_txt, x_img, y_img = (
        normal(20, 4, seed=0),
        normal(20, 3, seed=1),
        normal(50, 4, seed=2),
        normal(50, 3, seed=3),
    )

    def residual(x: np.ndarray, y: np.ndarray) -> float:
        return float(np.linalg.lstsq(x, y, rcond=None)[1].sum())

    got = solution.projection_conflict(x_txt, y_txt, x_img, y_img)
    both = np.concatenate([x_txt, x_img]), np.concatenate([y_txt, y_img])
    apart = residual(x_txt.numpy(), y_txt.numpy()) + residual(x_img.numpy(), y_img.numpy())
    assert float(got["shared"]) == pytest.approx(residual(*both) / 70, rel=1e-10)
    assert float(got["specific"]) == pytest.approx(apart / 70, rel=1e-10)
    assert got["shared"] >= got["specific"]


# ---------------------------------------------------------------- noise levels


@pytest.mark.peers
@pytest.mark.parametrize("shift", [1.0, 3.0, 0.5])
def test_shift_sigmas_is_the_shift_of_diffusers_scheduler(solution: ModuleType, shift: float) -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler

    scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
    even = torch.linspace(1, 0, 29)[:-1]
    scheduler.set_timesteps(sigmas=even.numpy())
    torch.testing.assert_close(solution.shift_sigmas(even, shift), scheduler.sigmas[:-1], **PEER)


def test_shifts_multiply(solution: ModuleType) -> None:
    s = torch.linspace(0, 1, 11).double()
    close(solution.shift_sigmas(solution.shift_sigmas(s, 2.0), 3.5), solution.shift_sigmas(s, 7.0))


@pytest.mark.peers
@pytest.mark.parametrize("n_tokens", [64, 256, 1024, 4096, 9000])
def test_flux_dynamic_shift_is_the_one_of_the_pipeline(solution: ModuleType, n_tokens: int) -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler
    from diffusers.pipelines.flux.pipeline_flux import calculate_shift

    scheduler = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)
    even = torch.linspace(1, 0, 29)[:-1]
    scheduler.set_timesteps(sigmas=even.numpy(), mu=calculate_shift(n_tokens))
    torch.testing.assert_close(solution.flux_dynamic_shift(even, n_tokens), scheduler.sigmas[:-1], **PEER)


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.7, 0.5), (-1.0, 1.8)])
def test_logit_normal_density_is_torchs_and_adds_up_to_one(solution: ModuleType, mean: float, std: float) -> None:
    s = torch.linspace(0.01, 0.99, 50).double()
    base = torch.distributions.Normal(*torch.tensor([mean, std], dtype=torch.float64))
    law = torch.distributions.TransformedDistribution(base, torch.distributions.SigmoidTransform())
    close(solution.logit_normal_density(s, mean, std), law.log_prob(s).exp())
    total, _ = quad(lambda p: float(solution.logit_normal_density(torch.tensor(p).double(), mean, std)), 0, 1)
    assert total == pytest.approx(1, abs=1e-6)


def test_a_shifted_logit_normal_has_a_moved_mean(solution: ModuleType) -> None:
    """Kolmogorov-Smirnov: shifted draws against the density whose mean is moved by the shift's logarithm."""
    draws = torch.sigmoid(0.3 + 0.8 * normal(20_000, seed=0))
    grid = torch.linspace(0, 1, 20_001).double()[1:-1]
    cdf = solution.logit_normal_density(grid, 0.3 + math.log(3), 0.8).cumsum(0) / 20_000
    shifted = solution.shift_sigmas(draws, 3.0).numpy()
    assert stats.kstest(shifted, lambda s: np.interp(s, grid.numpy(), cdf.numpy())).pvalue > 1e-3


# ---------------------------------------------------------------- training and sampling


def test_sd3_training_loss_is_least_for_the_expected_velocity(solution: ModuleType) -> None:
    """For Gaussian data the best model is known: E[noise - x0 | x_s] by the formula for joint Gaussians."""
    mu, tau, n = 0.7, 0.6, 200_000
    x0, noise = mu + tau * normal(n, 1, seed=0), normal(n, 1, seed=1)
    draws = normal(n, seed=2)

    def best(x: Tensor, s: Tensor, cond: Tensor) -> Tensor:
        s = s[:, None]
        variance = ((1 - s) * tau) ** 2 + s**2
        return -mu + (s - (1 - s) * tau**2) / variance * (x - (1 - s) * mu)

    least = float(solution.sd3_training_loss(best, x0, noise, draws, draws, 0.2, 0.9, 2.0))
    for off in (0.9, 1.1):
        other = solution.sd3_training_loss(
            lambda x, s, c, off=off: off * best(x, s, c), x0, noise, draws, draws, 0.2, 0.9, 2.0
        )
        assert float(other) > least


@pytest.mark.peers
def test_sd3_training_loss_stands_where_the_scheduler_puts_it(solution: ModuleType) -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler
    from diffusers.training_utils import compute_loss_weighting_for_sd3

    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    x0, noise = normal(4, 3, 8, 8, seed=0).float(), normal(4, 3, 8, 8, seed=1).float()
    steps = torch.tensor([10, 400, 700, 990])
    sigmas, timesteps = scheduler.sigmas[steps], scheduler.timesteps[steps]
    plain = sigmas / (3 - 2 * sigmas)  # the level before the shift
    seen = {}

    def model(x: Tensor, s: Tensor, cond: Tensor) -> Tensor:
        seen["x"], seen["s"] = x, s
        return 0.5 * x

    loss = solution.sd3_training_loss(model, x0, noise, torch.logit(plain), noise, shift=3.0)
    x_s = scheduler.scale_noise(x0, timesteps, noise)
    torch.testing.assert_close(seen["x"], x_s, **PEER)
    torch.testing.assert_close(1000 * seen["s"], timesteps, atol=5e-3, rtol=0)
    weights = compute_loss_weighting_for_sd3("none", sigmas)[:, None, None, None]
    torch.testing.assert_close(loss, (weights * (0.5 * x_s - (noise - x0)) ** 2).mean(), **PEER)


@pytest.mark.peers
@pytest.mark.parametrize(("n", "shift"), [(1, 1.0), (10, 1.0), (28, 3.0)])
def test_rectified_flow_sample_is_diffusers_euler_loop(solution: ModuleType, n: int, shift: float) -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler

    def field(x: Tensor, s: Tensor) -> Tensor:
        return torch.sin(2 * x) + s.reshape(-1, 1, 1, 1) - 0.5 * x

    noise = normal(2, 4, 8, 8, seed=0).float()
    scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
    # Its own grid would end at 1/1000.
    scheduler.set_timesteps(sigmas=np.linspace(1, 0, n + 1)[:-1].astype(np.float32))
    x = noise
    for t in scheduler.timesteps:
        x = scheduler.step(field(x, (t / 1000).expand(2)), t, x).prev_sample
    torch.testing.assert_close(solution.rectified_flow_sample(field, noise, n, shift), x, **PEER)


def test_rectified_flow_sample_nears_a_fine_ode_solution(solution: ModuleType) -> None:
    def field(x: Tensor, s: Tensor) -> Tensor:
        return torch.sin(2 * x) + s[:, None] - 0.5 * x

    noise = normal(5, 1, seed=0)
    fine = solve_ivp(
        lambda s, x: np.sin(2 * x) + s - 0.5 * x, (1.0, 0.0), noise[:, 0].numpy(), rtol=1e-10, atol=1e-12
    ).y[:, -1]
    errors = [
        np.abs(solution.rectified_flow_sample(field, noise, n, 3.0)[:, 0].numpy() - fine).max() for n in (200, 400)
    ]
    assert errors[1] < 1e-2
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.1)  # Euler's method is of first order


# ---------------------------------------------------------------- pipeline


@pytest.mark.peers
def test_trace_has_the_shapes_of_a_real_transformer(solution: ModuleType) -> None:
    """A small SD3 transformer of diffusers, watched by hooks while it runs."""
    from diffusers import SD3Transformer2DModel

    d = 32
    model = SD3Transformer2DModel(
        sample_size=16,
        patch_size=2,
        in_channels=16,
        out_channels=16,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        joint_attention_dim=4096,
        caption_projection_dim=d,
        pooled_projection_dim=2048,
        pos_embed_max_size=32,
    )
    rows = {name: shape for name, shape, _ in solution.trace_sd3_pipeline(128, 2, 2, d, 20)}
    seen: dict[str, list[int]] = {}

    def watch(layer: nn.Module, name: str) -> None:
        layer.register_forward_hook(lambda _, args, out: seen.__setitem__(name, list(out.shape)))

    watch(model.pos_embed, "image_tokens")
    watch(model.context_embedder, "text_tokens")
    watch(model.transformer_blocks[0].norm1.linear, "adaln_parameters")
    watch(model.proj_out, "velocity_patches")
    latent, context, pooled = (torch.zeros(*rows[name]) for name in ("noise_latent", "text_context", "pooled"))
    with torch.no_grad():
        seen["velocity"] = list(model(latent, context, pooled, torch.tensor([500.0, 500.0])).sample.shape)
    assert {name: rows[name] for name in seen} == seen
    assert rows["joint_sequence"][1] == seen["text_tokens"][1] + seen["image_tokens"][1]


def test_trace_at_1024_pixels(solution: ModuleType) -> None:
    rows = solution.trace_sd3_pipeline(1024, 1, 2, 1536, 256)
    assert len(rows) == 13
    shapes = {name: shape for name, shape, _ in rows}
    assert shapes["text_context"] == [1, 333, 4096]
    assert shapes["image_tokens"] == [1, 4096, 1536]
    assert shapes["joint_sequence"] == [1, 4429, 1536]
    assert math.prod(shapes["patches"]) == math.prod(shapes["noise_latent"])


# ---------------------------------------------------------------- designs, and six evaluations


def test_kinds_of_real_blocks(solution: ModuleType) -> None:
    """A fresh MM-DiT block has none, a trained one all four; cross-attention leaves the text alone."""
    txt, img, c = normal(1, 3, 8, seed=1), normal(1, 4, 8, seed=2), normal(1, 8, seed=3)
    fresh = solution.MMDiTBlock(8, 2).double()
    trained = randomised(solution.MMDiTBlock(8, 2).double())
    room = solution.attention_kinds(lambda t, i: trained(t, i, c), txt, img)
    assert all(room.values()) and len(room) == 5
    assert not any(solution.attention_kinds(lambda t, i: fresh(t, i, c), txt, img).values())

    def looks_up(t: Tensor, i: Tensor) -> tuple[Tensor, Tensor]:
        return t, i + F.scaled_dot_product_attention(i, t, t)

    found = solution.attention_kinds(looks_up, txt, img)
    assert [kind for kind, there in found.items() if there] == ["image_to_text"]


def test_six_even_steps_end_as_far_off_as_the_text_says(solution: ModuleType) -> None:
    scales = torch.tensor([1.5, 0.2], dtype=torch.float64)

    def field(x: Tensor, s: Tensor) -> Tensor:
        s = s[:, None]
        return (s - (1 - s) * scales**2) / ((1 - s) ** 2 * scales**2 + s**2) * x

    noise = normal(2000, 2)
    off = {
        shift: float((solution.rectified_flow_sample(field, noise, 6, shift) - noise * scales).norm(dim=1).mean())
        for shift in (1.0, 3.0)
    }
    assert off[1.0] == pytest.approx(0.26, abs=0.02) and off[3.0] > off[1.0]
    own = solution.six_evaluations(field, noise)["samples"]
    assert float((own - noise * scales).norm(dim=1).mean()) < 0.03
