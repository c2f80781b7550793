"""XcodeGen specs: what their targets, settings and generated property lists come to, and that no file breaks reading."""

from __future__ import annotations

import sys
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipclint.model.facts import ProjectFacts, Target
from ipclint.readers import kind_of
from ipclint.readers.xcode import read_project
from ipclint.readers.yaml_tree import parse_yaml

SPEC = """
name: Example
options:
  bundleIdPrefix: com.example
  deploymentTarget: {macOS: "13.0"}
settings:
  DEVELOPMENT_TEAM: ABCDE12345
settingGroups:
  hard:
    base: {ENABLE_HARDENED_RUNTIME: YES}
    configs:
      release: {SWIFT_COMPILATION_MODE: wholemodule}
targetTemplates:
  Mac:
    platform: macOS
    sources: [Shared]
    settings: {groups: [hard]}
targets:
  App:
    type: application
    templates: [Mac]
    sources:
      - path: App
        excludes: ["Old/**", "*.md", Draft.swift]
      - path: Jobs/com.example.daemon.plist
        buildPhase: {copyFiles: {destination: wrapper, subpath: Contents/Library/LaunchDaemons}}
      - path: Assets
        buildPhase: resources
    dependencies:
      - target: Helper
      - target: Kit
        embed: false
      - package: Sparkle
      - sdk: AppKit.framework
    entitlements:
      path: App/App.entitlements
      properties:
        com.apple.security.app-sandbox: true
        com.apple.security.application-groups: [group.com.example]
    info: {path: App/Info.plist, properties: {CFBundleURLTypes: [{CFBundleURLSchemes: [example]}]}}
  Helper:
    type: tool
    platform: macOS
    deploymentTarget: 12.0
    sources: Helper/main.swift
    settings: {PRODUCT_BUNDLE_IDENTIFIER: com.example.tool, OTHER_LDFLAGS: [-a, b c]}
  Kit: {type: framework, platform: [iOS, macOS], sources: Kit}
  Tests: {type: bundle.unit-test, platform: macOS, sources: Tests}
"""


def spec(text: str = SPEC, path: str = "code/project.yml") -> ProjectFacts:
    return read_project(path, text.encode())


def target(name: str, facts: ProjectFacts | None = None) -> Target:
    return next(each for each in (facts or spec()).targets if each.name == name)


def test_targets_and_their_products():
    facts = spec()
    assert kind_of("code/project.yml") == "project"
    assert facts.problem == ""
    assert {each.name: each.product_type.removeprefix("com.apple.product-type.") for each in facts.targets} == {
        "App": "application", "Helper": "tool", "Kit_ios": "framework", "Kit_macos": "framework", "Tests": "bundle.unit-test",
    }  # fmt: skip
    data = SPEC.encode()
    assert [data[slice(*each.spans[""])] for each in facts.targets] == [b"App", b"Helper", b"Kit", b"Kit", b"Tests"]


def test_sources_excludes_and_copies():
    app = target("App")
    assert app.sources == ("code/Shared/", "code/App/")
    assert app.excludes == ("code/App/Old", "code/App/Draft.swift")
    assert app.copies == {"Contents/Library/LaunchDaemons": ("code/Jobs/com.example.daemon.plist",)}
    assert app.resources == ("code/Assets/",)
    assert target("Helper").sources == ("code/Helper/main.swift",)


def test_dependencies_and_what_is_embedded():
    app = target("App")
    assert app.dependencies == ("Helper", "Kit", "Sparkle")
    assert app.embeds == ("Helper", "Sparkle")


def test_settings_are_merged_as_xcodegen_does():
    facts = spec()
    assert facts.configurations["Release"] == {"DEVELOPMENT_TEAM": "ABCDE12345"}
    app = target("App").settings
    assert app["Release"]["ENABLE_HARDENED_RUNTIME"] == "YES"
    assert (app["Release"].get("SWIFT_COMPILATION_MODE"), app["Debug"].get("SWIFT_COMPILATION_MODE")) == (
        "wholemodule",
        None,
    )
    assert app["Release"]["PRODUCT_BUNDLE_IDENTIFIER"] == "com.example.App"
    assert (app["Debug"]["SDKROOT"], app["Debug"]["MACOSX_DEPLOYMENT_TARGET"]) == ("macosx", "13.0")
    helper = target("Helper").settings["Release"]
    assert helper["PRODUCT_BUNDLE_IDENTIFIER"] == "com.example.tool"
    assert (helper["MACOSX_DEPLOYMENT_TARGET"], helper["OTHER_LDFLAGS"]) == ("12.0", '-a "b c"')


def test_generated_property_lists_stand_where_the_spec_says():
    facts = spec()
    assert target("App").settings["Release"]["CODE_SIGN_ENTITLEMENTS"] == "App/App.entitlements"
    made = facts.plists["code/App/App.entitlements"]
    assert (made.path, made.kind) == ("code/project.yml", "entitlements")
    groups = made.root.get("com.apple.security.application-groups") if made.root else None
    assert groups is not None and groups.strings == ("group.com.example",)
    assert SPEC.encode()[slice(*groups.span)] == b"[group.com.example]"
    assert facts.plists["code/App/Info.plist"].kind == "info"


def test_configurations_and_config_files():
    facts = spec("""
        name: A
        configs: {Beta Debug: debug, Beta Release: release}
        configFiles: {Beta Release: Config/Base.xcconfig}
        targets: {App: {type: application, settings: {configs: {beta: {A: 1}, release: {B: 2}}}}}
    """)
    assert facts.bases == {"Beta Release": "code/Config/Base.xcconfig"}
    assert target("App", facts).settings == {"Beta Debug": {"A": "1"}, "Beta Release": {"A": "1", "B": "2"}}


def test_another_file_of_that_name_has_no_targets():
    facts = spec("services:\n  - web\n  - db\n")
    assert (facts.targets, facts.problem) == ((), "")


def test_broken_yaml_says_what_and_where():
    facts = spec("name: A\ntargets: [")
    assert facts.problem.startswith("line 3:") and facts.targets == ()
    assert "UTF-8" in read_project("project.yml", b"name: \xff").problem


def test_without_the_library_the_file_is_a_problem(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    facts = spec()
    assert "PyYAML" in facts.problem and facts.targets == ()


def test_no_tag_makes_an_object():
    root = parse_yaml(b"a: !!python/object/apply:os.system ['exit 1']").root
    assert root is not None and root.entries[0].value.strings == ("exit 1",)


def test_aliases_do_not_multiply():
    names = "abcdefghijklmnopqrstuvwxyz"
    rows = [f"{each}: &{each} [{', '.join([f'*{before}'] * 9)}]" for before, each in pairwise(names)]
    bomb = "a: &a [x, x]\n" + "\n".join(rows) + "\n"
    many = "targets:\n" + "".join(f"  t{n}: {{type: tool, sources: *z, dependencies: *z}}\n" for n in range(2000))
    plist = "  app: {type: application, info: {path: Info.plist, properties: {K: *z}}}\n"
    started = process_time()
    facts = spec(bomb + many + plist)
    assert process_time() - started < 5
    assert "not all are read" in facts.problem or len(facts.targets) == 2001


def test_wide_templates_do_not_multiply():
    wide = "targetTemplates:\n  T: &t\n" + "".join(f"    k{n}: 1\n" for n in range(5000))
    facts = spec(wide + "targets:\n" + "".join(f"  t{n}: {{templates: [T, T, T]}}\n" for n in range(5000)))
    assert "not all are read" in facts.problem


def test_nesting_has_an_end():
    assert "levels" in parse_yaml(b"[" * 500).problem


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_reading_random_bytes_never_fails(data: bytes):
    assert isinstance(read_project("project.yml", data), ProjectFacts)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_reading_spliced_specs_never_fails(data: st.DataObject):
    start = data.draw(st.integers(0, len(SPEC)))
    end = data.draw(st.integers(start, len(SPEC)))
    assert isinstance(spec(SPEC[:start] + data.draw(st.text(max_size=5)) + SPEC[end:]), ProjectFacts)


# ── what a spec includes ─────────────────────────────────────────────────────────────────────────────────────────────


def including(files: dict[str, str], path: str = "code/project.yml") -> ProjectFacts:
    return read_project(path, files[path].encode(), lambda name: files[name].encode() if name in files else None)


INCLUDING = {
    "code/project.yml": """
name: Whole
include:
  - base.yml
  - {path: parts/app.yml}
  - {path: parts/plain.yml, relativePaths: false}
  - {path: parts/off.yml, enable: false}
  - ../../outside.yml
targets:
  App:
    settings: {OWN: 1, BOTH: whole}
    sources: [Extra]
  Other:
    type: tool
    sources:REPLACE: [Only]
""",
    "code/base.yml": """
targetTemplates:
  Mac: {platform: macOS, settings: {BOTH: template, MADE: template}}
targets:
  Other: {sources: [Gone], platform: macOS}
""",
    "code/parts/app.yml": """
include: inner/settings.yml
configFiles: {Release: Release.xcconfig}
targets:
  App:
    type: application
    templates: [Mac]
    sources: [{path: App}, Shared/One.swift]
    entitlements: {path: App/App.entitlements, properties: {com.apple.security.app-sandbox: false}}
""",
    "code/parts/inner/settings.yml": """
include: ../app.yml
settings: {FROM: inner}
targets: {App: {sources: [Deep]}}
""",
    "code/parts/plain.yml": "targets: {Plain: {type: tool, platform: macOS, sources: Plain}}\n",
    "code/parts/off.yml": "targets: {Off: {type: tool, platform: macOS}}\n",
    "outside.yml": "targets: {Outside: {type: tool, platform: macOS}}\n",
}


def test_a_spec_is_merged_over_what_it_includes():
    facts = including(INCLUDING)
    assert facts.problem == ""
    assert facts.includes == (
        "code/base.yml", "code/parts/app.yml", "code/parts/inner/settings.yml", "code/parts/plain.yml",
    )  # fmt: skip
    assert {each.name for each in facts.targets} == {"App", "Other", "Plain"}
    assert facts.configurations["Release"] == {"FROM": "inner"}
    app = target("App", facts)
    release = app.settings["Release"]
    assert (release["OWN"], release["BOTH"], release["MADE"]) == ("1", "whole", "template")


def test_paths_of_an_included_spec_start_from_its_folder_unless_it_says_no():
    facts = including(INCLUDING)
    assert target("App", facts).sources == (
        "code/parts/inner/Deep/", "code/parts/App/", "code/parts/Shared/One.swift", "code/Extra/",
    )  # fmt: skip
    assert target("Plain", facts).sources == ("code/Plain/",)
    assert target("Other", facts).sources == ("code/Only/",)
    assert facts.bases == {"Release": "code/parts/Release.xcconfig"}
    assert "code/parts/App/App.entitlements" in facts.plists


def test_what_is_included_stands_where_that_is_said():
    facts = including(INCLUDING)
    data = INCLUDING["code/project.yml"].encode()
    root = facts.plists["code/parts/App/App.entitlements"].root
    assert root is not None and data[slice(*root.entries[0].value.span)] == b"{path: parts/app.yml}"
    spans = {each.name: data[slice(*each.spans[""])] for each in facts.targets}
    assert spans == {"App": b"App", "Other": b"Other", "Plain": b"{path: parts/plain.yml, relativePaths: false}"}


def test_included_files_have_an_end():
    chain = {f"code/{n}.yml": f"include: {n + 1}.yml\n" for n in range(500)} | {"code/project.yml": "include: 0.yml"}
    facts = including(chain)
    assert "includes more than" in facts.problem and len(facts.includes) <= 20
    wide = {"code/project.yml": "include: [" + ", ".join(f"{n}.yml" for n in range(500)) + "]"}
    assert len(including(wide).includes) <= 100
    bomb = "a: &a [x, x]\n" + "".join(
        f"{now}: &{now} [{', '.join([f'*{before}'] * 9)}]\n" for before, now in pairwise("abcdefghijklmnop")
    )
    many = "targets:\n" + "".join(f"  t{n}: {{type: tool, sources: *p, configFiles: {{a: *p}}}}\n" for n in range(2000))
    started = process_time()
    including({"code/project.yml": "include: [sub/x.yml]", "code/sub/x.yml": bomb + many})
    assert process_time() - started < 5


def test_a_broken_included_file_is_told_of():
    facts = including({"code/project.yml": "include: base.yml\ntargets: {A: {type: tool}}", "code/base.yml": "a: ["})
    assert facts.problem.startswith("code/base.yml, which it includes: line 2")
    assert [each.name for each in facts.targets] == ["A"]


# ── templates and JSON ───────────────────────────────────────────────────────────────────────────────────────────────


def test_templates_build_on_templates_and_are_filled_in():
    facts = spec("""
name: A
targetTemplates:
  Base: {settings: {ORDER: base, NAME: "${target_name}"}, sources: ["Sources/$target_name"]}
  Tool: {templates: [Base], type: tool, settings: {ORDER: tool, BUNDLE: "com.example.${suffix}"}}
  Late: {settings: {ORDER: late}}
targets:
  Helper: {templates: [Tool, Late], platform: macOS, templateAttributes: {suffix: helper}, sources: [Own]}
  Kit: {templates: [Base], type: framework, platform: [iOS, macOS], sources: ["For/${platform}"]}
""")
    helper = target("Helper", facts)
    release = helper.settings["Release"]
    assert (release["ORDER"], release["NAME"], release["BUNDLE"]) == ("late", "Helper", "com.example.helper")
    assert helper.sources == ("code/Sources/Helper/", "code/Own/")
    assert target("Kit_ios", facts).sources == ("code/Sources/Kit/", "code/For/iOS/")


def test_a_spec_may_be_json():
    text = '{\n\t"name": "A",\n\t"targets": {"App": {"type": "application", "platform": "macOS", "sources": "App"}}\n}'
    facts = spec(text, "code/project.json")
    assert kind_of("code/project.json") == "project"
    assert (facts.problem, target("App", facts).sources) == ("", ("code/App/",))


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "web", "targets": {"build": {"executor": "@nx/js:tsc", "options": {}}}}',
        '{\n  // a comment\n  "targets": {}\n}',
        "[1, 2]",
    ],
)
def test_another_tool_s_project_json_is_none(text: str):
    facts = spec(text, "code/project.json")
    assert (facts.targets, facts.problem) == ((), "")
