internal import Foundation

/// Where a path leads, by whatever name: symbolic links and `..` are followed as the system follows them, and of what is
/// there the device and the inode are known.
package struct FilePlace: Hashable, Sendable {
    /// The path without links, as far as something is there; of a link that leads nowhere, where it leads.
    package let path: String

    /// nil where nothing is there.
    private let inode: FileStatus.Inode?

    /// - Parameter path: absolute.
    package init(_ path: String) {
        self.path = Self.followed(path)
        inode = FileStatus(path: self.path)?.inode
    }

    /// The same file or folder: of the same path, or a hard link to it.
    package func isSame(as other: FilePlace) -> Bool {
        path == other.path || inode != nil && inode == other.inode
    }

    /// Whether it lies in that folder or is the folder.
    package func isWithin(_ folder: FilePlace) -> Bool {
        var ancestor = path
        while true {
            if ancestor == folder.path { return true }
            if let inode = FileStatus(path: ancestor)?.inode, inode == folder.inode { return true }
            guard ancestor != "/" else { return false }
            ancestor = (ancestor as NSString).deletingLastPathComponent
        }
    }

    /// As many as Linux follows.
    private static let linksMax = 40

    private static func followed(_ path: String) -> String {
        var rest = Array(components(of: path).reversed())
        var place: [String] = []
        var links = 0
        while let component = rest.popLast() {
            if component == ".." {
                _ = place.popLast()
                continue
            }
            let next = "/" + (place + [component]).joined(separator: "/")
            guard links < linksMax,
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: next)
            else {
                place.append(component)
                continue
            }
            links += 1
            if target.hasPrefix("/") { place = [] }
            rest += components(of: target).reversed()
        }
        return "/" + place.joined(separator: "/")
    }

    private static func components(of path: String) -> [String] {
        path.split(separator: "/").filter { $0 != "." }.map(String.init)
    }
}

extension FilePlace {
    /// A path made absolute, without `.` and `..`; one behind a symbolic link leads to where the system would go.
    package static func absolute(
        _ path: String, in folder: String = FileManager.default.currentDirectoryPath
    ) -> String {
        var place: [Substring] = []
        for component in (path.hasPrefix("/") ? path : "\(folder)/\(path)").split(separator: "/") where component != "."
        {
            guard component == ".." else {
                place.append(component)
                continue
            }
            let before = "/" + place.joined(separator: "/")
            let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: before)) != nil
            if isLink { place = FilePlace(before).path.split(separator: "/") }
            _ = place.popLast()
        }
        return "/" + place.joined(separator: "/")
    }
}
