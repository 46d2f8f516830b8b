#!/usr/bin/env python3
"""Embeds token ids as Legend's released code does: Hugging Face transformers, f32, one text at a time, all logits.

Prints the time as JSON. What is computed is the state after the final norm of each text's last token.
"""
import argparse
import itertools
import json
import os
import statistics
import time
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM

from texts import read_token_lines


def embed(model: torch.nn.Module, text: torch.Tensor) -> np.ndarray:
    """[hidden size] of a text of [1, tokens] ids."""
    with torch.no_grad():
        return model(input_ids=text, output_hidden_states=True).hidden_states[-1][0, -1].numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="a GGUF file; its weights become f32")
    parser.add_argument("tokens", type=Path, help='JSON Lines of {"tokens": [[ids of a text], …]}')
    parser.add_argument("--limit", type=int, help="lines to take (default: all)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="default: all cores")
    parser.add_argument("--rounds", type=int, default=1, help="default: %(default)s, after a warm-up")
    parser.add_argument("--states", type=Path, help="also write the states, [texts, hidden size], as .npy")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    lines = read_token_lines(options.tokens, options.limit)
    texts = [torch.tensor([text]) for text in itertools.chain.from_iterable(lines)]
    path = options.model.resolve()
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    embed(model, texts[0])
    rounds = []
    for _ in range(options.rounds):
        start = time.perf_counter()
        states = [embed(model, text) for text in texts]
        rounds.append(time.perf_counter() - start)
    if options.states:
        np.save(options.states, np.stack(states))
    result = {
        "tokens": sum(text.shape[1] for text in texts),
        "texts": len(texts),
        "lines": len(lines),
        "seconds": statistics.median(rounds),
        "rounds": rounds,
        "settings": "one text at a time, all logits",
        "version": f"transformers {transformers.__version__}, torch {torch.__version__}",
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
