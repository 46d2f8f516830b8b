#!/usr/bin/env python3
"""Makes the reference numbers of Tests/MarginsTests/Golden, by numpy, scipy and scikit-learn.

  make-margin-fixtures.py           writes the file
  make-margin-fixtures.py --check   says whether it has what would be written, to 1e-8

Nothing is shared with the package but the random numbers (SplitMix64), from which both sides make the same data. Made
with numpy 2.4, scipy 1.17 and scikit-learn 1.9.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import expit
from scipy.stats import pearsonr, spearmanr
from scipy.stats import t as student
from sklearn.covariance import LedoitWolf
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

HIDDEN = 24
LAMBDAS_RIDGE = [0.3, 10.0]
LAMBDA_LOGISTIC = 1e-2
GROUPS = 5


class Random:
    """SplitMix64, as Sources/SeededRandom."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    def uniform(self):
        """In -1 ..< 1, of 24 bits: exact in single precision."""
        return (self.next() >> 40) * 2.0**-23 - 1


def differences(rows, seed):
    """As ReferenceData.differences: columns of three sizes, with a mean that is not theirs."""
    random = Random(seed)
    data = np.zeros((rows, HIDDEN), np.float32)
    for row in range(rows):
        for column in range(HIDDEN):
            noise = np.float32(random.uniform()) * np.float32(1 + column % 3)
            data[row, column] = noise + np.float32(0.25) * np.float32(column % 5 - 1)
    return data.astype(np.float64)


def unit(vector):
    return vector / np.linalg.norm(vector)


def fits(data):
    """The direction of each estimator, of norm 1."""
    rows, mean = len(data), data.mean(axis=0)
    moment = data.T @ data / rows
    component = np.linalg.svd(data, full_matrices=False)[2][0]
    found = {"mean": unit(mean), "pca": component * np.sign(component @ mean)}
    for lambda_ in LAMBDAS_RIDGE:
        penalty = lambda_ * np.trace(moment) / HIDDEN * np.eye(HIDDEN)
        found[f"ridge.{lambda_}"] = unit(np.linalg.solve(moment + penalty, mean))
    scaled = data / np.sqrt((data**2).mean())
    model = LogisticRegression(
        C=1 / (LAMBDA_LOGISTIC * 2 * rows), fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    model.fit(np.vstack([scaled, -scaled]), np.repeat([1, 0], rows))
    found["logistic"] = unit(model.coef_[0])
    found["ledoitwolf"] = unit(np.linalg.solve(LedoitWolf().fit(data).covariance_, mean))
    return found


def held_out(found):
    """Margins along directions that were fitted without the row's group."""
    for rows in [20, 60]:
        data, groups = differences(rows, seed=rows), np.arange(rows) % GROUPS
        margins = {}
        for group in range(GROUPS):
            for name, direction in fits(data[groups != group]).items():
                margins.setdefault(name, np.zeros(rows))[groups == group] = data[groups == group] @ direction
        found.update({f"held out.{name}.{rows}": values for name, values in margins.items()})


def estimators(found):
    for rows in [3, 16, 60]:
        found.update({f"{name}.{rows}": direction for name, direction in fits(differences(rows, seed=rows)).items()})
    data, rows = differences(60, seed=60), differences(40, seed=99)
    average = 0
    for kind in range(3):
        part = data[kind::3]
        moment = part.T @ part / len(part)
        member = unit(np.linalg.solve(moment + 0.3 * np.trace(moment) / HIDDEN * np.eye(HIDDEN), part.mean(axis=0)))
        average = average + member / (rows @ member).std(ddof=1)
    found["ensemble"] = unit(average)


def column(rows, seed, levels):
    """As ReferenceData.column: few different values, so that some are equal."""
    random = Random(seed)
    return np.array([np.floor(random.uniform() * levels) / levels for _ in range(rows)])


def explained(scores, design):
    """R² of least squares and what is left of it for the number of columns, the intercept among them."""
    residual = scores - design @ np.linalg.lstsq(design, scores, rcond=None)[0]
    rows, columns = design.shape
    share = 1 - (residual @ residual) / ((scores - scores.mean()) ** 2).sum()
    return [share, 1 - (1 - share) * (rows - 1) / (rows - columns)]


def measures(found):
    left, noise = column(50, 1, 8), column(50, 2, 4)
    right = left + 2 * noise
    categories = np.arange(50) * 7 % 11
    isPositive = np.arange(50) % 3 == 0
    found["auc"] = roc_auc_score(isPositive, left + isPositive * 0.25)
    found["spearman"] = spearmanr(left, right).statistic
    found["pearson"] = pearsonr(left, right).statistic
    found["effect"] = (left + 0.25).mean() / left.std(ddof=1)
    found["numeric"] = explained(left, np.column_stack([np.ones(50), right]))
    found["categorical"] = explained(left + 0.25 * (categories % 3), np.eye(11)[categories])


def calibration(found):
    margins = column(120, 3, 16) + 0.25
    target = (len(margins) + 1) / (len(margins) + 2)
    # Each row is right by the one part of its weight, and wrong by the other.
    model = LogisticRegression(C=1e14, fit_intercept=False, solver="newton-cholesky", tol=1e-13, max_iter=1000)
    both = np.concatenate([margins, margins])[:, None]
    weights = np.concatenate([np.full(120, target), np.full(120, 1 - target)])
    model.fit(both, np.repeat([1, 0], 120), sample_weight=weights)
    found["platt"] = model.coef_[0]
    found["isotonic"] = IsotonicRegression().fit_transform(np.abs(margins), margins > 0)
    confidence = 1 / (1 + np.exp(-np.abs(3 * margins)))
    # A margin of 0 is right and wrong by half.
    right = (np.sign(margins) + 1) / 2
    bins = np.minimum(((confidence - 0.5) * 20).astype(int), 9)
    found["calibration error"] = sum(
        np.abs(confidence[bins == bin_].sum() - right[bins == bin_].sum()) for bin_ in range(10)) / 120


def baselines(found):
    random = Random(4)
    rows = np.zeros((40, 50))
    for row in range(40):
        for place in range(6):
            rows[row, (row * 7 + place * place * 3) % 50] += np.float32(random.uniform() + 0.25 * (place % 3))
    factor = np.sqrt(40 / (rows**2).sum())
    model = LogisticRegression(
        C=1 / (1e-3 * 2 * 40), fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    model.fit(csr_matrix(np.vstack([rows, -rows]) * factor), np.repeat([1, 0], 40))
    found["baseline"] = rows @ model.coef_[0] * factor


def reward_heads(found):
    """Minima of the loss of reward heads with margins and weights, by Newton's method on dense matrices."""
    values = differences(90, 41).astype(float)
    margins = column(90, 42, 8) * 3 - 1
    weights = np.floor((column(90, 43, 4) + 1) * 2)
    for name, penalty, own, counts in (
        ("margins", 0.1, margins, np.ones(90)), ("weights", 0.02, margins, weights),
        ("plain", 0.003, np.zeros(90), np.ones(90))):
        shares = counts / counts.sum()
        head = np.zeros(values.shape[1])
        for _ in range(60):
            excess = values @ head - own
            gradient = penalty * head - values.T @ (expit(-excess) * shares)
            hessian = (values.T * (expit(excess) * expit(-excess) * shares)) @ values + penalty * np.eye(len(head))
            head = head - np.linalg.solve(hessian, gradient)
        found[f"reward-head-{name}"] = list(head)
    statistics = [0.0, 0.3, 1.0, 1.96, 2.5, 4.0, 12.0]
    for degrees in (1, 2, 5, 29, 400):
        found[f"student-tails-{degrees}"] = list(2 * student.sf(statistics, degrees))


def reference():
    found = {}
    estimators(found)
    measures(found)
    calibration(found)
    baselines(found)
    reward_heads(found)
    held_out(found)
    return {name: [round(float(value), 10) for value in np.ravel(values)] for name, values in found.items()}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the file has other numbers")
    check = parser.parse_args().check
    path = Path(__file__).resolve().parent.parent / "Tests/MarginsTests/Golden/reference.json"
    made = reference()
    if check:
        there = json.loads(path.read_text())
        same = there.keys() == made.keys() and all(
            len(there[name]) == len(made[name]) and np.allclose(there[name], made[name], rtol=0, atol=1e-8)
            for name in made)
        if not same:
            sys.exit(f"{path.name} has not what this script writes")
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f" {json.dumps(name)}: {json.dumps(values)}" for name, values in made.items()]
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
        print(f"{path.name}: {path.stat().st_size} bytes")


main()
