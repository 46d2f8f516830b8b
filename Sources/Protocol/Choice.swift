internal import Diagnostics

/// A setting that has one of a few values, each with one name: in configurations, options and files, and on the wire.
package protocol Choice: RawRepresentable, CaseIterable, Codable, Hashable, Sendable, CustomStringConvertible
where RawValue == String {}

extension Choice {
    package static var names: [String] { allCases.map(\.rawValue) }
    package var description: String { rawValue }

    /// - Throws: `ChoiceError` where no value has that name.
    package init(named name: String) throws(ChoiceError) {
        guard let choice = Self(rawValue: name) else { throw ChoiceError(expected: Self.names, found: name) }
        self = choice
    }

    package init(from decoder: any Decoder) throws {
        try self.init(named: decoder.singleValueContainer().decode(String.self))
    }
}

/// A name that is none of a setting's.
package struct ChoiceError: Error, Hashable, CustomStringConvertible {
    package let expected: [String]
    package let found: String

    package var description: String {
        "expected one of \(expected.joined(separator: ", ")), found \(found.quoted)"
    }
}
