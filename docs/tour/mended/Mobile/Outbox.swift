import Foundation

/// Parcels that wait for the network, shared with the share extension.
enum Outbox {
    static let group = "group.com.example.courier"

    static var defaults: UserDefaults? {
        UserDefaults(suiteName: group)
    }

    static func waiting() -> Parcel? {
        guard let data = defaults?.data(forKey: "waiting") else { return nil }
        return try? NSKeyedUnarchiver.unarchivedObject(ofClass: Parcel.self, from: data)
    }
}
