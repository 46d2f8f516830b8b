"""Safetensors files, sound and hostile."""

from __future__ import annotations

import json
import random
import struct
import unittest

import numpy as np

from legend import FormatError, TensorFile

from .support import FolderTest, floats, halves, integers, safetensors


class SafetensorsTests(FolderTest):
    def test_tensors_are_read_as_they_were_written(self) -> None:
        raw = safetensors(
            {
                "one": ("U8", [1], b"\x07"),
                "floats": ("F32", [2, 2], floats(1, -2, 3.5, 0)),
                "halves": ("F16", [3], halves(1, 0.5, -65504)),
                "integers": ("I64", [2], integers(-1, 2**62)),
                "none": ("F32", [0, 4], b""),
                "scalar": ("F64", [], struct.pack("<d", 0.1)),
                "truth": ("BOOL", [2], b"\1\0"),
            },
            {"format": "test"},
        )
        file = TensorFile(self.file("a.safetensors", raw))
        self.assertEqual(file.metadata, {"format": "test"})
        np.testing.assert_array_equal(file.array("floats"), np.array([[1, -2], [3.5, 0]], "f4"))
        np.testing.assert_array_equal(file.array("halves"), np.array([1, 0.5, -65504], "f2"))
        np.testing.assert_array_equal(file.array("integers"), np.array([-1, 2**62]))
        np.testing.assert_array_equal(file.array("truth"), np.array([True, False]))
        self.assertEqual(file.array("none").shape, (0, 4))
        self.assertEqual(float(file.array("scalar")), 0.1)
        self.assertEqual(file.names[0], "one")

    def test_an_array_is_a_view_that_cannot_be_written_to(self) -> None:
        file = TensorFile(self.file("a", safetensors({"a": ("F32", [2], floats(1, 2))})))
        self.assertFalse(file.array("a").flags.writeable)
        with self.assertRaises(ValueError):
            file.array("a")[0] = 3

    def test_bf16_becomes_float32_exactly(self) -> None:
        # 1, -2, pi cut off, the largest, a subnormal, infinity, a NaN.
        bits = [0x3F80, 0xC000, 0x4049, 0x7F7F, 0x0001, 0x7F80, 0x7FC1]
        raw = struct.pack(f"<{len(bits)}H", *bits)
        found = TensorFile(self.file("a", safetensors({"a": ("BF16", [7], raw)}))).array("a")
        expected = [struct.unpack("<f", struct.pack("<I", value << 16))[0] for value in bits]
        self.assertEqual(found.dtype, np.float32)
        np.testing.assert_array_equal(found, np.array(expected, "f4"))
        self.assertEqual(float(found[2]), 3.140625)

    def test_hostile_files_are_errors_that_name_the_file_and_what_is_wrong(self) -> None:
        good = {"a": ("F32", [2], floats(1, 2))}
        one = safetensors(good)
        cases = {
            b"": "at least 8 bytes, found 0",
            b"\1\2\3": "at least 8 bytes, found 3",
            struct.pack("<Q", 2**63) + b"{}": "does not fit into a file of 10",
            struct.pack("<Q", 3) + b"{}": "does not fit",
            struct.pack("<Q", 2) + b"[]": "expected a JSON object",
            struct.pack("<Q", 2) + b"{x": "expected a header in JSON",
            struct.pack("<Q", 2) + b"\xff\xfe": "expected a header in JSON",
            struct.pack("<Q", 100_000) + b"[" * 100_000: "header",
            one[:-1]: "expected 8 bytes within the file's 7",
            safetensors(good, {"a": 1}): "expected texts in __metadata__",  # type: ignore[dict-item]
            safetensors(good, b=[]): "expected an object",
            safetensors(good, b={"dtype": "F8_E4M3", "shape": [], "data_offsets": [0, 1]}): "expected one of BOOL, U8",
            safetensors(good, b={"dtype": 3, "shape": [], "data_offsets": [0, 1]}): "expected one of BOOL, U8",
            safetensors(good, b={"dtype": "U8", "shape": [-1], "data_offsets": [0, 1]}): "expected a shape",
            safetensors(good, b={"dtype": "U8", "shape": [True], "data_offsets": [0, 1]}): "expected a shape",
            safetensors(good, b={"dtype": "U8", "shape": [1.0], "data_offsets": [0, 1]}): "expected a shape",
            safetensors(good, b={"dtype": "U8", "shape": [2**62, 4], "data_offsets": [0, 0]}): "expected a shape",
            safetensors(good, b={"dtype": "U8", "shape": [0, 2**70], "data_offsets": [8, 8]}): "expected a shape",
            safetensors(good, b={"dtype": "U8", "shape": [1] * 70, "data_offsets": [0, 1]}): "expected a shape",
            safetensors(good, b={"dtype": "U8", "shape": [8], "data_offsets": [8, 16]}): "within the file's 8 of data",
            safetensors(good, b={"dtype": "U8", "shape": [2], "data_offsets": [2, 1]}): "found the offsets",
            safetensors(good, b={"dtype": "U8", "shape": [2], "data_offsets": [0]}): "found the offsets",
            safetensors(good, b={"dtype": "U8", "shape": [2]}): "found the offsets",
            safetensors(good, b={"dtype": "U8", "shape": [2], "data_offsets": [7, 9]}): "within the file's 8 of data",
            safetensors(good, b={"dtype": "U8", "shape": [1], "data_offsets": [7, 8]}): "bytes in common",
            struct.pack("<Q", 13) + b'{"a":1,"a":2}': "each name once",
        }
        for raw, expected in cases.items():
            with self.subTest(expected=expected), self.assertRaises(FormatError) as caught:
                TensorFile(self.file("hostile.safetensors", raw))
            self.assertIn(expected, str(caught.exception))
            self.assertIn("hostile.safetensors: not a usable safetensors file", str(caught.exception))

    def test_a_tensor_that_is_not_there_is_named_with_those_that_are(self) -> None:
        file = TensorFile(self.file("a", safetensors({"known": ("U8", [1], b"1")})))
        with self.assertRaisesRegex(FormatError, 'expected a tensor "other", found "known"'):
            file.array("other")

    def test_damaged_bytes_never_end_in_another_error(self) -> None:
        raw = safetensors({"a": ("F32", [2], floats(1, 2)), "b": ("BF16", [3], b"123456")}, {"format": "x"})
        generator = random.Random(7)
        opened = 0
        for _ in range(500):
            damaged = bytearray(raw)
            for _ in range(generator.randint(1, 4)):
                damaged[generator.randrange(len(damaged))] = generator.choice(b'\0\x7f\xff"{}[]:,019')
            del damaged[generator.randint(0, 20) + len(damaged) - 20 :]
            try:
                file = TensorFile(self.file("damaged", bytes(damaged)))
                for name in file.names:
                    file.array(name)
                opened += 1
            except FormatError:
                pass
        self.assertGreater(opened, 0)

    def test_the_header_may_be_padded(self) -> None:
        header = json.dumps({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}).encode() + b"   "
        file = TensorFile(self.file("a", struct.pack("<Q", len(header)) + header + b"\x05"))
        self.assertEqual(int(file.array("a")[0]), 5)


if __name__ == "__main__":
    unittest.main()
