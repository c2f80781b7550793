"""Swift files of our own writing that exercise much of the grammar; for tests that bend, cut and edit them."""

from __future__ import annotations

SERVICE = """\
import Foundation
import Security

/// Answers the app.
@objc(HelperProtocol) protocol HelperProtocol {
    func run(_ command: String, withReply reply: @escaping (Int32, String?) -> Void)
    func version(_ reply: (String) -> Void)
}

final class Helper: NSObject, NSXPCListenerDelegate, HelperProtocol {
    static let shared = Helper()
    private let listener = NSXPCListener(machServiceName: "com.example.helper")
    private var connections: [NSXPCConnection] = [], count = 0
    var isIdle: Bool { connections.isEmpty && count == 0 }
    var name: String = "helper" {
        didSet { log("renamed \\(oldValue) to \\(name, privacy: .public)") }
    }

    func start() {
        listener.delegate = self
        listener.resume()
        RunLoop.current.run()
    }

    // ipclint:ignore xpc/example -- checked elsewhere
    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection connection: NSXPCConnection) -> Bool {
        guard let code = try? code(of: connection.processIdentifier), check(code) == .ok && !isIdle || count < 3 else {
            return false
        }
        connection.exportedInterface = NSXPCInterface(with: HelperProtocol.self)
        connection.exportedObject = self
        connection.invalidationHandler = { [weak self, weak connection] in
            guard let self, let connection else { return }
            self.connections.removeAll { $0 === connection }
            #if DEBUG
            print("gone – \\(connection)")
            #else
            self.count -= 1
            #endif
        }
        defer { connections.append(connection) }
        connection.resume()
        return true
    }

    func run(_ command: String, withReply reply: @escaping (Int32, String?) -> Void) {
        let task = Process()
        task.launchPath = command.hasPrefix("/") ? command : "/usr/bin/" + command
        switch (task.isRunning, command) {
        case (true, let name) where name.count > 3: reply(1, name)
        case (false, _):
            do {
                try task.run()
                task.waitUntilExit()
            } catch let error as NSError where error.code == 4 {
                reply(-1, error.localizedDescription)
            } catch {
                reply(-2, nil)
            }
            fallthrough
        default: reply(task.terminationStatus, nil)
        }
    }

    func version(_ reply: (String) -> Void) { reply(#"1.0 "beta" \\#(count)"#) }
}

extension Helper {
    enum Failure: String, Error { case denied = "no", unknown }

    private func code(of pid: pid_t) throws -> SecCode {
        var code: SecCode?
        let attributes = [kSecGuestAttributePid: pid] as CFDictionary
        let status = SecCodeCopyGuestWithAttributes(nil, attributes, [], &code)
        if status != errSecSuccess { throw Failure.denied }
        return code!
    }
}

Helper.shared.start()
"""

VIEW = """\
import SwiftUI
#if canImport(AppKit)
import AppKit
#endif

struct ContentView<Row: View>: View {
    @State private var text = ""
    @Environment(\\.openURL) var openURL
    let rows: [Row]
    lazy var cache: [String: Int] = { var made = [String: Int](); made["é"] = 1; return made }()

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            TextField("Name", text: $text)
            if text.isEmpty || rows.count > 10 {
                Text("Nothing for “\\(text)” yet")
                    .font(.title)
                    .padding(.horizontal, -8)
            } else if #available(macOS 13, *), let first = rows.first {
                first.onTapGesture { openURL(URL(string: "app://open?name=\\(text)")!) }
            }
            ForEach(0..<rows.count, id: \\.self) { rows[$0] }
        }
        .onOpenURL { url in
            Task { @MainActor in
                let items = await load(url, retries: text == "x" ? 2 : 0)
                for case let item? in items where item != "" { text += item }
            }
        }
    }

    @discardableResult
    func load(_ url: URL, retries: Int = 1) async -> [String?] {
        let query = URLComponents(url: url, resolvingAgainstBaseURL: false)?.queryItems ?? []
        /* keep the order */
        let names = query.compactMap { $0.value as? String }
        let banner = \"\"\"
            Hello
              \\(names.joined(separator: ", "))
            \"\"\"
        func clean(_ value: String) -> String { value.trimmingCharacters(in: .whitespaces) }
        let mode: Mode = if names.isEmpty { .empty } else { .full(count: names.count) }
        UIPasteboard.general.string = banner + clean(String(describing: mode))
        return names.map(clean)
    }
}

enum Mode: Equatable { case empty, full(count: Int) }
"""

BROKEN = """\
class A {
    func f() {
        if let x = , y {
        call(a, b
        other(c)
    }
    let s = "unclosed
    func g() { h(1) }
    }
}
struct B { func i( { j() } }
"""

ALL = [SERVICE, VIEW, BROKEN]
