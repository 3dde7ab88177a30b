"""The contract of design.md section 7: commands, their options, help and exit codes."""

from __future__ import annotations

import pytest

OPTIONS = {
    "tune": (
        "--tables", "--output", "--trials", "--features", "--config", "--train-config",
        "--storage", "--no-track",
    ),
    "backtest": ("--tables", "--output", "--config", "--model", "--truth", "--no-track"),
    "compare": (
        "--tables", "--output", "--from", "--to", "--capacity", "--truth",
        "--accept-learnt-days", "--no-track",
    ),
    "promote": ("--why", "--evidence", "--who", "--config", "--roll-back"),
    "demo": ("--output",),
    "simulate": ("--output", "--config"),
    "ingest": ("--source", "--input", "--output"),
    "check": ("tables",),
    "train": (
        "--tables", "--output", "--until", "--features", "--config", "--no-track", "--engine",
        "--spark-master",
    ),
    "score": (
        "--model", "--tables", "--from", "--to", "--output", "--explain", "--engine",
        "--spark-master", "--language", "--languages",
    ),
    "shortlist": (
        "--scores", "--tables", "--capacity", "--output", "--language", "--languages",
    ),
    "explain": ("--model", "--tables", "--declaration", "--advice", "--language", "--languages"),
    "evaluate": ("--scores", "--tables", "--output"),
}  # fmt: skip


def test_help_lists_every_command(call):
    ended = call("--help")
    assert ended.code == 0
    assert {*OPTIONS, "profiles"} <= set(ended.out.replace("\n", " ").split())


@pytest.mark.parametrize("command", OPTIONS)
def test_help_of_a_command_has_an_example_and_its_options(call, command):
    ended = call(command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert f"Example: targeting {command} " in " ".join(ended.out.split())
    assert [option for option in OPTIONS[command] if option not in ended.out] == []


@pytest.mark.parametrize("command", [one for one in OPTIONS if one != "demo"])
def test_a_command_without_its_options_is_a_usage_error(call, command):
    ended = call(command)
    assert (ended.code, ended.out) == (2, "")
    assert "Missing" in ended.err
    assert "Traceback" not in ended.err


def test_an_unknown_command_is_a_usage_error(call):
    ended = call("targett")
    assert ended.code == 2
    assert "No such command 'targett'" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [("--debug", "check", "nowhere"), ("check", "nowhere", "--debug")],
    ids=["before", "after"],
)
def test_debug_shows_the_traceback_and_still_the_paragraph(call, arguments):
    ended = call(*arguments)
    assert ended.code == 1
    assert "Traceback" in ended.err
    assert ended.err.splitlines()[-1].startswith("error: nowhere: this is not a tables folder.")


def test_without_debug_there_is_the_paragraph_alone(call):
    ended = call("check", "nowhere")
    assert ended.out == ""
    assert len(ended.err.splitlines()) == 1
    assert "Found: nothing of that name." in ended.error()


def test_progress_is_on_stderr_and_results_on_stdout(house):
    for command, ended in house.ran.items():
        assert ended.out.strip(), command
    assert "build features" in house.ran["train"].err
    assert "build features" not in house.ran["train"].out


def test_no_run_names_a_trader(house, private):
    text = "".join(ended.text for ended in house.ran.values())
    assert len(private) > 1000
    assert [word for word in private if word in text] == []
