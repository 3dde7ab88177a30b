"""The program: every command, one way of telling a mistake."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from targeting.cli.common import app, console
from targeting.errors import TargetingError

# Importing a module adds its commands; `--help` lists them in this order, that of the work.
from targeting.cli import data, learning, tune, lists, explaining  # isort: skip
from targeting.cli import judging, backtest, versions, profiles, online, serving  # isort: skip
from targeting.cli import packaging  # isort: skip

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS = (
    data, learning, tune, lists, explaining, judging, backtest, versions, profiles, online, serving,
    packaging,
)  # fmt: skip
"""Modules with commands."""


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show an error's traceback too.")] = False,
) -> None:
    """From declarations to a shortlist of what to open, with the reason for each line.

    Begin with: targeting demo
    """
    del debug  # `main` looks for it: it is what prints errors


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let a polite kill end the run as Ctrl-C does, so that nothing half-written stays behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main() -> None:
    """Run the command line; the entry point of the `targeting` program."""
    # Read when LightGBM loads: waiting threads then sleep instead of burning a shared core.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Sums of a few numbers wake every core for nothing, and differ in the last bit by their count.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        with _stoppable():
            app()
    except TargetingError as error:
        if debug:
            console.print_exception()
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
