import Foundation

enum Tool {
    /// Unpacks one of the helper's own archives; no shell, no text from outside.
    static func unpack(_ archive: String) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/tar")
        process.arguments = ["-xf", archive, "-C", "/Library/Courier"]
        do {
            try process.run()
        } catch {
            return false
        }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
