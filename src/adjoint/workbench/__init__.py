"""The workbench: a local page on which expressions and functions are stepped through, edited and compared."""
