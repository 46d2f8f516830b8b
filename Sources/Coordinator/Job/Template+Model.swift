internal import Diagnostics
internal import FileSystem
internal import JobConfiguration
internal import ModelFiles
internal import Prompting
internal import Protocol

extension Template {
    /// What a configuration says: a name, a text with placeholders, `model` for the model's own chat template, or `auto`
    /// for that and, where the model has none, or Legend's procedure is asked for, `alpaca`.
    ///
    /// Of the model its metadata are read, and for the last two alone.
    ///
    /// - Throws: `Problem`, or `ModelFileError`.
    static func configured(
        _ text: String, of model: Configuration.Model, compatibility: Compatibility, readsControlTokensOfRows: Bool
    ) throws -> Template {
        let text = text == automatic && compatibility == .legend ? "alpaca" : text
        guard text == automatic || text == ofModel else {
            return try Template(
                text, readsControlTokensOfRows: readsControlTokensOfRows, otherNames: [automatic, ofModel])
        }
        guard FileStatus(path: model.path) != nil else {
            throw Problem(
                """
                embedding.template: \(text) needs the model's chat template; expected the model at \(model.path) \
                (model.path), found nothing there: put it there for the coordinator too, or say alpaca, chatml, plain or a \
                text of your own
                """, isOfConfiguration: true)
        }
        guard let chat = try ModelChat.read(from: model.path) else {
            guard text == automatic else {
                throw Problem(
                    """
                    embedding.template: model: expected a model with a chat template, found none in \(model.path): say \
                    alpaca, chatml, plain or a text of your own
                    """, isOfConfiguration: true)
            }
            return try Template("alpaca", readsControlTokensOfRows: readsControlTokensOfRows)
        }
        let template = try ChatTemplate(
            chat.template, tokens: chat.tokens.map { ($0.name, $0.text) }, origin: chat.origin)
        return Template(template, readsControlTokensOfRows: readsControlTokensOfRows)
    }

    private static let automatic = "auto"
    private static let ofModel = "model"
}
