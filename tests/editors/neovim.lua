-- The configuration of docs/editors/neovim.md in a real Neovim: squiggle, hover, fix, suppression, fix on save.
local folder = arg[1]
local failures = 0

local function check(name, ok, seen)
  failures = failures + (ok and 0 or 1)
  print((ok and "ok   " or "FAIL ") .. name .. (ok and "" or " " .. vim.inspect(seen)))
end

local function wait(condition) return vim.wait(10000, condition, 10) end
local function line(number) return vim.api.nvim_buf_get_lines(0, number - 1, number, false)[1] end
local function found() return vim.diagnostic.get(0) end

local function act(title)
  vim.lsp.buf.code_action({ apply = true, filter = function(action) return vim.startswith(action.title, title) end })
end

local function run()
  vim.cmd.edit(folder .. "/Neo.swift")
  vim.bo.filetype = "swift"
  check("a finding arrives", wait(function() return #found() == 2 end), found())
  local client = vim.lsp.get_clients({ bufnr = 0, name = "ipclint" })[1]
  check("columns are UTF-8", client.offset_encoding == "utf-8", client.offset_encoding)
  local first = found()[1]
  check("code and source", first.code == "demo/no-shouting" and first.source == "ipclint", first)
  check("after an emoji", first.lnum == 1 and first.col == 23 and first.end_col == 34, first)

  vim.api.nvim_win_set_cursor(0, { 2, 27 })
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  local hover = client:request_sync("textDocument/hover", params, 5000, 0)
  check("hover explains the rule", hover.result.contents.value:find("Say it *quietly*", 1, true) ~= nil, hover)

  act("Whisper instead")
  check("the fix is applied", wait(function() return line(2) == '    let mood = "😀"; whisper(mood)' end), line(2))
  check("and the finding goes", wait(function() return #found() == 1 end), found())

  vim.api.nvim_win_set_cursor(0, { 3, 6 })
  act("Suppress demo/no-shouting here")
  local comment = "    // ipclint:ignore demo/no-shouting -- "
  check("the suppression is written", wait(function() return line(3) == comment end), line(3))
  check("and asks for a reason", wait(function()
    return #found() == 1 and found()[1].code == "ipclint/suppression-without-reason"
  end), found())
  vim.api.nvim_buf_set_lines(0, 2, 3, false, { comment .. "it is a test" })
  check("which settles it", wait(function() return #found() == 0 end), found())

  vim.api.nvim_buf_set_lines(0, 4, 4, false, { '    shout("é")' })
  check("typing brings a finding", wait(function() return #found() == 1 end), found())
  vim.cmd.write()
  local written = vim.fn.readfile(folder .. "/Neo.swift")
  check("saving applies the safe fixes", written[5] == '    whisper("é")', written)
  client:stop()
  check("the server stops", wait(function() return client:is_stopped() end))
end

local ok, problem = xpcall(run, debug.traceback)
check("no error", ok, problem)
os.exit(failures == 0 and 0 or 1)
