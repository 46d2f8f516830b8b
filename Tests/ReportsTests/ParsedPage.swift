import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// A page as an XML parser sees it, for tests that look for what is in it.
final class ParsedPage: NSObject, XMLParserDelegate {
    final class Node {
        let name: String
        let attributes: [String: String]
        var children: [Node] = []

        /// Of the element and all within it.
        var text = ""

        init(name: String, attributes: [String: String]) {
            self.name = name
            self.attributes = attributes
        }

        /// The element and all within it.
        var all: [Node] { [self] + children.flatMap(\.all) }

        func all(_ name: String) -> [Node] { all.filter { $0.name == name } }

        /// With a blank for every run of whitespace and no-break spaces, and without marks of direction.
        var plainText: String {
            text.filter { $0 != "\u{2068}" && $0 != "\u{2069}" }.split(whereSeparator: \.isWhitespace)
                .joined(separator: " ")
        }
    }

    let root = Node(name: "", attributes: [:])
    private var open: [Node]
    private var problem: String?

    struct NotWellFormed: Error, CustomStringConvertible {
        let description: String
    }

    init(_ bytes: [UInt8]) throws {
        open = [root]
        super.init()
        let parser = XMLParser(data: Data(bytes))
        parser.delegate = self
        let isParsed = parser.parse()
        guard isParsed, problem == nil, open.count == 1 else {
            throw NotWellFormed(
                description: "line \(parser.lineNumber): \(problem ?? "") \(parser.parserError.map { "\($0)" } ?? "")")
        }
    }

    func all(_ name: String) -> [Node] { root.all(name) }

    /// The element with that id.
    func node(_ id: String) -> Node? { root.all.first { $0.attributes["id"] == id } }

    func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?, qualifiedName qName: String?,
        attributes attributeDict: [String: String]
    ) {
        let node = Node(name: elementName, attributes: attributeDict)
        open[open.count - 1].children.append(node)
        open.append(node)
    }

    func parser(
        _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName qName: String?
    ) {
        let closed = open.removeLast()
        // Texts of neighbours are not one word.
        open[open.count - 1].text += closed.text + " "
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { open[open.count - 1].text += string }

    func parser(_ parser: XMLParser, parseErrorOccurred parseError: any Error) { problem = "\(parseError)" }
}
