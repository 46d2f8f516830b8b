/// Regular expressions that models publish, in the words of their `tokenizer.json`.
package enum KnownPattern {
    package static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    package static let llama3 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"# + afterNumbers

    package static let qwen2 = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + afterNumbers

    package static let afterNumbers = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// As `qwen2`, with marks among the letters.
    package static let qwen35 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"#
        + #"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// Words in two cases, each with what may stand before and behind it.
    private static func words(upper: String, lower: String, suffix: String) -> String {
        let head = #"[^\r\n\p{L}\p{N}]?"#
        return head + upper + "*" + lower + "+" + suffix + "|" + head + upper + "+" + lower + "*" + suffix
    }

    private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
    private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
    private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    private static let afterNumbersWithSlash = #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    package static let gpt4o =
        words(upper: upper, lower: lower, suffix: contractions) + #"|\p{N}{1,3}"# + afterNumbersWithSlash

    package static let tekken = words(upper: upper, lower: lower, suffix: "") + #"|\p{N}"# + afterNumbersWithSlash

    package static let youtu =
        words(upper: upper, lower: lower, suffix: contractions) + #"|\p{N}"# + afterNumbersWithSlash

    package static let kimiK2 =
        #"[\p{Han}]+|"#
        + words(
            upper: #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"#, lower: #"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"#,
            suffix: contractions) + #"|\p{N}{1,3}"# + afterNumbers

    package static let jais2 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"#
        + #"|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)"#
        + #"|\s{1,2}(?!\S)|\s{1}"#

    package static let bailing =
        #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#

    package static let seedCoder =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+"#
        + #"|\s+(?!\S)|\s+"#

    package static let ufakzeka = #"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + afterNumbers

    package static let exaoneMoE =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}"#
        + #"| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"#

    package static let miniCPM5 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+"# + afterNumbers

    package static let bloom = " ?[^(\\s|[.,!?…。，、।۔،])]+"

    private static let asciiWord = ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##

    package static let deepSeek3 =
        asciiWord + #"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    package static let spark =
        asciiWord + #"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+"#

    package static let deepSeekHan = "[一-龥぀-ゟ゠-ヿ]+"

    package static let deepSeekOldHan = "[一-龥ࠀ-一가-퟿]+"

    package static let deepSeekPunctuation = #"\s?[!-/:-~！-／：-～‘-‟　-。]+"#

    package static let deepSeekLetters =
        "\\s?[A-Za-z\u{B5}À-ÖØ-öø-ƺƼ-ƿ\u{1C4}-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-\u{3F5}Ϸ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-"
        + "Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\u{1F7D}ᾀ-ᾴᾶ-ᾼ\u{1FBE}ῂ-ῄῆ-ῌῐ-\u{1FD3}ῖ-\u{1FDB}ῠ-Ῥῲ-ῴῶ-ῼ"
        + "\u{2102}\u{2107}\u{210A}-\u{2113}\u{2115}\u{2119}-\u{211D}\u{2124}\u{2126}\u{2128}\u{212A}"
        + "-\u{212D}\u{212F}-\u{2134}\u{2139}\u{213C}-\u{213F}\u{2145}-\u{2149}ⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-"
        + "ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿ\u{FB00}-\u{FB06}\u{FB13}-\u{FB17}\u{FF21}-\u{FF3A}\u{FF41}-\u{FF5A}\u{10400}-"
        + "\u{1044F}\u{104B0}-\u{104D3}\u{104D8}-\u{104FB}\u{10C80}-\u{10CB2}\u{10CC0}-\u{10CF2}"
        + "\u{118A0}-\u{118DF}\u{1E900}-\u{1E943}]+"

    package static let youtuScripts =
        "[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥぀-ゟ゠-ヿ]+"

    package static let afmoeScripts =
        "[一-鿿㐀-䶿\u{F900}-\u{FAFF}぀-ゟ゠-ヿ･-ﾟ⼀-⿟เ-๿຀-໿ក-៿က-႟ꩠ-ꩿꧠ-꧿가-힯ᄀ-ᇿ]+"
}
