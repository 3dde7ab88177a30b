"""A model by its registry name, and a registry that is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).parent / "targeting"


def _score(house, folder: Path, uri: str) -> subprocess.CompletedProcess[str]:
    words = house.score(folder / "results" / "scores.parquet", model=Path("x"))
    words[words.index("x")] = "models:/targeting@champion"
    env = {**os.environ, "MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    return subprocess.run(  # noqa: S603 - our own program
        [str(PROGRAM), *words],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    "uri",
    [
        "sqlite:///{file}/mlflow.db",
        pytest.param("nonsense://here", marks=pytest.mark.slow),
        pytest.param("http://127.0.0.1:9", marks=pytest.mark.slow),
        pytest.param("", marks=pytest.mark.slow),
    ],
)
def test_a_registry_that_is_not_there(house, tmp_path, uri):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    ended = _score(house, tmp_path, uri.format(file=tmp_path / "file"))
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    told = ended.stderr.splitlines()[-1]
    assert told.startswith("error: ")
    assert "the MLflow store cannot be reached" in told or "the registry has no such model" in told
    assert not (tmp_path / "results").exists()
