import Foundation

enum Shell {
    static func run(_ text: String) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", text]
        try? process.run()
        return true
    }
}
