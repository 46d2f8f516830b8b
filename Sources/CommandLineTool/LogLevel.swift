internal import ArgumentParser
package import Logging

/// The `--log-level` option.
package enum LogLevel: String, CaseIterable, Sendable {
    case trace, debug, info, notice, warning, error, critical

    package var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}

extension LogLevel: ExpressibleByArgument {}
