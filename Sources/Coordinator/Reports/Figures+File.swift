internal import Diagnostics
internal import Foundation

/// All that is known of such a file before its version is.
private struct FiguresForm: Decodable { var version: Int }

/// What is measured as a file: JSON with names in snake case, in one order.
package func serializedFigures(_ figures: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(figures) else { preconditionFailure("finite numbers and texts have JSON") }
    return [UInt8](data) + [0x0A]
}

/// - Parameters:
///   - expected: what the file should be.
///   - name: of the figures, in a few words.
///   - version: of their form.
///   - remedy: what to do about those of another version.
/// - Throws: `Problem` for bytes that are not such a file.
func figures<Figures: Decodable>(
    _ type: Figures.Type, serialized: [UInt8], path: String, expected: String, name: String, version: Int,
    remedy: String
) throws(Problem) -> Figures {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let form: FiguresForm
    do {
        form = try decoder.decode(FiguresForm.self, from: Data(serialized))
    } catch {
        throw Problem("\(path): expected \(expected), found something else: \(error.place)")
    }
    guard form.version == version else {
        throw Problem(
            "\(path): expected version \(version) of \(name), found \(form.version): \(remedy)")
    }
    do {
        return try decoder.decode(Figures.self, from: Data(serialized))
    } catch {
        throw Problem("\(path): expected \(expected), found them damaged: \(error.place)")
    }
}

extension Error {
    /// What is wrong with JSON that is not of the expected form, and where.
    fileprivate var place: String {
        func path(_ keys: [any CodingKey]) -> String {
            keys.map { $0.intValue.map { "\($0)" } ?? $0.stringValue }.joined(separator: ".")
        }
        return switch self as? DecodingError {
        case .keyNotFound(let key, let context): "no \(path(context.codingPath + [key]))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            context.codingPath.isEmpty ? "no object" : "another kind of value in \(path(context.codingPath))"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty ? "no JSON" : "a value that cannot be in \(path(context.codingPath))"
        default: "\(self)"
        }
    }
}
