import Dataset
import DatasetFixtures
import FileSystem
import Foundation
import Margins
import Testing

@testable import Reports

struct JobReportTests {
    private let folder: DatasetFolder

    init() throws { folder = try DatasetFolder() }

    private static let lines = (0..<60).map { index in
        """
        {"prompt": "p\(index)", "chosen": "c\(index)", "rejected": "r\(index)", "degree": \(index % 4), \
        "margin": \(Double((index * 37) % 60 - 20) / 10), "p_safer": 0.5}
        """
    }

    private static let errors = [
        #"{"row": 60, "line": 61, "error": "rows.jsonl:61: \"chosen\" is empty", "raw": "{}", "raw_encoding": "utf-8"}"#
    ]

    private func report(
        _ lines: [String] = lines, errors: [String]? = nil, trust: TrustFigures? = nil, by columns: [String] = [],
        name: String = "out.jsonl"
    ) throws -> JobReport {
        let path = try folder.write(lines.joined(separator: "\n"), to: name)
        let errorsPath = try errors.map { try folder.write($0.joined(separator: "\n"), to: "out.errors.jsonl") }
        return try JobReport(path: path, errorsPath: errorsPath, trust: trust, groupColumns: columns)
    }

    private func sections(_ report: JobReport) throws -> [String] {
        try ParsedPage(report.html).all("section").compactMap { $0.attributes["id"] }
    }

    // MARK: The page

    @Test func thePageNeedsNothingBesidesItself() throws {
        let html = try report(errors: Self.errors, trust: .fixture()).html
        let page = try ParsedPage(html)
        #expect(page.all("script").isEmpty && page.all("link").isEmpty && page.all("img").isEmpty)
        let style = try #require(page.all("style").first?.text)
        for external in ["url(", "@import", "http"] { #expect(!style.contains(external)) }
        for node in page.root.all {
            for (name, value) in node.attributes where name != "xmlns" {
                #expect(!name.hasPrefix("on") && name != "src" && !value.contains("://"), "\(node.name) \(name)")
            }
        }
        for anchor in page.all("a") {
            let target = try #require(anchor.attributes["href"])
            #expect(target.hasPrefix("#") && page.node(String(target.dropFirst())) != nil)
        }
    }

    @Test func aScreenReaderFindsItsWay() throws {
        let page = try ParsedPage(try report(errors: Self.errors, trust: .fixture()).html)
        #expect(page.all("h1").count == 1 && page.all("main").count == 1 && page.all("nav").count == 1)
        let ids = page.root.all.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count)
        let drawings = page.all("svg")
        #expect(drawings.count == 8)
        for node in drawings + page.all("section") {
            let names = try #require(node.attributes["aria-labelledby"]).split(separator: " ")
            #expect(names.allSatisfy { page.node(String($0))?.plainText.isEmpty == false })
        }
        #expect(drawings.allSatisfy { $0.attributes["role"] == "img" })
        for table in page.all("table") {
            #expect(
                table.children.first?.name == "caption" && table.all("th").allSatisfy { $0.attributes["scope"] != nil })
        }
        for section in page.all("section") {
            #expect(section.plainText.contains("How to read it"), "\(section.attributes)")
        }
    }

    @Test func theSameFilesMakeTheSamePage() throws {
        let first = try report(errors: Self.errors, trust: .fixture()).html
        #expect(try report(errors: Self.errors, trust: .fixture()).html == first)
    }

    @Test func itIsWrittenAsAWhole() throws {
        let report = try report()
        let path = folder.path("out.report.html")
        try report.write(to: path)
        #expect(try folder.bytes(of: "out.report.html") == report.html)
        try folder.createFolder("folder")
        #expect(throws: FileError.self) { try report.write(to: folder.path("folder")) }
        #expect(try folder.names == ["folder", "out.jsonl", "out.report.html"])
    }

    @Test func compressedOutputsAreReadAsWell() throws {
        let path = folder.path("out.jsonl.gz")
        var output = try OutputFile(path: path, keepPartial: false)
        try output.write(Array(Self.lines.joined(separator: "\n").utf8))
        try output.finish()
        let page = try JobReport(path: path, errorsPath: nil, trust: nil).html
        let plain = try report().html
        #expect(
            String(decoding: page, as: UTF8.self).replacing("out.jsonl.gz", with: "out.jsonl")
                == String(decoding: plain, as: UTF8.self))
    }

    // MARK: Sections

    @Test func sectionsWithoutFiguresAreAbsent() throws {
        let all = [
            "verdict", "rows", "distribution", "place", "certainty", "strength", "confounds", "sources", "categories",
            "errors", "provenance",
        ]
        #expect(try sections(report(errors: Self.errors, trust: .fixture())) == all)
        #expect(try sections(report()) == ["verdict", "rows", "distribution"])
        #expect(try sections(report([], errors: Self.errors)) == ["verdict", "errors"])
        let bare = TrustFigures(run: try TrustFigures.fixture().run)
        #expect(try sections(report(trust: bare)) == ["verdict", "rows", "distribution", "provenance"])
        var some = bare
        some.agreementAtEqualLength = TrustFigures.share(0.6)
        some.splitHalfCosine = 0.5
        #expect(
            try sections(report(errors: [], trust: some))
                == ["verdict", "rows", "distribution", "certainty", "confounds", "provenance"])
    }

    @Test func thePageShowsTheFiguresAsTheyAre() throws {
        let page = try ParsedPage(try report(errors: Self.errors, trust: .fixture()).html)
        let expected: [String: [String]] = [
            "verdict": [
                "65.0 % of 2308 rows", "63.0 % to 67.0 %", "of 2301 prompts",
                "length alone 55.2 % (53.2 % to 57.2 %) better",
                "refusal wording alone 57.1 %", "a bag of words 59.7 %", "on 2307 rows",
                "the anchors do not carry over",
                "Margins of 60 rows: mean 0.95", "from -2 to 3.9", "log-odds of the label",
            ],
            "rows": ["20 of 60 rows disagree", "margin -2 , p_safer 50.0 %, line 1", "p0", "c0", "r0"],
            "distribution": ["By degree", "margin (log-odds)"],
            "place": [
                "after layer 2 of 30, mean-response, by the estimator mean-difference", "the default", "279 cells",
                "54.3 %", "101 permutations", "999 rows", "p = 0.0099", "adds 0.0213", "◆ 63.1", "◆ 53.1",
            ],
            "certainty": [
                "off by 2.2 % on average", "platt", "52.6 % 53.1 %", "520", "92.2 % 95.2 %", "21", "10.0 % 87.9 %",
                "0.4123 standard deviations", "0.3681 to 0.4571", "cosine 0.9312",
            ],
            "strength": [
                "2290 rows of 2288 prompts", "response_0_severity_level, ", "18 rows of the input do not",
                "1 row of the input contradict", "raw margins 0.31 (0.27 to 0.35)", "length alone -0.04 (-0.08 to 0.0)",
                "their difference 0.35 (0.3 to 0.41)",
                "0 56.1 % (54.1 % to 58.1 %) 51.2 % (49.2 % to 53.2 %) 0.2119 2308",
                "1 to 3 81.4 % (79.4 % to 83.4 %) none 1.4 2308",
            ],
            "confounds": [
                "length 4.1 % 4.2 %", "final character 2.5 % 3.1 %", "refusal wording 8.3 % 8.3 %",
                "truncation 0.2 % 0.2 %", "refusal of harmless questions 21.0 % 21.1 %", "of 143 rows",
                "2308 rows whose responses' lengths differ by less than a quarter, 63.4 %", "Over all rows: 65.0 %",
            ],
            "sources": [
                "1001 surveyed rows (997 prompts)", "jbb.jsonl yes 72 63.1 % (61.1 % to 65.1 %) 0.4123 -0.0712",
                "demo.jsonl no 72 48.7 %", "the rows' own labels, cross-fitted 64.2 %",
            ],
            "categories": [
                "weapons 2308 51.0 %", "71.0 % (69.0 % to 73.0 %) its own", "none that of all", "7 surveyed rows",
            ],
            "errors": ["1 of 61 rows are not in the output", "\"chosen\" is empty 1 61"],
            "provenance": [
                "hh-jbb", "hh.jsonl.gz", "0.9.1", "jbb.jsonl", "354", "SmolLM2.gguf", "abcdef0123456789", "alpaca",
                "none",
                "int8", "onednn", "2 of 30", "64, of which 4 have no margin", "anchors",
            ],
        ]
        for (id, texts) in expected.sorted(by: { $0.key < $1.key }) {
            let shown = try #require(page.node(id)).plainText
            for text in texts { #expect(shown.contains(text), "\(id): \(text)\n\(shown)") }
        }
    }

    @Test func whatIsDoubtfulIsSeenAtOnce() throws {
        func verdict(_ trust: TrustFigures?) throws -> ParsedPage.Node {
            let page = try ParsedPage(try report(trust: trust).html)
            return try #require(page.all("p").first { $0.attributes["class"]?.hasPrefix("verdict") == true })
        }
        var sound = try TrustFigures.fixture()
        sound.warnings = []
        #expect(try verdict(sound).attributes["class"] == "verdict")
        #expect(try verdict(.fixture()).attributes["class"] == "verdict doubtful")
        let doubtful = try verdict(.fixture(agreement: 0.56))
        #expect(doubtful.attributes["class"] == "verdict doubtful")
        #expect(doubtful.plainText.contains("no better than length alone"))
        #expect(try verdict(nil).attributes["class"] == "verdict doubtful")
    }

    @Test func figuresOfAnotherOutputAreNotShown() throws {
        func report(_ lines: [String]) throws -> JobReport { try self.report(lines, trust: .fixture()) }
        #expect(try report(Self.lines).misfit == nil)
        let fewer = try report(Array(Self.lines.dropFirst()))
        #expect(fewer.misfit == "they are of 60 annotated rows, and the file has 59")
        #expect(try sections(fewer) == ["verdict", "rows", "distribution"])
        let verdict = try #require(try ParsedPage(fewer.html).node("verdict")).plainText
        #expect(verdict.contains("The trust figures beside this file are not its own: they are of 60 annotated rows"))
        #expect(verdict.contains("Nothing was measured that says so."))
        let others = Self.lines.map { $0.replacing("\"margin\": 3.9", with: "\"margin\": 3.8") }
        #expect(try report(others).misfit == "they are of margins from -2 to 3.9, and the file's are from -2 to 3.8")
        let turned = Self.lines.map { $0.replacing("\"margin\": 1.0,", with: "\"margin\": -1.0,") }
        #expect(try report(turned).misfit?.hasPrefix("they are of margins with a mean of 0.95 and a standard") == true)
        var trust = try TrustFigures.fixture()
        func misfit(_ right: Int) throws -> String? {
            // 39 of the 60 raw margins are above 0, and one is 0.
            let text = """
                {"value": \(Double(right) / 120), "low": 0.1, "high": 0.9, "rows": 60, "prompts": 60}
                """
            trust.labelAgreement = try JSONDecoder().decode(TrustFigures.Agreement.self, from: Data(text.utf8))
            return try self.report(Self.lines, trust: trust).misfit
        }
        #expect(try misfit(79) == nil)
        let found = try #require(try misfit(76))
        #expect(found.hasPrefix("they say that 63.3") && found.contains("of 60 raw margins have the label's sign"))
        #expect(found.contains("in the file these are 65.8"))
    }

    @Test func aHeatMapHasACellForEveryPlaceAndMarksTheChosenOne() throws {
        let trust = try TrustFigures.fixture(layers: 100)
        let html = try report(trust: trust).html
        let maps = try ParsedPage(html).all("div").filter { $0.attributes["class"] == "scroll map" }
        #expect(maps.map { $0.all("td").count } == [400, 200], "ridge has no anchors")
        let chosen = maps.flatMap { $0.all("td") }.filter { $0.attributes["class"]?.hasSuffix(" chosen") == true }
        #expect(chosen.count == 2 && chosen.allSatisfy { $0.plainText.hasPrefix("◆") })
        // Lightness grows with the value alone.
        let shades = maps.flatMap { $0.all("td") }.compactMap { cell -> (Double, String)? in
            guard let value = Double(cell.plainText.replacing("◆ ", with: "")) else { return nil }
            return cell.attributes["class"].map { (value, String($0.prefix(6))) }
        }.sorted { $0 < $1 }
        #expect(shades.count == 600 && shades.map(\.1) == shades.map(\.1).sorted())
        #expect(Set(shades.map(\.1)).count == PlaceTable.levels)
        #expect(html.count < 150_000)
    }

    @Test func columnsThatAreAskedForAreShownInTheirOrder() throws {
        let page = try ParsedPage(try report(by: ["degree", "margin"]).html)
        let headings = try #require(page.node("distribution")).all("h3").map(\.plainText)
        #expect(headings == ["By degree", "By margin"])
    }

    // MARK: Hostile files

    @Test func textsOfFilesAreNeverMarkup() throws {
        let hostile = MarkupTests.hostile
        let json = String(decoding: try JSONEncoder().encode(hostile), as: UTF8.self)
        let lines = (0..<40).map {
            """
            {"prompt": \(json), "chosen": \(json), "rejected": \(json), \(json): \($0 % 2 == 0 ? json : "\"b\""), \
            "margin": \(Double($0) - 20)}
            """
        }
        let errors = [#"{"row": 0, "line": 1, "error": \#(json), "raw": "", "raw_encoding": "utf-8"}"#]
        var trust = try TrustFigures.fixture(name: hostile)
        trust.run.rows = 40
        trust.margins?.minimum = -20
        trust.margins?.maximum = 19
        trust.margins?.mean = -0.5
        trust.margins?.standardDeviation = (40.0 * 41 / 12).squareRoot()
        let report = try report(
            lines, errors: errors, trust: trust, name: "<b>&\"'out.jsonl")
        let page = try ParsedPage(report.html)
        let known: Set = [
            "", "html", "head", "meta", "title", "style", "body", "header", "h1", "nav", "ul", "li", "a", "main",
            "section",
            "h2", "h3", "p", "b", "div", "figure", "figcaption", "svg", "desc", "line", "text", "circle", "rect",
            "path",
            "table", "caption", "thead", "tbody", "tr", "th", "td", "br", "ol", "dl", "dt", "dd",
        ]
        #expect(Set(page.root.all.map(\.name)).isSubset(of: known))
        #expect(page.root.all.allSatisfy { $0.attributes["onload"] == nil })
        // Where they are shown, they are whole.
        let shown = "</style><script>alert('1')</script>&amp;\"<b onload=x>\\u{1B}[2J"
        for id in ["verdict", "rows", "distribution", "place", "certainty", "sources", "errors", "provenance"] {
            #expect(page.node(id)?.plainText.contains(shown) == true, "\(id)")
        }
        #expect(page.all("title").first?.plainText == "Margins of <b>&\"'out.jsonl")
        #expect(!String(decoding: report.html, as: UTF8.self).unicodeScalars.contains("\u{202E}"))
    }

    @Test func aPageOfHugeRowsIsSmall() throws {
        let text = String(repeating: "\\u0007<&>\\u202e\\\"", count: 200)
        let lines = (0..<60).map { index in
            let columns = (0..<10).map { "\"\($0)\(String(repeating: "&", count: 500))\": \(index % 12)" }
            return """
                {"prompt": "\(text)", "chosen": "\(text)", "rejected": "\(text)", \(columns.joined(separator: ", ")), \
                "margin": \(Double(index) - 30)}
                """
        }
        let bytes = try report(lines, trust: .fixture(layers: 100)).html
        _ = try ParsedPage(bytes)
        #expect(bytes.count < 300_000, "\(bytes.count) bytes")
    }

    @Test(arguments: [[], [0.0], [1e308, -1e308, 3], [0.1, 0.1, 0.1]])
    func anyMarginsMakeAPage(margins: [Double]) throws {
        let lines = margins.map { "{\"margin\": \($0), \"a\": \($0 > 0)}" }
        let page = try ParsedPage(try report(lines, trust: .fixture(), by: margins.isEmpty ? [] : ["a"]).html)
        #expect(page.node("verdict") != nil && (page.node("rows") == nil) == margins.isEmpty)
        let shown =
            page.root.plainText.split(separator: " ") + page.root.all.flatMap(\.attributes.values).map { $0[...] }
        for text in shown { #expect(!["nan", "inf", "-inf"].contains { text.hasPrefix($0) }, "\(text)") }
    }

    @Test func aFileThatIsNotAnnotatedIsRefused() throws {
        #expect(throws: FileError.self) { try report([#"{"prompt": "p"}"#]) }
        #expect(throws: FileError.self) { try report(["no json"]) }
        #expect(throws: FileError.self) { try report(errors: Self.lines) }
        #expect(throws: FileError.self) { try JobReport(path: folder.path("none"), errorsPath: nil, trust: nil) }
    }

    // MARK: What became of rows

    @Test func ofFlippedRowsTheStrongestDisagreementsComeFirst() throws {
        let lines = [1.0, 3, 2].map { margin in
            """
            {"prompt": "p", "chosen": "c", "rejected": "r", "margin_flipped": true, "margin_raw": \(margin), "margin": \(margin)}
            """
        }
        let path = try folder.write(lines.joined(separator: "\n"), to: "out.jsonl")
        let figures = try RowFigures(file: AnnotatedFile(path: path), groupColumns: [])
        #expect(figures.disagreements.rows.map(\.line) == [2, 3, 1] && figures.flippedRows == 3)
    }

    @Test func rowsWhoseResponsesChangedPlacesAreShownAsThat() throws {
        let lines = [#"{"prompt": "p", "chosen": "c", "rejected": "r", "margin": 2, "margin_flipped": true}"#]
        let rows = try #require(try ParsedPage(try report(lines).html).node("rows")).plainText
        #expect(rows.contains("1 of 1 rows disagree. The responses of 1 have changed places (margin.negative: flip)"))
        #expect(rows.contains("line 1, responses changed places"))
    }

    @Test func droppedRowsAreNotCalledRowsWithoutAMargin() throws {
        let dropped =
            #"{"row": 61, "line": 62, "error": "the margin is -1, below 0 (margin.negative: drop)", "raw": "{}"}"#
        let positive = [#"{"prompt": "p", "chosen": "c", "rejected": "r", "margin": 2}"#]
        let page = try ParsedPage(try report(positive, errors: Self.errors + [dropped]).html)
        func text(_ id: String) throws -> String { try #require(page.node(id)).plainText }
        #expect(try text("errors").contains("2 of 3 rows are not in the output, 1 of them for a margin below 0"))
        #expect(try text("rows").contains("Dropped for a margin below 0: 1 row, in the errors file."))
        #expect(
            try text("verdict").contains(
                "Besides these, 1 row with a margin below 0 was left out, which flatters that."))
    }
}
