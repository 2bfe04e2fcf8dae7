"""Solutions of lesson 7.1.1 against autograd, torch.optim and the ControlNet of diffusers."""

from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

# The widths of the blocks of Stable Diffusion v1.5, as diffusers numbers the places of its ControlNet.
SD15_WIDTHS = [320] * 4 + [640] * 3 + [1280] * 6


def conv_grads(weight: torch.Tensor, x: torch.Tensor, grad_out: torch.Tensor) -> dict[str, torch.Tensor]:
    weight, x = weight.clone().requires_grad_(True), x.clone().requires_grad_(True)
    bias = torch.zeros(weight.shape[0], dtype=weight.dtype, requires_grad=True)
    grads = torch.autograd.grad(F.conv2d(x, weight, bias), [weight, bias, x], grad_out)
    return dict(zip(("weight", "bias", "input"), grads, strict=True))


def test_zero_conv_is_a_conv2d_with_other_weights(solution: ModuleType) -> None:
    layer = solution.ZeroConv2d(3, 5)
    peer = nn.Conv2d(3, 5, 1)
    x = torch.randn(2, 3, 4, 6)
    assert torch.count_nonzero(layer(x)) == 0
    layer.load_state_dict(peer.state_dict())
    torch.testing.assert_close(layer(x), peer(x))


@pytest.mark.parametrize("zero", [True, False])
def test_zero_conv_grads_are_autograds(solution: ModuleType, zero: bool) -> None:
    weight = torch.randn(4, 3, 1, 1, dtype=torch.float64) * (not zero)
    x = torch.randn(2, 3, 5, 6, dtype=torch.float64)
    grad_out = torch.randn(2, 4, 5, 6, dtype=torch.float64)
    torch.testing.assert_close(solution.zero_conv_grads(weight, x, grad_out), conv_grads(weight, x, grad_out))


def test_whisper_is_torch_optim_sgd(solution: ModuleType) -> None:
    x, target = torch.randn(3, 2, 4, 5, dtype=torch.float64), torch.randn(3, 4, 4, 5, dtype=torch.float64)
    layer = nn.Conv2d(2, 4, 1).double()
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.3)
    want = [layer(x).square().mean().sqrt().detach()]
    for _ in range(8):
        optimiser.zero_grad()
        F.mse_loss(layer(x), target).backward()
        optimiser.step()
        want.append(layer(x).square().mean().sqrt().detach())
    torch.testing.assert_close(solution.whisper(x, target, 0.3, 8), torch.stack(want))


def test_initial_state_fits_the_module(solution: ModuleType) -> None:
    unet = solution.TinyUNet(1, 8)
    control = solution.TinyControlNet(1, 1, 8)
    state = solution.init_control_state(unet.state_dict(), [8, 8, 16, 16, 16])
    loaded = control.load_state_dict(state, strict=False)
    assert sorted(loaded.missing_keys) == ["hint_in.bias", "hint_in.weight"]
    assert loaded.unexpected_keys == []


def test_residuals_are_the_unets_own_features_at_identity(solution: ModuleType) -> None:
    """With identity for the zero convolutions and no hint, the residuals are the skips of the U-Net."""
    unet, control = solution.TinyUNet(2, 4).double(), solution.TinyControlNet(2, 1, 4).double()
    control.load_state_dict(solution.init_control_state(unet.state_dict(), [4, 4, 8, 8, 8]), strict=False)
    for zero in control.zero:
        zero.weight.data[:, :, 0, 0] = torch.eye(len(zero.bias))
    seen: list[torch.Tensor] = []
    for part in (unet.conv_in, unet.enc1, unet.down, unet.enc2, unet.mid):
        part.register_forward_hook(lambda module, inputs, output: seen.append(output))
    x, t = torch.randn(3, 2, 8, 6, dtype=torch.float64), torch.rand(3, dtype=torch.float64)
    unet(x, t)
    residuals = control(x, t, torch.randn(3, 1, 8, 6, dtype=torch.float64))
    torch.testing.assert_close(list(residuals), seen)


def held_out(solution: ModuleType, count: int) -> tuple[torch.Tensor, ...]:
    """New images at high noise: x_t, t, the noise and the outlines."""
    images, hints = importlib.import_module("grader_toys.images").shapes_batch(count, torch.Generator().manual_seed(1))
    j = torch.randint(30, 100, (count,), generator=torch.Generator().manual_seed(2))
    eps = torch.randn(images.shape, generator=torch.Generator().manual_seed(3))
    alpha_bar = solution.alpha_bar_table()[j][:, None, None, None]
    return alpha_bar.sqrt() * images + (1 - alpha_bar).sqrt() * eps, (j + 1) / 100, eps, hints


def shapes_denoiser() -> nn.Module:
    return importlib.import_module("grader_toys.shapes_denoiser").shapes_denoiser()


def test_the_trained_unet_predicts_noise(solution: ModuleType) -> None:
    """The best constant guess has error 1; a U-Net that has not learnt the shapes is far above 0.02."""
    x_t, t, eps, _ = held_out(solution, 512)
    with torch.no_grad():
        assert 0.005 < F.mse_loss(shapes_denoiser()(x_t, t), eps) < 0.015


def test_trained_control_obeys_through_the_module_itself(solution: ModuleType) -> None:
    """The verdict computes the residuals on its own; here TinyControlNet does, and half the updates show the effect."""
    images, hints = importlib.import_module("grader_toys.images").shapes_batch(512, torch.Generator().manual_seed(4))
    unet, control = shapes_denoiser(), solution.TinyControlNet(1, 1, 8)
    control.load_state_dict(solution.train_control(unet, images, hints, 60, seed=5))
    x_t, t, eps, outlines = held_out(solution, 256)
    with torch.no_grad():
        alone = F.mse_loss(unet(x_t, t), eps)
        own = F.mse_loss(unet(x_t, t, control(x_t, t, outlines)), eps)
        other = F.mse_loss(unet(x_t, t, control(x_t, t, outlines.roll(1, dims=0))), eps)
    assert own < 0.9 * alone
    assert other > 1.2 * own


def tiny_diffusers_pair() -> tuple[nn.Module, nn.Module]:
    from diffusers import ControlNetModel, UNet2DConditionModel

    unet = UNet2DConditionModel(
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        cross_attention_dim=12,
        attention_head_dim=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )
    return unet, ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 8, 8, 8))


@pytest.mark.peers
def test_roles_are_those_of_a_fresh_diffusers_controlnet(solution: ModuleType) -> None:
    unet, control = tiny_diffusers_pair()
    originals = dict(unet.named_parameters())
    for name, parameter in control.named_parameters():
        if torch.count_nonzero(parameter) == 0 and name not in originals and "conv_in" not in name:
            measured = "zero"
        elif name in originals and torch.equal(parameter, originals[name]):
            measured = "copied"
        else:
            measured = "new"
        assert solution.param_role(f"controlnet.{name}") == measured, name
    decoder = {name for name in originals if name.startswith(("up_blocks.", "conv_norm_out.", "conv_out."))}
    for name in originals:
        assert solution.param_role(f"unet.{name}") == "frozen"
        assert (solution.param_role(f"controlnet.{name}") == "absent") == (name in decoder)


@pytest.mark.peers
def test_zero_conv_starts_as_diffusers_zero_module(solution: ModuleType) -> None:
    from diffusers.models.controlnets.controlnet import zero_module

    peer = zero_module(nn.Conv2d(3, 5, 1))
    torch.testing.assert_close(dict(solution.ZeroConv2d(3, 5).state_dict()), dict(peer.state_dict()))


@pytest.mark.peers
def test_budget_is_that_of_stable_diffusion(solution: ModuleType) -> None:
    from diffusers import ControlNetModel, UNet2DConditionModel

    with torch.device("meta"):
        unet = UNet2DConditionModel(cross_attention_dim=768)
        control = ControlNetModel.from_unet(unet, load_weights_from_unet=False)
    counts: dict[str, int] = {}
    for name, parameter in unet.named_parameters():
        part = name.split(".")[0]
        counts[part] = counts.get(part, 0) + parameter.numel()
    hint = sum(p.numel() for p in control.controlnet_cond_embedding.parameters())
    budget = solution.controlnet_budget(counts, SD15_WIDTHS, hint)
    assert budget["trainable"] == sum(p.numel() for p in control.parameters()) == 361_279_120
    assert budget["frozen"] == sum(p.numel() for p in unet.parameters()) == 859_520_964
    blocks = [*control.controlnet_down_blocks.parameters(), *control.controlnet_mid_block.parameters()]
    assert budget["zero"] == sum(p.numel() for p in blocks)
    assert budget["ratio"] == pytest.approx(0.420, abs=5e-4)


def test_edge_map_is_scipys_sobel(solution: ModuleType) -> None:
    from scipy import ndimage

    images, _ = solution.load_digits("held_out")
    found = solution.edge_map(images[:20])[:, 0].numpy()
    for image, edges in zip(images[:20, 0].numpy(), found, strict=True):
        slopes = [ndimage.sobel(image, axis=axis, mode="nearest") / 8 for axis in (0, 1)]
        assert np.array_equal(edges == 1, np.hypot(*slopes) > 0.5)


def test_the_unet_alone_does_not_follow_edges(solution: ModuleType) -> None:
    images, labels = solution.load_digits("held_out")
    images, labels = images[::4], labels[::4]
    unet, maps = solution.teacher(), solution.edge_map(images)
    x, nobody = torch.randn(len(images), 1, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor(10)
    for k in range(10):
        x = x - unet(x, torch.full((len(x),), 1 - k / 10), nobody.expand(len(x))) / 10
    drawn = solution.edge_map(x)
    shared = (drawn * maps).sum(dim=(1, 2, 3)) / (drawn + maps).clamp(max=1).sum(dim=(1, 2, 3))
    assert float(shared.mean()) == pytest.approx(0.43, abs=0.04)
    assert solution.judge().legible(x, labels) < 0.2


def test_a_fresh_control_branch_is_silent_for_the_digits(solution: ModuleType) -> None:
    images, labels = solution.load_digits("train")
    hints = solution.edge_map(images[:64])
    control = solution.digit_control(solution.teacher(), images[:64], labels[:64], hints, 0, 3)
    residuals = control(images[:64], torch.rand(64), labels[:64], hints)
    assert [list(r.shape[1:]) for r in residuals] == [[16, 8, 8]] * 2 + [[32, 4, 4]] * 3
    assert not any(r.any() for r in residuals)


@pytest.mark.parametrize("zero", ["a", "b", "both"])
def test_one_zero_factor_learns_and_two_do_not(solution: ModuleType, zero: str) -> None:
    adapter = solution.QuietAdapter(8, 8, 64)
    for name, factor in (("a", adapter.a), ("b", adapter.b)):
        factor.data = torch.zeros_like(factor) if zero in (name, "both") else torch.randn_like(factor)
    x = torch.randn(16, 8)
    assert not adapter(x).any()
    (adapter(x) - torch.randn(16, 8)).square().mean().backward()
    woken = [bool(parameter.grad.any()) for parameter in (adapter.a, adapter.b)]
    assert woken == {"a": [True, False], "b": [False, True], "both": [False, False]}[zero]
