"""A Spark DataFrame of declarations made fit for `mlflow.pyfunc.spark_udf`.

Spark cuts a frame into batches as it likes, and hands over moments without their zone. Neither may
change a score, so the loader of `pyfunc` refuses a frame that was not passed through here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.bundle.flavour import LINES
from targeting.errors import InputError
from targeting.training.consignment import CONSIGNMENT

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

RESULT = "declaration_id string, score double, probability double, expected_revenue double"
"""The `result_type` of the function."""

_BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"
_TEXT = "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"


def for_udf(frame: DataFrame) -> DataFrame:
    """Lay consignments together, count their lines, and write moments with their zone.

    Parameters
    ----------
    frame
        Columns of `declarations`, lodged on the day the bundle's profiles stand at.

    Raises
    ------
    InputError
        If Spark would cut a consignment apart.

    Examples
    --------
    With a bundle brought up to the day by `targeting freshen`::

        spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "0")
        score = mlflow.pyfunc.spark_udf(spark, bundle, result_type=RESULT, env_manager="local")
        ready = for_udf(declarations)
        scores = ready.select(score(struct(*ready.columns)).alias("s")).select("s.*")
    """
    _require_whole_partitions(frame)
    document, *others = (_quoted(name) if name in frame.columns else "null" for name in CONSIGNMENT)
    together = f"partition by {', '.join([document, *others])}"
    lines = f"if({document} is null, 1L, count(*) over ({together}))"
    counted = frame.selectExpr("*", f"{lines} as {LINES}")
    return counted.selectExpr(*(_with_zone(name, kind) for name, kind in counted.dtypes))


def _require_whole_partitions(frame: DataFrame) -> None:
    most = frame.sparkSession.conf.get(_BATCH)
    if most is None or int(most) > 0:
        raise InputError(
            "Spark would cut a consignment apart",
            where=_BATCH,
            found=f"{most} rows in a batch",
            do="Set it to 0: a partition is then one batch, and a consignment lies in one.",
        )


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _with_zone(name: str, kind: str) -> str:
    column = _quoted(name)
    return f'date_format({column}, "{_TEXT}") as {column}' if kind == "timestamp" else column
