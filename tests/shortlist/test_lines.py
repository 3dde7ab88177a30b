from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from targeting.errors import ContractError, InputError
from targeting.shortlist.lines import FACTS, add_facts
from targeting.shortlist.policy import COLUMNS

if TYPE_CHECKING:
    from targeting.tables.folder import TablesFolder


def test_facts_join_each_line_in_its_order(drawn: pd.DataFrame, facts: pd.DataFrame) -> None:
    assert list(facts["declaration_id"]) == list(drawn["declaration_id"])
    assert set(facts.columns) == {*COLUMNS, *FACTS}
    first = facts.set_index("declaration_id").loc["D-01"]
    assert first["container_id"] == "MSKU1234565"
    assert first["hs_code"] == "0640411900"
    assert first["lodged_at"].isoformat() == "2025-03-01T07:00:00+04:00"
    assert first["package_count"] == 1200


def test_nothing_declared_stays_null(lines: pd.DataFrame) -> None:
    eighth = lines.set_index("declaration_id").loc["D-08"]
    for name in ("package_count", "gross_mass_kg", "seal_id", "destination_country"):
        assert pd.isna(eighth[name]), name


def test_the_draw_is_not_changed(drawn: pd.DataFrame, tables: TablesFolder) -> None:
    before = drawn.copy(deep=True)
    add_facts(drawn, tables, time_zone="UTC")
    pd.testing.assert_frame_equal(drawn, before)


def test_a_column_the_extract_does_not_have_is_null(
    drawn: pd.DataFrame, tables: TablesFolder
) -> None:
    path = tables.path / "declarations.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["seal_id", "arrival_at"]), path)
    lines = add_facts(drawn, tables, time_zone="Asia/Baku")
    assert lines["seal_id"].isna().all()
    assert lines["arrival_at"].isna().all()


def test_declarations_not_in_the_tables_are_counted(
    drawn: pd.DataFrame, tables: TablesFolder
) -> None:
    strange = drawn.assign(declaration_id=["X-1", "X-2", *drawn["declaration_id"].iloc[2:]])
    with pytest.raises(InputError, match=r"2 of the 8 lines of the list \(first: line 1\)") as told:
        add_facts(strange, tables, time_zone="UTC")
    assert "X-1" not in str(told.value)


def test_a_declaration_twice_in_the_tables_is_counted(
    drawn: pd.DataFrame, tables: TablesFolder
) -> None:
    path = tables.path / "declarations.parquet"
    rows = pq.read_table(path)
    pq.write_table(pa.concat_tables([rows, rows.slice(0, 1)]), path)
    with pytest.raises(ContractError, match="Found: 1 of the 8 lines of the list"):
        add_facts(drawn, tables, time_zone="UTC")
