"""Ours beside a floor, in turns: the part of benchmarks/measure that knows of goals.

Each round runs both of a case one directly after the other, every other round in the opposite order, and has a ratio
of its own: what disturbs the machine for longer meets both. A case has the median of those ratios.
"""

import statistics
import sys
from typing import NamedTuple


class Pair(NamedTuple):
    goal: float
    ours: list
    floor: list


def compare(suite, pairs, rounds, run):
    """One row for each case. `run(name, command)` gives the CPU time of one operation."""
    ours = {name: [] for name in pairs}
    floor = {name: [] for name in pairs}
    for turn in range(rounds):
        for name, pair in pairs.items():
            both = [(ours[name], pair.ours), (floor[name], pair.floor)]
            for values, command in both if turn % 2 == 0 else reversed(both):
                values.append(run(name, command))
        print(f"{suite}: round {turn + 1} of {rounds}", file=sys.stderr)
    return [row(suite, name, pair.goal, ours[name], floor[name]) for name, pair in pairs.items()]


def row(suite, name, goal, ours, floor):
    ratios = [a / b for a, b in zip(ours, floor)]
    ratio = statistics.median(ratios)
    return {
        "suite": suite,
        "case": name,
        "unit": "us/op",
        "ours": statistics.median(ours),
        "floor": statistics.median(floor),
        "ratio": ratio,
        "goal": goal,
        "holds": round(ratio, 2) <= goal,
        "rounds": {"ours": ours, "floor": floor, "ratio": ratios},
    }


def table(rows):
    """Lines of cells, the titles first."""
    lines = [("case", "ours", "floor", "unit", "ratio", "min", "max", "goal", "holds")]
    for r in rows:
        found = (r["ratio"], min(r["rounds"]["ratio"]), max(r["rounds"]["ratio"]))
        numbers = (f"{r['ours']:.4g}", f"{r['floor']:.4g}", r["unit"], *(f"{x:.2f}" for x in found))
        lines.append((r["case"], *numbers, f"{r['goal']:.2f}", "yes" if r["holds"] else "NO"))
    return lines
