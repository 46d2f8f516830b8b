internal import Reports

extension TrustFigures.Strength {
    /// What is wrong with how large margins are, a sentence each; empty where nothing is seen.
    var warnings: [String] {
        guard isEnough, let rankCorrelation else { return [] }
        let found = """
            how strongly \(rows) rows are labelled (\(source)) and how large their margins are have a rank correlation of \
            \(rankCorrelation.text)
            """
        if rankCorrelation.high < 0 {
            return ["\(found): margins are smaller where labels are stronger, so that they do not say by how much"]
        }
        guard rankCorrelation.low > 0 else {
            return ["\(found), which is no better than chance: the margins do not say by how much a response is safer"]
        }
        guard let length, let gainOverLength, gainOverLength.low <= 0 else { return [] }
        return [
            """
            \(found), and length alone, fitted on rows of other prompts, one of \(length.text): the margins are no better \
            than that (difference \(gainOverLength.text))
            """
        ]
    }
}
