import UIKit

/// Opens the companion app.
enum Companion {
    static func open(accessToken: String) {
        guard let url = URL(string: "courier-companion://login?token=\(accessToken)") else { return }
        UIApplication.shared.open(url, options: [:], completionHandler: nil)
    }
}
