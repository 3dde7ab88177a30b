"""From the world into tables: mappings and formats, every row accounted for."""

from targeting.ingest.mapping import SourceSettings
from targeting.ingest.report import IngestReport
from targeting.ingest.run import ingest

__all__ = ["IngestReport", "SourceSettings", "ingest"]
