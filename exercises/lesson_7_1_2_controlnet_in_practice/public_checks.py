"""Public checks of lesson-7.1.2: ControlNet in Practice. Made by `course build`; do not edit."""

from __future__ import annotations

import math
import torch
from blindgrade.checks import answers, answers_and_purity, check, error_of
from blindgrade.figures import curves, image


DTYPES = {"in float32": torch.float32, "in float64": torch.float64}

@check("sobel_gradients", weight=2, public=True)
def measures_change_along_both_axes(lesson, rng):
    """gx is the change along the columns, gy the change along the rows, mag the length of the two."""
    cases = {name: (rng.normal(7, 9, dtype=dtype),) for name, dtype in DTYPES.items()}
    return answers(lesson.sobel_gradients, cases)

def along_direction(rng, height, width, angle):
    """Gradients that all point roughly along `angle`, in degrees, or against it, with magnitudes of any order."""
    turn = math.pi / 180 * (angle + rng.uniform(height, width, low=-15.0, high=15.0, dtype=torch.float64))
    sign = rng.integers(height, width, high=2).double() * 2 - 1
    mag = sign * rng.uniform(height, width, low=0.5, high=5.0, dtype=torch.float64)
    return mag * turn.cos(), mag * turn.sin()

def what_is_left(result, rng):
    return image("What is left of edges that run up and down", result["nearly horizontal"], low=0)

@check("thin_edges", weight=2, public=True, figure=what_is_left)
def looks_left_and_right_or_up_and_down(lesson, rng):
    """Where the gradient is nearly horizontal or vertical, a pixel survives if it beats its neighbours across."""
    cases = {
        "nearly horizontal": along_direction(rng, 7, 10, 0.0),
        "nearly vertical": along_direction(rng, 7, 10, 90.0),
    }
    return answers(lesson.thin_edges, cases)

def what_stays(result, rng):
    return image("Pixels that stay", result["in float64"], low=0, high=1)

@check("hysteresis", weight=2, public=True, figure=what_stays)
def keeps_weak_pixels_linked_to_strong_ones(lesson, rng):
    """Weak pixels stay if their chain holds a strong pixel, and go if it does not; mag stays as it was."""
    cases = {name: (rng.uniform(15, 21, low=0.0, high=1.0, dtype=dtype), 0.62, 0.93) for name, dtype in DTYPES.items()}
    return answers_and_purity(lesson.hysteresis, cases)

def scene(rng, height, width, noise):
    """A box and a disc on a slope with grain: whole grey values from 0 to 255, float64."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    image = rng.integer(40, 90) + rng.number(0.3, 1.0) * rows + rng.number(0.2, 0.7) * columns
    top, left = rng.integer(3, height // 3), rng.integer(3, width // 4)
    box = (rows >= top) & (rows < top + height // 3) & (columns >= left) & (columns < left + width // 3)
    cy, cx = rng.integer(height // 2, 2 * height // 3), rng.integer(width // 2, 3 * width // 4)
    disc = (rows - cy) ** 2 + (columns - cx) ** 2 <= (height / 4) ** 2
    image = torch.where(box, 180 + 10 * rng.number(), image)
    image = torch.where(disc, 230.0, image.double())
    return (image + noise * rng.normal(height, width, dtype=torch.float64)).round().clamp(0, 255)

def thresholds(rng, low, high):
    """Two thresholds near the given ones that are no root of a whole number."""
    return low + rng.integer(-4, 5) + 0.37, high + rng.integer(-8, 9) + 0.37

def edge_picture(result, rng):
    return image("The edges of a box and a disc", result["edges"], low=0, high=1)

@check("canny", weight=2, public=True, figure=edge_picture)
def finds_thin_linked_edges(lesson, rng):
    """Without blur, gradients, thinning and linking follow each other; img stays as it was."""
    cases = {
        "edges": (scene(rng, 30, 44, 6.0), *thresholds(rng, 70, 150), 0.0),
        "edges at high thresholds": (scene(rng, 30, 44, 6.0), *thresholds(rng, 140, 330), 0.0),
    }
    return answers_and_purity(lesson.canny, cases)

def depth_case(rng, height, width, dtype, low=1.0, high=9.0, share=0.8):
    """Depths between low and high, of which about the given share is valid (two pixels always are)."""
    valid = rng.uniform(height, width) < share
    valid[0, 0] = valid[-1, -1] = True
    return rng.uniform(height, width, low=low, high=high, dtype=dtype), valid

def depth_picture(result, rng):
    return image("The map: near is bright", result["in float64"][0], low=0, high=1)

@check("depth_to_map", weight=2, public=True, figure=depth_picture)
def makes_near_bright(lesson, rng):
    """The map is the inverse depth, stretched to 0..1, in three equal channels; near is 1, far is 0."""
    cases = {name: depth_case(rng, 6, 9, dtype, share=2.0) for name, dtype in DTYPES.items()}
    cases["of a square image"] = depth_case(rng, 3, 3, torch.float64, share=2.0)
    return answers(lesson.depth_to_map, cases)

def heat(rng, height, width, joints, dtype):
    """One heat map for each joint (x, y, confidence): its maximum stands at the joint, all else is far below."""
    maps = 0.05 * rng.uniform(len(joints), height, width, dtype=dtype)
    for k, (x, y, confidence) in enumerate(joints):
        maps[k, y, x] = confidence
    return maps

def clear_radius(rng, joints, limbs, low=1.0, high=3.0):
    """A radius that no pixel's distance to a joint, or to the line through a limb, comes near."""
    while True:
        radius = rng.number(low, high)
        nearest = abs(radius**2 - round(radius**2)) / (2 * radius)
        for a, b in limbs:
            length = math.dist(joints[a][:2], joints[b][:2])
            if length > 0:
                nearest = min(nearest, abs(radius * length - round(radius * length)) / length)
        if nearest > 2e-3:
            return radius

def person(rng, height, width, joints, sure=True):
    """Joints at different pixels, with confidences above 0.6; every third is below 0.3 unless all are sure."""
    places = rng.shuffled([(x, y) for x in range(width) for y in range(height)])[:joints]
    return [
        (x, y, rng.number(0.6, 1.0) if sure or k % 3 != 2 else rng.number(0.1, 0.3)) for k, (x, y) in enumerate(places)
    ]

def limbs_picture(result, rng):
    return image("Limbs of the given radius", result["in float64"]["mask"], low=0, high=1)

@check("skeleton_map", weight=2, public=True, figure=limbs_picture)
def finds_joints_and_draws_limbs(lesson, rng):
    """Key points are column, row and confidence of the maximum; limbs of the given radius join them."""
    cases = {}
    for name, dtype in DTYPES.items():
        joints = person(rng, 12, 19, 4)
        limbs = [[0, 1], [1, 2], [3, 1]]
        maps = heat(rng, 12, 19, joints, dtype)
        cases[name] = (maps, limbs, clear_radius(rng, joints, limbs), 0.4)
    return answers_and_purity(lesson.skeleton_map, cases)

EDITS = [
    "repaint_texture",
    "push_object_back",
    "raise_arm",
    "baggy_coat",
    "hue_shift_same_luminance",
    "brighten_uniformly",
    "double_contrast",
    "move_person",
]

@check("map_changes", public=True)
def refuses_unknown_names(lesson, rng):
    """Every map follows a person who moves and none a turn of the colours; unknown names raise ValueError."""
    tools = rng.shuffled(["canny", "depth", "openpose"])
    seen = {f"{tool}, {edit}": lesson.map_changes(tool, edit) for tool in tools for edit in (EDITS[4], EDITS[7])}
    for tool, edit in (("sobel", EDITS[2]), ("Canny", EDITS[0]), ("", EDITS[1]), ("depth", "raise_leg"), ("canny", "")):
        seen[f"error for {tool!r}, {edit!r}"] = error_of(lesson.map_changes, tool, edit)
    return seen

def edge_map(rng, height, width, lit, channels=3, dtype=torch.float32):
    """Black with a given share of lit values, the same in all channels; values within 0.03 of 0 and 1."""
    order = torch.argsort(rng.uniform(height * width)).reshape(height, width)
    white = order < round(lit * height * width)
    grain = rng.uniform(height, width, high=0.03, dtype=dtype)
    return torch.where(white, 1 - grain, grain).repeat(channels, 1, 1)

@check("check_control_image", weight=2, public=True)
def passes_good_maps_and_names_the_fault(lesson, rng):
    """A good map has no fault; one with one fault is reported for that one."""
    depth = rng.uniform(3, 24, 40, high=0.99)
    full, too_low, too_high = depth.clone(), depth.clone(), depth.clone()
    full[:, 0, 0], full[:, 5, 6] = 0.0, 1.0
    too_low[1, 2, 3], too_high[2, 7, 9] = -0.002, 1.002
    cases = {
        "good edges": (edge_map(rng, 24, 40, 0.1), 3, 5, "canny"),
        "good depth": (depth, 3, 5, "depth"),
        "good depth from exactly 0 to exactly 1": (full, 3, 5, "depth"),
        "one channel": (depth[:1], 3, 5, "depth"),
        "0..255": (255 * depth, 3, 5, "depth"),
        "one value below 0": (too_low, 3, 5, "pose"),
        "one value above 1": (too_high, 3, 5, "pose"),
        "empty": (torch.zeros(3, 24, 40), 3, 5, "depth"),
    }
    return answers_and_purity(lesson.check_control_image, cases)

SWEEP = [0.3, 0.5, 0.7, 1.0, 1.5, 2.0]

def knob_case(rng, samples, dim, scales, share, dtype=torch.float64):
    """Samples about a place off the target; max_error is the given share of the error at scale 0."""
    z = rng.normal(samples, dim, dtype=torch.float64) + 1.5
    target = rng.normal(dim, dtype=torch.float64) - 0.5
    error = (z - target).square().sum(1).mean().sqrt().item()
    return z.to(dtype), target.to(dtype), scales, share * error

def trade(result, rng):
    seen = result["in float64"]
    lines = {name: (SWEEP, seen[name]) for name in ("error", "diversity")}
    return curves("What the knob trades", lines, xlabel="scale")

@check("knob_sweep", weight=2, public=True, figure=trade)
def trades_error_for_diversity(lesson, rng):
    """Error is measured about the target, diversity about the samples' own mean, at each of the six scales."""
    cases = {name: knob_case(rng, 9, 3, SWEEP, 0.6, dtype) for name, dtype in DTYPES.items()}
    return answers_and_purity(lesson.knob_sweep, cases)

SHAPES = ((2, 4, 8, 8), (2, 8, 4, 4), (2, 8, 2, 2))

def residuals(rng, nets, dtype=torch.float64, shapes=SHAPES):
    """What `nets` ControlNets hand over."""
    return [[rng.normal(*shape, dtype=dtype) for shape in shapes] for _ in range(nets)]

@check("combine_controls", weight=2, public=True)
def adds_the_scaled_residuals(lesson, rng):
    """Each residual is the sum over the ControlNets, each times its own scale, the middle one included."""
    cases = {
        f"of two {name}": (residuals(rng, 2, dtype), [rng.number(0.3, 2), rng.number(0.3, 2)])
        for name, dtype in DTYPES.items()
    }
    return answers(lesson.combine_controls, cases)

def control(rng, active, tau, channels, dtype=torch.float64, base=None, mix=0.0):
    """A residual that is active exactly at `active` [H, W]: norms 1.5 to 4 times tau there, 0.1 to 0.6 elsewhere.

    `base` and `mix` lean each vector towards mix times the base's direction.
    """
    height, width = active.shape
    vector = rng.normal(channels, height, width, dtype=torch.float64)
    if base is not None:
        vector = vector / vector.norm(dim=0) + mix * base.double() / base.double().norm(dim=0)
    loud = rng.uniform(height, width, low=1.5, high=4.0, dtype=torch.float64)
    quiet = rng.uniform(height, width, low=0.1, high=0.6, dtype=torch.float64)
    return (tau * torch.where(active, loud, quiet) * vector / vector.norm(dim=0)).to(dtype)

def pair(rng, active_a, active_b, mix, dtype=torch.float64, channels=5):
    """Two controls with the given active places and vectors that lean together (mix > 0) or apart (mix < 0)."""
    tau = rng.number(0.2, 2.0)
    a = control(rng, active_a, tau, channels, dtype)
    return a, control(rng, active_b, tau, channels, dtype, base=a, mix=mix), tau

def columns_between(height, width, first, last):
    """Active from column `first` up to, not including, column `last`."""
    column = torch.arange(width).expand(height, width)
    return (column >= first) & (column < last)

@check("classify_pair", weight=2, public=True, atol=1e-5, rtol=1e-5)
def tells_agreement_from_conflict(lesson, rng):
    """Where two controls meet, opposite vectors conflict; those that lean together, or not at all, do not."""
    a, b = columns_between(6, 10, 0, 7), columns_between(6, 10, 3, 10)
    cases = {}
    for name, dtype in DTYPES.items():
        cases[f"leaning together {name}"] = pair(rng, a, b, 1.5, dtype)
        cases[f"leaning apart {name}"] = pair(rng, a, b, -1.5, dtype)
    upright, level = torch.zeros(2, 3, 4, dtype=torch.float64), torch.zeros(2, 3, 4, dtype=torch.float64)
    upright[0], level[1] = rng.integer(1, 4), rng.integer(1, 4)
    cases["at right angles"] = (upright, level, 0.5)
    return answers(lesson.classify_pair, cases)
