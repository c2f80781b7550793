// Runs the mocha tests of test/host inside the extension host of a window, with the packaged extension.

const OURS = "ipclint-tests:";

/** 0 when every test passed, else what went wrong; the results are printed. */
export async function runHostTests(editor, workspace, tests) {
  const remote = (place) => `vscode-remote://${editor.origin}${place}`;
  const payload = [
    ["extensionDevelopmentPath", remote(editor.extension)],
    ["extensionTestsPath", remote(tests)],
  ];
  const said = ([first, ...rest]) => first === OURS && console.log(rest.join(" "));
  let finish;
  const finished = new Promise((resolve) => (finish = resolve));
  const page = await editor.open(workspace, payload, async (page) => {
    await page.exposeFunction("codeAutomationLog", (_, words) => said(words.map(String)));
    await page.exposeFunction("codeAutomationExit", (code) => finish(code));
  });
  const code = await Promise.race([finished, page.waitForTimeout(180_000).then(() => "no end after 180 s")]);
  await page.context().close();
  return code;
}
