import Jinja
import Testing

/// The 26th of July 2024, a Friday, 13:05:09.
let testDate = JinjaDate(year: 2024, month: 7, day: 26, hour: 13, minute: 5, second: 9)!

func rendered(
    _ source: String, _ variables: [(String, JinjaValue)] = [], limits: JinjaLimits = JinjaLimits()
) throws(JinjaError) -> JinjaRendering {
    try JinjaTemplate(source).render(variables, limits: limits, now: testDate)
}

func text(_ source: String, _ variables: [(String, JinjaValue)] = []) throws(JinjaError) -> String {
    try rendered(source, variables).text
}

/// The text with ⟦ and ⟧ around what the template wrote.
func marked(_ source: String, _ variables: [(String, JinjaValue)] = []) throws(JinjaError) -> String {
    let rendering = try rendered(source, variables)
    var result = ""
    var start = 0
    for range in rendering.templateRanges {
        result += String(decoding: rendering.utf8[start..<range.lowerBound], as: UTF8.self)
        result += "⟦" + String(decoding: rendering.utf8[range], as: UTF8.self) + "⟧"
        start = range.upperBound
    }
    return result + String(decoding: rendering.utf8[start...], as: UTF8.self)
}

/// The error that a template ends with when it is read or rendered.
func failure(
    _ source: String, _ variables: [(String, JinjaValue)] = [], limits: JinjaLimits = JinjaLimits()
) -> JinjaError? {
    do throws(JinjaError) {
        _ = try rendered(source, variables, limits: limits)
        return nil
    } catch {
        return error
    }
}

func message(_ role: String, _ content: String) -> JinjaValue {
    .map([.init("role", .input(role)), .init("content", .input(content))])
}

func messages(_ list: [(role: String, content: String)]) -> (String, JinjaValue) {
    ("messages", .list(list.map { message($0.role, $0.content) }))
}
