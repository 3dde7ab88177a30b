"""What `targeting package` writes installs without a network, and scores as the batch does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from datetime import timedelta
from pathlib import Path
from string import Template

import pandas as pd
import pytest
from tests.small_world import CUT_OFF, World
from typer.testing import CliRunner

from targeting.bundle.bundle import load_bundle
from targeting.bundle.manifest import bundle_id
from targeting.cli import app
from targeting.config import FeatureSettings, ServiceSettings, load
from targeting.deploy.lock import Locked, needed, read_lock
from targeting.deploy.package import (
    FEATURES,
    NOT_FOR_SERVING,
    PAGES,
    WRITTEN,
    Package,
    write_package,
)
from targeting.deploy.wheels import build_wheel, fetch_wheels, requirements_of, with_hashes
from targeting.errors import BundleError, InputError, OutputError
from targeting.scoring.scorer import Scorer
from targeting.scoring.scores import read_scores

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "src" / "targeting" / "deploy" / "templates"
SERVER_STATE = Path("/var/lib/targeting/service")
STOP = CUT_OFF + timedelta(days=1)
HASH = "--hash=sha256:" + "a" * 64


def lock_of(folder: Path, text: str) -> Path:
    path = folder / "requirements.lock"
    path.write_text(text)
    return path


def test_a_lock_file_is_read_with_its_hashes_and_for_this_machine(tmp_path: Path) -> None:
    text = (
        "# made by a tool\n"
        f"NumPy==2.0 ; python_full_version < '3.0' \\\n    {HASH}\n"
        f"NumPy==2.4 ; python_full_version >= '3.0' \\\n    {HASH} \\\n    {HASH[:-1]}b\n"
        f"typing_extensions==4.1 \\\n    {HASH}\n"
    )

    lock = read_lock(lock_of(tmp_path, text))

    both = (f"sha256:{'a' * 64}", f"sha256:{'a' * 63}b")
    assert lock["numpy"] == Locked("numpy", "2.4", both)
    assert lock["typing-extensions"].line() == f"typing-extensions==4.1 {HASH}"
    assert sorted(lock) == ["numpy", "typing-extensions"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("numpy==2.4\n", "numpy without its version or hash"),
        (f"numpy>=2.4 {HASH}\n", "numpy without its version or hash"),
        (f"numpy==2.4 {HASH[:-1]}\n", "numpy without its version or hash"),
        ("-e git+somewhere\n", "a line that is no requirement"),
        ("--index-url https://somewhere\n", "a line that is no requirement"),
    ],
)
def test_a_lock_that_does_not_pin_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_lock(lock_of(tmp_path, text))


def test_a_lock_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the lock file cannot be read"):
        read_lock(tmp_path / "nothing")


def test_what_serving_needs_is_a_part_of_the_lock() -> None:
    lock = read_lock(ROOT / "requirements.lock")
    roots = ["pandas>=2", "mlflow>=3", "lightgbm", "no-such ; sys_platform == 'elsewhere'"]

    chosen = [one.name for one in needed(lock, roots, without=NOT_FOR_SERVING)]

    assert {"pandas", "numpy", "python-dateutil", "lightgbm", "scipy"} <= set(chosen)
    assert "mlflow" not in chosen
    assert "pytest" not in chosen
    assert chosen == sorted(chosen)
    with pytest.raises(InputError, match=r"nonesuch: .*not in the lock file"):
        needed(lock, ["nonesuch"])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.mark.slow
def test_the_wheel_is_the_same_bytes_every_time_and_leaves_the_checkout_alone(
    wheel: Path, tmp_path: Path
) -> None:
    before = sorted(path.name for path in ROOT.iterdir())

    again = build_wheel(ROOT, tmp_path)

    assert again.read_bytes() == wheel.read_bytes()
    assert sorted(path.name for path in ROOT.iterdir()) == before
    assert any(line.startswith("pandas") for line in requirements_of(wheel))


def test_without_a_checkout_there_is_no_wheel(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no pyproject\.toml"):
        build_wheel(tmp_path, tmp_path)


@pytest.mark.slow
def test_a_wheel_with_another_hash_is_refused(wheel: Path, tmp_path: Path) -> None:
    known = with_hashes([wheel])[0]
    (tmp_path / "wheels").mkdir()

    fetch_wheels([known], tmp_path / "wheels", source=wheel.parent)
    assert [path.name for path in (tmp_path / "wheels").iterdir()] == [wheel.name]

    (tmp_path / "other").mkdir()
    foreign = Locked(known.name, known.version, ("sha256:" + "0" * 64,))
    with pytest.raises(InputError, match="wheels cannot be had"):
        fetch_wheels([foreign], tmp_path / "other", source=wheel.parent)
    assert list((tmp_path / "other").iterdir()) == []


@pytest.fixture(scope="module")
def packaged(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package; of its libraries only where TARGETING_PACKAGE_FULL asks for them.

    Downloading and installing them takes minutes, `make package-test` does it.
    """
    output = tmp_path_factory.mktemp("packaged") / "package"
    lock = ROOT / "requirements.lock"
    with pytest.MonkeyPatch.context() as patch:
        if not is_full():
            patch.setattr("targeting.deploy.package.needed", lambda *_, **__: [])
            patch.setattr("targeting.deploy.package.fetch_wheels", lambda *_, **__: None)
        report = write_package(Package(world.bundle, ROOT, lock), output)
    assert report.bundle_id == bundle_id(world.bundle)
    return output


def is_full() -> bool:
    return bool(os.environ.get("TARGETING_PACKAGE_FULL"))


def steps_of(dockerfile: Path) -> list[str]:
    """Give the commands of the RUN lines, without the marks only a builder of images knows."""
    text = dockerfile.read_text().replace("\\\n", "")
    runs = re.findall(r"^RUN (.*)$", text, flags=re.MULTILINE)
    return [re.sub(r"--mount=\S+", "", run) for run in runs]


def run_steps(package: Path, root: Path) -> dict[str, str]:
    """Do what the Dockerfile does, below another folder, with every way to an index closed."""
    for name in ("bundle", "requirements.lock"):
        whole = package / name
        (shutil.copytree if whole.is_dir() else shutil.copyfile)(whole, root / name)
    closed = {
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "NUMBA_CACHE_DIR": f"{root}/compiled",
    }
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    environment = kept | closed | {"LD_LIBRARY_PATH": f"{root}/lib", "OMP_NUM_THREADS": "1"}
    for step in steps_of(package / "Dockerfile"):
        if step.startswith("useradd"):
            continue
        here = step.replace("/opt/targeting", str(root)).replace("/wheels", f"{package}/wheels")
        here = here.replace("python3 -m venv", f"{sys.executable} -m venv")
        done = subprocess.run(  # noqa: S602 - the package's own steps
            here, shell=True, env=environment, cwd=root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        if "pip install" in here and not is_full():
            purelib = next((root / "venv").glob("lib/python*/site-packages"))
            (purelib / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment


@pytest.mark.slow
def test_the_dockerfile_s_steps_install_and_score_without_an_index(
    packaged: Path, world: World, tmp_path: Path
) -> None:
    root = tmp_path / "server"
    root.mkdir()
    environment = run_steps(packaged, root)
    output = tmp_path / "scores.parquet"
    command = [
        *(str(root / "venv/bin/targeting"), "score", "--model", str(root / "bundle")),
        *("--tables", str(world.tables.path), "--from", str(CUT_OFF), "--to", str(STOP)),
        *("--output", str(output)),
    ]

    done = subprocess.run(  # noqa: S603 - the program just installed
        command, env=environment, capture_output=True, text=True, check=False
    )

    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    expected = Scorer.load(world.bundle).score(world.tables, start=CUT_OFF, stop=STOP)
    found = read_scores(output).rows
    numbers = expected.rows.drop(columns=["reasons", "similar"])
    pd.testing.assert_frame_equal(found[numbers.columns.tolist()], numbers, check_exact=True)
    where = subprocess.run(  # noqa: S603
        [str(root / "venv/bin/python"), "-c", "import targeting; print(targeting.__file__)"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(root))


@pytest.mark.slow
def test_a_package_says_what_is_in_it(packaged: Path, world: World) -> None:
    own = bundle_id(world.bundle)

    assert {path.name for path in packaged.iterdir()} == {
        *WRITTEN, FEATURES, "docs", "wheels", "bundle", "requirements.lock",
    }  # fmt: skip
    assert {path.name for path in (packaged / "docs").iterdir()} == set(PAGES)
    for name in WRITTEN:
        text = (packaged / name).read_text()
        assert "$bundle_id" not in text
        assert "$$" not in text
        assert str(Path.home()) not in text
    dockerfile = (packaged / "Dockerfile").read_text()
    assert f"targeting with bundle {own}" in dockerfile
    for wanted in ("USER 10001", "HEALTHCHECK", "--no-index", "--require-hashes", "FROM ${BASE}"):
        assert wanted in dockerfile
    assert '"127.0.0.1:8080:8080"' in (packaged / "compose.yaml").read_text()
    assert os.access(packaged / "targeting", os.X_OK)
    for line in (packaged / "requirements.lock").read_text().splitlines():
        assert re.fullmatch(r"[a-z0-9-]+==\S+ --hash=sha256:[0-9a-f]{64}", line)
    assert bundle_id(packaged / "bundle") == own


@pytest.mark.slow
def test_a_package_brings_the_settings_of_its_bundle_and_of_a_server(
    packaged: Path, world: World
) -> None:
    trained_with = load_bundle(world.bundle).manifest.features
    service = load(ServiceSettings, packaged / "service.yaml")

    assert load(FeatureSettings, packaged / FEATURES) == trained_with
    assert service == ServiceSettings(state=SERVER_STATE, close_after_minutes=0.0)


def test_the_package_s_page_and_the_operators_page_install_alike() -> None:
    operators = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```\ncd /media/targeting/package\n(.*?)```", operators, flags=re.DOTALL)
    page = (TEMPLATES / "INSTALL.md").read_text(encoding="utf-8")
    steps = page.partition("## Without")[2].partition("##")[0]
    lines = [line.strip() for line in steps.splitlines() if line.startswith("    ")]

    assert [line.replace("bundles/$bundle_id", "bundles/first") for line in lines] == (
        block.splitlines()
    )


def run_wrapper(folder: Path, environment: str) -> str:
    """Run the operators' command with `runuser` replaced by one that tells what it was given."""
    (folder / "environment").write_text(environment, encoding="utf-8")
    runuser = folder / "runuser"
    runuser.write_text('#!/bin/sh\nprintf "%s|" "$@"; env\n', encoding="utf-8")
    runuser.chmod(0o755)
    text = Template((TEMPLATES / "targeting").read_text(encoding="utf-8")).substitute()
    text = text.replace("/etc/targeting/environment", str(folder / "environment"))
    text = text.replace("cd /var/lib/targeting", "cd /")
    done = subprocess.run(  # noqa: S603 - our own script
        ["/bin/sh", "-c", text, "targeting", "keys", "a b"],
        env={"PATH": f"{folder}:/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def test_the_operators_command_runs_as_the_service_s_user_with_its_environment(
    tmp_path: Path,
) -> None:
    told = run_wrapper(tmp_path, "# a note\n\nMLFLOW_TRACKING_URI=sqlite:////x y;z$(id)\nLAST=1")

    called, _, rest = told.rpartition("|")
    assert called == "-u|targeting|--|/opt/targeting/venv/bin/targeting|keys|a b"
    assert {
        "MLFLOW_TRACKING_URI=sqlite:////x y;z$(id)", "LAST=1", "HOME=/var/lib/targeting",
    } <= set(rest.splitlines())  # fmt: skip


@pytest.mark.slow
def test_a_wheel_changed_in_the_package_is_not_installed(packaged: Path, tmp_path: Path) -> None:
    package = Path(shutil.copytree(packaged, tmp_path / "package"))
    wheel = next((package / "wheels").glob("targeting-*.whl"))
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    (tmp_path / "server").mkdir()

    with pytest.raises(AssertionError, match="THESE PACKAGES DO NOT MATCH THE HASHES"):
        run_steps(package, tmp_path / "server")


def test_a_changed_bundle_is_not_packaged(world: World, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(world.bundle, tmp_path / "bundle"))
    (copy / "MODEL_CARD.md").write_text("")

    with pytest.raises(BundleError, match=r"MODEL_CARD\.md was changed"):
        write_package(Package(copy, ROOT, ROOT / "requirements.lock"), tmp_path / "package")
    assert not (tmp_path / "package").exists()


def test_a_package_replaces_no_folder_of_other_things(world: World, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(OutputError, match="will not delete"):
        write_package(Package(world.bundle, ROOT, ROOT / "requirements.lock"), tmp_path)


@pytest.mark.parametrize("command", ["package", "freshen"])
def test_the_commands_help_with_an_example(command: str) -> None:
    told = CliRunner().invoke(app, [command, "--help"])

    assert told.exit_code == 0
    assert f"Example: targeting {command} --model models/bundle" in " ".join(told.output.split())


def test_freshen_by_command(world: World, tmp_path: Path) -> None:
    arguments = [
        *("freshen", "--model", str(world.bundle), "--tables", str(world.tables.path)),
        *("--to", str(STOP), "--output", str(tmp_path / "fresh")),
    ]

    told = CliRunner().invoke(app, arguments)

    assert told.exit_code == 0, told.output
    made = bundle_id(tmp_path / "fresh")
    assert f"bundle {made}, profiles as of 2024-03-16" in told.output
