/// A row-major little-endian tensor as it lies in a bulk frame.
package struct Tensor: Hashable, Sendable {
    package enum ElementType: Hashable, Sendable, Codable {
        case f16
        case f32
        case f64

        /// Bytes that are no numbers.
        case u8

        package var byteCount: Int {
            switch self {
            case .f16: 2
            case .f32: 4
            case .f64: 8
            case .u8: 1
            }
        }
    }

    package let elementType: ElementType

    /// Outermost dimension first.
    package let shape: [Int]

    /// `shape` elements, little-endian.
    package let bytes: [UInt8]

    /// - Throws: `ProtocolError` where the bytes are not just as many as the shape needs.
    package init(elementType: ElementType, shape: [Int], bytes: [UInt8]) throws {
        var byteCount = elementType.byteCount
        for dimension in shape {
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else { throw ProtocolError("tensor of impossible shape \(shape)") }
            byteCount = product
        }
        guard bytes.count == byteCount else {
            throw ProtocolError("tensor of shape \(shape): expected \(byteCount) bytes, found \(bytes.count)")
        }
        self.elementType = elementType
        self.shape = shape
        self.bytes = bytes
    }

    /// - Precondition: `values` has as many elements as `shape`.
    package init(_ values: [Float], shape: [Int]) {
        precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
        self.elementType = .f32
        self.shape = shape
        self.bytes = Self.littleEndianBytes(values.lazy.map(\.bitPattern))
    }

    /// - Precondition: `values` has as many elements as `shape`.
    package init(_ values: [Double], shape: [Int]) {
        precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
        self.elementType = .f64
        self.shape = shape
        self.bytes = Self.littleEndianBytes(values.lazy.map(\.bitPattern))
    }

    /// u8 `[bytes]`.
    package init(_ bytes: [UInt8]) {
        self.elementType = .u8
        self.shape = [bytes.count]
        self.bytes = bytes
    }

    /// - Parameter halves: the bit patterns of f16 elements.
    /// - Precondition: as many of them as `shape` has.
    package init(halves: [UInt16], shape: [Int]) {
        precondition(halves.count == shape.reduce(1, *), "\(halves.count) values for shape \(shape)")
        self.elementType = .f16
        self.shape = shape
        self.bytes = Self.littleEndianBytes(halves)
    }

    package var elementCount: Int { bytes.count / elementType.byteCount }

    /// - Throws: `ProtocolError` where the elements are not f32.
    package func floats() throws -> [Float] {
        guard elementType == .f32 else { throw ProtocolError("expected a tensor of f32, found \(elementType)") }
        return words(of: UInt32.self).map(Float.init(bitPattern:))
    }

    /// - Throws: `ProtocolError` where the elements are not f64.
    package func doubles() throws -> [Double] {
        guard elementType == .f64 else { throw ProtocolError("expected a tensor of f64, found \(elementType)") }
        return words(of: UInt64.self).map(Double.init(bitPattern:))
    }

    package var isFinite: Bool {
        switch elementType {
        case .f16: words(of: UInt16.self).allSatisfy { $0 & 0x7C00 != 0x7C00 }
        case .f32: words(of: UInt32.self).allSatisfy { Float(bitPattern: $0).isFinite }
        case .f64: words(of: UInt64.self).allSatisfy { Double(bitPattern: $0).isFinite }
        case .u8: true
        }
    }

    private func words<Word: FixedWidthInteger>(of type: Word.Type) -> [Word] {
        bytes.withUnsafeBytes { raw in
            (0..<elementCount).map {
                Word(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Word>.size, as: Word.self))
            }
        }
    }

    private static func littleEndianBytes(
        _ words: some Sequence<some FixedWidthInteger>
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        for word in words {
            withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }
}
