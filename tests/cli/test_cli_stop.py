"""A run that is stopped leaves nothing half-written and shows no traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).parent / "targeting"


def _as_in_a_terminal() -> None:
    """A shell that starts its jobs in the background makes them deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_training_leaves_nothing(house, tmp_path, number, code):
    words = house.train(tmp_path / "deep" / "bundle")
    with subprocess.Popen(  # noqa: S603 - our own program
        [str(PROGRAM), *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_as_in_a_terminal,  # noqa: PLW1509 - no threads are running here
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("build features"):
                break
        running.send_signal(number)
        out, err = running.communicate(timeout=120)
    assert running.returncode == code
    assert "Traceback" not in out + err
    assert list(tmp_path.iterdir()) == []
