/// Numbers of the format: https://github.com/apache/arrow/tree/main/format (Schema.fbs, Message.fbs, File.fbs).
enum ArrowLayout {
    /// A file begins and ends with it.
    static let magic = Array("ARROW1".utf8)

    /// A message begins with it.
    static let continuation: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]

    /// What a message is (`MessageHeader`).
    enum Message {
        static let schema = 1
        static let dictionary = 2
        static let batch = 3
    }

    /// (`Type`)
    enum TypeCode: Int {
        case null = 1
        case int, float, binary, utf8, bool, decimal, date, time, timestamp, interval, list, structure, union
        case fixedBinary, fixedList, map, duration, largeBinary, largeUTF8, largeList, runEndEncoded, binaryView
        case utf8View, listView, largeListView
    }

    /// `MetadataVersion.V5`, the one since 2020; V4 differs in unions alone.
    static let version = 4
    static let versions = 3...4
}
