#!/usr/bin/env python3
"""Writes a GGUF model of the llama architecture with random weights: as fast or slow as a real one of its shape.

The default is TinyLlama's shape (1.1 billion weights, 2.1 GB). Matrices are BF16 from a normal distribution with
standard deviation 0.02, norms F32 around 1, the embedding is also the output. The tokenizer is another file's, so that
texts can be given as well.
"""
import argparse
from pathlib import Path

import gguf
import numpy as np

from texts import fail

DEVIATION = 0.02
#: Rows that are drawn at once: bounds memory.
ROWS = 1024


def bf16(values: np.ndarray) -> np.ndarray:
    """Rounded to the nearest, ties to even. The values are finite."""
    bits = values.view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)).astype(np.uint16)


def matrix(generator: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    result = np.empty((rows, columns), np.uint16)
    for start in range(0, rows, ROWS):
        part = result[start : start + ROWS]
        part[:] = bf16(generator.standard_normal(part.shape, np.float32) * np.float32(DEVIATION))
    return result


def shapes(options: argparse.Namespace, vocabulary: int) -> dict[str, tuple[int, ...]]:
    """Every tensor's name and shape, rows first, in the order of the file."""
    hidden, keys = options.hidden, options.kv_heads * (options.hidden // options.heads)
    result: dict[str, tuple[int, ...]] = {"token_embd.weight": (vocabulary, hidden)}
    for layer in range(options.layers):
        result |= {
            f"blk.{layer}.{name}.weight": shape
            for name, shape in {
                "attn_norm": (hidden,),
                "attn_q": (hidden, hidden),
                "attn_k": (keys, hidden),
                "attn_v": (keys, hidden),
                "attn_output": (hidden, hidden),
                "ffn_norm": (hidden,),
                "ffn_gate": (options.feed_forward, hidden),
                "ffn_up": (options.feed_forward, hidden),
                "ffn_down": (hidden, options.feed_forward),
            }.items()
        }
    result["output_norm.weight"] = (hidden,)
    return result


def copy_tokenizer(source: gguf.GGUFReader, writer: gguf.GGUFWriter) -> None:
    for field in source.fields.values():
        if field.name.startswith("tokenizer."):
            kind = field.types[0]
            element = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), kind, element)


def write(options: argparse.Namespace) -> int:
    """Writes the file and returns its number of weights."""
    source = gguf.GGUFReader(options.tokenizer)
    tokens = source.get_field("tokenizer.ggml.tokens")
    if tokens is None:
        fail(f'{options.tokenizer}: expected "tokenizer.ggml.tokens", found no such key')
    vocabulary = len(tokens.data)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(options.output, "llama")
    writer.add_name(f"Random {options.layers} x {options.hidden}")
    writer.add_block_count(options.layers)
    writer.add_context_length(options.context)
    writer.add_embedding_length(options.hidden)
    writer.add_feed_forward_length(options.feed_forward)
    writer.add_head_count(options.heads)
    writer.add_head_count_kv(options.kv_heads)
    writer.add_rope_dimension_count(options.hidden // options.heads)
    writer.add_rope_freq_base(options.rope_base)
    writer.add_layer_norm_rms_eps(options.epsilon)
    writer.add_vocab_size(vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    copy_tokenizer(source, writer)

    tensors = shapes(options, vocabulary)
    for name, shape in tensors.items():
        size = int(np.prod(shape))
        if len(shape) == 1:
            writer.add_tensor_info(name, shape, np.dtype(np.float32), 4 * size)
        else:
            writer.add_tensor_info(name, shape, np.dtype(np.uint16), 2 * size, gguf.GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    generator = np.random.default_rng(options.seed)
    for shape in tensors.values():
        if len(shape) == 1:
            writer.write_tensor_data(1 + np.float32(DEVIATION) * generator.standard_normal(shape, np.float32))
        else:
            writer.write_tensor_data(matrix(generator, *shape))
    writer.close()
    return sum(int(np.prod(shape)) for shape in tensors.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizer", type=Path, help="a GGUF file whose tokenizer and vocabulary are taken")
    parser.add_argument("output", type=Path)
    parser.add_argument("--layers", type=int, default=22, help="default: %(default)s")
    parser.add_argument("--hidden", type=int, default=2048, help="default: %(default)s")
    parser.add_argument("--feed-forward", type=int, default=5632, help="default: %(default)s")
    parser.add_argument("--heads", type=int, default=32, help="default: %(default)s")
    parser.add_argument("--kv-heads", type=int, default=4, help="default: %(default)s")
    parser.add_argument("--rope-base", type=float, default=10000, help="default: %(default)s")
    parser.add_argument("--context", type=int, default=2048, help="tokens (default: %(default)s)")
    parser.add_argument("--epsilon", type=float, default=1e-5, help="of RMSNorm (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    divisions = [("--hidden", options.hidden, options.heads), ("--heads", options.heads, options.kv_heads)]
    for name, whole, part in divisions:
        if whole % part != 0:
            fail(f"{name}: expected a multiple of {part}, found {whole}")
    weights = write(options)
    print(f"{options.output}: {weights / 1e9:.2f} billion weights, {options.output.stat().st_size / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
