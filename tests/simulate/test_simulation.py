from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from targeting.errors import OutputError
from targeting.simulate import live, preset, simulate
from targeting.simulate.control.examination import examine
from targeting.simulate.control.selection import Choice
from targeting.simulate.customs_view import arrivals_table
from targeting.simulate.places import IMPORT
from targeting.simulate.settings import SchemesSettings, SimulateSettings
from targeting.simulate.trade.ground import Ground
from targeting.simulate.world import World
from targeting.simulate.writing import tables as writing

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Simulated
    from targeting.simulate.control.examination import Examinations
    from targeting.simulate.control.selection import Policy
    from targeting.simulate.world import Day

SHORT = preset("small").model_copy(update={"days": 35})
FILES = ("tables/declarations.parquet", "tables/inspections.parquet", "truth.parquet")


def read_all(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in FILES]


class Nobody:
    """A policy that examines nothing."""

    def choose(self, day: Day) -> Choice:
        del day
        return Choice(np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0))

    def learn(self, results: Examinations) -> None:
        assert len(results) == 0


class Everybody:
    """A policy that examines every line, as rules would."""

    def choose(self, day: Day) -> Choice:
        count = len(day)
        return Choice(np.arange(count), np.full(count, 3), np.full(count, np.nan))

    def learn(self, results: Examinations) -> None:
        del results


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    simulate(SHORT, tmp_path / "one" / "tables")
    simulate(SHORT, tmp_path / "two" / "tables")
    assert read_all(tmp_path / "one") == read_all(tmp_path / "two")


def test_another_seed_gives_other_bytes(tmp_path: Path) -> None:
    simulate(SHORT, tmp_path / "one" / "tables")
    simulate(SHORT.model_copy(update={"seed": 7}), tmp_path / "two" / "tables")
    pairs = zip(read_all(tmp_path / "one"), read_all(tmp_path / "two"), strict=True)
    assert all(one != two for one, two in pairs)


def test_a_longer_span_changes_no_day_of_a_shorter_one(tmp_path: Path, small: Simulated) -> None:
    simulate(SHORT, tmp_path / "tables")
    for name, long in zip(FILES, (small.declarations, small.inspections, small.truth), strict=True):
        short = pd.read_parquet(tmp_path / name)
        assert len(short) > 0
        pd.testing.assert_frame_equal(short, long.head(len(short)))


def test_days_lived_one_by_one_are_the_days_written_at_once(tmp_path: Path) -> None:
    simulate(SHORT, tmp_path / "tables")
    ground = Ground.of(SHORT)
    stepped = [arrivals_table(ground, day) for day, _ in live(SHORT)]
    written = pq.read_table(tmp_path / "tables" / "declarations.parquet")
    assert pa.concat_tables(stepped).select(written.column_names).equals(written)


def blind() -> SimulateSettings:
    """A world in which nobody learns of seizures and nothing is seized on its way."""
    schemes = {name: {"adapts": False} for name in SchemesSettings.model_fields}
    routes = SHORT.routes.model_copy(update={"through_share": 0.0})
    return SHORT.model_copy(
        update={"schemes": SchemesSettings.model_validate(schemes).times(1.8), "routes": routes}
    )


def test_where_nobody_learns_lodging_does_not_depend_on_who_is_examined() -> None:
    settings = blind()
    ground = Ground.of(settings)
    both = zip(live(settings, Nobody()), live(settings, Everybody()), strict=True)
    for (idle, _), (busy, _) in both:
        assert writing.truth(ground, idle).equals(writing.truth(ground, busy))


def moves_under(policy: Policy) -> list[str]:
    world = World(SHORT.model_copy(update={"days": 90}))
    for _ in range(90):
        day = world.next_day()
        world.hear(examine(world.ground, day, policy.choose(day)).seized)
    return [move.scheme for move in world.moves]


def test_schemes_move_on_only_where_they_are_caught() -> None:
    assert moves_under(Nobody()) == []
    assert len(set(moves_under(Everybody()))) >= 4


def test_what_is_seized_in_transit_is_never_imported() -> None:
    """Under full examination no illicit second leg is left; under none there are some."""
    settings = SHORT.model_copy(
        update={
            "days": 200,
            "routes": SHORT.routes.model_copy(update={"through_share": 1.0}),
            "schemes": SchemesSettings.model_validate({"rip_on": 0.15}),
        }
    )
    left = {
        type(policy).__name__: sum(
            int((day.lines.illicit & (day.orders.journey > 0) & (day.orders.flow == IMPORT)).sum())
            for day, _ in live(settings, policy)
        )
        for policy in (Nobody(), Everybody())
    }
    assert left["Everybody"] < 0.5 * left["Nobody"]


def test_examining_everything_finds_no_more_than_a_full_examination_would() -> None:
    for day, results in live(SHORT, Everybody()):
        assert not results.hit[~day.truth.found].any()
        assert (results.scheme[results.hit] == day.orders.scheme[results.hit]).all()


def test_no_schemes_means_no_offences(tmp_path: Path) -> None:
    none = SchemesSettings().times(0.0)
    report = simulate(SHORT.model_copy(update={"schemes": none}), tmp_path / "tables")
    assert (report.illicit, report.hits) == (0, 0)
    assert report.hit_rate == 0.0


def test_truth_lies_beside_the_tables_and_never_inside(small: Simulated) -> None:
    inside = sorted(path.name for path in small.report.tables.iterdir())
    assert inside == ["declarations.parquet", "inspections.parquet"]
    assert small.report.truth.parent == small.report.tables.parent
    assert list(small.truth.columns) == ["declaration_id", *TOLD]
    assert {*TOLD}.isdisjoint(small.declarations.columns)
    assert {*TOLD}.isdisjoint(small.inspections.columns)


TOLD = [
    "illicit",
    "scheme",
    "wave",
    "move",
    "evaded_revenue",
    "would_be_found",
    "would_be_offence",
    "would_be_known_after_days",
    "depth_needed",
    "recoverable_revenue",
    "seizable_quantity",
]


def test_truth_is_whole_and_consistent(small: Simulated) -> None:
    truth = small.truth
    assert truth["declaration_id"].tolist() == small.declarations["declaration_id"].tolist()
    assert truth["scheme"].notna().equals(truth["illicit"])
    assert truth["would_be_offence"].notna().equals(truth["would_be_found"])
    assert truth.loc[truth["would_be_found"], "illicit"].all()
    assert (truth.loc[~truth["illicit"], "evaded_revenue"] == 0).all()
    assert (truth["evaded_revenue"] >= 0).all()


def test_hits_are_found_offences(small: Simulated) -> None:
    hits = small.joined.query("result == 'hit'")
    assert hits["would_be_found"].all()
    assert (hits["offence"] == hits["would_be_offence"]).all()
    assert (hits["revenue_recovered"] > 0).all()


def test_small_is_small_and_has_enough_hits(small: Simulated) -> None:
    assert 2_500 <= small.report.declarations <= 3_800
    assert small.report.hits >= 40
    assert small.report.examined == len(small.inspections)
    assert small.report.hits == (small.inspections["result"] == "hit").sum()


def test_rates_are_as_documented(middle: Simulated) -> None:
    """`small` rates: 28 % examined, hits 5 to 10 % of them."""
    assert middle.report.examined_share == pytest.approx(0.282, abs=0.015)
    assert 0.05 <= (middle.report.hit_rate or 0.0) <= 0.10


def test_the_report_says_what_was_found(small: Simulated) -> None:
    text = small.report.text()
    assert f"{small.report.declarations:,} declarations of 120 days" in text
    assert "transit_diversion" in text
    assert "model" not in text


def test_the_lot_is_a_fair_draw(middle: Simulated) -> None:
    lot = middle.inspections.query("selected_by == 'random'")
    chance, lines = middle.settings.examined.random, len(middle.declarations)
    assert (lot["selection_probability"] == chance).all()
    spread = np.sqrt(chance * (1 - chance) / lines)
    assert abs(len(lot) / lines - chance) < 4 * spread
    others = middle.inspections.query("selected_by != 'random'")
    assert others["selection_probability"].isna().all()


def test_the_lot_estimates_the_truth(middle: Simulated) -> None:
    """The lot's illicit share is that of all lines, within four standard errors."""
    joined = middle.joined
    all_share = joined["illicit"].mean()
    drawn = joined.loc[joined["selected_by"] == "random", "illicit"]
    assert abs(drawn.mean() - all_share) < 4 * np.sqrt(all_share * (1 - all_share) / len(drawn))


def test_a_hit_becomes_known_later_than_a_clear_result(middle: Simulated) -> None:
    rows = middle.inspections
    delay = (rows["result_known_at"] - rows["inspected_at"]).dt.total_seconds() / 86_400
    by_offence = delay.groupby(rows["offence"]).median()
    assert delay[rows["result"] == "clear"].median() < 2.0
    assert by_offence["undervaluation"] == pytest.approx(16.0, rel=0.35)
    assert by_offence["tobacco"] < by_offence["misclassification"] < by_offence["origin_fraud"]


def test_progress_counts_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    simulate(SHORT, tmp_path / "tables", progress=lambda done, total: told.append((done, total)))
    assert told == [(30, 35), (35, 35)]


def test_a_strange_folder_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "letter.txt").write_text("mine")
    with pytest.raises(OutputError, match="will not delete"):
        simulate(SHORT, tmp_path / "tables")
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]


@pytest.mark.slow
def test_demo_is_as_documented(demo: Simulated) -> None:
    report = demo.report
    lot = next(count for count in report.by_reason if count.name == "random")
    assert 60_000 <= report.declarations <= 90_000
    assert report.examined >= 6_000
    assert 0.08 <= report.examined_share <= 0.10
    assert 0.06 <= (report.hit_rate or 0.0) <= 0.12
    assert 0.01 <= lot.hits / lot.lines <= 0.035
