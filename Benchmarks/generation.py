#!/usr/bin/env python3
"""Compares batched greedy generation: legend-worker bench --generate beside llama.cpp, same prompts' and texts' lengths.

    generation.py MODEL.gguf [--sequences 64] [--tokens 64] [--rounds 5] [--pairs int8:Q8_0 int8:Q4_0 bf16:BF16 f32:F32]

All sequences are generated at the same time, and none ends before it has its tokens. Rounds alternate between the engines,
each measurement in a process of its own; ratios are of the same round, and their median counts. llama.cpp gets its weights
from its own quantizer, flash attention, a cache in f16 and each number of threads' best of one or many caches; its tokens
are not sampled (the logits are computed, and left alone), the engine's are.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

PROMPT_TOKENS = 16


def llama_cpp_rate(model: str, sequences: int, tokens: int, threads: int, unified: bool) -> float:
    """New tokens in a second."""
    import llama_cpp
    import numpy as np

    from llama_cpp_engine import Log, Model

    log = Log()
    loaded = Model(Path(model), log)
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_seq_max = sequences
    parameters.n_ctx = sequences * (PROMPT_TOKENS + tokens + 32)
    parameters.n_batch = parameters.n_ubatch = max(512, sequences)
    parameters.n_threads = parameters.n_threads_batch = threads
    parameters.kv_unified = unified
    parameters.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED
    context = llama_cpp.llama_init_from_model(loaded.handle, parameters)
    if not context:
        raise SystemExit(f"llama.cpp makes no context:\n{log.text()[-2000:]}")
    vocabulary = llama_cpp.llama_vocab_n_tokens(loaded.vocabulary)
    random = np.random.default_rng(1)
    batch = llama_cpp.llama_batch_init(max(512, sequences), 0, 1)

    def decode(rows: list[tuple[int, int, int, bool]]) -> None:
        batch.n_tokens = len(rows)
        for index, (token, position, sequence, asks) in enumerate(rows):
            batch.token[index], batch.pos[index] = token, position
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, sequence
            batch.logits[index] = asks
        status = llama_cpp.llama_decode(context, batch)
        if status != 0:
            raise SystemExit(f"llama_decode: expected 0, found {status}")

    def generate(count: int) -> float:
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), False)
        prompts = random.integers(0, vocabulary, (sequences, PROMPT_TOKENS)).tolist()
        fresh = random.integers(0, vocabulary, (count, sequences)).tolist()
        start = time.perf_counter()
        rows = [
            (token, position, sequence, position == PROMPT_TOKENS - 1)
            for sequence, prompt in enumerate(prompts)
            for position, token in enumerate(prompt)
        ]
        for first in range(0, len(rows), 512):
            decode(rows[first:first + 512])
        for step in range(count - 1):
            decode([(fresh[step][s], PROMPT_TOKENS + step, s, True) for s in range(sequences)])
        llama_cpp.llama_synchronize(context)
        return sequences * count / (time.perf_counter() - start)

    generate(4)
    return generate(tokens)


def engine_rate(worker: str, model: str, precision: str, lanes: int, sequences: int, tokens: int) -> float:
    output = subprocess.run(
        [worker, "bench", model, "--precision", precision, "--lanes", str(lanes), "--rounds", "1", "--tokens", "64",
         "--generate", str(tokens), "--sequences", str(sequences // lanes), "--json"],
        check=True, capture_output=True, text=True).stdout
    return json.loads(output)["generation"][0]["tokens_per_second"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--sequences", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--pairs", nargs="+", default=["int8:Q8_0", "int8:Q4_0", "bf16:BF16", "f32:F32"])
    parser.add_argument("--worker", default=str(Path(__file__).parent.parent / ".build/release/legend-worker"))
    parser.add_argument("--only", nargs=2, metavar=("GGUF", "CACHES"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    size = (arguments.sequences, arguments.tokens)
    if arguments.only:
        print(llama_cpp_rate(arguments.only[0], *size, arguments.threads, arguments.only[1] == "one"))
        return

    from llama_cpp_engine import Log, convert

    def other(path: Path, caches: str) -> float:
        output = subprocess.run(
            [sys.executable, __file__, arguments.model, "--sequences", str(size[0]), "--tokens", str(size[1]),
             "--threads", str(arguments.threads), "--only", str(path), caches],
            check=True, capture_output=True, text=True).stdout
        return float(output.split()[-1])

    for pair in arguments.pairs:
        precision, name = pair.split(":")
        folder = Path(__file__).parent / ".models"
        folder.mkdir(exist_ok=True)
        path = convert(Path(arguments.model), folder, name, arguments.threads, Log())
        caches = max(["one", "many"], key=lambda caches: other(path, caches))
        rounds = []
        for round in range(arguments.rounds):
            measure = [
                lambda: engine_rate(arguments.worker, arguments.model, precision, arguments.threads, *size),
                lambda: other(path, caches),
            ]
            order = [0, 1] if round % 2 == 0 else [1, 0]
            rates = {index: measure[index]() for index in order}
            rounds.append((rates[0], rates[1]))
        ratio = statistics.median(own / theirs for own, theirs in rounds)
        own, theirs = (statistics.median(rates) for rates in zip(*rounds))
        print(f"{precision} {own:.0f} new tokens/s, llama.cpp {name} {theirs:.0f} ({caches} cache): {ratio:.2f} times")


if __name__ == "__main__":
    main()
