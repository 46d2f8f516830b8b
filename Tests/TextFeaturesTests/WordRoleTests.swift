import Testing

@testable import TextFeatures

@Suite struct WordRoleTests {
    @Test func rolesOfEachKind() {
        let roles: [(WordRole, String)] = [
            (.other, "-.,!?*_/\u{0}\u{200D}\u{FFFD}—…“”«、。・👍€"),
            (.whiteSpace, " \t\n\r\u{0B}\u{85}\u{A0}\u{2028}\u{3000}"),
            (.apostrophe, "'\u{2018}\u{2019}\u{02BC}\u{FF07}"), (.letter, "az09éßяς\u{301}²٣ⅷ\u{5D0}한กʰ𝒂"),
            (.capital, "AZÉЯΣİǅⅧ𐐀"), (.ideograph, "漢字かなカナー〆𠀀"),
        ]
        for (role, scalars) in roles {
            for scalar in scalars.unicodeScalars {
                #expect(WordRole(of: scalar) == role, "\(String(scalar.value, radix: 16))")
            }
        }
    }

    /// What is hashed as it stands is in lower case.
    @Test func noLetterThatLowerCasingChangesIsTakenAsItIs() {
        var capitals = 0
        for scalar in (0...UInt32(0x10FFFF)).lazy.compactMap(Unicode.Scalar.init) {
            let role = WordRole(of: scalar)
            if role == .capital { capitals += 1 }
            guard role == .letter || role == .ideograph else { continue }
            let isUnchanged = scalar.properties.lowercaseMapping.unicodeScalars.elementsEqual(CollectionOfOne(scalar))
            if !isUnchanged { Issue.record("U+\(String(scalar.value, radix: 16))") }
        }
        print("\(capitals) scalars that lower-casing changes")
        #expect(capitals > 1300)
    }
}
