/// Dates and times in ISO 8601.
enum CalendarText {
    /// - Returns: nil where the type is of no date or time, or the value is no time of day.
    static func text(_ value: Int64, _ type: ColumnarType) -> String? {
        switch type {
        case .date(let countsMilliseconds):
            return date(days: countsMilliseconds ? value.split(by: 86_400_000).quotient : value)
        case .time(let unit):
            guard value >= 0, value / unit.perSecond < 86_400 else { return nil }
            return clock(value, unit)
        case .timestamp(let unit, let zone):
            let (days, rest) = value.split(by: 86_400 * unit.perSecond)
            return "\(date(days: days))T\(clock(rest, unit))\(zone == nil ? "" : "Z")"
        case .duration(let unit):
            let magnitude = value.magnitude
            let perSecond = UInt64(unit.perSecond)
            var fraction = padded(Int64(magnitude % perSecond), unit.digits)
            while fraction.hasSuffix("0") { fraction.removeLast() }
            let seconds = "\(magnitude / perSecond)\(fraction.isEmpty ? "" : ".\(fraction)")"
            return "\(value < 0 ? "-" : "")PT\(seconds)S"
        default: return nil
        }
    }

    private static func clock(_ value: Int64, _ unit: ColumnarType.TimeUnit) -> String {
        let (seconds, rest) = value.split(by: unit.perSecond)
        let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }.joined(separator: ":")
        return unit.digits == 0 ? parts : "\(parts).\(padded(rest, unit.digits))"
    }

    /// The proleptic Gregorian calendar; years beyond four digits have a sign.
    private static func date(days: Int64) -> String {
        // Years begin on 1 March here, so that a leap day is the last of its year; 400 years have 146,097 days.
        let (era, day) = (days + 719_468).split(by: 146_097)
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1
        let calendarYear = 400 * era + year + (month >= 10 ? 1 : 0)
        let digits = padded(abs(calendarYear), 4)
        let sign = calendarYear < 0 ? "-" : calendarYear > 9999 ? "+" : ""
        return "\(sign)\(digits)-\(padded(month < 10 ? month + 3 : month - 9, 2))-\(padded(dayOfMonth, 2))"
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        guard width > 0 else { return "" }
        let digits = "\(value)"
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

extension Int64 {
    /// Rounded down; the remainder is never negative.
    fileprivate func split(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension ColumnarType.TimeUnit {
    /// Behind the point of the seconds.
    fileprivate var digits: Int { 3 * rawValue }
}
