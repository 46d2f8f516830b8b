import Foundation

/// Files that `Golden/make-golden.py` made.
enum Golden {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden")

    static func path(_ name: String) -> String { folder.appending(path: name).path }

    static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appending(path: name))) }

    static let parquetFiles = [
        "preferences", "preferences-gzip-v2", "preferences-zstd", "preferences-plain", "types", "nested", "encodings",
        "int96", "empty",
    ].map { "\($0).parquet" }

    static let arrowFiles = ["preferences", "preferences-zstd", "types", "nested", "deltas", "replaced"].map {
        "\($0).arrow"
    }
}
