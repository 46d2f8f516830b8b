#!/usr/bin/env python3
"""Compares legend-worker with llama.cpp and Hugging Face transformers on the same texts, all in one run.

Every round measures everything once, each in a process of its own, in turn; what counts are medians, and medians of the
ratios of one round. Loading a model, tokenizing and one warm-up are counted for nobody. README.md says more.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from texts import fail, read_token_lines

HERE = Path(__file__).resolve().parent
ENGINES = ("legend", "llama.cpp", "transformers")
FORMATS = ("F32", "BF16", "Q8_0", "Q4_0", "shipped")
PRECISIONS = ("f32", "bf16", "int8", "auto")
#: llama.cpp's batch size is chosen on the first lines with so many tokens.
TRIAL_TOKENS = 4096
#: Rounds that differ by more are no measurement.
SPREAD_MOST = 1.25


@dataclass
class Measurement:
    seconds: float
    tokens: int
    texts: int
    lines: int
    details: dict[str, Any] = field(default_factory=dict)

    def tokens_per_second(self) -> float:
        return self.tokens / self.seconds

    def lines_per_second(self) -> float:
        return self.lines / self.seconds


@dataclass
class Contestant:
    """One engine in one configuration."""

    name: str
    engine: str
    command: list[str]
    #: The texts that it gets; all have the same ids.
    expected: Measurement
    #: Of "legend": whether shared prefixes are computed once.
    sharing: bool | None = None
    measurements: list[Measurement] = field(default_factory=list)

    def measure(self) -> Measurement:
        found = parse(self, run(self.command))
        if found.tokens != self.expected.tokens:
            fail(f"{self.name}: expected {self.expected.tokens} tokens, as llama.cpp counts them, found {found.tokens}")
        return found

    def spread(self) -> float:
        """The longest round by the shortest."""
        seconds = [measurement.seconds for measurement in self.measurements]
        return max(seconds) / min(seconds)

    def median_rate(self) -> float:
        return statistics.median(measurement.tokens_per_second() for measurement in self.measurements)


def run(command: list[str]) -> str:
    """What the command prints."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        fail(f"{command[0]}: expected a program, found none (for legend-worker: make build)")
    except subprocess.CalledProcessError as error:
        if error.stderr.startswith("error: "):
            fail(error.stderr.removeprefix("error: ").strip())
        hint = "\nBenchmarks/setup.sh installs what is missing" if "ModuleNotFoundError" in error.stderr else ""
        fail(f"{' '.join(command)}: expected exit status 0, found {error.returncode}:\n{error.stderr[-2000:]}{hint}")


def parse(contestant: Contestant, output: str) -> Measurement:
    try:
        result = json.loads(output)
        if contestant.engine == "legend":
            result = next(one for one in result["results"] if one["sharing"] == contestant.sharing)
        return Measurement(
            seconds=result["seconds"], tokens=result["tokens"], texts=contestant.expected.texts,
            lines=contestant.expected.lines, details=result)
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        fail(f"{contestant.name}: expected JSON with seconds and tokens, found {error!r} in:\n{output[:500]}")


def script(name: str, *arguments: object) -> list[str]:
    return [sys.executable, str(HERE / name), *map(str, arguments)]


class Comparison:
    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.tokens = folder / "tokens.jsonl"
        run(script("llama_cpp_engine.py", "tokenize", options.model, options.texts, self.tokens, *self.limit()))
        self.lines = read_token_lines(self.tokens)
        #: Whether two texts begin alike, so that computing a prefix once can matter.
        texts = [text for line in self.lines for text in line]
        self.has_shared_prefixes = len({tuple(text[:2]) for text in texts}) < len(texts)
        self.contestants = [*self.legend(), *self.llama_cpp(), *self.transformers()]

    def limit(self) -> list[str]:
        return [] if self.options.limit is None else ["--limit", str(self.options.limit)]

    def workload(self, line_count: int | None = None) -> Measurement:
        """The first lines, with the seconds unknown."""
        lines = self.lines[:line_count]
        texts = [text for line in lines for text in line]
        return Measurement(0, sum(map(len, texts)), len(texts), len(lines))

    def legend(self) -> Iterable[Contestant]:
        options = self.options
        if "legend" not in options.engines:
            return
        for precision in options.precisions:
            for sharing in (True, False) if self.has_shared_prefixes and options.sharing == "both" else (True,):
                command = [
                    str(options.worker), "bench", str(options.model), "--texts", str(options.texts), *self.limit(),
                    "--precision", precision, "--lanes", str(options.threads), "--rounds", "1", "--json",
                ]
                name = f"legend {precision}" + ("" if sharing else ", nothing shared")
                command += [] if sharing else ["--no-sharing"]
                yield Contestant(name, "legend", command, self.workload(), sharing)

    def llama_cpp(self) -> Iterable[Contestant]:
        options = self.options
        if "llama.cpp" not in options.engines:
            return
        for format in options.formats:
            model = options.model
            if format != "shipped":
                progress(f"llama.cpp {format}: model file")
                convert = script("llama_cpp_engine.py", "convert", model, options.models, format)
                model = run([*convert, "--threads", str(options.threads)]).strip()
            ubatch = self.best_ubatch(format, model)
            yield Contestant(
                f"llama.cpp {format}", "llama.cpp", [*self.llama_command(model, ubatch), *self.limit()],
                self.workload())

    def llama_command(self, model: Path | str, ubatch: int) -> list[str]:
        options = self.options
        return script(
            "llama_cpp_engine.py", "measure", model, self.tokens, "--threads", options.threads, "--ubatch", ubatch,
            "--outputs", options.llama_outputs)

    def best_ubatch(self, format: str, model: Path | str) -> int:
        sizes = self.options.ubatch
        if len(sizes) == 1:
            return sizes[0]
        count = next(
            (n for n in range(1, len(self.lines)) if self.workload(n).tokens >= TRIAL_TOKENS), len(self.lines))
        seconds = {}
        for size in sizes:
            output = run([*self.llama_command(model, size), "--limit", str(count), "--rounds", "3"])
            seconds[size] = json.loads(output)["seconds"]
        best = min(seconds, key=lambda size: seconds[size])
        rates = ", ".join(f"{size}: {self.workload(count).tokens / time:.0f}" for size, time in seconds.items())
        progress(f"llama.cpp {format}: {best} tokens a batch (tokens/s of {rates})")
        return best

    def transformers(self) -> Iterable[Contestant]:
        options = self.options
        if "transformers" not in options.engines:
            return
        count = min(options.hf_limit, len(self.lines))
        yield Contestant(
            "transformers f32", "transformers",
            script("transformers_engine.py", options.model, self.tokens, "--threads", options.threads,
                   "--limit", count),
            self.workload(count))

    def measure(self) -> None:
        for number in range(1, self.options.rounds + 1):
            # Every second round goes backwards, so that nobody always runs after the same neighbour.
            for contestant in self.contestants if number % 2 else reversed(self.contestants):
                measurement = contestant.measure()
                contestant.measurements.append(measurement)
                rate = measurement.tokens_per_second()
                progress(f"round {number} of {self.options.rounds}: {contestant.name}: {rate:.1f} tokens/s")

    def ratios(self) -> list[dict[str, Any]]:
        """How many times as fast ours is as theirs, by tokens/s in the same round."""
        result = []
        for ours in (one for one in self.contestants if one.engine == "legend"):
            for theirs in (one for one in self.contestants if one.engine != "legend"):
                rounds = [
                    mine.tokens_per_second() / other.tokens_per_second()
                    for mine, other in zip(ours.measurements, theirs.measurements)
                ]
                result.append({"ours": ours.name, "theirs": theirs.name, "ratio": statistics.median(rounds),
                               "rounds": rounds})
        return result

    def unsteady(self) -> list[str]:
        """Whose rounds differ too much to say anything."""
        return [contestant.name for contestant in self.contestants if contestant.spread() > SPREAD_MOST]

    def report(self) -> dict[str, Any]:
        whole = self.workload()
        return {
            "model": self.options.model.name,
            "texts_file": self.options.texts.name,
            "lines": whole.lines,
            "texts": whole.texts,
            "tokens": whole.tokens,
            "threads": self.options.threads,
            "rounds": self.options.rounds,
            "cpu": cpu_name(),
            "engines": [engine_report(contestant) for contestant in self.contestants],
            "unsteady": self.unsteady(),
            "ratios": self.ratios(),
        }

    def tables(self) -> str:
        whole = self.workload()
        unit = "PAIRS/S" if all(len(line) == 2 for line in self.lines) else "LINES/S"
        width = max(len(contestant.name) for contestant in self.contestants) + len("than ") + 2
        rows = [
            f"{self.options.model.name}: {whole.lines} lines, {whole.texts} texts, {whole.tokens} tokens; "
            f"{self.options.threads} threads, medians of {self.options.rounds} rounds",
            cpu_name(), "",
            f"{'ENGINE':{width}}{'TOKENS/S':>10}{'LEAST':>10}{'MOST':>10}{unit:>10}",
        ]
        for contestant in self.contestants:
            rates = [one.tokens_per_second() for one in contestant.measurements]
            lines = statistics.median(one.lines_per_second() for one in contestant.measurements)
            mark = "" if contestant.expected.lines == whole.lines else " *"
            rows.append(
                f"{contestant.name:{width}}{contestant.median_rate():10.1f}{min(rates):10.1f}{max(rates):10.1f}"
                f"{lines:10.2f}{mark}")
        for contestant in self.contestants:
            if contestant.expected.lines != whole.lines:
                subset = contestant.expected
                rows.append(f"* only the first {subset.lines} lines ({subset.tokens} tokens): rates are of those")
        if self.unsteady():
            rows.append(
                f"NOT STEADY: {'; '.join(self.unsteady())}: most and least differ by more than a factor of "
                f"{SPREAD_MOST}. Something else was running: measure again")
        ratios = self.ratios()
        if ratios:
            rows += ["", "HOW MANY TIMES AS FAST (tokens/s of the same round, median)"]
            ours = list(dict.fromkeys(ratio["ours"] for ratio in ratios))
            rows.append(" " * width + "".join(f"{name:>{len(name) + 2}}" for name in ours))
            for theirs in dict.fromkeys(ratio["theirs"] for ratio in ratios):
                cells = [f"{r['ratio']:{len(r['ours']) + 2}.2f}" for r in ratios if r["theirs"] == theirs]
                rows.append(f"{'than ' + theirs:{width}}" + "".join(cells))
        return "\n".join(rows)


def engine_report(contestant: Contestant) -> dict[str, Any]:
    measurements = contestant.measurements
    return {
        "name": contestant.name,
        "engine": contestant.engine,
        "tokens_per_second": contestant.median_rate(),
        "lines_per_second": statistics.median(one.lines_per_second() for one in measurements),
        "texts_per_second": statistics.median(one.texts / one.seconds for one in measurements),
        "lines": contestant.expected.lines,
        "tokens": contestant.expected.tokens,
        "seconds": [one.seconds for one in measurements],
        "details": {key: value for key, value in measurements[-1].details.items() if key not in ("rounds", "seconds")},
    }


def cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def progress(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def choices(known: tuple[str, ...]):
    """A comma-separated list out of `known`."""

    def parse_list(text: str) -> list[str]:
        names = text.split(",")
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"expected some of {','.join(known)}, found {','.join(unknown)}")
        return names

    return parse_list


def positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found {text}")
    return number


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example:\n  compare.py model.gguf pairs.jsonl --limit 20 --precisions bf16,int8 --formats Q8_0,Q4_0")
    parser.add_argument("model", type=Path, help="a GGUF file")
    parser.add_argument(
        "texts", type=Path, help='JSON Lines of {"prompt": …, "responses": […]} or {"tokens": [[ids], …]}')
    parser.add_argument("--limit", type=positive, help="lines to take (default: all)")
    parser.add_argument("--rounds", type=positive, default=5, help="default: %(default)s")
    parser.add_argument("--threads", type=positive, default=os.cpu_count(), help="of every engine (default: all cores)")
    parser.add_argument(
        "--engines", type=choices(ENGINES), default=ENGINES, metavar="LIST", help=f"default: {','.join(ENGINES)}")
    parser.add_argument(
        "--precisions", type=choices(PRECISIONS), default=["f32", "bf16"], metavar="LIST",
        help=f"of legend-worker, some of {','.join(PRECISIONS)} (default: f32,bf16)")
    parser.add_argument(
        "--sharing", choices=["both", "on"], default="both",
        help="also measure legend-worker with nothing shared, where texts share prefixes (default: %(default)s)")
    parser.add_argument(
        "--formats", type=choices(FORMATS), default=FORMATS, metavar="LIST",
        help=f"of llama.cpp; shipped is MODEL as it is (default: {','.join(FORMATS)})")
    parser.add_argument(
        "--ubatch", type=positive, nargs="+", default=[256, 512, 1024, 2048], metavar="TOKENS",
        help="llama.cpp's batch sizes to choose from, for each format (default: 256 512 1024 2048)")
    parser.add_argument(
        "--llama-outputs", choices=["last", "pooled"], default="last",
        help="last: llama.cpp at its best; pooled: its embedding mode (default: %(default)s)")
    parser.add_argument(
        "--hf-limit", type=positive, default=8, help="lines for transformers, which is slow (default: %(default)s)")
    parser.add_argument("--output", type=Path, help="write everything as JSON to this file")
    parser.add_argument(
        "--worker", type=Path, default=HERE.parent / ".build/release/legend-worker",
        help="default: .build/release/legend-worker")
    parser.add_argument(
        "--models", type=Path, default=HERE / ".models", help="where converted models are kept (default: .models)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(options, Path(folder))
        comparison.measure()
        print(comparison.tables())
        if options.output:
            options.output.write_text(json.dumps(comparison.report(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
