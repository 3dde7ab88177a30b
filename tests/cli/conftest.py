"""One small world, taken through every command of the installed program once per session."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from targeting import cli

UNTIL, STOP = "2024-04-15", "2024-04-25"
FEW_TREES = "model: {trees: 20, leaves: 7, min_rows_in_leaf: 10}\ncapacity: 2\n"
PROGRAM = Path(sys.executable).parent / "targeting"
PARAGRAPH = re.compile(r"error: .+: .+\. Found: .+[.?] .+\.?")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    def error(self) -> str:
        """The one paragraph of a refusal, after making sure it is one."""
        told = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert self.code == 1, self.err
        assert len(told) == 1, self.err
        assert self.err.splitlines()[-1] == told[0]
        assert PARAGRAPH.fullmatch(told[0]), told[0]
        assert "Traceback" not in self.text
        return told[0]


@dataclass(frozen=True)
class House:
    """Where the session's one run of each command left its results."""

    folder: Path
    ran: dict[str, Ended] = field(default_factory=dict)
    first_day: str = UNTIL
    stop: str = STOP

    def run(self, *arguments: str, hash_seed: str) -> None:
        """Run one command by the installed program and keep what it said."""
        ended = program(*arguments, cwd=self.folder, env={"PYTHONHASHSEED": hash_seed})
        assert ended.code == 0, f"{arguments[0]}: {ended.err}"
        self.ran[arguments[0]] = ended

    def beside(self, folder: Path) -> House:
        """Another house that has nothing yet."""
        return House(folder)

    @property
    def tables(self) -> Path:
        return self.folder / "world" / "tables"

    @property
    def config(self) -> Path:
        return self.folder / "train.yaml"

    @property
    def bundle(self) -> Path:
        return self.folder / "bundle"

    @property
    def scores(self) -> Path:
        return self.folder / "scores.parquet"

    @property
    def shortlist(self) -> Path:
        return self.folder / "shortlist"

    @property
    def report(self) -> Path:
        return self.folder / "report"

    def train(self, output: Path) -> list[str]:
        return [
            *("train", "--tables", str(self.tables), "--output", str(output)),
            *("--config", str(self.config), "--no-track", "--until", UNTIL),
        ]

    def score(self, output: Path, *, model: Path | None = None) -> list[str]:
        return [
            *("score", "--model", str(model or self.bundle), "--tables", str(self.tables)),
            *("--from", UNTIL, "--to", STOP, "--output", str(output)),
        ]

    def draw(self, output: Path, *, scores: Path | None = None) -> list[str]:
        return [
            *("shortlist", "--scores", str(scores or self.scores), "--tables", str(self.tables)),
            *("--capacity", "2", "--output", str(output)),
        ]

    def judge(self, output: Path) -> list[str]:
        return [
            *("evaluate", "--scores", str(self.scores), "--tables", str(self.tables)),
            *("--capacity", "2", "--output", str(output)),
        ]


def program(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Ended:
    """Run the installed program, as a user does."""
    done = subprocess.run(  # noqa: S603 - our own program
        [str(PROGRAM), *arguments],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "120", **(env or {})},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Simulate, check, train, score, list and judge, each by the installed program."""
    made = House(tmp_path_factory.mktemp("house"))
    made.config.write_text(FEW_TREES, encoding="utf-8")
    steps = (
        ["simulate", "--preset", "small", "--output", str(made.tables)],
        ["check", str(made.tables), "--report", str(made.folder / "check.json")],
        made.train(made.bundle),
        made.score(made.scores),
        made.draw(made.shortlist),
        made.judge(made.report),
    )
    for step in steps:
        made.run(*step, hash_seed="1")
    return made


@pytest.fixture(scope="session")
def private(house: House) -> frozenset[str]:
    """Every identifier and name of the world that no message may carry."""
    words: set[str] = set()
    for file in ("declarations", "inspections"):
        table = pq.read_table(house.tables / f"{file}.parquet")
        for name in table.column_names:
            if name.endswith(("_id", "_name")) and name != "office_id":
                words.update(word for word in table[name].unique().to_pylist() if word)
    return frozenset(word for word in words if len(word) >= 5)


Call = Callable[..., Ended]


@pytest.fixture
def call(
    tmp_path: Path, private: frozenset[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Call]:
    """Run a command in this process; what it says is searched for traders."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: object) -> Ended:
        out, err, code = io.StringIO(), io.StringIO(), 0
        monkeypatch.setattr(sys, "argv", ["targeting", *map(str, arguments)])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                cli.main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0
        ended = Ended(code, out.getvalue(), err.getvalue())
        assert not [word for word in private if word in ended.text]
        return ended

    return run


def entries(folder: Path) -> list[str]:
    """Everything below a folder, hidden staging folders included."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A folder for results in which a refused command must leave nothing."""
    folder = tmp_path / "results"
    folder.mkdir()
    yield folder
    assert entries(folder) == []


@pytest.fixture(scope="session")
def tampered(house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle one byte of whose trees was changed after it was packaged."""
    folder = tmp_path_factory.mktemp("tampered") / "bundle"
    shutil.copytree(house.bundle, folder)
    trees = folder / "model.txt"
    trees.write_bytes(trees.read_bytes().replace(b"shrinkage=", b"shrinkage=0", 1))
    return folder
