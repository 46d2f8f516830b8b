internal import Diagnostics
import ModelFiles

extension ModelSettings {
    /// What differs between layers: windows and rotary positions.
    ///
    /// - Throws: `ModelFileError` for a missing or impossible value.
    func layers(count: Int, headDimension: Int, contextLength: Int) throws -> [ModelConfiguration.Layer] {
        let rotary =
            try architecture.rotaryPairs.map { _ in
                try self.rotary(headDimension: headDimension, contextLength: contextLength)
            }
        let window = try window()
        let hasWindow = window == nil ? Array(repeating: false, count: count) : try layersWithWindow(count: count)
        return hasWindow.map { hasWindow in
            ModelConfiguration.Layer(
                window: hasWindow ? window : nil, rotary: hasWindow ? rotary?.window : rotary?.everything)
        }
    }

    /// Nil where there is none, or it is switched off.
    private func window() throws -> Int? {
        guard try flag(.usesWindow) ?? true, let window = try positiveIfPresent(.window) else { return nil }
        guard let tokens = Int32(exactly: window) else { throw error(.window, "a number of tokens", "\(window)") }
        return Int(tokens)
    }

    private func layersWithWindow(count: Int) throws -> [Bool] {
        if let kinds = try texts(.layerKinds) {
            guard kinds.count == count else {
                throw error(.layerKinds, "one for each of the \(count) layers", "\(kinds.count)")
            }
            return try kinds.map { kind in
                switch kind {
                case "full_attention": return false
                case "sliding_attention": return true
                default: throw error(.layerKinds, "full_attention or sliding_attention", kind.quoted)
                }
            }
        }
        if let first = try numbers(.firstWindowLayer)?.first { return (0..<count).map { Double($0) >= first } }
        let pattern = try numbers(.windowPattern)
        if folderObject == nil, let pattern, pattern.count > 1 {
            guard pattern.count == count else {
                throw error(.windowPattern, "one for each of the \(count) layers", "\(pattern.count)")
            }
            return pattern.map { $0 != 0 }
        }
        let each: Int
        if let number = pattern?.first {
            guard let whole = Int(exactly: number), whole >= 0 else {
                throw error(.windowPattern, "a number of layers", "\(number)")
            }
            each = whole
        } else {
            switch architecture.windows {
            case .everywhere: each = 0
            case .allBut(let layers): each = layers
            }
        }
        return (0..<count).map { each == 0 || !($0 + 1).isMultiple(of: each) }
    }
}
