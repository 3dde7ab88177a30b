"""Features on a Spark cluster, equal to those of one machine (`docs/spark.md`)."""

from targeting.features.cluster.session import Cluster, opened

__all__ = ("Cluster", "opened")
