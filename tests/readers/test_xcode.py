"""Project files: what belongs to which target, with which settings."""

import plistlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipclint.model.facts import ProjectFacts, Target, decode, encode
from ipclint.readers.xcode import project_reader, read_project

PBXPROJ = """// !$*UTF8*$!
{
    archiveVersion = 1;
    objectVersion = 77;
    objects = {
        P = {isa = PBXProject; buildConfigurationList = PL; mainGroup = G; targets = (APP, TOOL, ALL, ); };
        G = {isa = PBXGroup; children = (SRC, SYNC, REF, ROOTED, SDK, CFG, JOB, ); sourceTree = "<group>"; };
        SRC = {isa = PBXGroup; children = (MAIN, LOCAL, ); path = "My App"; sourceTree = "<group>"; };
        MAIN = {isa = PBXFileReference; path = ../Shared/main.m; sourceTree = "<group>"; };
        LOCAL = {isa = PBXVariantGroup; children = (DE, ); name = X.strings; sourceTree = "<group>"; };
        DE = {isa = PBXFileReference; path = de.lproj/X.strings; sourceTree = "<group>"; };
        REF = {isa = PBXFileReference; path = /usr/lib/abs.m; sourceTree = "<absolute>"; };
        ROOTED = {isa = PBXFileReference; path = Root.swift; sourceTree = SOURCE_ROOT; };
        SDK = {isa = PBXFileReference; path = Foundation.framework; sourceTree = SDKROOT; };
        CFG = {isa = PBXFileReference; path = Config/App.xcconfig; sourceTree = "<group>"; };
        JOB = {isa = PBXFileReference; path = com.example.tool.plist; sourceTree = "<group>"; };
        SYNC = {isa = PBXFileSystemSynchronizedRootGroup; exceptions = (EX, OTHER, COPY, ); path = Tool;
            sourceTree = "<group>"; };
        EX = {isa = PBXFileSystemSynchronizedBuildFileExceptionSet; membershipExceptions = (Info.plist, Old/A.swift, );
            target = TOOL; };
        OTHER = {isa = PBXFileSystemSynchronizedBuildFileExceptionSet; membershipExceptions = (Both.swift, );
            target = APP; };
        COPY = {isa = PBXFileSystemSynchronizedGroupBuildPhaseMembershipExceptionSet; buildPhase = CP;
            membershipExceptions = (agent.plist, ); };
        APP = {isa = PBXNativeTarget; name = App; buildConfigurationList = AL; buildPhases = (SP, RP, CP, FP, );
            dependencies = (TD, ); packageProductDependencies = (PP, ); productReference = APPREF;
            productType = "com.apple.product-type.application"; };
        TOOL = {isa = PBXNativeTarget; name = Tool; buildPhases = (); fileSystemSynchronizedGroups = (SYNC, );
            productReference = TOOLREF; productType = "com.apple.product-type.tool"; };
        ALL = {isa = PBXAggregateTarget; name = All; };
        TOOLREF = {isa = PBXFileReference; path = tool; sourceTree = BUILT_PRODUCTS_DIR; };
        SP = {isa = PBXSourcesBuildPhase; files = (B1, B2, B3, B4, DANGLING, ); };
        RP = {isa = PBXResourcesBuildPhase; files = (B5, ); };
        CP = {isa = PBXCopyFilesBuildPhase; dstPath = Library/LaunchDaemons; dstSubfolderSpec = 1;
            files = (B6, B7, ); };
        FP = {isa = PBXFrameworksBuildPhase; files = (B7, ); };
        B1 = {isa = PBXBuildFile; fileRef = MAIN; };
        B2 = {isa = PBXBuildFile; fileRef = REF; };
        B3 = {isa = PBXBuildFile; fileRef = ROOTED; };
        B4 = {isa = PBXBuildFile; };
        B5 = {isa = PBXBuildFile; fileRef = LOCAL; };
        B6 = {isa = PBXBuildFile; fileRef = JOB; };
        B7 = {isa = PBXBuildFile; fileRef = TOOLREF; };
        TD = {isa = PBXTargetDependency; targetProxy = PROXY; };
        PROXY = {isa = PBXContainerItemProxy; remoteInfo = Elsewhere; };
        PP = {isa = XCSwiftPackageProductDependency; productName = Kit; };
        AL = {isa = XCConfigurationList; buildConfigurations = (ADEBUG, ARELEASE, ); };
        ADEBUG = {isa = XCBuildConfiguration; name = Debug; buildSettings = {}; };
        ARELEASE = {isa = XCBuildConfiguration; name = Release; baseConfigurationReference = CFG; buildSettings = {
            ENABLE_HARDENED_RUNTIME = NO; OTHER_LDFLAGS = ("-a", "b c", ); }; };
        PL = {isa = XCConfigurationList; buildConfigurations = (PRELEASE, ); };
        PRELEASE = {isa = XCBuildConfiguration; name = Release; baseConfigurationReferenceAnchor = SRC;
            baseConfigurationReferenceRelativePath = Base.xcconfig; buildSettings = {SDKROOT = macosx; }; };
    };
    rootObject = P;
}
"""


def pbxproj(text: str = PBXPROJ) -> ProjectFacts:
    return read_project("code/App.xcodeproj/project.pbxproj", text.encode())


def target(facts: ProjectFacts, name: str) -> Target:
    return next(each for each in facts.targets if each.name == name)


def test_sources_follow_the_group_tree():
    app = target(pbxproj(), "App")
    assert app.sources == ("code/Shared/main.m", "code/Root.swift", "code/Tool/Both.swift")
    assert app.resources == ("code/My App/de.lproj/X.strings",)


def test_a_synchronised_folder_belongs_whole_but_for_its_exceptions():
    tool = target(pbxproj(), "Tool")
    assert tool.sources == ("code/Tool/",)
    assert tool.excludes == ("code/Tool/Info.plist", "code/Tool/Old/A.swift")


def test_copy_phases_dependencies_and_products():
    facts = pbxproj()
    app = target(facts, "App")
    assert app.copies == {"Library/LaunchDaemons": ("code/com.example.tool.plist", "code/Tool/agent.plist")}
    assert app.embeds == ("Tool",)
    assert app.dependencies == ("Elsewhere", "Kit", "Tool")
    assert [each.product_type for each in facts.targets] == [
        "com.apple.product-type.application", "com.apple.product-type.tool", "aggregate",
    ]  # fmt: skip


def test_a_product_that_another_project_of_the_workspace_makes_is_known_by_its_name():
    text = PBXPROJ.replace(
        "FP = {isa = PBXFrameworksBuildPhase; files = (B7, ); };",
        """
        FP = {isa = PBXFrameworksBuildPhase; files = (B7, B8, B9, ); };
        B8 = {isa = PBXBuildFile; fileRef = KIT; }; B9 = {isa = PBXBuildFile; fileRef = STATIC; };
        KIT = {isa = PBXFileReference; path = KitUI.framework; sourceTree = BUILT_PRODUCTS_DIR; };
        STATIC = {isa = PBXFileReference; path = libCore.a; sourceTree = BUILT_PRODUCTS_DIR; };""",
    )
    assert target(pbxproj(text), "App").dependencies == ("Elsewhere", "Kit", "Tool", "KitUI", "Core")


def test_settings_keep_their_levels_and_places():
    facts = pbxproj()
    app = target(facts, "App")
    assert app.settings == {"Debug": {}, "Release": {"ENABLE_HARDENED_RUNTIME": "NO", "OTHER_LDFLAGS": '-a "b c"'}}
    assert (app.bases, facts.bases) == (
        {"Release": "code/Config/App.xcconfig"},
        {"Release": "code/My App/Base.xcconfig"},
    )
    assert (facts.configurations, facts.root) == ({"Release": {"SDKROOT": "macosx"}}, "code")
    data = PBXPROJ.encode()
    assert data[slice(*app.spans[""])] == b"App"
    assert data[slice(*app.spans["Debug"])] == b"{}"
    assert data[slice(*app.spans["Release/ENABLE_HARDENED_RUNTIME"])] == b"ENABLE_HARDENED_RUNTIME = NO"


def test_scripts_that_sign_are_kept_and_no_others():
    text = PBXPROJ.replace("(SP, RP, CP, FP, )", "(SP, RP, CP, FP, S1, S2, )").replace(
        "SP = {",
        """S1 = {isa = PBXShellScriptBuildPhase; shellScript = "echo \\"done\\""; };
        S2 = {isa = PBXShellScriptBuildPhase; shellScript = "cd .\\ncodesign -s - A.app"; };
        SP = {""",
    )
    facts = pbxproj(text)
    (script,) = target(facts, "App").scripts
    assert script.text == "cd .\ncodesign -s - A.app"
    assert b"codesign" in text.encode()[slice(*script.span)]
    assert decode(encode(facts)) == facts


def test_other_formats_of_the_same_project_read_the_same():
    objects: dict[str, object] = {
        "P": {"isa": "PBXProject", "targets": ["T"], "projectDirPath": "sub"},
        "T": {"isa": "PBXNativeTarget", "name": "T"},
    }
    facts = read_project("A.xcodeproj/project.pbxproj", plistlib.dumps({"objects": objects, "rootObject": "P"}))
    assert ([each.name for each in facts.targets], facts.root) == (["T"], "sub")


def test_a_project_in_the_middle_of_a_merge_still_reads():
    conflict = PBXPROJ.replace(
        "    objectVersion = 77;\n",
        "<<<<<<< HEAD\n    objectVersion = 77;\n=======\n    objectVersion = 70;\n>>>>>>> branch\n",
    )
    facts = pbxproj(conflict)
    assert "line 4: an unresolved merge conflict" in facts.problem
    assert facts.targets[0].sources == target(pbxproj(), "App").sources


def test_groups_in_a_circle_end():
    looped = PBXPROJ.replace("children = (MAIN, LOCAL, )", "children = (G, MAIN, LOCAL, )")
    assert target(pbxproj(looped), "Tool").name == "Tool"


def test_shared_lists_do_not_multiply():
    targets = "".join(f"T{n} = {{isa = PBXNativeTarget; buildPhases = (SP, ); }}; " for n in range(600))
    files = " ".join("F," for _ in range(1000))
    reference = "F = {isa = PBXBuildFile; fileRef = R; }; R = {isa = PBXFileReference; path = a; };"
    sources = f"SP = {{isa = PBXSourcesBuildPhase; files = ({files}); }};"
    facts = pbxproj(f"{{objects = {{P = {{isa = PBXProject; }}; {targets} {sources} {reference} }};}}")
    assert "not all are read" in facts.problem
    assert len(facts.targets) == 600


def test_no_project():
    assert "no PBXProject" in pbxproj("{}").problem
    assert project_reader("Sources/main.swift") is None


# ── Swift packages ───────────────────────────────────────────────────────────────────────────────────────────────────

PACKAGE = r"""
// swift-tools-version: 5.9
import PackageDescription
let shared = "Shared"
enum Names { static let core: String = "Core" }
let package = Package(
    name: "Example",
    platforms: [.macOS(.v10_15), .iOS("17.0")],
    products: [.library(name: "Kit", targets: ["Core", "Shared"]), .plugin(name: "P", targets: ["P"])],
    dependencies: [.package(url: "https://example.com/a.git", from: "1.0.0")],
    targets: [
        .target(
            name: Names.core, // .target(name: "NotOne")
            dependencies: [.target(name: shared), .product(name: "Log", package: "a"), "Plain", .byName(name: "By")],
            exclude: ["Old"],
            resources: [.process("Assets")],
            plugins: [.plugin(name: "Lint", package: "lint")]
        ),
        .target(name: shared, path: "Lib", sources: ["A", "B/one.swift"]),
        .executableTarget(name: "tool", linkerSettings: [
            .unsafeFlags(["-Xlinker", "-sectcreate", "-Xlinker", "__TEXT", "-Xlinker", "__info_plist", "-Xlinker", "I"])
        ]),
        .testTarget(name: "\(Names.core)Tests", dependencies: [/* "No" */ "Core"]),
        .target(name: computed(), path: "X"),
        .binaryTarget(name: "Binary", path: "Binary.xcframework"),
    ]
)
"""


def package(text: str = PACKAGE, path: str = "libs/Package.swift") -> ProjectFacts:
    return read_project(path, text.encode())


def test_targets_of_a_manifest():
    facts = package()
    assert {each.name: each.product_type for each in facts.targets} == {
        "Core": "library", "Shared": "library", "tool": "executable", "CoreTests": "test",
        "Kit": "product", "P": "product",
    }  # fmt: skip
    assert facts.settings == {"MACOSX_DEPLOYMENT_TARGET": "10.15", "IPHONEOS_DEPLOYMENT_TARGET": "17.0"}
    assert target(facts, "Core").dependencies == ("Shared", "Log", "Plain", "By")
    assert target(facts, "Kit").dependencies == ("Core", "Shared")


def test_folders_of_package_targets():
    facts = package()
    core = target(facts, "Core")
    assert core.sources[0] == "libs/Sources/Core/"
    assert core.excludes[0] == "libs/Sources/Core/Old"
    assert core.resources[0] == "libs/Sources/Core/Assets"
    assert target(facts, "Shared").sources == ("libs/Lib/A/", "libs/Lib/B/one.swift")
    assert target(facts, "CoreTests").sources[0] == "libs/Tests/CoreTests/"
    assert "__info_plist" in target(facts, "tool").settings[""]["OTHER_LDFLAGS"]


def test_the_only_target_may_lie_in_the_sources_folder_itself():
    facts = package('Package(targets: [.target(name: "A"), .testTarget(name: "ATests")])', "Package.swift")
    assert "Sources/" in target(facts, "A").sources
    assert "Tests/" in target(facts, "ATests").sources
    assert "Sources/" not in target(package(), "Core").sources


def test_a_whole_workspace_can_be_a_target():
    facts = package('Package(targets: [.target(name: "A", path: ".")])', "Package.swift")
    assert facts.targets[0].sources == ("./",)


def test_a_target_outside_the_workspace_has_no_sources():
    assert package('Package(targets: [.target(name: "A", path: "../../x")])').targets[0].sources == ()


def test_lists_that_constants_hold():
    facts = package("""
        let all = ["Core", "Net"]
        let deps: [Target.Dependency] = [.product(name: "Log", package: "log"), "Core", unknown]
        let looped = [looped, "Core"]
        let made: [Target] = [.target(name: "Core"), .target(name: "Net", dependencies: deps)]
        let package = Package(products: [.library(name: "Kit", targets: all), .library(name: "L", targets: looped)], targets: made)
    """)
    assert [(each.name, each.dependencies) for each in facts.targets] == [
        ("Core", ()), ("Net", ("Log", "Core")), ("Kit", ("Core", "Net")), ("L", ("Core",)),
    ]  # fmt: skip


def test_lists_that_name_lists_do_not_multiply():
    facts = package("let a = [" + '"x",' * 3000 + "]\n" + "f(targets: a)\n" * 2000)
    assert facts.targets == ()


def test_a_manifest_without_literal_names_says_so():
    assert "computed" in package("Package(targets: [.target(name: name())])").problem


# ── .xcconfig ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_settings_and_includes_of_an_xcconfig():
    text = (
        '// a comment\n#include "../Base.xcconfig"\n#include? "Local.xcconfig"\nA = 1 // one\r\n'
        'B[sdk=macosx*][config=Debug] = x = y;\nURL = https:/$()/example.com\nE =\n#include "/etc/passwd"\n'
    )
    facts = read_project("c/d/App.xcconfig", text.encode())
    assert facts.problem == ""
    assert facts.includes == ("c/Base.xcconfig", "c/d/Local.xcconfig")
    assert facts.settings == {
        "A": "1", "B[sdk=macosx*][config=Debug]": "x = y", "URL": "https:/$()/example.com", "E": "",
    }  # fmt: skip
    assert text.encode()[slice(*facts.spans["A"])] == b"A = 1 // one"


@pytest.mark.parametrize("path", ["a.xcconfig", "Package.swift"])
def test_comments_suppress(path: str):
    (found,) = read_project(path, b"\n// ipclint:ignore ENT107 -- signed elsewhere\n").suppressions
    assert (found.ids, found.reason, found.alone) == (("ENT107",), "signed elsewhere", True)


def test_a_line_that_is_no_setting_is_a_problem():
    assert read_project("a.xcconfig", b"A = 1\nrubbish\n").problem.startswith("line 2: “rubbish” is neither")


# ── invariants ───────────────────────────────────────────────────────────────────────────────────────────────────────

PATHS = st.sampled_from(["A.xcodeproj/project.pbxproj", "Package.swift", "a.xcconfig"])


@given(PATHS, st.binary(max_size=120))
def test_reading_random_bytes_never_fails(path: str, data: bytes):
    facts = read_project(path, data)
    assert decode(encode(facts)) == facts


@pytest.mark.parametrize(("path", "text"), [("A.xcodeproj/project.pbxproj", PBXPROJ), ("Package.swift", PACKAGE)])
@given(st.data())
def test_reading_spliced_files_never_fails(path: str, text: str, data: st.DataObject):
    at = data.draw(st.integers(0, len(text)))
    piece = data.draw(st.integers(0, 30))
    insert = data.draw(st.text('{}()[]=;,"\\/*.:', max_size=4))
    facts = read_project(path, (text[:at] + insert + text[at + piece :]).encode())
    assert decode(encode(facts)) == facts
