"""How Python's options become cluster.yaml."""

from __future__ import annotations

import json
import os
import re
import unittest
from pathlib import Path
from typing import Any

from legend import _configuration, _job
from legend._margins import COLUMNS
from legend._problems import DROP_ENDING, UNPAIRED_ENDING

from .support import ROOT, needs


def made(model: Any = None, options: Any = None, **sections: Any) -> Any:
    return _configuration.configuration(model, options, sections, _job.OWN_KEYS)


class ConfigurationTests(unittest.TestCase):
    def test_keywords_sections_and_keys_are_the_same(self) -> None:
        expected = {"model": {"path": "/m.gguf"}, "embedding": {"layer": 21, "token": "mean"}}
        self.assertEqual(made("/m.gguf", embedding={"layer": 21, "token": "mean"}), expected)
        self.assertEqual(made({"path": "/m.gguf"}, {"embedding": {"layer": 21, "token": "mean"}}), expected)
        self.assertEqual(made("/m.gguf", {"embedding.layer": 21, "embedding.token": "mean"}), expected)
        self.assertEqual(made("/m.gguf", {"embedding.layer": 21}, embedding={"token": "mean"}), expected)

    def test_what_is_unknown_is_left_to_the_coordinator(self) -> None:
        self.assertEqual(made(embeding={"layr": [1]}, margin=3), {"embeding": {"layr": [1]}, "margin": 3})

    def test_what_is_given_twice_or_is_not_to_be_given_is_an_error(self) -> None:
        cases: Any = {
            "embedding.layer: expected it once": lambda: made(None, {"embedding.layer": 1}, embedding={"layer": 2}),
            "model.path: expected it once": lambda: made("a", {"model.path": "b"}),
            "margin: expected it once": lambda: made(None, {"margin": 1}, margin={"unit": "raw"}),
            "job.state is set by legend.annotate itself": lambda: made(job={"state": "x"}),
            "job.input is set": lambda: made(None, {"job.input": "x"}),
            "expected names of sections": lambda: made(None, {3: {}}),
        }
        for expected, attempt in cases.items():
            with self.subTest(expected), self.assertRaisesRegex(ValueError, expected):
                attempt()

    def test_relative_paths_start_from_the_working_directory(self) -> None:
        here = os.getcwd()
        found = made(
            Path("m.gguf"),
            job={"anchors": ["own", "a.jsonl", "$DATA/b", "~/c", "/d"], "direction_output": Path("x$y")},
            dataset={"columns": {"prompt": "p"}},
        )
        self.assertEqual(found["model"]["path"], os.path.join(here, "m.gguf"))
        self.assertEqual(found["job"]["anchors"], ["own", os.path.join(here, "a.jsonl"), "$DATA/b", "~/c", "/d"])
        self.assertEqual(found["job"]["direction_output"], os.path.join(here, "x$$y"))
        self.assertEqual(made(job={"anchors": "own"})["job"]["anchors"], "own")

    def test_own_values_and_defaults_leave_the_given_ones_as_they_are(self) -> None:
        given = made(cluster={"listen": "tcp://127.0.0.1:5711"}, job={"name": "n"})
        whole = _configuration.completed(given, {"job": {"input": "/i"}}, _job.DEFAULTS)
        self.assertEqual(whole["job"], {"name": "n", "input": "/i"})
        self.assertEqual(whole["cluster"]["listen"], "tcp://127.0.0.1:5711")
        self.assertEqual(given["job"], {"name": "n"})
        self.assertEqual(_configuration.completed({}, {}, _job.DEFAULTS)["cluster"]["listen"], "tcp://127.0.0.1:*")

    def test_yaml_is_ascii_and_says_every_character(self) -> None:
        text = _configuration.as_yaml({"embedding": {"template": 'a\u2028b\x85ä😀\n"\\$'}})
        self.assertTrue(text.isascii())
        # YAML has an escape that JSON has not.
        again = json.loads(text.replace("\\U0001f600", "\\ud83d\\ude00"))
        self.assertEqual(again["embedding"]["template"], 'a\u2028b\x85ä😀\n"\\$')
        with self.assertRaisesRegex(ValueError, "the options cannot be written as YAML"):
            _configuration.as_yaml({"a": object()})

    def test_all_paths_of_the_configuration_are_known(self) -> None:
        source = ROOT / "Sources/Protocol/Configuration/Configuration+YAML.swift"
        needs(str(source), source.exists())
        text = source.read_text("utf-8")
        found = set(re.findall(r'section\.paths?\("(\w+)"', text))
        known = {key for keys in _configuration.PATH_KEYS.values() for key in keys}
        self.assertEqual(found, known)

    def test_all_columns_of_the_output_are_known(self) -> None:
        source = ROOT / "Sources/Coordinator/Dataset/Writing/Annotation.swift"
        needs(str(source), source.exists())
        body = re.search(r"enum OutputColumn: .*?\n(.*?)\n\n", source.read_text("utf-8"), re.S)
        assert body is not None
        cases = re.findall(r'case (\w+)(?: = "(\w+)")?', body[1])
        self.assertEqual([name or case for case, name in cases], list(COLUMNS))
        for ending in (DROP_ENDING, UNPAIRED_ENDING):
            self.assertIn(f'ReasonEnding = "{ending}"', source.read_text("utf-8"))


if __name__ == "__main__":
    unittest.main()
