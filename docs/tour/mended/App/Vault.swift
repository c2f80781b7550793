import AppKit

/// The user's recovery key, which opens every parcel.
final class Vault {
    private let recoveryKey: String

    init(recoveryKey: String) {
        self.recoveryKey = recoveryKey
    }

    /// The user asked for a copy: it stays on this Mac, and clipboard managers are told to forget it.
    func copyForUser() {
        let pasteboard = NSPasteboard.general
        pasteboard.prepareForNewContents(with: .currentHostOnly)
        pasteboard.setString(recoveryKey, forType: .string)
        pasteboard.setString("", forType: NSPasteboard.PasteboardType("org.nspasteboard.ConcealedType"))
    }

    func copyVersion(_ version: String) {
        let pasteboard = NSPasteboard.general
        pasteboard.clearContents()
        pasteboard.setString(version, forType: .string)
    }
}
