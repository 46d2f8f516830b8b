"""The hidden states that a job kept, read without any of our code."""

import json

import numpy

TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8"}


def read_file(path):
    """A safetensors file's tensors and its metadata."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        tensors[name] = numpy.frombuffer(data[start:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata


def row_differences(folder, layer, token, rows):
    """Chosen less rejected of some rows, in their order: [rows, hidden]."""
    known = {}
    for path in sorted(folder.glob("rows-*.safetensors")):
        tensors, _ = read_file(path)
        ending = f"/{layer}/{token}" if f"vectors/{layer}/{token}" in tensors else ""
        hidden = tensors["vectors" + ending].shape[-1]
        vectors = tensors["vectors" + ending].reshape(-1, 2, hidden).astype(float)
        scales = tensors["scale" + ending].reshape(-1, 2, 1).astype(float)
        for row, states in zip(tensors["rows"], vectors * scales):
            # In single precision, as the states are.
            known[int(row)] = (states[0].astype("f4") - states[1].astype("f4")).astype(float)
    return numpy.array([known[int(row)] for row in rows])
