import Foundation

final class Helper: NSObject, HelperProtocol {
    /// What the helper can unpack: it knows the places itself, so a client only says which.
    private static let archives = ["/Library/Courier/outbox.tar", "/Library/Courier/inbox.tar"]

    func version(withReply reply: @escaping (String) -> Void) {
        reply("1.4")
    }

    func unpack(format: Int, withReply reply: @escaping (Bool) -> Void) {
        guard Helper.archives.indices.contains(format) else {
            reply(false)
            return
        }
        reply(Tool.unpack(Helper.archives[format]))
    }

    func deliver(_ parcel: Parcel, withReply reply: @escaping (Bool) -> Void) {
        let folder = FileManager.default.temporaryDirectory
        let note = folder.appendingPathComponent(UUID().uuidString)
        do {
            try parcel.title.write(to: note, atomically: true, encoding: .utf8)
            reply(true)
        } catch {
            reply(false)
        }
    }
}
