from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from targeting.errors import InputError
from targeting.simulate.closed_loop import Corridor, Selection, live_with
from targeting.simulate.presets import preset
from targeting.simulate.simulation import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from conftest import Simulated

SHORT = preset("small").model_copy(update={"days": 50})
FILES = ("tables/declarations.parquet", "tables/inspections.parquet", "truth.parquet")


def read_all(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in FILES]


class Replay:
    """Selects what another world's table of inspections says was selected."""

    def __init__(self, inspections: pa.Table) -> None:
        self._by_line = {
            row["declaration_id"]: Selection(
                row["declaration_id"], row["selected_by"], row["selection_probability"]
            )
            for row in inspections.to_pylist()
        }

    def choose(self, today: date, arrivals: pa.Table, new_results: pa.Table) -> list[Selection]:
        del today, new_results
        lines = arrivals["declaration_id"].to_pylist()
        # The order of the selections must not matter.
        return [self._by_line[line] for line in reversed(lines) if line in self._by_line]


class Lottery:
    """Selects each line with the same chance."""

    def __init__(self, chance: float, seed: int = 1) -> None:
        self._chance, self._rng = chance, np.random.default_rng(seed)

    def choose(self, today: date, arrivals: pa.Table, new_results: pa.Table) -> list[Selection]:
        del today, new_results
        drawn = arrivals.filter(pa.array(self._rng.random(len(arrivals)) < self._chance))
        return [
            Selection(line, "random", self._chance) for line in drawn["declaration_id"].to_pylist()
        ]


class Witness:
    """Examines everything, and keeps what it was shown."""

    def __init__(self) -> None:
        self.days: list[date] = []
        self.arrivals: list[pa.Table] = []
        self.news: list[pa.Table] = []

    def choose(self, today: date, arrivals: pa.Table, new_results: pa.Table) -> list[Selection]:
        self.days.append(today)
        self.arrivals.append(arrivals)
        self.news.append(new_results)
        return [Selection(line, "model") for line in arrivals["declaration_id"].to_pylist()]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The batch world: the port as it works today."""
    folder = tmp_path_factory.mktemp("port")
    simulate(SHORT, folder / "tables")
    return folder


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> tuple[Witness, Path]:
    seen, folder = Witness(), tmp_path_factory.mktemp("witness")
    live_with(SHORT, seen, folder / "tables")
    return seen, folder


def midnight(today: date) -> datetime:
    return datetime.combine(today, time(), tzinfo=UTC)


def test_the_port_through_tables_gives_the_bytes_of_the_batch_world(
    port: Path, tmp_path: Path
) -> None:
    replay = Replay(pq.read_table(port / "tables" / "inspections.parquet"))
    live_with(SHORT, replay, tmp_path / "tables")
    assert read_all(tmp_path) == read_all(port)


def test_the_stepped_world_is_the_batch_world(port: Path) -> None:
    written = [pq.read_table(port / name) for name in FILES[:2]]
    corridor, replay = Corridor(SHORT), Replay(written[1])
    arrivals, news = [], []
    for today in corridor:
        arrivals.append(corridor.arrivals())
        news.append(corridor.new_results())
        corridor.examine(replay.choose(today, arrivals[-1], news[-1]))
    news.append(corridor.new_results())
    assert pa.concat_tables(arrivals).equals(written[0])
    over = midnight(SHORT.first_day + timedelta(days=SHORT.days))
    known = written[1].filter(pc.field("result_known_at") < over)
    assert 0 < len(known) < len(written[1])
    assert corridor.results().equals(known)
    keys = [("declaration_id", "ascending")]
    assert pa.concat_tables(news).sort_by(keys).equals(known.sort_by(keys))


def test_days_are_counted_to_the_end() -> None:
    corridor = Corridor(SHORT.model_copy(update={"days": 3}))
    assert [today.isoformat() for today in corridor] == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert (corridor.is_over, corridor.today) == (True, date(2024, 1, 4))
    assert list(corridor) == []
    assert len(corridor.results()) == 0
    for ended in (corridor.arrivals, lambda: corridor.examine([])):
        with pytest.raises(InputError, match=r"the world is over.*all of its 3 days were lived"):
            ended()


def test_two_runs_are_equal(tmp_path: Path) -> None:
    for name in ("one", "two"):
        live_with(SHORT, Lottery(0.3), tmp_path / name / "tables", beside_port=True)
    assert read_all(tmp_path / "one") == read_all(tmp_path / "two")


def test_a_policy_is_shown_what_is_written_and_nothing_else(
    witness: tuple[Witness, Path],
) -> None:
    seen, folder = witness
    arrivals = pa.concat_tables(seen.arrivals)
    assert arrivals.equals(pq.read_table(folder / "tables" / "declarations.parquet"))
    truth = {*pq.read_schema(folder / "truth.parquet").names} - {"declaration_id"}
    assert truth.isdisjoint(arrivals.column_names)
    assert truth.isdisjoint(seen.news[-1].column_names)


def test_no_result_arrives_before_it_is_known(witness: tuple[Witness, Path]) -> None:
    seen, folder = witness
    for today, news in zip(seen.days, seen.news, strict=True):
        known = news["result_known_at"].to_pandas()
        assert (known < midnight(today)).all()
        assert (known >= midnight(today - timedelta(days=1))).all()
    written = pd.read_parquet(folder / "tables" / "inspections.parquet")
    in_time = written["result_known_at"] < midnight(seen.days[-1])
    told = pa.concat_tables(seen.news)["inspection_id"].to_pylist()
    assert sorted(told) == sorted(written.loc[in_time, "inspection_id"])


def test_lines_drawn_by_chance_are_illicit_at_the_base_rate(tmp_path: Path) -> None:
    settings = SHORT.model_copy(update={"days": 120, "declarations_per_day": 60.0})
    live_with(settings, Lottery(0.3), tmp_path / "tables")
    truth = pd.read_parquet(tmp_path / "truth.parquet")
    inspections = pd.read_parquet(tmp_path / "tables" / "inspections.parquet")
    drawn = truth["declaration_id"].isin(inspections["declaration_id"])
    assert drawn.mean() == pytest.approx(0.3, abs=0.03)
    for column in ("illicit", "would_be_found"):
        rate = truth[column].mean()
        error = np.sqrt(rate * (1 - rate) / drawn.sum())
        assert abs(truth.loc[drawn, column].mean() - rate) < 4 * error
    hits = (inspections["result"] == "hit").mean()
    assert 0.3 * rate < hits < rate


def test_a_policy_beside_the_port_leaves_the_lot_alone(port: Path, tmp_path: Path) -> None:
    """Before the gangs have heard of anything, lot, orders and tips are those of the port."""
    live_with(SHORT, Witness(), tmp_path / "tables", beside_port=True)
    ours, theirs = (
        pd.read_parquet(folder / "tables" / "inspections.parquet") for folder in (tmp_path, port)
    )
    assert {*ours["selected_by"]} == {"random", "mandatory", "intelligence", "model"}
    assert len(ours) == pytest.approx(len(theirs), rel=0.05)
    standing = ["random", "mandatory", "intelligence"]
    first = midnight(SHORT.first_day + timedelta(days=3))
    early = [
        rows[rows["selected_by"].isin(standing) & (rows["inspected_at"] < first)].reset_index(
            drop=True
        )
        for rows in (ours, theirs)
    ]
    assert len(early[0]) > 3
    pd.testing.assert_frame_equal(early[0], early[1])


def test_stepping_beside_the_port_is_living_beside_it(tmp_path: Path) -> None:
    settings = SHORT.model_copy(update={"days": 12})
    live_with(settings, Witness(), tmp_path / "tables", beside_port=True)
    corridor, policy = Corridor(settings, beside_port=True), Witness()
    for today in corridor:
        corridor.examine(policy.choose(today, corridor.arrivals(), corridor.new_results()))
    over = pa.scalar(midnight(corridor.today))
    written = pq.read_table(tmp_path / "tables" / "inspections.parquet")
    known = written.filter(pc.field("result_known_at") < over)
    assert len(known) > 10
    assert corridor.results().equals(known)


def first(corridor: Corridor) -> str:
    return corridor.arrivals()["declaration_id"][0].as_py()


def strange(corridor: Corridor) -> list[Selection]:
    line = first(corridor)
    return [Selection(line, "model"), Selection(line, "modell"), Selection("D1", "rule", 1.5)]


def by_lot_without_chance(corridor: Corridor) -> list[Selection]:
    return [Selection(first(corridor), "random")]


@pytest.mark.parametrize(
    ("select", "told"),
    [
        (strange, r"selections of 2024-01-01: .*1 not lodged that day \(D1\)"),
        (strange, r"1 selected more than once \(D240101000000\)"),
        (strange, r"1 selected for an unknown reason \(D240101000000: modell\)"),
        (strange, r"1 without a possible chance \(D1: 1.5\)"),
        (by_lot_without_chance, r"1 without a possible chance \(D240101000000: None\)"),
    ],
)
def test_all_breaches_of_a_day_are_told_and_the_day_goes_on(
    select: Callable[[Corridor], Sequence[Selection]], told: str
) -> None:
    corridor = Corridor(SHORT)
    with pytest.raises(InputError, match=told):
        corridor.examine(select(corridor))
    assert corridor.today == SHORT.first_day
    corridor.examine([Selection(first(corridor), "model")])
    assert corridor.today == SHORT.first_day + timedelta(days=1)


def test_a_line_of_yesterday_is_refused() -> None:
    corridor = Corridor(SHORT)
    yesterday = first(corridor)
    corridor.examine([])
    with pytest.raises(InputError, match=f"1 not lodged that day \\({yesterday}\\)"):
        corridor.examine([Selection(yesterday, "model")])


def test_a_policy_that_selects_nonsense_writes_nothing(tmp_path: Path) -> None:
    class Nonsense:
        def choose(self, today: date, arrivals: pa.Table, new_results: pa.Table) -> list[Selection]:
            del today, arrivals, new_results
            return [Selection("D0", "model")]

    with pytest.raises(InputError, match="1 not lodged that day"):
        live_with(SHORT, Nonsense(), tmp_path / "tables")
    assert list(tmp_path.iterdir()) == []


def test_being_caught_changes_what_is_lodged(
    small: Simulated, witness: tuple[Witness, Path]
) -> None:
    """A world in which everything is examined is another one than the port's, later on."""
    day = pd.Timestamp(midnight(SHORT.first_day))
    declared = small.declarations
    usual = declared[declared["lodged_at"] < day + timedelta(days=SHORT.days)]
    lived = pa.concat_tables(witness[0].arrivals).to_pandas()
    start = [rows[rows["lodged_at"] < day + timedelta(days=1)] for rows in (usual, lived)]
    pd.testing.assert_frame_equal(start[0], start[1])
    assert len(usual) != len(lived) or not usual["consignee_id"].equals(lived["consignee_id"])
