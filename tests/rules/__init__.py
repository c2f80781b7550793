"""The rules' own files as tests: every case in `rules/<family>/<rule>.md` is run, and bent in the usual ways."""
