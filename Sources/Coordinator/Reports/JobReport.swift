internal import Diagnostics
package import FileSystem
internal import Foundation
internal import Margins

/// What a job came to, as one page of HTML that needs nothing besides itself: no script, no other file. The page depends on
/// the files alone, and is the same for the same ones.
package struct JobReport: Sendable {
    private let path: String
    private let trust: TrustFigures?
    private let evaluation: EvaluationFigures?

    /// Why the evaluation is not of these rows' job; nil where it is, or there is none.
    package let evaluationMisfit: String?

    /// Why the trust figures beside the file are not its own; nil where they are, or there are none.
    package let misfit: String?

    /// nil where there is no errors file: all rows have a margin.
    private let errors: ErrorOverview?
    private let rows: RowFigures

    /// Reads the annotated file twice, in memory that does not grow with it.
    ///
    /// - Parameters:
    ///   - path: of an annotated file.
    ///   - errorsPath: nil where there is no such file.
    ///   - trust: what the job wrote beside it; without it the report says what the rows alone do.
    ///   - evaluation: what the margins are worth to a reward model; nil where nobody measured it.
    ///   - groupColumns: by which margins are shown; if empty, every column with 2 to 12 different values (eight of them at
    ///     most).
    /// - Throws: `FileError` where a file cannot be read, a row has no margin, or no row has one of the columns.
    package init(
        path: String, errorsPath: String?, trust: TrustFigures?, evaluation: EvaluationFigures? = nil,
        groupColumns: [String] = []
    ) throws {
        self.path = path
        evaluationMisfit = evaluation.flatMap { $0.misfit(trust) }
        self.evaluation = evaluationMisfit == nil ? evaluation : nil
        errors = try errorsPath.map { try ErrorOverview(path: $0) }
        let rows = try RowFigures(file: AnnotatedFile(path: path), groupColumns: groupColumns)
        self.rows = rows
        misfit = trust.flatMap {
            $0.misfit(rows.margins, raw: rows.rawMargins, areAsLabelled: rows.flippedRows == 0)
        }
        self.trust = misfit == nil ? trust : nil
    }

    /// UTF-8; HTML5 and, but for the name of its type, well-formed XML.
    package var html: [UInt8] { Array("<!DOCTYPE html>\n\(page.source)\n".utf8) }

    private static let generator = "legend-coordinator"

    /// Whether a file begins as such a page does.
    package static func isReport(at path: String) -> Bool {
        let start = (try? FileHandle(forReadingFrom: URL(fileURLWithPath: path)).read(upToCount: 1024)) ?? Data()
        let text = String(decoding: start, as: UTF8.self)
        return text.hasPrefix("<!DOCTYPE html>") && text.contains("name=\"generator\" content=\"\(generator)\"")
    }

    /// - Throws: `FileError`; then an older file is still there.
    package func write(to path: String) throws(FileError) { try AtomicFile.write(html, to: path) }
}

extension JobReport {
    private var sections: [PageSection] {
        let droppedRows = trust?.run.droppedRows ?? errors?.droppedRows ?? 0
        var sections: [PageSection?] = [
            .verdict(trust, rows, misfit, droppedRows: droppedRows),
            .rows(rows, droppedRows: droppedRows),
            .distribution(rows, unit: trust?.margins?.unit.shownName),
        ]
        if let trust {
            sections += [
                .place(trust), .certainty(trust), .strength(trust), .confounds(trust), .sources(trust),
                .categories(trust),
            ]
        }
        if let evaluation { sections.append(.evaluation(evaluation)) }
        sections.append(.errors(errors, annotatedRows: rows.margins.count))
        if let trust { sections.append(.provenance(trust)) }
        return sections.compactMap(\.self)
    }

    /// The file that the report is of, without its folders.
    private var fileName: String { URL(fileURLWithPath: path).lastPathComponent.shownName }

    private var page: Markup {
        let sections = sections
        let title = "Margins of \(fileName)"
        return element("html", ["xmlns": "http://www.w3.org/1999/xhtml", "lang": "en"]) {
            element("head") {
                element("meta", ["charset": "utf-8"])
                element("meta", ["name": "generator", "content": Self.generator])
                element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
                element("meta", ["name": "color-scheme", "content": "light dark"])
                element("title") { title }
                element("style") { Markup(styleSheet: pageStyleSheet) }
            }
            element("body") {
                element("header") {
                    element("h1") { title }
                    element("nav", ["aria-label": "Contents"]) {
                        element("ul") {
                            for section in sections {
                                element("li") { element("a", ["href": "#\(section.id)"]) { section.title } }
                            }
                        }
                    }
                }
                element("main") {
                    for section in sections { section.markup }
                }
            }
        }
    }
}
