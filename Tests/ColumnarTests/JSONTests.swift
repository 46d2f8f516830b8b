import Columnar
import Testing

struct JSONTests {
    private func json(_ value: ColumnarValue, _ type: ColumnarType) throws -> String {
        let schema = try ColumnarSchema([ColumnarField("a\"b", type)])
        return String(decoding: try schema.json([value]), as: UTF8.self)
    }

    @Test func nestedValuesAreArraysAndObjects() throws {
        let entry = ColumnarType.map(
            key: ColumnarField("key", .string), value: ColumnarField("value", .int64), keysAreSorted: false)
        #expect(
            try json([.record("x", 1), .record("y", nil)], entry)
                == #"{"a\"b":[{"key":"x","value":1},{"key":"y","value":null}]}"#)
        let list = ColumnarType.list(
            ColumnarField("item", .structure([ColumnarField("f", .double), ColumnarField("g", .bool)])), .regular)
        #expect(try json([.record(1e300, true), nil], list) == #"{"a\"b":[{"f":1e+300,"g":true},null]}"#)
        #expect(try json([], list) == #"{"a\"b":[]}"#)
    }

    @Test func textsAreEscaped() throws {
        #expect(try json("\u{0}\u{1F}\"\\\n\r\t\u{7F}/é🙂", .string) == #"{"a\"b":"\u0000\u001f\"\\\n\r\t\#u{7F}/é🙂"}"#)
    }

    @Test(
        arguments: [
            ([0x61, 0xFF], 1), ([0xC0, 0x80], 0), ([0xE0, 0x80, 0x80], 0), ([0xED, 0xA0, 0x80], 0),
            ([0x61, 0x62, 0xF4, 0x90, 0x80, 0x80], 2), ([0xE2, 0x82], 0), ([0xC3, 0xA4, 0x80], 2), ([0xF5], 0),
        ] as [([UInt8], Int)]) func aTextThatIsNotUTF8NamesItsColumn(_ bytes: [UInt8], _ offset: Int) throws
    {
        let error = #expect(throws: ColumnarProblem.self) { try json(.string(bytes), .string) }
        #expect(
            error?.description == #"column "a\"b": expected a text in UTF-8, found another byte at offset \#(offset)"#)
    }

    @Test func datesOutsideFourDigitsHaveASign() throws {
        let date = ColumnarType.date(countsMilliseconds: false)
        #expect(try json(.integer(Int64(Int32.max)), date) == #"{"a\"b":"+5881580-07-11"}"#)
        #expect(try json(.integer(Int64(Int32.min)), date) == #"{"a\"b":"-5877641-06-23"}"#)
        #expect(try json(-719_529, date) == #"{"a\"b":"-0001-12-31"}"#)
        #expect(try json(-719_528, date) == #"{"a\"b":"0000-01-01"}"#)
        #expect(try json(.integer(.min), .timestamp(.second, zone: nil)).hasSuffix(#"-01-27T08:29:52"}"#))
        #expect(try json(.integer(.min), .duration(.nanosecond)) == #"{"a\"b":"-PT9223372036.854775808S"}"#)
    }

    @Test func aTimeBeyondTheDayIsAnError() {
        #expect(throws: ColumnarProblem.self) { try json(86_400, .time(.second)) }
        #expect(throws: ColumnarProblem.self) { try json(-1, .time(.nanosecond)) }
        #expect(throws: ColumnarProblem.self) { try json("1", .int64) }
    }

    @Test func decimalsHaveAllTheirDigits() throws {
        func decimal(_ bytes: [UInt8], scale: Int) throws -> String {
            try json(.decimal(bytes), .decimal(precision: 38, scale: scale, bits: 128))
        }
        #expect(try decimal([0], scale: 0) == #"{"a\"b":0}"#)
        #expect(try decimal([0xFF], scale: 3) == #"{"a\"b":-0.001}"#)
        #expect(try decimal([5], scale: -3) == #"{"a\"b":5000}"#)
        #expect(
            try decimal([0x7F] + Array(repeating: 0xFF, count: 15), scale: 2)
                == #"{"a\"b":1701411834604692317316873037158841057.27}"#)
        #expect(
            try decimal([0x80] + Array(repeating: 0, count: 15), scale: 0)
                == #"{"a\"b":-170141183460469231731687303715884105728}"#)
    }
}
