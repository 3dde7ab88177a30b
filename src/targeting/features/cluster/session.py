"""Features on a Spark cluster.

The one module that opens Spark; `reader` reads with it, `replays` replays on it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.errors import InputError
from targeting.features.build import Built, computed_from
from targeting.features.cluster.plan import allow_pandas
from targeting.features.cluster.reader import Source
from targeting.features.snapshot import KeyProfiles, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from pyspark.sql import SparkSession

    from targeting.features.engine import Wanted
    from targeting.features.spec import FeatureSpec
    from targeting.tables.folder import Tables

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]

LOCAL = "local[*]"
"""The master where none is named: this machine's cores."""

_EVENTS_AT_ONCE = 65_536
_SETTINGS = {
    # A moment without a zone is UTC here, and names differ by case in an extract.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(_EVENTS_AT_ONCE),
    # Spark knows no nanoseconds; they are read as numbers and cut to microseconds.
    "spark.sql.legacy.parquet.nanosAsLong": "true",
}
_LOG = """\
rootLogger.level = error
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n
"""


@contextmanager
def opened(master: str | None = None) -> Iterator[Cluster]:
    """Open Spark for the time of the block.

    A session that is open already, as in a notebook, is used and left open.

    Parameters
    ----------
    master
        Master URL, such as `spark://host:7077`, `yarn` or `local[4]`. None takes the variable
        SPARK_MASTER, else the master of `spark-submit`, else this machine's cores.

    Yields
    ------
    Cluster
        Computes features.

    Raises
    ------
    InputError
        If pyspark or Java is missing, or the master does not answer.
    """
    with _plainly(f"master {master or os.environ.get('SPARK_MASTER', LOCAL)}"):
        session_class = _spark()
        active = session_class.getActiveSession()
        if active is not None:
            session = active.newSession()
            for name, value in _SETTINGS.items():
                session.conf.set(name, value)
            yield Cluster(session)
            return
        with tempfile.TemporaryDirectory(prefix="targeting-") as folder:
            session = _started(session_class, master, Path(folder))
            try:
                yield Cluster(session)
            finally:
                session.stop()


def _spark() -> type[SparkSession]:
    """Import Spark after making sure it and Java are there."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise InputError(
            "the Spark engine is not installed",
            where="--engine spark",
            found="no package pyspark",
            do="Run `pip install 'targeting[spark]'`, and install Java 17 or newer.",
        ) from error
    home = os.environ.get("JAVA_HOME")
    if not (shutil.which("java") or (home and (Path(home) / "bin" / "java").exists())):
        raise InputError(
            "Spark runs on Java",
            where="--engine spark",
            found="no program java and no JAVA_HOME",
            do="Install Java 17 or newer; `pip install 'targeting[spark]'` brings the rest.",
        )
    return SparkSession


def _started(session_class: type[SparkSession], master: str | None, folder: Path) -> SparkSession:
    # The workers' Python: this one's path on every node, unless PYSPARK_PYTHON names another.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    master = master or os.environ.get("SPARK_MASTER")
    if master is None and "PYSPARK_GATEWAY_PORT" not in os.environ:  # spark-submit names its own
        master = LOCAL
    builder = session_class.builder.appName("targeting")
    for name, value in {**_SETTINGS, **_quiet(folder), **_at(master)}.items():
        builder = builder.config(name, value)
    with warnings.catch_warnings():
        allow_pandas()
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _quiet(folder: Path) -> dict[str, str]:
    """Keep Spark's own talk out of the log, unless a configuration of the user's says what to."""
    quiet = {"spark.ui.showConsoleProgress": "false", "spark.ui.enabled": "false"}
    if "SPARK_CONF_DIR" not in os.environ:
        file = folder / "log4j2.properties"
        file.write_text(_LOG, encoding="utf-8")
        quiet["spark.driver.extraJavaOptions"] = f"-Dlog4j2.configurationFile={file.as_uri()}"
    return quiet


def _at(master: str | None) -> dict[str, str]:
    if master is None:
        return {}
    if not master.startswith("local"):
        return {"spark.master": master}
    here = "127.0.0.1"  # nothing outside this machine is to reach a session of its own
    return {
        "spark.master": master,
        "spark.driver.host": here,
        "spark.driver.bindAddress": here,
    }


@contextmanager
def _plainly(where: str) -> Iterator[None]:
    """Tell what Spark could not do without its text, which quotes values."""
    try:
        yield
    except Exception as error:
        if not _is_sparks(error):
            raise
        raise InputError(
            "Spark could not finish",
            where=where,
            found=_condition(error),
            do="See that the master answers, and that every node reads the tables and has the "
            "same Python environment at the path PYSPARK_PYTHON names (docs/spark.md); "
            "`targeting --debug` shows Spark's own words.",
        ) from error


def _is_sparks(error: Exception) -> bool:
    """Tell an error of Spark or of one of its tasks from one of this process."""
    return type(error).__module__.startswith(("pyspark", "py4j"))


def _condition(error: Exception) -> str:
    """Name an error of Spark's by its condition; by its kind where it has none."""
    condition = getattr(error, "getCondition", lambda: None)()
    name = type(error).__name__
    return f"{name} {condition}" if condition else name


@dataclass(frozen=True, slots=True)
class Cluster:
    """Computes features on Spark; `opened` makes one.

    Parameters
    ----------
    session
        An open session with the settings of `opened`.
    """

    session: SparkSession

    def build(
        self,
        tables: Tables,
        spec: FeatureSpec,
        wanted: Wanted,
        *,
        until: date,
        snapshot: Snapshot | None = None,
    ) -> Built:
        """Compute what `targeting.features.build.build` does.

        Parameters
        ----------
        tables, spec, wanted, until, snapshot
            As for `build`. Every node must be able to read the tables' files by their path.
        """
        after: dict[str, KeyProfiles] = {}
        rows, matrix = self._computed(
            tables, spec, wanted, (snapshot, until), keep=after.__setitem__
        )
        ordered = {name: after[name] for name in spec.settings.profile_columns}
        return Built(rows, matrix, Snapshot(until, ordered))

    def matrix_of(
        self,
        tables: Tables,
        spec: FeatureSpec,
        wanted: Wanted,
        *,
        until: date,
        snapshot: Snapshot | None = None,
    ) -> tuple[pd.DataFrame, Matrix]:
        """Compute the features `build` does, and keep no profile.

        Parameters
        ----------
        tables, spec, wanted, until, snapshot
            As for `build`.

        Returns
        -------
        tuple of DataFrame and ndarray
            The wanted declarations and their matrix.
        """
        return self._computed(tables, spec, wanted, (snapshot, until), keep=None)

    def _computed(
        self,
        tables: Tables,
        spec: FeatureSpec,
        wanted: Wanted,
        days: tuple[Snapshot | None, date],
        *,
        keep: Callable[[str, KeyProfiles], None] | None,
    ) -> tuple[pd.DataFrame, Matrix]:
        snapshot, until = days
        with _plainly(f"{tables.name}, on {self.session.sparkContext.master}"):
            source = Source(self.session, tables, spec.settings)
            since = snapshot.as_of if snapshot else None
            before = snapshot.profiles if snapshot else {}
            with source.replays(wanted, since=since, until=until, before=before) as replays:
                return computed_from(replace(replays, keep=keep), spec)
