"""From an extract to a tables folder: check, read, convert, settle, write, account."""

from __future__ import annotations

import hashlib
import shutil
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pyarrow.parquet as pq

from targeting.config import load
from targeting.errors import InputError, TargetingError
from targeting.ingest.arrow import pc
from targeting.ingest.checks import format_findings, mapping_findings, refuse_unfit
from targeting.ingest.chunk import as_json
from targeting.ingest.convert import Refused, convert
from targeting.ingest.header_checks import header_findings
from targeting.ingest.inputs import Inputs, Origin, extracts, find_inputs
from targeting.ingest.mapping import SourceSettings
from targeting.ingest.plan import DERIVED, FILE, make_plan
from targeting.ingest.readers import read_chunks, read_header
from targeting.ingest.report import DerivedReport, IngestReport
from targeting.ingest.settle import Loser, final_rows, quarantine_rows, settle
from targeting.ingest.staging import QUARANTINE, Stage
from targeting.ingest.tally import Output, TableTally
from targeting.ingest.writer import TableWriter
from targeting.tables.engine import connect
from targeting.tables.output import staged_folder
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pyarrow as pa

    from targeting.ingest.opening import Header
    from targeting.ingest.plan import Plan
    from targeting.tables.engine import Connection

Progress: TypeAlias = "Callable[[str, int], None]"
"""Called with what is being done and the rows of it so far."""


def ingest(
    source: SourceSettings | Path,
    inputs: Sequence[Path],
    output: Path,
    *,
    progress: Progress | None = None,
) -> IngestReport:
    """Turn an administration's extract into a tables folder, every row accounted for.

    Parameters
    ----------
    source
        The mapping, or its YAML file.
    inputs
        Files, folders or globs; empty for a database.
    output
        The folder to create or replace: `declarations.parquet`, `inspections.parquet`,
        `quarantine.parquet` and `ingest_report.json`. It appears whole or not at all.
    progress
        Called with a file's name and the rows read of it so far.

    Returns
    -------
    IngestReport
        The same account that is written to `ingest_report.json`.

    Raises
    ------
    ConfigError
        If the mapping is unfit; every finding is named, before any row is read.
    InputError
        If an input is missing, empty or unreadable, or no row of it could be used.
    OutputError
        If the folder cannot be written.
    """
    where = str(source) if isinstance(source, Path) else f"source {source.name}"
    settings = load(SourceSettings, source) if isinstance(source, Path) else source
    found, headers = _open(settings, inputs, where=where)
    with staged_folder(output) as folder:
        job = _Job(settings, found, headers, folder, progress or _silent)
        return job.run()


def _silent(_what: str, _rows: int) -> None:
    """Tell nobody."""


def _open(
    source: SourceSettings, paths: Sequence[Path], *, where: str
) -> tuple[Inputs, list[Header]]:
    """Read all headers and judge the mapping; a bad mapping is told before a bad file."""
    findings = mapping_findings(source)
    if format_findings(source):
        # Nothing is opened, and no query is sent, in a format that makes no sense.
        refuse_unfit(findings, where=where)
    try:
        inputs = find_inputs(source, paths)
        headers = [read_header(origin) for origin in inputs.origins]
    except TargetingError:
        refuse_unfit(findings, where=where)
        raise
    findings += header_findings(source, list(zip(inputs.origins, headers, strict=True)))
    refuse_unfit(findings, where=where)
    return inputs, headers


class _Job:
    """One ingest under way: the settings, the counts and the files being written."""

    def __init__(
        self,
        source: SourceSettings,
        inputs: Inputs,
        headers: list[Header],
        folder: Path,
        progress: Progress,
    ) -> None:
        self.source, self.inputs, self.headers = source, inputs, headers
        self.folder, self.progress = folder, progress
        self.plans = {table: self._plan(table) for table in extracts(source)}
        self.tallies = {table: TableTally() for table in self.plans}
        self.derived = Output()
        self.hits = 0

    def run(self) -> IngestReport:
        work = self.folder / "work"
        work.mkdir()
        with Stage(work) as stage:
            for file, origin in enumerate(self.inputs.origins):
                self._read(stage, file, origin)
            with connect() as connection:
                self._write_declarations(stage, connection)
                self._write_inspections(stage, connection)
                self._write_quarantine(stage, connection)
        shutil.rmtree(work)
        report = self._report()
        report.write(self.folder / "ingest_report.json")
        return report

    def _plan(self, table: str) -> Plan:
        pairs = zip(self.inputs.origins, self.headers, strict=True)
        mine = [header for origin, header in pairs if origin.table == table]
        return make_plan(self.source, table, mine)

    def _read(self, stage: Stage, file: int, origin: Origin) -> None:
        plan, tally = self.plans[origin.table], self.tallies[origin.table]
        done = 0
        for chunk in read_chunks(origin, self.headers[file]):
            converted = convert(chunk, plan, file=file)
            tally.read(file, converted, blank=chunk.blank)
            stage.rows(origin.table, converted.rows)
            stage.raw(file, chunk, self.headers[file])
            stage.refuse(file, origin, converted.refused)
            done += len(chunk.rows) + len(chunk.rejected)
            self.progress(origin.name, done)

    def _settle(
        self, stage: Stage, connection: Connection, table: str, declarations: Path | None
    ) -> bool:
        staged = stage.close(f"rows-{table}")
        if staged is None:
            return False
        conflict = extracts(self.source)[table].on_conflict
        losers = settle(connection, staged, on_conflict=conflict, declarations=declarations)
        self._account(stage, table, losers)
        return True

    def _account(self, stage: Stage, table: str, losers: Iterable[Loser]) -> None:
        refused: defaultdict[int, dict[int, str]] = defaultdict(dict)
        files = self.tallies[table].files
        for loser in losers:
            if loser.reason is None:
                files[loser.file].duplicates += 1
            else:
                files[loser.file].refuse([loser.reason])
                refused[loser.file][loser.row] = loser.reason
        for file, rows in sorted(refused.items()):
            raw = stage.raw_records(file, self.headers[file], set(rows))
            told = [Refused(row, (rows[row],), as_json(record)) for row, record in raw]
            stage.refuse(file, self.inputs.origins[file], told)

    def _write_declarations(self, stage: Stage, connection: Connection) -> None:
        there = self._settle(stage, connection, DECLARATIONS.name, None)
        tally = self.tallies[DECLARATIONS.name]
        plan = self.plans[DECLARATIONS.name]
        blocks = final_rows(connection) if there else iter(())
        with (
            TableWriter(self.folder, DECLARATIONS) as declarations,
            TableWriter(self.folder, INSPECTIONS, active=plan.derived is not None) as inspections,
        ):
            for block in blocks:
                tally.output.add(declarations.write(_own(block)), "lodged_at")
                _count_files(tally, block)
                if plan.derived is not None:
                    self._write_derived(inspections, block)
            if not tally.output.rows:
                raise self._all_lost(tally)
        if plan.derived is None and INSPECTIONS.name not in self.plans:
            with TableWriter(self.folder, INSPECTIONS):
                pass

    def _write_derived(self, writer: TableWriter, block: pa.Table) -> None:
        names = [name for name in block.column_names if name.startswith(DERIVED)]
        rows = block.select([DECLARATIONS.key, *names]).filter(block[f"{DERIVED}result"].is_valid())
        plain = rows.rename_columns([name.removeprefix(DERIVED) for name in rows.column_names])
        ids = pc.binary_join_element_wise("inspection", plain[DECLARATIONS.key], "-")
        written = writer.write(plain.append_column(INSPECTIONS.key, ids))
        self.derived.add(written, "result_known_at")
        self.hits += pc.sum(pc.equal(written["result"], "hit"), min_count=0).as_py()

    def _write_inspections(self, stage: Stage, connection: Connection) -> None:
        if INSPECTIONS.name not in self.plans:
            return
        declarations = self.folder / f"{DECLARATIONS.name}.parquet"
        there = self._settle(stage, connection, INSPECTIONS.name, declarations)
        tally = self.tallies[INSPECTIONS.name]
        with TableWriter(self.folder, INSPECTIONS) as writer:
            for block in final_rows(connection) if there else ():
                tally.output.add(writer.write(_own(block)), "result_known_at")
                _count_files(tally, block)

    def _write_quarantine(self, stage: Stage, connection: Connection) -> None:
        staged = stage.close("quarantine")
        path = self.folder / "quarantine.parquet"
        with pq.ParquetWriter(path, QUARANTINE, compression="zstd") as writer:
            for block in quarantine_rows(connection, staged) if staged else ():
                writer.write_table(block.cast(QUARANTINE))

    def _all_lost(self, tally: TableTally) -> InputError:
        rows = sum(one.rows_in for one in tally.files.values())
        worst = [(n, why) for one in tally.files.values() for why, n in one.reasons.items()]
        told = "; ".join(f"{n:,} x {why}" for n, why in sorted(worst, reverse=True)[:5])
        return InputError(
            "no declaration could be used",
            where=", ".join(o.name for o in self.inputs.origins if o.table == DECLARATIONS.name),
            found=f"{rows:,} rows; {told}" if rows else "a header without rows",
            do="Mend the mapping of the columns named, or export the extract again.",
        )

    def _report(self) -> IngestReport:
        reports = {
            table: tally.close(self.plans[table], self.inputs.origins)
            for table, tally in self.tallies.items()
        }
        derived = self._derived_report()
        extract = self.source.inspections.extract
        assumed = derived.assumed_delay_days if derived else None
        return IngestReport(
            source=self.source.name,
            mapping_sha256=hashlib.sha256(
                self.source.model_dump_json(by_alias=True).encode()
            ).hexdigest(),
            time_zone=self.source.time_zone,
            currency=self.source.currency,
            note=self.source.note,
            declarations=reports[DECLARATIONS.name],
            inspections=reports.get(INSPECTIONS.name),
            derived=derived,
            assumed_delay_days=extract.assumed_delay_days if extract else assumed,
            ignored_files=self.inputs.ignored,
        )

    def _derived_report(self) -> DerivedReport | None:
        settings = self.source.inspections.derived
        if settings is None:
            return None
        declarations = self.tallies[DECLARATIONS.name].output.rows
        dated = "inspected_at" in settings.columns
        return DerivedReport(
            declarations=declarations,
            inspections=self.derived.rows,
            hits=self.hits,
            unexamined=declarations - self.derived.rows,
            selected_by=settings.selected_by,
            assumed_delay_days=settings.assumed_delay_days,
            inspected_after_days=None if dated else settings.inspected_after_days,
            first=self.derived.first,
            last=self.derived.last,
            nulls=dict(self.derived.nulls),
        )


def _own(block: pa.Table) -> pa.Table:
    """Leave out our own columns."""
    return block.select([name for name in block.column_names if not name.startswith("#")])


def _count_files(tally: TableTally, block: pa.Table) -> None:
    for one in pc.value_counts(block[FILE]).to_pylist():
        tally.files[one["values"]].rows_out += one["counts"]
