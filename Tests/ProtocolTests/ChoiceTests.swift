import Foundation
import Protocol
import Testing

@Suite struct ChoiceTests {
    /// Files, configurations and peers have these names.
    @Test func namesStayAsTheyAre() {
        #expect(Precision.names == ["auto", "f32", "bf16", "int8"])
        #expect(AttentionPrecision.names == ["auto", "f32", "bf16"])
        #expect(Backend.names == ["auto", "native", "onednn", "blas"])
        #expect(Pooling.names == ["last", "mean", "mean-response"])
        #expect(Compatibility.names == ["none", "legend"])
    }

    @Test func aChoiceIsReadByItsName() throws {
        #expect(try Pooling.names.map { try Pooling(named: $0) } == Pooling.allCases)
        #expect(try Precision(named: "bf16") == .bf16)
    }

    @Test(arguments: ["", "F32", "f32 ", "fp32", "f32\n", "\"f32\""])
    func anotherNameIsRefusedWithTheChoices(_ name: String) {
        let error = #expect(throws: ChoiceError.self) { try Precision(named: name) }
        #expect(error?.description == "expected one of auto, f32, bf16, int8, found \(name.debugDescription)")
    }

    @Test func aFileThatNamesAnotherChoiceIsRefusedWithTheChoices() throws {
        let known = try JSONDecoder().decode([Backend].self, from: Data(#"["blas", "onednn"]"#.utf8))
        #expect(known == [.blas, .oneDNN])
        #expect(try String(decoding: JSONEncoder().encode(known), as: UTF8.self) == #"["blas","onednn"]"#)
        let error = #expect(throws: ChoiceError.self) {
            try JSONDecoder().decode([Backend].self, from: Data(#"["mkl"]"#.utf8))
        }
        #expect(error?.expected == Backend.names && error?.found == "mkl")
    }

    @Test(arguments: [(0, 0), (7, 7), (30, 30), (-1, 30), (-31, 0), (31, 31), (-32, -1)])
    func layersCountFromEitherEnd(_ number: Int, _ resolved: Int) {
        #expect(LayerChoice(number).resolved(layerCount: 30) == resolved)
    }
}
