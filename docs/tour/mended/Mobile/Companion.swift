import UIKit

/// Opens the companion app, which fetches what it needs from the shared keychain group.
enum Companion {
    static func open(parcel: String) {
        guard let url = URL(string: "courier-companion://show?parcel=\(parcel)") else { return }
        UIApplication.shared.open(url, options: [:], completionHandler: nil)
    }
}
