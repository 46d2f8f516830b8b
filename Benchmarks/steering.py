#!/usr/bin/env python3
"""What a control vector that `legend-coordinator export` wrote does to a model in llama.cpp, through its C API.

    steering.py MODEL.gguf VECTOR.gguf DIRECTION.safetensors ROWS.jsonl

The vector is read and applied as llama.cpp's own programs do it (common_control_vector_load, llama_set_adapter_cvec).

1. States: at strength 1 the score of every token's state at the direction's layer must move by the vector's length, and
   nothing may move at the layer before.
2. Answers: for each strength, how much more likely the beginning of the chosen response becomes than that of the rejected
   one (summed log probabilities of 16 tokens given the prompt in ChatML, their mean change over the rows with its 95 %
   interval), and the perplexity of a neutral text, which tells when the model breaks. Strengths above 0 must raise it,
   those below 0 lower it, each beyond chance.

Exits with 1 where that is not so. No text of a row is printed.
"""
import argparse
import ctypes
import json
import math
import re
import struct
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from texts import fail, read_lines

STRENGTHS = [-2.0, -1.0, 1.0, 2.0]
#: What becomes of a response is decided at its beginning; what follows says little but how fluent it is.
RESPONSE_TOKENS = 16
CONTEXT = 1024
#: Standard errors that are beyond chance, of as many strengths.
BEYOND_CHANCE = 2.5
TOLERANCE = 1e-3
NEUTRAL = (
    "The river begins as a spring in the hills and runs for forty miles before it reaches the sea. In the upper valley "
    "the water is cold and clear, and farmers use it for their fields of barley and oats. Further down it passes two "
    "small towns, each with a stone bridge. On Saturday mornings a market is held near the larger one, where people sell "
    "bread, cheese, apples and honey. In spring the snow melts and the river rises, so the houses closest to the bank "
    "stand on raised foundations. Children learn to swim in a quiet bend below the mill, which is a museum now."
)

Array = NDArray[np.float64]


class GGUF:
    """Metadata and tensors of a control vector, with what llama.cpp refuses."""

    def __init__(self, path: Path) -> None:
        self.data, self.at = path.read_bytes(), 0
        if self.data[:4] != b"GGUF" or struct.unpack_from("<I", self.data, 4)[0] != 3:
            fail(f"{path}: expected GGUF of version 3")
        self.at = 8
        tensors, pairs = self.take("Q"), self.take("Q")
        self.metadata = {self.text(): self.value() for _ in range(pairs)}
        places = [(self.text(), [self.take("Q") for _ in range(self.take("I"))], self.take("I"), self.take("Q"))
                  for _ in range(tensors)]
        start = -(-self.at // 32) * 32
        self.directions: dict[int, NDArray[np.float32]] = {}
        for name, shape, kind, offset in places:
            if not re.fullmatch(r"direction\.[1-9]\d*", name) or kind != 0 or len(shape) != 1:
                fail(f"{path}: llama.cpp takes no tensor {name} of type {kind} and shape {shape}")
            self.directions[int(name[10:])] = np.frombuffer(self.data, "<f4", shape[0], start + offset)
        if self.metadata.get("general.architecture") != "controlvector" or not self.directions:
            fail(f"{path}: expected a control vector, found {self.metadata}")

    def take(self, form: str) -> int:
        value = struct.unpack_from("<" + form, self.data, self.at)[0]
        self.at += struct.calcsize("<" + form)
        return int(value)

    def text(self) -> str:
        count = self.take("Q")
        self.at += count
        return self.data[self.at - count : self.at].decode()

    def value(self) -> str | int:
        kind = self.take("I")
        if kind not in (4, 8):
            fail(f"expected metadata of texts and 32-bit numbers, found the type {kind}")
        return self.text() if kind == 8 else self.take("I")


def read_direction(path: Path) -> tuple[Array, int]:
    """The direction with norm 1, and its layer."""
    data = path.read_bytes()
    count = struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8 : 8 + count])
    start, end = header["direction"]["data_offsets"]
    direction = np.frombuffer(data[8 + count + start : 8 + count + end], "<f4").astype(float)
    return direction / np.linalg.norm(direction), int(header["__metadata__"]["layer"])


class Model:
    def __init__(self, path: Path, threads: int) -> None:
        self.log = llama_cpp.llama_log_callback(lambda level, text, data: None)  # kept: llama.cpp has its address
        llama_cpp.llama_log_set(self.log, ctypes.c_void_p(0))
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())
        if not self.model:
            fail(f"{path}: llama.cpp cannot load it")
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self.words = llama_cpp.llama_vocab_n_tokens(self.vocabulary)
        self.hidden = llama_cpp.llama_model_n_embd(self.model)
        self.blocks = llama_cpp.llama_model_n_layer(self.model)
        #: States of all tokens that the last call left, by the name of their tensor.
        self.states: dict[str, Array] = {}
        self.wanted: set[str] = set()
        base = ctypes.CDLL(llama_cpp.llama_cpp._lib._name.replace("libllama", "libggml-base"))
        base.ggml_get_name.restype, base.ggml_get_name.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
        base.ggml_nelements.restype, base.ggml_nelements.argtypes = ctypes.c_int64, [ctypes.c_void_p]
        base.ggml_backend_tensor_get.argtypes = [ctypes.c_void_p] * 2 + [ctypes.c_size_t] * 2

        def capture(tensor: Any, asks: bool, _data: Any) -> bool:
            name = base.ggml_get_name(tensor).decode()
            if name in self.wanted and not asks:
                states = np.empty(base.ggml_nelements(tensor), np.float32)
                base.ggml_backend_tensor_get(tensor, states.ctypes.data, 0, states.nbytes)
                self.states[name] = states.reshape(-1, self.hidden).astype(float)
            return name in self.wanted if asks else True

        self.callback = llama_cpp.ggml_backend_sched_eval_callback(capture)
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = settings.n_batch = settings.n_ubatch = CONTEXT
        settings.n_threads = settings.n_threads_batch = threads
        settings.cb_eval = self.callback
        self.context = llama_cpp.llama_init_from_model(self.model, settings)

    def steer(self, directions: dict[int, NDArray[np.float32]], strength: float) -> None:
        """All blocks get a vector: where there is none, llama.cpp keeps what it had."""
        vectors = np.zeros((self.blocks, self.hidden), np.float32)
        for block, direction in directions.items():
            if len(direction) != self.hidden or block >= self.blocks:
                fail(f"the vector is of block {block} and size {len(direction)}: not for this model")
            vectors[block - 1] = np.float32(strength) * direction
        pointer = vectors.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        if llama_cpp.llama_set_adapter_cvec(self.context, pointer, vectors.size, self.hidden, 1, self.blocks) != 0:
            fail("llama.cpp does not take the vector")

    def tokens(self, text: str, special: bool = False) -> list[int]:
        data = text.encode()
        buffer = (llama_cpp.llama_token * (len(data) + 8))()
        count = llama_cpp.llama_tokenize(self.vocabulary, data, len(data), buffer, len(buffer), False, special)
        return list(buffer[:count])

    def chat(self, prompt: str) -> list[int]:
        start, end = self.tokens("<|im_start|>", True), self.tokens("<|im_end|>", True)
        question = start + self.tokens("user\n" + prompt) + end + self.tokens("\n")
        return question + start + self.tokens("assistant\n")

    def log_probability(self, prompt: list[int], response: list[int]) -> float:
        """Of the response, all its tokens together."""
        if len(prompt) + len(response) > CONTEXT:
            fail(f"a text of {len(prompt) + len(response)} tokens: expected at most {CONTEXT}")
        tokens = prompt + response[:-1]
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), False)
        batch = llama_cpp.llama_batch_init(len(tokens), 0, 1)
        batch.n_tokens = len(tokens)
        for index, token in enumerate(tokens):
            batch.token[index], batch.pos[index] = token, index
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, 0
            batch.logits[index] = index >= len(prompt) - 1
        status = llama_cpp.llama_decode(self.context, batch)
        llama_cpp.llama_batch_free(batch)
        if status != 0:
            fail(f"llama.cpp cannot compute a text of {len(tokens)} tokens")
        shape = (len(response), self.words)
        logits = np.ctypeslib.as_array(llama_cpp.llama_get_logits(self.context), shape).astype(float)
        largest = logits.max(1)
        totals = largest + np.log(np.exp(logits - largest[:, None]).sum(1))
        return float((logits[np.arange(len(response)), response] - totals).sum())


def check_states(model: Model, vector: GGUF, direction: Array, layer: int, text: list[int]) -> None:
    """hidden_states[l] of Hugging Face transformers is what block l - 1 leaves."""
    if list(vector.directions) != [layer - 1]:
        fail(f"expected a vector behind block {layer - 1}, found {list(vector.directions)}")
    length = float(np.linalg.norm(vector.directions[layer - 1]))
    names = [f"l_out-{layer - 2}", f"l_out-{layer - 1}"]
    model.wanted = set(names)
    found = []
    for strength in (0.0, 1.0):
        model.steer(vector.directions, strength)
        model.log_probability(text[:4], text[4:])
        found.append([model.states[name] for name in names])
    model.wanted = set()
    before, at = (found[1][index] - found[0][index] for index in (0, 1))
    moves = at @ direction
    print(f"layer {layer}: scores move by {moves.min():.4f} to {moves.max():.4f} (length {length:.4f}), layer {layer - 1} by "
          f"{np.abs(before).max():.4f}")
    if np.abs(moves - length).max() > TOLERANCE * length or np.abs(before).max() > 0:
        fail("the vector is not where the direction is")


def check_answers(model: Model, vector: GGUF, rows: list[dict[str, Any]]) -> None:
    texts = [(model.chat(row["prompt"]), *(model.tokens(row[side])[:RESPONSE_TOKENS] for side in ("chosen", "rejected")))
             for row in rows]
    neutral = model.tokens(NEUTRAL)

    def measured(strength: float) -> tuple[Array, float]:
        model.steer(vector.directions, strength)
        preferences = [model.log_probability(prompt, chosen) - model.log_probability(prompt, rejected)
                       for prompt, chosen, rejected in texts]
        return np.array(preferences), math.exp(-model.log_probability(neutral[:1], neutral[1:]) / (len(neutral) - 1))

    plain, perplexity = measured(0)
    print(f"strength 0: perplexity of a neutral text {perplexity:.1f}; {len(rows)} rows")
    for strength in STRENGTHS:
        preferences, perplexity = measured(strength)
        moves = preferences - plain
        mean, error = moves.mean(), moves.std(ddof=1) / math.sqrt(len(moves))
        share = (moves * strength > 0).mean()
        print(f"strength {strength:+}: chosen to rejected {mean:+.3f} ± {1.96 * error:.3f}, {share:.0%} of the rows that way; "
              f"perplexity {perplexity:.1f}")
        if not mean * math.copysign(1, strength) > BEYOND_CHANCE * error:
            fail(f"strength {strength}: the answers do not move as the direction says")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "vector", "direction", "rows"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--limit", type=int, default=120, help="the first so many rows")
    parser.add_argument("--threads", type=int, default=1, help="several wait for each other on a busy machine")
    options = parser.parse_args()
    rows = read_lines(options.rows, options.limit)
    vector = GGUF(options.vector)
    direction, layer = read_direction(options.direction)
    model = Model(options.model, options.threads)
    check_states(model, vector, direction, layer, model.tokens(NEUTRAL))
    check_answers(model, vector, rows)


if __name__ == "__main__":
    main()
