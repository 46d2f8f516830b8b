"""The sample data with the real programs and the real model, where they are there."""

from __future__ import annotations

import json
import os
import unittest
import warnings
from typing import Optional

import numpy as np

import legend
from legend import _programs

from .support import ROOT, FolderTest, needs

MODEL = ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf"


def programs() -> Optional[str]:
    """Those that are named, else those that `make build` or the tests of `make test` built."""
    for folder in (os.environ.get("LEGEND_BIN"), ROOT / ".build/release"):
        if folder and all(
            os.access(os.path.join(folder, name), os.X_OK) for name in (_programs.COORDINATOR, _programs.WORKER)
        ):
            return os.fspath(folder)
    return None


class RealTests(FolderTest):
    def test_rows_of_the_sample_data_get_margins_that_their_kept_states_say(self) -> None:
        folder = programs()
        needs("legend-coordinator and legend-worker in LEGEND_BIN or .build/release", folder is not None)
        needs(str(MODEL), MODEL.exists())
        with open(ROOT / "Examples/demo/preferences.jsonl", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file][:12]
        rows.insert(3, {"prompt": "without responses"})
        with open(ROOT / "Examples/demo/anchors.jsonl", encoding="utf-8") as file:
            anchors = self.file("anchors.jsonl", "".join(file.readlines()[:4]).encode())
        job = self.folder / "job"
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = legend.annotate(
                rows,
                MODEL,
                programs=folder,
                work_dir=job,
                progress=False,
                job={"anchors": anchors},
                embedding={"layer": 3, "token": "mean-response", "keep_embeddings": True},
            )
        self.assertTrue(any("1 row without a margin" in str(item.message) for item in caught))
        self.assertEqual([row["prompt"] for row in found], [row["prompt"] for row in rows])
        self.assertIsNone(found[3]["margin"])
        annotated = [row for row in found if row["margin"] is not None]
        self.assertEqual(len(annotated), 12)

        direction = legend.read_direction(job / "annotated.direction.safetensors")
        self.assertEqual((direction.provenance.layer, direction.provenance.token), (3, "mean-response"))
        kept = legend.read_embeddings(job / "annotated.embeddings")
        kept.check()
        self.assertEqual(list(kept.rows), [row for row in range(13) if row != 3])
        scores = kept.states(3, "mean-response") @ direction.unit
        expected = np.array([[row["score_chosen"], row["score_rejected"]] for row in annotated])
        # Kept states are in half precision.
        np.testing.assert_allclose(scores, expected, atol=0.02 * float(np.abs(expected).max()))
        self.assertEqual(legend.read_report(job / "annotated.jsonl")["run"]["rows"], 13)

        with self.assertRaisesRegex(legend.JobError, 'unknown key "embeding"; did you mean "embedding"') as refused:
            legend.annotate(rows, MODEL, programs=folder, work_dir=self.folder / "other", progress=False, embeding={})
        self.assertEqual(refused.exception.status, 2)


if __name__ == "__main__":
    unittest.main()
