import Foundation

final class Client {
    private let connection = NSXPCConnection(machServiceName: "com.example.courier", options: .privileged)

    func start(helper: HelperProtocol) {
        connection.remoteObjectInterface = NSXPCInterface(with: HelperProtocol.self)
        helper.runCommand("ls", inFolder: "/") { _ in }
        helper.version { print($0) }
    }
}
