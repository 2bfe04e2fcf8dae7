"""Lesson 7.1.3 against what we did not write: diffusers, peft, torch's own attention, autograd, numpy."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ..tensors import normal

Module = ModuleType


def randomised(module: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    module = module.double()
    for number, parameter in enumerate(module.parameters()):
        parameter.data = 0.5 * normal(*parameter.shape, seed=seed + number)
    return module


@pytest.mark.peers
def test_image_tokens_are_those_of_diffusers(solution: Module) -> None:
    from diffusers.models.embeddings import ImageProjection

    ours = randomised(solution.ImageProjection(7, 6, 3))
    peer = ImageProjection(image_embed_dim=7, cross_attention_dim=6, num_image_text_embeds=3).double()
    peer.load_state_dict({name.replace("proj.", "image_embeds."): t for name, t in ours.state_dict().items()})
    x = normal(4, 7, seed=1)
    torch.testing.assert_close(ours(x), peer(x))


@pytest.mark.parametrize("num_heads", [1, 2, 4])
def test_decoupled_attention_is_a_sum_of_torchs_attentions(solution: Module, num_heads: int) -> None:
    q, kt, vt, ki, vi = (normal(2, n, 8, seed=i) for i, n in enumerate((5, 4, 4, 3, 3)))
    split = [z.unflatten(-1, (num_heads, -1)).transpose(1, 2) for z in (q, kt, vt, ki, vi)]
    text = F.scaled_dot_product_attention(*split[:3])
    image = F.scaled_dot_product_attention(split[0], *split[3:])
    want = (text + 0.7 * image).transpose(1, 2).flatten(2)
    torch.testing.assert_close(solution.decoupled_attention(q, kt, vt, ki, vi, num_heads, 0.7), want)


@pytest.mark.peers
@pytest.mark.parametrize("scale", [0.0, 0.4, 1.7])
def test_decoupled_module_is_the_layer_of_diffusers(solution: Module, scale: float) -> None:
    from diffusers.models.attention_processor import Attention, IPAdapterAttnProcessor2_0

    ours = randomised(solution.DecoupledCrossAttention(8, 6, 2))
    peer = Attention(query_dim=8, cross_attention_dim=6, heads=2, dim_head=4)
    peer.set_processor(IPAdapterAttnProcessor2_0(8, 6, num_tokens=(3,), scale=scale))
    peer = peer.double()
    renamed = {
        "to_out.": "to_out.0.",
        "to_k_ip.": "processor.to_k_ip.0.",
        "to_v_ip.": "processor.to_v_ip.0.",
    }
    state = {}
    for name, tensor in ours.state_dict().items():
        for old, new in renamed.items():
            name = name.replace(old, new)
        state[name] = tensor
    peer.load_state_dict(state)
    x, text, image = normal(2, 5, 8, seed=20), normal(2, 4, 6, seed=21), normal(2, 3, 6, seed=22)
    with torch.no_grad():
        want = peer(x, encoder_hidden_states=(text, [image[:, None]]))
        torch.testing.assert_close(ours(x, text, image, scale), want)


def test_ip_param_count_of_stable_diffusion(solution: Module) -> None:
    layers = [320] * 5 + [640] * 5 + [1280] * 6
    assert solution.ip_adapter_param_count(layers, 768, 1024, 4) == 22_319_616


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("second", [0, 1])
def test_init_status_is_what_autograd_finds(solution: Module, first: int, second: int) -> None:
    shapes = {
        "zero_conv": {"weight": (3, 4), "bias": (3,)},
        "lora": {"A": (2, 4), "B": (3, 2)},
        "ip_adapter": {"K": (3, 4), "V": (3, 4)},
    }
    x, q, wish = normal(5, 4, seed=1), normal(5, 3, seed=2), normal(5, 3, seed=3)
    for adapter, sizes in shapes.items():
        keep = dict(zip(sizes, (first, second), strict=True))
        tensors = [(keep[name] * normal(*size, seed=9)).requires_grad_() for name, size in sizes.items()]
        a, b = tensors
        added = {
            "zero_conv": lambda a, b: F.linear(x, a, b),
            "lora": lambda a, b: F.linear(F.linear(x, a), b),
            "ip_adapter": lambda a, b: F.scaled_dot_product_attention(q, F.linear(x, a), F.linear(x, b)),
        }[adapter](a, b)
        grads = torch.autograd.grad(F.mse_loss(added, wish), tensors)
        want = {"silent": not bool(added.any()), "can_learn": any(bool(grad.any()) for grad in grads)}
        assert solution.init_status(adapter, [name for name in sizes if not keep[name]]) == want


@pytest.mark.parametrize("rank", [1, 3, 5, 8])
def test_remove_and_check_agrees_with_numpys_rank(solution: Module, rank: int) -> None:
    base = {"w": normal(10, 12, seed=1).float()}
    loaded = {"w": base["w"] + 0.05 * (normal(10, rank, seed=2) @ normal(rank, 12, seed=3)).float()}
    change = loaded["w"].double().numpy() - base["w"].double().numpy()
    largest = np.linalg.norm(change, 2)
    found = np.linalg.matrix_rank(change, tol=1e-4 * largest)
    assert found == rank
    assert solution.remove_and_check(base, loaded, 4) == ("lora" if found <= 4 else "full_finetune")


def test_kv_paths_follow_numpy(solution: Module) -> None:
    w_k, w_v, text, image = normal(6, 5, seed=1), normal(6, 5, seed=2), normal(2, 4, 5, seed=3), normal(2, 3, 5, seed=4)
    lora = {
        "A_k": normal(2, 5, seed=5),
        "B_k": normal(6, 2, seed=6),
        "A_v": normal(2, 5, seed=7),
        "B_v": normal(6, 2, seed=8),
        "scale": 0.7,
    }
    ip = {"w_k_ip": normal(6, 5, seed=9), "w_v_ip": normal(6, 5, seed=10)}
    got = solution.kv_paths(w_k, w_v, text, image, lora, ip)
    for letter, weight in (("k", w_k), ("v", w_v)):
        detour = np.einsum("dr,rc->dc", lora[f"B_{letter}"].numpy(), lora[f"A_{letter}"].numpy())
        want = np.einsum("blc,dc->bld", text.numpy(), weight.numpy() + 0.7 * detour)
        np.testing.assert_allclose(got[f"text_{letter}"].numpy(), want, atol=1e-12)
        want = np.einsum("bmc,dc->bmd", image.numpy(), ip[f"w_{letter}_ip"].numpy())
        np.testing.assert_allclose(got[f"image_{letter}"].numpy(), want, atol=1e-12)


@pytest.mark.peers
def test_a_lora_of_peft_is_the_detour_and_is_found_after_merging(solution: Module) -> None:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    plain = torch.nn.ModuleDict({name: torch.nn.Linear(5, 6, bias=False) for name in ("to_k", "to_v")})
    base = {f"{name}.weight": layer.weight.detach().clone() for name, layer in plain.items()}
    config = LoraConfig(r=2, lora_alpha=3, target_modules=["to_k", "to_v"], init_lora_weights=False)
    peer = get_peft_model(plain, config).base_model.model
    lora = {"scale": 3 / 2}
    for letter in "kv":
        layer = peer[f"to_{letter}"]
        lora[f"A_{letter}"] = layer.lora_A["default"].weight.detach()
        lora[f"B_{letter}"] = layer.lora_B["default"].weight.detach()
    text, image = normal(2, 4, 5, seed=1).float(), normal(2, 3, 5, seed=2).float()
    got = solution.kv_paths(base["to_k.weight"], base["to_v.weight"], text, image, lora, None)
    merged = {}
    for letter in "kv":
        layer = peer[f"to_{letter}"]
        torch.testing.assert_close(got[f"text_{letter}"], layer(text).detach())
        layer.merge()
        merged[f"to_{letter}.weight"] = layer.base_layer.weight.detach()
    assert solution.remove_and_check(base, merged, 2) == "lora"
    assert solution.remove_and_check(base, merged, 1) == "full_finetune"


@pytest.mark.peers
@pytest.mark.parametrize("strength", [0.35, 0.8, 1.0])
def test_img2img_starts_where_diffusers_does(solution: Module, strength: float) -> None:
    from diffusers import DDIMScheduler
    from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img import StableDiffusionImg2ImgPipeline

    scheduler = DDIMScheduler()
    scheduler.set_timesteps(20)
    holder = type("Pipeline", (), {"scheduler": scheduler})()
    peer_timesteps, _ = StableDiffusionImg2ImgPipeline.get_timesteps(holder, 20, strength, "cpu")
    reference, noise = normal(2, 4, 3, 3, seed=1).float(), normal(2, 4, 3, 3, seed=2).float()
    got = solution.prepare_generation(
        "img2img", reference, noise[:, 0], noise, scheduler.alphas_cumprod, scheduler.timesteps, strength
    )
    assert torch.equal(scheduler.timesteps[got["start_index"] :], peer_timesteps)
    want = scheduler.add_noise(reference, noise, peer_timesteps[:1].expand(2))
    torch.testing.assert_close(got["init_latent"], want)


@pytest.mark.peers
def test_channel_of_knows_which_layers_of_a_real_unet_read_the_text(solution: Module) -> None:
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel(
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        cross_attention_dim=12,
        attention_head_dim=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    ).eval()
    x = normal(1, 4, 8, 8, seed=1).float()

    def layer_inputs(x: Tensor, t: int, text: Tensor) -> dict[str, Tensor]:
        seen: dict[str, Tensor] = {}
        hooks = [
            layer.register_forward_pre_hook(lambda _, args, name=name: seen.__setitem__(name, args[0].clone()))
            for name, layer in unet.named_modules()
            if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d)
        ]
        with torch.no_grad():
            unet(x, t, text)
        for hook in hooks:
            hook.remove()
        return seen

    text = normal(1, 5, 12, seed=2).float()
    start = layer_inputs(x, 10, text)
    other_x = layer_inputs(x + 1, 10, text)
    other_t, other_text = layer_inputs(x, 500, text), layer_inputs(x, 10, text + 1)
    for name, value in start.items():
        fixed = torch.equal(value, other_x[name])
        want = "NONE"
        if fixed and not torch.equal(value, other_t[name]):
            want = "WHEN"
        if fixed and not torch.equal(value, other_text[name]):
            want = "WHAT"
        assert solution.channel_of(f"{name}.weight") == want, name


def test_probe_channels_finds_the_inputs_that_autograd_finds(solution: Module) -> None:
    inputs = {key: normal(2, 3, seed=i) for i, key in enumerate(("x", "t", "text", "hint", "image"))}

    def model(x: Tensor, t: Tensor, text: Tensor, hint: Tensor, image: Tensor) -> Tensor:
        return x + t * image + 0 * hint + text.detach() * 0

    leaves = {key: tensor.clone().requires_grad_() for key, tensor in inputs.items()}
    model(**leaves).sum().backward()
    names = {"t": "WHEN", "text": "WHAT", "hint": "WHERE", "image": "WHAT_IT_LOOKS_LIKE"}
    moved = [name for key, name in names.items() if leaves[key].grad is not None and bool(leaves[key].grad.any())]
    assert solution.probe_channels(model, inputs, 1e-6) == moved == ["WHEN", "WHAT_IT_LOOKS_LIKE"]


def test_volume_knob_is_a_lerp_for_guidance(solution: Module) -> None:
    base, signal = normal(3, 4, seed=1), normal(3, 4, seed=2)
    torch.testing.assert_close(solution.volume_knob("cfg", base, signal, 7.5), torch.lerp(base, signal, 7.5))
    for kind in ("controlnet", "ip_adapter"):
        torch.testing.assert_close(solution.volume_knob(kind, base, signal, 0.5), base.add(signal, alpha=0.5))


def test_training_follows_a_fixed_image_path(solution: Module) -> None:
    teacher = solution.DecoupledCrossAttention(8, 6, 2)
    start = {name: tensor.clone() for name, tensor in teacher.state_dict().items()}
    for number, layer in enumerate((teacher.to_k_ip, teacher.to_v_ip)):
        layer.weight.data = normal(*layer.weight.shape, seed=number).float()
    x, text, image = (
        normal(640, 5, 8, seed=3).float(),
        normal(640, 4, 6, seed=4).float(),
        normal(640, 3, 6, seed=5).float(),
    )
    target = teacher(x, text, image).detach()
    learned = solution.train_ip_adapter(start, x[:512], text[:512], image[:512], target[:512], 2, 300, 0)
    layer = solution.DecoupledCrossAttention(8, 6, 2)
    errors = []
    for state in (start, learned):
        layer.load_state_dict(state)
        with torch.no_grad():
            errors.append(float(F.mse_loss(layer(x[512:], text[512:], image[512:]), target[512:])))
    assert errors[1] < 0.3 * errors[0]
    assert all(torch.equal(learned[name], start[name]) for name in start if "_ip" not in name)


def test_the_look_forgets_where_and_the_layout_knows_it(solution: Module) -> None:
    square = torch.rand(8, 8, generator=torch.Generator().manual_seed(0))
    places = [(0, 0), (3, 5), (8, 8)]
    pictures = torch.zeros(3, 1, 16, 16)
    for picture, (y, x) in zip(pictures, places, strict=True):
        picture[0, y : y + 8, x : x + 8] = square
    codes = solution.reference_codes(pictures)
    torch.testing.assert_close(codes["look"][0].expand(3, -1), codes["look"], atol=1e-3, rtol=1e-3)
    # Of a shifted picture the Fourier transform has other phases and the same sizes.
    whole = torch.from_numpy(np.abs(np.fft.fft2(pictures[:, 0].numpy())))
    assert torch.allclose(whole[0], whole[1], atol=1e-3)
    assert (codes["layout"][0] - codes["layout"][1]).norm() > 1


def test_guessing_the_middle_is_as_far_off_as_the_text_says() -> None:
    offsets = [math.hypot(y, x) for y in range(-4, 5) for x in range(-4, 5)]
    assert sum(offsets) / len(offsets) == pytest.approx(3.4, abs=0.05)


def test_a_reference_of_zeros_is_not_no_reference_behind_one_softmax() -> None:
    q, text = normal(1, 3, 4, seed=1), normal(1, 5, 4, seed=2)
    alone = F.scaled_dot_product_attention(q, text, text)
    glued = torch.cat([text, torch.zeros(1, 2, 4, dtype=text.dtype)], dim=1)
    assert not torch.allclose(F.scaled_dot_product_attention(q, glued, glued), alone, atol=1e-3)
