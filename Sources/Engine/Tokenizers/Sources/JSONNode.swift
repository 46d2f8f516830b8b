internal import Diagnostics
internal import FileSystem
internal import JSON
import ModelFiles

/// A value of a JSON file with its place, for errors that name it.
struct JSONNode {
    let file: String
    /// Names and indices from the root, with dots between them.
    let key: String
    let value: JSONValue

    static let fileBytesMax = 512 << 20

    private init(file: String, key: String, value: JSONValue) {
        (self.file, self.key, self.value) = (file, key, value)
    }

    /// The root of a file; nil where there is no such file.
    ///
    /// - Throws: `ModelFileError`.
    init?(folder: String, _ name: FolderFile) throws {
        let path = folder + "/" + name.rawValue
        guard let bytes = try Self.read(path) else { return nil }
        if let offset = bytes.firstInvalidUTF8Offset {
            throw ModelFileError(
                file: path, place: .byte(offset), what: "text", expected: "UTF-8", found: "something else")
        }
        try self.init(file: path, text: bytes)
    }

    /// The root of a text of well-formed UTF-8.
    ///
    /// - Throws: `ModelFileError`.
    init(file: String, text: [UInt8]) throws {
        do throws(JSONSyntaxError) {
            self.init(file: file, key: "", value: try JSONValue(text: text))
        } catch {
            throw ModelFileError(
                file: file, place: .byte(error.offset), what: "syntax", expected: "JSON", found: error.problem)
        }
    }

    /// A file's bytes; nil where there is none.
    ///
    /// - Throws: `ModelFileError`.
    static func read(_ path: String) throws -> [UInt8]? {
        guard let status = FileStatus(path: path) else { return nil }
        guard status.kind != .folder, status.byteCount <= fileBytesMax else {
            throw ModelFileError(
                file: path, place: .file, what: "file", expected: "a file of at most \(fileBytesMax) bytes",
                found: status.kind == .folder ? "a folder" : "\(status.byteCount) bytes")
        }
        do throws(FileError) {
            return try OpenFile(path, .reading).readToEnd(limit: fileBytesMax)
        } catch {
            throw ModelFileError(
                file: path, place: .file, what: "file", expected: "a file that can be read", found: error.problem)
        }
    }

    func error(_ what: String, expected: String, found: String) -> ModelFileError {
        ModelFileError(
            file: file, place: key.isEmpty ? .file : .key(key), what: what, expected: expected, found: found)
    }

    private func mismatch(_ expected: String) -> ModelFileError {
        error("value", expected: expected, found: "a value of the kind \(value.kind.rawValue)")
    }

    func child(_ name: String, _ value: JSONValue) -> JSONNode {
        JSONNode(file: file, key: key.isEmpty ? name : key + "." + name, value: value)
    }

    // MARK: Kinds

    func object() throws -> JSONObject {
        do throws(JSONSyntaxError) {
            if let object = try value.object() { return object }
        } catch {
            throw self.error("object", expected: "each key once", found: error.description)
        }
        throw mismatch("an object")
    }

    /// The member's value; nil where it is missing or null.
    func member(_ name: String) throws -> JSONNode? { Self.member(name, of: try object(), self) }

    private static func member(_ name: String, of object: JSONObject, _ node: JSONNode) -> JSONNode? {
        guard let value = object.value(of: name), value.kind != .null else { return nil }
        return node.child(name, value)
    }

    /// The members by name, nulls left out.
    func members() throws -> (String) -> JSONNode? {
        let object = try object()
        return { Self.member($0, of: object, self) }
    }

    func required(_ name: String) throws -> JSONNode {
        guard let node = try member(name) else {
            throw error("member \(name.quoted)", expected: "it to be present", found: "none")
        }
        return node
    }

    func elements() throws -> [JSONNode] {
        guard let elements = value.elements else { throw mismatch("an array") }
        return elements.enumerated().map { child("\($0)", $1) }
    }

    func string() throws -> String {
        guard let string = value.string else { throw mismatch("a string") }
        return string
    }

    /// A string's UTF-8.
    func bytes() throws -> [UInt8] { try Self.bytes(of: value) ?? Array(string().utf8) }

    /// A string's UTF-8, without making a string where nothing is escaped; nil for what is no string.
    static func bytes(of value: JSONValue) -> [UInt8]? {
        guard value.kind == .string else { return nil }
        let content = value.bytes[(value.range.lowerBound + 1)..<(value.range.upperBound - 1)]
        if !content.contains(UInt8(ascii: "\\")) { return Array(content) }
        return value.string.map { Array($0.utf8) }
    }

    func bool() throws -> Bool {
        guard value.kind == .boolean else { throw mismatch("true or false") }
        return value.bytes[value.range.lowerBound] == UInt8(ascii: "t")
    }

    func number() throws -> Double {
        guard let number = value.number else { throw mismatch("a number") }
        return number
    }

    /// A token's number.
    func token() throws -> Int {
        guard let number = Self.integer(of: value) else { throw mismatch("a whole number from 0 to \(Int32.max)") }
        return number
    }

    static func integer(of value: JSONValue) -> Int? { integer(value.bytes[value.range]) }

    /// The whole number of these digits; nil for anything else, and for one that no token has.
    static func integer(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...10).contains(digits.count) else { return nil }
        var number = 0
        for byte in digits {
            guard (0x30...0x39).contains(byte) else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        return number <= Int(Int32.max) ? number : nil
    }

    // MARK: Members of a kind

    func string(_ name: String) throws -> String? { try member(name)?.string() }

    func bool(_ name: String) throws -> Bool? { try member(name)?.bool() }
}
