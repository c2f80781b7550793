"""The sample app: what stands wrong in it is found, and nothing in its mended twin."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli

TOUR = Path(__file__).parents[2] / "docs" / "tour"

FOUND = """\
App/Vault.swift:14 PB101
Courier.xcodeproj/project.pbxproj:19 ENT107
Helper/Helper-Info.plist:11 PLIST105
Helper/Helper.swift:13 FILE102
Helper/Helper.swift:9 TAINT101
Helper/HelperDelegate.swift:13 XPC103
Helper/HelperDelegate.swift:4 XPC101
Helper/Trust.swift:10 XPC103
Helper/Trust.swift:5 XPC106
Mobile/Companion.swift:6 URL101
Mobile/Outbox.swift:13 XPC206
Share/ShareViewController.m:11 GRP101
Share/ShareViewController.m:17 PB101
Shared/Parcel.h:5 XPC201
Shared/Parcel.m:8 XPC202
Shared/Parcel.m:9 XPC202
"""


def test_every_fault_of_the_sample_app_is_found(cli: Cli) -> None:
    said = cli("check", "--format", "json", str(TOUR / "as-found"))
    found = sorted(f"{each['path']}:{each['start']['line']} {each['aliases'][0]}" for each in said.json["findings"])
    assert "\n".join(found) + "\n" == FOUND
    assert said.code == 1


def test_the_mended_twin_is_clean(cli: Cli) -> None:
    said = cli("check", "--format", "json", str(TOUR / "mended"))
    assert said.json["findings"] == []
    assert said.code == 0
