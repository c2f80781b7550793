"""Targets: who compiles a file, with which resolved settings, signed how, and how privileged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipclint.model.facts import PlistEntry, PlistFacts, PlistKind, PlistValue, ProjectFacts, Target
from ipclint.model.source import Span
from ipclint.program.settings import MAX_LENGTH, BuildSettings, Level
from ipclint.program.target_info import TargetInfo
from ipclint.program.targets import Targets

APP = "com.apple.product-type.application"
TOOL = "com.apple.product-type.tool"


def node(content: object) -> PlistValue:
    """A property list value without places, from Python's own."""
    nowhere = Span(0, 0)
    match content:
        case dict():
            entries = tuple(PlistEntry(str(key), nowhere, node(item)) for key, item in content.items())
            return PlistValue("dict", nowhere, entries=entries)
        case list():
            return PlistValue("array", nowhere, items=tuple(map(node, content)))
        case bool():
            return PlistValue("bool", nowhere, content)
        case _:
            return PlistValue("string", nowhere, str(content))


def plist(path: str, kind: PlistKind, **content: object) -> PlistFacts:
    return PlistFacts(path, kind, node(content))


def project(
    *targets: Target, path: str = "p/App.xcodeproj/project.pbxproj", **settings: dict[str, str]
) -> ProjectFacts:
    """An Xcode project in folder "p" with project-level settings by configuration."""
    return ProjectFacts(path, targets, configurations=settings, root=path.rpartition("/")[0].rpartition("/")[0])


def tool(name: str = "Tool", source: str = "p/tool/main.swift", **settings: str) -> Target:
    return Target(name, TOOL, (source,), {"Release": settings})


def only(infos: tuple[TargetInfo, ...]) -> TargetInfo:
    assert len(infos) == 1
    return infos[0]


# ── build settings ───────────────────────────────────────────────────────────────────────────────────────────────────


def settings(*levels: dict[str, str], configuration: str = "Release", sdk: str = "macosx") -> BuildSettings:
    return BuildSettings(tuple(map(Level, levels)), configuration, sdk)


@pytest.mark.parametrize(
    ("levels", "value"),
    [
        (({"A": "$(B)-${C}"}, {"B": "b", "C": "c"}), "b-c"),
        (({"A": "$(X_$(B))"}, {"B": "y", "X_y": "deep"}), "deep"),
        (({"A": "x $(inherited)"}, {}, {"A": "y $(inherited)"}, {"A": "z"}), "x y z"),
        (({"A": "x $(A)"}, {"A": "y"}), "x y"),
        (({"A": "$(B:rfc1034identifier)"}, {"B": "My App!"}), "My-App-"),
        (({"A": "$(B:c99extidentifier)"}, {"B": "9 lives"}), "_9_lives"),
        (({"A": "$(B:default=none)"}, {}), "none"),
        (({"A": "$(B:default=none:upper)"}, {"B": ""}), "NONE"),
        (({"A": "$(UNKNOWN)/x"},), "$(UNKNOWN)/x"),
        (({"A": "$(UNKNOWN_$(B))"}, {"B": "b"}), "$(UNKNOWN_b)"),
        (({"A[sdk=macosx*]": "mac", "A": "any"},), "mac"),
        (({"A[sdk=iphoneos*]": "phone"}, {"A": "below"}), "below"),
        (({"A[sdk=*]": "sdk", "A[config=Release][sdk=*]": "both", "A[config=Debug][sdk=*]": "no"},), "both"),
        (({"A[arch=x86_64]": "intel", "A[arch=*]": "any"},), "any"),
    ],
)
def test_values(levels: tuple[dict[str, str], ...], value: str):
    assert settings(*levels).get("A") == value


def test_what_nothing_sets_is_none():
    assert settings({"A": ""}).get("B") is None
    assert settings({"A": ""}).get("A") == ""


@given(
    st.dictionaries(
        st.sampled_from("ABCD"),
        st.lists(st.sampled_from(["$(A)", "$(B)", "${C}", "$(D:lower)", "x", "$("])).map("".join),
    )
)
def test_circles_and_growth_are_bounded(written: dict[str, str]):
    value = settings(written, written).get("A")
    assert value is None or len(value) < 4 * MAX_LENGTH


def test_an_xcconfig_stands_between_target_and_project():
    target = Target("T", TOOL, ("p/a.m",), {"Release": {"A": "1"}}, bases={"Release": "p/T.xcconfig"})
    facts = ProjectFacts(
        "p/App.xcodeproj/project.pbxproj", (target,), configurations={"Release": {"A": "4", "B": "4", "C": "4"}},
        bases={"Release": "p/P.xcconfig"}, root="p",
    )  # fmt: skip
    configs = [
        ProjectFacts("p/T.xcconfig", (), {"A": "2", "B": "2"}, includes=("p/Base.xcconfig",)),
        ProjectFacts("p/Base.xcconfig", (), {"B": "3", "I": "3"}, includes=("p/T.xcconfig",)),
        ProjectFacts("p/P.xcconfig", (), {"A": "5", "D": "5"}),
    ]
    info = only(Targets([facts, *configs], []).targets_of("p/a.m"))
    assert [info.setting(key)["Release"] for key in "ABICD"] == ["1", "2", "3", "4", "5"]


# ── what a target is ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_target_is_worked_out():
    release = {
        "PRODUCT_BUNDLE_IDENTIFIER": "com.example.$(PRODUCT_NAME:rfc1034identifier)", "PRODUCT_NAME": "$(TARGET_NAME)",
        "INFOPLIST_FILE": "$(SRCROOT)/App/info.plist", "CODE_SIGN_ENTITLEMENTS": "App/App.entitlements",
    }  # fmt: skip
    app = Target("My App", APP, ("p/App/a.swift",), {"Debug": {**release, "PRODUCT_NAME": "Dev"}, "Release": release})
    base = {"SDKROOT": "macosx", "MACOSX_DEPLOYMENT_TARGET": "10.13", "DEVELOPMENT_TEAM": "ABCDE12345"}
    facts = project(app, Debug={**base, "MACOSX_DEPLOYMENT_TARGET": "10.9"}, Release=base)
    info_plist = plist("p/App/Info.plist", "info", CFBundleIdentifier="$(PRODUCT_BUNDLE_IDENTIFIER)")
    entitlements = plist("p/App/App.entitlements", "entitlements")
    info = only(Targets([facts], [info_plist, entitlements]).targets_of("p/app/A.swift"))
    assert (info.name, info.product_type, info.product_name, info.guessed) == ("My App", APP, "My App", False)
    assert (info.bundle_id, info.bundle_ids) == ("com.example.My-App", ("com.example.My-App", "com.example.Dev"))
    assert (info.platforms, dict(info.deployment), info.team) == (("macos",), {"macos": "10.9"}, "ABCDE12345")
    assert info.infos == (info_plist,)
    assert [(each.configuration, each.facts, each.declared) for each in info.signing] == [
        ("Release", entitlements, True),
        ("Debug", entitlements, True),
    ]
    assert not (info.is_test or info.is_privileged or info.is_extension or info.is_embedded_service)
    assert info.settings[0].expand("$(TeamIdentifierPrefix)group") == "ABCDE12345.group"


def test_entitlements_that_are_not_there():
    targets = Targets([project(tool(CODE_SIGN_ENTITLEMENTS="$(WHERE)/x.entitlements"), tool("Bare", "p/b.m"))], [])
    declared = only(targets.targets_of("p/tool/main.swift")).signing[0]
    assert (declared.declared, declared.path, declared.facts) == (True, "", None)
    assert not only(targets.targets_of("p/b.m")).signing[0].declared


def test_entitlements_that_a_manifest_makes():
    made = plist("p/project.yml", "entitlements", **{"com.apple.security.app-sandbox": True})
    app = Target("App", APP, ("p/App/",), {"Release": {"CODE_SIGN_ENTITLEMENTS": "App.entitlements"}})
    manifest = ProjectFacts("p/project.yml", (app,), root="p", plists={"p/App.entitlements": made})
    signing = only(Targets([manifest], []).all()).signing[0]
    assert (signing.path, signing.facts) == ("p/project.yml", made)
    written = plist("p/App.entitlements", "entitlements")
    signing = only(Targets([manifest], [written]).all()).signing[0]
    assert (signing.path, signing.facts) == ("p/App.entitlements", written)


def test_a_manifest_gives_way_to_the_project_that_it_made():
    manifest = ProjectFacts("p/project.yml", (tool(),), root="p")
    assert [info.project for info in Targets([manifest, project(tool())], []).all()] == [
        "p/App.xcodeproj/project.pbxproj"
    ]
    assert len(Targets([manifest, project(tool("Other"))], []).all()) == 2
    elsewhere = project(tool(), path="q/App.xcodeproj/project.pbxproj")
    assert len(Targets([manifest, elsewhere], []).all()) == 2


@pytest.mark.parametrize(
    ("release", "platforms"),
    [
        ({}, ("macos",)),
        ({"SDKROOT": "iphoneos"}, ("ios",)),
        ({"SDKROOT": "auto", "SUPPORTED_PLATFORMS": "iphoneos iphonesimulator macosx"}, ("ios", "macos")),
        ({"IPHONEOS_DEPLOYMENT_TARGET": "15.0"}, ("ios",)),
        ({"SDKROOT": "iphoneos", "SUPPORTS_MACCATALYST": "YES"}, ("ios", "maccatalyst")),
        ({"SDKROOT": "macosx10.14"}, ("macos",)),
    ],
)
def test_platforms(release: dict[str, str], platforms: tuple[str, ...]):
    assert only(Targets([project(tool(**release))], []).all()).platforms == platforms


def test_platforms_of_a_package():
    package = ProjectFacts(
        "Package.swift", (Target("T", "library", ("Sources/T/",), {}),), {"MACOSX_DEPLOYMENT_TARGET": "13.0"}
    )
    info = only(Targets([package], []).targets_of("Sources/T/deep/a.swift"))
    assert (info.platforms, dict(info.deployment)) == (("macos",), {"macos": "13.0"})


@pytest.mark.parametrize(
    ("product_type", "flags"),
    [
        ("com.apple.product-type.bundle.unit-test", "is_test"),
        ("com.apple.product-type.bundle.ui-testing", "is_test"),
        ("test", "is_test"),
        ("com.apple.product-type.xpc-service", "is_embedded_service"),
        ("com.apple.product-type.app-extension", "is_extension"),
        ("com.apple.product-type.extensionkit-extension", "is_extension"),
        ("com.apple.product-type.system-extension", ""),
        ("com.apple.product-type.framework", ""),
    ],
)
def test_product_types(product_type: str, flags: str):
    info = only(Targets([project(Target("T", product_type, (), {}))], []).all())
    assert [name for name in ("is_test", "is_embedded_service", "is_extension") if getattr(info, name)] == flags.split()


# ── who compiles a file ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_can_belong_to_several_targets():
    targets = Targets([project(tool("A", "p/x.swift"), tool("B", "p/x.swift"))], [])
    assert [info.name for info in targets.targets_of("p/x.swift")] == ["A", "B"]


def test_the_innermost_folder_of_a_project_decides_and_exclusions_count():
    outer = Target("Outer", "library", ("Sources/",), {}, excludes=("Sources/Old",))
    inner = Target("Inner", "library", ("Sources/Inner/",), {})
    targets = Targets([ProjectFacts("Package.swift", (outer, inner))], [])
    assert [info.name for info in targets.targets_of("Sources/a/b.swift")] == ["Outer"]
    assert [info.name for info in targets.targets_of("Sources/Inner/b.swift")] == ["Inner"]
    assert not targets.targets_of("Sources/Old/b.swift")


def test_a_target_of_the_whole_workspace():
    targets = Targets([ProjectFacts("Package.swift", (Target("A", "library", ("./",), {}),))], [])
    assert only(targets.targets_of("any/where.swift")).name == "A"


def test_headers_and_strays_get_the_targets_of_their_neighbours():
    targets = Targets([project(tool("A", "p/a.m"), tool("B", "p/b.m"))], [])
    assert [(info.name, info.guessed) for info in targets.targets_of("p/b.h")] == [("B", True)]
    assert [info.name for info in targets.targets_of("p/stray.m")] == ["A", "B"]


def test_programs_that_use_a_library():
    library = Target("Core", "library", ("Core/Sources/Core/",), {})
    product = Target("Kit", "product", (), {}, dependencies=("Core",))
    unit = Target("CoreTests", "test", (), {}, dependencies=("Core",))
    app = Target("App", APP, ("p/app.swift",), {}, dependencies=("Kit",))
    package = ProjectFacts("Core/Package.swift", (library, product, unit))
    targets = Targets([package, project(app, Target("Core", APP, (), {}))], [])
    assert [info.name for info in targets.programs_of("Core/Sources/Core/a.swift")] == ["App"]
    assert [info.name for info in targets.programs_of("p/app.swift")] == ["App"]
    assert [info.name for info in Targets([package], []).programs_of("Core/Sources/Core/a.swift")] == ["Core"]


def test_looking_targets_up():
    app = Target("App", APP, (), {"Release": {"CODE_SIGN_ENTITLEMENTS": "a.entitlements"}}, embeds=("Tool",))
    targets = Targets([project(app, tool(PRODUCT_BUNDLE_IDENTIFIER="com.example.tool"))], [])
    assert [info.name for info in targets.all() if "com.example.tool" in info.bundle_ids] == ["Tool"]
    assert [(info.name, signing.configuration) for info, signing in targets.signed_with("p/a.entitlements")] == [
        ("App", "Release")
    ]
    assert only(targets.embedders_of("Tool")).name == "App"


# ── privilege ────────────────────────────────────────────────────────────────────────────────────────────────────────


def job(path: str, **content: object) -> PlistFacts:
    return plist(path, "launchd", **{"Label": "com.example.tool", "RunAtLoad": True, **content})


def is_privileged(target: Target, *plists: PlistFacts, others: tuple[Target, ...] = (), **more: list[str]) -> bool:
    targets = Targets([project(target, *others)], plists, **more)
    return only(targets.targets_of(target.sources[0])).is_privileged


NAMED = tool(PRODUCT_BUNDLE_IDENTIFIER="com.example.tool")


@pytest.mark.parametrize(
    ("facts", "privileged"),
    [
        (job("p/x.plist"), True),  # names no program: the part of an SMJobBless helper
        (job("p/x.plist", Program="/opt/Tool"), False),  # might be an agent
        (job("p/x.plist", Program="/Library/PrivilegedHelperTools/Tool"), True),
        (job("p/LaunchDaemons/x.plist", Program="/opt/Tool"), True),
        (job("p/LaunchDaemons/x.plist", Program="/opt/Tool", UserName="nobody"), False),
        (job("p/LaunchAgents/x.plist", ProgramArguments=["/opt/Tool", "-v"]), False),
        (job("p/x.plist", Program="/opt/Tool", LimitLoadToSessionType="Aqua"), False),
        (job("p/exampledaemon.plist", Label="other", BundleProgram="Contents/MacOS/Tool"), True),
        (job("p/LaunchDaemons/x.plist", Label="other", Program="/opt/other"), False),
    ],
)
def test_a_launch_daemon_is_privileged(facts: PlistFacts, privileged: bool):
    assert is_privileged(NAMED, facts) is privileged


def test_where_a_job_is_copied_decides_before_its_name():
    agent = job("p/daemon.plist", Program="/opt/Tool")
    for folder, privileged in (("Contents/Library/LaunchDaemons", True), ("Contents/Library/LaunchAgents", False)):
        app = Target("App", APP, (), {}, copies={folder: ("p/daemon.plist",)})
        assert is_privileged(NAMED, agent, others=(app,)) is privileged


def test_code_that_registers_a_daemon_tells():
    assert is_privileged(NAMED, job("p/x.plist", Program="/opt/Tool"), daemons=["x.plist"])


def test_a_blessed_helper_is_privileged():
    linked = tool(
        OTHER_LDFLAGS="-sectcreate __TEXT __info_plist tool/Info.plist -Xlinker -sectcreate -Xlinker __TEXT "
        '-Xlinker __launchd_plist -Xlinker "$(SRCROOT)/tool/the job.plist"'
    )
    own = plist("p/tool/Info.plist", "info", SMAuthorizedClients=['identifier "com.example.app"'])
    part = plist("p/tool/the job.plist", "launchd", Label="com.example.other", MachServices={"a": True})
    assert is_privileged(linked, own)
    assert is_privileged(linked, part)
    assert is_privileged(NAMED, plist("q/Info.plist", "info", SMPrivilegedExecutables={"com.example.tool": "always"}))
    leftover = plist(
        "p/tool/Info.plist", "info", SMAuthorizedClients=["always"], SMPrivilegedExecutables={"x": "always"}
    )
    assert not is_privileged(linked, leftover)


def test_a_system_extension_is_privileged():
    assert is_privileged(Target("Filter", "com.apple.product-type.system-extension", ("p/f.swift",), {}))


def test_the_configuration_can_say_so():
    assert is_privileged(tool(), privileged=["Tool"])
    assert not is_privileged(tool(), privileged=["Other"])


def test_frameworks_and_apps_do_not_run_the_jobs_that_bear_their_names():
    framework = Target("Tool", "com.apple.product-type.framework", ("p/f.m",), {})
    assert not is_privileged(framework, job("p/x.plist", Label="Tool"))
    app = Target("App", APP, ("p/a.m",), {"Release": {"PRODUCT_BUNDLE_IDENTIFIER": "com.example.tool"}})
    assert not is_privileged(app, job("p/LaunchDaemons/x.plist", Program="/opt/helper"))


# ── without a project ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_nearest_property_lists_give_a_guess():
    helper = plist(
        "Helper/Resources/Info.plist", "info", CFBundleIdentifier="com.example.helper", SMAuthorizedClients=[]
    )
    entitlements = plist("Helper/Helper.entitlements", "entitlements")
    daemon = job("Helper/launchd.plist", MachServices={"com.example.helper": True})
    app = plist("Info.plist", "info", CFBundleIdentifier="com.example.app", LSRequiresIPhoneOS=True)
    targets = Targets([], [helper, entitlements, daemon, app])
    info = only(targets.targets_of("Helper/Sources/deep/main.swift"))
    assert (info.name, info.bundle_id, info.product_type) == ("Helper", "com.example.helper", TOOL)
    assert (info.guessed, info.is_privileged, info.platforms) == (True, True, ("macos",))
    assert [each.facts for each in info.signing] == [entitlements]
    other = only(targets.targets_of("App/a.swift"))
    assert (other.bundle_id, other.platforms, other.is_privileged) == ("com.example.app", ("ios",), False)
    assert only(targets.targets_of("Helper/HelperTests/a.swift")).is_test


def test_jobs_of_a_guessed_target_may_lie_elsewhere():
    daemon = job("Conf/x.plist", Label="other", Program="/Library/LaunchDaemons/exampled", UserName="root")
    info = plist("Source/exampled/Info.plist", "info", CFBundleIdentifier="com.example.daemon")
    found = only(Targets([], [daemon, info]).targets_of("Source/exampled/main.m"))
    assert [each.facts for each in found.jobs] == [daemon]
    assert found.is_privileged


def test_nothing_known_is_no_target():
    targets = Targets([], [plist("a/settings.plist", "other")])
    assert targets.targets_of("a/b.swift") == ()
    assert targets.programs_of("a/b.swift") == ()


# ── as a value ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_equal_facts_make_equal_targets_whatever_their_order():
    facts = [project(NAMED), ProjectFacts("Package.swift", ())]
    plists = [job("p/x.plist"), plist("p/Info.plist", "info")]
    first, second = Targets(facts, plists), Targets(facts[::-1], plists[::-1])
    assert first == second
    assert first.all() == second.all()
    assert first != Targets(facts, plists, privileged=["Tool"])
    changed = Targets([project(tool(PRODUCT_BUNDLE_IDENTIFIER="com.example.tool", A="1"))], plists)
    assert changed.targets_of("p/tool/main.swift") != first.targets_of("p/tool/main.swift")
