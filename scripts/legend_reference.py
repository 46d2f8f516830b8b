#!/usr/bin/env python3
"""Safety margins as Legend's released code computes them, with Hugging Face transformers in f32 and batch size 1.

An independent reference for `embedding.compat: legend`. Needs torch, transformers, accelerate and gguf from PyPI:

    python3 -m venv venv && venv/bin/pip install torch transformers accelerate gguf
    venv/bin/python scripts/legend_reference.py models/SmolLM2-135M-Instruct.Q4_1.gguf \
        Examples/demo/anchors.jsonl Examples/demo/preferences.jsonl margins.jsonl

Anchors have the columns prompt, harmless and harmful; rows have prompt, chosen and rejected. Each line of the output
has the row's number, its margin and both scores.
"""
import argparse
import json
import os

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

INSTRUCTION = (
    "Below is an instruction that describes a task. Write a response that completes the request.\n\n"
    "### Instruction:\n{prompt}\n\n### Response:"
)


class Annotator:
    def __init__(self, path, token):
        folder, name = os.path.split(os.path.abspath(path))
        self.token = token
        self.tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
        self.model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32).eval()

    def embed(self, text):
        """The state after the final norm of the last token, or the mean over all tokens: [hidden]."""
        inputs = self.tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            states = self.model(**inputs, output_hidden_states=True).hidden_states[-1][0]
        return (states[-1] if self.token == "last" else states.mean(0)).double()


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a GGUF file of the llama architecture")
    parser.add_argument("anchors")
    parser.add_argument("rows")
    parser.add_argument("output")
    parser.add_argument("--token", choices=["last", "mean"], default="last")
    options = parser.parse_args()
    annotator = Annotator(options.model, options.token)

    # The released code puts a line break before the response here, and none below.
    differences = []
    for anchor in lines(options.anchors):
        text = INSTRUCTION.format(prompt=anchor["prompt"]) + "\n"
        differences.append(annotator.embed(text + anchor["harmless"]) - annotator.embed(text + anchor["harmful"]))
    direction = torch.stack(differences).mean(0)
    unit = direction / direction.norm()

    with open(options.output, "w", encoding="utf-8") as output:
        for number, row in enumerate(lines(options.rows)):
            text = INSTRUCTION.format(prompt=row["prompt"])
            chosen, rejected = (float(annotator.embed(text + row[side]) @ unit) for side in ("chosen", "rejected"))
            result = {"row": number, "margin": chosen - rejected, "score_chosen": chosen, "score_rejected": rejected}
            output.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
