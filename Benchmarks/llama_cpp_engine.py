#!/usr/bin/env python3
"""Embeds token ids with llama.cpp, at the best settings that it has for this, through its C API.

What is computed is what legend-worker computes: the state after the final norm of each text's last token.
"""
import argparse
import ctypes
import itertools
import json
import os
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import llama_cpp
import llama_cpp._ggml
import numpy as np
from numpy.typing import NDArray

from texts import fail, read_lines, read_token_lines, write_lines

#: Formats by the name that llama.cpp gives them.
FORMATS = {
    "F32": llama_cpp.LLAMA_FTYPE_ALL_F32,
    "BF16": llama_cpp.LLAMA_FTYPE_MOSTLY_BF16,
    "Q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0,
    "Q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0,
}
#: As many sequences as llama.cpp can hold in a batch.
SEQUENCES_MOST = 256
CACHE_TYPES = {"f16": llama_cpp.GGML_TYPE_F16, "f32": llama_cpp.GGML_TYPE_F32}


@dataclass(frozen=True)
class Settings:
    threads: int
    #: Tokens of a batch, which is computed at once (n_ubatch); a longer text is a batch of its own (n_batch).
    ubatch: int = 512
    flash_attention: bool = True
    #: One key and value cache for all texts of a batch, or one for each.
    unified: bool = True
    cache: str = "f16"
    #: Texts of a batch.
    texts: int = SEQUENCES_MOST
    #: "last": only the last tokens are outputs, and their states are read where the graph has them. "pooled": the
    #: documented way, embeddings with pooling type "last", which makes every token an output.
    outputs: str = "last"

    def describe(self) -> str:
        texts = "" if self.texts == SEQUENCES_MOST else f", {self.texts} text a batch"
        return (
            f"{self.outputs} outputs, ubatch {self.ubatch}, flash attention {'on' if self.flash_attention else 'off'}, "
            f"{'one cache' if self.unified else 'a cache for each text'} in {self.cache}{texts}"
        )


class Log:
    """llama.cpp's messages: shown if something fails, and searched for what was loaded."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.callback = llama_cpp.llama_log_callback(self.receive)  # kept: llama.cpp holds only its address
        llama_cpp.llama_log_set(self.callback, ctypes.c_void_p(0))

    def receive(self, _level: int, text: bytes, _data: Any) -> None:
        self.lines.append(text.decode("utf-8", "replace"))

    def text(self) -> str:
        return "".join(self.lines)


class Model:
    """A loaded GGUF file."""

    def __init__(self, path: Path, log: Log, vocabulary_only: bool = False) -> None:
        parameters = llama_cpp.llama_model_default_params()
        parameters.vocab_only = vocabulary_only
        self.handle = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
        if not self.handle:
            fail(f"{path}: llama.cpp cannot load it:\n{log.text()[-2000:]}")
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.handle)
        #: Whether weights were rearranged for this CPU while they were loaded.
        self.repacked = any("CPU_REPACK model buffer size" in line for line in log.lines)

    def hidden_size(self) -> int:
        return llama_cpp.llama_model_n_embd(self.handle)

    def tokenize(self, row: dict[str, Any]) -> list[list[int]]:
        """The ids of each text of a line: control tokens only where the line allows them, BOS as the model wants it."""
        prompt = row["prompt"].encode()
        texts = []
        for response, controls in itertools.zip_longest(row["responses"], row.get("response_controls") or []):
            spans = [tuple(span) for span in row.get("prompt_controls") or []]
            spans += [(start + len(prompt), end + len(prompt)) for start, end in controls or []]
            texts.append(self.encode(prompt + response.encode(), spans))
        return texts

    def encode(self, text: bytes, control_spans: list[tuple[int, int]]) -> list[int]:
        ids: list[int] = []
        position = 0
        for start, end in control_spans:
            ids += self._encode(text[position:start], False) + self._encode(text[start:end], True)
            position = end
        ids += self._encode(text[position:], False)
        bos = llama_cpp.llama_vocab_bos(self.vocabulary)
        if llama_cpp.llama_vocab_get_add_bos(self.vocabulary) and ids[:1] != [bos]:
            ids.insert(0, bos)
        return ids

    def _encode(self, text: bytes, parse_special: bool) -> list[int]:
        room = len(text) + 8
        buffer = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self.vocabulary, text, len(text), buffer, room, False, parse_special)
        return list(buffer[:count])


class Batch:
    """Whole texts side by side. Prepared before the clock runs."""

    def __init__(self, members: list[int], texts: list[list[int]], outputs: str) -> None:
        self.members = members
        lengths = [len(texts[member]) for member in members]
        count = sum(lengths)
        ends = np.cumsum(lengths)
        self.tokens = np.concatenate([texts[member] for member in members]).astype(np.int32)
        self.positions = np.concatenate([np.arange(length) for length in lengths]).astype(np.int32)
        self.sequences = np.repeat(np.arange(len(members)), lengths).astype(np.int32)
        self.sequence_counts = np.ones(count, np.int32)
        self.sequence_pointers = (self.sequences.ctypes.data + 4 * np.arange(count)).astype(np.uintp)
        self.outputs = np.full(count, outputs == "pooled", np.int8)
        self.outputs[ends - 1] = 1
        batch = llama_cpp.llama_batch()
        batch.n_tokens = count
        batch.token = self.tokens.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token))
        batch.pos = self.positions.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_pos))
        batch.n_seq_id = self.sequence_counts.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        batch.seq_id = self.sequence_pointers.ctypes.data_as(ctypes.POINTER(ctypes.POINTER(llama_cpp.llama_seq_id)))
        batch.logits = self.outputs.ctypes.data_as(ctypes.POINTER(ctypes.c_int8))
        self.batch = batch


def pack(texts: list[list[int]], settings: Settings) -> list[Batch]:
    """First fit, longest first: nearly all batches are full."""
    groups: list[list[int]] = []
    room: list[int] = []
    for index in sorted(range(len(texts)), key=lambda index: -len(texts[index])):
        length = len(texts[index])
        for group in range(len(groups)):
            if length <= room[group] and len(groups[group]) < settings.texts:
                break
        else:
            group = len(groups)
            groups.append([])
            room.append(settings.ubatch)
        groups[group].append(index)
        room[group] -= length
    return [Batch(members, texts, settings.outputs) for members in groups]


class StateReader:
    """Copies the states after the final norm out of the graph, which the C API shows to a callback."""

    def __init__(self, hidden_size: int) -> None:
        library = llama_cpp._ggml.libggml
        self.name = library.ggml_get_name
        self.name.argtypes, self.name.restype = [ctypes.c_void_p], ctypes.c_char_p
        self.byte_count = library.ggml_nbytes
        self.byte_count.argtypes, self.byte_count.restype = [ctypes.c_void_p], ctypes.c_size_t
        self.read = library.ggml_backend_tensor_get
        self.read.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
        self.read.restype = None
        self.hidden_size = hidden_size
        self.pieces: list[NDArray[np.float32]] = []
        self.callback = llama_cpp.ggml_backend_sched_eval_callback(self.receive)

    def receive(self, tensor: int, asks: bool, _data: Any) -> bool:
        """Asked whether a node is wanted; then called with its values. Returning True goes on."""
        if self.name(tensor) != b"result_norm":
            return not asks
        if not asks:
            states = np.empty(self.byte_count(tensor) // 4, np.float32)
            self.read(tensor, states.ctypes.data, 0, states.nbytes)
            self.pieces.append(states.reshape(-1, self.hidden_size))
        return True

    def take(self) -> NDArray[np.float32]:
        states = np.concatenate(self.pieces)
        self.pieces = []
        return states


class Run:
    """A context with its prepared batches."""

    def __init__(self, model: Model, texts: list[list[int]], settings: Settings, log: Log) -> None:
        self.batches = pack(texts, settings)
        self.outputs = settings.outputs
        self.hidden_size = model.hidden_size()
        self.reader = StateReader(self.hidden_size)
        longest = max(len(text) for text in texts)
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ubatch = settings.ubatch
        parameters.n_batch = max(settings.ubatch, longest)
        parameters.n_seq_max = max(len(batch.members) for batch in self.batches)
        parameters.n_ctx = parameters.n_batch if settings.unified else longest * parameters.n_seq_max
        parameters.n_threads = parameters.n_threads_batch = settings.threads
        parameters.kv_unified = settings.unified
        parameters.type_k = parameters.type_v = CACHE_TYPES[settings.cache]
        parameters.flash_attn_type = (
            llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED
            if settings.flash_attention
            else llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        )
        if settings.outputs == "pooled":
            parameters.embeddings = True
            parameters.pooling_type = llama_cpp.LLAMA_POOLING_TYPE_LAST
        else:
            parameters.cb_eval = self.reader.callback
        self.context = llama_cpp.llama_init_from_model(model.handle, parameters)
        if not self.context:
            fail(f"llama.cpp makes no context with {settings.describe()}:\n{log.text()[-2000:]}")
        self.memory = llama_cpp.llama_get_memory(self.context)

    def embed(self, batch: Batch) -> NDArray[np.float32]:
        """[texts of the batch, hidden size]"""
        llama_cpp.llama_memory_clear(self.memory, False)
        status = llama_cpp.llama_decode(self.context, batch.batch)
        if status != 0:
            fail(f"llama_decode: expected 0, found {status}, with {batch.batch.n_tokens} tokens")
        if self.outputs == "last":
            return self.reader.take()
        return np.stack(
            [
                np.ctypeslib.as_array(llama_cpp.llama_get_embeddings_seq(self.context, sequence), (self.hidden_size,))
                for sequence in range(len(batch.members))
            ]
        ).copy()

    def warm_up(self) -> None:
        self.embed(self.batches[0])

    def timed(self) -> tuple[float, NDArray[np.float32]]:
        """Seconds for all texts, and their states: [texts, hidden size]."""
        start = time.perf_counter()
        pieces = [self.embed(batch) for batch in self.batches]
        seconds = time.perf_counter() - start
        states = np.concatenate(pieces)
        order = np.concatenate([batch.members for batch in self.batches])
        result = np.empty_like(states)
        result[order] = states
        return seconds, result

    def close(self) -> None:
        llama_cpp.llama_free(self.context)


def convert(source: Path, folder: Path, format: str, threads: int, log: Log) -> Path:
    """`source` in another format, made by llama.cpp's own quantizer. Kept in `folder`, and made once."""
    if not source.is_file():
        fail(f"{source}: expected a GGUF file, found none")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{source.stem}.{format}.gguf"
    # A target has its source's time: that of another file of the same name would be another one.
    modified = source.stat().st_mtime_ns
    if target.exists() and target.stat().st_mtime_ns == modified:
        return target
    # Every format is quantized from floats: quantizing what is quantized already would cost fidelity.
    origin = source if format == "F32" else convert(source, folder, "F32", threads, log)
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.nthread = threads
    parameters.ftype = FORMATS[format]
    parameters.allow_requantize = True
    unfinished = target.with_suffix(".unfinished")
    status = llama_cpp.llama_model_quantize(str(origin).encode(), str(unfinished).encode(), ctypes.byref(parameters))
    if status != 0:
        fail(f"{source}: llama.cpp cannot make {format} of it:\n{log.text()[-2000:]}")
    os.utime(unfinished, ns=(modified, modified))
    os.replace(unfinished, target)
    return target


def run_convert(options: argparse.Namespace, log: Log) -> None:
    print(convert(options.model, options.folder, options.format, options.threads, log))


def run_tokenize(options: argparse.Namespace, log: Log) -> None:
    model = Model(options.model, log, vocabulary_only=True)
    rows = []
    for number, row in enumerate(read_lines(options.texts, options.limit), 1):
        if "tokens" not in row and not ("prompt" in row and "responses" in row):
            fail(f'{options.texts}:{number}: expected "prompt" and "responses", or "tokens", found {sorted(row)}')
        rows.append({"tokens": row["tokens"] if "tokens" in row else model.tokenize(row)})
    write_lines(options.output, rows)


def run_measure(options: argparse.Namespace, log: Log) -> None:
    lines = read_token_lines(options.tokens, options.limit)
    texts = list(itertools.chain.from_iterable(lines))
    settings = settings_of(options)
    model = Model(options.model, log)
    run = Run(model, texts, settings, log)
    run.warm_up()
    rounds = [run.timed() for _ in range(options.rounds)]
    if options.states:
        np.save(options.states, rounds[0][1])
    result = {
        "tokens": sum(len(text) for text in texts),
        "texts": len(texts),
        "lines": len(lines),
        "seconds": statistics.median(seconds for seconds, _ in rounds),
        "rounds": [seconds for seconds, _ in rounds],
        "settings": settings.describe(),
        "repacked": model.repacked,
        "system": llama_cpp.llama_print_system_info().decode().strip(" |\n"),
        "version": f"llama-cpp-python {llama_cpp.__version__}",
    }
    print(json.dumps(result))


def run_settings(options: argparse.Namespace, log: Log) -> None:
    """One setting at a time is changed from the best one; all alternate."""
    best = settings_of(options)
    candidates = [best]
    candidates += [replace(best, ubatch=ubatch) for ubatch in (256, 512, 1024, 2048) if ubatch != best.ubatch]
    candidates += [
        replace(best, outputs="pooled" if best.outputs == "last" else "last"),
        replace(best, flash_attention=not best.flash_attention),
        replace(best, unified=not best.unified),
        replace(best, cache="f32" if best.cache == "f16" else "f16"),
        replace(best, texts=1),
    ]
    texts = list(itertools.chain.from_iterable(read_token_lines(options.tokens, options.limit)))
    tokens = sum(len(text) for text in texts)
    model = Model(options.model, log)
    rates: dict[Settings, list[float]] = {settings: [] for settings in candidates}
    for _ in range(options.rounds):
        for settings in candidates:
            run = Run(model, texts, settings, log)
            run.warm_up()
            rates[settings].append(tokens / run.timed()[0])
            run.close()
    base = rates[best]
    print(f"{options.model.name}, {len(texts)} texts, {tokens} tokens, {options.threads} threads, "
          f"{options.rounds} rounds{', repacked' if model.repacked else ''}")
    for settings, found in rates.items():
        ratio = statistics.median(mine / first for mine, first in zip(found, base))
        print(f"{statistics.median(found):9.1f} tokens/s  x {ratio:.3f}  {settings.describe()}")


def settings_of(options: argparse.Namespace) -> Settings:
    return Settings(
        threads=options.threads, ubatch=options.ubatch, flash_attention=options.flash_attention == "on",
        unified=options.cache_for == "all", cache=options.cache, texts=options.texts_per_batch,
        outputs=options.outputs,
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    best = Settings(threads=os.cpu_count() or 1)
    parser.add_argument("model", type=Path, help="a GGUF file")
    parser.add_argument("tokens", type=Path, help='JSON Lines of {"tokens": [[ids of a text], …]}')
    parser.add_argument("--limit", type=int, help="lines to take (default: all)")
    parser.add_argument("--threads", type=int, default=best.threads, help="default: all cores")
    parser.add_argument(
        "--ubatch", type=int, default=best.ubatch, help="tokens computed at once (default: %(default)s)")
    parser.add_argument("--flash-attention", choices=["on", "off"], default="on", help="default: %(default)s")
    parser.add_argument(
        "--cache-for", choices=["all", "each"], default="all",
        help="one key and value cache for all texts of a batch, or one for each (default: %(default)s)")
    parser.add_argument("--cache", choices=list(CACHE_TYPES), default=best.cache, help="default: %(default)s")
    parser.add_argument(
        "--texts-per-batch", type=int, default=best.texts, help="at most so many (default: %(default)s)")
    parser.add_argument(
        "--outputs", choices=["last", "pooled"], default=best.outputs,
        help="last: only last tokens are outputs; pooled: llama.cpp's embedding mode, in which all tokens are, and "
        "all get the vocabulary projection (default: %(default)s)")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="compare.py uses it. To find llama.cpp's best settings on this machine:\n"
        "  llama_cpp_engine.py settings .models/model.Q8_0.gguf mixed.jsonl --limit 40")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("convert", help="make another format of a GGUF file with llama.cpp's quantizer")
    command.add_argument("model", type=Path)
    command.add_argument("folder", type=Path, help="where the result goes; one that is there already is kept")
    command.add_argument("format", choices=list(FORMATS))
    command.add_argument("--threads", type=int, default=os.cpu_count())
    command.set_defaults(run=run_convert)

    command = commands.add_parser("tokenize", help="turn texts into token ids with llama.cpp's tokenizer")
    command.add_argument("model", type=Path)
    command.add_argument("texts", type=Path, help='JSON Lines of {"prompt": …, "responses": […]}; "tokens" stay')
    command.add_argument("output", type=Path)
    command.add_argument("--limit", type=int)
    command.set_defaults(run=run_tokenize)

    command = commands.add_parser("measure", help="embed all texts and print the time as JSON")
    add_settings(command)
    command.add_argument("--rounds", type=int, default=1, help="default: %(default)s, after a warm-up")
    command.add_argument("--states", type=Path, help="also write the states, [texts, hidden size], as .npy")
    command.set_defaults(run=run_measure)

    command = commands.add_parser("settings", help="measure what each setting is worth")
    add_settings(command)
    command.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    command.set_defaults(run=run_settings)

    options = parser.parse_args()
    options.run(options, Log())


if __name__ == "__main__":
    main()
