"""What soaked files are made of: programs in parts, each in several variants, and pieces that are typed into them."""

from __future__ import annotations

NAMES = (
    *("Main.swift", "Delegate.swift", "Checks.swift", "Client.swift", "Plain.swift", "Sub/Main.swift"),
    *("Sub/Delegate.swift", "Sub/Checks.swift", "Sub/Store.m", "Store.m", "Store.h", "Archive.swift"),
    *("Info.plist", "App.entitlements", "Sub/Info.plist", "AppTests/Some.swift"),
)

SNIPPETS = (
    *("\n", "}", "{", '"', "/*", "*/", "😀", "é", "(", ")", "#if DEBUG\n", "#endif\n", "@", "\\("),
    *("shout(1)\n", "    shout(text)\n", "whisper(1)\n", "// ipclint:ignore demo/no-shouting -- a test\n"),
    *("// ipclint:ignore-file DEMO1\n", "return true\n", "guard isAllowed(connection) else { return false }\n"),
    *("listener.resume()\n", "class HelperDelegate {}\n", "func isAllowed(_ c: Any) -> Bool { return true }\n"),
    *("import XCTest\n", "<key>DemoOpenDoor</key><true/>\n", "let delegate = OtherDelegate()\n", "x", "y", " "),
)

CONFIGURATIONS = (
    'rules = ["rules"]\n',
    'rules = ["rules"]\nignore = ["DEMO1"]\n',
    'rules = ["rules"]\nprofile = "strict"\n',
    'rules = ["rules"]\nexclude = ["Sub/"]\n',
    'rules = ["rules"]\ninclude-tests = true\n',
    'rules = ["rules"]\n[severity]\n"demo/no-shouting" = "high"\n',
    'rules = ["rules"]\nignroe = ["DEMO1"]\n',
    "",
)

_MAIN = (
    ("import Foundation\n\n", "import Foundation\nimport XCTest\n\n", ""),
    (
        'let listener = NSXPCListener(machServiceName: "com.example.helper")\n',
        "let listener = NSXPCListener.service()\n",
        "",
    ),
    ("let delegate = HelperDelegate()\n", "let delegate = OtherDelegate()\n", "let delegate = make()\n"),
    ("listener.delegate = delegate\n", ""),
    (
        'listener.setConnectionCodeSigningRequirement("anchor apple generic and certificate leaf[subject.OU] = A1")\n',
        'listener.setConnectionCodeSigningRequirement("identifier com.example.a")\n',
        "",
        "",
    ),
    ("listener.resume()\n", ""),
    ("func make() -> HelperDelegate { return HelperDelegate() }\n", ""),
)

_DELEGATE = (
    (
        "final class HelperDelegate: NSObject, NSXPCListenerDelegate {\n",
        "final class OtherDelegate: HelperDelegate {\n",
    ),
    (
        "    func listener(_ l: NSXPCListener, shouldAcceptNewConnection connection: NSXPCConnection) -> Bool {\n",
        "    func nothing(_ connection: NSXPCConnection) -> Bool {\n",
    ),
    (
        "        guard isAllowed(connection) else { return false }\n",
        "        if connection.effectiveUserIdentifier != getuid() { return false }\n",
        '        connection.setCodeSigningRequirement("anchor apple")\n',
        "        shout(connection)\n",
        "",
    ),
    ("        connection.exportedInterface = NSXPCInterface(with: HelperProtocol.self)\n", ""),
    ("        connection.exportedObject = self\n        connection.resume()\n", "        connection.resume()\n"),
    ("        return true\n    }\n}\n", "        return false\n    }\n}\n", "    }\n}\n", "\n"),
)

_CHECKS = (
    (
        "func isAllowed(_ connection: NSXPCConnection) -> Bool {\n    return true\n}\n",
        "func isAllowed(_ connection: NSXPCConnection) -> Bool {\n    return connection.processIdentifier == 1\n}\n",
        "",
    ),
    (
        "@objc protocol HelperProtocol {\n    func run(_ command: String, reply: @escaping (Data) -> Void)\n}\n",
        "@objc protocol HelperProtocol {\n    func run(_ items: [Any])\n}\n",
        "",
    ),
    (
        "extension HelperDelegate: HelperProtocol {\n    func run(_ command: String, reply: @escaping (Data) -> Void) {\n"
        "        let task = Process()\n        task.arguments = [command]\n        task.launch()\n        shout(command)\n    }\n}\n",
        "",
    ),
    ("// ipclint:ignore demo/no-shouting -- é\n", "// ipclint:ignore nothing/at-all -- b\n", "", ""),
    ("func speak() { shout(1) }\n", "func speak() { whisper(1) }\n", ""),
    (
        "func read(_ data: Data) -> Any? {\n    return try? NSKeyedUnarchiver.unarchiveTopLevelObjectWithData(data)\n}\n",
        "final class Item: NSObject, NSCoding {\n    func encode(with coder: NSCoder) {}\n"
        '    required init?(coder: NSCoder) { _ = coder.decodeObject(forKey: "a") }\n}\n',
        "",
    ),
)

_OBJC = (
    ("#import <Foundation/Foundation.h>\n", '#import "Store.h"\n'),
    (
        "@interface Store : NSObject <NSXPCListenerDelegate>\n@end\n",
        "@protocol HelperProtocol\n- (void)run:(NSArray *)items;\n@end\n",
        "@interface HelperDelegate : NSObject <NSXPCListenerDelegate>\n@end\n",
    ),
    (
        "@implementation Store\n- (BOOL)listener:(NSXPCListener *)l shouldAcceptNewConnection:(NSXPCConnection *)c {\n"
        "    c.exportedObject = self;\n    [c resume];\n    return YES;\n}\n@end\n",
        "@implementation HelperDelegate\n- (void)run:(NSArray *)items {\n    shout(items);\n}\n@end\n",
        "void speak(void) { shout(1); }\n",
    ),
    ("#ifdef DEBUG\nvoid debug(void) { shout(2); }\n#endif\n", ""),
)

_PLIST = (
    ('<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n',),
    ("    <key>DemoOpenDoor</key>\n    <true/>\n", ""),
    (
        "    <key>com.apple.security.get-task-allow</key>\n    <true/>\n",
        "    <key>com.apple.security.app-sandbox</key>\n    <true/>\n",
        "",
    ),
    (
        "    <key>com.apple.security.application-groups</key>\n    <array><string>group.com.example.a</string></array>\n",
        "",
    ),
    ("</dict>\n</plist>\n", "</dict>\n</plist>\n", "</dict>\n"),
)

PIECES: dict[str, tuple[tuple[str, ...], ...]] = {
    "swift": (*_MAIN, *_DELEGATE, *_CHECKS),
    "m": _OBJC,
    "h": _OBJC,
    "plist": _PLIST,
    "entitlements": _PLIST,
}
