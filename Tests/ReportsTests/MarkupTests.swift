import Testing

@testable import Reports

struct MarkupTests {
    /// All that means something in markup, ends a style sheet, or is no character of XML.
    static let hostile = "</style><script>alert('1')</script>&amp;\"<b onload=x>\u{1B}[2J\r\0\u{FFFF}\u{202E}]]><!--"

    @Test func aTextIsNeverMarkup() throws {
        let page = element("p", ["title": Self.hostile, "class": "a"]) {
            Self.hostile
            element("b") { Self.hostile }
        }
        let parsed = try ParsedPage(Array(page.source.utf8))
        #expect(parsed.root.all.map(\.name) == ["", "p", "b"])
        let seen = Self.hostile.replacing("\u{1B}", with: "\u{FFFD}").replacing("\0", with: "\u{FFFD}")
            .replacing("\u{FFFF}", with: "\u{FFFD}")
        #expect(parsed.all("b").first?.text == seen)
        #expect(parsed.all("p").first?.attributes["title"] == seen)
    }

    @Test func everyScalarMakesWellFormedMarkup() throws {
        var scalars = String.UnicodeScalarView()
        for value in Array(0..<UInt32(0x3000)) + Array(UInt32(0xD700)..<0x1_0100) {
            if let scalar = Unicode.Scalar(value) { scalars.append(contentsOf: ["a", scalar]) }
        }
        let page = element("p", ["title": String(scalars)]) { String(scalars) }
        let parsed = try ParsedPage(Array(page.source.utf8))
        #expect(parsed.all("p").first?.text.unicodeScalars.count == scalars.count)
    }

    @Test func aPileOfMarksDoesNotGrowOverThePage() throws {
        let pile = "e" + String(repeating: "\u{301}", count: 300) + "x" + String(repeating: "\u{20DD}", count: 8)
        let parsed = try ParsedPage(Array(element("p") { pile }.source.utf8))
        let shown = try #require(parsed.all("p").first).text
        #expect(shown.unicodeScalars.filter { $0 == "\u{301}" }.count == 8)
        #expect(shown.unicodeScalars.filter { $0 == "\u{20DD}" }.count == 8)
    }

    @Test func elementsWithoutContentHaveEndTagsUnlessHTMLHasNone() {
        #expect(element("p").source == "<p></p>")
        #expect(element("br").source == "<br/>")
    }

    @Test func aTableNamesItsColumnsAndRows() throws {
        let table = MarkupTable("A < B", header: ["x", "y"], rows: [["1", "2"], ["3", "<4>"]])
        let parsed = try ParsedPage(Array(table.markup.source.utf8))
        #expect(parsed.all("caption").map(\.plainText) == ["A < B"])
        #expect(parsed.all("th").map { $0.attributes["scope"] } == ["col", "col", "row", "row"])
        #expect(parsed.all("td").map(\.plainText) == ["2", "<4>"])
    }
}
