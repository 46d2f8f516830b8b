internal import ArgumentParser

/// How long a worker goes on without a coordinator.
struct Patience: Hashable, Sendable {
    /// nil: for ever.
    let limit: Duration?

    /// - Parameter text: seconds; `never` or 0 for no limit.
    init?(_ text: String) {
        if text == "never" {
            limit = nil
            return
        }
        guard text.wholeMatch(of: #/[0-9]{1,9}(\.[0-9]{1,9})?/#) != nil, let seconds = Double(text) else { return nil }
        limit = seconds > 0 ? .seconds(seconds) : nil
    }
}

extension Patience: ExpressibleByArgument {
    init?(argument: String) {
        self.init(argument)
    }
}
