"""One module a format; each has `write(sheet, out)`."""
