import Engine
import Foundation
import TestEnvironment

/// Texts with their token ids and the hidden states that Hugging Face transformers computes for them from the SmolLM2
/// file.
struct ReferenceStates {
    private struct Text: Decodable {
        let tokenIDs: [Int32]

        enum CodingKeys: String, CodingKey { case tokenIDs = "token_ids" }
    }

    static let texts = TestData.shared("reference/smollm2/texts.json")
    static let states = TestData.shared("reference/smollm2/hidden_states.safetensors")

    static let layers = Array(0...30)

    let sequences: [TokenSequence]
    private let states: SafeTensors

    init() throws {
        let texts = try Data(contentsOf: URL(filePath: Self.texts.path))
        sequences = try JSONDecoder().decode([Text].self, from: texts).map {
            TokenSequence(tokens: $0.tokenIDs, responseStart: 0)
        }
        states = try SafeTensors(path: Self.states.path)
    }

    /// `[31 * 576]`
    func rows(_ text: Int, _ pooling: Pooling) -> [Float] { states["\(text).\(pooling.rawValue)"]?.values ?? [] }
}

/// `|a - b|₂ / |b|₂`; infinite for different lengths and for anything that is not a number.
func relativeError<A: Sequence<Float>, B: Sequence<Float>>(_ a: A, _ b: B) -> Double {
    let (a, b) = (Array(a), Array(b))
    guard a.count == b.count else { return .infinity }
    let difference = zip(a, b).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
    let error = (difference / b.reduce(0.0) { $0 + Double($1) * Double($1) }).squareRoot()
    return error.isFinite ? error : .infinity
}

/// Minus infinity for different lengths and for anything that is not a number.
func cosine<A: Sequence<Float>, B: Sequence<Float>>(_ a: A, _ b: B) -> Double {
    let (a, b) = (a.map(Double.init), b.map(Double.init))
    func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
    let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
    return a.count == b.count && cosine.isFinite ? cosine : -.infinity
}
