;; The configuration of docs/editors/emacs.md in a real Emacs with eglot: finding, code action, edit, finding gone.
(require 'package)
(package-initialize)
(require 'eglot)
(load (expand-file-name "configuration.el" (getenv "FOLDER")))
(setq eglot-sync-connect 10 eglot-autoshutdown nil eglot-confirm-server-initiated-edits nil)
(defvar failures 0)

(defun check (name ok &optional seen)
  (unless ok (setq failures (1+ failures)))
  (princ (format "%s %s%s\n" (if ok "ok  " "FAIL") name (if ok "" (format " %S" seen)))))

(defun wait (condition)
  (let ((end (+ (float-time) 10)) result)
    (while (and (not (setq result (funcall condition))) (< (float-time) end))
      (accept-process-output nil 0.02))
    result))

(defun found ()
  (flymake-start)
  (flymake-diagnostics))

(define-derived-mode swift-mode prog-mode "Swift")
(add-to-list 'auto-mode-alist '("\\.swift\\'" . swift-mode))
(find-file (expand-file-name "Em.swift" (getenv "FOLDER")))
(apply #'eglot (eglot--guess-contact))
(check "the server is found and manages the buffer" (wait #'eglot-managed-p))
(flymake-mode 1)
(remove-hook 'flymake-diagnostic-functions #'flymake-proc-legacy-flymake t)
(check "a finding arrives" (wait (lambda () (= 1 (length (found))))) (found))
(let ((finding (car (found))))
  (check "its text" (string-match-p "heard by everyone" (flymake-diagnostic-text finding)) (flymake-diagnostic-text finding))
  (goto-char (flymake-diagnostic-beg finding))
  (check "after an emoji" (looking-at-p "shout(mood)") (buffer-substring (point) (line-end-position))))
(let ((actions (append (eglot-code-actions (point) (point) nil nil) nil)))
  (check "what can be done" (equal (mapcar (lambda (action) (plist-get action :title)) actions)
                                   '("Whisper instead"
                                     "Suppress demo/no-shouting here; write the reason behind the dash"
                                     "Suppress demo/no-shouting in this file; write the reason behind the dash"
                                     "Turn demo/no-shouting off in ipclint.toml"
                                     "Apply all safe ipclint fixes (1)"))
         actions)
  (eglot--apply-workspace-edit (plist-get (car actions) :edit)))
(check "the fix is applied" (save-excursion (goto-char (point-min)) (search-forward "whisper(mood)" nil t)) (buffer-string))
(eglot--signal-textDocument/didChange) ; idle timers do not run in batch
(check "and the finding goes" (wait (lambda () (null (found)))) (found))
(save-buffer)
(eglot-shutdown (eglot-current-server))
(kill-emacs (if (= failures 0) 0 1))
