"""Makes Parquet and Arrow datasets with pyarrow and `datasets`, and compares them with what came out of them.

`make FOLDER` writes inputs, each into a file or folder of its own, and prints their names; `check FOLDER` takes
OUTPUT.parquet for every INPUT, in which every column of the input must be with its type and its values and behind them the
added ones, loads it with `datasets`, and prints what is wrong, as a list of sentences.
"""

import datetime
import decimal
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value, load_dataset

ADDED = {"margin": pa.float64(), "margin_bin": pa.int64(), "score_chosen": pa.float64(), "score_rejected": pa.float64()}
ROWS = 11


def messages(answer):
    return [{"role": "user", "content": "How?"}, {"role": "assistant", "content": answer}]


def table():
    """Columns of most types, with nulls in those that are not read."""
    def some(values):
        return [None if row % 4 == 3 else values[row % len(values)] for row in range(ROWS)]

    turn = pa.struct([("role", pa.string()), ("content", pa.string())])
    columns = {
        "id": pa.array([2**63 - 1 - row for row in range(ROWS)], pa.int64()),
        "prompt": pa.array([f"q {row} \U0001f642" for row in range(ROWS)], pa.large_string()),
        "chosen": pa.array([f"a {row}" for row in range(ROWS)]).dictionary_encode(),
        "rejected": pa.array([f"b {row % 2}" for row in range(ROWS)]),
        "messages": pa.array([messages(f"a {row}") for row in range(ROWS)], pa.list_(turn)),
        "decimal": pa.array(some([decimal.Decimal("12345678901234567890.123456789")]), pa.decimal128(38, 9)),
        "at": pa.array(some([datetime.datetime(2024, 5, 1, 1, 2, 3, 4)]), pa.timestamp("us", "Europe/Berlin")),
        "nanoseconds": pa.array(some([1714521600123456789]), pa.int64()).cast(pa.timestamp("ns")),
        "day": pa.array(some([datetime.date(1969, 12, 31)]), pa.date32()),
        "time": pa.array(some([datetime.time(23, 59, 59, 999999)]), pa.time64("us")),
        "long": pa.array(some([datetime.timedelta(days=-1, microseconds=1)]), pa.duration("us")),
        "bytes": pa.array(some([b"\xff\x00", b""]), pa.binary()),
        "fixed": pa.array(some([b"1234"]), pa.binary(4)),
        "half": pa.array(some([1.5, -0.0]), pa.float16()),
        "single": pa.array(some([0.1]), pa.float32()),
        "double": pa.array(some([0.1, float("inf"), -0.0, 5e-324]), pa.float64()),
        "unsigned": pa.array(some([2**64 - 1]), pa.uint64()),
        "flag": pa.array(some([True, False]), pa.bool_()),
        "none": pa.nulls(ROWS),
        "map": pa.array(some([[("k", 1)], []]), pa.map_(pa.string(), pa.int64())),
        "nested": pa.array(some([[[1, None], []], [None]]), pa.list_(pa.list_(pa.int32()))),
        "large": pa.array(some([["x"]]), pa.large_list(pa.large_string())),
        "pair": pa.array(some([[1, 2]]), pa.list_(pa.int8(), 2)),
        "ümlaut \"x\"": pa.array(some(["ä"])),
    }
    return pa.table(columns)


def preferences(rows=ROWS):
    """As a dataset of the hub: with features that the file's own columns do not say."""
    features = Features({
        "prompt": Value("string"), "chosen": List({"role": Value("string"), "content": Value("string")}),
        "rejected": List({"role": Value("string"), "content": Value("string")}),
        "kind": ClassLabel(names=["theft", "fraud"]), "at": Value("timestamp[ms]"), "weight": Value("float32"),
    })
    return Dataset.from_dict({
        "prompt": ["How?"] * rows, "chosen": [messages(f"a {row}") for row in range(rows)],
        "rejected": [messages(f"b {row}") for row in range(rows)], "kind": [row % 2 for row in range(rows)],
        "at": [datetime.datetime(2024, 5, 1)] * rows, "weight": [None if row == 1 else row / 3 for row in range(rows)],
    }, features=features)


def make(folder):
    pq.write_table(table(), folder / "types.parquet", row_group_size=3)
    pq.write_table(table(), folder / "pages.parquet", compression="zstd", data_page_version="2.0", data_page_size=64)
    with ipc.new_file(folder / "types.arrow", table().schema) as writer:
        writer.write_table(table(), max_chunksize=4)
    preferences().to_parquet(folder / "hub.parquet")
    preferences(0).to_parquet(folder / "empty.parquet")
    pq.ParquetWriter(folder / "groups.parquet", table().schema).close()
    preferences().save_to_disk(folder / "saved-one")
    stream = next((folder / "saved-one").glob("*.arrow"))
    stream.rename(folder / "stream.arrow")
    preferences().save_to_disk(folder / "saved", num_shards=2)
    DatasetDict({"train": preferences()}).save_to_disk(folder / "dictionary")
    (folder / "repository/data").mkdir(parents=True)
    for shard in range(3):
        rows = table().slice(4 * shard, 4)
        pq.write_table(rows, folder / f"repository/data/train-{shard:05}-of-00003.parquet", row_group_size=3)
    print(json.dumps(["types.parquet", "pages.parquet", "types.arrow", "hub.parquet", "empty.parquet", "groups.parquet",
                      "stream.arrow", "saved", "dictionary", "repository"]))


def read(path):
    if path.is_dir():
        return pa.concat_tables([read(file) for file in sorted([*path.rglob("*.arrow"), *path.rglob("*.parquet")])])
    if path.suffix == ".parquet":
        return pq.read_table(path)
    with pa.memory_map(str(path)) as source:
        try:
            return ipc.open_file(source).read_all()
        except pa.ArrowInvalid:
            source.seek(0)
            return ipc.open_stream(source).read_all()


def problems(before, path):
    after = pq.read_table(path)
    for field in before.schema:
        if field.name not in after.schema.names:
            yield f"{path.name}: no column {field.name}"
        elif not after.schema.field(field.name).equals(field):
            yield f"{path.name}: {field} became {after.schema.field(field.name)}"
        elif after[field.name].combine_chunks() != before[field.name].combine_chunks():
            yield f"{path.name}: other values in {field.name}"
    added = {name: after.schema.field(name).type for name in after.schema.names[len(before.schema.names):]}
    expected = {name: kind for name, kind in ADDED.items() if before.num_rows or name != "margin_bin"}
    if added != expected:
        yield f"{path.name}: added {added}"
    if after.num_rows != before.num_rows:
        yield f"{path.name}: {after.num_rows} rows, not {before.num_rows}"
    if after["margin"].to_pylist() != [row / 3 for row in range(before.num_rows)]:
        yield f"{path.name}: margins {after['margin'].to_pylist()}"
    description = (before.schema.metadata or {}).get(b"huggingface")
    if description is None:
        return
    features = Features.from_arrow_schema(before.schema)
    features.update({name: Value({pa.float64(): "float64", pa.int64(): "int64"}[kind]) for name, kind in added.items()})
    # It does not load a file without rows.
    found = (load_dataset("parquet", data_files=str(path), split="train").features if before.num_rows
             else Features.from_arrow_schema(after.schema))
    if found != features:
        yield f"{path.name}: features {found}"


def main():
    folder = Path(sys.argv[2])
    if sys.argv[1] == "make":
        return make(folder)
    found = []
    for output in sorted((folder / "outputs").glob("*.parquet")):
        found += problems(read(folder / output.stem), output)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
