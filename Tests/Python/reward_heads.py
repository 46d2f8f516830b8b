"""Checks the linear reward heads of an evaluation against implementations that are not ours.

    reward_heads.py X.heads.safetensors X.embeddings
    reward_heads.py --job .build/release models/SmolLM2-135M-Instruct.Q4_1.gguf Examples/demo

The heads are those that `legend-coordinator evaluate` trained on the embeddings that the job kept; with --job, a job on the
sample data is run and evaluated first. The one without a margin
must be scikit-learn's logistic regression on the pairs' differences and their mirror images, without an intercept; those with
margins, the minimum that scipy's L-BFGS-B finds of the same loss, written down here once more. Weights must agree to 1e-6 of
their norm, and the rows that they order as labelled to 1e-4 of all.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parent))
from kept_states import read_file, row_differences  # noqa: E402

WEIGHTS_TOLERANCE = 1e-6
ACCURACY_TOLERANCE = 1e-4


def without_margin(differences, penalty):
    """A penalty on the mean loss is 1 / (C n) in scikit-learn; mirror images count twice."""
    count = len(differences)
    both = numpy.concatenate([differences, -differences])
    labels = numpy.repeat([1, 0], count)
    model = LogisticRegression(
        C=1 / (penalty * 2 * count), fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    return model.fit(both, labels).coef_[0]


def with_margins(differences, margins, penalty):
    def loss(weights):
        excess = differences @ weights - margins
        slope = -expit(-excess) / len(excess)
        value = numpy.logaddexp(0, -excess).mean() + penalty / 2 * weights @ weights
        return value, differences.T @ slope + penalty * weights

    weights = numpy.zeros(differences.shape[1])
    options = {"maxiter": 20_000, "maxfun": 40_000, "ftol": 0, "gtol": 1e-14, "maxcor": 50}
    for _ in range(3):
        weights = minimize(loss, weights, jac=True, method="L-BFGS-B", options=options).x
    # A Newton step on what quasi-Newton steps leave, which rounding in the line search hides.
    for _ in range(3):
        excess = differences @ weights - margins
        curvature = expit(excess) * expit(-excess) / len(excess)
        hessian = (differences.T * curvature) @ differences + penalty * numpy.eye(len(weights))
        weights = weights - numpy.linalg.solve(hessian, loss(weights)[1])
    return weights


def run_job(folder, binaries, model, demo):
    """Runs and evaluates a job that keeps its embeddings: what it wrote."""
    configuration = {
        "job": {
            "input": str(Path(demo).absolute() / "preferences.jsonl"), "output": "out.jsonl",
            "anchors": str(Path(demo).absolute() / "anchors.jsonl")},
        "model": {"path": str(Path(model).absolute()), "precision": "f32"},
        "embedding": {
            "layer": 21, "token": "mean-response", "keep_embeddings": True, "keep_layers": [-1], "keep_tokens": ["last"]},
        "evaluation": {"seeds": 2},
        "cluster": {"listen": "tcp://127.0.0.1:*"}}
    (folder / "job.yaml").write_text(json.dumps(configuration))
    for command in ("run", "evaluate"):
        program = Path(binaries).absolute() / "legend-coordinator"
        subprocess.run([program, command, "job.yaml", "--quiet", "--local-workers", "1"], cwd=folder, check=True)
    return folder / "out.heads.safetensors", folder / "out.embeddings"


def main():
    if sys.argv[1] == "--job":
        with tempfile.TemporaryDirectory() as folder:
            check(*run_job(Path(folder), *sys.argv[2:]))
    else:
        check(Path(sys.argv[1]), Path(sys.argv[2]))


def check(heads, embeddings):
    tensors, metadata = read_file(heads)
    layer, token = int(metadata["layer"]), metadata["token"]
    differences = row_differences(embeddings, layer, token, tensors["rows"])
    # As close to 1 as the optimisers like it.
    scale = numpy.sqrt((differences**2).mean())
    scaled, penalty = differences / scale, float(metadata["penalty"]) / scale**2
    failures = 0
    for arm, weights, margins in zip(metadata["arms"].split(", "), tensors["weights"], tensors["margins"]):
        if arm == "none":
            expected = without_margin(scaled, penalty) / scale
        else:
            expected = with_margins(scaled, margins, penalty) / scale
        distance = numpy.linalg.norm(weights - expected) / numpy.linalg.norm(expected)
        accuracies = [numpy.mean(differences @ w > 0) for w in (weights, expected)]
        isRight = distance <= WEIGHTS_TOLERANCE and abs(accuracies[0] - accuracies[1]) <= ACCURACY_TOLERANCE
        failures += not isRight
        print(
            f"{'ok' if isRight else 'WRONG'}: {arm}: weights are {distance:.1e} apart, accuracies {accuracies[0]:.4f} and "
            f"{accuracies[1]:.4f}, on {len(differences)} rows")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
