"""Solutions of lesson 7.4.1 against references that are not ours."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..tensors import normal


def whole(*shape: int, high: int, low: int = 0, seed: int = 0) -> Tensor:
    return torch.randint(low, high, shape, generator=torch.Generator().manual_seed(seed))


def fill(module: nn.Module, scale: float = 0.3) -> nn.Module:
    with torch.no_grad():
        for seed, parameter in enumerate(module.parameters()):
            parameter.copy_(scale * normal(*parameter.shape, seed=seed, dtype=parameter.dtype))
    return module


def largest_difference(a: Tensor, b: Tensor) -> float:
    assert a.shape == b.shape and a.dtype == b.dtype == torch.float32
    return float((a - b).abs().max())


def test_context_is_numpys_concatenation(solution: ModuleType) -> None:
    hidden_l, hidden_g, pooled_g = normal(2, 77, 768), normal(2, 77, 1280, seed=1), normal(2, 1280, seed=2)
    context, pooled = solution.sdxl_text_context(hidden_l, hidden_g, pooled_g)
    np.testing.assert_array_equal(context.numpy(), np.concatenate([hidden_l, hidden_g], axis=2))
    assert context.shape == (2, 77, 2048)
    assert torch.equal(pooled, pooled_g)


@pytest.mark.parametrize("heads", [1, 2, 8])
def test_cross_attention_is_torchs(solution: ModuleType, heads: int) -> None:
    ours = fill(solution.SDXLCrossAttention(16, heads, 10).double())
    theirs = nn.MultiheadAttention(16, heads, kdim=10, vdim=10, batch_first=True).double()
    state = {f"{name}_proj_weight": getattr(ours, f"to_{name}").weight for name in "qkv"}
    state |= {"in_proj_bias": torch.zeros(48), "out_proj.weight": ours.to_out.weight, "out_proj.bias": ours.to_out.bias}
    theirs.load_state_dict(state)
    x, context = normal(3, 6, 16), normal(3, 5, 10, seed=1)
    torch.testing.assert_close(ours(x, context), theirs(x, context, context, need_weights=False)[0])


def test_both_encoders_share_one_key(solution: ModuleType) -> None:
    """A token's key is the sum of what either encoder alone would give, so a silent encoder drops out."""
    attention = fill(solution.SDXLCrossAttention(8, 2, 5).double())
    narrow = solution.SDXLCrossAttention(8, 2, 2).double()
    state = {
        name: w[:, :2] if name in ("to_k.weight", "to_v.weight") else w for name, w in attention.state_dict().items()
    }
    narrow.load_state_dict(state)
    x, hidden_l, silent = normal(2, 4, 8), normal(2, 6, 2, seed=1), torch.zeros(2, 6, 3, dtype=torch.float64)
    context, _ = solution.sdxl_text_context(hidden_l, silent, silent[:, 0])
    torch.testing.assert_close(attention(x, context), narrow(x, hidden_l))


@pytest.mark.parametrize("target", [64, 256, 700])
def test_options_agree_with_exact_fractions(solution: ModuleType, target: int) -> None:
    sizes = whole(40, 2, low=30, high=900)
    pairs = [(min(pair), max(pair)) for pair in sizes.tolist()]
    small = Fraction(sum(short < target for short, _ in pairs), len(pairs))
    exact = {
        "discarded": small,
        "upscaled": small,
        "max_upscale": max([Fraction(1)] + [Fraction(target, short) for short, _ in pairs]),
        "cropped_away": sum(1 - Fraction(short, long) for short, long in pairs) / len(pairs),
    }
    ours = solution.multi_resolution_options(sizes, target)
    assert ours == pytest.approx({key: float(value) for key, value in exact.items()}, rel=1e-12)


def test_share_cropped_away_is_what_torch_leaves_outside_the_square(solution: ModuleType) -> None:
    """Resize with torch so that the short side is 64, cut 64 pixels out of the long one, and count."""
    lost = []
    for height, width in [(32, 64), (256, 128), (64, 64), (48, 60)]:
        scale = 64 / min(height, width)
        picture = F.interpolate(torch.ones(1, 1, height, width), scale_factor=scale)
        lost.append(1 - 64 * 64 / picture.sum().item())
    ours = solution.multi_resolution_options(torch.tensor([[32, 64], [256, 128], [64, 64], [48, 60]]), 64)
    assert ours["cropped_away"] == pytest.approx(np.mean(lost))


def test_ids_agree_with_exact_fractions(solution: ModuleType) -> None:
    numbers = np.random.default_rng(0)
    for _ in range(500):
        height, width, target = (int(n) for n in numbers.integers(50, 1500, 3))
        u_top, u_left = (float(u) for u in numbers.random(2))
        sides = [Fraction(side * target, min(height, width)) for side in (height, width)]
        if any(side % 1 == Fraction(1, 2) for side in sides):
            continue  # floats may fall on either side of a half
        top, left = (
            int(Fraction(u) * (round(side) - target + 1)) for u, side in zip((u_top, u_left), sides, strict=True)
        )
        ours = solution.micro_conditioning_ids(height, width, target, u_top, u_left)
        assert ours == [height, width, top, left, target, target]


def test_the_crop_lies_in_the_picture_and_every_place_is_equally_likely(solution: ModuleType) -> None:
    """Cut out of a real tensor, the crop has always the full side; counts of its place are uniform."""
    picture = F.interpolate(torch.zeros(1, 1, 30, 42), size=(20, 28))
    counts = np.zeros(9, dtype=int)
    for u in (np.arange(900) + 0.5) / 900:
        _, _, top, left, side, _ = solution.micro_conditioning_ids(30, 42, 20, u, u)
        assert picture[..., top : top + side, left : left + side].shape[-2:] == (20, 20)
        counts[left] += 1
    assert (counts == 100).all()


@pytest.mark.parametrize("dim", [2, 8, 256])
def test_waves_are_numpys_complex_exponentials(solution: ModuleType, dim: int) -> None:
    ids = whole(5, 6, high=2048)
    omega = np.power(10_000.0, -np.linspace(0, 1, dim // 2, endpoint=False))
    wave = np.exp(1j * ids.numpy()[:, :, None] * omega)  # [B, 6, half]
    theirs = np.concatenate([wave.real, wave.imag], axis=2).reshape(5, 6 * dim)
    ours = solution.micro_conditioning_embedding(ids, dim)
    assert ours.dtype == torch.float32
    np.testing.assert_allclose(ours.numpy(), theirs, atol=3e-4, rtol=1e-4)


def test_likeness_of_ids_depends_on_their_difference_alone(solution: ModuleType) -> None:
    ids = torch.arange(100, 400, 25)[:, None].expand(-1, 6)
    waves = solution.micro_conditioning_embedding(ids, 64).double()
    likeness = waves @ waves.T
    for k in range(len(ids)):
        torch.testing.assert_close(likeness.diagonal(k), likeness[0, k].expand(len(ids) - k), atol=1e-2, rtol=0)


def test_added_conditioning_is_a_sequence_of_torchs_layers(solution: ModuleType) -> None:
    ours = fill(solution.SDXLAddedConditioning(12, 8, 20))
    time_emb, pooled, ids = normal(4, 20).float(), normal(4, 12, seed=1).float(), whole(4, 6, high=1024)
    theirs = nn.Sequential(ours.linear_1, nn.SiLU(), ours.linear_2)
    angles = ids[:, :, None] * 10_000.0 ** -(torch.arange(4, dtype=torch.float64) / 4)
    waves = torch.stack([angles.cos(), angles.sin()], dim=2).flatten(1).float()
    want = theirs(torch.cat([pooled, waves], dim=1)) + time_emb
    torch.testing.assert_close(ours(time_emb, pooled, ids), want, atol=1e-4, rtol=1e-4)


def test_sdxls_added_conditioning_has_five_million_parameters(solution: ModuleType) -> None:
    module = solution.SDXLAddedConditioning(1280, 256, 1280)
    assert module.linear_1.in_features == 2816
    assert sum(p.numel() for p in module.parameters()) == 5_245_440


@pytest.mark.parametrize("n_train", [1000, 120])
def test_split_is_a_partition_at_the_exact_cutoff(solution: ModuleType, n_train: int) -> None:
    timesteps = np.unique(np.random.default_rng(0).integers(0, n_train, 60))[::-1].tolist()
    for handoff in np.linspace(0.01, 1, 100).round(3).tolist():
        cutoff = (1 - Fraction(str(handoff))) * n_train
        if cutoff % 1 == Fraction(1, 2):
            continue
        base, refiner = solution.refiner_split(timesteps, handoff, n_train)
        assert base + refiner == timesteps
        assert all(t >= round(cutoff) for t in base) and all(t < round(cutoff) for t in refiner)


def test_places_follow_the_order_of_the_questions(solution: ModuleType) -> None:
    for edits, steps in itertools.product([False, True], repeat=2):
        card = {"name": "attention refiner", "edits_unet_blocks": edits, "runs_own_denoising_steps": steps}
        first = next(place for place, yes in [("ALONGSIDE", steps), ("IN", edits), ("AROUND", True)] if yes)
        assert solution.where_change_lands(card) == first


def test_every_channel_and_every_mechanism_is_used(solution: ModuleType) -> None:
    signals = "timestep text_tokens pooled_text canny_map depth_map pose_map reference_image"
    signals += " original_size crop_top_left target_size"
    routes = {signal: solution.route_conditioning(signal) for signal in signals.split()}
    assert {channel for channel, _ in routes.values()} == {
        "WHEN",
        "WHAT",
        "WHERE",
        "WHAT-IT-LOOKS-LIKE",
        "AT-WHAT-QUALITY",
    }
    assert len({mechanism for _, mechanism in routes.values()}) == 4
    by_norm = {signal for signal, (_, mechanism) in routes.items() if mechanism == "adaptive_norm"}
    # What SDXL adds to the time embedding (test_added_conditioning_is_that_of_a_tiny_sdxl), and the time itself.
    assert by_norm == {"timestep", "pooled_text", "original_size", "crop_top_left", "target_size"}


# ---------------------------------------------------------------- peers


def words(length: int = 77) -> Any:
    """A tokenizer that gives each letter a number below 90 and ends with the end token 99."""

    def tokenize(prompts: list[str], **_: Any) -> SimpleNamespace:
        rows = [[98, *(ord(letter) % 90 for letter in prompt), 99] for prompt in prompts]
        return SimpleNamespace(input_ids=torch.tensor([row + [99] * (length - len(row)) for row in rows]))

    tokenize.model_max_length = length  # type: ignore[attr-defined]
    return tokenize


@pytest.mark.peers
def test_context_is_what_the_pipeline_encodes(solution: ModuleType) -> None:
    from diffusers import StableDiffusionXLPipeline
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(0)
    common = {
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "vocab_size": 100,
        "bos_token_id": 98,
        "eos_token_id": 99,
    }
    encoder_l = CLIPTextModel(CLIPTextConfig(hidden_size=16, intermediate_size=24, **common)).eval()
    config_g = CLIPTextConfig(hidden_size=20, intermediate_size=24, projection_dim=20, hidden_act="gelu", **common)
    encoder_g = CLIPTextModelWithProjection(config_g).eval()
    pipeline = SimpleNamespace(
        tokenizer=words(),
        tokenizer_2=words(),
        text_encoder=encoder_l,
        text_encoder_2=encoder_g,
        unet=None,
        config=SimpleNamespace(force_zeros_for_empty_prompt=True),
        _execution_device=torch.device("cpu"),
    )
    prompts = ["a cat", "two dogs"]
    with torch.no_grad():
        context, _, pooled, _ = StableDiffusionXLPipeline.encode_prompt(
            pipeline, prompts, do_classifier_free_guidance=False
        )
        ids = words()(prompts).input_ids
        hidden_l = encoder_l(ids, output_hidden_states=True).hidden_states[-2]
        answer_g = encoder_g(ids, output_hidden_states=True)
    ours, ours_pooled = solution.sdxl_text_context(hidden_l, answer_g.hidden_states[-2], answer_g.text_embeds)
    assert context.shape == (2, 77, 36) and float(context.std()) > 0.1
    assert largest_difference(ours, context) <= 5e-6
    assert largest_difference(ours_pooled, pooled) <= 5e-6


@pytest.mark.peers
@pytest.mark.parametrize(("d_model", "heads", "d_context"), [(16, 4, 40), (32, 1, 2048), (24, 6, 2048)])
def test_cross_attention_is_the_one_of_diffusers(
    solution: ModuleType, d_model: int, heads: int, d_context: int
) -> None:
    from diffusers.models.attention_processor import Attention

    ours = fill(solution.SDXLCrossAttention(d_model, heads, d_context), 0.05)
    theirs = Attention(d_model, cross_attention_dim=d_context, heads=heads, dim_head=d_model // heads, bias=False)
    theirs.load_state_dict({name.replace("to_out.", "to_out.0."): w for name, w in ours.state_dict().items()})
    x, context = normal(2, 9, d_model).float(), normal(2, 7, d_context, seed=1).float()
    with torch.no_grad():
        got, want = ours(x, context), theirs.eval()(x, encoder_hidden_states=context)
    assert float(want.std()) > 1e-2
    assert largest_difference(got, want) <= 5e-6


def tiny_unet() -> Any:
    """A UNet2DConditionModel that is conditioned like SDXL's, with pooled width 12 and waves of 8."""
    from diffusers import UNet2DConditionModel

    torch.manual_seed(0)
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 2),
        norm_num_groups=4,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=12 + 6 * 8,
        transformer_layers_per_block=(1, 1),
        cross_attention_dim=20,
    ).eval()


@pytest.mark.peers
def test_ids_are_in_the_order_of_the_pipeline(solution: ModuleType) -> None:
    from diffusers import StableDiffusionXLPipeline

    ours = solution.micro_conditioning_ids(600, 900, 512, 0.3, 0.5)
    theirs = StableDiffusionXLPipeline._get_add_time_ids(
        SimpleNamespace(unet=tiny_unet()), (600, 900), (0, 128), (512, 512), torch.int64, text_encoder_projection_dim=12
    )
    assert theirs.tolist() == [ours]


@pytest.mark.peers
@pytest.mark.parametrize("dim", [8, 256])
def test_waves_are_the_timesteps_of_diffusers(solution: ModuleType, dim: int) -> None:
    from diffusers.models.embeddings import Timesteps

    ids = whole(7, 6, high=4096)
    theirs = Timesteps(dim, flip_sin_to_cos=True, downscale_freq_shift=0)(ids.flatten()).reshape(7, -1)
    assert largest_difference(solution.micro_conditioning_embedding(ids, dim), theirs) <= 5e-6


@pytest.mark.peers
def test_added_conditioning_is_that_of_a_tiny_sdxl(solution: ModuleType) -> None:
    unet = tiny_unet()
    ours = solution.SDXLAddedConditioning(12, 8, 32)
    ours.load_state_dict(unet.add_embedding.state_dict())
    pooled, ids, t = normal(3, 12).float(), whole(3, 6, high=1536), torch.tensor([3, 500, 999])
    with torch.no_grad():
        sample = torch.zeros(3, 4, 8, 8)
        time_emb = unet.time_embedding(unet.get_time_embed(sample, t))
        kwargs = {"text_embeds": pooled, "time_ids": ids}
        theirs = time_emb + unet.get_aug_embed(time_emb, None, kwargs)
        assert float((theirs - time_emb).std()) > 1e-2
        assert largest_difference(ours(time_emb, pooled, ids), theirs) <= 5e-6


@pytest.mark.peers
def test_the_unet_hears_it_through_the_time_embedding_alone(solution: ModuleType) -> None:
    """The whole tiny SDXL gives one answer whether it makes the sum itself or is handed ours."""
    unet = tiny_unet()
    ours = solution.SDXLAddedConditioning(12, 8, 32)
    ours.load_state_dict(unet.add_embedding.state_dict())
    x, context = normal(2, 4, 8, 8).float(), normal(2, 7, 20, seed=1).float()
    pooled, ids, t = normal(2, 12, seed=2).float(), whole(2, 6, high=600), torch.tensor([10, 700])
    with torch.no_grad():
        theirs = unet(x, t, context, added_cond_kwargs={"text_embeds": pooled, "time_ids": ids}).sample
        unet.get_aug_embed = lambda emb, *_, **__: ours(torch.zeros_like(emb), pooled, ids)
        got = unet(x, t, context, added_cond_kwargs={}).sample
    assert largest_difference(got, theirs) <= 5e-6


def steps_of_the_base(steps: int, handoff: float) -> tuple[list[int], list[int]]:
    """All timesteps of the scheduler, and those that StableDiffusionXLPipeline runs with denoising_end."""
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionXLPipeline

    scheduler = DDIMScheduler(num_train_timesteps=1000, timestep_spacing="leading", steps_offset=1)
    pipeline = StableDiffusionXLPipeline(
        vae=AutoencoderKL(block_out_channels=(4,), norm_num_groups=2),
        text_encoder=None,
        text_encoder_2=None,
        tokenizer=None,
        tokenizer_2=None,
        unet=tiny_unet(),
        scheduler=scheduler,
    )
    pipeline.set_progress_bar_config(disable=True)
    seen: list[int] = []

    def note(pipe: Any, number: int, t: Tensor, kwargs: dict[str, Any]) -> dict[str, Any]:
        seen.append(int(t))
        return {}

    pipeline(
        prompt_embeds=normal(1, 7, 20).float(),
        pooled_prompt_embeds=normal(1, 12).float(),
        height=8,
        width=8,
        num_inference_steps=steps,
        guidance_scale=1.0,
        denoising_end=handoff,
        output_type="latent",
        callback_on_step_end=note,
    )
    return [int(t) for t in scheduler.timesteps], seen


@pytest.mark.peers
@pytest.mark.parametrize(("steps", "handoff", "count"), [(50, 0.8, 40), (40, 0.8, 32), (25, 0.7, 17), (30, 1.0, 30)])
def test_split_is_that_of_base_and_refiner_pipelines(
    solution: ModuleType, steps: int, handoff: float, count: int
) -> None:
    from diffusers import DDIMScheduler, StableDiffusionXLImg2ImgPipeline

    timesteps, seen = steps_of_the_base(steps, handoff)
    base, refiner = solution.refiner_split(timesteps, handoff)
    assert base == seen
    assert len(base) == count
    scheduler = DDIMScheduler(num_train_timesteps=1000, timestep_spacing="leading", steps_offset=1)
    scheduler.set_timesteps(steps)
    theirs, _ = StableDiffusionXLImg2ImgPipeline.get_timesteps(
        SimpleNamespace(scheduler=scheduler), steps, 0.3, "cpu", denoising_start=handoff
    )
    assert refiner == theirs.tolist()


def test_what_two_buckets_take_from_a_photograph() -> None:
    """The numbers of the text: a third in the square, 2.6 % in the bucket for photographs."""
    photograph = 900 / 600
    assert 1 - min(photograph, 1 / photograph) == pytest.approx(1 / 3)
    bucket = 1216 / 832
    assert 1216 * 832 <= 1024**2
    assert 1 - min(photograph / bucket, bucket / photograph) == pytest.approx(0.026, abs=5e-4)


def test_chosen_buckets_are_as_good_as_any_exchange_of_one(solution: ModuleType) -> None:
    """No other shape in place of one of the six lowers the loss by more than a hair."""
    generator = torch.Generator().manual_seed(0)
    logs = torch.randn(400, generator=generator, dtype=torch.float64) * 0.4
    sizes = torch.stack([(1000 * (logs / 2).exp()), (1000 * (-logs / 2).exp())], dim=1).round().long()
    answer = solution.choose_buckets(sizes, 3, 512 * 512)

    def loss(buckets: list[tuple[int, int]]) -> float:
        places = torch.tensor([math.log(h / w) for h, w in buckets], dtype=torch.float64)
        ratios = (sizes[:, 0] / sizes[:, 1]).double().log()
        lost = 1 - (-(ratios[:, None] - places).abs().min(dim=1).values).exp()
        return (lost.mean() + 3 * (lost > 0.45).double().mean()).item()

    heights = range(64, 4097, 64)
    shapes = [(h, 512 * 512 // h // 64 * 64) for h in heights]
    allowed = [(h, w) for h, w in shapes if w and h * w >= 0.85 * 512 * 512]
    least = loss(answer["buckets"])
    for place in range(3):
        for shape in allowed:
            exchanged = [*answer["buckets"]]
            exchanged[place] = shape
            assert loss(exchanged) >= least - 1e-6


def test_sdxls_parts_list_has_five_changes(solution: ModuleType) -> None:
    def part(of: str | None, steps: bool = False, **figures: int) -> dict:
        return {"part_of": of, "own_steps": steps, "figures": figures}

    old = {f"unet level {i}": part("unet", blocks=b) for i, b in enumerate([1, 1, 1, 0])}
    old |= {"clip vit-l": part(None, width=768), "vae": part(None, batch=9)}
    new = {f"unet level {i}": part("unet", blocks=b) for i, b in enumerate([0, 2, 10])}
    new |= {"clip vit-l": part(None, width=768), "vae": part(None, batch=256), "refiner": part(None, steps=True)}
    new |= {"openclip vit-bigg": part(None, width=1280), "added embedding": part(None, inputs=2816)}
    changes = solution.list_changes(old, new)
    assert changes == {
        "unet": "IN",
        "vae": "AROUND",
        "openclip vit-bigg": "AROUND",
        "added embedding": "AROUND",
        "refiner": "ALONGSIDE",
    }
