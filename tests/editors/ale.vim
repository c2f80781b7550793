" The configuration of docs/editors/vim.md in a real Vim with ALE: findings, hover, a fix chosen from the menu, findings gone.

function! Fail(what) abort
    call writefile(['FAIL ' . a:what, 'found: ' . string(Found()), 'text: ' . string(getline(1, '$'))], '/dev/stderr', 'a')
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

function! Found() abort
    return map(copy(ale#engine#GetLoclist(bufnr(''))), {_, each -> [each.lnum, each.code]})
endfunction

function! Choose(data, items) abort
    let g:offered = map(copy(a:items), {_, item -> item[1].title})
    let l:fix = filter(copy(a:items), {_, item -> item[1].title is# 'Whisper instead'})
    if !empty(l:fix)
        call ale#codefix#ApplyLSPCodeAction(a:data, l:fix[0][1])
    endif
endfunction

let g:ale_hover_to_preview = 1
let g:offered = []
edit Vi.swift
set filetype=swift
call Wait('findings arrive', {-> Found() ==# [[2, 'demo/no-shouting'], [3, 'demo/no-shouting']]})
call append(0, '// moved')
ALELint
call Wait('they move with the text', {-> Found() ==# [[3, 'demo/no-shouting'], [4, 'demo/no-shouting']]})

call cursor(4, 6)
ALEHover
call Wait('the finding is explained', {-> bufwinnr('ALEPreviewWindow') > 0
\   && join(getbufline('ALEPreviewWindow', 1, '$')) =~# 'heard by everyone'})
pclose

call ale#codefix#Execute(0, function('Choose'))
call Wait('the fix is applied', {-> getline(4) ==# '    whisper(mood)'})
if index(g:offered, 'Turn demo/no-shouting off in ipclint.toml') < 0
    call Fail('what can be done: ' . string(g:offered))
endif
ALELint
call Wait('its finding is gone', {-> Found() ==# [[3, 'demo/no-shouting']]})
qall!
