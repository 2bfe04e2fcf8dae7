"""Solutions of lesson 7.4.4 against references that are not ours."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from torch import Tensor, nn
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal, kl_divergence

from ..tensors import close, normal, uniform

AXES = [4, 4, 4]


def filled(module: nn.Module, scale: float = 0.2) -> nn.Module:
    """The module with random weights; norms around 1."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, p in module.named_parameters():
            p.copy_(scale * torch.randn(p.shape, generator=generator) + (1.0 if "norm" in name else 0.0))
    return module


# ---------------------------------------------------------------- architecture


def test_swiglu_is_torchs_glu_with_another_gate(solution: ModuleType) -> None:
    """torch.nn.functional.glu multiplies by a sigmoid; SiLU is the input times its sigmoid."""
    layer = filled(solution.SwiGLU(6, 10).double())
    x = normal(4, 6)
    gate, value = layer.w1(x), layer.w3(x)
    close(layer(x), layer.w2(torch.nn.functional.glu(torch.cat([gate * value, gate], dim=-1))))


def test_ids_are_numpys_index_arrays(solution: ModuleType) -> None:
    ids = solution.unified_position_ids(7, 3, 5).numpy()
    rows, cols = np.indices((3, 5)).reshape(2, -1)
    assert (ids[:15] == np.stack([np.full(15, 8), rows, cols], axis=1)).all()
    assert (ids[15:] == np.stack([np.arange(1, 8), np.zeros(7), np.zeros(7)], axis=1)).all()


def test_rope_is_a_rotation_matrix_a_pair(solution: ModuleType) -> None:
    """Built as the exponential of a skew matrix, whose entries are the angles."""
    x, ids, blocks = normal(4, 12), torch.tensor([[3, 0, 7], [0, 0, 0], [1, 5, 2], [9, 2, 4]]), [4, 6, 2]
    turned = solution.rope_3d(x, ids, blocks)
    for n in range(4):
        angles = [int(ids[n, k]) * 256.0 ** (-2 * i / d) for k, d in enumerate(blocks) for i in range(d // 2)]
        skew = torch.zeros(12, 12, dtype=torch.float64)
        for i, a in enumerate(angles):
            skew[2 * i + 1, 2 * i], skew[2 * i, 2 * i + 1] = a, -a
        close(turned[n], torch.linalg.matrix_exp(skew) @ x[n])


def test_block_without_modulation_is_one_with_open_gates(solution: ModuleType) -> None:
    """A condition of zeros and biases of (0, large, 0, large) modulate nothing."""
    plain = filled(solution.S3DiTBlock(24, 2, AXES, modulation=False).double())
    steered = solution.S3DiTBlock(24, 2, AXES, 5).double()
    steered.load_state_dict(plain.state_dict(), strict=False)
    with torch.no_grad():
        steered.ada.bias.copy_(torch.tensor([0.0, 40.0, 0.0, 40.0]).repeat_interleave(24))
    x, ids = normal(2, 6, 24), torch.randint(0, 9, (6, 3))
    close(steered(x, ids, torch.zeros(2, 5, dtype=torch.float64)), plain(x, ids))


def test_attention_of_the_block_is_torchs(solution: ModuleType) -> None:
    """Where all tokens stand at one place RoPE turns all alike: torch's layer with the normalised q and k agrees."""
    block = filled(solution.S3DiTBlock(12, 1, AXES, modulation=False).double())
    x = normal(2, 5, 12)
    h = torch.nn.functional.rms_norm(x, (12,), block.attn_norm1, 1e-5)
    q = torch.nn.functional.rms_norm(block.to_q(h), (12,), block.norm_q, 1e-5)
    k = torch.nn.functional.rms_norm(block.to_k(h), (12,), block.norm_k, 1e-5)
    eye, none = torch.eye(12, dtype=torch.float64), torch.zeros(12, dtype=torch.float64)
    a, _ = torch.nn.functional.multi_head_attention_forward(
        q.transpose(0, 1), k.transpose(0, 1), h.transpose(0, 1), 12, 1, None, none.repeat(3), None, None, False, 0.0,
        block.to_out.weight, none, use_separate_proj_weight=True, q_proj_weight=eye, k_proj_weight=eye,
        v_proj_weight=block.to_v.weight, need_weights=False,
    )  # fmt: skip
    y = x + torch.nn.functional.rms_norm(a.transpose(0, 1), (12,), block.attn_norm2, 1e-5)
    f = block.ffn(torch.nn.functional.rms_norm(y, (12,), block.ffn_norm1, 1e-5))
    y = y + torch.nn.functional.rms_norm(f, (12,), block.ffn_norm2, 1e-5)
    close(block(x, torch.full((5, 3), 4)), y)


def test_parameters_are_those_of_the_modules(solution: ModuleType) -> None:
    """Counted on built modules: blocks without norms and modulation."""

    def matrices(module: nn.Module) -> int:
        return sum(p.numel() for name, p in module.named_parameters() if p.ndim == 2 and "ada" not in name)

    block = solution.S3DiTBlock(24, 2, AXES, 5)
    counts = solution.stream_parameters(24, 64, 3, 2)
    assert counts["per_stream"] == matrices(block)
    model = solution.TinyS3DiT(2, 2, 24, 2, AXES, 3, 2, 9, 10)
    stacks = (model.noise_refiner, model.context_refiner, model.layers)
    assert counts["single"] == sum(matrices(stack) for stack in stacks)
    whole = solution.stream_parameters()
    assert whole["dual"] == pytest.approx(10.62e9, rel=1e-3)
    assert whole["single"] == pytest.approx(6.02e9, rel=1e-3)
    assert whole["saving"] == pytest.approx(0.433, abs=1e-3)


def test_contexts_of_four_generations(solution: ModuleType) -> None:
    """The shapes that the four pipelines hand to their denoisers."""
    clip = {"name": "l", "params": 123, "tokens": 77, "width": 768, "join": "first"}
    big = {"name": "g", "params": 695, "tokens": 77, "width": 1280, "join": "channel"}
    t5 = {"name": "t5", "params": 4762, "tokens": 77, "width": 4096, "join": "sequence"}
    assert solution.text_stack_summary([clip])["context"] == [77, 768]
    assert solution.text_stack_summary([clip, big])["context"] == [77, 2048]
    assert solution.text_stack_summary([clip, big, t5]) == {"encoders": 3, "params": 5580, "context": [154, 4096]}


def test_given_patches_are_torchs_unfold(solution: ModuleType) -> None:
    x = normal(2, 3, 4, 6)
    unfolded = torch.nn.functional.unfold(x, 2, stride=2)  # channel, row, column
    close(solution.patchify(x, 2), unfolded.mT.unflatten(-1, (3, 4)).mT.flatten(-2))
    close(solution.unpatchify(solution.patchify(x, 2), 2, 2, 3), x)


# ---------------------------------------------------------------- distillation


def test_dmd_is_the_gradient_of_the_divergence_of_two_gaussians(solution: ModuleType) -> None:
    """Averaged over x, the direction in the mean is that of KL(student | teacher), up to the normaliser."""
    x = Normal(-0.5, 1.0).icdf((torch.arange(20001, dtype=torch.float64) + 0.5) / 20001)[:, None].requires_grad_()
    # Noise of variance 3; E[x0 | x_t] moves by a quarter of the distance to the mean.
    x_t = x.detach()
    real_x0, fake_x0 = 1.0 + (x_t - 1.0) / 4, -0.5 + (x_t + 0.5) / 4
    grad = torch.autograd.grad(solution.dmd_loss(x, real_x0, fake_x0), x)[0] * x.numel()
    shift = torch.tensor(-0.5, dtype=torch.float64, requires_grad=True)
    slope = torch.autograd.grad(kl_divergence(Normal(shift, 2.0), Normal(1.0, 2.0)), shift)[0]
    weights = (x - real_x0).abs().detach()
    # x0 answers are x_t + variance times score, so their difference is the variance, 3, times the KL's slope (of the
    # noised laws, whose variance is 4).
    close((grad * weights).mean(), 3 * slope, atol=1e-6)


def test_dmd_gradient_is_dmd2s(solution: ModuleType) -> None:
    """DMD2 forms the gradient from distances, p_real and p_fake, and hides it in a mean squared error."""
    x, real, fake = normal(3, 2, 4, 4).requires_grad_(), normal(3, 2, 4, 4, seed=1), normal(3, 2, 4, 4, seed=2)
    p_real, p_fake = x - real, x - fake
    grad = ((p_real - p_fake) / p_real.abs().mean(dim=[1, 2, 3], keepdim=True)).detach()
    loss = solution.dmd_loss(x, real, fake)
    close(torch.autograd.grad(loss, x)[0], grad / x.numel())
    close(loss.detach(), 0.5 * (grad**2).mean())


def test_spear_and_shield_add_up_to_guided_dmd(solution: ModuleType) -> None:
    real, uncond, fake = normal(4, 3), normal(4, 3, seed=1), normal(4, 3, seed=2)
    spear, shield = solution.spear_and_shield(real, uncond, fake, 4.5)
    close(spear + shield, uncond + 4.5 * (real - uncond) - fake)


def test_levels_are_uniform_on_their_ranges(solution: ModuleType) -> None:
    from scipy.stats import kstest

    u, v = uniform(4000), uniform(4000, seed=1)
    spear, shield = solution.renoise_levels(u, v, (0.1, 0.4), (0.0, 1.0))
    assert kstest(spear.numpy(), "uniform", args=(0.1, 0.3)).pvalue > 0.01
    assert kstest(shield.numpy(), "uniform").pvalue > 0.01
    assert abs(float(np.corrcoef(spear, shield)[0, 1])) < 0.05


def test_coupled_levels_give_plain_dmd(solution: ModuleType) -> None:
    """With one level and one noise for both terms, the direction is the guided prediction minus the fake one."""

    def real(x: Tensor, s: Tensor, c: Tensor) -> Tensor:
        return torch.sin(x) * c + s[:, None]

    def fake(x: Tensor, s: Tensor, c: Tensor) -> Tensor:
        return torch.cos(x) - c * s[:, None]

    x, c, u, n, s = normal(4, 3), normal(4, 1, seed=1), normal(4, 1, seed=2), normal(4, 3, seed=3), uniform(4)
    at = (1 - s[:, None]) * x + s[:, None] * n
    guided = real(at, s, u) + 3.5 * (real(at, s, c) - real(at, s, u))
    close(solution.decoupled_dmd_direction(real, fake, x, c, u, s, s, n, n, 3.5), guided - fake(at, s, c))


# ---------------------------------------------------------------- rewards


def test_dpo_is_the_likelihood_of_bradley_and_terry(solution: ModuleType) -> None:
    """A Bernoulli law of the logit of improvements, and the two-way softmax of the same."""
    w, l, ref_w, ref_l = (uniform(6, seed=seed) for seed in range(4))
    logit = 7.0 * ((ref_w - w) - (ref_l - l))
    law = torch.distributions.Bernoulli(logits=logit)
    close(solution.diffusion_dpo_loss(w, l, ref_w, ref_l, 7.0), -law.log_prob(torch.ones(6).double()).mean())
    assert float(solution.diffusion_dpo_loss(w, l, w, l, 7.0)) == pytest.approx(math.log(2))


def test_advantages_are_scipys_z_scores(solution: ModuleType) -> None:
    from scipy.stats import zscore

    rewards = 3 * normal(5, 8) + 1
    close(solution.grpo_advantages(rewards, 0.0), torch.from_numpy(zscore(rewards.numpy(), axis=1, ddof=1)))


def test_first_grpo_step_is_the_policy_gradient(solution: ModuleType) -> None:
    """At ratio 1 the gradient is that of minus the mean of advantage times log-probability (REINFORCE)."""
    logp, rewards = normal(3, 5).requires_grad_(), normal(3, 5, seed=1)
    adv = (rewards - rewards.mean(dim=1, keepdim=True)) / (rewards.std(dim=1, keepdim=True) + 1e-4)
    ours = torch.autograd.grad(solution.grpo_loss(logp, logp.detach(), rewards), logp)[0]
    close(ours, torch.autograd.grad(-(adv * logp).mean(), logp)[0])


def test_grpo_is_the_minimum_written_out(solution: ModuleType) -> None:
    logp, old, rewards = normal(4, 6), normal(4, 6, seed=1), normal(4, 6, seed=2)
    total = 0.0
    for g in range(4):
        group = rewards[g].numpy()
        for i in range(6):
            a = (group[i] - group.mean()) / (group.std(ddof=1) + 1e-4)
            r = math.exp(float(logp[g, i] - old[g, i]))
            total += min(r * a, min(max(r, 0.7), 1.3) * a)
    assert float(solution.grpo_loss(logp, old, rewards, 0.3)) == pytest.approx(-total / 24)


def test_dmdr_is_linear_in_the_weight(solution: ModuleType) -> None:
    policy = normal(2, 4), normal(2, 4, seed=1), normal(2, 4, seed=2)
    sample = normal(8, 3), normal(8, 3, seed=4), normal(8, 3, seed=5)
    at = [solution.dmdr_loss(*policy, *sample, w) for w in (0.0, 1.0, 3.0)]
    close(at[0], solution.grpo_loss(*policy))
    close(at[1] - at[0], solution.dmd_loss(*sample))
    close(at[2], at[0] + 3 * (at[1] - at[0]))


def test_optimum_is_scipys(solution: ModuleType) -> None:
    mean, var, slope, weight = 1.5, 0.7, -1.1, 0.4

    def cost(m: float) -> float:
        std = math.sqrt(var)
        return -(slope * m - weight * float(kl_divergence(Normal(m, std), Normal(mean, std))))

    best = minimize_scalar(cost, bounds=(-20, 20), method="bounded", options={"xatol": 1e-10}).x
    assert solution.guardrail_optimum(mean, var, slope, weight) == pytest.approx(best, abs=1e-3)


def test_training_finds_unequal_hills_of_torchs_mixture(solution: ModuleType) -> None:
    """The teacher's score by autograd of a mixture's density: two hills, one with three quarters of the data."""
    means = torch.tensor([[-1.5, 0.0], [1.5, 0.5]])
    weights = Categorical(torch.tensor([0.75, 0.25]))

    def score(x: Tensor, t: Tensor) -> Tensor:
        at = x.detach().requires_grad_()
        std = (0.3**2 + t**2).sqrt()[:, None, None].expand(-1, 2, 2)
        with torch.enable_grad():
            mixes = Categorical(weights.probs.expand(len(x), 2))
            law = MixtureSameFamily(mixes, Independent(Normal(means.expand(len(x), 2, 2), std), 1))
            return torch.autograd.grad(law.log_prob(at).sum(), at)[0]

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(2, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, 2))

        def forward(self, z: Tensor, t: float) -> Tensor:
            return self.body(z)

    torch.manual_seed(0)
    net = solution.train_dmd_generator(Net(), score, 400, 0)
    samples = net(normal(2000, 2, dtype=torch.float32), 0).detach()
    left = float((samples[:, 0] < 0).float().mean())
    assert 0.6 < left < 0.9
    assert float((torch.cdist(samples, means).min(dim=1).values < 1.0).float().mean()) > 0.8


# ---------------------------------------------------------------- peers

RENAMED = {
    "to_q.": "attention.to_q.",
    "to_k.": "attention.to_k.",
    "to_v.": "attention.to_v.",
    "to_out.": "attention.to_out.0.",
    "norm_q": "attention.norm_q.weight",
    "norm_k": "attention.norm_k.weight",
    "attn_norm1": "attention_norm1.weight",
    "attn_norm2": "attention_norm2.weight",
    "ffn_norm1": "ffn_norm1.weight",
    "ffn_norm2": "ffn_norm2.weight",
    "ffn.": "feed_forward.",
    "ada.": "adaLN_modulation.0.",
    "x_embed.": "all_x_embedder.2-1.",
    "text_norm": "cap_embedder.0.weight",
    "text_embed.": "cap_embedder.1.",
    "t_fc1.": "t_embedder.mlp.0.",
    "t_fc2.": "t_embedder.mlp.2.",
    "final_ada.": "all_final_layer.2-1.adaLN_modulation.1.",
    "final.": "all_final_layer.2-1.linear.",
}


def as_theirs(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Our state under diffusers' names: a stack and an index in front stay, what follows is renamed."""
    named = {}
    for name, tensor in state.items():
        parts = name.split(".")
        head = ".".join(parts[:2]) + "." if len(parts) > 2 and parts[1].isdigit() else ""
        tail = name.removeprefix(head)
        ours = next(key for key in RENAMED if tail.startswith(key))
        named[head + RENAMED[ours] + tail.removeprefix(ours)] = tensor
    return named


@pytest.mark.peers
def test_swiglu_is_z_images_feed_forward(solution: ModuleType) -> None:
    from diffusers.models.transformers.transformer_z_image import FeedForward

    ours, theirs = filled(solution.SwiGLU(8, 20)), FeedForward(8, 20)
    theirs.load_state_dict(ours.state_dict())
    x = normal(2, 3, 8, dtype=torch.float32)
    close(ours(x), theirs(x), atol=1e-7)


@pytest.mark.peers
def test_rope_is_z_images(solution: ModuleType) -> None:
    from diffusers.models.transformers.transformer_z_image import RopeEmbedder

    ids = torch.randint(0, 30, (9, 3), generator=torch.Generator().manual_seed(1))
    turns = RopeEmbedder(256.0, [8, 12, 12], [32, 32, 32])(ids)
    x = normal(2, 9, 32, dtype=torch.float32)
    theirs = torch.view_as_real(torch.view_as_complex(x.unflatten(-1, (-1, 2))) * turns).flatten(-2)
    close(solution.rope_3d(x, ids, [8, 12, 12]), theirs, atol=5e-6)


@pytest.mark.peers
def test_rope_is_fluxs_at_its_own_base(solution: ModuleType) -> None:
    from diffusers.models.embeddings import apply_rotary_emb
    from diffusers.models.transformers.transformer_flux import FluxPosEmbed

    ids = torch.randint(0, 30, (9, 3), generator=torch.Generator().manual_seed(1))
    turns = FluxPosEmbed(10000, [8, 12, 12])(ids.float())
    x = normal(2, 3, 9, 32, dtype=torch.float32)
    theirs = apply_rotary_emb(x, turns, sequence_dim=2)
    close(solution.rope_3d(x, ids, [8, 12, 12], 10000.0), theirs, atol=1e-6)


@pytest.mark.peers
@pytest.mark.parametrize("modulation", [True, False])
def test_block_is_z_images(solution: ModuleType, modulation: bool) -> None:
    from diffusers.models.transformers.transformer_z_image import RopeEmbedder, ZImageTransformerBlock

    theirs = ZImageTransformerBlock(0, 24, 2, 2, 1e-5, True, modulation)
    ours = filled(solution.S3DiTBlock(24, 2, AXES, 24 if modulation else None, modulation))
    theirs.load_state_dict(as_theirs(ours.state_dict()))
    x, c = normal(2, 7, 24, dtype=torch.float32), normal(2, 24, seed=1, dtype=torch.float32) if modulation else None
    ids = torch.randint(0, 9, (7, 3), generator=torch.Generator().manual_seed(1))
    turns = RopeEmbedder(256.0, AXES, [16, 16, 16])(ids)[None].expand(2, -1, -1)
    with torch.no_grad():
        close(ours(x, ids, c), theirs(x, None, turns, c), atol=5e-6, rtol=0)


@pytest.mark.peers
def test_ids_are_z_images(solution: ModuleType) -> None:
    from diffusers import ZImageTransformer2DModel

    model = ZImageTransformer2DModel(
        in_channels=3, dim=24, n_layers=1, n_refiner_layers=1, n_heads=2, cap_feat_dim=9, axes_dims=AXES,
        axes_lens=[64, 16, 16],
    )  # fmt: skip
    # The real model pads to multiples of 32 tokens, so both parts are such multiples here.
    _, _, _, image, text, *_ = model.patchify_and_embed([torch.zeros(3, 1, 16, 8)], [torch.zeros(32, 9)], 2, 1)
    assert torch.equal(solution.unified_position_ids(32, 8, 4), torch.cat([image[0], text[0]]).long())


@pytest.mark.peers
def test_whole_model_is_z_images(solution: ModuleType) -> None:
    """Weights mapped by name, its own time embedder built at our sizes: the outputs differ by 5e-6 at most."""
    from diffusers import ZImageTransformer2DModel
    from diffusers.models.transformers.transformer_z_image import TimestepEmbedder

    theirs = ZImageTransformer2DModel(
        in_channels=3, dim=24, n_layers=2, n_refiner_layers=2, n_heads=2, cap_feat_dim=9, axes_dims=AXES,
        axes_lens=[128, 16, 16],
    )  # fmt: skip
    theirs.t_embedder = TimestepEmbedder(24, mid_size=24, frequency_embedding_size=32)
    ours = filled(solution.TinyS3DiT(3, 2, 24, 2, AXES, 2, 2, 9, 24))
    missing, unexpected = theirs.load_state_dict(as_theirs(ours.state_dict()), strict=False)
    assert set(missing) == {"x_pad_token", "cap_pad_token"} and not unexpected  # nothing is padded here
    x, text = normal(2, 3, 16, 8, dtype=torch.float32), normal(2, 64, 9, seed=1, dtype=torch.float32)
    t = torch.tensor([0.125, 0.875])
    with torch.no_grad():
        painted = theirs([one[:, None] for one in x], t, list(text)).sample
        close(ours(x, t, text), torch.stack(painted).squeeze(2), atol=5e-6, rtol=0)


@pytest.mark.peers
def test_parameters_are_those_of_z_images_block(solution: ModuleType) -> None:
    from diffusers.models.transformers.transformer_z_image import ZImageTransformerBlock

    with torch.device("meta"):
        block = ZImageTransformerBlock(0, 3840, 30, 30, 1e-5, True, modulation=False)
    matrices = sum(p.numel() for p in block.parameters() if p.ndim == 2)
    assert solution.stream_parameters()["per_stream"] == matrices


@pytest.mark.peers
def test_advantages_and_loss_are_those_of_trls_trainer(solution: ModuleType) -> None:
    """The two expressions are cut from trl's GRPOTrainer as it is installed, and evaluated on our numbers."""
    import ast
    import importlib.util
    from pathlib import Path

    folder = Path(str(importlib.util.find_spec("trl").origin)).parent
    tree = ast.parse((folder / "trainer" / "grpo_trainer.py").read_text(encoding="utf-8"))

    def expressions(name: str) -> list[str]:
        nodes = (n for n in ast.walk(tree) if isinstance(n, ast.Assign))
        return [ast.unparse(n.value) for n in nodes if [ast.unparse(t) for t in n.targets] == [name]]

    rewards, logp, old = 2 * normal(4, 6), normal(4, 6, seed=1), normal(4, 6, seed=2)
    flat = rewards.flatten()
    mean = rewards.mean(dim=1).repeat_interleave(6)
    std = rewards.std(dim=1).repeat_interleave(6)
    names = {"rewards": flat, "mean_grouped_rewards": mean, "std_rewards": std, "torch": torch}
    assert "rewards - mean_grouped_rewards" in expressions("advantages")
    names["advantages"] = eval("rewards - mean_grouped_rewards", names)
    assert "advantages / (std_rewards + 0.0001)" in expressions("advantages")
    advantages = eval("advantages / (std_rewards + 0.0001)", names)
    close(solution.grpo_advantages(rewards).flatten(), advantages)

    parts = {"torch": torch, "advantages": advantages, "log_importance_weights": (logp - old).flatten()}
    parts["coef_1"] = eval(next(e for e in expressions("coef_1") if "log_importance_weights" in e), parts)
    parts["coef_2"] = torch.clamp(parts["coef_1"], 0.8, 1.2)
    assert "torch.clamp(coef_1, 1 - self.epsilon_low, 1 + self.epsilon_high)" in expressions("coef_2")
    for name in ("per_token_loss1", "per_token_loss2"):
        parts[name] = eval(expressions(name)[0], parts)
    loss = eval(next(e for e in expressions("per_token_loss") if "torch.min(" in e), parts)
    close(solution.grpo_loss(logp, old, rewards), loss.mean())


# ---------------------------------------------------------------- the crowd, the policy and their toys


def hill(mean: Tensor | float, var: Tensor | float) -> object:
    """The exact denoiser of N(mean, var) at x_s = (1 - s) x0 + s n; the condition moves the mean."""

    def answer(x: Tensor, s: Tensor, cond: float) -> Tensor:
        keep = (1 - s) * var / ((1 - s) ** 2 * var + s**2)
        return mean + cond + keep[:, None] * (x - (1 - s[:, None]) * (mean + cond))

    return answer


@pytest.mark.parametrize("ranges", [((0.0, 1.0), (0.0, 1.0)), ((0.0, 0.4), (0.2, 1.0))])
def test_a_crowd_rests_where_spear_and_shield_cancel(solution: ModuleType, ranges: tuple[object, object]) -> None:
    """A walk of 150 rounds against the place that is computed. The crowd's own width moves it by some hundredths."""
    u, noise = uniform(150, 2, 600), normal(150, 2, 600, 1, seed=1)

    def fake_of(crowd: Tensor) -> object:
        model = hill(crowd.mean(), crowd.var())
        return lambda x, s, cond: model(x, s, 0.0)  # type: ignore[operator]

    walk = solution.guided_crowd(hill(0.0, 0.25), fake_of, normal(600, 1), 1.0, 0.0, 2.0, ranges, u, noise, 0.3)
    rest = float(walk[-40:].mean())
    assert rest == pytest.approx(solution.resting_place(1.0, 0.0, 0.25, 2.0, *ranges), abs=0.12)


def test_probability_of_a_sample_is_torchs(solution: ModuleType) -> None:
    class Net(nn.Module):
        def forward(self, z: Tensor, t: float) -> Tensor:
            return torch.cat([z, z.sin()], dim=1) + t

    policy, z, noise = solution.GaussianPolicy(Net(), 0.7), normal(3, 2), normal(3, 5, 4, seed=1)
    x = policy.sample(z, noise)
    law = Independent(Normal(Net()(z, 0)[:, None], 0.7), 1)
    close(x, Net()(z, 0)[:, None] + 0.7 * noise)
    close(policy.log_prob(x, z), law.log_prob(x))


def test_the_open_experiments_crowd_obeys_and_stays_wide(solution: ModuleType) -> None:
    """With levels of its own for each term, the crowd keeps 0.84 to 1 of the width of its hill."""
    hills = torch.tensor([[0.6, 0.0], [-0.6, 0.0]])

    def teacher(x: Tensor, s: Tensor, label: int) -> Tensor:
        s = s[:, None]
        var = (1 - s) ** 2 * 0.25 + s**2
        apart = x[:, None] - (1 - s[:, None]) * hills
        answers = hills + ((1 - s) * 0.25 / var)[:, None] * apart
        if label >= 0:
            return answers[:, label]
        share = torch.softmax(-apart.square().sum(dim=2) / (2 * var), dim=1)
        return (share[:, :, None] * answers).sum(dim=1)

    crowd = solution.steer_crowd(teacher, 0, 256, 3)["crowd"]
    assert float((crowd[:, 0] > 0).float().mean()) > 0.97
    assert 0.42 < float(crowd[:, 0].std()) < 0.5
