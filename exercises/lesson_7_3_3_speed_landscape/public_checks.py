"""Public checks of lesson-7.3.3: The Speed Landscape. Made by `course build`; do not edit."""

from __future__ import annotations

import copy
import itertools
import math
import operator
import torch
from blindgrade.checks import Watch, check, error_of
from blindgrade.figures import bars, curves


OTHER_LOSSES = ["noise", "score", "distillation", "hinge", "l2"]
OTHER_NETWORKS = ["ema_target", "teacher", "text_encoder", "vae", "dino"]
ALL_LOSSES = [*OTHER_LOSSES, "velocity", "self_consistency"]

def networks(rng, critic):
    """Up to three networks in random order, a discriminator among them if asked for."""
    names = rng.shuffled(OTHER_NETWORKS)[: rng.integer(0, 3)]
    return rng.shuffled([*names, "discriminator"]) if critic else names

def card(rng, trained, loss, critic):
    """One card; its step count is drawn by chance and says nothing."""
    return {
        "changes_weights": trained,
        "loss": loss,
        "extra_networks": networks(rng, critic),
        "claimed_steps": rng.choice([1, 2, 4, 8, 16, 20, 28, 50, 250, 1000]),
    }

def plain_cards(rng):
    """Six cards of each level, none with two marks at once, in random order."""
    cards = []
    for _ in range(6):
        cards.append(card(rng, False, rng.choice(OTHER_LOSSES), False))
        cards.append(card(rng, True, "velocity", False))
        cards.append(card(rng, True, "self_consistency", False))
        cards.append(card(rng, True, rng.choice(OTHER_LOSSES), True))
    return rng.shuffled(cards)

@check("speed_level", public=True)
def asks_what_was_changed(lesson, rng):
    """Two dozen cards of all levels get the level of what was changed, whatever their step count."""
    return [lesson.speed_level(one) for one in plain_cards(rng)]

@check("speed_level", weight=1.5, public=True)
def unchanged_weights_come_first(lesson, rng):
    """Without a change of weights the level is 1, whatever losses and networks the card names."""
    cards = []
    for loss in ALL_LOSSES:
        for critic in (False, True):
            cards.append(card(rng, False, loss, critic))
            if critic or loss in ("velocity", "self_consistency"):
                cards.append(card(rng, True, loss, critic))
    return [lesson.speed_level(one) for one in rng.shuffled(cards)]

@check("speed_level", public=True)
def has_no_place_for_other_cards(lesson, rng):
    """A trained model with none of the marks is an error, next to cards that are not; no card is changed."""
    lost = [card(rng, True, loss, False) for loss in OTHER_LOSSES]
    found = plain_cards(rng)
    everything = rng.shuffled(lost + found)
    kept = copy.deepcopy(everything)
    outcomes = [error_of(lesson.speed_level, one) or lesson.speed_level(one) for one in everything]
    return {"outcomes": outcomes, "cards unchanged": everything == kept}

def placed(lesson, rng, names):
    """The level of each name, asked in random order."""
    return {name: lesson.known_method_level(name) for name in rng.shuffled(names)}

@check("known_method_level", weight=0.3, public=True)
def places_one_of_each(lesson, rng):
    """One method of each level is placed, and a name that nobody knows is an error."""
    return {
        "levels": placed(lesson, rng, ["ddim", "flow_matching", "consistency_distillation", "add"]),
        "unknown": error_of(lesson.known_method_level, rng.choice(["warp_drive", "quicksilver", "magic"])),
    }

@check("known_method_level", weight=0.3, public=True)
def places_three_more(lesson, rng):
    """Three methods whose names may mislead are placed."""
    return placed(lesson, rng, ["lcm_lora", "unipc", "rectified_flow"])

LABELS = ["1", "2", "3a", "3b"]

def as_ints(matrix):
    """Rows of plain ints, so that True and 1 are one answer."""
    return [[int(operator.index(entry)) for entry in row] for row in matrix]

@check("composability_matrix", weight=2, public=True)
def composes_across_levels(lesson, rng):
    """Methods of different levels compose, methods of one level do not: five by five, many times."""
    lists = [[*rng.shuffled(LABELS), rng.choice(LABELS)] for _ in range(6)]
    return [as_ints(lesson.composability_matrix(levels)) for levels in lists]

STACKABLE = ["unipc", "ddim", "heun", "zeta", "flow", "lcm", "turbo", "add", "kappa", "mu", "bee", "rho"]

def drawn_stack(rng, size, labels=LABELS, spare=2):
    """A stack of names with a level for each, and for a few names that are not in it."""
    names = rng.shuffled(STACKABLE)[: size + spare]
    return names[:size], {name: rng.choice(labels) for name in rng.shuffled(names)}

@check("stack_conflicts", weight=2, public=True)
def reports_every_pair_of_one_level(lesson, rng):
    """Every two methods of one level are reported, as sorted pairs in a sorted list."""
    cases = [drawn_stack(rng, size) for size in (4, 5, 6, 7)]
    return [lesson.stack_conflicts(stack, levels) for stack, levels in cases]

def rows_of(rows):
    """The rows as they are, as plain dicts in a list."""
    return [dict(row) for row in rows]

def measured(rng, count):
    """Step counts in random order, and an FID for each that rises as steps fall, by very different prices."""
    steps = sorted((int(n) for n in rng.shuffled([1, 2, 3, 5, 7, 10, 15, 24, 50, 90, 250, 1000])[:count]), reverse=True)
    fid = [rng.number(2.0, 5.0)]
    for a, b in itertools.pairwise(steps):
        # Prices stay away from the thresholds 0.5 and 2.
        price = rng.choice([rng.number(0.02, 0.4), rng.number(0.6, 1.8), rng.number(2.2, 6.0)])
        fid.append(fid[-1] + price * math.log2(a / b))
    order = rng.shuffled(list(range(count)))
    return [steps[i] for i in order], [fid[i] for i in order], steps, fid

def prices(result, rng):
    rows = result[-1]
    heights = {f"{int(row['from'])}\nto {int(row['to'])}": row["cost_per_doubling"] for row in rows}
    return bars("The price of each stretch", heights, ylabel="FID for each doubling of speed")

@check("quality_cost_regions", weight=2, public=True, figure=prices)
def costs_per_doubling(lesson, rng):
    """The price of a stretch is the rise of FID for each doubling of speed."""
    cases = [measured(rng, count) for count in (3, 5, 7)]
    return [rows_of(lesson.quality_cost_regions(steps, fid)) for _, _, steps, fid in cases]

@check("quality_cost_regions", weight=2, public=True)
def listens_to_the_thresholds(lesson, rng):
    """The thresholds that are passed in decide the labels."""
    steps = [64, 32, 16, 8, 4, 2, 1]
    prices = rng.shuffled([0.1, 0.3, 0.8, 1.5, 3.0, 5.0])
    fid = [3.0]
    for price in prices:
        fid.append(fid[-1] + price)
    limits = [(0.2, 1.0), (1.0, 4.0), (0.5, 6.0), (0.05, 0.2)]
    results = [rows_of(lesson.quality_cost_regions(steps, fid, free_below=a, cheap_below=b)) for a, b in limits]
    return {"rows": results, "by default": rows_of(lesson.quality_cost_regions(steps, fid))}

@check("quality_cost_regions", public=True)
def better_with_fewer_steps_is_free(lesson, rng):
    """Where FID falls with fewer steps the price is negative, and free."""
    gain, loss = rng.number(0.5, 4.0), rng.number(5.0, 9.0)
    steps, fid = [40, 100, 9], [6.0, 6.0 + gain, 6.0 + loss]
    return rows_of(lesson.quality_cost_regions(steps, fid))

@check("quality_cost_regions", public=True)
def a_price_at_the_threshold_is_not_below_it(lesson, rng):
    """A price of exactly 0.5 is cheap and one of exactly 2 is expensive; one measurement has no stretch."""
    start = float(rng.integer(2, 9))
    edge = [start, start + 0.5, start + 2.5, start + 2.75]
    single = lesson.quality_cost_regions([rng.integer(2, 50)], [start])
    return {"rows": rows_of(lesson.quality_cost_regions([8, 4, 2, 1], edge)), "one measurement": rows_of(single)}

def floats(result):
    """All values as floats, so that a count may be an int or a float."""
    return {key: float(value) for key, value in result.items()}

def latency_case(rng, cfg):
    return rng.integer(3, 60), rng.number(5.0, 200.0), rng.number(50.0, 900.0), cfg

@check("end_to_end_latency", public=True)
def adds_what_never_shrinks(lesson, rng):
    """Time is the fixed part plus the evaluations, and the limit is the time over the fixed part."""
    cases = [latency_case(rng, False) for _ in range(5)]
    return [floats(lesson.end_to_end_latency(*case)) for case in cases]

@check("end_to_end_latency", public=True)
def from_one_step_to_a_thousand(lesson, rng):
    """The three numbers hold for one step and for a thousand, with whole and with broken milliseconds."""
    cases = [
        (steps, ms, fixed, cfg)
        for steps in (1, 2, 1000)
        for ms, fixed in ((rng.integer(1, 90), rng.integer(1, 90)), (rng.number(0.1, 0.9), rng.number(0.1, 0.9)))
        for cfg in (False, True)
    ]
    return [floats(lesson.end_to_end_latency(*case)) for case in cases]

FOUR = ["speed", "quality", "flexibility", "composability"]
DISHES = ["zen", "ash", "mint", "yew", "oak", "fig", "kale", "rye", "dill", "bay", "plum", "sage"]

def dish(name, values):
    """An option with these four values."""
    return {"name": name, **dict(zip(FOUR, values, strict=True))}

def drawn_menu(rng, count, top):
    """Options with whole values from 0 to `top`, so that some values are equal."""
    return [dish(name, [rng.integer(0, top + 1) for _ in FOUR]) for name in rng.shuffled(DISHES)[:count]]

@check("pareto_menu", weight=2, public=True)
def keeps_whatever_is_best_for_someone(lesson, rng):
    """Options that no other option dominates stay on the menu, in alphabetical order."""
    return [lesson.pareto_menu(drawn_menu(rng, 8, 9)) for _ in range(8)]

@check("pareto_menu", public=True)
def equals_stay_together(lesson, rng):
    """Two options with the same values both stay, or are both dominated."""
    results = []
    for _ in range(6):
        top = [9, 9, 9, 9]
        top[rng.integer(0, 4)] = rng.integer(0, 3)
        low = [max(0, value - rng.integer(1, 3)) for value in top]
        twins = [dish("wheat", top), dish("barley", top), dish("cress", low), dish("beet", low)]
        results.append(lesson.pareto_menu(rng.shuffled(drawn_menu(rng, 4, 9) + twins)))
    return results

def drawn_weights(rng):
    """A weight for each dimension in quarters, so that sums are exact."""
    return {name: rng.integer(0, 13) / 4 for name in rng.shuffled(FOUR)}

@check("choose_acceleration", weight=2, public=True)
def weighs_the_four_dimensions(lesson, rng):
    """Without requirements the option with the highest weighted sum is chosen."""
    cases = [(drawn_menu(rng, 7, 20), {}, drawn_weights(rng)) for _ in range(12)]
    return [lesson.choose_acceleration(*case) for case in cases]

@check("choose_acceleration", public=True)
def the_alphabet_breaks_ties(lesson, rng):
    """Sums within 1e-9 of the highest go to the first name in alphabetical order, and a larger lead wins."""
    results = []
    for i in range(12):
        names = rng.shuffled(DISHES)[:5]
        weights = {name: 1.0 for name in FOUR}
        tied = [dish(name, rng.shuffled([8, 3, 5, 1])) for name in names[:3]]
        tied[0]["speed"] += [0.0, 1e-10, 1.5e-9][i % 3]
        low = [dish(name, [1, 1, 1, 1]) for name in names[3:]]
        results.append(lesson.choose_acceleration(rng.shuffled(tied + low), {}, weights))
    return results

@check("choose_acceleration", public=True)
def none_if_nothing_is_left(lesson, rng):
    """If no option meets the requirements the answer is None, and only then; the arguments are left as they were."""
    results, unchanged = [], True
    for i in range(10):
        menu, weights, name = drawn_menu(rng, 6, 9), drawn_weights(rng), rng.choice(FOUR)
        highest = max(option[name] for option in menu)
        minimums = {name: highest + 1 if i % 2 else highest}
        kept = copy.deepcopy((menu, minimums, weights))
        results.append(lesson.choose_acceleration(menu, minimums, weights))
        unchanged = unchanged and (menu, minimums, weights) == kept
    return {"choices": results, "unchanged": unchanged}

RACE = {"rtol": 1e-5, "atol": 1e-6}

def hill(mean, std):
    """The denoiser of one Gaussian: x [B, D], t [B]."""

    def denoiser(x, t):
        return mean + (x - mean) * (std**2 / (std**2 + t**2))[:, None]

    return denoiser

def bend(x, t):
    """Stands in for a teleporter: any smooth map of x and t will do."""
    return torch.sin(x.flip(-1)) + 0.1 * t[:, None]

def quality_against_speed(result, rng):
    methods = ("euler", "heun", "teleport")
    lines = {}
    for method in methods:
        rows = [row for row in result if str(row["method"]).startswith(method)]
        if rows:
            lines[method] = ([math.log2(row["nfe"]) for row in rows], [row["rms"] for row in rows])
    return curves("Distance from the true end", lines, xlabel="evaluations, log2", low=0)

@check("speed_race", weight=2, public=True, **RACE, figure=quality_against_speed)
def races_for_equal_evaluations(lesson, rng):
    """Each budget has its Euler row and its Heun row, the teleporter comes last, and the distances are right."""
    mean = rng.normal(2, dtype=torch.float64)
    field = hill(mean, rng.number(0.4, 0.8))
    x = 5.0 * rng.normal(6, 2, dtype=torch.float64)
    return lesson.speed_race(field, bend, x, 5.0, 0.02, [2, 4, 8], n_ref=64)

@check("speed_race", public=True, **RACE)
def spaces_its_levels_by_rho(lesson, rng):
    """Another rho spaces the levels in another way; the cloud stays as it is."""
    field = hill(rng.normal(2, dtype=torch.float64), rng.number(0.4, 0.8))
    x = 4.0 * rng.normal(5, 2, dtype=torch.float64)
    watch = Watch(x)
    rows = lesson.speed_race(field, bend, x, 4.0, 0.05, [4, 6], rho=3.0, n_ref=48)
    return {"rows": rows, "x unchanged": watch.unchanged()}
