#!/usr/bin/env python3
"""Makes the golden files of these tests with pyarrow (26.0.1), from nothing but what stands here.

Expected values stand in the tests: what was put in here.
"""

import datetime
import decimal
import os

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

os.chdir(os.path.dirname(os.path.abspath(__file__)))

messages = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
features = (
    '{"info": {"features": {"prompt": {"dtype": "string", "_type": "Value"}, '
    '"chosen": {"dtype": "string", "_type": "Value"}, '
    '"messages": {"feature": {"role": {"dtype": "string", "_type": "Value"}, '
    '"content": {"dtype": "string", "_type": "Value"}}, "_type": "List"}, '
    '"safe": {"dtype": "bool", "_type": "Value"}, "severity": {"dtype": "int64", "_type": "Value"}, '
    '"score": {"dtype": "float64", "_type": "Value"}}}}'
)
preferences = pa.table(
    {
        "prompt": ["How?", None, "Grüße, 日本", "How?", ""],
        "chosen": ["So.", "Yes \U0001f642", None, "So.", "line\nbreak"],
        "messages": pa.array(
            [
                [{"role": "user", "content": "How?"}, {"role": "assistant", "content": "So."}],
                [],
                None,
                [None, {"role": None, "content": "x"}],
                [{"role": "user", "content": ""}],
            ],
            messages,
        ),
        "safe": [True, False, None, True, True],
        "severity": [0, 3, None, -1, 2**62],
        "score": [0.5, -0.0, None, float("nan"), 5e-324],
    }
).replace_schema_metadata({"huggingface": features})
pq.write_table(preferences, "preferences.parquet", row_group_size=2)
pq.write_table(
    preferences, "preferences-gzip-v2.parquet", compression="gzip", data_page_version="2.0", write_page_checksum=True)
pq.write_table(
    preferences, "preferences-zstd.parquet", compression="zstd", use_dictionary=False, data_page_size=1,
    write_batch_size=1, write_page_checksum=True)
pq.write_table(preferences, "preferences-plain.parquet", compression="none", write_statistics=False)
pq.write_table(preferences.slice(0, 0), "empty.parquet")
pq.write_table(preferences, "lz4.parquet", compression="lz4")
with ipc.new_stream("preferences.arrow", preferences.schema) as writer:
    writer.write_table(preferences, max_chunksize=2)
with ipc.new_file(
    "preferences-zstd.arrow", preferences.schema, options=ipc.IpcWriteOptions(compression="zstd")) as writer:
    writer.write_table(preferences, max_chunksize=3)
with ipc.new_stream(
    "lz4.arrow", preferences.schema, options=ipc.IpcWriteOptions(compression="lz4")) as writer:
    writer.write_table(preferences)

types = {
    "null": (pa.null(), [None, None, None]),
    "bool": (pa.bool_(), [True, None, False]),
    "int8": (pa.int8(), [-128, None, 127]),
    "int16": (pa.int16(), [-(2**15), None, 2**15 - 1]),
    "int32": (pa.int32(), [-(2**31), None, 2**31 - 1]),
    "int64": (pa.int64(), [-(2**63), None, 2**63 - 1]),
    "uint8": (pa.uint8(), [0, None, 255]),
    "uint16": (pa.uint16(), [0, None, 2**16 - 1]),
    "uint32": (pa.uint32(), [0, None, 2**32 - 1]),
    "uint64": (pa.uint64(), [0, None, 2**64 - 1]),
    "half": (pa.float16(), [np.float16(-1.5), None, np.float16("inf")]),
    "float": (pa.float32(), [0.1, None, -0.0]),
    "double": (pa.float64(), [0.1, None, float("-inf")]),
    "string": (pa.string(), ["a", None, "ä" * 20]),
    "large_string": (pa.large_string(), ["b", None, ""]),
    "string_view": (pa.string_view(), ["short", None, "longer than twelve bytes"]),
    "binary": (pa.binary(), [b"\x00\xff", None, b""]),
    "large_binary": (pa.large_binary(), [b"\x01", None, b""]),
    "fixed": (pa.binary(3), [b"abc", None, b"\x00\x00\x00"]),
    "decimal": (pa.decimal128(9, 2), [decimal.Decimal("-1.23"), None, decimal.Decimal("9999999.99")]),
    "decimal256": (pa.decimal256(60, 5), [decimal.Decimal("-0.00001"), None, decimal.Decimal(10) ** 50]),
    "date": (pa.date32(), [datetime.date(1969, 12, 31), None, datetime.date(2024, 2, 29)]),
    "time_ms": (pa.time32("ms"), [0, None, 86399999]),
    "time_us": (pa.time64("us"), [1, None, 86399999999]),
    "timestamp_ms": (pa.timestamp("ms"), [-1, None, 1709210096789]),
    "timestamp_utc": (pa.timestamp("us", "UTC"), [-1, None, 1709210096789012]),
    "timestamp_berlin": (pa.timestamp("ns", "Europe/Berlin"), [-1, None, 1709210096789012345]),
    "duration": (pa.duration("us"), [-1500000, None, 2]),
    "category": (pa.dictionary(pa.int32(), pa.string()), ["x", None, "y"]),
}


def column(type, values):
    if pa.types.is_dictionary(type):
        return pa.array(values, type.value_type).dictionary_encode().cast(type)
    return pa.array(values, type)


table = pa.table({name: column(*entry) for name, entry in types.items()})
pq.write_table(table, "types.parquet", compression="none", write_statistics=False)
with ipc.new_file("types.arrow", table.schema) as writer:
    writer.write_table(table)

nested_type = pa.list_(pa.list_(pa.int32()))
map_type = pa.map_(pa.string(), pa.list_(pa.float32()))
deep_type = pa.struct([
    pa.field("a", pa.struct([pa.field("b", pa.int64()), pa.field("c", pa.list_(pa.string()))])),
    pa.field("d", pa.int16(), nullable=False),
])
nested = pa.table(
    [
        pa.array([[[1, 2], [], None, [None]], [], None, [[3]]], nested_type),
        pa.array([[("k", [1.5, None]), ("l", None)], [], None, [("", [])]], map_type),
        pa.array([
            {"a": {"b": 1, "c": ["x", None]}, "d": 1}, {"a": None, "d": 2}, None, {"a": {"b": None, "c": None}, "d": 3},
        ], deep_type),
        pa.array([[1, 2], None, [3, None], [5, 6]], pa.list_(pa.int8(), 2)),
        pa.array([["x"], [], None, [None, "y"]], pa.large_list(pa.string())),
    ],
    names=["lists", "map", "deep", "fixed", "large"],
)
pq.write_table(nested, "nested.parquet", data_page_size=1, write_batch_size=1, compression="none")
with ipc.new_stream("nested.arrow", nested.schema) as writer:
    writer.write_table(nested, max_chunksize=3)

rows = 300
encoded = pa.table({
    "delta32": pa.array([i * i % 1000 - 500 for i in range(rows)], pa.int32()),
    "delta64": pa.array([(-1) ** i * 3**(i % 39) for i in range(rows)], pa.int64()),
    "lengths": ["x" * (i % 7) + str(i) for i in range(rows)],
    "prefixes": ["common prefix " + str(i // 3) for i in range(rows)],
    "split": pa.array([i / 8 for i in range(rows)], pa.float32()),
    "split64": [i / 3 for i in range(rows)],
    "runs": [i % 100 < 60 for i in range(rows)],
    "fixed": pa.array([bytes([i % 256, i // 256, 7]) for i in range(rows)], pa.binary(3)),
})
pq.write_table(
    encoded, "encodings.parquet", use_dictionary=False, data_page_version="2.0", compression="none", data_page_size=400,
    write_batch_size=50, column_encoding={
        "delta32": "DELTA_BINARY_PACKED", "delta64": "DELTA_BINARY_PACKED", "lengths": "DELTA_LENGTH_BYTE_ARRAY",
        "prefixes": "DELTA_BYTE_ARRAY", "split": "BYTE_STREAM_SPLIT", "split64": "BYTE_STREAM_SPLIT", "runs": "RLE",
        "fixed": "DELTA_BYTE_ARRAY",
    })
pq.write_table(
    pa.table({"t": pa.array([0, -1, 1709210096789012345, None], pa.timestamp("ns"))}), "int96.parquet",
    use_deprecated_int96_timestamps=True)

# Dictionaries that grow, and that are replaced.
for name, deltas in [("deltas.arrow", True), ("replaced.arrow", False)]:
    schema = pa.schema([("category", pa.dictionary(pa.int8(), pa.string()))])
    options = ipc.IpcWriteOptions(emit_dictionary_deltas=deltas)
    with ipc.new_stream(name, schema, options=options) as writer:
        for values in (["a", "b"], ["a", "b", "c"]) if deltas else (["a", "b"], ["z", "y"]):
            array = pa.DictionaryArray.from_arrays(pa.array([len(values) - 1, None, 0], pa.int8()), values)
            writer.write_batch(pa.record_batch([array], schema=schema))
