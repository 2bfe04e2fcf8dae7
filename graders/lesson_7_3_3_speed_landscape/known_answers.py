"""Known right and wrong answers to lesson 7.3.3."""

import itertools
import math

import torch

from blindgrade.known_answers import exercise, right, wrong

exercise("speed_level")
wrong("by_step_count", 'if not card["changes_weights"]:', 'if card["claimed_steps"] > 10:',
      hint="Step count is a symptom. Ask what was changed: the solver, the path, or the question the network answers.")
wrong("adversarial_is_3a", 'return "3b"', 'return "3a"',
      hint="A discriminator makes a one-jump model 3b, whatever other loss (distillation, self-consistency) is mixed in.")
wrong("consistency_first", 'if "discriminator" in card["extra_networks"]:', 'if "discriminator" in card["extra_networks"] and card["loss"] != "self_consistency":',
      hint="Mixed losses: the discriminator decides 3b.")


@wrong(hint="The velocity question comes before the discriminator: stop at the first that fits.")
def discriminator_before_velocity(card):
    if not card["changes_weights"]:
        return "1"
    if "discriminator" in card["extra_networks"]:
        return "3b"
    if card["loss"] == "velocity":
        return "2"
    if card["loss"] == "self_consistency":
        return "3a"
    raise ValueError("no level")


@wrong(hint="Ask about the weights first: without training there is no new path, no new question.")
def loss_before_weights(card):
    if card["loss"] == "velocity":
        return "2"
    if "discriminator" in card["extra_networks"]:
        return "3b"
    if card["loss"] == "self_consistency":
        return "3a"
    if not card["changes_weights"]:
        return "1"
    raise ValueError("no level")


@wrong(hint="A trained model with none of the marks has no place on this map: raise ValueError.")
def leftovers_are_3a(card):
    if not card["changes_weights"]:
        return "1"
    if card["loss"] == "velocity":
        return "2"
    return "3b" if "discriminator" in card["extra_networks"] else "3a"


@right
def by_match(card):
    critic = "discriminator" in card["extra_networks"]
    match (card["changes_weights"], card["loss"], critic):
        case (False, _, _):
            return "1"
        case (True, "velocity", _):
            return "2"
        case (True, _, True):
            return "3b"
        case (True, "self_consistency", False):
            return "3a"
        case _:
            raise ValueError(card)


@right
def by_a_list_of_rules(card):
    rules = [
        ("1", lambda c: c["changes_weights"] is False),
        ("2", lambda c: c["loss"] == "velocity"),
        ("3b", lambda c: c["extra_networks"].count("discriminator") > 0),
        ("3a", lambda c: c["loss"] == "self_consistency"),
    ]
    for level, fits in rules:
        if fits(card):
            return level
    raise ValueError("none of the rules fits")


exercise("known_method_level")
wrong("lcm_lora_is_level1", "return LEVELS[name]", 'return "1" if name == "lcm_lora" else LEVELS[name]',
      hint="LCM-LoRA is plugged in like a tool but it changes what the network predicts.")
wrong("flow_is_level1", "return LEVELS[name]", 'return "1" if LEVELS[name] == "2" else LEVELS[name]',
      hint="Flow matching changes the trajectory itself, not the solver.")
wrong("no_split", "return LEVELS[name]", "return LEVELS[name][0]",
      hint="Level 3 has two branches: 3a consistency, 3b adversarial.")


@wrong(hint="A name that is not on the list is an error, not a guess.")
def strangers_are_level1(name):
    return LEVELS.get(name, "1")


@right
def by_groups(name):
    groups = {
        "1": {"ddim", "dpm_solver_pp", "euler_karras", "unipc"},
        "2": {"flow_matching", "rectified_flow", "sd3_base"},
        "3a": {"consistency_distillation", "consistency_training", "lcm", "lcm_lora"},
        "3b": {"add", "sdxl_turbo"},
    }
    for level, names in groups.items():
        if name in names:
            return level
    raise ValueError(name)


@right
def by_key_error(name):
    table = dict.fromkeys("ddim dpm_solver_pp euler_karras unipc".split(), "1")
    table |= dict.fromkeys("flow_matching rectified_flow sd3_base".split(), "2")
    table |= dict.fromkeys("consistency_distillation consistency_training lcm lcm_lora".split(), "3a")
    table |= dict.fromkeys("add sdxl_turbo".split(), "3b")
    try:
        return table[name]
    except KeyError:
        raise ValueError(f"unknown method {name}") from None


exercise("composability_matrix")
wrong("substring_levels", "levels[i][0] != levels[j][0]", "levels[i] != levels[j]",
      hint="3a and 3b are the same level: two networks cannot both redefine the jump.")
wrong("inverted", "levels[i][0] != levels[j][0]", "levels[i][0] == levels[j][0]",
      hint="Your ones stand where the levels are equal: methods compose across levels, not within one.")
wrong("inverted_off_the_diagonal", "levels[i][0] != levels[j][0]", "i != j and levels[i][0] == levels[j][0]",
      hint="Your ones stand where two methods share a level: methods compose across levels, not within one.")
wrong("everything_composes", "levels[i][0] != levels[j][0]", "True",
      hint="The kitchen sink: two answers to the same question conflict.")
wrong("only_itself_excluded", "levels[i][0] != levels[j][0]", "i != j",
      hint="Not only the diagonal is 0: two different methods of one level do not compose either.")
wrong("one_way", "levels[i][0] != levels[j][0]", "levels[i][0] < levels[j][0]",
      hint="If a composes with b, then b composes with a: the table is symmetric.")


@right
def by_tensor(levels):
    digit = torch.tensor([int(level[0]) for level in levels])
    return (digit[:, None] != digit[None, :]).int().tolist()


@right
def symmetric_fill(levels):
    n = len(levels)
    table = [[0] * n for _ in range(n)]
    for i, j in itertools.combinations(range(n), 2):
        if levels[i].rstrip("ab") != levels[j].rstrip("ab"):
            table[i][j] = table[j][i] = 1
    return table


@right
def in_bools(levels):
    return [[a[0] != b[0] for b in levels] for a in levels]


exercise("stack_conflicts")
wrong("exact_level", "levels[stack[i]][0] == levels[stack[j]][0]", "levels[stack[i]] == levels[stack[j]]",
      hint="LCM + Turbo conflict too: both are level 3.")
wrong("adjacent_only", "range(i + 1, len(stack))", "range(i + 1, min(i + 2, len(stack)))",
      hint="Check every pair, not only neighbours.")
wrong("first_only", "return sorted(bad)", "return sorted(bad)[:1]",
      hint="You stopped at the first conflict: the report names all pairs of one level.")
wrong("pairs_as_stacked", "sorted([stack[i], stack[j]])", "[stack[i], stack[j]]",
      hint="Inside each pair the names are in alphabetical order, however the stack was written down.")
wrong("list_not_sorted", "return sorted(bad)", "return bad",
      hint="Sort the list of pairs, too: the report must not depend on how the stack was written down.")


@right
def by_combinations_of_sorted_names(stack, levels):
    return [(a, b) for a, b in itertools.combinations(sorted(stack), 2) if levels[a][:1] == levels[b][:1]]


@right
def by_the_matrix(stack, levels):
    names = sorted(stack)
    table = composability_matrix([levels[name] for name in names])
    return [(a, b) for i, a in enumerate(names) for j, b in enumerate(names) if i < j and not table[i][j]]


exercise("quality_cost_regions")
wrong("per_step", "(fid[b] - fid[a]) / math.log2(speedup)", "(fid[b] - fid[a]) / (steps[a] - steps[b])",
      hint="1000 to 20 drops 980 steps, but what you gain is a factor 50. Measure cost per doubling of speed.")
wrong("total_cost", "(fid[b] - fid[a]) / math.log2(speedup)", "fid[b] - fid[a]",
      hint="Divide by how many doublings of speed it bought.")
wrong("assumes_sorted", "sorted(range(len(steps)), key=lambda i: -steps[i])", "list(range(len(steps)))",
      hint="Neighbours are neighbours in the step count, whatever the order of the lists: sort by falling steps first.")
wrong("natural_logarithm", "math.log2(speedup)", "math.log(speedup)",
      hint="Doublings are counted by the logarithm to base 2.")
wrong("threshold_included", "cost < free_below", "cost <= free_below",
      hint="Free means below the threshold; a price that equals it is not below it.")


@wrong(hint="The thresholds are arguments: use the ones that were passed in.")
def hard_coded_thresholds(steps, fid, free_below=0.5, cheap_below=2.0):
    order = sorted(range(len(steps)), key=lambda i: -steps[i])
    rows = []
    for a, b in zip(order[:-1], order[1:], strict=True):
        cost = (fid[b] - fid[a]) / math.log2(steps[a] / steps[b])
        label = "free" if cost < 0.5 else "cheap" if cost < 2 else "expensive"
        row = {"from": steps[a], "to": steps[b], "speedup": steps[a] / steps[b]}
        rows.append({**row, "cost_per_doubling": cost, "label": label})
    return rows


@right
def by_sorted_pairs(steps, fid, free_below=0.5, cheap_below=2.0):
    points = sorted(zip(steps, fid, strict=True), reverse=True)
    rows = []
    for (n, worse), (m, better) in itertools.pairwise(points):
        cost = (better - worse) * math.log(2) / math.log(n / m)
        if cost >= cheap_below:
            label = "expensive"
        elif cost >= free_below:
            label = "cheap"
        else:
            label = "free"
        rows.append({"from": n, "to": m, "speedup": n / m, "cost_per_doubling": cost, "label": label})
    return rows


@right
def by_differences_of_logs(steps, fid, free_below=0.5, cheap_below=2.0):
    fid_at = dict(zip(steps, fid, strict=True))
    falling = sorted(steps, reverse=True)
    rows = []
    for k in range(len(falling) - 1):
        n, m = falling[k], falling[k + 1]
        cost = (fid_at[m] - fid_at[n]) / (math.log2(n) - math.log2(m))
        label = ["free", "cheap", "expensive"][(cost >= free_below) + (cost >= cheap_below)]
        rows.append({"label": label, "cost_per_doubling": cost, "speedup": n / m, "to": m, "from": n})
    return rows


exercise("end_to_end_latency")
wrong("cfg_free", "steps * (2 if cfg else 1)", "steps",
      hint="Classifier-free guidance evaluates the network twice per step (distilled models drop it).")
wrong("ignores_fixed", "ms = fixed_ms + evals * ms_per_eval", "ms = evals * ms_per_eval",
      hint="Text encoder and VAE do not get faster.")
wrong("limit_inverted", "ms / fixed_ms", "fixed_ms / ms",
      hint="The speed-up limit is old time / time with zero evaluations.")
wrong("fixed_doubled_too", "ms = fixed_ms + evals * ms_per_eval", "ms = (fixed_ms + steps * ms_per_eval) * (2 if cfg else 1)",
      hint="Guidance doubles the evaluations, not the text encoder and the VAE.")
wrong("always_guided", "steps * (2 if cfg else 1)", "steps * 2", hint="Without guidance a step is one evaluation.")


@right
def all_floats(steps, ms_per_eval, fixed_ms, cfg):
    evals = float(steps + steps * cfg)
    return {
        "evals": evals,
        "ms": evals * ms_per_eval + fixed_ms,
        "speedup_limit": 1.0 + evals * ms_per_eval / fixed_ms,
    }


@right
def step_by_step(steps, ms_per_eval, fixed_ms, cfg):
    evals, ms = 0, fixed_ms
    for _ in range(steps):
        for _ in ("with", "without") if cfg else ("with",):
            evals += 1
            ms += ms_per_eval
    return {"ms": ms, "evals": evals, "speedup_limit": ms / fixed_ms}


exercise("pareto_menu")


@wrong(hint="A menu keeps everything that is best for someone, not only the fastest.")
def fastest_only(options):
    return sorted(o["name"] for o in options if o["speed"] == max(p["speed"] for p in options))


wrong("strict_all", "all(a[d] >= b[d] for d in DIMS) and any(a[d] > b[d] for d in DIMS)", "all(a[d] > b[d] for d in DIMS)",
      hint="To dominate it is enough to be no worse everywhere and better somewhere.")
wrong("ties_vanish", "all(a[d] >= b[d] for d in DIMS) and any(a[d] > b[d] for d in DIMS)", "a is not b and all(a[d] >= b[d] for d in DIMS)",
      hint="Two equal options do not dominate each other.")
wrong("better_somewhere_is_enough", "all(a[d] >= b[d] for d in DIMS) and any(a[d] > b[d] for d in DIMS)", "sum(a[d] > b[d] for d in DIMS) > sum(a[d] < b[d] for d in DIMS)",
      hint="Winning in more dimensions is not dominating: one in which the other is better keeps it on the menu.")


@wrong(hint="All four dimensions count, flexibility and composability too.")
def speed_and_quality_only(options):
    def dominates(a, b):
        two = ("speed", "quality")
        return all(a[d] >= b[d] for d in two) and any(a[d] > b[d] for d in two)

    return sorted(o["name"] for o in options if not any(dominates(p, o) for p in options))


@wrong(hint="Sort the names: the answer must not depend on the order of the options.")
def in_the_order_given(options):
    def dominates(a, b):
        return all(a[d] >= b[d] for d in DIMS) and any(a[d] > b[d] for d in DIMS)

    return [o["name"] for o in options if not any(dominates(p, o) for p in options)]


@right
def by_tensor_comparison(options):
    values = torch.tensor([[float(o[d]) for d in DIMS] for o in options], dtype=torch.float64)
    p, q = values[:, None], values[None, :]
    dominated = ((p >= q).all(-1) & (p > q).any(-1)).any(0)
    return sorted(o["name"] for o, out in zip(options, dominated.tolist(), strict=True) if not out)


@right
def by_striking_off(options):
    keep = {o["name"]: tuple(o[d] for d in DIMS) for o in options}
    everything = list(keep.values())
    for name, mine in list(keep.items()):
        for other in everything:
            if other != mine and all(a >= b for a, b in zip(other, mine, strict=True)):
                keep.pop(name, None)
    return sorted(keep)


exercise("choose_acceleration")


@wrong(hint="'Which is right for what I need?', not 'which is fastest?'")
def fastest_wins(options, minimums, weights):
    ok = [o for o in options if all(o[d] >= minimums.get(d, 0) for d in DIMS)]
    return max(ok, key=lambda o: o["speed"])["name"] if ok else None


wrong("ignores_minimums", "ok = [o for o in options if all(o[d] >= minimums.get(d, 0) for d in DIMS)]", "ok = list(options)",
      hint="Requirements come first: drop what fails a minimum before weighing.")


@wrong(hint="All four dimensions counted alike: multiply each by the scenario's weight for it.")
def forgets_weights(options, minimums, weights):
    ok = [o for o in options if all(o[d] >= minimums.get(d, 0) for d in DIMS)]
    if not ok:
        return None
    best = max(sum(o[d] for d in DIMS) for o in ok)
    return min(o["name"] for o in ok if abs(sum(o[d] for d in DIMS) - best) < 1e-9)


wrong("minimum_not_enough", "o[d] >= minimums.get(d, 0)", "o[d] > minimums.get(d, -1)",
      hint="Reaching a minimum exactly is enough.")
wrong("first_of_the_tied", 'return min(o["name"] for o in tied)', 'return tied[0]["name"]',
      hint="Among equal sums the alphabet decides, not the order of the options.")
wrong("rounding_breaks_ties", "< 1e-9", "<= 0",
      hint="Sums within 1e-9 of each other are tied: rounding must not choose.")


@wrong(hint="If nothing meets the requirements the answer is None, not the least bad.")
def least_bad(options, minimums, weights):
    ok = [o for o in options if all(o[d] >= minimums.get(d, 0) for d in DIMS)] or list(options)
    best = max(sum(weights[d] * o[d] for d in DIMS) for o in ok)
    return min(o["name"] for o in ok if abs(sum(weights[d] * o[d] for d in DIMS) - best) < 1e-9)


@right
def by_alphabetical_scan(options, minimums, weights):
    chosen, record = None, -math.inf
    for option in sorted(options, key=lambda o: o["name"]):
        if any(option[d] < limit for d, limit in minimums.items()):
            continue
        total = math.fsum(weights[d] * option[d] for d in weights)
        if total > record + 1e-9:
            chosen, record = option["name"], total
    return chosen


@right
def by_a_table_of_sums(options, minimums, weights):
    totals = {}
    for o in options:
        if not any(d in minimums and o[d] < minimums[d] for d in DIMS):
            totals[o["name"]] = weights["speed"] * o["speed"] + sum(weights[d] * o[d] for d in DIMS[1:])
    if totals == {}:
        return None
    top = max(totals.values())
    return sorted(name for name, total in totals.items() if math.isclose(total, top, rel_tol=0, abs_tol=1e-9))[0]


exercise("speed_race")
wrong("heun_counts_steps", "y = x + (b - a) * 0.5 * (d + d2)\n                nfe += 1", "y = x + (b - a) * 0.5 * (d + d2)",
      hint="Count network evaluations, not steps: Heun pays two per step.")
wrong("heun_full_budget", "run(budget // 2, True)", "run(budget, True)",
      hint="With the same budget Heun may take only half as many steps.")
wrong("linear_grid", "(start + i / n * (end - start)) ** rho", "t_max + i / n * (t_min - t_max)",
      hint="Use the rho=7 grid: it spends steps where the path curves.")
wrong("fixed_rho", "start, end = t_max ** (1 / rho), t_min ** (1 / rho)", "rho = 7.0; start, end = t_max ** (1 / 7.0), t_min ** (1 / 7.0)",
      hint="rho is an argument: use the one that was passed in.")
wrong("mean_over_coordinates", ".square().sum(dim=-1).mean().sqrt()", ".square().mean().sqrt()",
      hint="The distance of a point sums the squares over its coordinates; only the points are averaged.")
wrong("mean_of_distances", ".square().sum(dim=-1).mean().sqrt()", ".square().sum(dim=-1).sqrt().mean()",
      hint="Root mean square: average the squared distances, then take the root.")
wrong("slope_at_the_wrong_place", "d2 = slope(y, b)", "d2 = slope(x, b)",
      hint="Heun's second look is from the place where Euler would land.")
wrong("euler_judge", "reference, _ = run(n_ref, True)", "reference, _ = run(n_ref, False)",
      hint="The judge walks with Heun, n_ref steps.")


@right
def with_tensor_grid(denoiser, teleport, x_init, t_max, t_min, budgets, rho=7.0, n_ref=256):
    def levels(n):
        return torch.linspace(t_max ** (1 / rho), t_min ** (1 / rho), n + 1, dtype=torch.float64) ** rho

    def slope(x, t):
        return (x - denoiser(x, t.to(x.dtype).expand(len(x)))) / t.to(x.dtype)

    def euler(n):
        x, ts = x_init.clone(), levels(n)
        for i in range(n):
            x = x + (ts[i + 1] - ts[i]).to(x.dtype) * slope(x, ts[i])
        return x

    def heun(n):
        x, ts = x_init.clone(), levels(n)
        for i in range(n):
            step = (ts[i + 1] - ts[i]).to(x.dtype)
            first = slope(x, ts[i])
            x = x + step / 2 * (first + slope(x + step * first, ts[i + 1]))
        return x

    target = heun(n_ref)

    def rms(x):
        return float(torch.linalg.vector_norm(x - target) / len(x) ** 0.5)

    rows = []
    for budget in budgets:
        rows.append({"method": "euler", "nfe": budget, "rms": rms(euler(budget))})
        half = budget // 2
        if half:
            rows.append({"method": "heun", "nfe": 2 * half, "rms": rms(heun(half))})
    jump = teleport(x_init, x_init.new_full((len(x_init),), t_max))
    return [*rows, {"method": "teleport", "nfe": 1, "rms": rms(jump)}]


@right
def along_the_noise_direction(denoiser, teleport, x_init, t_max, t_min, budgets, rho=7.0, n_ref=256):
    """In float64 inside, with each Euler step as a mixture of where we stand and the clean prediction."""
    calls = 0

    def clean(x, t):
        nonlocal calls
        calls += 1
        return denoiser(x.to(x_init.dtype), torch.full((x.shape[0],), t, dtype=x_init.dtype)).double()

    def walk(n, correct):
        x = x_init.double()
        grid = [((1 - i / n) * t_max ** (1 / rho) + i / n * t_min ** (1 / rho)) ** rho for i in range(n + 1)]
        for t, s in itertools.pairwise(grid):
            guess = clean(x, t)
            landed = guess + s / t * (x - guess)
            if correct:
                again = clean(landed, s)
                landed = x + 0.5 * (s - t) * ((x - guess) / t + (landed - again) / s)
            x = landed
        return x

    judge = walk(n_ref, True)
    rows = []

    def record(method, x, nfe):
        gap = (x - judge).pow(2).sum(1).mean().item()
        rows.append({"method": method, "nfe": nfe, "rms": math.sqrt(gap)})

    for budget in budgets:
        for method in ("euler", "heun"):
            if method == "heun" and budget < 2:
                continue
            before = calls
            x = walk(budget, False) if method == "euler" else walk(budget // 2, True)
            record(method, x, calls - before)
    record("teleport", teleport(x_init, torch.full((x_init.shape[0],), t_max, dtype=x_init.dtype)).double(), 1)
    return rows
