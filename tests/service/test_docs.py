"""What the pages for callers and operators say runs as it stands there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.service.conftest import live_with
from typer.testing import CliRunner

from targeting.cli import app
from targeting.config import ServiceSettings, load
from targeting.service.problems import TITLES
from targeting.service.server import ServeOptions

ROOT = Path(__file__).resolve().parents[2]
CALLERS = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")
OPERATORS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
UNIT = ROOT / "src" / "targeting" / "deploy" / "templates" / "targeting.service"

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def blocks(text: str) -> list[str]:
    """Return the shell blocks of a page."""
    return re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)


@needs_curl
def test_the_examples_for_callers_run(tmp_path):
    examples = [one for one in blocks(CALLERS) if one.startswith("curl")]
    assert len(examples) >= 3
    with live_with(ServiceSettings(state=tmp_path)) as live:
        for example in examples:
            script = example.replace("http://127.0.0.1:8080", live.url)
            told = subprocess.run(  # noqa: S603 - our own page
                ["/bin/sh", "-euc", script], env={"KEY": live.written, "PATH": "/usr/bin:/bin"},
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            answers = [json.loads(part) for part in re.split(r"(?<=})(?={)", told.stdout)]
            assert answers
            assert not [one for one in answers if "status" in one], told.stdout


def test_every_kind_of_problem_is_on_the_page():
    rows = [line for line in CALLERS.splitlines() if re.match(r"\| [45]\d\d", line)]
    told = {kind for line in rows for kind in re.findall(r"`([a-z-]+)`", line.split("|")[2])}
    assert told == set(TITLES)
    codes = {int(code) for line in rows for code in re.findall(r"\d{3}", line.split("|")[1])}
    assert codes == {status for status, _ in TITLES.values()}


def test_the_settings_of_the_repository_are_the_defaults():
    kept = load(ServiceSettings, ROOT / "configs" / "service.yaml")
    assert kept.model_copy(update={"shortlist": ServiceSettings().shortlist}) == ServiceSettings()
    assert kept.shortlist.random_share == 0.1


def unit_command() -> list[str]:
    (line,) = re.findall(r"^ExecStart=(.*)$", UNIT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return line.split()


def test_the_unit_starts_the_command_with_options_it_has():
    _, *arguments = unit_command()
    help_text = CliRunner().invoke(app, ["serve", "--help"]).output
    assert arguments[0] == "serve"
    options = dict(zip(arguments[1::2], arguments[2::2], strict=True))
    assert [name for name in options if name not in help_text] == []
    ServeOptions(model=options["--model"], profiles=options["--profiles"])


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    program = unit_command()[0]
    text = UNIT.read_text(encoding="utf-8").replace(program, sys.executable)
    (tmp_path / "targeting.service").write_text(text, encoding="utf-8")
    told = subprocess.run(  # noqa: S603 - our own file
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "targeting.service")],  # noqa: S607
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (told.returncode, told.stdout + told.stderr) == (0, "")


def test_every_metric_of_the_table_is_measured(service):
    table = [line for line in OPERATORS.splitlines() if line.startswith("| `targeting_")]
    named = {name for line in table for name in re.findall(r"`(targeting_\w+)", line.split("|")[1])}
    assert len(named) >= 10
    measured = service.client.get("/metrics").text
    assert [name for name in sorted(named) if f"# HELP {name} " not in measured] == []
