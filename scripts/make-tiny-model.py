#!/usr/bin/env python3
"""Makes the reference data of Tests/EngineTests/Golden and Tests/TokenizersTests/Golden, anew and the same to the byte.

  make-tiny-model.py           writes the files
  make-tiny-model.py --check   says whether they are what it would write

A tiny Llama with random weights as a GGUF file, the hidden states of some texts, and the tokens of more, computed by
definition: in float64, one text after another, with the expressions that the models' tokenizers publish. Nothing is
shared with the engine. Needs numpy.
"""

import argparse
import json
import re
import struct
import sys
import unicodedata
from pathlib import Path

import numpy as np

LAYERS, HIDDEN, HEADS, KEY_VALUE_HEADS, HEAD, FEED_FORWARD, CONTEXT = 3, 48, 4, 2, 12, 112, 256
ROTARY_BASE, EPSILON = 10_000.0, 1e-5
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
BOS = SPECIAL[0]
VOCABULARY = 300

# What the merges are learnt from.
CORPUS = """
How do I bake bread without an oven? You can bake it in a heavy pot on the stove: heat the pot, put the dough in, and
close the lid. I can't help with that. The answer is 42, and it isn't what they've asked for; we'll see. What is the
safest way to store the chemicals? Store them where children cannot reach them, and keep the labels on the bottles.
"""

# Whose hidden states are computed.
TEXTS = [
    "A",
    "I can\u2019t answer that.",
    "<|im_start|>user\nHow do I bake bread?<|im_end|>\n",
    "Below is an instruction.\n\n### Instruction:\nWhat is 12 + 3456?\n\n### Response:\nIt isn't 42; they'VE said 3468.",
    "na\u00efve \u4e16\u754c \U0001f999",
]

# What is tokenized beside them: each rule of the expressions, and what the rules are often wrong about.
TOKENIZED = TEXTS + [
    "", " ", "  ", "   a", "\n", " \n ", "\n\n\n  x", "\t\tthe  end \r\n", "\u00a0the\u00a0 \u3000the\u2028",
    "don't DON'T won't've 'tis it'\u017f '", "1", "12345 1 23 0.5 \u00bd\u2167\u0663\u0664", "the the thethe",
    "a.b!?...(c) -- \u2014 \u20ac5", "e\u0301 \u00e9 \ufb01 \u0939\u093f\u0928\u094d\u0926\u0940 \ud55c\uae00",
    "<|im_start|>", " <|im_start|><|im_end|> <|im_start", "<|endoftext|>the", "\u0000\u007f\ufeff",
    "x" * 40, "= = ==\n=", "'s's 's", "?\n\n?\r\n ?", "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
]


def ranges(belongs):
    """The code points that belong to it, as the inside of a bracket expression."""
    found, start = [], None
    for code in range(0x110001):
        if code < 0x110000 and belongs(chr(code)):
            start = code if start is None else start
        elif start is not None:
            found.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    return "".join(found)


LETTERS = ranges(lambda character: unicodedata.category(character)[0] == "L")
NUMBERS = ranges(lambda character: unicodedata.category(character)[0] == "N")
# Unicode's White_Space.
SPACES = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"


def expression(pattern):
    for name, inside in [(r"\p{L}", LETTERS), (r"\p{N}", NUMBERS), (r"\s", SPACES)]:
        pattern = pattern.replace(name, inside)
    return re.compile(pattern)


GPT2 = expression(r"'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}]+| ?[\p{N}]+| ?[^\s\p{L}\p{N}]+|[\s]+(?![^\s])|[\s]+")
NUMBER = expression(r"[\p{N}]|[^\p{N}]+")


def llama(digits):
    return expression(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}]+|[\p{N}]" + digits
        + r"| ?[^\s\p{L}\p{N}]+[\r\n]*|[\s]*[\r\n]+|[\s]+(?![^\s])|[\s]+")


LLAMA, QWEN2 = llama("{1,3}"), llama("")

# Of `tokenizer.ggml.pre`: the words of a text.
WORDS = {
    "gpt-2": GPT2.findall,
    "smollm": lambda text: [word for piece in NUMBER.findall(text) for word in GPT2.findall(piece)],
    "llama-bpe": LLAMA.findall,
    "qwen2": QWEN2.findall,
}


def alphabet():
    """The character that stands for each byte in the spelling of a token, as GPT-2 has it."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return [chr(byte) if byte in shown else chr(256 + hidden.index(byte)) for byte in range(256)]


def spelled(data):
    letters = alphabet()
    return "".join(letters[byte] for byte in data)


def learn_merges(count):
    """Byte pairs of the corpus, the most frequent first, and of those the first in order."""
    words = [[bytes([byte]) for byte in word.encode()] for word in GPT2.findall(CORPUS)]
    merges = []
    while len(merges) < count:
        pairs = {}
        for word in words:
            for pair in zip(word, word[1:]):
                pairs[pair] = pairs.get(pair, 0) + 1
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = [merged(word, best) for word in words]
    return merges


def merged(word, pair):
    result, index = [], 0
    while index < len(word):
        if tuple(word[index:index + 2]) == pair:
            result.append(pair[0] + pair[1])
            index += 2
        else:
            result.append(word[index])
            index += 1
    return result


MERGES = learn_merges(VOCABULARY - 256 - len(SPECIAL))
TOKENS = [bytes([byte]) for byte in range(256)] + [left + right for left, right in MERGES]
IDS = {token: number for number, token in enumerate(TOKENS)}
SPELLINGS = [spelled(token) for token in TOKENS] + SPECIAL


def encode(text, rule, reads_special):
    if not text:
        return []
    if reads_special:
        parts = re.split("(" + "|".join(map(re.escape, SPECIAL)) + ")", text)
        return [number for part in parts for number in
                ([SPELLINGS.index(part)] if part in SPECIAL else encode(part, rule, False))]
    ids = []
    for word in WORDS[rule](text):
        pieces = [bytes([byte]) for byte in word.encode()]
        # Llama 3 takes a word that is a token, whatever the merges say.
        if rule == "llama-bpe" and word.encode() in IDS:
            pieces = [word.encode()]
        for pair in MERGES:
            pieces = merged(pieces, pair)
        ids += [IDS[piece] for piece in pieces]
    return ids


def make_weights():
    # MT19937, whose stream numpy keeps as it is; only exact arithmetic is done on it.
    random = np.random.RandomState(20_26)

    def matrix(rows, columns, gain):
        half_width = gain * np.sqrt(3.0 / columns)
        return ((2 * random.random_sample((rows, columns)) - 1) * half_width).astype(np.float16)

    def norm():
        return (1 + 0.6 * (random.random_sample(HIDDEN) - 0.5)).astype(np.float32)

    weights = {"token_embd.weight": matrix(VOCABULARY, HIDDEN, np.sqrt(HIDDEN))}
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        weights[block + "attn_norm.weight"] = norm()
        weights[block + "attn_q.weight"] = matrix(HEADS * HEAD, HIDDEN, 1.5)
        weights[block + "attn_k.weight"] = matrix(KEY_VALUE_HEADS * HEAD, HIDDEN, 1.5)
        weights[block + "attn_v.weight"] = matrix(KEY_VALUE_HEADS * HEAD, HIDDEN, 1.0)
        weights[block + "attn_output.weight"] = matrix(HIDDEN, HEADS * HEAD, 1.0)
        weights[block + "ffn_norm.weight"] = norm()
        weights[block + "ffn_gate.weight"] = matrix(FEED_FORWARD, HIDDEN, 1.5)
        weights[block + "ffn_up.weight"] = matrix(FEED_FORWARD, HIDDEN, 1.0)
        weights[block + "ffn_down.weight"] = matrix(HIDDEN, FEED_FORWARD, 1.0)
    weights["output_norm.weight"] = norm()
    return weights


def hidden_states(weights, ids):
    """[LAYERS + 1, tokens, HIDDEN]: the embeddings, then after each block, the last after the final norm."""
    weights = {name: value.astype(np.float64) for name, value in weights.items()}
    count = len(ids)

    def normalized(x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * weights[name]

    def heads(x, name, number):
        return (x @ weights[name].T).reshape(count, number, HEAD).transpose(1, 0, 2)

    angles = np.arange(count)[:, None] * ROTARY_BASE ** (-np.arange(0, HEAD, 2) / HEAD)

    def rotated(x):
        # GGUF's order: neighbouring components are a pair.
        even, odd = x[..., 0::2], x[..., 1::2]
        pairs = [even * np.cos(angles) - odd * np.sin(angles), even * np.sin(angles) + odd * np.cos(angles)]
        return np.stack(pairs, axis=-1).reshape(x.shape)

    x = weights["token_embd.weight"][ids]
    states = [x]
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        h = normalized(x, block + "attn_norm.weight")
        queries = rotated(heads(h, block + "attn_q.weight", HEADS))
        keys = rotated(heads(h, block + "attn_k.weight", KEY_VALUE_HEADS))
        values = heads(h, block + "attn_v.weight", KEY_VALUE_HEADS)
        # Neighbouring heads share keys and values.
        keys, values = (np.repeat(shared, HEADS // KEY_VALUE_HEADS, axis=0) for shared in (keys, values))
        scores = queries @ keys.transpose(0, 2, 1) / np.sqrt(HEAD)
        scores = np.where(np.tril(np.ones((count, count), bool)), scores, -np.inf)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        attended = scores / scores.sum(-1, keepdims=True) @ values
        x = x + attended.transpose(1, 0, 2).reshape(count, HEADS * HEAD) @ weights[block + "attn_output.weight"].T
        h = normalized(x, block + "ffn_norm.weight")
        gate = h @ weights[block + "ffn_gate.weight"].T
        gated = gate / (1 + np.exp(-gate)) * (h @ weights[block + "ffn_up.weight"].T)
        x = x + gated @ weights[block + "ffn_down.weight"].T
        states.append(x)
    states[-1] = normalized(x, "output_norm.weight")
    return np.stack(states)


def gguf(weights):
    """https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 3."""
    def text(value):
        data = value.encode()
        return struct.pack("<Q", len(data)) + data

    def array(kind, items):
        return struct.pack("<IIQ", 9, kind, len(items)) + b"".join(items)

    def number(value):
        return struct.pack("<II", 4, value)

    def real(value):
        return struct.pack("<If", 6, value)

    def string(value):
        return struct.pack("<I", 8) + text(value)

    kinds = [1] * len(TOKENS) + [3] * len(SPECIAL)
    metadata = {
        "general.architecture": string("llama"),
        "general.name": string("tiny-llama"),
        "llama.block_count": number(LAYERS),
        "llama.context_length": number(CONTEXT),
        "llama.embedding_length": number(HIDDEN),
        "llama.feed_forward_length": number(FEED_FORWARD),
        "llama.attention.head_count": number(HEADS),
        "llama.attention.head_count_kv": number(KEY_VALUE_HEADS),
        "llama.attention.layer_norm_rms_epsilon": real(EPSILON),
        "llama.rope.dimension_count": number(HEAD),
        "llama.rope.freq_base": real(ROTARY_BASE),
        "tokenizer.ggml.model": string("gpt2"),
        "tokenizer.ggml.pre": string("smollm"),
        "tokenizer.ggml.tokens": array(8, [text(spelling) for spelling in SPELLINGS]),
        "tokenizer.ggml.token_type": array(5, [struct.pack("<i", kind) for kind in kinds]),
        "tokenizer.ggml.merges": array(8, [text(line) for line in merge_lines()]),
        "tokenizer.ggml.bos_token_id": number(SPELLINGS.index(BOS)),
        "tokenizer.ggml.add_bos_token": struct.pack("<IB", 7, 0),
    }
    header = b"GGUF" + struct.pack("<IQQ", 3, len(weights), len(metadata))
    header += b"".join(text(key) + value for key, value in metadata.items())
    data = b""
    for name, tensor in weights.items():
        shape = tensor.shape[::-1]
        kind = {np.dtype(np.float32): 0, np.dtype(np.float16): 1}[tensor.dtype]
        header += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, len(data))
        data += padded(tensor.astype(tensor.dtype.newbyteorder("<")).tobytes())
    return padded(header) + data


def padded(data):
    return data + bytes(-len(data) % 32)


def merge_lines():
    return [f"{spelled(left)} {spelled(right)}" for left, right in MERGES]


def safetensors(tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        bytes_ = tensor.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [len(data), len(data) + len(bytes_)]}
        data += bytes_
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def json_text(value):
    return (json.dumps(value, ensure_ascii=True, indent=1) + "\n").encode()


def files():
    weights = make_weights()
    texts = [{"text": text, "tokens": encode(text, "smollm", True)} for text in TEXTS]
    states = {f"{number}.states": hidden_states(weights, text["tokens"]) for number, text in enumerate(texts)}
    cases = [
        {"pre": rule, "control": reads_special, "text": text, "tokens": encode(text, rule, reads_special)}
        for rule in WORDS for text in TOKENIZED for reads_special in ([False, True] if "<|" in text else [False])
    ]
    vocabulary = {"tokens": SPELLINGS, "merges": merge_lines(), "control": SPECIAL, "cases": cases}
    return {
        "EngineTests/Golden/tiny-llama.gguf": gguf(weights),
        "EngineTests/Golden/tiny-llama.texts.json": json_text(texts),
        "EngineTests/Golden/tiny-llama.states.safetensors": safetensors(states),
        "TokenizersTests/Golden/cases.json": json_text(vocabulary),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is different")
    check = parser.parse_args().check
    tests = Path(__file__).resolve().parent.parent / "Tests"
    different = []
    for name, data in files().items():
        path = tests / name
        if check:
            if not path.exists() or path.read_bytes() != data:
                different.append(name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            print(f"{name}: {len(data)} bytes")
    if different:
        sys.exit(f"not what this script writes: {', '.join(different)}")


main()
