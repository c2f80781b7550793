"""The files that hand a secret to another process of one's own by XPC: protocol, client and listener, ready to read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ipclint.checks.builders.project_members import NewFile
from ipclint.program.target_info import TargetInfo

SWIFT_CALL = "SecretTransferClient.shared.send({value})"
OBJC_CALL = "[SecretTransferClient.sharedClient send:{value}];"


class Identity(NamedTuple):
    """Who talks: the Mach service to publish, the team and the program that may send. Placeholders where unknown."""

    service: str
    team: str
    client: str
    ventura: bool  # whether the deployment target is macOS 13 or later


def identity(programs: Iterable[TargetInfo]) -> Identity:
    """The names for the program that copies now."""
    known = tuple(programs)
    client = next(
        (target.bundle_id for target in known if target.bundle_id and "$" not in target.bundle_id), "com.example.app"
    )
    team = next((target.team for target in known if target.team), "TEAMID")
    versions = [target.deployment.get("macos", "") for target in known]
    ventura = bool(versions) and all(v.partition(".")[0].isdigit() and int(v.partition(".")[0]) >= 13 for v in versions)
    return Identity(f"{client}.secret-transfer", team, client, ventura)


def files(folder: str, names: Identity, swift: bool) -> tuple[tuple[str, str], ...]:
    """(path, text) of the new files, beside the file that copied."""
    prefix = f"{folder}/" if folder else ""
    templates = _SWIFT if swift else _OBJC
    return tuple((f"{prefix}{name}", _filled(text, names)) for name, text in templates)


def members(swift: bool) -> tuple[NewFile, ...]:
    """The new files as the target that sends takes them: it compiles all but the listener, which is the receiver's."""
    names = [name for name, _ in (_SWIFT if swift else _OBJC)]
    return tuple(NewFile(name, not name.endswith(".h") and "Listener" not in name) for name in names)


def _filled(text: str, names: Identity) -> str:
    if names.ventura:
        for guard in _GUARDS:
            text = text.replace(guard, "")
    for mark, value in (("SERVICE", names.service), ("TEAM", names.team), ("CLIENT", names.client)):
        text = text.replace(f"«{mark}»", value)
    return text


_GUARDS = (
    "    /// Nil where the receiver cannot be authenticated: nothing is sent then.\n",
    "        guard #available(macOS 13.0, *) else { return nil }\n",
    "    @available(macOS 13.0, *)\n",
    " API_AVAILABLE(macos(13.0))",
)
"""What only code for older systems needs: there is no requirement on a connection before macOS 13."""

_SWIFT_PROTOCOL = """\
import Foundation

/// What the receiving process offers. Both sides compile this file.
@objc protocol SecretTransfer {
    func receive(_ secret: String, withReply reply: @escaping (Bool) -> Void)
}

enum SecretTransferService {
    /// Declare this name under MachServices in the launchd property list of the receiver.
    static let name = "«SERVICE»"
    /// Who may send. Replace the team when it is a placeholder.
    static let senderRequirement =
        "anchor apple generic and certificate leaf[subject.OU] = \\"«TEAM»\\" and identifier \\"«CLIENT»\\""
    /// Who may receive: a program of the same team.
    static let receiverRequirement =
        "anchor apple generic and certificate leaf[subject.OU] = \\"«TEAM»\\" and identifier \\"«SERVICE»\\""
}
"""

_SWIFT_CLIENT = """\
import Foundation

/// Sends secrets to the receiving process.
final class SecretTransferClient {
    static let shared = SecretTransferClient()

    private let lock = NSLock()
    private var connection: NSXPCConnection?

    func send(_ secret: String, completion: @escaping (Bool) -> Void = { _ in }) {
        guard let connection = openConnection(),
              let receiver = connection.remoteObjectProxyWithErrorHandler({ error in
                  NSLog("secret transfer failed: %@", String(describing: error))
                  completion(false)
              }) as? SecretTransfer
        else {
            completion(false)
            return
        }
        receiver.receive(secret, withReply: completion)
    }

    /// Nil where the receiver cannot be authenticated: nothing is sent then.
    private func openConnection() -> NSXPCConnection? {
        guard #available(macOS 13.0, *) else { return nil }
        lock.lock()
        defer { lock.unlock() }
        if let connection = connection { return connection }
        let connection = NSXPCConnection(machServiceName: SecretTransferService.name)
        connection.setCodeSigningRequirement(SecretTransferService.receiverRequirement)
        connection.remoteObjectInterface = NSXPCInterface(with: SecretTransfer.self)
        connection.interruptionHandler = { NSLog("secret transfer interrupted") }
        connection.invalidationHandler = { [weak self, weak connection] in self?.forget(connection) }
        connection.resume()
        self.connection = connection
        return connection
    }

    /// Forgets this connection, not one that was made since.
    private func forget(_ gone: NSXPCConnection?) {
        lock.lock()
        defer { lock.unlock() }
        if connection === gone { connection = nil }
    }
}
"""

_SWIFT_LISTENER = """\
import Foundation

/// Receives secrets. Belongs to the receiving process: create it in main.swift, call `run()` and start the run loop.
final class SecretTransferListener: NSObject, NSXPCListenerDelegate, SecretTransfer {
    private let listener = NSXPCListener(machServiceName: SecretTransferService.name)

    @available(macOS 13.0, *)
    func run() {
        listener.setConnectionCodeSigningRequirement(SecretTransferService.senderRequirement)
        listener.delegate = self
        listener.resume()
    }

    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection connection: NSXPCConnection) -> Bool {
        connection.exportedInterface = NSXPCInterface(with: SecretTransfer.self)
        connection.exportedObject = self
        connection.resume()
        return true
    }

    func receive(_ secret: String, withReply reply: @escaping (Bool) -> Void) {
        guard !secret.isEmpty, secret.utf8.count <= 4096 else {
            reply(false)
            return
        }
        // Use the secret here. Do not log it, and do not keep it longer than needed.
        reply(true)
    }
}
"""

_SWIFT = (
    ("SecretTransfer.swift", _SWIFT_PROTOCOL),
    ("SecretTransferClient.swift", _SWIFT_CLIENT),
    ("SecretTransferListener.swift", _SWIFT_LISTENER),
)

_OBJC_HEADER = """\
#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

/// Declare this name under MachServices in the launchd property list of the receiver.
static NSString *const SecretTransferServiceName = @"«SERVICE»";
/// Who may send. Replace the team when it is a placeholder.
static NSString *const SecretTransferSenderRequirement =
    @"anchor apple generic and certificate leaf[subject.OU] = \\"«TEAM»\\" and identifier \\"«CLIENT»\\"";
/// Who may receive: a program of the same team.
static NSString *const SecretTransferReceiverRequirement =
    @"anchor apple generic and certificate leaf[subject.OU] = \\"«TEAM»\\" and identifier \\"«SERVICE»\\"";

/// What the receiving process offers. Both sides compile this file.
@protocol SecretTransfer
- (void)receive:(NSString *)secret withReply:(void (^)(BOOL accepted))reply;
@end

/// Sends secrets to the receiving process.
@interface SecretTransferClient : NSObject
@property (class, readonly) SecretTransferClient *sharedClient;
- (void)send:(NSString *)secret;
@end

/// Receives secrets. Belongs to the receiving process: create it in main(), send -run and start the run loop.
@interface SecretTransferListener : NSObject <NSXPCListenerDelegate, SecretTransfer>
- (void)run API_AVAILABLE(macos(13.0));
@end

NS_ASSUME_NONNULL_END
"""

_OBJC_CLIENT = """\
#import "SecretTransfer.h"

@interface SecretTransferClient ()
@property (nonatomic, nullable) NSXPCConnection *connection;
@end

@implementation SecretTransferClient

+ (SecretTransferClient *)sharedClient {
    static SecretTransferClient *client;
    static dispatch_once_t once;
    dispatch_once(&once, ^{
        client = [[SecretTransferClient alloc] init];
    });
    return client;
}

- (void)send:(NSString *)secret {
    id<SecretTransfer> receiver = [[self openConnection] remoteObjectProxyWithErrorHandler:^(NSError *error) {
        NSLog(@"secret transfer failed: %@", error);
    }];
    [receiver receive:secret withReply:^(BOOL accepted) {
        if (!accepted) {
            NSLog(@"the receiver refused");
        }
    }];
}

// Nil where the receiver cannot be authenticated: nothing is sent then.
- (nullable NSXPCConnection *)openConnection {
    @synchronized (self) {
        if (self.connection == nil) {
            if (@available(macOS 13.0, *)) {
                NSXPCConnection *connection =
                    [[NSXPCConnection alloc] initWithMachServiceName:SecretTransferServiceName options:0];
                [connection setCodeSigningRequirement:SecretTransferReceiverRequirement];
                connection.remoteObjectInterface = [NSXPCInterface interfaceWithProtocol:@protocol(SecretTransfer)];
                connection.interruptionHandler = ^{ NSLog(@"secret transfer interrupted"); };
                __weak SecretTransferClient *weakSelf = self;
                __weak NSXPCConnection *weakConnection = connection;
                connection.invalidationHandler = ^{ [weakSelf forget:weakConnection]; };
                [connection resume];
                self.connection = connection;
            }
        }
        return self.connection;
    }
}

// Forgets this connection, not one that was made since.
- (void)forget:(NSXPCConnection *)gone {
    @synchronized (self) {
        if (self.connection == gone) {
            self.connection = nil;
        }
    }
}

@end
"""

_OBJC_LISTENER = """\
#import "SecretTransfer.h"

@interface SecretTransferListener ()
@property (nonatomic) NSXPCListener *listener;
@end

@implementation SecretTransferListener

- (void)run {
    self.listener = [[NSXPCListener alloc] initWithMachServiceName:SecretTransferServiceName];
    [self.listener setConnectionCodeSigningRequirement:SecretTransferSenderRequirement];
    self.listener.delegate = self;
    [self.listener resume];
}

- (BOOL)listener:(NSXPCListener *)listener shouldAcceptNewConnection:(NSXPCConnection *)connection {
    connection.exportedInterface = [NSXPCInterface interfaceWithProtocol:@protocol(SecretTransfer)];
    connection.exportedObject = self;
    [connection resume];
    return YES;
}

- (void)receive:(NSString *)secret withReply:(void (^)(BOOL accepted))reply {
    if (secret.length == 0 || secret.length > 4096) {
        reply(NO);
        return;
    }
    // Use the secret here. Do not log it, and do not keep it longer than needed.
    reply(YES);
}

@end
"""

_OBJC = (
    ("SecretTransfer.h", _OBJC_HEADER),
    ("SecretTransferClient.m", _OBJC_CLIENT),
    ("SecretTransferListener.m", _OBJC_LISTENER),
)
