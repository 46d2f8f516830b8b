// swift-tools-version: 6.2
import PackageDescription

/// Applied to every Swift target.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

let package = Package(
    name: "legend",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "legend-coordinator", targets: ["Coordinator"]),
        .executable(name: "legend-worker", targets: ["Worker"]),
        .library(name: "Engine", targets: ["Engine"]),
        .library(name: "Margins", targets: ["Margins"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // Executables.
        .executableTarget(
            name: "Coordinator",
            dependencies: [
                "CommandLineTool", "Dataset", "Diagnostics", "Digest", "FileSystem", "JSON", "JobConfiguration",
                "JobStore",
                "Margins", "ModelFiles", "Monitoring", "Prompting", "Protocol", "Reports", "Safetensors", "Scheduling",
                "TextFeatures", "Transport", "Trust", arguments, logging, signals,
            ],
            exclude: [
                "Columnar", "Dataset", "Jinja", "JobStore", "Monitoring", "Prompting", "Reports", "Scheduling",
                "TextFeatures", "Trust",
            ],
            swiftSettings: strict),
        // What all annotated rows say of their margins, from rows that come one by one.
        .target(
            name: "Trust", dependencies: ["Diagnostics", "Margins", "Reports", "TextFeatures"],
            path: "Sources/Coordinator/Trust",
            swiftSettings: strict),
        // What a person reads of a job: the progress line, the status page, overviews of what was written.
        .target(
            name: "Reports",
            dependencies: [
                "CommandLineTool", "Dataset", "Diagnostics", "FileSystem", "JSON", "Margins", "Protocol", logging,
            ],
            path: "Sources/Coordinator/Reports", swiftSettings: strict),
        // How far a job is, as values.
        .target(
            name: "Monitoring", dependencies: ["Margins", "Protocol", logging], path: "Sources/Coordinator/Monitoring",
            swiftSettings: strict),
        // What a job has done so far, on disk: the ledger and the store of embeddings.
        .target(
            name: "JobStore", dependencies: ["Diagnostics", "Digest", "FileSystem", "Protocol", "Safetensors", grdb],
            path: "Sources/Coordinator/JobStore", swiftSettings: strict),
        // Parquet files read and written, Arrow IPC files read, row by row.
        .target(
            name: "Columnar", dependencies: ["CSnappy", "CZlib", "CZstd", "Diagnostics", "FileSystem", "JSON"],
            path: "Sources/Coordinator/Columnar", exclude: ["CSnappy", "CZstd"], swiftSettings: strict),
        .systemLibrary(
            name: "CSnappy", path: "Sources/Coordinator/Columnar/CSnappy", providers: [.apt(["libsnappy-dev"])]),
        .systemLibrary(
            name: "CZstd", path: "Sources/Coordinator/Columnar/CZstd", providers: [.apt(["libzstd-dev"])]),
        // Chat templates of models: foreign code that is rendered within limits.
        .target(
            name: "Jinja", dependencies: ["Diagnostics"], path: "Sources/Coordinator/Jinja", swiftSettings: strict),
        // Rows of preference datasets and anchors, read and written in every format.
        .target(
            name: "Dataset", dependencies: ["CZlib", "CZstd", "Columnar", "Diagnostics", "FileSystem", "JSON"],
            path: "Sources/Coordinator/Dataset",
            swiftSettings: strict),
        // What the model reads of a row.
        .target(
            name: "Prompting", dependencies: ["Dataset", "Diagnostics", "Digest", "JSON", "Jinja", "Protocol"],
            path: "Sources/Coordinator/Prompting", swiftSettings: strict),
        // Who computes what, and in which order, as pure state machines.
        .target(
            name: "Scheduling", dependencies: ["Protocol"], path: "Sources/Coordinator/Scheduling",
            swiftSettings: strict),
        // What can be said of responses without a model: columns that scores are compared with, and refusals of our own.
        .target(
            name: "TextFeatures", dependencies: ["Margins"], path: "Sources/Coordinator/TextFeatures",
            swiftSettings: strict),
        .executableTarget(
            name: "Worker",
            dependencies: [
                "CommandLineTool", "Diagnostics", "Digest", "Engine", "FileSystem", "JobConfiguration", "Margins",
                "ModelFiles", "Protocol", "SeededRandom", "Tokenizers", "Transport", arguments, logging, signals,
            ],
            swiftSettings: strict),

        // The inference engine: knows neither sockets nor directions.
        .target(
            name: "Engine",
            dependencies: [
                "CKernels", "COneDNN", "COpenBLAS", "Diagnostics", "JSON", "ModelFiles", "SeededRandom", "Tokenizers",
            ],
            exclude: ["ModelFiles", "Tokenizers", "Kernels", "COneDNN", "COpenBLAS"],
            swiftSettings: strict),
        // Model files and their vocabularies, for whoever does not need the engine.
        .target(
            name: "ModelFiles", dependencies: ["Diagnostics", "Digest", "FileSystem", "JSON", "Safetensors"],
            path: "Sources/Engine/ModelFiles", swiftSettings: strict),
        .target(
            name: "Tokenizers", dependencies: ["Diagnostics", "FileSystem", "JSON", "ModelFiles"],
            path: "Sources/Engine/Tokenizers", swiftSettings: strict),
        .target(name: "CKernels", path: "Sources/Engine/Kernels"),
        .systemLibrary(name: "COneDNN", path: "Sources/Engine/COneDNN", providers: [.apt(["libdnnl-dev"])]),
        .systemLibrary(name: "COpenBLAS", path: "Sources/Engine/COpenBLAS", providers: [.apt(["libopenblas-dev"])]),

        // Directions, estimators, measures and calibration as pure values.
        .target(name: "Margins", dependencies: ["SeededRandom"], swiftSettings: strict),

        // What coordinator and workers say to each other, and how it travels.
        .target(
            name: "Protocol", dependencies: ["Diagnostics", "Digest", protobuf],
            exclude: ["Configuration", "Transport", "legend.proto"],
            swiftSettings: strict),
        .target(
            name: "Transport", dependencies: ["CZeroMQ", "Diagnostics", "FileSystem", "Protocol"],
            path: "Sources/Protocol/Transport", exclude: ["CZeroMQ"], swiftSettings: strict),
        .systemLibrary(
            name: "CZeroMQ", path: "Sources/Protocol/Transport/CZeroMQ", providers: [.apt(["libzmq3-dev"])]),

        // What an operator writes of a job: cluster.yaml.
        .target(
            name: "JobConfiguration", dependencies: ["Diagnostics", "FileSystem", "Protocol", "Yams"],
            path: "Sources/Protocol/Configuration", swiftSettings: strict),

        // Exit statuses and options that all executables share.
        .target(name: "CommandLineTool", dependencies: [arguments, logging], swiftSettings: strict),

        // Random numbers that are the same in every run.
        .target(name: "SeededRandom", swiftSettings: strict),

        // Safetensors files: their header, and their tensors as numbers.
        .target(name: "Safetensors", dependencies: ["Diagnostics"], swiftSettings: strict),

        // JSON texts: values with their bytes, and strings in both directions.
        .target(name: "JSON", dependencies: ["Diagnostics"], swiftSettings: strict),

        // Errors as sentences for a person, and how they show what was found.
        .target(name: "Diagnostics", swiftSettings: strict),

        // Files: the one place for the system's calls, locks, replacement as a whole, and why something failed.
        .target(name: "FileSystem", swiftSettings: strict),

        // SHA-256 and CRC-32 of files and bytes.
        .target(
            name: "Digest", dependencies: ["CCrypto", "CZlib", "FileSystem"], exclude: ["CCrypto", "CZlib"],
            swiftSettings: strict),
        .systemLibrary(name: "CZlib", path: "Sources/Digest/CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CCrypto", path: "Sources/Digest/CCrypto", providers: [.apt(["libssl-dev"])]),

        .testTarget(
            name: "EngineTests",
            dependencies: [
                "CKernels", "Engine", "GGUFFixtures", "ModelFiles", "SeededRandom", "TestEnvironment", "Tokenizers",
            ],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "ModelFilesTests",
            dependencies: [
                "Diagnostics", "Digest", "GGUFFixtures", "JSON", "ModelFiles", "Safetensors", "SeededRandom",
                "Tokenizers",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TokenizersTests",
            dependencies: ["GGUFFixtures", "JSON", "ModelFiles", "SeededRandom", "TestEnvironment", "Tokenizers"],
            exclude: ["Golden"], swiftSettings: strict),
        // Small GGUF files that tests put together.
        .target(
            name: "GGUFFixtures", dependencies: ["ModelFiles", "SeededRandom", "Tokenizers"],
            path: "Tests/GGUFFixtures", swiftSettings: strict),
        .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics"], swiftSettings: strict),
        .testTarget(name: "FileSystemTests", dependencies: ["FileSystem"], swiftSettings: strict),
        .testTarget(
            name: "SafetensorsTests", dependencies: ["Safetensors", "SeededRandom"], swiftSettings: strict),
        // How long tests wait, and what they need that is not in the package.
        .target(name: "TestEnvironment", path: "Tests/TestEnvironment", swiftSettings: strict),
        .testTarget(
            name: "MarginsTests", dependencies: ["Margins", "SeededRandom"], exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "ProtocolTests", dependencies: ["Digest", "Protocol", "SeededRandom", protobuf],
            swiftSettings: strict
        ),
        .testTarget(
            name: "JobConfigurationTests", dependencies: ["Diagnostics", "FileSystem", "JobConfiguration", "Protocol"],
            swiftSettings: strict),
        .testTarget(
            name: "TransportTests",
            dependencies: ["CZeroMQ", "Diagnostics", "Protocol", "TestEnvironment", "Transport"],
            swiftSettings: strict),
        .testTarget(
            name: "CoordinatorTests",
            dependencies: [
                "CommandLineTool", "Coordinator", "Dataset", "DatasetFixtures", "Diagnostics", "Digest", "FileSystem",
                "JSON", "JobConfiguration", "JobStore", "JobStoreFixtures", "Margins", "ModelFiles", "Prompting",
                "Protocol",
                "Reports",
                "Safetensors", "Scheduling", "SeededRandom", "TextFeatures",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ReportsTests",
            dependencies: ["Dataset", "DatasetFixtures", "FileSystem", "Margins", "Protocol", "Reports"],
            swiftSettings: strict),
        .testTarget(
            name: "MonitoringTests", dependencies: ["Margins", "Monitoring", "Protocol", logging],
            swiftSettings: strict),
        .testTarget(
            name: "DatasetTests",
            dependencies: [
                "CZstd", "Columnar", "Dataset", "DatasetFixtures", "FileSystem", "JSON", "SeededRandom",
                "TestEnvironment",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ColumnarTests", dependencies: ["Columnar", "FileSystem", "JSON", "SeededRandom"],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(name: "JinjaTests", dependencies: ["Jinja", "SeededRandom"], swiftSettings: strict),
        .testTarget(
            name: "PromptingTests",
            dependencies: ["Dataset", "DatasetFixtures", "Diagnostics", "Prompting", "Protocol", "SeededRandom"],
            swiftSettings: strict),
        .testTarget(
            name: "JobStoreTests",
            dependencies: [
                "Diagnostics", "Digest", "FileSystem", "JobStore", "JobStoreFixtures", "Protocol", "Safetensors", grdb,
            ],
            swiftSettings: strict),
        // A ledger for a test, and units in few words.
        .target(
            name: "JobStoreFixtures", dependencies: ["JobStore", "Protocol"], path: "Tests/JobStoreFixtures",
            swiftSettings: strict),
        // A folder of dataset files for a test, and all rows of one.
        .target(
            name: "DatasetFixtures", dependencies: ["Dataset"], path: "Tests/DatasetFixtures", swiftSettings: strict),
        .testTarget(
            name: "SchedulingTests", dependencies: ["Protocol", "Scheduling", "SeededRandom"], swiftSettings: strict),
        .testTarget(
            name: "TextFeaturesTests", dependencies: ["Margins", "SeededRandom", "TestEnvironment", "TextFeatures"],
            swiftSettings: strict),
        .testTarget(
            name: "TrustFiguresTests", dependencies: ["Margins", "Reports", "SeededRandom", "TextFeatures", "Trust"],
            swiftSettings: strict),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "Diagnostics", "Digest", "Engine", "FileSystem", "GGUFFixtures", "Margins", "ModelFiles", "Protocol",
                "SeededRandom", "Tokenizers", "Transport", "Worker",
            ], swiftSettings: strict),
        .testTarget(
            name: "ClusterTests",
            dependencies: [
                "CZeroMQ", "Coordinator", "Dataset", "GGUFFixtures", "JSON", "JobConfiguration", "JobStore", "Margins",
                "ModelFiles", "Protocol", "Safetensors", "Scheduling", "SeededRandom", "TestEnvironment", "Transport",
                "Worker", grdb,
            ],
            exclude: ["Golden", "FailingFileSystem"], swiftSettings: strict),
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "Columnar", "Coordinator", "Dataset", "Diagnostics", "Digest", "Engine", "FileSystem", "JSON", "Jinja",
                "JobConfiguration", "Margins", "ModelFiles", "Prompting", "Protocol", "Reports", "Safetensors",
                "SeededRandom",
                "Tokenizers", "Transport", protobuf,
            ],
            swiftSettings: strict),
    ]
)
