#!/usr/bin/env python3
"""What Hugging Face transformers generates greedily, in f32: the tokens that the engine's are compared with.

    greedy_reference.py MODEL.gguf PROMPTS.jsonl OUTPUT.json [--count 50] [--tokens 48]

Takes the first prompts of a file that differ, in the alpaca template, and writes for each the text, its token ids, the
tokens that follow, and for each of these how far its logit was above that of the second likeliest token: where that is next
to nothing, rounding decides. (transformers makes other ids of a line break before a digit than the model's own tokenizer
does; prompts with one are left out.) Needs torch, transformers and gguf.
"""
import argparse
import json
import os
import re

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model")
parser.add_argument("prompts")
parser.add_argument("output")
parser.add_argument("--count", type=int, default=50)
parser.add_argument("--tokens", type=int, default=48)
arguments = parser.parse_args()

torch.set_grad_enabled(False)
folder, name = os.path.split(os.path.abspath(arguments.model))
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32).eval()

texts = {}
with open(arguments.prompts) as lines:
    for line in lines:
        text = (
            "Below is an instruction that describes a task. Write a response that completes the request.\n\n"
            f"### Instruction:\n{json.loads(line)['prompt']}\n\n### Response:\n"
        )
        if not re.search(r"\n[0-9]", text):
            texts[text] = None
rows = []
for text in list(texts)[: arguments.count]:
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    out = model.generate(
        torch.tensor([ids]), do_sample=False, max_new_tokens=arguments.tokens, output_logits=True,
        return_dict_in_generate=True, repetition_penalty=1.0,
    )
    new = out.sequences[0, len(ids):].tolist()
    leads = []
    for logits in out.logits:
        best = logits[0].topk(2).values
        leads.append(round(float(best[0] - best[1]), 5))
    rows.append({"text": text, "prompt": ids, "tokens": new, "leads": leads[: len(new)]})
with open(arguments.output, "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n")
print(len(rows), "prompts,", sum(len(row["tokens"]) for row in rows), "tokens, least lead", min(min(row["leads"]) for row in rows))
