"""Precedents: what is kept, and which of them a line is laid beside."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.bundle.bundle import load_bundle
from targeting.errors import BundleError
from targeting.explain.contributions import contributions
from targeting.explain.precedents import (
    COLUMNS,
    Precedents,
    directions,
    document_digests,
    gather,
    read_precedents,
    subjects_of,
    write_precedents,
)
from targeting.explain.similar import Asked, Similar, most_similar
from targeting.features.build import matrix_of
from targeting.features.engine import Wanted
from targeting.features.registry import Feature
from targeting.training.block import Block, Known
from targeting.training.labels import examined

if TYPE_CHECKING:
    from pathlib import Path

    from tests.small_world import World

FIRST = date(2024, 5, 1)
FEATURES = tuple(
    Feature(name, "party", "", lambda _: "", group=group)
    for name, group in (("a", ""), ("b", "price"), ("c", "price"), ("d", ""))
)


def past(name: str, direction: tuple[float, float, float], **more: Any) -> dict[str, Any]:
    """One precedent, lodged on 1 May and known on 3 May unless it says otherwise."""
    plain = {
        "declaration_id": name, "lodged_day": FIRST, "known_day": date(2024, 5, 3),
        "office_id": "AZALA", "hs_code": "640411", "result": "clear", "offence": None,
        "revenue": None, "selected_by": "officer", "document": None, "consignment": None,
        "direction": direction,
    }  # fmt: skip
    return plain | more


def precedents(*rows: dict[str, Any], whole_from: date = FIRST) -> Precedents:
    told = [
        row | {"consignment": at if row["consignment"] is None else row["consignment"]}
        for at, row in enumerate(rows)
    ]
    values = np.array([row["direction"] for row in rows], dtype=float)
    unit = values / np.sqrt((values**2).sum(axis=1, keepdims=True))
    lines = pa.Table.from_pylist([{n: row[n] for n in COLUMNS.names} for row in told], COLUMNS)
    return Precedents(lines, unit.astype(np.float16), ("a", "price", "d"), whole_from)


def asked(
    direction: tuple[float, float, float] = (1, 0, 0),
    *,
    name: str = "NEW",
    day: date = date(2024, 6, 1),
    code: str = "640299",
    document: int | None = None,
) -> Asked:
    return Asked(
        pd.DataFrame({"declaration_id": [name], "hs_code": [code]}),
        np.array([day], dtype="datetime64[D]"),
        np.array([direction], dtype=np.float16),
        pd.Series([document], dtype="Int64"),
    )


def names(found: Similar) -> list[str]:
    return [line.declaration_id for line in found.lines]


def test_the_most_alike_come_first_ties_by_id_and_their_hits_are_counted() -> None:
    held = precedents(
        past("C", (1, 0, 0)),
        past("A", (1, 1, 0), result="hit", offence="tobacco", revenue=40.0),
        past("B", (1, 0, 0)),
        past("D", (-1, 0, 0), result="hit"),
    )

    (found,) = most_similar(held, asked())

    assert names(found) == ["B", "C", "A"]
    assert [line.similarity for line in found.lines] == [1.0, 1.0, pytest.approx(0.7338, abs=1e-3)]
    assert (found.among, found.hits) == (3, 1)
    last = found.lines[-1]
    assert (last.result, last.offence, last.revenue) == ("hit", "tobacco", 40.0)
    assert (last.lodged_day, last.known_day) == (FIRST, date(2024, 5, 3))


def test_goods_of_the_same_chapter_are_a_little_more_alike() -> None:
    held = precedents(past("OTHER", (1, 0, 0), hs_code="080510"), past("SAME", (10, 1, 0)))

    (found,) = most_similar(held, asked())

    assert names(found) == ["SAME", "OTHER"]
    assert found.lines[1].similarity == pytest.approx(1 / 1.1, abs=1e-3)


@pytest.mark.parametrize(
    ("known", "shown"),
    [(date(2024, 5, 31), ["P"]), (date(2024, 6, 1), []), (date(2024, 6, 2), [])],
)
def test_what_was_known_on_the_days_before_alone_is_shown(known: date, shown: list[str]) -> None:
    (found,) = most_similar(precedents(past("P", (1, 0, 0), known_day=known)), asked())

    assert names(found) == shown
    assert found.among == len(shown)


def test_the_line_itself_and_its_document_are_left_out() -> None:
    held = precedents(
        past("NEW", (1, 0, 0)),
        past("SAME PAPER", (1, 0, 0), document=7),
        past("NO PAPER", (1, 0, 0)),
    )

    assert names(most_similar(held, asked(document=7))[0]) == ["NO PAPER"]
    assert names(most_similar(held, asked())[0]) == ["NO PAPER", "SAME PAPER"]


def test_of_a_past_consignment_one_line_counts() -> None:
    held = precedents(
        past("A", (1, 0.1, 0), consignment=1, result="hit"),
        past("B", (1, 0, 0), consignment=1),
        past("C", (1, 1, 0), consignment=2, result="hit"),
    )

    (found,) = most_similar(held, asked())

    assert names(found) == ["B", "C"]
    assert (found.among, found.hits) == (2, 1)


def test_shares_are_counted_where_clear_lines_are_kept_too() -> None:
    held = precedents(
        past("OLD", (1, 0, 0), result="hit", lodged_day=date(2024, 4, 1)), past("P", (1, 1, 0))
    )

    (found,) = most_similar(held, asked())

    assert names(found) == ["OLD", "P"]
    assert (found.among, found.hits) == (1, 0)


def test_no_more_are_shown_and_counted_than_asked_for() -> None:
    held = precedents(*(past(f"P{at:02}", (1, 0, 0.01 * at)) for at in range(40)))

    (found,) = most_similar(held, asked(), shown=3, counted=7)

    assert names(found) == ["P00", "P01", "P02"]
    assert found.among == 7


def test_a_line_no_fact_moves_has_no_precedent() -> None:
    (found,) = most_similar(precedents(past("P", (1, 0, 0))), asked((0, 0, 0)))

    assert found == Similar()


direction = st.tuples(*(st.integers(-3, 3) for _ in range(3))).filter(any)
lodged = st.integers(0, 9)


@given(
    held=st.lists(
        st.tuples(direction, lodged, st.integers(0, 9), st.integers(0, 5), st.booleans()),
        min_size=1,
        max_size=30,
    ),
    lines=st.lists(st.tuples(direction, lodged), min_size=1, max_size=6),
)
def test_search_is_exact_keeps_the_rule_of_time_and_company_changes_nothing(
    held: list[tuple[Any, int, int, int, bool]], lines: list[tuple[Any, int]]
) -> None:
    rows = [
        past(
            f"P{at}", towards, consignment=group, result="hit" if hit else "clear",
            lodged_day=FIRST + timedelta(days=day), known_day=FIRST + timedelta(days=day + delay),
        )
        for at, (towards, day, delay, group, hit) in enumerate(held)
    ]  # fmt: skip
    shelf = precedents(*rows)
    each = [
        asked(
            tuple(np.array(towards) / np.linalg.norm(towards)), day=FIRST + timedelta(days=day + 5)
        )
        for towards, day in lines
    ]
    whole = Asked(
        pd.concat([one.rows for one in each], ignore_index=True),
        np.concatenate([one.days for one in each]),
        np.concatenate([one.directions for one in each]),
        pd.concat([one.documents for one in each], ignore_index=True),
    )

    together = most_similar(shelf, whole, shown=4, counted=6)

    assert together == [most_similar(shelf, one, shown=4, counted=6)[0] for one in each]
    for one, found in zip(each, together, strict=True):
        assert all(line.known_day < one.days[0].item() for line in found.lines)
        assert names(found) == _plainly(shelf, one)[:4]
        assert found.hits <= found.among == min(len(_plainly(shelf, one)), 6)


def _plainly(held: Precedents, one: Asked) -> list[str]:
    """Rank by the definition, pair by pair."""
    ranked = []
    for row, towards in zip(held.lines.to_pylist(), held.directions.astype(float), strict=True):
        alike = float((towards * one.directions[0].astype(float)).sum())
        if row["known_day"] < one.days[0].item() and alike >= 0.1:
            capped = round(min((alike + 0.1) / 1.1, 1.0), 6)
            ranked.append((-capped, row["declaration_id"], row["consignment"]))
    best: dict[int, str] = {}
    for _, name, group in sorted(ranked):
        best.setdefault(group, name)
    return list(best.values())


def test_directions_are_of_length_one_by_subject() -> None:
    pulled = directions(FEATURES, np.array([[3.0, 1.0, 3.0, 0.0], [0.0, 0.0, 0.0, 0.0]]))

    assert subjects_of(FEATURES) == ("a", "price", "d")
    assert pulled.astype(float).round(3).tolist() == [[0.6, 0.8, 0.0], [0.0, 0.0, 0.0]]


def test_a_file_is_read_as_it_was_written_the_same_bytes_each_time(tmp_path: Path) -> None:
    held = precedents(past("A", (1, 2, 0), document=-5), past("B", (0, 1, 1), revenue=1.5))
    for name in ("one", "two"):
        write_precedents(held, tmp_path / name)

    read = read_precedents(tmp_path / "one", FEATURES)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert read.lines.equals(held.lines)
    assert read.directions.tolist() == held.directions.tolist()
    assert (read.subjects, read.whole_from) == (held.subjects, held.whole_from)


def test_precedents_of_another_model_are_refused_by_name(tmp_path: Path) -> None:
    write_precedents(precedents(past("A", (1, 2, 0))), tmp_path / "file")
    other = (*FEATURES[:3], replace(FEATURES[3], name="e"))

    with pytest.raises(BundleError, match="do not speak of e; they speak of d, which no feature"):
        read_precedents(tmp_path / "file", other)
    with pytest.raises(BundleError, match="come in another order"):
        read_precedents(tmp_path / "file", FEATURES[::-1])


def test_a_file_of_another_shape_is_refused_by_name(tmp_path: Path) -> None:
    write_precedents(precedents(past("A", (1, 2, 0))), tmp_path / "file")
    table = pq.read_table(tmp_path / "file")
    result = table.column_names.index("result")
    odd = table.set_column(result, "result", pa.array([True])).drop_columns(["direction"])
    pq.write_table(odd, tmp_path / "file")

    with pytest.raises(BundleError, match="column result is bool; no column direction"):
        read_precedents(tmp_path / "file", FEATURES)


@pytest.fixture(scope="module")
def known(world: World) -> Known:
    """Every examined line of the world, as the bundle's features see it."""
    bundle = load_bundle(world.bundle)
    labels = examined(world.tables)
    ids = pa.array(labels["declaration_id"].to_numpy(dtype=object), pa.string())
    rows, matrix = matrix_of(world.tables, bundle.spec, Wanted(ids=ids), until=date(2025, 1, 1))
    return Known(Block(rows, matrix, bundle.spec), labels)


def test_all_hits_and_the_newest_clear_lines_are_kept(world: World, known: Known) -> None:
    model, hits = load_bundle(world.bundle).model, int(known.hit.sum())

    kept = gather(known, model, time_zone="Asia/Baku", limit=hits + 10)

    assert kept is not None
    results = kept.lines["result"].to_pylist()
    assert (results.count("hit"), results.count("clear")) == (hits, 10)
    clear = [row for row in kept.lines.to_pylist() if row["result"] == "clear"]
    ids = known.labels.loc[~known.hit].tail(10)["declaration_id"]
    assert {row["declaration_id"] for row in clear} == set(ids)
    assert clear[0]["lodged_day"] <= kept.whole_from <= clear[-1]["lodged_day"]
    assert all(row["lodged_day"] <= row["known_day"] for row in kept.lines.to_pylist())


def test_nothing_is_kept_where_nothing_is_asked_for(world: World, known: Known) -> None:
    model = load_bundle(world.bundle).model

    assert gather(known, model, time_zone="Asia/Baku", limit=0) is None


def test_a_bundle_carries_what_was_known_before_its_cut_off(world: World) -> None:
    bundle = load_bundle(world.bundle)
    assert bundle.precedents is not None
    days = bundle.precedents.lines["known_day"].to_pylist()

    assert len(days) >= bundle.manifest.training.rows
    assert max(days) < date.fromisoformat(bundle.manifest.training.cut_off_day)
    assert f"carries {len(days):,} past examined lines" in "".join(bundle.manifest.notes)


def test_later_hits_have_more_hits_among_their_precedents(world: World, known: Known) -> None:
    bundle = load_bundle(world.bundle)
    assert bundle.precedents is not None
    cut_off = pd.Timestamp(bundle.manifest.training.cut_off_day, tz="Asia/Baku")
    later = known.take((known.labels["lodged_at"] >= cut_off).to_numpy())
    explained = contributions(bundle.model, later.block.matrix)
    found = most_similar(
        bundle.precedents,
        Asked(
            later.block.rows,
            later.block.rows["lodged_local"].dt.date.to_numpy(dtype="datetime64[D]"),
            directions(bundle.spec.features, explained.values),
            document_digests(later.block.rows),
        ),
    )

    share = np.array([one.hits / max(one.among, 1) for one in found])

    # Of a hit's precedents, more are hits than of a clear line's: 8 and 3 % here.
    assert share[later.hit].mean() > 1.2 * share[~later.hit].mean()
