"""Public checks of lesson-7.1.2: ControlNet in Practice. Made by `course build`; do not edit."""

from __future__ import annotations

import math
import torch
from blindgrade.checks import Fail, Watch, agree, answers, answers_and_purity, check, error_of
from blindgrade.figures import bars, curves, image
from digit_controls import edge_control, edge_map, ink_control, ink_map, obedience
from digits import load_digits, teacher


DTYPES = {"in float32": torch.float32, "in float64": torch.float64}

@check("sobel_gradients", weight=2, public=True)
def measures_change_along_both_axes(lesson, rng):
    """gx is the change along the columns, gy the change along the rows, mag the length of the two.

    The arguments stay as they are.
    """
    cases = {name: (rng.normal(7, 9, dtype=dtype),) for name, dtype in DTYPES.items()}
    return answers_and_purity(lesson.sobel_gradients, cases)

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
    """Where the gradient is nearly horizontal or vertical, a pixel survives if it beats its neighbours across.

    The arguments stay as they are.
    """
    cases = {
        "nearly horizontal": along_direction(rng, 7, 10, 0.0),
        "nearly vertical": along_direction(rng, 7, 10, 90.0),
    }
    return answers_and_purity(lesson.thin_edges, cases)

@check("thin_edges", weight=2, public=True)
def leaves_one_pixel_of_a_plateau(lesson, rng):
    """Of two equal pixels across an edge the left or upper one stays; two equal ones on a diagonal both go."""
    strength = rng.integer(2, 9) / 2
    row = torch.zeros(5, 8, dtype=torch.float64)
    row[:, 3:5] = strength
    rows, columns = torch.meshgrid(torch.arange(7), torch.arange(7), indexing="ij")
    # Two neighbouring lines across the main diagonal: each of their pixels has its equal along the diagonal.
    stripe = torch.where((rows + columns == 6) | (rows + columns == 8), strength, 0.0).double()
    mirrored = stripe.flip(1)
    none = torch.zeros_like(row)
    cases = {
        "two columns": (row, none),
        "two columns, getting darker": (-row, none),
        "two rows": (none.T.clone(), row.T.clone()),
        "two rows, getting darker": (none.T.clone(), -row.T),
        "two diagonal lines": (stripe, stripe.clone()),
        "two lines on the other diagonal": (mirrored, -mirrored),
    }
    return answers(lesson.thin_edges, cases)

def what_stays(result, rng):
    return image("Pixels that stay", result["in float64"], low=0, high=1)

@check("hysteresis", weight=2, public=True, figure=what_stays)
def keeps_weak_pixels_linked_to_strong_ones(lesson, rng):
    """Weak pixels stay if their chain holds a strong pixel, and go if it does not; mag stays as it was."""
    cases = {name: (rng.uniform(15, 21, low=0.0, high=1.0, dtype=dtype), 0.62, 0.93) for name, dtype in DTYPES.items()}
    return answers_and_purity(lesson.hysteresis, cases)

@check("hysteresis", public=True)
def compares_strictly(lesson, rng):
    """A pixel exactly at a threshold is not above it; equal thresholds are one threshold; no edge is no edge."""
    low, high = rng.integer(1, 3), rng.integer(4, 6)
    row = torch.tensor([[high, low + 1, 0, high + 1, low, low + 1, 0, low + 1, high + 1, low]], dtype=torch.float64)
    cases = {
        "at the thresholds": (row.repeat_interleave(2, 0), float(low), float(high)),
        "with equal thresholds": (row.T.clone(), float(high), float(high)),
        "of nothing strong": (row.clamp(max=high), float(low), float(high)),
    }
    return answers(lesson.hysteresis, cases)

@check("hysteresis", weight=0.5, public=True)
def refuses_low_above_high(lesson, rng):
    """low > high raises ValueError; low = high and low < high do not."""
    mag = rng.uniform(5, 6, high=5.0, dtype=torch.float64)
    high = rng.number(1, 3)
    return {
        "error for low > high": error_of(lesson.hysteresis, mag, high + 0.5, high),
        "mask for low = high": lesson.hysteresis(mag, high, high),
        "mask for low < high": lesson.hysteresis(mag, high - 0.5, high),
    }

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

def nearly_the_same_edges(result, expected, rng):
    """At most 0.2 % of the pixels of each map differ: rounding decides ties in blurred ramps."""
    if not isinstance(result, dict) or set(result) != set(expected):
        agree(result, expected)
    for name, want in expected.items():
        got = result[name]
        if not isinstance(want, torch.Tensor) or not isinstance(got, torch.Tensor):
            agree(got, want, name=name)
            continue
        if got.shape != want.shape or got.dtype != want.dtype:
            agree(got, want, name=name)
        share = (got != want).double().mean().item()
        if not share <= 0.002:
            raise Fail(f"{name}: {100 * share:.1f} % of the pixels differ")

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

@check("canny", public=True, verdict=nearly_the_same_edges)
def blurs_up_to_the_rim(lesson, rng):
    """The blur replicates the border, so the rim of a bright image is no edge; its weights add up to 1."""
    image = torch.full((24, 40), float(rng.integer(150, 230)), dtype=torch.float64)
    image = (image + 4 * rng.normal(24, 40, dtype=torch.float64)).round().clamp(0, 255)
    cases = {
        "edges of a bright image": (image, *thresholds(rng, 10, 30), 1.5),
        "edges of a scene": (scene(rng, 24, 40, 10.0), *thresholds(rng, 20, 45), 1.5),
        "edges after a weak blur": (scene(rng, 40, 30, 10.0), *thresholds(rng, 60, 130), 0.5),
        "edges of nothing but grain": (rng.integers(18, 44, high=256).double(), *thresholds(rng, 60, 140), 1.2),
    }
    return answers(lesson.canny, cases)

STRENGTH = {1.1: 2.4104156251833, 1.2: 2.2695195382172, 2.0: 1.5020416269981}

@check("canny", public=True)
def blurs_as_far_as_the_formula(lesson, rng):
    """The blur reaches R pixels, no less and no further: a blurred step is exactly as strong as it should be."""
    column = torch.arange(36).expand(9, 36)
    cases = {}
    for sigma, strength in STRENGTH.items():
        middle, height = rng.integer(14, 22), 2 * rng.integer(40, 110)
        step = height * ((column >= middle).double() + (column > middle)) / 2
        image = rng.choice([step, step.flip(1), step.T.contiguous(), height - step])
        for side, share in (("below", 1 - 1e-6), ("above", 1 + 1e-6)):
            high = height * strength * share
            cases[f"high just {side} the strength, sigma = {sigma}"] = (image, 0.5 * high, high, sigma)
    return answers(lesson.canny, cases)

@check("canny", weight=0.5, public=True)
def refuses_thresholds_in_the_wrong_order(lesson, rng):
    """low > high raises ValueError; a flat image has no edges."""
    image, flat = scene(rng, 20, 26, 5.0), torch.full((9, 12), float(rng.integer(20, 255)), dtype=torch.float64)
    return {
        "error for low > high": error_of(lesson.canny, image, 150.37, 80.37, 0.0),
        "edges for low = high": lesson.canny(image, 150.37, 150.37, 0.0),
        "edges of a flat image": lesson.canny(flat, 30.0, 60.0, 1.0),
    }

MOST_RUNS, MOST_MISS = 8, 0.015

def fading_wall(rng, height, width, sideways):
    """Grain whose contrast fades from one side to the other, so that any share of edges can be had."""
    grain = rng.normal(height, width, dtype=torch.float64)
    fade = torch.linspace(math.log(rng.number(60, 90)), math.log(0.5), width, dtype=torch.float64).exp()
    wall = (128 + fade * grain).clamp(0, 255)
    return wall.flip(1) if sideways else wall

def tuned(lesson, rng, cases):
    """What was found for each picture and share, how often the detector ran, and the shares that it lights."""
    walls = {name: fading_wall(rng, 48, 96, rng.integer(0, 2)) for name in cases}
    seen = {}
    for name, wall in walls.items():
        runs = []

        def edges(low, high, wall=wall, runs=runs):
            runs.append(high)
            return lesson.canny(wall.clone(), float(low), float(high), 0.7)

        found = lesson.tune_edges(edges, cases[name])
        low, high, guess = (float(found[key]) for key in ("low", "high", "guess"))
        seen[name] = {
            "low": low,
            "high": high,
            "guess": guess,
            "runs": len(runs),
            "share": lesson.canny(wall, min(low, high), high, 0.7).double().mean().item(),
            "share when halved": lesson.canny(wall / 2, min(low, high), high, 0.7).double().mean().item(),
            "wanted": cases[name],
        }
    return seen

def within_goal_and_budget(result, expected, rng):
    """The verdict: few runs, the right ratio, and the wanted share of lit pixels."""
    found = list(result.values())
    runs = max(case["runs"] for case in found)
    if runs > MOST_RUNS:
        raise Fail(f"the detector ran {runs} times; expected at most {MOST_RUNS}", misconception="runs_until_it_fits")
    for name, case in result.items():
        low, high = case["low"], case["high"]
        if not 0 < low <= high or not 1.999 <= high / low <= 3.001:
            cause = "one_threshold" if low == high else None
            raise Fail(f"{name}, low is {low:.4g} and high is {high:.4g}; expected high from 2 to 3 times low",
                       misconception=cause)  # fmt: skip
    misses = {name: case["share"] - case["wanted"] for name, case in result.items()}
    worst = max(misses, key=lambda name: abs(misses[name]))
    if abs(misses[worst]) <= MOST_MISS:
        return
    case, cause = result[worst], None
    if runs == 0 and len({(case["low"], case["high"]) for case in found}) == 1:
        cause = "same_for_every_picture"
    elif all(case["high"] < 2.2 or case["high"] > 1000 for case in found):  # at an end of the scale, every time
        cause = "searches_away"
    raise Fail(
        f"{worst}, {case['share']:.3f} of the pixels are lit at low = {case['low']:.4g}, high = {case['high']:.4g}; "
        f"expected {case['wanted']:.3f}, give or take {MOST_MISS}",
        misconception=cause,
    )

def guessed(result, rng):
    heights = {}
    for name, case in result.items():
        heights[f"{name}: predicted"] = case["guess"]
        heights[f"{name}: measured"] = case["share when halved"]
    return bars("Grey values halved: the share that you predicted, and the share that is lit", heights)

@check("tune_edges", weight=2, public=True, reference=False, verdict=within_goal_and_budget, figure=guessed)
def finds_thresholds_for_a_share(lesson, rng):
    """On three pictures the wanted share is met within 0.015, in at most 8 runs, with high 2 to 3 times low."""
    return tuned(lesson, rng, {"a light sketch": 0.08, "a drawing": 0.13, "every line": 0.2})

def depth_case(rng, height, width, dtype, low=1.0, high=9.0, share=0.8):
    """Depths between low and high, of which about the given share is valid (two pixels always are)."""
    valid = rng.uniform(height, width) < share
    valid[0, 0] = valid[-1, -1] = True
    return rng.uniform(height, width, low=low, high=high, dtype=dtype), valid

def depth_picture(result, rng):
    return image("The map: near is bright", result["in float64"][0], low=0, high=1)

@check("depth_to_map", weight=2, public=True, figure=depth_picture)
def makes_near_bright(lesson, rng):
    """The map is the inverse depth, stretched to 0..1, in three equal channels; near is 1, far is 0.

    The arguments stay as they are.
    """
    cases = {name: depth_case(rng, 6, 9, dtype, share=2.0) for name, dtype in DTYPES.items()}
    cases["of a square image"] = depth_case(rng, 3, 3, torch.float64, share=2.0)
    return answers_and_purity(lesson.depth_to_map, cases)

@check("depth_to_map", public=True)
def is_black_without_a_range(lesson, rng):
    """If all valid pixels are equally deep, or only one is valid, the map is 0; else it is not."""
    constant = float(rng.integer(1, 20)) / 4
    depth, valid = depth_case(rng, 4, 6, torch.float32)
    one = torch.zeros(4, 6, dtype=torch.bool)
    one[rng.integer(0, 4), rng.integer(0, 6)] = True
    cases = {
        "of a flat wall": (torch.full((4, 6), constant), torch.ones(4, 6, dtype=torch.bool)),
        "of a flat wall with holes": (torch.where(valid, constant, depth), valid),
        "of one valid pixel": (depth, one),
        "of a wall that is not flat": (depth, valid),
    }
    return answers(lesson.depth_to_map, cases)

@check("depth_to_map", public=True)
def refuses_depths_that_cannot_be(lesson, rng):
    """No valid pixel, or a valid depth of zero or less, raises ValueError; good depths do not."""
    depth, valid = depth_case(rng, 4, 5, torch.float64)
    zero, negative = depth.clone(), depth.clone()
    zero[0, 0], negative[-1, -1] = 0.0, -rng.number(0.1, 2)
    return {
        "error without a valid pixel": error_of(lesson.depth_to_map, depth, torch.zeros_like(valid)),
        "error at depth 0": error_of(lesson.depth_to_map, zero, valid),
        "error at a negative depth": error_of(lesson.depth_to_map, negative, valid),
        "map of good depths": lesson.depth_to_map(depth, valid),
    }

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

@check("skeleton_map", public=True)
def takes_the_first_of_equal_maxima(lesson, rng):
    """Of several equal maxima the first in reading order is the joint; a confidence of exactly min_conf is seen."""
    row, column = rng.integer(2, 5), rng.integer(4, 9)
    maps = 0.05 * rng.uniform(3, 8, 12, dtype=torch.float64)
    maps[0, row, column] = maps[0, row + 1, column - 3] = maps[0, row + 2, column + 1] = 0.75
    maps[1, row, column] = maps[1, row, column + 2] = 0.5
    maps[2, row - 1, column + 1] = maps[2, row, 0] = 0.25
    return answers(lesson.skeleton_map, {"": (maps, [[0, 2]], 1.0, 0.5)})

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
    """OpenPose follows a person who moves, canny no turn of the colours; unknown names raise ValueError."""
    known = rng.shuffled([("openpose", EDITS[7]), ("canny", EDITS[4])])
    seen = {f"{tool}, {edit}": lesson.map_changes(tool, edit) for tool, edit in known}
    for tool, edit in (("sobel", EDITS[2]), ("Canny", EDITS[0]), ("", EDITS[1]), ("depth", "raise_leg"), ("canny", "")):
        seen[f"error for {tool!r}, {edit!r}"] = error_of(lesson.map_changes, tool, edit)
    return seen

@check("map_changes", public=True)
def tells_apart_what_the_maps_see(lesson, rng):
    """Ten cells of the table: the edits about which the three maps do not agree."""
    telling = {"canny": (0, 1, 5, 6), "depth": (0, 1, 3, 6), "openpose": (1, 3)}
    cells = [(tool, EDITS[number]) for tool, numbers in telling.items() for number in numbers]
    return {f"{tool}, {edit}": lesson.map_changes(tool, edit) for tool, edit in rng.shuffled(cells)}

def line_map(rng, height, width, lit, channels=3, dtype=torch.float32):
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
        "good edges": (line_map(rng, 24, 40, 0.1, dtype=torch.float64), 3, 5, "canny"),
        "good depth": (depth, 3, 5, "depth"),
        "good depth from exactly 0 to exactly 1": (full, 3, 5, "depth"),
        "one channel": (depth[:1], 3, 5, "depth"),
        "0..255": (255 * depth, 3, 5, "depth"),
        "one value below 0": (too_low, 3, 5, "pose"),
        "one value above 1": (too_high, 3, 5, "pose"),
        "empty": (torch.zeros(3, 24, 40), 3, 5, "depth"),
    }
    return answers_and_purity(lesson.check_control_image, cases)

@check("check_control_image", public=True)
def stops_at_values_that_are_no_numbers(lesson, rng):
    """One NaN or infinite value is reported alone, whatever else is wrong."""
    cases = {}
    for value in (math.nan, math.inf, -math.inf):
        img = 3 * rng.uniform(2, 16, 24)
        img[rng.integer(0, 2), rng.integer(0, 16), rng.integer(0, 24)] = value
        cases[f"with {value}"] = (img, 5, 5, rng.choice(["canny", "depth"]))
    cases["with numbers only"] = (3 * rng.uniform(2, 16, 24), 5, 5, "depth")
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

@check("knob_sweep", weight=2, public=True)
def takes_the_weakest_scale_that_obeys(lesson, rng):
    """weakest is the smallest scale within max_error, wherever it stands in the list."""
    cases = {
        f"with {share} of the error": knob_case(rng, 7, 2, rng.shuffled(SWEEP), share)
        for share in (0.05, 0.4, 0.55, 0.8, 1.3)
    }
    cases["above one only"] = knob_case(rng, 5, 3, [1.9, 1.2, 1.4, 0.1], 0.45)
    # Two samples five units off on either side: at scale 0.5 the error is exactly 2.5.
    away, target = torch.tensor([[3.0, 4.0], [-3.0, -4.0]], dtype=torch.float64), torch.tensor([7.0, 2.0]).double()
    cases["at exactly max_error"] = (target + away, target, [0.25, 0.75, 0.5], 2.5)
    return answers(lesson.knob_sweep, cases)

@check("knob_sweep", weight=0.5, public=True)
def refuses_a_sweep_that_never_obeys(lesson, rng):
    """If no scale is within max_error, ValueError is raised; if one is, it is found."""
    never = knob_case(rng, 6, 2, [0.3, 0.5, 1.8], 0.2)
    once = knob_case(rng, 6, 2, [0.3, 0.5, 1.1], 0.2)
    return {"error if none obeys": error_of(lesson.knob_sweep, *never), "if one obeys": lesson.knob_sweep(*once)}

SHAPES = ((2, 4, 8, 8), (2, 8, 4, 4), (2, 8, 2, 2))

def residuals(rng, nets, dtype=torch.float64, shapes=SHAPES):
    """What `nets` ControlNets hand over."""
    return [[rng.normal(*shape, dtype=dtype) for shape in shapes] for _ in range(nets)]

@check("combine_controls", weight=2, public=True)
def adds_the_scaled_residuals(lesson, rng):
    """Each residual is the sum over the ControlNets, each times its own scale, the middle one included.

    The arguments stay as they are.
    """
    cases = {
        f"of two {name}": (residuals(rng, 2, dtype), [rng.number(0.3, 2), rng.number(0.3, 2)])
        for name, dtype in DTYPES.items()
    }
    return answers_and_purity(lesson.combine_controls, cases)

@check("combine_controls", weight=1.5, public=True)
def keeps_the_residuals(lesson, rng):
    """The ControlNets' residuals and the scales stay as they were, so a second call gives the same."""
    outputs, scales = residuals(rng, 3), [1.0, rng.number(0.3, 2), rng.number(0.3, 2)]
    watch, kept = Watch(outputs), list(scales)
    first = lesson.combine_controls(outputs, scales)
    counts = [len(item) for item in outputs]
    return {
        "first call": first,
        "residuals unchanged": watch.unchanged(),
        "numbers of residuals": counts,
        "scales unchanged": scales == kept,
        "second call": lesson.combine_controls(outputs, scales),
    }

@check("combine_controls", public=True)
def refuses_what_does_not_fit(lesson, rng):
    """No ControlNet, too few or too many scales, or unequal numbers of residuals raise ValueError."""
    two, three = residuals(rng, 2), residuals(rng, 3)
    uneven, uneven_late = [two[0], two[1][:2]], [three[0][:2], three[1][:2], three[2]]
    return {
        "error without a ControlNet": error_of(lesson.combine_controls, [], []),
        "error with one scale short": error_of(lesson.combine_controls, two, [1.0]),
        "error with one scale over": error_of(lesson.combine_controls, two, [1.0, 0.5, 0.5]),
        "error if the second has fewer": error_of(lesson.combine_controls, uneven, [1.0, 0.5]),
        "error if the last has more": error_of(lesson.combine_controls, uneven_late, [1.0, 0.5, 0.5]),
        "of three that fit": lesson.combine_controls(three, [0.5, 1.0, 1.5]),
    }

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
    """Where two controls meet, opposite vectors conflict; those that lean together, or not at all, do not.

    The arguments stay as they are.
    """
    a, b = columns_between(6, 10, 0, 7), columns_between(6, 10, 3, 10)
    cases = {}
    for name, dtype in DTYPES.items():
        cases[f"leaning together {name}"] = pair(rng, a, b, 1.5, dtype)
        cases[f"leaning apart {name}"] = pair(rng, a, b, -1.5, dtype)
    upright, level = torch.zeros(2, 3, 4, dtype=torch.float64), torch.zeros(2, 3, 4, dtype=torch.float64)
    upright[0], level[1] = rng.integer(1, 4), rng.integer(1, 4)
    cases["at right angles"] = (upright, level, 0.5)
    return answers_and_purity(lesson.classify_pair, cases)

@check("classify_pair", weight=2, public=True)
def measures_overlap_by_the_union(lesson, rng):
    """Overlap is the share of the active places that both have; below 0.1, not at 0.1, the pair is disjoint."""
    spans = {"little": (0, 8, 7, 17), "enough": (0, 5, 4, 9), "all": (3, 9, 3, 9), "inside": (2, 14, 5, 9)}
    cases = {}
    for name, (a0, a1, b0, b1) in spans.items():
        a, b = columns_between(4, 20, a0, a1), columns_between(4, 20, b0, b1)
        cases[name] = pair(rng, a, b, rng.choice([-1.5, 1.5]))
    a, b = columns_between(4, 16, 2, 7), columns_between(4, 16, 6, 12)
    cases["exactly a tenth"] = pair(rng, a, b, rng.choice([-1.5, 1.5]))
    return answers_and_purity(lesson.classify_pair, cases)

CLOSE = {"float32": 2e-3}  # ten steps through a network, in another order of additions

def scenes(rng, count):
    """Unseen digits, their labels, and noise to begin with."""
    images, labels = load_digits("held_out")
    rows = rng.shuffled(list(range(len(images))))[:count]
    return images[rows], labels[rows], rng.normal(count, 1, 8, 8)

def strips(result, rng):
    images, _, _ = scenes(rng, 7)
    rows = [images, *(result[name] for name in ("without a control", "with edges", "with edges and ink"))]
    tall = torch.cat([torch.cat(list(row[:7, 0]), dim=1) for row in rows])
    return image("Unseen digits; drawn without a control, with their edges, with edges and ink", -tall, low=-1, high=1)

@check("draw_controlled", weight=3, public=True, atol=CLOSE, rtol=1e-2, figure=strips)
def draws_with_none_one_and_two_controls(lesson, rng):
    """Without a control, with one and with two, the digits are those of the walk, each control at its own scale.

    The arguments stay as they are.
    """
    images, labels, start = scenes(rng, 7)
    unet, nobody = teacher(), torch.full_like(labels, 10)
    edges, ink = edge_map(images), ink_map(images)
    watch = Watch(start, edges, ink, nobody)
    both = [edge_control(), ink_control()]
    return {
        "without a control": lesson.draw_controlled(unet, [], [], [], start, nobody, 10),
        "with edges": lesson.draw_controlled(unet, both[:1], [edges], [1.0], start, nobody, 10),
        "with edges and ink": lesson.draw_controlled(unet, both, [edges, ink], [0.7, 0.5], start, nobody, 10),
        "arguments unchanged": watch.unchanged(),
    }

@check("draw_controlled", weight=2, public=True, atol=0.02)
def stacks_one_scene_and_two(lesson, rng):
    """Edges and ink of one scene obey its edges; with the ink of another scene they obey them less."""
    images, _, start = scenes(rng, 24)
    nobody = torch.full((24,), 10)
    edges, both = edge_map(images), [edge_control(), ink_control()]
    inks = {"of one scene": ink_map(images), "of two scenes": ink_map(images.roll(1, dims=0))}
    return {
        f"obedience to edges and ink {name}": obedience(
            lesson.draw_controlled(teacher(), both, [edges, ink], [1.0, 1.0], start, nobody, 5), edges
        )
        for name, ink in inks.items()
    }

def sweep_case(rng, count, agrees, scales, wanted, steps=5):
    """Arguments of sweep_digits: prompts that agree with the maps, or ask for the next digit."""
    images, labels, start = scenes(rng, count)
    prompts = labels if agrees else (labels + 1) % 10
    return teacher(), edge_control(), start, prompts, edge_map(images), scales, wanted, steps

def trade_on_digits(result, rng):
    lines = {}
    for said in ("agrees", "contradicts"):
        seen = result[f"the prompt {said}"]
        lines |= {f"{name}, prompt {said}": (SWEEP, seen[name]) for name in ("obedient", "read")}
    return curves("What the knob of a trained control trades", lines, xlabel="scale", low=0, high=1)

def measured(found):
    """The two curves. The choice is left out: one digit that another machine reads otherwise could turn it."""
    return {"obedient": found["obedient"], "read": found["read"]}

@check("sweep_digits", weight=3, public=True, atol=0.05, figure=trade_on_digits)
def measures_six_scales(lesson, rng):
    """Obedience and legibility are right at six scales, where prompt and map agree and where they do not."""
    return {
        "the prompt agrees": measured(lesson.sweep_digits(*sweep_case(rng, 18, True, SWEEP, 0.6))),
        "the prompt contradicts": measured(lesson.sweep_digits(*sweep_case(rng, 18, False, SWEEP, 0.5))),
    }

class Knob:
    """A U-Net and a control whose drawings depend on the scale alone.

    The quieter the scale is below 1.1, the more drawings are another picture. The louder it is above 1, the more have
    the right edges with ink and paper exchanged, which nobody can read.
    """

    def __init__(self, images):
        self.images = images

    def control(self, x, t, hint):
        return [torch.ones(len(x), 16, 8, 8), *[torch.zeros(1)] * 4]

    def unet(self, x, t, label, residuals=None):
        loud = 0.0 if residuals is None else float(residuals[0].mean())
        quiet, shouted = (round(len(x) * max(0.0, share)) for share in (1.1 - loud, loud - 1))
        wish = self.images.clone()
        wish[:quiet] = -self.images[:quiet].flip(3)
        wish[len(x) - shouted :] *= -1
        return x - wish

def choices(lesson, rng, scales, wishes):
    """Choices on drawings that depend on the scale alone, and on drawings that are the noise itself."""
    images, labels, start = scenes(rng, 20)
    toy, edges = Knob(images), edge_map(images)
    case = (toy.unet, toy.control, start, labels, edges, scales)
    return {
        **{f"wanted {wanted}": lesson.sweep_digits(*case, wanted, 1) for wanted in wishes},
        "if the U-Net leaves the noise as it is": lesson.sweep_digits(
            lambda x, *_: torch.zeros_like(x), toy.control, images, labels, edges, scales, 0.5, 2
        ),
        "error if none obeys": error_of(lesson.sweep_digits, *case, 1.5, 1),
    }

@check("sweep_digits", weight=2, public=True, atol=0.01)
def takes_the_most_legible_obedient_scale(lesson, rng):
    """chosen is the most legible of the scales that obey, wherever it stands; every scale starts from one noise.

    If none obeys, ValueError is raised.
    """
    return choices(lesson, rng, rng.shuffled([0.2, 0.5, 0.8, 1.0, 1.05, 1.6]), (0.3, 0.97))
