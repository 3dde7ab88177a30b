"""The command line: one command per step, each a few lines over the Python API.

Progress goes to stderr, results to stdout. A user's mistake is one paragraph and exit code 1;
`--debug` shows the traceback as well.
"""

from targeting.cli.main import app, main

__all__ = ["app", "main"]
