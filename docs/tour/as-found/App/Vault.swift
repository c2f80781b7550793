import AppKit

/// The user's recovery key, which opens every parcel.
final class Vault {
    private let recoveryKey: String

    init(recoveryKey: String) {
        self.recoveryKey = recoveryKey
    }

    func handToPhone() {
        let pasteboard = NSPasteboard.general
        pasteboard.clearContents()
        pasteboard.setString(recoveryKey, forType: .string)
    }

    func copyVersion(_ version: String) {
        let pasteboard = NSPasteboard.general
        pasteboard.clearContents()
        pasteboard.setString(version, forType: .string)
    }
}
