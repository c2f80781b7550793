import Foundation

final class Helper: NSObject, HelperProtocol {
    func version(withReply reply: @escaping (String) -> Void) {
        reply("1.4")
    }

    func unpack(archive: String, into folder: String, withReply reply: @escaping (Bool) -> Void) {
        reply(Shell.run("/usr/bin/tar -xf \(archive) -C \(folder)"))
    }

    func deliver(_ parcel: Parcel, withReply reply: @escaping (Bool) -> Void) {
        let note = "/tmp/courier-delivery.txt"
        try? parcel.title.write(toFile: note, atomically: false, encoding: .utf8)
        reply(true)
    }
}
