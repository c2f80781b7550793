import Foundation

let delegate = HelperDelegate()
let listener = /* 😀 */ NSXPCListener(machServiceName: "com.example.courier")
listener.delegate = delegate
listener.resume()
RunLoop.main.run()
