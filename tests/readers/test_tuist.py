"""Tuist manifests: what their targets and settings come to, as far as they are plain data."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ipclint.model.facts import ProjectFacts, SourceFacts, Target
from ipclint.readers import read
from ipclint.readers.xcode import read_project

MANIFEST = """
import ProjectDescription

let prefix = "com.example"
let shared = ["Shared/**", "Extra/One.swift"]

let project = Project(
    name: "Example",
    settings: .settings(
        base: ["DEVELOPMENT_TEAM": "ABCDE12345", "ENABLE_HARDENED_RUNTIME": true],
        configurations: [
            .debug(name: "Debug", xcconfig: "Config/Debug.xcconfig"),
            .release(name: .release, settings: ["SWIFT_COMPILATION_MODE": "wholemodule"]),
        ]
    ),
    targets: [
        .target(
            name: "App",
            destinations: .macOS,
            product: .app,
            bundleId: "\\(prefix).app",
            deploymentTargets: .macOS("13.0"),
            infoPlist: .file(path: "App/Info.plist"),
            sources: ["App/**", .glob("More/**/*.swift", excluding: ["More/Old/**"])],
            resources: ["Assets/**"],
            copyFiles: [
                .wrapper(name: "Jobs", subpath: "Contents/Library/LaunchDaemons", files: ["Jobs/com.example.daemon.plist"])
            ],
            entitlements: "App/App.entitlements",
            dependencies: [.target(name: "Helper"), .project(target: "Kit", path: "../Kit"), .external(name: "Log")]
        ),
        .target(name: "Helper", destinations: [.mac], product: .commandLineTool, bundleId: "com.example.helper", sources: shared),
        Target(
            name: "Old", platform: .iOS, product: .appExtension, bundleId: "com.example.old",
            deploymentTarget: .iOS(targetVersion: "14.0", devices: [.iphone]), infoPlist: .default, sources: "Old/**",
            settings: .settings(base: ["CODE_SIGN_ENTITLEMENTS": "Old.entitlements"])
        ),
        .target(name: "Tests", destinations: .macOS, product: .unitTests, bundleId: "com.example.tests"),
        made(by: "a helper"),
    ],
    schemes: [.scheme(name: "Other", buildAction: .buildAction(targets: ["App"]))]
)
"""


def manifest(text: str = MANIFEST) -> ProjectFacts:
    facts = read("code/Project.swift", text.encode())
    assert isinstance(facts, ProjectFacts)
    return facts


def target(name: str) -> Target:
    return next(each for each in manifest().targets if each.name == name)


def test_targets_and_their_products():
    assert {each.name: each.product_type.removeprefix("com.apple.product-type.") for each in manifest().targets} == {
        "App": "application", "Helper": "tool", "Old": "app-extension", "Tests": "bundle.unit-test",
    }  # fmt: skip


def test_sources_resources_and_copies():
    app = target("App")
    assert app.sources == ("code/App/", "code/More/")
    assert target("Helper").sources == ("code/Shared/", "code/Extra/One.swift")
    assert app.resources == ("code/Assets/",)
    assert app.copies == {"Contents/Library/LaunchDaemons": ("code/Jobs/com.example.daemon.plist",)}


def test_dependencies():
    assert target("App").dependencies == ("Helper", "Kit", "Log")
    assert target("App").embeds == ("Helper", "Kit", "Log")
    assert target("Helper").embeds == ()


def test_settings_of_the_project():
    facts = manifest()
    assert facts.configurations == {
        "Debug": {"DEVELOPMENT_TEAM": "ABCDE12345", "ENABLE_HARDENED_RUNTIME": "YES"},
        "Release": {
            "DEVELOPMENT_TEAM": "ABCDE12345",
            "ENABLE_HARDENED_RUNTIME": "YES",
            "SWIFT_COMPILATION_MODE": "wholemodule",
        },
    }
    assert (facts.bases, facts.root) == ({"Debug": "code/Config/Debug.xcconfig"}, "code")


def test_settings_of_targets():
    app = target("App").settings["Release"]
    assert app == {
        "PRODUCT_BUNDLE_IDENTIFIER": "com.example.app",
        "INFOPLIST_FILE": "App/Info.plist",
        "CODE_SIGN_ENTITLEMENTS": "App/App.entitlements",
        "SDKROOT": "macosx",
        "SUPPORTED_PLATFORMS": "macosx",
        "MACOSX_DEPLOYMENT_TARGET": "13.0",
    }
    old = target("Old").settings["Debug"]
    assert (old["IPHONEOS_DEPLOYMENT_TARGET"], old["CODE_SIGN_ENTITLEMENTS"]) == ("14.0", "Old.entitlements")
    assert "INFOPLIST_FILE" not in old


def test_a_target_whose_name_is_worked_out_is_called_after_its_product():
    facts = manifest("""import ProjectDescription
        let project = Project(name: "Example", targets: [
            .target(name: own ? "A" : "B", product: .app, productName: "App", bundleId: "a", sources: ["App/**"]),
            .target(name: name, product: .xpc, bundleId: "b"),
        ])""")
    assert [each.name for each in facts.targets] == ["App", "Example"]


def test_property_lists_that_are_written_down():
    text = """import ProjectDescription
        let groups: Plist.Value = ["group.com.example"]
        let info: [String: Plist.Value] = ["NSAppTransportSecurity": ["NSAllowsArbitraryLoads": true], "CFBundleVersion": .string("1")]
        let project = Project(name: "Example", targets: [
            .target(name: "App", product: .app, bundleId: "a", infoPlist: .extendingDefault(with: info),
                entitlements: .dictionary(["com.apple.security.app-sandbox": true, "com.apple.security.application-groups": ["group.a", .string("group.b")]])),
            .target(name: "Tool", product: .commandLineTool, bundleId: "b", infoPlist: .extendingDefault(with: [:])),
        ])"""
    facts = manifest(text)
    settings = facts.targets[0].settings["Release"]
    assert settings["INFOPLIST_FILE"] == "Derived/InfoPlists/App-Info.plist"
    info = facts.plists["code/Derived/InfoPlists/App-Info.plist"]
    assert (info.path, info.kind) == ("code/Project.swift", "info")
    security = info.root.get("NSAppTransportSecurity") if info.root else None
    loads = security.get("NSAllowsArbitraryLoads") if security else None
    assert loads is not None and loads.scalar is True
    entitlements = facts.plists["code/Derived/Entitlements/App.entitlements"].root
    assert entitlements is not None
    groups = entitlements.get("com.apple.security.application-groups")
    assert groups is not None and groups.strings == ("group.a", "group.b")
    assert text[slice(*entitlements.entries[1].key_span)] == '"com.apple.security.application-groups"'


def test_code_of_the_app_may_have_that_name():
    facts = read("App/Project.swift", b"struct Project { let name: String }\n")
    assert isinstance(facts, SourceFacts) and "T Project" in facts.units


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_reading_spliced_manifests_never_fails(data: st.DataObject):
    start = data.draw(st.integers(0, len(MANIFEST)))
    end = data.draw(st.integers(start, len(MANIFEST)))
    text = MANIFEST[:start] + data.draw(st.text(max_size=5)) + MANIFEST[end:]
    assert isinstance(read_project("Project.swift", text.encode()), ProjectFacts)
