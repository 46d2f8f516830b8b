extension Configuration.Dataset {
    /// A column for each of a row's two responses.
    package enum SideColumns: Hashable, Sendable {
        case sides(chosen: String, rejected: String)

        /// Of rows that have their responses as `response_0` and `response_1`, and say which of them is the safer one.
        case numbered(response0: String, response1: String)
    }

    /// Where the input says how strongly a row's chosen response is preferred.
    package enum Strength: Hashable, Sendable {
        /// In the severities of rows as PKU-SafeRLHF has them, where they are there.
        case automatic
        case none

        /// A number, whose size says it.
        case size(String)

        /// Of both responses; higher is better.
        case ratings(SideColumns)

        /// Of both responses; higher is worse.
        case severities(SideColumns)
    }

    /// Where the input says how many of those who compared a row's responses agree with its label.
    package enum Votes: Hashable, Sendable {
        /// How many prefer each response.
        case counts(SideColumns)

        /// The share that prefers the chosen one, 0 to 1.
        case share(String)
    }
}

extension Configuration.Dataset.Strength {
    /// - Parameter section: of the dataset.
    init(_ section: ConfigurationReader) {
        self = Self.read(section) ?? .automatic
    }

    private static func read(_ section: ConfigurationReader) -> Self? {
        if section.isWord("auto", at: "strength") { return .automatic }
        if section.isWord("none", at: "strength") { return Self.none }
        let forms = "column, ratings and severities"
        guard let strength = section.section("strength", orElse: "auto, none, or a section with one of \(forms)") else {
            return nil
        }
        let found = [
            strength.string("column").map { Self.size($0) },
            strength.sideColumns("ratings").map { .ratings($0) },
            strength.sideColumns("severities").map { .severities($0) },
        ].compactMap(\.self)
        if strength.keyCount != 1 {
            section.report("\"strength\" needs one of \(forms), found \(strength.keyCount) keys", at: "strength")
        }
        return found.first
    }
}

extension Configuration.Dataset.Votes {
    /// - Parameter section: of the dataset.
    /// - Returns: nil where there are none.
    init?(_ section: ConfigurationReader) {
        if section.isWord("none", at: "votes") { return nil }
        let expected = "none, or a section with share, or with \(ConfigurationReader.sideForms)"
        guard let votes = section.section("votes", orElse: expected) else { return nil }
        if let share = votes.string("share") {
            if votes.keyCount != 1 {
                section.report("\"votes\" needs share alone, or a column for each response", at: "votes")
            }
            votes.passOverOthers()
            self = .share(share)
            return
        }
        guard let columns = votes.sideColumns(of: "votes", in: section) else { return nil }
        self = .counts(columns)
    }
}

extension ConfigurationReader {
    fileprivate static let sideForms = "chosen and rejected, or response_0 and response_1 where format is pku"

    /// nil where there are none, or what there is was reported.
    fileprivate func sideColumns(_ key: String) -> Configuration.Dataset.SideColumns? {
        section(key, orElse: "a section with \(Self.sideForms)")?.sideColumns(of: key, in: self)
    }

    /// What the section itself says.
    ///
    /// - Parameters:
    ///   - key: the section's own.
    ///   - parent: where it is.
    fileprivate func sideColumns(
        of key: String, in parent: ConfigurationReader
    ) -> Configuration.Dataset.SideColumns? {
        let sides = (string("chosen"), string("rejected"))
        let numbered = (string("response_0"), string("response_1"))
        switch (sides, numbered) {
        case ((let chosen?, let rejected?), (nil, nil)):
            return .sides(chosen: chosen, rejected: rejected)
        case ((nil, nil), (let response0?, let response1?)):
            return .numbered(response0: response0, response1: response1)
        default:
            parent.report("\"\(key)\" needs \(Self.sideForms)", at: key)
            return nil
        }
    }
}
