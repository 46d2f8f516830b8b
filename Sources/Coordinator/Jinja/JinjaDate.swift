internal import Diagnostics

/// A date and a time of day of the proleptic Gregorian calendar, for `strftime_now`.
package struct JinjaDate: Hashable, Sendable {
    package let year, month, day, hour, minute, second: Int

    /// - Parameter year: 1 to 9999.
    /// - Returns: nil where there is no such day or time.
    package init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        guard 1...9999 ~= year, 1...12 ~= month, 1...Self.days(in: month, of: year) ~= day, 0..<24 ~= hour,
            0..<60 ~= minute, 0..<60 ~= second
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func days(in month: Int, of year: Int) -> Int {
        month == 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// From 1.
    private var dayOfYear: Int { (1..<month).reduce(day) { $0 + Self.days(in: $1, of: year) } }

    /// 0 is Sunday.
    private var dayOfWeek: Int {
        let before = year - 1
        return (before * 365 + before / 4 - before / 100 + before / 400 + dayOfYear) % 7
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
}

extension JinjaDate {
    /// The date in the form that `strftime` of the C locale gives.
    ///
    /// - Throws: ``JinjaError`` for a directive that is not known here.
    func formatted(_ format: Text) throws(JinjaError) -> Text {
        var result = Text()
        var position = 0
        while position < format.utf8.count {
            guard format.utf8[position] == UInt8(ascii: "%") else {
                let end = format.utf8[position...].firstIndex(of: UInt8(ascii: "%")) ?? format.utf8.count
                result.append(format[position..<end])
                position = end
                continue
            }
            guard position + 1 < format.utf8.count else {
                throw .unsupported("strftime_now: expected a directive behind the last %, found the format's end")
            }
            let directive = format.utf8[position + 1]
            guard let field = field(directive) else {
                throw .unsupported(
                    """
                    strftime_now: expected one of %a, %A, %b, %B, %d, %D, %e, %F, %H, %h, %I, %j, %m, %M, %n, %p, %R, \
                    %S, %t, %T, %u, %w, %y, %Y and %%, found \
                    \("%\(Unicode.Scalar(directive))".quoted)
                    """)
            }
            result.append(field, by: format.author(at: position))
            position += 2
        }
        return result
    }

    private func field(_ directive: UInt8) -> String? {
        let hourOfHalf = (hour + 11) % 12 + 1
        switch directive {
        case UInt8(ascii: "a"): return String(Self.weekdays[dayOfWeek].prefix(3))
        case UInt8(ascii: "A"): return Self.weekdays[dayOfWeek]
        case UInt8(ascii: "b"), UInt8(ascii: "h"): return String(Self.months[month - 1].prefix(3))
        case UInt8(ascii: "B"): return Self.months[month - 1]
        case UInt8(ascii: "d"): return Self.padded(day)
        case UInt8(ascii: "D"): return "\(Self.padded(month))/\(Self.padded(day))/\(Self.padded(year % 100))"
        case UInt8(ascii: "e"): return Self.padded(day, with: " ")
        case UInt8(ascii: "F"): return "\(year)-\(Self.padded(month))-\(Self.padded(day))"
        case UInt8(ascii: "H"): return Self.padded(hour)
        case UInt8(ascii: "I"): return Self.padded(hourOfHalf)
        case UInt8(ascii: "j"): return Self.padded(dayOfYear, to: 3)
        case UInt8(ascii: "m"): return Self.padded(month)
        case UInt8(ascii: "M"): return Self.padded(minute)
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "p"): return hour < 12 ? "AM" : "PM"
        case UInt8(ascii: "R"): return "\(Self.padded(hour)):\(Self.padded(minute))"
        case UInt8(ascii: "S"): return Self.padded(second)
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "T"): return "\(Self.padded(hour)):\(Self.padded(minute)):\(Self.padded(second))"
        case UInt8(ascii: "u"): return String((dayOfWeek + 6) % 7 + 1)
        case UInt8(ascii: "w"): return String(dayOfWeek)
        case UInt8(ascii: "y"): return Self.padded(year % 100)
        case UInt8(ascii: "Y"): return String(year)
        case UInt8(ascii: "%"): return "%"
        default: return nil
        }
    }

    private static func padded(_ number: Int, to width: Int = 2, with padding: String = "0") -> String {
        let digits = String(number)
        return String(repeating: padding, count: max(0, width - digits.count)) + digits
    }
}
