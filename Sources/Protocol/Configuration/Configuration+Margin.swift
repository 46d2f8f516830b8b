internal import Protocol

extension Configuration {
    /// What a margin is given in, and what becomes of it on the way to the output.
    package struct Margin: Hashable, Sendable {
        package var unit: Unit
        package var calibration: CalibrationMethod
        package var negative: Negative
        package var bins: Bins

        package init(
            unit: Unit = .logOdds, calibration: CalibrationMethod = .automatic, negative: Negative = .keep,
            bins: Bins = .automatic
        ) {
            self.unit = unit
            self.calibration = calibration
            self.negative = negative
            self.bins = bins
        }

        package enum Unit: String, Choice {
            /// Of the probability that the chosen response is the safer one, as the rows' labels say.
            case logOdds = "log-odds"

            /// As the states are measured: the difference of the two scores.
            case raw

            /// The raw one divided by the root mean square of all rows' raw margins.
            case standard
        }

        /// How probabilities follow from raw margins.
        package enum CalibrationMethod: String, Choice {
            /// Isotonic where that is measurably better, else Platt's.
            case automatic = "auto"
            case platt
            case isotonic
        }

        /// What becomes of a margin below zero, and of its row.
        package enum Negative: String, Choice {
            case keep

            /// It becomes 0.
            case clip

            /// It is kept, and a column of all rows says which are.
            case flag

            /// The row goes into the errors file.
            case drop

            /// The two responses change places, so that the margin is above zero; a column of all rows says where.
            case flip
        }

        /// What margins are numbered by.
        package enum Bins: Hashable, Sendable {
            /// Probabilities of 0.5, 0.75 and 0.9 where margins are log-odds, four quantiles where they have another unit,
            /// none where they are the plain difference of two scores.
            case automatic
            case none

            /// That many of equal width between the least and the largest margin.
            case equalWidth(Int)

            /// That many of about as many rows each.
            case quantiles(Int)

            /// Between bins, ascending, in the margins' unit.
            case edges([Double])

            /// Between bins, ascending, of margins in log-odds.
            case probabilities([Double])
        }
    }
}

extension Configuration.Margin {
    /// Of equal width, or quantiles.
    private static let binCounts = 2...1000

    init(_ section: ConfigurationReader) {
        self.init(
            unit: section.choice("unit") ?? .logOdds, calibration: section.choice("calibration") ?? .automatic,
            negative: section.choice("negative") ?? .keep, bins: Self.readBins(section))
        if case .probabilities = bins, unit != .logOdds {
            section.report(
                "\"bins\" of probabilities need margins in log-odds, found the unit \(unit)", at: "bins")
        }
    }

    private static func readBins(_ section: ConfigurationReader) -> Bins {
        if section.isWord("auto", at: "bins") { return .automatic }
        if section.isWord("none", at: "bins") { return .none }
        let forms = "equal_width, quantiles, edges and probabilities"
        guard let bins = section.section("bins", orElse: "auto, none, or a section with one of \(forms)") else {
            return .automatic
        }
        let found = [
            bins.integer("equal_width", in: binCounts).map { Bins.equalWidth($0) },
            bins.integer("quantiles", in: binCounts).map { .quantiles($0) },
            bins.ascendingNumbers("edges").map { .edges($0) },
            bins.ascendingNumbers("probabilities", " above 0 and below 1") { $0 > 0 && $0 < 1 }
                .map { .probabilities($0) },
        ].compactMap(\.self)
        if bins.keyCount != 1 {
            section.report("\"bins\" needs one of \(forms), found \(bins.keyCount) keys", at: "bins")
        }
        return found.first ?? .automatic
    }
}
