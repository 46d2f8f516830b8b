#!/usr/bin/env python3
"""Writes what the engines are measured on, as JSON Lines for `legend-worker bench --texts` and compare.py.

  mixed   texts of random tokens and of mixed lengths, with nothing in common
  many    a few prompts with many responses each, out of preference pairs or single responses
  group   rows {prompt, response} (datasets that are no pairs) with all responses of a prompt on one line
"""
import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from texts import fail, read_lines, write_lines

ALPACA = (
    "Below is an instruction that describes a task. Write a response that completes the request.\n\n"
    "### Instruction:\n{prompt}\n\n### Response:"
)
#: `tokenizer.ggml.token_type`: ordinary tokens, and those spelt as bytes.
ORDINARY_KINDS = (1, 6)


def ordinary_tokens(model: Path) -> np.ndarray:
    """The ids below the vocabulary size that are no control, unknown or unused tokens."""
    from gguf import GGUFReader

    try:
        field = GGUFReader(model).get_field("tokenizer.ggml.token_type")
    except (OSError, ValueError) as error:
        fail(f"{model}: expected a GGUF file, found: {error}")
    if field is None:
        fail(f'{model}: expected "tokenizer.ggml.token_type", found no such key')
    return np.flatnonzero(np.isin(field.contents(), ORDINARY_KINDS))


def mixed(options: argparse.Namespace) -> list[dict[str, Any]]:
    generator = np.random.default_rng(options.seed)
    ids = ordinary_tokens(options.model)
    lengths = np.exp(generator.normal(np.log(options.median), options.sigma, options.texts))
    lengths = np.clip(lengths, options.least, options.most).astype(int)
    return [{"tokens": [generator.choice(ids, length).tolist()]} for length in lengths]


def grouped(rows: list[dict[str, Any]], path: Path) -> dict[str, list[str]]:
    """Each prompt's responses, in the order of the file; those that occur twice once."""
    groups: dict[str, dict[str, None]] = {}
    for number, row in enumerate(rows, 1):
        if isinstance(row.get("responses"), list):
            prompt, responses = row["prompt"], row["responses"]
        elif "response" in row:
            prompt, responses = ALPACA.format(prompt=row["prompt"]), [row["response"]]
        elif "chosen" in row and "rejected" in row:
            prompt, responses = ALPACA.format(prompt=row["prompt"]), [row["chosen"], row["rejected"]]
        else:
            fail(f'{path}:{number}: expected "prompt" with "responses", "response", or "chosen" and "rejected", '
                 f"found {sorted(row)}")
        groups.setdefault(prompt, {}).update(dict.fromkeys(responses))
    return {prompt: list(responses) for prompt, responses in groups.items()}


def many(options: argparse.Namespace) -> list[dict[str, Any]]:
    groups = grouped(read_lines(options.rows), options.rows)
    #: Responses of other prompts fill up those that have too few: what is measured is only their length.
    pool = [response for responses in groups.values() for response in responses]
    count = 2 * options.rows_per_prompt
    if len(pool) < count:
        fail(f"{options.rows}: expected at least {count} different responses, found {len(pool)}")
    generator = np.random.default_rng(options.seed)
    result = []
    for prompt, responses in list(groups.items())[: options.prompts]:
        for index in generator.permutation(len(pool)):
            if len(responses) >= count:
                break
            if pool[index] not in responses:
                responses = responses + [pool[index]]
        pairs = [responses[first : first + 2] for first in range(0, count, 2)]
        result += [{"row": len(result) + number - 1, "prompt": prompt, "responses": pair}
                   for number, pair in enumerate(pairs, 1)]
    return result


def group(options: argparse.Namespace) -> list[dict[str, Any]]:
    groups = grouped(read_lines(options.rows), options.rows)
    result = []
    for prompt, responses in list(groups.items())[: options.prompts]:
        for first in range(0, len(responses), options.responses):
            part = responses[first : first + options.responses]
            result.append({"row": len(result), "prompt": prompt, "responses": part})
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="mixed|many|group")

    command = commands.add_parser("mixed", help="random tokens, lengths log-normal, nothing in common")
    command.add_argument("model", type=Path, help="the GGUF file whose vocabulary is drawn from")
    command.add_argument("output", type=Path)
    command.add_argument("--texts", type=int, default=64, help="default: %(default)s")
    command.add_argument("--median", type=float, default=160, help="tokens (default: %(default)s)")
    command.add_argument("--sigma", type=float, default=0.7, help="of the length's logarithm (default: %(default)s)")
    command.add_argument("--least", type=int, default=30, help="tokens (default: %(default)s)")
    command.add_argument("--most", type=int, default=700, help="tokens (default: %(default)s)")
    command.add_argument("--seed", type=int, default=1)
    command.set_defaults(make=mixed)

    rows = "JSON Lines: texts {prompt, responses}, rows {prompt, chosen, rejected}, or rows {prompt, response}"
    command = commands.add_parser("many", help="several rows for each prompt")
    command.add_argument("rows", type=Path, help=rows)
    command.add_argument("output", type=Path)
    command.add_argument("--rows-per-prompt", type=int, default=5, help="default: %(default)s")
    command.add_argument("--prompts", type=int, default=20, help="default: the first %(default)s")
    command.add_argument("--seed", type=int, default=1)
    command.set_defaults(make=many)

    command = commands.add_parser("group", help="all responses of a prompt side by side, in the alpaca template")
    command.add_argument("rows", type=Path, help=rows)
    command.add_argument("output", type=Path)
    command.add_argument("--prompts", type=int, help="default: all")
    command.add_argument("--responses", type=int, default=1_000_000, help="responses of a line (default: all)")
    command.set_defaults(make=group)

    options = parser.parse_args()
    lines = options.make(options)
    write_lines(options.output, lines)
    texts = sum(len(line.get("tokens") or line["responses"]) for line in lines)
    print(f"{options.output}: {len(lines)} lines, {texts} texts", file=sys.stderr)


if __name__ == "__main__":
    main()
