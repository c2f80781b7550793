import Foundation

/// The app's side of the helper.
final class HelperClient {
    private lazy var connection: NSXPCConnection = {
        let connection = NSXPCConnection(machServiceName: "com.example.courier.helper", options: .privileged)
        connection.remoteObjectInterface = NSXPCInterface(with: HelperProtocol.self)
        connection.interruptionHandler = { NSLog("helper interrupted") }
        connection.invalidationHandler = { NSLog("helper invalidated") }
        connection.resume()
        return connection
    }()

    func version(completion: @escaping (String?) -> Void) {
        let helper = connection.remoteObjectProxyWithErrorHandler { error in
            NSLog("helper failed: %@", String(describing: error))
            completion(nil)
        } as? HelperProtocol
        helper?.version(withReply: completion)
    }
}
