import Foundation

final class HelperDelegate: NSObject, NSXPCListenerDelegate {
    // The listener has a code requirement (main.swift): only the app itself gets this far.
    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection connection: NSXPCConnection) -> Bool {
        connection.exportedInterface = NSXPCInterface(with: HelperProtocol.self)
        connection.exportedObject = Helper()
        connection.resume()
        return true
    }
}
