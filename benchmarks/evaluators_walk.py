"""The evaluator's walk: the real MLflow server, its pages in a real browser, and what they show.

    python benchmarks/evaluators_walk.py --work WORK [--tables TABLES --from DAY --to DAY]
        [--output docs/evaluators]

Fills an MLflow store with the commands of the product (two versions trained, settings tuned, weeks
lived again, the versions compared, one promoted), starts `mlflow server` on it, opens the pages in
Chromium, asserts that they show what docs/evaluators.md says, and writes the screenshots of that
page. Exits 1, naming every page that did not show what it should. Without --tables a small world
is simulated. A store that is there already is not filled again.

Chromium and its driver come from the system's packages (`apt-get install chromium
chromium-driver`; done here when run as root), Selenium from the package index into a virtual
environment of its own below WORK. Nothing is installed into the project's environment.
"""

from __future__ import annotations

import argparse
import base64
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BIN = Path(sys.executable).parent
PATIENCE = 180
"""Seconds a page may take; a shared machine is slow, and a page that hangs must still fail."""
HIDE_PATHS = """
for (const one of document.querySelectorAll("body *"))
    if (one.children.length < 3 && one.innerText && one.innerText.startsWith("Path: file:"))
        one.style.visibility = "hidden";
"""
"""Keeps the folder of the machine that made a screenshot out of it."""
LARGEST = 150_000
"""Bytes of a screenshot in the documentation."""
PAGES = (
    "runs", "one_run", "curves", "report", "plots", "table", "nested", "trials", "model", "version",
)  # fmt: skip
"""In the order of docs/evaluators.md."""
TRAIN = """\
model: {trees: TREES, leaves: 8, threads: 1}
split: {test_days: 40, gap_days: 7, calibration_days: 40}
"""
TUNE = """\
capacity: 1
trials: 3
random_trials: 2
held_out_days: 21
folds: {count: 2, test_days: 14, gap_days: 3}
search: {trees: {low: 20, high: 80, log: true}, leaves: {low: 4, high: 16, log: true}}
"""


def main() -> int:
    """Fill, serve, look; return the exit code."""
    told = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    told.add_argument(
        "--work", type=Path, required=True, help="folder for the store and the browser"
    )
    told.add_argument(
        "--tables", type=Path, help="a tables folder; else a small world is simulated"
    )
    told.add_argument(
        "--from", dest="first", default="2024-03-25", help="first day not learnt from"
    )
    told.add_argument("--to", dest="last", default="2024-04-29", help="day to stop at")
    told.add_argument(
        "--output", type=Path, help="folder for the screenshots; WORK/shots by default"
    )
    asked = told.parse_args()
    work = asked.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    prepare_browser(work)
    if not (work / "filled").exists():
        fill(work, asked.tables and asked.tables.resolve(), asked.first, asked.last)
        (work / "filled").touch()
    output = (asked.output or work / "shots").resolve()
    output.mkdir(parents=True, exist_ok=True)
    with served(work) as address, browser(work) as driver:
        failures = Walk(driver, address, output, Wanted.of(work)).all_pages()
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{len(failures)} failed; screenshots in {output}")
    return 1 if failures else 0


def prepare_browser(work: Path) -> None:
    """Make sure there is a browser, its driver, and Selenium to steer it."""
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        if os.geteuid() != 0:
            sys.exit(
                "Chromium and chromedriver are needed: apt-get install chromium chromium-driver"
            )
        run(["apt-get", "install", "-y", "-q", "chromium", "chromium-driver"], work)
    place = work / "selenium"
    if not place.exists():
        run(
            [sys.executable, "-m", "pip", "install", "-q", "--target", str(place), "selenium"], work
        )
    sys.path.append(str(place))  # last: what the project has installed stays in force


def run(command: list[str], work: Path, *, may_refuse: bool = False) -> None:
    """Run a command in the work folder; its failure is ours, unless it may refuse."""
    shown = " ".join(Path(command[0]).name if at == 0 else word for at, word in enumerate(command))
    print(f"$ {shown}", flush=True)
    kept = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    done = subprocess.run(command, cwd=work, env=kept, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode and not may_refuse:
        sys.exit(f"{shown}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    if done.returncode:
        print(f"  refused: {done.stderr.strip()[-600:]}")


def fill(work: Path, tables: Path | None, first: str, last: str) -> None:
    """Leave in a store what a data scientist and an evaluator leave there in a month."""
    targeting = str(BIN / "targeting")
    for name, trees in (("first", 40), ("second", 80)):
        (work / f"{name}.yaml").write_text(TRAIN.replace("TREES", str(trees)))
    (work / "tune.yaml").write_text(TUNE)
    (work / "backtest.yaml").write_text("{blocks: 4, retrain_every: 4}\n")
    if tables is None:
        tables = work / "world" / "tables"
        run([targeting, "simulate", "--preset", "small", "--output", str(tables)], work)
    at, until = ["--tables", str(tables)], ["--until", first]
    days = ["--from", first, "--to", last]
    for name in ("first", "second"):
        run([targeting, "train", *at, *until, "--output", name, "--config", f"{name}.yaml"], work)
    run(
        [targeting, "compare", "models:/targeting@champion", "models:/targeting@challenger",
         *at, *days, "--output", "comparison"], work,
    )  # fmt: skip
    run([targeting, "backtest", *at, "--output", "backtest", "--config", "backtest.yaml",
         "--train-config", "first.yaml"], work)  # fmt: skip
    run([targeting, "tune", *at, "--until", last, "--output", "best.yaml", "--config", "tune.yaml",
         "--train-config", "first.yaml"], work)  # fmt: skip
    promote(work)


def promote(work: Path) -> None:
    """Promote, bring back, promote again: the gates are for people, not for this walk."""
    from targeting.tracking import Store, roll_back, set_champion

    store = Store.local(work)
    evidence = Wanted.of(work).runs["compare"][0]
    set_champion(
        "2", who="A. Evaluator", why="more hits at capacity", evidence=evidence, store=store
    )
    roll_back(who="A. Evaluator", why="too few hits to be sure", store=store)
    set_champion(
        "2", who="A. Evaluator", why="confirmed by the backtest", evidence=evidence, store=store
    )


@dataclass(frozen=True)
class Wanted:
    """What the pages must show, read from the store without the server.

    Parameters
    ----------
    experiment
        Id of the experiment.
    runs
        Ids of the runs by kind, those of their own first and newest first.
    below
        Names of the runs below the first run of a kind.
    precision
        Figure of the newest training run, as the page writes it.
    """

    experiment: str
    runs: dict[str, list[str]]
    below: dict[str, list[str]]
    precision: str

    @classmethod
    def of(cls, work: Path) -> Wanted:
        """Read the store of a work folder."""
        from targeting.tracking.store import EXPERIMENT, Store, connected

        with connected(Store.local(work)) as client:
            found = client.get_experiment_by_name(EXPERIMENT)
            if found is None:
                sys.exit("the store has no experiment `targeting`")
            every = client.search_runs([found.experiment_id])
        parent = "mlflow.parentRunId"
        own = [one for one in every if parent not in one.data.tags]
        runs = {kind: [one.info.run_id for one in own if one.data.tags["kind"] == kind]
                for kind in {one.data.tags["kind"] for one in own}}  # fmt: skip
        below = {
            kind: [str(one.info.run_name) for one in every if one.data.tags.get(parent) == ids[0]]
            for kind, ids in runs.items()
        }
        newest = next(one for one in own if one.info.run_id == runs["train"][0])
        return cls(found.experiment_id, runs, below, f"{newest.data.metrics['auc']:.3f}"[:5])


@contextmanager
def served(work: Path) -> Iterator[str]:
    """Serve the store on the loopback, and stop the server afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    quiet = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    command = [
        str(BIN / "mlflow"), "server", "--backend-store-uri", f"sqlite:///{work / 'mlflow.db'}",
        "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    with (work / "server.log").open("w") as log:
        server = subprocess.Popen(  # noqa: S603 - our own environment's program
            command, cwd=work, env=quiet, stdout=log, stderr=log, start_new_session=True
        )
        try:
            until(lambda: answers(address), f"the server answers ({work / 'server.log'})")
            yield address
        finally:
            os.killpg(server.pid, 15)
            server.wait(60)


def answers(address: str) -> bool:
    """Tell whether the server answers yet."""
    try:
        with urllib.request.urlopen(address, timeout=5) as page:  # noqa: S310 - loopback
            return page.status == 200
    except OSError:
        return False


def until(true: Callable[[], object], what: str) -> None:
    """Wait until something is true; a page that never gets there raises."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.5)


@contextmanager
def browser(work: Path) -> Iterator[Any]:
    """Open Chromium without a window."""
    from selenium import webdriver  # pyright: ignore[reportMissingImports]
    from selenium.webdriver.chrome.options import Options  # pyright: ignore[reportMissingImports]
    from selenium.webdriver.chrome.service import Service  # pyright: ignore[reportMissingImports]

    options = Options()
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1360,960",
        "--hide-scrollbars",
        f"--user-data-dir={work / 'chrome'}",
    ):
        options.add_argument(flag)  # fmt: skip
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.set_page_load_timeout(PATIENCE)
    try:
        yield driver
    finally:
        driver.quit()


class Walk:
    """One evaluator, one browser, the pages in the order of docs/evaluators.md."""

    def __init__(self, driver: Any, address: str, output: Path, wanted: Wanted) -> None:
        self.driver, self.address, self.output, self.wanted = driver, address, output, wanted
        self.home = f"#/experiments/{wanted.experiment}/runs"

    def all_pages(self, only: Sequence[str] = ()) -> list[str]:
        """Look at every page, or only at some; return what was wrong."""
        from selenium.common.exceptions import (  # pyright: ignore[reportMissingImports]
            WebDriverException,
        )

        self.settle_in()
        failures = []
        for name in only or PAGES:
            page = getattr(self, name)
            try:
                page()
            except (TimeoutError, WebDriverException) as error:
                self.shoot(f"failed_{name}")
                first = (str(error).splitlines() or [type(error).__name__])[0]
                failures.append(f"{name}: {first}")
            else:
                print(f"ok {name}", flush=True)
        return failures

    def settle_in(self) -> None:
        """Put MLflow's assistant away and choose the pages for models, as a user does once."""
        self.driver.get(self.address)
        self.driver.execute_script(
            "localStorage.setItem('mlflow.assistant.panelOpen_v1', 'false');"
            "localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true');"
            "localStorage.setItem(`MLflowLocalStorage-1.1-ExperimentView-${arguments[0]}-expandRows`,"
            " 'false');",
            self.wanted.experiment,
        )
        self.driver.refresh()

    def open(self, page: str, *shown: str) -> None:
        """Open a page and wait until it shows every text wanted of it."""
        self.driver.get("about:blank")  # else only the fragment changes, and the page stays
        self.driver.get(f"{self.address}{page}?workflowType=machine_learning")
        for text in shown:
            self.see(text)

    def see(self, text: str) -> None:
        """Wait until the page shows a text."""
        until(lambda: text in self.text(), f"the page does not show {text!r}")

    def text(self) -> str:
        """Return what the page shows now."""
        return self.driver.execute_script("return document.body.innerText") or ""

    def shoot(self, name: str) -> None:
        """Keep a picture of the page, small enough for the documentation."""
        time.sleep(2)  # animations end
        self.driver.execute_script(HIDE_PATHS)
        path = self.output / f"{name}.png"
        path.write_bytes(base64.b64decode(self.driver.get_screenshot_as_base64()))
        shrink(path)

    def runs(self) -> None:
        """See every kind of run in the one experiment, nested ones folded away."""
        self.open(self.home, "Run Name", "train ", "backtest ", "compare ", "tune ")

    def one_run(self) -> None:
        """See a training run show its figures in words, its data by digest, and its version."""
        self.open(
            f"{self.home}/{self.wanted.runs['train'][0]}",
            "kind", "bundle_id", "declarations (", "Registered models", "95 % interval",
            "Hits per opened line at capacity", self.wanted.precision,
        )  # fmt: skip
        self.shoot("run")

    def curves(self) -> None:
        """See figures by day drawn as curves."""
        self.open(f"{self.home}/{self.wanted.runs['train'][0]}/model-metrics", "by_day")
        self.search("by_day")
        until(lambda: self.count("svg.main-svg") > 0, "no chart is drawn")
        self.shoot("curves")

    def report(self) -> None:
        """See the report open in the page, whole."""
        self.artifact("train", "evaluation/report.html")
        until(lambda: self.count("iframe") > 0, "the report is not shown")
        frame = self.driver.find_element("css selector", "iframe")
        self.driver.switch_to.frame(frame)
        try:
            self.see("What these scores would have caught")
            drawn = "return [...document.images].filter(one => one.naturalWidth > 0).length"
            until(lambda: self.driver.execute_script(drawn) >= 4, "the report has no plots")
        finally:
            self.driver.switch_to.default_content()
        self.shoot("report")

    def plots(self) -> None:
        """See each plot open in the page."""
        names = ("gain", "precision", "calibration", "slices", "what_drives_the_score")
        for name in reversed(names):
            self.artifact("train", f"evaluation/plots/{name}.png")
            drawn = "return [...document.images].some(one => one.naturalWidth > 600)"
            until(lambda drawn=drawn: self.driver.execute_script(drawn), f"no {name}.png")
        self.shoot("plot")

    def table(self) -> None:
        """See the parts of the traffic open as a table."""
        self.artifact("train", "tables/slices.json")
        self.see("dimension")
        self.see("office_id")
        self.shoot("table")

    def nested(self) -> None:
        """See each version of a backtest as a run below it."""
        self.open(f"{self.home}/{self.wanted.runs['backtest'][0]}", "backtest", "declarations (")
        self.open(self.home, "backtest ")
        self.unfold("backtest ")
        for name in self.below("backtest"):
            self.see(name)
        self.shoot("runs")

    def trials(self) -> None:
        """See each trial of a study as a run below it."""
        self.open(self.home, "tune ")
        self.unfold("tune ")
        for name in self.below("tune"):
            self.see(name)

    def model(self) -> None:
        """See the versions of the registered model, and which is champion."""
        self.open("#/models/targeting", "Version 1", "Version 2", "champion", "challenger")

    def version(self) -> None:
        """See who made a version champion, why, and on what evidence."""
        self.open("#/models/targeting/versions/2", "champion", "bundle_id", "promotion_0002")
        self.see("made champion by A. Evaluator: confirmed by the backtest")
        self.shoot("version")

    def below(self, kind: str) -> list[str]:
        """Return the names of the runs below the newest run of a kind; none is a failure."""
        names = self.wanted.below.get(kind, [])
        if not names:
            raise TimeoutError(f"no run stands below the {kind} run")
        return names

    def artifact(self, kind: str, path: str) -> None:
        """Open one file of the newest run of a kind."""
        self.open(
            f"{self.home}/{self.wanted.runs[kind][0]}/artifacts/{path}",
            path.rsplit("/", maxsplit=1)[-1],
        )

    def search(self, text: str) -> None:
        """Narrow the charts of a page down."""
        for box in self.driver.find_elements("css selector", "input[placeholder*='earch']"):
            box.send_keys(text)

    def unfold(self, name: str) -> None:
        """Show the runs below one run of the list."""
        unfolded = """
            const link = [...document.querySelectorAll("a")]
                .find(one => one.textContent.startsWith(arguments[0]));
            const plus = link && link.closest("[role=gridcell]").querySelector("button");
            if (plus) plus.click();
            return Boolean(plus);
        """
        until(lambda: self.driver.execute_script(unfolded, name), f"{name!r} cannot be unfolded")

    def count(self, selector: str) -> int:
        """Count what a page holds."""
        return len(self.driver.find_elements("css selector", selector))


def shrink(path: Path) -> None:
    """Bring a screenshot below the size the documentation allows, in fewer colours."""
    from PIL import Image

    with Image.open(path) as picture:
        small = picture.convert("RGB")
    for colours in (256, 128, 64, 32):
        small.quantize(colours).save(path, optimize=True)
        if path.stat().st_size <= LARGEST:
            return
    sys.exit(f"{path.name} is larger than {LARGEST:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
