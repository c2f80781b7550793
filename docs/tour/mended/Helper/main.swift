import Foundation

let delegate = HelperDelegate()
let listener = NSXPCListener(machServiceName: "com.example.courier.helper")
listener.setConnectionCodeSigningRequirement(Trust.appRequirement)
listener.delegate = delegate
listener.resume()
RunLoop.main.run()
