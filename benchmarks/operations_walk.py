"""Walk through docs/operations.md on a server of its own, running its commands as they stand there.

The server is Debian under systemd, booted by systemd-nspawn with no network but loopback; the
page's blocks run in it as root, with days, key ids and the promoter's name put in. As root, in the
checkout, on Debian with `debootstrap` and `systemd-container` installed:

    python -m benchmarks.operations_walk /var/tmp/try-operations

It takes about ten minutes and 3 GB, and leaves the folder: a second walk begins with a new server
and new packages, but keeps Debian and what was trained today. It is no part of `make check`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "operations.md"
ZONE = ZoneInfo("Asia/Baku")
NEEDED = "systemd,systemd-sysv,dbus,python3,python3-venv,curl,procps"  # what the page asks for
ASK = "http://127.0.0.1:8080"
STATE = "/var/lib/targeting"
SMALL = "model: {trees: 30, leaves: 8}\ncapacity: 2\n"
MAIN = "systemctl show --property MainPID --value targeting"


def told(text: str) -> None:
    """Say what holds."""
    print(f"{datetime.now(ZONE):%H:%M:%S}  {text}", flush=True)


def require(*, holds: bool, what: str, found: object = "") -> None:
    """Stop the walk where the page is wrong; tell what holds otherwise."""
    if not holds:
        sys.exit(f"FAILED  {what}: {found}")
    told(what)


def blocks() -> dict[str, list[str]]:
    """Return the blocks of commands of each numbered section of the page."""
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {
        one.partition(".")[0]: re.findall(r"```\n(.*?)```", one, flags=re.DOTALL)
        for one in sections
    }


@dataclass
class Bench:
    """What is made on the machine with a network, and carried over in `media`."""

    work: Path
    today: date = field(default_factory=lambda: datetime.now(ZONE).date())

    @property
    def media(self) -> Path:
        """The stick."""
        return self.work / "media"

    @property
    def world(self) -> Path:
        """A simulated port whose last days are these."""
        return self.work / f"world-{self.today}"

    def prepare(self) -> None:
        """Bootstrap Debian, simulate, train twice, unless that was done; package twice."""
        self.work.mkdir(parents=True, exist_ok=True)
        if not (self.work / "base").is_dir():
            told("Debian is bootstrapped")
            run("debootstrap", "--variant=minbase", f"--include={NEEDED}", "bookworm",
                self.work / "base.part")  # fmt: skip
            (self.work / "base.part").rename(self.work / "base")
        if not self.world.is_dir():
            told("a port is simulated, and two versions are trained")
            self._world()
        told("two packages are made of this checkout")
        shutil.rmtree(self.media, ignore_errors=True)
        self.media.mkdir()
        for name, options in (("package", ()), ("june", ("--whole",))):
            bundle, output = self.world / name, self.media / name
            targeting("package", "--model", bundle, "--output", output, "--source", ROOT, *options)
        self._tables()

    def _world(self) -> None:
        settings, train = self.work / "simulate.yaml", self.work / "train.yaml"
        first = self.today - timedelta(days=119)
        settings.write_text(f"preset: small\nfirst_day: '{first}'\ndays: 125\n", encoding="utf-8")
        train.write_text(SMALL, encoding="utf-8")
        tables = self.work / "world.part" / "tables"
        targeting("simulate", "--config", settings, "--output", tables)
        for name, days in (("package", 45), ("june", 40)):
            bundle = self.work / "world.part" / name
            until = self.today - timedelta(days=days)
            how = ("--config", train, "--features", ROOT / "configs" / "features.yaml")
            made = ("--tables", tables, "--output", bundle, "--until", until, "--no-track")
            targeting("train", *made, *how)
        (self.work / "world.part").rename(self.world)

    def _tables(self) -> None:
        """Carry over what was known this morning."""
        (self.media / "tables").mkdir()
        midnight = pd.Timestamp(self.today, tz=ZONE)
        for name, column in (("declarations", "lodged_at"), ("inspections", "result_known_at")):
            frame = pd.read_parquet(self.world / "tables" / f"{name}.parquet")
            known = frame[frame[column] < midnight]
            known.to_parquet(self.media / "tables" / f"{name}.parquet")

    def rows(self, name: str, column: str, day: date) -> list[dict[str, Any]]:
        """Return the rows of one local day as a request holds them."""
        frame = pd.read_parquet(self.world / "tables" / f"{name}.parquet")
        frame = frame[frame[column].dt.tz_convert(ZONE).dt.date == day]
        rows = json.loads(frame.to_json(orient="records", date_format="iso", date_unit="us"))
        return [{key: value for key, value in row.items() if value is not None} for row in rows]

    def declarations(self, day: date) -> list[dict[str, Any]]:
        """Return what was lodged on a day."""
        return self.rows("declarations", "lodged_at", day)

    def results(self, day: date) -> list[dict[str, Any]]:
        """Return what became known on a day."""
        return self.rows("inspections", "result_known_at", day)


def run(*command: object) -> str:
    """Run a command here; its output is shown where it fails."""
    done = subprocess.run(
        [str(one) for one in command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"FAILED  {command}: {(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def targeting(*arguments: object) -> str:
    """Run the checkout's own program."""
    return run(sys.executable, "-c", "from targeting.cli import main; main()", *arguments)


class Server:
    """A machine of its own under systemd, with no way out."""

    def __init__(self, bench: Bench) -> None:
        self._bench, self._root = bench, bench.work / "server"
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = ""
        self.keys: dict[str, str] = {}
        shutil.rmtree(self._root, ignore_errors=True)
        run("cp", "-a", bench.work / "base", self._root)

    def boot(self) -> None:
        """Start it, and wait until systemd has."""
        command = [
            "systemd-nspawn", "--boot", "--quiet", "--register=no", "--keep-unit",
            # Without these the unit's IPAddressDeny= could not be held: it is a BPF program.
            "--capability=CAP_BPF,CAP_NET_ADMIN,CAP_PERFMON", "--system-call-filter=bpf",
            "--private-network", "--console=read-only", "--machine=try-operations",
            f"--bind-ro={self._bench.media}:/media/targeting", f"--directory={self._root}",
        ]  # fmt: skip
        with (self._bench.work / "console.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        for _ in range(300):
            time.sleep(0.2)
            self._leader = children.read_text().strip() if children.exists() else ""
            if (
                self._leader
                and self.try_("test -S /run/systemd/private && systemctl is-system-running --wait")[
                    0
                ]
                == 0
            ):
                return
        sys.exit("FAILED  systemd does not boot; see console.log")

    def power_off(self) -> None:
        """Shut it down as an operator would."""
        if self._process is not None:
            self.try_("systemctl poweroff")
            self._process.wait(90)

    def try_(self, script: str, **environment: str) -> tuple[int, str]:
        """Run lines as root; return how they ended and what they said."""
        clean = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        given = [f"{key}={value}" for key, value in (clean | environment).items()]
        done = subprocess.run(
            ["nsenter", "--target", self._leader, "--all", "--wdns=/root", "--",
             "env", "-i", *given, "bash", "-euc", script],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    def run(self, script: str, **environment: str) -> str:
        """Run lines as root that must succeed."""
        code, said = self.try_(script, **environment)
        if code:
            sys.exit(f"FAILED  with {code}:\n{script}\n{said[-3000:]}\n{self.log()[-3000:]}")
        return said

    def log(self) -> str:
        """Return the service's log."""
        return self.try_("journalctl --unit targeting --no-pager --output cat | tail -n 60")[1]

    def ask(
        self, method: str, path: str, body: object = None, key: str = "lodging system"
    ) -> tuple[int, Any]:
        """Ask the service from inside, as the lodging system would."""
        data = self._root / "root" / "body.json"
        data.write_text(json.dumps(body), encoding="utf-8")
        given = "" if body is None else "-H 'Content-Type: application/json' -d @body.json"
        said = self.run(
            f'curl -sS -X {method} {given} -H "Authorization: Bearer $KEY" '
            f"-w '\\n%{{http_code}}' '{ASK}{path}'",
            KEY=self.keys.get(key, "none"),
        )
        text, _, status = said.rpartition("\n")
        return int(status), json.loads(text) if text.startswith("{") else text

    def good(self, method: str, path: str, body: object = None, key: str = "lodging system") -> Any:
        """Ask, and stop the walk at any answer but 200."""
        status, answer = self.ask(method, path, body, key)
        if status != 200:
            sys.exit(f"FAILED  {method} {path}: {status} {answer}")
        return answer

    def send(self, day: date) -> tuple[int, int]:
        """Send a day's declarations and results; return how many were new."""
        new = []
        for name in ("declarations", "results"):
            rows = getattr(self._bench, name)(day)
            parts = [rows[at : at + 100] for at in range(0, len(rows), 100)]
            answers = [self.good("POST", f"/v1/{name}", {name: part}) for part in parts]
            require(
                holds=not any(one["refused"] for one in answers), what=f"{name} of {day} are taken"
            )
            new.append(sum(one["new"] for one in answers))
        return new[0], new[1]

    def ready(self) -> dict[str, Any]:
        """Return what /health/ready says."""
        return self.good("GET", "/health/ready")


@dataclass
class Walk:
    """The page, section by section."""

    server: Server
    bench: Bench
    pages: dict[str, list[str]] = field(default_factory=blocks)
    bootstrap: str = "tgk_bootstrap_" + token_urlsafe(32)

    def block(self, section: str, at: int, **environment: str) -> str:
        """Run a block of the page with today's values put in."""
        text = self.pages[section][at]
        text = text.replace("2025-06-01", str(self.first)).replace("--who NAME", "--who walker")
        for old, new in environment.items():
            text = text.replace(old, new)
        return self.server.run(text, KEY=self.server.keys.get("administrators", ""))

    @property
    def first(self) -> date:
        """The day the profiles are made as of: the day before yesterday."""
        return self.bench.today - timedelta(days=2)

    def install(self) -> None:
        """Section 2."""
        server = self.server
        links = server.run("ls /sys/class/net")
        require(holds=links.split() == ["lo"], what="the server has no network", found=links)
        self.block("2", 0)
        told("installed from the package, without an index")
        server.run("sed -i 's/^close_after_minutes.*/close_after_minutes: null/' "
                   "/etc/targeting/service.yaml")  # fmt: skip
        said = self.block("2", 1)
        made = re.findall(r"^tgk_\S+$", said, flags=re.MULTILINE)
        require(holds=len(made) == 2, what="profiles and two keys are made", found=said)
        server.keys = dict(zip(("lodging system", "administrators"), made, strict=True))
        began = time.monotonic()
        said = self.block("2", 2)
        took = time.monotonic() - began
        require(
            holds='"status":"ready"' in said,
            what=f"enabled and started; ready after {took:.0f} s, compiling",
            found=said,
        )

    def sandbox(self) -> None:
        """Check that the unit's sandbox is there, and the service works inside it."""
        server = self.server
        status = server.run(f"cat /proc/$({MAIN})/status")
        for line in ("CapBnd:\t0000000000000000", "CapEff:\t0000000000000000", "NoNewPrivs:\t1",
                     "Seccomp:\t2"):  # fmt: skip
            require(holds=line in status, what=f"the process has {line.split()}", found=status)
        inside = f"nsenter --target $({MAIN}) --mount -- "
        for place in ("/opt", "/etc/targeting", "/usr", "/var/log", "/root", "/home"):
            code, said = server.try_(f"{inside} touch {place}/x")
            require(holds=code != 0, what=f"{place} cannot be written", found=said)
        server.run(f"{inside} sh -c 'touch {STATE}/x /var/cache/targeting/x /tmp/x && "
                   f"rm {STATE}/x /var/cache/targeting/x; ! test -e /dev/sda; "
                   f"! test -e /proc/meminfo'; ! test -e /tmp/x")  # fmt: skip
        compiled = int(server.run("find /var/cache/targeting -name '*.nbc' | wc -l"))
        require(holds=compiled > 20, what=f"{compiled} compiled functions are in the cache")
        code, _ = server.try_(f"systemd-run --quiet --wait -p IPAddressDeny=any -- "
                              f"curl -sf --max-time 3 {ASK}/health/live")  # fmt: skip
        told(f"IPAddressDeny= {'works' if code else 'is NOT enforced'} on this kernel")
        rate = server.run("systemd-analyze security targeting --no-pager | tail -n 1").strip()
        told(rate.lstrip("→ "))

    def day(self) -> None:
        """Section 3: score, keep, close by request, close by itself, list, verify."""
        server, bench = self.server, self.bench
        rows = bench.declarations(self.first)
        scored = server.good("POST", "/v1/score", {"declarations": rows, "explain": True})
        require(holds=len(scored["scores"]) == len(rows), what=f"{len(rows)} scored, with reasons")
        told(f"{server.send(self.first)} declarations and results are new")
        following = self.first + timedelta(days=1)
        status, _ = server.ask("POST", "/v1/score", {"declarations": bench.declarations(following)})
        require(holds=status == 409, what="the next day waits until this one is closed")
        closed = server.good("POST", "/v1/admin/close-day", {"day": str(self.first)},
                             "administrators")  # fmt: skip
        told(f"closed by request: {closed}")
        server.good("POST", "/v1/score", {"declarations": bench.declarations(following)})
        told(f"{server.send(following)} declarations and results are new")
        server.run("sed -i 's/^close_after_minutes.*/close_after_minutes: 0/' "
                   "/etc/targeting/service.yaml; systemctl restart targeting")  # fmt: skip
        self.wait_for(bench.today)
        rows = bench.declarations(bench.today)
        server.good("POST", "/v1/score", {"declarations": rows})
        server.send(bench.today)
        office = rows[0]["office_id"]
        listed = server.good(
            "GET", f"/v1/shortlist?office={office}&day={bench.today}&capacity=3&explain=true"
        )
        told(f"the list of {office}: {sorted(listed)}")
        told(server.run(f"targeting online verify --database sqlite:///{STATE}/profiles.db "
                        "--tables /media/targeting/tables").splitlines()[-1])  # fmt: skip

    def wait_for(self, day: date) -> None:
        """Wait until the service has closed the days before one by itself."""
        for _ in range(60):
            if self.server.ready()["profiles_as_of"] == str(day):
                told(f"closed by itself: profiles stand at {day}")
                return
            time.sleep(1)
        sys.exit(f"FAILED  days are not closed: {self.server.ready()}")

    def backup_and_restore(self) -> None:
        """Section 4."""
        server = self.server
        line = self.bench.declarations(self.bench.today)[0]
        with ThreadPoolExecutor(1) as lodging:
            sent = lodging.submit(self.lodge, line, 40)
            said = self.block("4", 0)
        require(holds=sent.result() == 40, what="40 declarations are kept while it is copied")
        rows = int(re.findall(r"audit of ([\d,]+) rows", said)[0].replace(",", ""))
        told(said.splitlines()[-1])
        _, said = server.try_(f"ls -ln {STATE}/service {STATE}/*.db*")
        told("who owns what:\n" + said)
        more = line | {"declaration_id": "after-the-copy"}
        server.good("POST", "/v1/declarations", {"declarations": [more]})
        said = self.block("4", 1)
        require(holds=f"{rows:,} rows" in said, what=f"restored: audit of {rows} rows", found=said)
        again = server.good("POST", "/v1/declarations", {"declarations": [more]})
        require(holds=again["new"] == 1, what="what came after the copy is sent again", found=again)
        first = server.send(self.bench.today)
        require(holds=first == (0, 0), what="what the copy holds is counted as repeated")

    def lodge(self, line: dict[str, Any], count: int) -> int:
        """Send a line again and again under new ids; return how many were kept."""
        lines = [line | {"declaration_id": f"while-copying-{at}"} for at in range(count)]
        kept = [self.server.good("POST", "/v1/declarations", {"declarations": [one]})["new"]
                for one in lines]  # fmt: skip
        return sum(kept)

    def keys(self) -> None:
        """Section 5."""
        server = self.server
        listed = server.run("targeting keys list --config /etc/targeting/service.yaml")
        (old,) = [line.split()[0] for line in listed.splitlines() if "lodging system" in line]
        created, *rest = self.pages["5"][0].splitlines()
        server.keys["June"] = re.findall(r"^tgk_\S+$", server.run(created), flags=re.MULTILINE)[0]
        time.sleep(3)
        server.good("GET", "/v1/model", key="June")
        server.run("\n".join(rest).replace("0f1e2d3c4b5a", old))
        time.sleep(3)
        status, _ = server.ask("GET", "/v1/model")
        require(holds=status == 401, what="the revoked key is refused within seconds", found=status)
        server.good("GET", "/v1/model", key="June")
        server.keys["lodging system"] = server.keys["June"]
        told(f"key {old} is rotated")

    def model(self) -> None:
        """Section 6, with a bundle folder: upgrade, take back, damage."""
        server = self.server
        before = server.ready()["bundle_id"]
        told(self.block("6", 0).strip())
        after = server.ready()["bundle_id"]
        require(holds=after != before, what=f"upgraded: {before} to {after}")
        told(self.block("6", 1).strip())
        require(holds=server.ready()["bundle_id"] == before, what="taken back")
        server.run("cp -r /opt/targeting/bundles/june /opt/targeting/bundles/bad && "
                   "echo >>/opt/targeting/bundles/bad/MODEL_CARD.md && "
                   "ln -sfn bundles/bad /opt/targeting/bundle")  # fmt: skip
        status, _ = server.ask("POST", "/v1/admin/reload", key="administrators")
        failing = server.good("GET", "/metrics").count("\ntargeting_reload_failing 1")
        require(
            holds=(status, failing, server.ready()["bundle_id"]) == (409, 1, before),
            what=f"a damaged bundle is refused: {server.ready()['reload_failure']}",
            found=(status, failing),
        )
        server.run("ln -sfn bundles/first /opt/targeting/bundle")

    def workers(self) -> None:
        """Run two processes under the same unit, as section 1 says one may."""
        server, folder = self.server, "/run/systemd/system/targeting.service.d"
        server.run(
            f"""
            mkdir -p {folder}
            start=$(sed -n 's/^ExecStart=//p' /etc/systemd/system/targeting.service)
            printf '%s\\n' '[Service]' ExecStart= "ExecStart=$start --workers 2" >{folder}/two.conf
            systemctl daemon-reload && systemctl restart targeting
            """
        )
        rows = self.bench.declarations(self.bench.today)
        scores = [
            server.good("POST", "/v1/score", {"declarations": rows})["scores"] for _ in range(8)
        ]
        require(holds=scores == scores[:1] * 8, what="two workers under the unit score alike")
        server.run(f"rm -r {folder}; systemctl daemon-reload; systemctl restart targeting")

    def registry(self) -> None:
        """Section 6, with the program upgraded to the whole one and a registry on the server."""
        server = self.server
        began = time.monotonic()
        self.block("6", 3)
        told(f"the program is upgraded; installed and ready in {time.monotonic() - began:.0f} s")
        easy = (
            "enough: {examined: 1, hits: 1, days: 1}\noverall: {largest_loss: 0.99}\n"
            "calibration: {largest_error: 0.99, lowest_slope: 0.01, highest_slope: 99}"
        )
        server.run(
            f"""
            cd /etc/targeting
            echo 'MLFLOW_TRACKING_URI=sqlite:///{STATE}/registry/mlflow.db' >environment
            echo 'TARGETING_BOOTSTRAP_KEY={self.bootstrap}' >>environment
            chmod 600 environment
            install -d -o targeting -g targeting -m 700 {STATE}/registry
            echo '{SMALL}' >train.yaml; echo '{easy}' >promote.yaml
            """
        )
        for days in (45, 40):
            until = self.bench.today - timedelta(days=days)
            server.run("targeting train --tables /media/targeting/tables --config "
                       f"/etc/targeting/train.yaml --features /etc/targeting/features.yaml "
                       f"--until {until} --output {STATE}/bundle-{days}")  # fmt: skip
        server.run("sed -i 's#--model /opt/targeting/bundle#--model models:/targeting@champion#' "
                   "/etc/systemd/system/targeting.service\n"
                   "systemctl daemon-reload && systemctl restart targeting")  # fmt: skip
        first = server.good("GET", "/v1/model")
        told(f"the champion is followed: {first['bundle_id']}")
        server.keys["bootstrap"] = self.bootstrap
        server.good("GET", "/v1/model", key="bootstrap")
        told("a first key is taken from the environment")
        start, stop = (self.bench.today - timedelta(days=days) for days in (30, 2))
        server.run("targeting compare models:/targeting/1 models:/targeting/2 --tables "
                   f"/media/targeting/tables --from {start} --to {stop} --capacity 2 "
                   f"--output {STATE}/comparison")  # fmt: skip
        promoted = self.pages["6"][2].replace("/media/targeting/june/comparison",
                                              f"{STATE}/comparison")  # fmt: skip
        promoted = promoted.replace(
            "--who NAME", "--who walker --config /etc/targeting/promote.yaml"
        )
        admin = server.keys["administrators"]
        told(server.run(promoted, KEY=admin).strip())
        second = server.good("GET", "/v1/model")
        require(holds=second["bundle_id"] != first["bundle_id"], what="the new champion is in use")
        server.run("targeting promote --roll-back --why 'worse' --who walker")
        server.good("POST", "/v1/admin/reload", key="administrators")
        back = server.good("GET", "/v1/model")
        require(holds=back["bundle_id"] == first["bundle_id"], what="rolled back")

    def accidents(self) -> None:
        """Kill, stop, refused start, reboot."""
        server = self.server
        began = time.monotonic()
        server.run(f"kill -9 $({MAIN}); sleep 0.5; until systemctl is-active -q targeting; do "
                   "sleep 0.2; done")  # fmt: skip
        server.ready()
        told(f"killed by kill -9: answers again after {time.monotonic() - began:.1f} s")
        began = time.monotonic()
        server.run("systemctl stop targeting")
        took = time.monotonic() - began
        ended = server.run("systemctl show targeting --property Result --property ActiveState")
        require(
            holds=ended.split() == ["Result=success", "ActiveState=inactive"]
            or ended.split() == ["ActiveState=inactive", "Result=success"],
            what=f"stopped in {took:.1f} s, clean",
            found=ended,
        )
        server.run("mv /opt/targeting/bundle /opt/targeting/elsewhere")
        began = time.monotonic()
        code, _ = server.try_("systemctl start targeting")
        took = time.monotonic() - began
        require(holds=code != 0 and took < 30, what=f"a refused start fails in {took:.1f} s")
        said = [line for line in server.log().splitlines() if line.startswith("error:")]
        require(holds=bool(said), what=f"and tells why: {said[-1:]}")
        server.run("systemctl stop targeting; mv /opt/targeting/elsewhere /opt/targeting/bundle; "
                   "systemctl start targeting")  # fmt: skip
        before = server.ready()
        server.power_off()
        server.boot()
        for _ in range(120):
            code, _ = server.try_(f"curl -sf {ASK}/health/ready")
            if code == 0:
                break
            time.sleep(0.5)
        require(holds=server.ready() == before, what=f"rebooted, and it is back: {before}")
        told(server.run("targeting audit verify --config /etc/targeting/service.yaml").strip())

    def watch(self) -> None:
        """Section 7: metrics and logs."""
        metrics = self.server.good("GET", "/metrics")
        named = re.findall(r"^\| `(targeting_\w+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
        absent = [name for name in named if f"# HELP {name} " not in metrics]
        require(holds=not absent, what=f"{len(named)} metrics are measured", found=absent)
        log = self.server.run("journalctl --unit targeting --no-pager --output cat")
        ids = [row["declaration_id"] for row in self.bench.declarations(self.bench.today)]
        require(holds=not [one for one in ids if one in log], what="the log holds no declaration")
        told(self.server.run(f"grep -E 'VmHWM|Threads' /proc/$({MAIN})/status").strip())


def main() -> None:
    """Prepare, boot, walk, shut down."""
    if os.geteuid() != 0 or len(sys.argv) != 2:
        sys.exit("usage, as root: python -m benchmarks.operations_walk FOLDER")
    bench = Bench(Path(sys.argv[1]).resolve())
    bench.prepare()
    server = Server(bench)
    walk = Walk(server, bench)
    try:
        server.boot()
        for step in (
            walk.install, walk.sandbox, walk.day, walk.backup_and_restore, walk.keys, walk.model,
            walk.accidents, walk.workers, walk.registry, walk.watch,
        ):  # fmt: skip
            told(f"--- {step.__name__}")
            step()
    finally:
        server.power_off()
    told("the page holds")


if __name__ == "__main__":
    main()
