"""Every channel that code or a property list opens: its kind, its name, which way data crosses."""

from __future__ import annotations

import pytest

from ipclint.program.channels import every_endpoint
from ipclint.program.endpoints import Endpoint
from tests.program.flow_sample import program_of

PLIST = '<?xml version="1.0"?><plist version="1.0"><dict>{}</dict></plist>'


def found(files: dict[str, str]) -> list[Endpoint]:
    return list(every_endpoint(program_of(files)))


def told(path: str, text: str) -> list[tuple[str, str, str]]:
    return [(each.kind, each.name, each.direction) for each in found({path: text})]


@pytest.mark.parametrize(
    ("code", "kind", "name", "direction"),
    [
        (
            'CFMessagePortCreateLocal(NULL, CFSTR("a.port"), answer, NULL, NULL);',
            "message port listener",
            "a.port",
            "in",
        ),
        ('CFMessagePortCreateRemote(NULL, CFSTR("a.port"));', "message port client", "a.port", "out"),
        ('bootstrap_check_in(bootstrap_port, "a.mach", &port);', "Mach port listener", "a.mach", "in"),
        ('bootstrap_look_up(bootstrap_port, "a.mach", &port);', "Mach port client", "a.mach", "out"),
        (
            '[NSConnection serviceConnectionWithName:@"a.do" rootObject:self];',
            "Distributed Objects listener",
            "a.do",
            "in",
        ),
        (
            '[NSConnection rootProxyForConnectionWithRegisteredName:@"a.do" host:nil];',
            "Distributed Objects client",
            "a.do",
            "out",
        ),
        ('notify_post("a.note");', "Darwin notification", "a.note", "out"),
        ('notify_register_dispatch("a.note", &token, queue, ^(int t) {});', "Darwin notification", "a.note", "in"),
        (
            'CFNotificationCenterAddObserver(CFNotificationCenterGetDarwinNotifyCenter(), self, hear, CFSTR("a.note"), NULL, 0);',
            "Darwin notification",
            "a.note",
            "in",
        ),
        (
            '[[NSDistributedNotificationCenter defaultCenter] addObserver:self selector:@selector(hear:) name:@"a.note" object:nil];',
            "distributed notification",
            "a.note",
            "in",
        ),
        (
            '[[NSDistributedNotificationCenter defaultCenter] postNotificationName:@"a.note" object:nil userInfo:nil deliverImmediately:YES];',
            "distributed notification",
            "a.note",
            "out",
        ),
        ('shm_open("/a.memory", O_RDWR, 0600);', "shared memory", "/a.memory", "both"),
        ('mkfifo("/var/run/a.pipe", 0600);', "named pipe", "/var/run/a.pipe", "both"),
        ("xpc_connection_create(NULL, queue);", "libxpc listener", "", "in"),
        ('xpc_connection_create("a.service", queue);', "libxpc client", "a.service", "out"),
        (
            '[self.web.configuration.userContentController addScriptMessageHandler:self name:@"say"];',
            "script message",
            "say",
            "in",
        ),
    ],
)
def test_objective_c_and_c(code: str, kind: str, name: str, direction: str) -> None:
    web = "@property (strong) WKWebView *web;"
    if kind == "script message":
        code = code.replace("self.web.configuration.userContentController", "controller")
        code = f"WKUserContentController *controller = [WKUserContentController new]; {code}"
    text = f"@interface A : NSObject\n{web}\n@end\n@implementation A\n- (void)run {{ {code} }}\n@end\n"
    assert told("a.m", text) == [(kind, name, direction)]


@pytest.mark.parametrize(
    ("code", "kind", "name", "direction"),
    [
        (
            'DistributedNotificationCenter.default().addObserver(self, selector: #selector(hear), name: .init("a.note"), object: nil)',
            "distributed notification",
            "a.note",
            "in",
        ),
        (
            'DistributedNotificationCenter.default().post(name: Notification.Name("a.note"), object: nil)',
            "distributed notification",
            "a.note",
            "out",
        ),
        ('let session = try XPCSession(machService: "a.service")', "libxpc client", "a.service", "out"),
        ("let l = try NWListener(using: .tcp, on: 4000)", "socket listener", "", "in"),
        (
            'try ServerBootstrap(group: g).bind(unixDomainSocketPath: "/var/run/a.sock").wait()',
            "socket listener",
            "/var/run/a.sock",
            "in",
        ),
        (
            'FileManager.default.containerURL(forSecurityApplicationGroupIdentifier: "group.a")',
            "shared container",
            "group.a",
            "both",
        ),
        ("WCSession.default.activate()", "watch session", "", "both"),
        ('controller.add(self, name: "say")', "script message", "say", "in"),
    ],
)
def test_swift(code: str, kind: str, name: str, direction: str) -> None:
    text = f"final class A: NSObject {{\n let controller = WKUserContentController()\n func run() {{ {code} }}\n}}\n"
    assert told("a.swift", text) == [(kind, name, direction)]


@pytest.mark.parametrize(
    "code",
    [
        'NotificationCenter.default.post(name: .init("inside"), object: nil)',
        'UIApplication.shared.open(URL(string: "https://example.com")!)',
        'names.add(self, name: "say")',
        'UserDefaults(suiteName: "com.example.own")',
        "listen(1, 2)",
    ],
)
def test_what_stays_in_the_process_is_no_channel(code: str) -> None:
    assert told("a.swift", f"final class A {{\n let names = Names()\n func run() {{ {code} }}\n}}\n") == []


def test_a_socket_says_its_path_and_who_reaches_it() -> None:
    code = """
    #include <sys/un.h>
    int serve(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        strlcpy(address.sun_path, "/var/run/a.sock", sizeof address.sun_path);
        int s = socket(AF_UNIX, SOCK_STREAM, 0);
        bind(s, (struct sockaddr *)&address, sizeof address);
        return listen(s, 5);
    }
    """
    (socket,) = found({"a.c": code})
    assert (socket.kind, socket.name) == ("socket listener", "/var/run/a.sock")
    assert socket.reach == "any process that the permissions of its file admit"


def test_links_into_other_apps_have_their_scheme() -> None:
    text = 'func go(id: String) { let url = URL(string: "courier://parcel/\\(id)")!; UIApplication.shared.open(url) }'
    assert told("a.swift", text) == [("URL scheme client", "courier", "out")]


def test_launchd_names_and_the_code_that_listens_are_one_endpoint() -> None:
    job = PLIST.format("<key>Label</key><string>a.b</string><key>MachServices</key><dict><key>a.b</key><true/></dict>")
    code = 'let listener = NSXPCListener(machServiceName: "a.b")\n'
    (both,) = found({"Helper/main.swift": code, "Helper/a.b.plist": job})
    assert (both.kind, both.name) == ("XPC listener", "a.b")
    assert [place.path for place in both.also] == ["Helper/a.b.plist"]
    (alone,) = found({"Helper/a.b.plist": job})
    assert (alone.kind, alone.name) == ("Mach service", "a.b")


def test_a_wrapper_is_named_by_who_calls_it() -> None:
    wrapper = """
    final class Client {
        let connection: NSXPCConnection
        init(service: String) { connection = NSXPCConnection(machServiceName: service, options: []) }
    }
    """
    uses = 'enum Names { static let disk = "a.disk" }\nfunc f() { let d = Client(service: Names.disk) }\nfunc g() { let n = Client(service: "a.net") }\n'
    names = {
        each.name: [place.path for place in each.also] for each in found({"Client.swift": wrapper, "Uses.swift": uses})
    }
    assert names == {"a.disk": ["Uses.swift"], "a.net": ["Uses.swift"]}


def test_a_name_is_read_from_the_info_plist_that_has_it() -> None:
    info = PLIST.format("<key>NetworkExtension</key><dict><key>NEMachServiceName</key><string>a.filter</string></dict>")
    code = """
    func name(from bundle: Bundle) -> String {
        guard let keys = bundle.object(forInfoDictionaryKey: "NetworkExtension") as? [String: Any],
              let name = keys["NEMachServiceName"] as? String else { fatalError() }
        return name
    }
    func start() { let name = name(from: .main); let listener = NSXPCListener(machServiceName: name) }
    """
    (listener,) = found({"Filter/Info.plist": info, "Filter/main.swift": code})
    assert (listener.kind, listener.name) == ("XPC listener", "a.filter")


def test_what_one_target_does_with_one_channel_is_one_endpoint() -> None:
    text = """
    func a() { UIPasteboard.general.string = "x" }
    func b() { UIPasteboard.general.string = "y"; print(UIPasteboard.general.string ?? "") }
    """
    pasteboards = {each.direction: len(each.also) for each in found({"a.swift": text})}
    assert pasteboards == {"out": 1, "in": 0}


def test_property_lists_open_documents_services_activities_and_keychains() -> None:
    info = PLIST.format(
        "<key>NSUserActivityTypes</key><array><string>a.activity</string></array>"
        "<key>NSServices</key><array><dict><key>NSMessage</key><string>shorten</string></dict></array>"
        "<key>CFBundleDocumentTypes</key><array><dict><key>LSItemContentTypes</key><array><string>a.one</string></array></dict>"
        "<dict><key>CFBundleTypeExtensions</key><array><string>two</string></array></dict></array>"
    )
    assert sorted(told("App/Info.plist", info)) == [
        ("document type", "a.one, two", "in"),
        ("system service", "shorten", "in"),
        ("user activity", "a.activity", "in"),
    ]
    rights = PLIST.format("<key>keychain-access-groups</key><array><string>TEAM.shared</string></array>")
    assert told("App/App.entitlements", rights) == [("keychain group", "TEAM.shared", "both")]
