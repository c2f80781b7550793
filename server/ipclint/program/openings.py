"""Calls by which code opens a channel to other processes, in Swift, Objective-C and C: a table."""

from __future__ import annotations

from typing import NamedTuple

from ipclint.program.mechanisms import Direction, Kind


class Opening(NamedTuple):
    """A call that opens a channel. Its name is argument `at`, None when no argument says it, or in Swift the argument
    of one of `labels`, without which the call is another one. `on` are the types of which the receiver is one, () when
    the call's own name tells."""

    kind: Kind
    at: int | None = None
    way: Direction | None = None
    labels: tuple[str, ...] = ()
    on: tuple[str, ...] = ()


_CENTER = ("DistributedNotificationCenter", "NSDistributedNotificationCenter")
_NOTIFICATION: Kind = "distributed notification"
_PAGES = ("WKUserContentController",)
_EVENTS = ("NSAppleEventManager",)

OPENINGS: dict[str, Opening] = {
    "CFMessagePortCreateLocal": Opening("message port listener", 1),
    "CFMessagePortCreateRemote": Opening("message port client", 1),
    "bootstrap_check_in": Opening("Mach port listener", 1),
    "bootstrap_register": Opening("Mach port listener", 1),
    "bootstrap_register2": Opening("Mach port listener", 1),
    "bootstrap_look_up": Opening("Mach port client", 1),
    "serviceConnectionWithName:rootObject:": Opening("Distributed Objects listener", 0),
    "registerName:": Opening("Distributed Objects listener", 0, on=("NSConnection",)),
    "rootProxyForConnectionWithRegisteredName:host:": Opening("Distributed Objects client", 0),
    "connectionWithRegisteredName:host:": Opening("Distributed Objects client", 0),
    "notify_post": Opening("Darwin notification", 0, "out"),
    "notify_register_dispatch": Opening("Darwin notification", 0, "in"),
    "notify_register_check": Opening("Darwin notification", 0, "in"),
    "notify_register_signal": Opening("Darwin notification", 0, "in"),
    "notify_register_mach_port": Opening("Darwin notification", 0, "in"),
    "notify_register_file_descriptor": Opening("Darwin notification", 0, "in"),
    "addObserver:selector:name:object:": Opening(_NOTIFICATION, 2, "in", on=_CENTER),
    "addObserver:selector:name:object:suspensionBehavior:": Opening(_NOTIFICATION, 2, "in", on=_CENTER),
    "addObserverForName:object:queue:usingBlock:": Opening(_NOTIFICATION, 0, "in", on=_CENTER),
    "addObserver": Opening(_NOTIFICATION, None, "in", ("name", "forName"), _CENTER),
    "postNotificationName:object:": Opening(_NOTIFICATION, 0, "out", on=_CENTER),
    "postNotificationName:object:userInfo:": Opening(_NOTIFICATION, 0, "out", on=_CENTER),
    "postNotificationName:object:userInfo:deliverImmediately:": Opening(_NOTIFICATION, 0, "out", on=_CENTER),
    "postNotificationName:object:userInfo:options:": Opening(_NOTIFICATION, 0, "out", on=_CENTER),
    "post": Opening(_NOTIFICATION, None, "out", ("name",), _CENTER),
    "postNotificationName": Opening(_NOTIFICATION, 0, "out", on=_CENTER),
    "shm_open": Opening("shared memory", 0),
    "shmget": Opening("shared memory"),
    "mkfifo": Opening("named pipe", 0),
    "NWListener": Opening("socket listener"),
    "acceptOnPort:error:": Opening("socket listener", 0),
    "acceptOnInterface:port:error:": Opening("socket listener", 1),
    "acceptOnUrl:error:": Opening("socket listener", 0),
    "accept": Opening("socket listener", None, None, ("onPort", "onUrl")),
    "containerURL": Opening("shared container", None, None, ("forSecurityApplicationGroupIdentifier",)),
    "containerURLForSecurityApplicationGroupIdentifier:": Opening("shared container", 0),
    "addScriptMessageHandler:name:": Opening("script message", 1, on=_PAGES),
    "addScriptMessageHandlerWithReply:contentWorld:name:": Opening("script message", 2, on=_PAGES),
    "add": Opening("script message", None, None, ("name",), _PAGES),
    "addScriptMessageHandler": Opening("script message", None, None, ("name",), _PAGES),
    "setEventHandler": Opening("Apple event handler", on=_EVENTS),
    "setEventHandler:andSelector:forEventClass:andEventID:": Opening("Apple event handler", on=_EVENTS),
    "xpc_main": Opening("libxpc listener"),
    "XPCListener": Opening("libxpc listener", None, None, ("service",)),
    "XPCSession": Opening("libxpc client", None, None, ("machService", "xpcService")),
    "xpc_connection_create": Opening("libxpc client", 0),
    "initWithListenerEndpoint:": Opening("XPC client"),
    "NSXPCConnection": Opening("XPC client", None, None, ("listenerEndpoint",)),
}

WORDS = frozenset(
    {"CFMessagePortCreateLocal", "CFMessagePortCreateRemote", "NSConnection", "shm_open", "shmget", "mkfifo"}
    | {"bootstrap_check_in", "bootstrap_register", "bootstrap_look_up", "NSAppleEventManager", "notify_post"}
    | {"DistributedNotificationCenter", "NSDistributedNotificationCenter", "CFNotificationCenter*", "notify_register*"}
    | {"NWListener", "GCDAsyncSocket", "unixDomainSocketPath", "ServerBootstrap", "CFSocketSetAddress"}
    | {"sockaddr_un", "sockaddr_in", "sockaddr_in6", "addrinfo"}
    | {"forSecurityApplicationGroupIdentifier", "containerURLForSecurityApplicationGroupIdentifier", "suiteName"}
    | {"initWithSuiteName", "WKUserContentController", "WCSession", "UIPasteboard", "NSPasteboard"}
)
"""The words of which a source file that opens a channel holds one."""

REACHED_BY: dict[Kind, str] = {
    "message port listener": "any process of the user",
    "Mach port listener": "any process that may look the name up",
    "Distributed Objects listener": "any process of the user",
    "Darwin notification": "any process",
    "distributed notification": "any process of the user",
    "shared memory": "any process that the permissions of the object admit",
    "named pipe": "any process that the permissions of the file admit",
    "socket listener": "any process that can reach the socket, perhaps over the network",
    "shared container": "every member of the group",
    "shared defaults": "every member of the group",
    "shared file": "any process of any user",
    "script message": "any page that the web view shows",
    "Apple event handler": "any app that the user lets send events",
    "libxpc listener": "any process that may look the name up",
    "pasteboard": "any app",
    "watch session": "the same app on the paired device",
}
"""Who can reach what code opens, by kind; what is not here waits for nobody."""
