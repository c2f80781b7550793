"""Between processes and languages: navigation from calls to exported methods, symbols, and paths of data as a call
hierarchy.
"""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types

from .conftest import Editor, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROTOCOL, HELPER = "Shared/HelperProtocol.h", "Helper/Helper.swift"
CALL = ("App/Client.swift", 7, 18)
OBJC_CALL = ("App/Legacy.m", 7, 40)  # on `inFolder:`, the second part of the selector, behind an emoji
DECLARED = (PROTOCOL, 4, 10)
IMPLEMENTED = (HELPER, 3, 12)
WHOLE = ("runCommand:inFolder:withReply:", "runCommand(_:inFolder:withReply:)")

Place = tuple[str, int]


def at(editor: Editor, place: tuple[str, int, int]) -> tuple[types.TextDocumentIdentifier, types.Position]:
    return editor.document(place[0]), types.Position(*place[1:])


def places(editor: Editor, found: Any) -> list[Place]:
    """Where locations begin: file and line."""
    prefix = len(editor.root.as_uri()) + 1
    return sorted((each.uri[prefix:], each.range.start.line) for each in found or ())


def shown_rules(editor: Editor) -> list[str]:
    return [str(each.code) for params in editor.published.values() for each in params.diagnostics]


@pytest.mark.parametrize("place", [CALL, OBJC_CALL, DECLARED, IMPLEMENTED])
async def test_from_each_side_of_a_message_to_the_others(courier: Editor, place: tuple[str, int, int]):
    await until(lambda: courier.shown("Helper/HelperDelegate.swift") != [])
    courier.open(place[0], language="objective-c" if place[0].endswith(".m") else "swift")
    document, position = at(courier, place)
    client = courier.client
    found: Any = await client.text_document_definition_async(types.DefinitionParams(document, position))
    assert places(courier, found) == [DECLARED[:2]]
    found = await client.text_document_implementation_async(types.ImplementationParams(document, position))
    assert places(courier, found) == [IMPLEMENTED[:2]]
    for declared in (False, True):
        found = await client.text_document_references_async(
            types.ReferenceParams(types.ReferenceContext(declared), document, position)
        )
        sides = [DECLARED[:2], IMPLEMENTED[:2]] if declared else []
        assert places(courier, found) == sorted([CALL[:2], OBJC_CALL[:2], *sides])
    courier.close(place[0])


async def test_what_stays_in_the_process_leads_nowhere(courier: Editor):
    for place in (("Helper/Shell.swift", 3, 18), (HELPER, 4, 20), ("App/Client.swift", 0, 0), ("No.swift", 3, 4)):
        document, position = at(courier, place)
        found: Any = await courier.client.text_document_definition_async(types.DefinitionParams(document, position))
        assert found == []


async def test_endpoints_and_messages_are_symbols(courier: Editor):
    await until(lambda: courier.shown("Helper/HelperDelegate.swift") != [])
    document = types.DocumentSymbolParams(courier.document("Helper/main.swift"))
    found: Any = await courier.client.text_document_document_symbol_async(document)
    [listener] = found
    assert isinstance(listener, types.DocumentSymbol)
    assert (listener.name, listener.detail) == ("Mach service com.example.courier", "peer: not checked")
    document = types.DocumentSymbolParams(courier.document(HELPER))
    methods = await courier.client.text_document_document_symbol_async(document) or ()
    assert [each.name for each in methods] == [WHOLE[1], "deliver(_:withReply:)", "version(withReply:)"]
    everything = await courier.client.workspace_symbol_async(types.WorkspaceSymbolParams("")) or ()
    assert {"Mach service com.example.courier", "XPC connection com.example.courier", *WHOLE} <= {
        each.name for each in everything
    }
    some = await courier.client.workspace_symbol_async(types.WorkspaceSymbolParams("runfold")) or ()
    assert sorted(each.name for each in some) == sorted(WHOLE)


async def hierarchy(editor: Editor, place: tuple[str, int, int]) -> list[types.CallHierarchyItem]:
    document, position = at(editor, place)
    found = await editor.client.text_document_prepare_call_hierarchy_async(
        types.CallHierarchyPrepareParams(document, position)
    )
    return list(found or ())


async def callers(editor: Editor, item: types.CallHierarchyItem) -> list[types.CallHierarchyIncomingCall]:
    found = await editor.client.call_hierarchy_incoming_calls_async(types.CallHierarchyIncomingCallsParams(item))
    return list(found or ())


async def callees(editor: Editor, item: types.CallHierarchyItem) -> list[types.CallHierarchyOutgoingCall]:
    found = await editor.client.call_hierarchy_outgoing_calls_async(types.CallHierarchyOutgoingCallsParams(item))
    return list(found or ())


async def test_the_path_of_data_is_a_call_hierarchy(courier: Editor):
    await until(lambda: any(rule.startswith("flow/") for rule in shown_rules(courier)))
    [shell] = await hierarchy(courier, ("Helper/Shell.swift", 5, 10))
    assert (shell.name, shell.detail) == ("run(_:)", "Shell — Helper/Shell.swift")
    [from_helper] = await callers(courier, shell)
    assert from_helper.from_.name == WHOLE[1]
    assert [each.start.line for each in from_helper.from_ranges] == [4]
    [from_listener] = await callers(courier, from_helper.from_)
    assert from_listener.from_.name == "Mach service com.example.courier"
    [from_client] = await callers(courier, from_listener.from_)
    assert from_client.from_.name == "XPC connection com.example.courier"
    assert await callers(courier, from_client.from_) == []
    [to_listener] = await callees(courier, from_client.from_)
    assert to_listener.to.name == from_listener.from_.name
    [to_helper] = await callees(courier, to_listener.to)
    [to_shell] = await callees(courier, to_helper.to)
    assert to_shell.to == shell
    [sink] = await callees(courier, shell)
    assert sink.to.name == "process.arguments"
    assert await callees(courier, sink.to) == []


async def test_what_is_on_no_path_has_no_hierarchy(courier: Editor):
    assert await hierarchy(courier, (HELPER, 12, 12)) == []
    assert await hierarchy(courier, ("No.swift", 1, 1)) == []
    [shell] = await hierarchy(courier, ("Helper/Shell.swift", 5, 10))
    for data in (None, {"path": 3}, {"path": "a", "unit": "F nothing"}, [1], "x"):
        shell.data = data
        assert await callers(courier, shell) == []
        assert await callees(courier, shell) == []
    shell.uri = "untitled:Untitled-1"
    assert await callers(courier, shell) == []


async def test_broken_and_hostile_documents_have_empty_answers(courier: Editor):
    client = courier.client
    texts = ("", "func (((", "@protocol\n- (void", "\u0000\ud83d", "class A { func f( " * 200, "😀" * 1000)
    for number, text in enumerate(texts):
        name = f"Broken{number}.{'m' if text.startswith('@') else 'swift'}"
        courier.open(name, text)
        document, far = courier.document(name), types.Position(2**31 - 1, 2**31 - 1)
        everywhere = types.Range(types.Position(0, 0), far)
        answers: list[Any] = [
            await client.text_document_code_lens_async(types.CodeLensParams(document)),
            await client.text_document_inlay_hint_async(types.InlayHintParams(document, everywhere)),
            await client.text_document_document_symbol_async(types.DocumentSymbolParams(document)),
        ]
        for position in (types.Position(0, 0), types.Position(0, 9), far):
            answers += [
                await client.text_document_definition_async(types.DefinitionParams(document, position)),
                await client.text_document_implementation_async(types.ImplementationParams(document, position)),
                await client.text_document_references_async(
                    types.ReferenceParams(types.ReferenceContext(True), document, position)
                ),
                await client.text_document_prepare_call_hierarchy_async(
                    types.CallHierarchyPrepareParams(document, position)
                ),
            ]
        assert not any(answers)
        courier.close(name)
