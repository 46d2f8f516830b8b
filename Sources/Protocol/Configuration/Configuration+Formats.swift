extension Configuration {
    /// What formats rows and anchors may have. Who reads datasets knows.
    package struct FormatNames: Sendable {
        package var rows: [String]
        package var anchors: [String]

        package init(rows: [String], anchors: [String]) {
            self.rows = rows
            self.anchors = anchors
        }
    }

    /// The format that is found in the file, and no format's name.
    package static let anyFormat = "auto"
}
