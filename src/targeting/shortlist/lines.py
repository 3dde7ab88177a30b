"""The facts of a drawn line that an officer needs on the quay, taken from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from targeting.errors import ContractError, InputError
from targeting.tables.engine import connect
from targeting.tables.schema import DECLARATIONS

if TYPE_CHECKING:
    from targeting.tables.folder import TablesFolder

FACTS = (
    "lodged_at",
    "arrival_at",
    "flow",
    "transport_mode",
    "transport_document_id",
    "conveyance_id",
    "voyage_id",
    "container_id",
    "container_type",
    "container_load",
    "seal_id",
    "hs_code",
    "goods_description",
    "origin_country",
    "dispatch_country",
    "destination_country",
    "loading_port",
    "discharge_port",
    "package_count",
    "gross_mass_kg",
    "net_mass_kg",
    "customs_value",
    "consignee_id",
    "consignee_name",
    "consignor_id",
    "consignor_name",
    "declarant_id",
)
"""Columns of `declarations` an officer works with, in order. Names are shown to the officer, who
holds the papers anyway; they never stand in a log or an error."""

_KEY = DECLARATIONS.key


def add_facts(drawn: pd.DataFrame, tables: TablesFolder, *, time_zone: str) -> pd.DataFrame:
    """Join each drawn line with the facts of its declaration.

    Parameters
    ----------
    drawn
        From `targeting.shortlist.policy.draw`. Not changed.
    tables
        Where the declarations are. Only the rows wanted are read.
    time_zone
        The zone the times are told in.

    Returns
    -------
    pandas.DataFrame
        The rows of `drawn` in their order, followed by `FACTS`; a column the table does not have
        is null.

    Raises
    ------
    InputError
        If a drawn declaration is not in the tables.
    ContractError
        If a declaration stands in the tables twice.
    """
    facts = _read(drawn[_KEY], tables)
    twice = int(facts[_KEY].duplicated().sum())
    if twice:
        raise ContractError(
            "declarations stand there twice",
            where=f"{tables.path}, table {DECLARATIONS.name}",
            found=f"{twice:,} of the {len(drawn):,} lines of the list",
            do="Run `targeting check` on the folder and mend what it names.",
        )
    missing = ~drawn[_KEY].isin(facts[_KEY])
    if missing.any():
        raise _not_in_tables(missing, tables)
    lines = drawn.merge(facts, on=_KEY, how="left", validate="one_to_one")
    local = {name: lines[name].dt.tz_convert(time_zone) for name in ("lodged_at", "arrival_at")}
    return lines.assign(**local)


def _read(wanted: pd.Series, tables: TablesFolder) -> pd.DataFrame:
    """Read the wanted declarations, in the types of the schema."""
    ids = pa.table({_KEY: pa.array(wanted.astype(str), pa.string())})
    with connect() as connection:
        table = tables.read(connection, DECLARATIONS)
        present = [name for name in (_KEY, *FACTS) if name in table.columns]
        found = (
            table.join(connection.from_arrow(ids), _KEY, how="semi")
            .select(*present)
            .order(_KEY)
            .to_arrow_table()
        )
    # Whole numbers stay whole beside a null: pandas' own integers cannot hold one.
    return _typed(found).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)


def _typed(found: pa.Table) -> pa.Table:
    """Cast to the schema's types; columns the extract does not have become null."""
    arrays = {
        name: found[name].cast(DECLARATIONS[name].arrow)
        if name in found.column_names
        else pa.nulls(found.num_rows, DECLARATIONS[name].arrow)
        for name in (_KEY, *FACTS)
    }
    return pa.table(arrays)


def _not_in_tables(missing: pd.Series, tables: TablesFolder) -> InputError:
    first = int(missing.to_numpy().argmax()) + 1
    return InputError(
        "the scores and the tables do not belong together: scored declarations are not in them",
        where=str(tables.path),
        found=f"{int(missing.sum()):,} of the {len(missing):,} lines of the list "
        f"(first: line {first:,})",
        do="Name the tables folder the scores were made from.",
    )
