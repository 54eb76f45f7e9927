"""The command line: options, and errors in one line."""
