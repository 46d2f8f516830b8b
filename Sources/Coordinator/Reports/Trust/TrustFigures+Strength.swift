package import Margins

extension TrustFigures {
    /// Whether margins are larger where rows are labelled more strongly, on rows that say how strongly they are: of more than
    /// 20,000, those of some prompts, drawn at random.
    package struct Strength: Codable, Hashable, Sendable {
        /// What says so, in words.
        package var source = ""

        /// Where it is read.
        package var columns: [String] = []

        /// What it was measured on.
        package var rows: Int
        package var prompts: Int

        /// Rows of the input that do not say it, and those that say that the rejected response is the preferred one, whose
        /// strength is below 0.
        package var unusableRows = 0
        package var contradictingRows = 0

        /// Spearman's, of raw margins with strengths; nil where all are the same.
        package var rankCorrelation: Correlation?

        /// The same of scores that know nothing but the two responses' lengths.
        package var length: Correlation?

        /// By how much the margins' is above the lengths', on the same rows.
        package var gainOverLength: Difference?

        /// By strength, ascending.
        package var levels: [Level] = []

        package init(rows: Int, prompts: Int) { (self.rows, self.prompts) = (rows, prompts) }

        package var isEnough: Bool { Agreement.isEnough(rows: rows, prompts: prompts) }
    }
}

extension TrustFigures.Strength {
    /// A `RankCorrelation` in this file's words.
    package struct Correlation: Codable, Hashable, Sendable {
        package var value: Double
        package var low: Double
        package var high: Double

        package init(_ correlation: RankCorrelation) {
            (value, low, high) = (correlation.value, correlation.low, correlation.high)
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            value = try container.decode(Double.self, forKey: .value)
            low = try container.decode(Double.self, forKey: .low)
            high = try container.decode(Double.self, forKey: .high)
            guard -1 <= low, low <= value, value <= high, high <= 1 else {
                throw DecodingError.dataCorrupted(
                    .init(
                        codingPath: decoder.codingPath, debugDescription: "a correlation with its interval that is none"
                    ))
            }
        }
    }

    /// Of two correlations.
    package struct Difference: Codable, Hashable, Sendable {
        package var value: Double
        package var low: Double
        package var high: Double

        package init(_ gain: RankCorrelation.Gain) { (value, low, high) = (gain.value, gain.low, gain.high) }
    }

    /// Rows of about the same strength.
    package struct Level: Codable, Hashable, Sendable {
        /// The least and the greatest strength.
        package var low: Double
        package var high: Double

        /// Of the raw margins.
        package var meanMargin: Double

        /// How often raw margins have the label's sign.
        package var agreement: TrustFigures.Agreement?

        /// How often lengths' scores have.
        package var length: TrustFigures.Agreement?

        package init(
            low: Double, high: Double, meanMargin: Double, agreement: TrustFigures.Agreement?,
            length: TrustFigures.Agreement?
        ) {
            (self.low, self.high, self.meanMargin) = (low, high, meanMargin)
            (self.agreement, self.length) = (agreement, length)
        }

        /// A strength, or the range of several.
        package var text: String { low == high ? low.strengthText : "\(low.strengthText) to \(high.strengthText)" }
    }
}

// MARK: - For a person

extension TrustFigures.Strength {
    /// One line.
    package var line: String {
        guard let rankCorrelation else {
            return "strength: \(rows) rows have the same labelled strength (\(source)), or the same margin"
        }
        let others = length.map { "; length alone \($0.value.correlationText)" } ?? ""
        let shares = levels.compactMap { level in
            level.agreement.map { "\(level.text): \($0.value.percent) of \($0.rows)" }
        }
        return """
            strength: raw margins have a rank correlation of \(rankCorrelation.text) with how strongly \(rows) rows are \
            labelled (\(source))\(others); as labelled are, by strength, \(shares.joined(separator: ", "))
            """
    }
}

extension TrustFigures.Strength.Correlation {
    /// With its 95 % interval, for a person.
    package var text: String {
        "\(value.correlationText) (\(low.correlationText) to \(high.correlationText))"
    }
}

extension TrustFigures.Strength.Difference {
    /// With its 95 % interval, for a person.
    package var text: String {
        "\(value.correlationText) (\(low.correlationText) to \(high.correlationText))"
    }
}

extension Double {
    fileprivate var correlationText: String { "\(rounded(toPlaces: 2) + 0)" }

    /// A whole number without a point.
    fileprivate var strengthText: String { Int(exactly: self).map { "\($0)" } ?? "\(rounded(toPlaces: 3))" }
}
