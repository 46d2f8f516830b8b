import Dataset
import DatasetFixtures
internal import FileSystem
import Foundation
import Testing

/// CSV that is not quite RFC 4180.
@Suite struct CSVDialectTests {
    private func prompts(_ text: String, name: String = "rows.csv") throws -> [String?] {
        try records(text, name: name).map { $0.pair?.prompt.messages.first?.content }
    }

    @Test(arguments: [
        "prompt;chosen;rejected\nq, r;a;b\n", "sep=;\nprompt;chosen;rejected\nq, r;a;b\n",
        "\u{FEFF}SEP=;\r\nprompt;chosen;rejected\r\n\"q, r\";a;b\r\n", "prompt\tchosen\trejected\nq, r\ta\tb\n",
        "sep=|\nprompt|chosen|rejected\nq, r|a|b\n", "\"sep=,\"\nprompt,chosen,rejected\n\"q, r\",a,b\n",
        "prompt,chosen,rejected\r\"q, r\",a,b\r", "prompt;chosen;rejected\rq, r;a;b",
        "\"pro;mpt\",prompt,chosen,rejected\nx,\"q, r\",a,b\n",
    ])
    func otherDelimitersAndLineEndsAreRead(text: String) throws {
        #expect(try prompts(text) == ["q, r"])
        #expect(try prompts(text, name: "rows.tsv") == ["q, r"])
    }

    @Test func carriageReturnsAloneEndLinesOfJSONToo() throws {
        let row = #"{"prompt":"q","chosen":"a","rejected":"b"}"#
        let all = try records(row + "\r" + row + "\r")
        #expect(all.map(\.line) == [1, 2])
        #expect(all.compactMap(\.pair).count == 2)
    }

    // MARK: Quotes that are not closed

    private static let header = "prompt,chosen,rejected\n"

    @Test func anOpenQuoteCostsOneRow() throws {
        let all = try records(Self.header + "p1,a,b\np2,\"a,b\np3,a,b\np4,\"a\",b\np5,a,b\n", name: "rows.csv")
        #expect(all.map(\.line) == [2, 3, 4, 5, 6])
        #expect(all.map { $0.pair?.prompt.messages[0].content } == ["p1", nil, "p3", "p4", "p5"])
        #expect(
            all[1].errorText
                == "rows.csv:3: invalid CSV: field 2 goes on behind its closing quote; it swallowed lines 4 to 5; "
                + "from line 4 on they are read as rows of their own")
    }

    @Test func anOpenQuoteAtTheEndOfTheFileCostsOneRow() throws {
        let rows = (0..<500).map { "p\($0),a,b\n" }.joined()
        let all = try records(Self.header + "p,a,\"b\n" + rows, name: "rows.csv")
        #expect(all.count == 501)
        #expect(all.compactMap(\.pair).count == 500)
    }

    @Test func linesOfATextWithAnOpenQuoteAreNoRows() throws {
        let all = try records(
            Self.header + "p1,\"first line\nsecond, with a comma\n\nfourth,b\np2,a,b\np3,a,b\n", name: "rows.csv")
        #expect(all.map { $0.pair?.prompt.messages[0].content } == [nil, "p2", "p3"])
        #expect(all[0].line == 2)
    }

    @Test func aRowWithSoundQuotesStaysOneRowWhateverElseIsWrong() throws {
        let text = (0..<40).map { "line \($0), one, two\n" }.joined()
        let all = try records(Self.header + "p1,\"\(text)\",b,c\np2,a,b\n", name: "rows.csv")
        #expect(all.map { $0.pair?.prompt.messages[0].content } == [nil, "p2"])
        // Over the limit, and closed behind it.
        let options = DatasetOptions(purpose: .row, maxRowBytes: 600)
        let long = try records(Self.header + "p1,\"\(text)\",b\np2,a,b\n", name: "rows.csv", options)
        #expect(long.map { $0.pair?.prompt.messages[0].content } == [nil, "p2"])
        #expect(long[0].errorText?.contains("longer than 600 bytes") == true)
    }

    @Test func rowsBehindAnOpenQuoteAreFoundWhateverComesLater() throws {
        let good = (0..<1000).map { "p\($0),a,b\n" }.joined()
        for tail in ["p,a,b,c\n" + good, "p,a,\"cut", "p,\"" + String(repeating: "x", count: 3000) + "\",b\n" + good] {
            let options = DatasetOptions(purpose: .row, maxRowBytes: 2000)
            let all = try records(Self.header + "p,\"a,b\n" + good + tail, name: "rows.csv", options)
            #expect(all.compactMap(\.pair).count == (tail.hasSuffix("cut") ? 1000 : 2000))
            #expect(all.count - all.compactMap(\.pair).count == 2)
        }
    }

    @Test func lineEndsOfTwoKindsAreNamed() throws {
        let files = ["p,\"a\n\",b\rq,a,b\r", "p,a,b\r\r\nq,a,b\r\r\n"]
        for file in files {
            let error = try #require(throws: FileError.self) {
                try records("prompt,chosen,rejected\r" + file, name: "rows.csv")
            }
            #expect(error.problem.contains("carriage return outside of quotes"))
        }
    }

    @Test func aBadRowOfSeveralLinesStaysOneRow() throws {
        let all = try records(Self.header + "p1,\"one\ntwo\nthree\"x,b\np2,a,b\n", name: "rows.csv")
        #expect(all.map { $0.pair?.prompt.messages[0].content } == [nil, "p2"])
        #expect(
            all[0].errorText
                == "rows.csv:2: invalid CSV: field 2 goes on behind its closing quote; the row goes to line 4")
    }

    @Test func escapesWithBackslashesAreNamed() throws {
        let all = try records(Self.header + "p1,\"say \\\"hi\\\" now\",b\np2,a,b\n", name: "rows.csv")
        #expect(
            all[0].errorText
                == "rows.csv:2: invalid CSV: field 2 goes on behind its closing quote; inside a field a quote is "
                + "written \"\", not \\\"")
        #expect(all[1].pair != nil)
    }

    @Test func manyOpenQuotesTakeNoMoreTimeThanTheFile() throws {
        // Every row opens a quote that the next one closes: none is lost to another, and none is read twice.
        let rows = (0..<5000).map { "p\($0),\"a,b\n" }.joined()
        let all = try records(Self.header + "p,a,b\n" + rows, name: "rows.csv")
        // The last one's quote is closed by nobody, so that it is no row by itself.
        #expect(all.count == 5000)
        #expect(all.allSatisfy { $0.errorText != nil || $0.pair != nil })
    }
}
