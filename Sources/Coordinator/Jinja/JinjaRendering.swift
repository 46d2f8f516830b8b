/// What a template made of its input.
package struct JinjaRendering: Hashable, Sendable {
    /// Valid UTF-8.
    package let utf8: [UInt8]

    /// The bytes of ``utf8`` that the template wrote, or somebody who vouches for them: ascending, not empty, neither
    /// overlapping nor touching. Only there may a control token be read; all else came with the conversation.
    package let templateRanges: [Range<Int>]

    package var text: String { String(decoding: utf8, as: UTF8.self) }

    init(_ text: Text) {
        utf8 = text.utf8
        templateRanges = text.templateRanges
    }
}
