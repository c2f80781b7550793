-- What docs/editors/neovim.md says of lenses, hints and navigation, in a real Neovim.
local folder = arg[1]
local failures = 0

local function check(name, ok, seen)
  failures = failures + (ok and 0 or 1)
  print((ok and "ok   " or "FAIL ") .. name .. (ok and "" or " " .. vim.inspect(seen)))
end

local function wait(condition) return vim.wait(20000, condition, 10) end

local function open(name)
  vim.cmd.edit(folder .. "/" .. name)
  if vim.bo.filetype == "" then vim.bo.filetype = "swift" end
  wait(function() return #vim.lsp.get_clients({ bufnr = 0, name = "ipclint" }) == 1 end)
end

local function lens()
  vim.api.nvim_exec_autocmds("CursorHold", { buffer = 0 }) -- as when the cursor rests
  vim.wait(100, function() return false end)
  return vim.lsp.codelens.get(0)[1]
end

local function listed() return #vim.fn.getqflist() end

local function run()
  open("Helper/main.swift")
  local title = "Mach service · 1 client · peer: not checked · 3 methods, 1 reaches Process"
  check("a lens says what stands there", wait(function() return (lens() or { command = {} }).command.title == title end), lens())

  local asked
  vim.ui.select = function(items, options, choose)
    asked = options.prompt
    choose(items[1], 1)
  end
  vim.api.nvim_win_set_cursor(0, { 4, 30 })
  vim.lsp.codelens.run()
  check("it opens what is chosen", wait(function() return vim.api.nvim_buf_get_name(0):find("App/Client.swift", 1, true) end), asked)
  check("and tells the whole story", asked and asked:find("peer authenticated by nothing", 1, true), asked)

  open("Helper/Helper.swift")
  local function hints() return vim.lsp.inlay_hint.get({ bufnr = 0 }) end
  check("hints mark what arrives", wait(function() return #hints() == 3 end), hints())
  local first = hints()[1].inlay_hint
  check("after an emoji", first.label == "⇠ XPC" and first.position.character == 48, first)

  vim.api.nvim_win_set_cursor(0, { 4, 10 })
  vim.lsp.buf.references({ includeDeclaration = false })
  check("the calls in other processes", wait(function() return listed() == 2 end), vim.fn.getqflist())

  open("App/Client.swift")
  vim.api.nvim_win_set_cursor(0, { 8, 18 })
  vim.lsp.buf.implementation()
  check("from a call to the method", wait(function() return vim.api.nvim_buf_get_name(0):find("Helper/Helper.swift", 1, true) end))

  open("Helper/Shell.swift")
  vim.api.nvim_win_set_cursor(0, { 5, 20 })
  vim.fn.setqflist({})
  vim.lsp.buf.incoming_calls()
  check("where the data comes from", wait(function() return listed() == 1 end), vim.fn.getqflist())
end

local ok, problem = xpcall(run, debug.traceback)
check("no error", ok, problem)
os.exit(failures == 0 and 0 or 1)
