import Foundation

/// What the app may ask of the helper, which runs as root.
@objc protocol HelperProtocol {
    func version(withReply reply: @escaping (String) -> Void)
    func unpack(archive: String, into folder: String, withReply reply: @escaping (Bool) -> Void)
    func deliver(_ parcel: Parcel, withReply reply: @escaping (Bool) -> Void)
}
