"""Compares two outputs of kernels.c: bits are to be equal, values to within a part of their line's largest one."""

import math
import sys

TOLERANCE = 2e-6


def lines_of(path):
    with open(path, encoding="ascii") as file:
        return [line.split() for line in file]


def difference(here, there):
    if len(here) != len(there) or here[0] != there[0]:
        raise SystemExit(f"{here[0]}: expected the same kernels and counts of numbers, found {there[0]}")
    if here[1] == "bits":
        return 0.0 if here == there else float("inf")
    values = [(float(one), float(other)) for one, other in zip(here[1:], there[1:])]
    if not all(math.isfinite(number) for pair in values for number in pair):
        return float("inf")
    largest = max(abs(one) for one, _ in values)
    return max(abs(one - other) for one, other in values) / largest


def main():
    here, there = (lines_of(path) for path in sys.argv[1:3])
    if len(here) != len(there) or not here:
        raise SystemExit(f"expected as many lines, found {len(here)} and {len(there)}")
    found = [(difference(one, other), one[0]) for one, other in zip(here, there)]
    failed = [f"{name}: {value}" for value, name in found if value > TOLERANCE]
    if failed:
        raise SystemExit("they differ: " + ", ".join(failed))
    exact = sum(1 for line in here if line[1] == "bits")
    value, name = max(found)
    print(f"{len(here)} outputs of the portable kernels, {exact} of them bit for bit; at most {value:.1e} apart ({name})")


if __name__ == "__main__":
    main()
