"""Solutions of lesson 7.4.2 against references that are not ours."""

from __future__ import annotations

import itertools
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from ..tensors import close, normal


def fill(module: nn.Module, scale: float = 0.2) -> nn.Module:
    with torch.no_grad():
        for seed, parameter in enumerate(module.parameters()):
            parameter.copy_(scale * normal(*parameter.shape, seed=seed, dtype=parameter.dtype))
    return module


@pytest.mark.parametrize(("shape", "p"), [((2, 3, 6, 4), 2), ((1, 4, 9, 3), 3), ((3, 2, 5, 5), 1), ((2, 3, 4, 4), 4)])
def test_patchify_is_torchs_unfold_in_another_order(
    solution: ModuleType, shape: tuple[int, int, int, int], p: int
) -> None:
    x = normal(*shape)
    columns = F.unfold(x, p, stride=p)  # [B, C * p * p, n]: channel, row, column
    theirs = columns.unflatten(1, (shape[1], p * p)).permute(0, 3, 2, 1).flatten(2)
    close(solution.patchify(x, p), theirs, atol=0)


@pytest.mark.parametrize(("grid_h", "grid_w", "p", "channels"), [(2, 3, 2, 3), (4, 1, 3, 2), (3, 3, 1, 4)])
def test_unpatchify_is_torchs_fold_and_the_inverse_of_patchify(
    solution: ModuleType, grid_h: int, grid_w: int, p: int, channels: int
) -> None:
    tokens = normal(2, grid_h * grid_w, p * p * channels)
    latent = solution.unpatchify(tokens, p, grid_h, grid_w)
    columns = tokens.unflatten(2, (p * p, channels)).permute(0, 3, 2, 1).flatten(1, 2)
    close(latent, F.fold(columns, (grid_h * p, grid_w * p), p, stride=p), atol=0)
    close(solution.patchify(latent, p), tokens, atol=0)


@pytest.mark.parametrize(("height", "width", "p", "d"), [(8, 8, 2, 16), (12, 6, 3, 8), (4, 10, 1, 24)])
def test_token_budget_is_what_torch_counts_in_a_block(
    solution: ModuleType, height: int, width: int, p: int, d: int
) -> None:
    budget = solution.dit_token_budget(height, width, p, d)
    x, c = normal(1, budget["tokens"], d).float(), normal(1, d).float()
    # Torch counts attention where it is made of matrix products.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        solution.DiTBlock(d, 2)(x, c)
    conditioning = 6 * d * d
    assert counter.get_total_flops() == 2 * (budget["attention_macs"] + budget["linear_macs"] + conditioning)


def test_token_budget_of_dit_xl_is_the_published_one(solution: ModuleType) -> None:
    """118.6 "Gflops" (multiply-accumulates) for 28 blocks and what is around them."""
    budget = solution.dit_token_budget(32, 32, 2, 1152)
    assert 28 * (budget["attention_macs"] + budget["linear_macs"]) == pytest.approx(118.6e9, rel=3e-3)


@pytest.mark.parametrize("heads", [1, 2, 8])
def test_block_is_torchs_attention_and_functions(solution: ModuleType, heads: int) -> None:
    d = 16
    block = fill(solution.DiTBlock(d, heads, 3).double())
    theirs = nn.MultiheadAttention(d, heads, batch_first=True).double()
    theirs.load_state_dict(
        {
            "in_proj_weight": block.qkv.weight,
            "in_proj_bias": block.qkv.bias,
            "out_proj.weight": block.proj.weight,
            "out_proj.bias": block.proj.bias,
        }
    )
    x, c = normal(3, 5, d), normal(3, d, seed=1)
    six = F.linear(c * torch.sigmoid(c), block.ada.weight, block.ada.bias).reshape(3, 6, 1, d).unbind(1)
    h = F.layer_norm(x, (d,), eps=1e-6) * (1 + six[1]) + six[0]
    y = x + six[2] * theirs(h, h, h, need_weights=False)[0]
    h = F.layer_norm(y, (d,), eps=1e-6) * (1 + six[4]) + six[3]
    h = F.gelu(F.linear(h, block.fc1.weight, block.fc1.bias), approximate="tanh")
    close(block(x, c), y + six[5] * F.linear(h, block.fc2.weight, block.fc2.bias))


def test_block_does_not_care_for_the_order_of_its_tokens(solution: ModuleType) -> None:
    block, x, c = fill(solution.DiTBlock(16, 4).double()), normal(2, 7, 16), normal(2, 16, seed=1)
    order = torch.randperm(7, generator=torch.Generator().manual_seed(0))
    close(block(x[:, order], c), block(x, c)[:, order])


@pytest.mark.parametrize(("d", "ratio"), [(8, 4), (12, 2), (5, 3)])
def test_block_params_are_those_of_the_block(solution: ModuleType, d: int, ratio: int) -> None:
    block, weighed = solution.DiTBlock(d, 1, ratio), solution.dit_block_params(d, ratio)
    parts = {"attention": ["qkv", "proj"], "mlp": ["fc1", "fc2"], "ada": ["ada"]}
    counted = {
        part: sum(p.numel() for name in names for p in getattr(block, name).parameters())
        for part, names in parts.items()
    }
    assert weighed == counted | {"total": sum(p.numel() for p in block.parameters())}


def test_dit_xl_has_its_published_size(solution: ModuleType) -> None:
    assert 28 * solution.dit_block_params(1152)["total"] == pytest.approx(669.3e6, rel=1e-4)
    model = solution.TinyDiT(channels=4, size=32, p=2, d_model=1152, n_heads=16, depth=1, n_classes=1000)
    around = sum(p.numel() for p in model.parameters()) - solution.dit_block_params(1152)["total"]
    # The paper's model reads 256 time features instead of d and predicts a variance too: 16 rows of `final` more.
    published = around - (1152 - 256) * 1152 + 16 * 1153 + 28 * solution.dit_block_params(1152)["total"]
    assert published == pytest.approx(675.1e6, rel=1e-3)


def test_scale_dit_agrees_with_enumeration(solution: ModuleType) -> None:
    generator = np.random.default_rng(0)
    for _ in range(50):
        widths, depths = generator.integers(1, 60, 6).tolist(), generator.integers(1, 40, 6).tolist()
        budget = int(generator.integers(2_000, 2_000_000))
        models = [
            (n * sum(p.numel() for p in solution.DiTBlock(d, 1).parameters()), -d, -n)
            for d, n in itertools.product(widths[:3], depths)
        ]
        fitting = [model for model in models if model[0] <= budget]
        if not fitting:
            continue
        params, d, n = max(fitting)
        assert solution.scale_dit(budget, widths[:3], depths) == {"d_model": -d, "depth": -n, "params": params}


@pytest.mark.parametrize(("d", "grid_h", "grid_w"), [(8, 3, 5), (32, 6, 6), (64, 2, 9)])
def test_addresses_are_those_of_numpy(solution: ModuleType, d: int, grid_h: int, grid_w: int) -> None:
    columns, rows = np.meshgrid(np.arange(grid_w), np.arange(grid_h))
    omega = np.power(10_000.0, -np.linspace(0, 1, d // 4, endpoint=False))
    halves = [np.exp(1j * np.multiply.outer(u.ravel(), omega)) for u in (columns, rows)]
    theirs = np.concatenate([part for wave in halves for part in (wave.imag, wave.real)], axis=1)
    ours = solution.sincos_pos_embed(d, grid_h, grid_w)
    assert ours.dtype == torch.float32
    torch.testing.assert_close(ours.double(), torch.from_numpy(theirs), atol=1e-6, rtol=0)


def test_likeness_of_addresses_depends_on_the_displacement_alone(solution: ModuleType) -> None:
    table = solution.sincos_pos_embed(32, 5, 7).double()
    likeness = (table @ table.T).reshape(5, 7, 5, 7)
    for row, column in itertools.product(range(4), range(6)):
        torch.testing.assert_close(likeness[row, column, row + 1, column + 1], likeness[0, 0, 1, 1], atol=1e-5, rtol=0)


def schedule(n: int = 1000) -> Tensor:
    return torch.cumprod(1 - torch.linspace(1e-4, 0.02, n, dtype=torch.float64), dim=0)


def test_ddim_nears_the_probability_flow_of_gaussian_data_at_first_order(solution: ModuleType) -> None:
    """For data N(0, s^2) the flow is a pure scaling: by s over the standard deviation of the noisy data."""
    s, table = 2.0, schedule()

    def denoiser(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        ab = table[t][:, None]
        return (1 - ab).sqrt() * x / (ab * s**2 + 1 - ab)

    x = normal(6, 3)
    exact = s * x / (table[-1] * s**2 + 1 - table[-1]).sqrt()
    errors = []
    for stride in (8, 4, 2):
        ours = solution.ddim_generate(denoiser, x, x, list(range(999, -1, -stride)), table)
        errors.append(float((ours - exact).norm() / exact.norm()))
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.2)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.2)
    assert errors[2] < 0.02


def test_ddim_with_exact_noise_finds_the_only_picture(solution: ModuleType) -> None:
    table, picture = schedule(), normal(1, 2, 4, 4, seed=3)

    def denoiser(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        ab = table[t][:, None, None, None]
        return (x - ab.sqrt() * picture) / (1 - ab).sqrt()

    ours = solution.ddim_generate(denoiser, normal(3, 2, 4, 4), picture, [980, 700, 410, 33], table)
    close(ours, picture.expand(3, -1, -1, -1), atol=1e-7)


def test_a_fresh_dit_predicts_no_noise_and_drives_the_sampler(solution: ModuleType) -> None:
    model = solution.TinyDiT(2, 8, 2, 16, 4, 2, 5)
    x, y, table = normal(3, 2, 8, 8).float(), torch.tensor([0, 4, 5]), schedule().float()
    with torch.no_grad():
        ours = solution.ddim_generate(model, x, y, [600, 300, 10], table)
    torch.testing.assert_close(ours, x / table[600].sqrt())


def test_positions_are_what_tells_tokens_apart(solution: ModuleType) -> None:
    """Without the table, moving the picture by a whole patch (around the edges) moves the answer alike."""
    model = fill(solution.TinyDiT(2, 8, 2, 16, 4, 2, 5))
    x, t, y = normal(2, 2, 8, 8).float(), torch.tensor([3, 40]), torch.tensor([1, 5])
    moved = x.roll((2, 4), dims=(2, 3))
    with torch.no_grad():
        assert not torch.allclose(model(moved, t, y), model(x, t, y).roll((2, 4), dims=(2, 3)), atol=1e-2)
        model.pos.zero_()
        torch.testing.assert_close(model(moved, t, y), model(x, t, y).roll((2, 4), dims=(2, 3)), atol=1e-4, rtol=1e-4)


# ---------------------------------------------------------------- peers


def block_state(ours: nn.Module) -> dict[str, Tensor]:
    """A DiTBlock's weights under the names of diffusers' BasicTransformerBlock."""
    state = {}
    for kind in ("weight", "bias"):
        qkv = getattr(ours.qkv, kind).chunk(3)
        state |= {f"attn1.to_{name}.{kind}": part for name, part in zip("qkv", qkv, strict=True)}
        names = {"proj": "attn1.to_out.0", "fc1": "ff.net.0.proj", "fc2": "ff.net.2", "ada": "norm1.linear"}
        state |= {f"{theirs}.{kind}": getattr(getattr(ours, name), kind) for name, theirs in names.items()}
    return {name: tensor.detach().clone() for name, tensor in state.items()}


def largest_difference(a: Tensor, b: Tensor) -> float:
    assert a.shape == b.shape and a.dtype == b.dtype == torch.float32
    return float((a - b).abs().max())


@pytest.mark.peers
@pytest.mark.parametrize("heads", [1, 4])
def test_block_is_the_one_of_diffusers(solution: ModuleType, heads: int) -> None:
    from diffusers.models.attention import BasicTransformerBlock

    ours = fill(solution.DiTBlock(16, heads))
    theirs = BasicTransformerBlock(
        16,
        heads,
        16 // heads,
        activation_fn="gelu-approximate",
        num_embeds_ada_norm=10,
        attention_bias=True,
        norm_type="ada_norm_zero",
        norm_elementwise_affine=False,
        norm_eps=1e-6,
    ).eval()
    missing, unexpected = theirs.load_state_dict(block_state(ours), strict=False)
    assert not unexpected and all(name.startswith("norm1.emb.") for name in missing)
    t, y = torch.tensor([7, 800, 31]), torch.tensor([0, 9, 10])
    with torch.no_grad():
        c, x = theirs.norm1.emb(t, y, hidden_dtype=torch.float32), normal(3, 5, 16).float()
        assert largest_difference(ours(x, c), theirs(x, timestep=t, class_labels=y)) <= 5e-6


def peer_of(solution: ModuleType, channels: int, size: int, p: int, heads: int, depth: int) -> tuple[Any, Any]:
    """A TinyDiT of width 256, where its time features are those of diffusers, and the same model of diffusers."""
    from diffusers import DiTTransformer2DModel
    from diffusers.models.embeddings import Timesteps

    d, classes = 256, 10
    ours = fill(solution.TinyDiT(channels, size, p, d, heads, depth, classes), 0.04)
    theirs = DiTTransformer2DModel(
        num_attention_heads=heads,
        attention_head_dim=d // heads,
        in_channels=channels,
        num_layers=depth,
        sample_size=size,
        patch_size=p,
        num_embeds_ada_norm=classes,
        norm_eps=1e-6,
    ).eval()
    kernel = ours.x_embed.weight.unflatten(1, (p, p, channels)).permute(0, 3, 1, 2)  # channel, row, column
    state = {"pos_embed.proj.weight": kernel, "pos_embed.proj.bias": ours.x_embed.bias}
    for kind in ("weight", "bias"):
        state[f"proj_out_1.{kind}"] = getattr(ours.final_ada, kind)
        state[f"proj_out_2.{kind}"] = getattr(ours.final, kind)
    for number, block in enumerate(ours.blocks):
        state |= {f"transformer_blocks.{number}.{name}": tensor for name, tensor in block_state(block).items()}
        emb = f"transformer_blocks.{number}.norm1.emb"
        for name, layer in {"linear_1": ours.t_fc1, "linear_2": ours.t_fc2}.items():
            state[f"{emb}.timestep_embedder.{name}.weight"] = layer.weight
            state[f"{emb}.timestep_embedder.{name}.bias"] = layer.bias
        state[f"{emb}.class_embedder.embedding_table.weight"] = ours.y_embed.weight
        # Their default stretches the frequencies to reach 1/10000; the original DiT and this lesson stop before it.
        theirs.transformer_blocks[number].norm1.emb.time_proj = Timesteps(256, True, 0)
    missing, unexpected = theirs.load_state_dict({k: v.detach().clone() for k, v in state.items()}, strict=False)
    assert not unexpected and set(missing) <= {"pos_embed.pos_embed"}
    return ours, theirs


@pytest.mark.peers
@pytest.mark.parametrize(("channels", "size", "p", "heads", "depth"), [(4, 8, 2, 4, 2), (3, 12, 3, 8, 3)])
def test_whole_model_is_the_dit_of_diffusers(
    solution: ModuleType, channels: int, size: int, p: int, heads: int, depth: int
) -> None:
    ours, theirs = peer_of(solution, channels, size, p, heads, depth)
    x, t, y = normal(3, channels, size, size).float(), torch.tensor([0, 37, 951]), torch.tensor([2, 0, 10])
    with torch.no_grad():
        got, want = ours(x, t, y), theirs(x, timestep=t, class_labels=y).sample
    assert float(want.std()) > 0.1
    assert largest_difference(got, want) <= 5e-6


@pytest.mark.peers
@pytest.mark.parametrize("grid", [4, 6])
def test_addresses_are_those_of_diffusers(solution: ModuleType, grid: int) -> None:
    from diffusers.models.embeddings import get_2d_sincos_pos_embed

    theirs = get_2d_sincos_pos_embed(24, grid, base_size=grid, output_type="pt")
    torch.testing.assert_close(solution.sincos_pos_embed(24, grid, grid), theirs.float(), atol=1e-6, rtol=0)


@pytest.mark.peers
def test_ddim_is_the_scheduler_of_diffusers(solution: ModuleType) -> None:
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler(num_train_timesteps=1000, clip_sample=False, set_alpha_to_one=True)
    scheduler.set_timesteps(10)
    x, cond = normal(2, 3, 4, 4).float(), normal(2, 1, 1, 1, seed=1).float()

    def denoiser(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        return torch.tanh(x + cond + 0.001 * t[:, None, None, None])

    theirs = x
    for t in scheduler.timesteps:
        theirs = scheduler.step(denoiser(theirs, t.expand(2), cond), t, theirs, eta=0.0).prev_sample
    ours = solution.ddim_generate(denoiser, x, cond, scheduler.timesteps.tolist(), scheduler.alphas_cumprod)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


# ---------------------------------------------------------------- what compute buys

DIT_MACS = [0.36, 1.41, 6.06, 1.42, 5.56, 23.01, 5.01, 19.70, 80.71, 7.39, 29.05, 118.64]
DIT_FID = [153.6, 100.41, 68.4, 122.74, 68.38, 43.47, 118.87, 45.64, 23.33, 106.41, 43.01, 19.47]


def test_the_law_is_numpys_straight_line(solution: ModuleType) -> None:
    law = solution.compute_law(torch.tensor(DIT_MACS), torch.tensor(DIT_FID))
    slope, height = np.polyfit(np.log(DIT_MACS), np.log(DIT_FID), 1)
    assert law["exponent"] == pytest.approx(slope, rel=1e-5)
    assert law["factor"] == pytest.approx(np.exp(height), rel=1e-5)
    assert law["correlation"] == pytest.approx(np.corrcoef(np.log(DIT_MACS), DIT_FID)[0, 1], rel=1e-5)
    assert round(law["correlation"], 2) == -0.93  # the paper's figure 8
    line = law["factor"] * 5.01 ** law["exponent"], law["factor"] * 118.64 ** law["exponent"]
    assert 118.87 / line[0] == pytest.approx(1.55, abs=0.01)
    assert 19.47 / line[1] == pytest.approx(0.81, abs=0.01)


def test_gpts_two_knobs_give_their_sizes() -> None:
    assert round(12 * 48 * 1600**2 / 1e9, 2) == 1.47
    assert round(12 * 96 * 12288**2 / 1e9) == 174
