"""The contract of the matrix, whatever the tables hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from targeting.config import FeatureSettings
from targeting.errors import ConfigError
from targeting.features.build import Built, build
from targeting.features.engine import Wanted
from targeting.features.spec import FeatureSpec, learn_spec
from targeting.tables.folder import MemoryTables

MakeTables = Callable[..., MemoryTables]
END = date(2024, 3, 20)


def settings_of(**values: Any) -> FeatureSettings:
    return FeatureSettings.model_validate({"keys": [], "categories": []} | values)


def built_of(tables: MemoryTables, settings: FeatureSettings) -> tuple[FeatureSpec, Built]:
    spec = learn_spec(tables, settings)
    return spec, build(tables, spec, Wanted(), until=END)


def column(spec: FeatureSpec, built: Built, name: str) -> list[float]:
    return built.matrix[:, spec.names.index(name)].tolist()


@pytest.fixture(scope="module")
def reference(port: MemoryTables, port_settings: FeatureSettings) -> tuple[FeatureSpec, Built]:
    return built_of(port, port_settings)


def test_the_matrix_is_float32_in_rows_and_never_infinite(reference: tuple[FeatureSpec, Built]):
    spec, built = reference
    assert built.matrix.shape == (240, len(spec.features))
    assert built.matrix.dtype == np.float32
    assert built.matrix.flags.c_contiguous
    assert not np.isinf(built.matrix).any()
    keys = list(zip(built.rows["lodged_at"], built.rows["declaration_id"], strict=True))
    assert keys == sorted(keys)


def test_the_same_tables_give_the_same_bytes(
    port: MemoryTables, reference: tuple[FeatureSpec, Built]
):
    spec, built = reference
    again = build(port, spec, Wanted(), until=END)
    assert again.matrix.tobytes() == built.matrix.tobytes()


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_the_rows_in_the_files_changes_nothing(
    seed: int, port: MemoryTables, port_settings: FeatureSettings,
    reference: tuple[FeatureSpec, Built],
):  # fmt: skip
    draw = np.random.default_rng(seed)
    shuffled = MemoryTables(
        *(
            table.take(draw.permutation(table.num_rows))
            for table in (port.declarations, port.inspections)
        )
    )
    spec, built = built_of(shuffled, port_settings)
    assert spec.levels == reference[0].levels
    assert built.matrix.tobytes() == reference[1].matrix.tobytes()
    for name, profiles in built.snapshot.profiles.items():
        expected = reference[1].snapshot.profiles[name]
        assert profiles.state.sums.tobytes() == expected.state.sums.tobytes()


def test_columns_in_another_order_and_more_of_them_change_nothing(
    port: MemoryTables, port_settings: FeatureSettings, reference: tuple[FeatureSpec, Built]
):
    names = port.declarations.column_names[::-1]
    declared = port.declarations.select(names)
    # Names the reader could have used for itself.
    for extra in ("day", "wanted", "asked", "value", "mass", "hit", "level", "lodged", "hs6"):
        declared = declared.append_column(extra, pa.array(["x"] * declared.num_rows))
    spec, built = built_of(MemoryTables(declared, port.inspections), port_settings)
    assert spec.names == reference[0].names
    assert built.matrix.tobytes() == reference[1].matrix.tobytes()
    assert set(built.rows["day"]) == {"x"}


def test_keys_may_bear_the_readers_own_names(make_tables: MakeTables):
    names = ["day", "wanted", "value", "mass", "hit", "revenue", "lodged"]
    tables = make_tables([dict.fromkeys(names, "x")] * 3)
    spec, built = built_of(tables, settings_of(keys=[[name] for name in names]))
    for name in names:
        assert column(spec, built, f"{name}_declarations") == [0, 1, 2]


def test_nothing_handed_in_is_changed(port: MemoryTables, port_settings: FeatureSettings):
    before = [table.slice(0).to_pydict() for table in (port.declarations, port.inspections)]
    spec = learn_spec(port, port_settings)
    kept = (spec.settings.model_copy(deep=True), dict(spec.levels), spec.names)
    build(port, spec, Wanted(), until=END)
    assert [table.to_pydict() for table in (port.declarations, port.inspections)] == before
    assert (spec.settings, dict(spec.levels), spec.names) == kept


@pytest.mark.parametrize(
    "wanted", [Wanted(start=date(2030, 1, 1)), Wanted(ids=pa.array([], pa.string()))]
)
def test_a_window_without_lines_has_an_empty_matrix(
    wanted: Wanted, port: MemoryTables, reference: tuple[FeatureSpec, Built]
):
    spec, whole = reference
    built = build(port, spec, wanted, until=END)
    assert built.matrix.shape == (0, len(spec.features))
    assert len(built.rows) == 0
    sums = built.snapshot.profiles["consignee"].state.sums
    assert sums.tobytes() == whole.snapshot.profiles["consignee"].state.sums.tobytes()


def test_tables_without_rows_have_an_empty_matrix(
    make_tables: MakeTables, port_settings: FeatureSettings
):
    spec, built = built_of(make_tables([]), port_settings)
    assert built.matrix.shape == (0, len(spec.features))


def test_the_rows_asked_for_read_the_same_as_among_all(
    port: MemoryTables, reference: tuple[FeatureSpec, Built]
):
    spec, whole = reference
    ids = whole.rows["declaration_id"].tolist()[::17]
    built = build(port, spec, Wanted(ids=pa.array(ids)), until=END)
    assert built.rows["declaration_id"].tolist() == ids
    assert built.matrix.tobytes() == np.ascontiguousarray(whole.matrix[::17]).tobytes()


def test_many_chunks_of_rows_are_read_as_one(
    port: MemoryTables, port_settings: FeatureSettings, reference: tuple[FeatureSpec, Built],
):  # fmt: skip
    pieces = [port.declarations.slice(at, 7) for at in range(0, 240, 7)]
    chunked = MemoryTables(pa.concat_tables(pieces), port.inspections)
    assert chunked.declarations["container_id"].num_chunks > 1
    _, built = built_of(chunked, port_settings)
    assert built.matrix.tobytes() == reference[1].matrix.tobytes()


def test_a_level_never_learnt_is_other_and_a_missing_one_is_unknown(make_tables: MakeTables):
    settings = settings_of(categories=["origin_country"], max_categories=2)
    learnt = make_tables([{"origin_country": name} for name in ("TR", "TR", "CN", "CN", "IR")])
    spec = learn_spec(learnt, settings)
    assert spec.levels == {"origin_country_level": ("CN", "TR")}
    tables = make_tables([{"origin_country": name} for name in ("TR", "CN", "IR", "XX", None)])
    codes = column(spec, build(tables, spec, Wanted(), until=END), "origin_country_level")
    np.testing.assert_array_equal(codes, [1, 0, 2, 2, np.nan])


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([3, 1, None, 1], ("1", "3")),
        ([True, False, None, False], ("false", "true")),
        ([2.5, 1.0, None, 1.0], ("1", "2.5")),
        (
            [date(2024, 5, 1), date(2024, 1, 1), None, date(2024, 1, 1)],
            ("2024-01-01", "2024-05-01"),
        ),
        (["b", "a", None, "a"], ("a", "b")),
    ],
    ids=["int", "bool", "float", "date", "text"],
)
def test_a_category_of_any_type_finds_its_own_levels(
    values: list[Any], levels: tuple[str, ...], make_tables: MakeTables
):
    tables = make_tables([{"kind": value} for value in values])
    spec, built = built_of(tables, settings_of(categories=["kind"]))
    assert spec.levels["kind_level"] == levels
    np.testing.assert_array_equal(column(spec, built, "kind_level"), [1, 0, np.nan, 0])


def test_levels_are_learnt_from_before_the_day_only(make_tables: MakeTables):
    tables = make_tables([{"origin_country": name} for name in ("TR", "CN", "IR")])
    spec = learn_spec(tables, settings_of(categories=["origin_country"]), until=date(2024, 1, 3))
    assert spec.levels["origin_country_level"] == ("CN", "TR")


def test_what_float32_cannot_hold_is_unknown(make_tables: MakeTables):
    tables = make_tables([{"customs_value": value} for value in (1e300, 3.4e38, 5.0, None)])
    spec, built = built_of(tables, settings_of(keys=[["office_id"]]))
    values = column(spec, built, "customs_value")
    np.testing.assert_array_equal(values, np.array([np.nan, 3.4e38, 5.0, np.nan], dtype=np.float32))
    assert not np.isinf(built.matrix).any()


def test_goods_codes_of_four_digits_have_no_hs6_history(make_tables: MakeTables):
    tables = make_tables([{"hs_code": code} for code in ("0805", "0805", "080510", "080510")])
    spec, built = built_of(tables, settings_of(keys=[["hs6"], ["hs4"]]))
    np.testing.assert_array_equal(column(spec, built, "hs6_declarations"), [np.nan, np.nan, 0, 1])
    assert column(spec, built, "hs4_declarations") == [0, 1, 2, 3]


def test_lines_of_one_day_see_the_day_before_and_not_each_other(make_tables: MakeTables):
    moments = [datetime(2024, 1, day, hour, tzinfo=UTC) for day, hour in ((1, 9), (2, 1), (2, 23))]
    tables = make_tables(
        [{"lodged_at": moment} for moment in moments],
        [{"declaration_id": "D0000", "result_known_at": moments[1], "result": "hit"}],
    )
    spec, built = built_of(tables, settings_of(keys=[["office_id"]]))
    assert column(spec, built, "office_declarations") == [0, 1, 1]
    assert column(spec, built, "office_hits") == [0, 0, 0]


def test_a_number_of_the_extract_is_read_and_text_is_refused(make_tables: MakeTables):
    tables = make_tables([{"axles": 3, "note": "x"}, {"axles": None, "note": "y"}])
    spec, built = built_of(tables, settings_of(numbers=["axles"]))
    np.testing.assert_array_equal(column(spec, built, "axles"), [3, np.nan])
    with pytest.raises(ConfigError, match="column note: an extra column listed under `numbers`"):
        built_of(tables, settings_of(numbers=["note"]))


def test_progress_is_told_each_key_and_link(port: MemoryTables, port_settings: FeatureSettings):
    told: list[str] = []
    spec = learn_spec(port, port_settings)
    build(port, spec, Wanted(), until=END, progress=told.append)
    followed = [*port_settings.keys, *port_settings.links]
    assert port_settings.links
    assert sorted(told) == sorted(one.name for one in followed)
