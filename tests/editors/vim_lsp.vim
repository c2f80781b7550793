" The configuration of docs/editors/vim.md in a real Vim with vim-lsp: findings, a fix chosen from the menu, all safe fixes.

function! Found() abort
    return lsp#get_buffer_diagnostics_counts()['warning']
endfunction

function! Fail(what) abort
    call writefile(['FAIL ' . a:what, 'found: ' . Found(), 'text: ' . string(getline(1, '$'))], '/dev/stderr', 'a')
    cquit!
endfunction

function! Wait(what, Test) abort
    for l:_ in range(200)
        if a:Test()
            call writefile(['ok   ' . a:what], '/dev/stderr', 'a')
            return
        endif
        sleep 50m
    endfor
    call Fail(a:what)
endfunction

function! Choose(title) abort
    let l:menu = popup_list()[0]
    let l:at = match(getbufline(winbufnr(l:menu), 1, '$'), a:title)
    if l:at < 0
        call Fail(a:title)
    endif
    call popup_close(l:menu, l:at + 1)
endfunction

let g:lsp_code_action_ui = 'float'
call lsp#enable()
edit Vi.swift
set filetype=swift
call Wait('findings arrive', {-> Found() == 2})
call cursor(3, 6)
LspCodeAction
call Wait('there is a menu', {-> !empty(popup_list())})
call Choose('Whisper instead')
call Wait('the fix is applied', {-> getline(3) ==# '    whisper(mood)'})
doautocmd TextChanged
call Wait('its finding is gone', {-> Found() == 1})
LspCodeActionSync source.fixAll
call Wait('the fix behind an emoji stands in its place', {-> getline(2) ==# '    let mood = "😀"; whisper(mood)'})
qall!
