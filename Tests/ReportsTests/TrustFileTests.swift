import DatasetFixtures
import Diagnostics
import Testing

@testable import Reports

/// The trust figures as a file.
struct TrustFileTests {
    private let folder: DatasetFolder

    init() throws { folder = try DatasetFolder() }

    @Test func trustFiguresAreReadFromTheirFile() throws {
        let figures = try TrustFigures.fixture()
        let path = try folder.write(figures.serialized, to: "out.trust.json")
        #expect(try TrustFigures(ifAt: path) == figures)
        #expect(try TrustFigures(ifAt: folder.path("none")) == nil)
    }

    @Test func otherFilesAreRefusedWithWhatIsWrong() throws {
        let text = String(decoding: try TrustFigures.fixture().serialized, as: UTF8.self)
        let expected = "expected the trust figures that a job writes beside its output, found"
        let cases = [
            ("{}", "\(expected) something else: no version"), ("[1", "\(expected) something else: no JSON"),
            ("[]", "\(expected) something else: no object"),
            (
                "{\"version\": 1}",
                "expected version 3 of the trust figures, found 1: the job writes them anew, and without that file there are none"
            ),
            ("{\"version\": 3}", "\(expected) them damaged: no run"),
            (
                text.replacing("\"pairs\" : 354", with: "\"pairs\" : \"many\""),
                "\(expected) them damaged: another kind of value in run.pairs"
            ),
            (
                text.replacing("\"value\" : 0.65\n", with: "\"value\" : 6.5\n"),
                "\(expected) them damaged: a value that cannot be in labelAgreement"
            ),
        ]
        for (text, problem) in cases {
            let path = try folder.write(text, to: "out.trust.json")
            let error = try #require(throws: Problem.self) { try TrustFigures(ifAt: path) }
            #expect("\(error)" == "\(path): \(problem)")
        }
    }
}
