from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from targeting.simulate.offences.catalogue import SCHEMES
from targeting.simulate.settings import SITES, DocumentSettings, SchemesSettings, SimulateSettings
from targeting.simulate.world import Day, World
from targeting.simulate.writing.manifests import (
    CHANGES,
    INCOTERMS,
    MANIFEST_BLANKS,
    SEALERS,
    TRACES,
    columns,
    versions,
)
from targeting.simulate.writing.tables import declarations
from targeting.tables.iso6346 import is_valid

if TYPE_CHECKING:
    from targeting.simulate.trade.ground import Ground

EXTRA = [name for name, _ in MANIFEST_BLANKS]
SHOWN_BY = {
    "too_heavy": ("perishable_cover", "free_zone_tobacco"),
    "seal_mended": ("rip_on",),
    "port_mended": ("transit_diversion",),
    "consignee_mended": ("shell_counterfeit",),
}
STATES = {
    "gross_mass": "gross_mass_kg",
    "packages": "package_count",
    "container": "container_id",
    "seal": "seal_id",
    "discharge_port": "discharge_port",
}
# The schemes three times as dense as usual: enough of each, in a world small enough for a test.
DENSE = SimulateSettings(
    preset="custom", days=40, declarations_per_day=600.0, schemes=SchemesSettings().times(3.0)
)


def lived(made_of: SimulateSettings, days: int) -> tuple[Ground, list[Day]]:
    world = World(made_of)
    return world.ground, [world.next_day() for _ in range(days)]


def one_site(
    *, seed: int = 1, site: int = 0, documents: DocumentSettings | None = None
) -> SimulateSettings:
    return SimulateSettings(
        preset="custom",
        seed=seed,
        sites=SITES[site : site + 1],
        documents=documents or DocumentSettings(),
    )


@dataclass(frozen=True)
class Port:
    """A world with its manifests: lines, documents and versions, one row each."""

    lines: pd.DataFrame
    documents: pd.DataFrame
    versions: pd.DataFrame

    @classmethod
    def of(cls, ground: Ground, day: Day) -> Port:
        lines = declarations(ground, day).to_pandas()
        for name, column in columns(ground, day).items():
            lines[name] = column.to_pandas()
        names = np.array(["honest", *(scheme.name for scheme in SCHEMES)])
        lines = lines.assign(
            scheme=names[day.orders.scheme],
            illicit=day.lines.illicit,
            trader=day.orders.trader,
            gross=np.round(day.lines.gross, 1),
            packages=day.lines.packages,
            document=day.papers.day * 1_000_000 + day.papers.document,
        )
        documents = lines.groupby("document").agg(
            {
                "transport_document_id": "first", "transport_mode": "first", "scheme": "first",
                "lodged_at": "first", "amendment_count": "first", "seal_id": "first",
                "discharge_port": "first", "incoterm": "first", "trader": "first",
                "gross": "sum", "packages": "sum", "sealing_party": "first",
            }
        ).reset_index()  # fmt: skip
        table = versions(ground, day).to_pandas()
        table["document"] = documents["document"].to_numpy()[(table["version"] == 1).cumsum() - 1]
        lodged = documents.set_index("document")["lodged_at"]
        table["late"] = table["received_at"].to_numpy() > lodged[table["document"]].to_numpy()
        return cls(lines, documents, table)

    @property
    def held(self) -> pd.DataFrame:
        """Documents beside the last version received before lodging."""
        last = self.versions[~self.versions["late"]].groupby("document").tail(1)
        return self.documents.merge(last, on="document", suffixes=("", "_held"))

    def shown(self) -> pd.DataFrame:
        """Documents with what can be seen of a trace, whoever wrote them."""
        found = self.held
        late = self.versions[self.versions["late"]]
        seals, ports = (late["changed"] == name for name in ("seal", "discharge_port"))
        consignees = self.versions[self.versions["changed"] == "consignee"]
        return found.assign(
            too_heavy=found["gross_mass_kg"] > 1.02 * found["gross"],
            seal_mended=found["document"].isin(late[seals]["document"]),
            port_mended=found["document"].isin(late[ports]["document"]),
            consignee_mended=found["document"].isin(consignees["document"]),
        )


def share_by(values: pd.Series, groups: pd.Series) -> dict[str, float]:
    return {str(name): float(part.mean()) for name, part in values.groupby(groups)}


def count_by(values: pd.Series, groups: pd.Series) -> dict[str, int]:
    return {str(name): int(part.sum()) for name, part in values.groupby(groups)}


@pytest.fixture(scope="module")
def dense() -> Port:
    ground, days = lived(DENSE, DENSE.days)
    return Port.of(ground, Day.join(days))


def test_documents_are_those_of_the_declarations(dense: Port) -> None:
    known = dense.held.dropna(subset="transport_document_id")
    assert len(dense.held) == len(dense.documents)
    assert (known["transport_document_id"] == known["transport_document_id_held"]).all()
    assert dense.versions.groupby("document")["transport_document_id"].nunique().max() == 1


def test_versions_held_at_lodging_agree_with_the_amendments(dense: Port) -> None:
    held = dense.held
    assert (held["version"] - 1 == held["amendment_count"]).all()
    assert held["amendment_count"].max() > 1


def test_versions_are_numbered_and_received_in_order(dense: Port) -> None:
    groups = dense.versions.groupby("document")
    assert (dense.versions["version"] == groups.cumcount() + 1).all()
    waits = groups["received_at"].diff().dropna()
    assert len(waits) > 1_000
    assert (waits > pd.Timedelta(0)).all()


def test_types_are_fit_for_parquet() -> None:
    ground, days = lived(one_site(), 1)
    table = versions(ground, days[0])
    assert table.schema.field("received_at").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("version").type == pa.int64()
    assert {name: column.type for name, column in columns(ground, days[0]).items()} == {
        "incoterm": pa.string(),
        "manifest_gross_mass_kg": pa.float64(),
        "manifest_package_count": pa.int64(),
        "sealing_party": pa.string(),
    }


@pytest.mark.parametrize("change", [change for change in CHANGES if change in STATES])
def test_a_version_changes_what_it_says_and_nothing_else(dense: Port, change: str) -> None:
    state = dense.versions[STATES[change]]
    before = dense.versions.groupby("document")[STATES[change]].shift()
    later = dense.versions["version"] > 1
    differs = (state != before) & ~(state.isna() & before.isna())
    says = dense.versions["changed"] == change
    assert says.sum() > 30
    assert differs[later & says].all()
    assert not differs[later & ~says].any()


def test_only_first_versions_change_nothing(dense: Port) -> None:
    first = dense.versions["version"] == 1
    assert dense.versions.loc[first, "changed"].isna().all()
    assert set(dense.versions.loc[~first, "changed"]) == set(CHANGES)


def test_a_sealing_party_goes_with_its_seal(dense: Port) -> None:
    table = dense.versions
    assert (table["sealing_party"].isna() == table["seal_id"].isna()).all()
    assert set(table["sealing_party"].dropna()) == set(SEALERS)
    assert table.groupby(["document", "seal_id"])["sealing_party"].nunique().max() == 1


def test_the_version_held_at_lodging_has_the_declared_seal_and_port(dense: Port) -> None:
    held = dense.held
    sealed = held["seal_id"].notna()
    assert (held["seal_id"] == held["seal_id_held"])[sealed].all()
    assert held.loc[~sealed, "seal_id_held"].isna().all()
    assert (held["discharge_port"] == held["discharge_port_held"]).all()


def test_a_new_seal_is_seen_on_one_document_only(dense: Port) -> None:
    new = dense.versions[dense.versions["seal_id"].str.startswith("SR", na=False)]
    assert new["document"].nunique() > 100
    assert new.groupby("seal_id")["document"].nunique().max() == 1


def test_containers_on_manifests_have_no_typing_errors(dense: Port) -> None:
    boxes = dense.versions["container_id"].dropna()
    assert is_valid(boxes.tolist()).all()
    declared = dense.lines.drop_duplicates("document").set_index("document")["container_id"]
    held = dense.held.set_index("document")["container_id"]
    assert (held.isna() == declared.isna()).all()
    same = (held == declared)[held.notna()]
    assert 0.98 < same.mean() < 1.0


def test_mended_ports_are_ports_of_the_same_mode(dense: Port) -> None:
    modes = dense.documents.set_index("document")["transport_mode"]
    ports = dense.versions.assign(mode=modes[dense.versions["document"]].to_numpy())
    air = ports[(ports["mode"] == "air") & (ports["changed"] == "discharge_port")]
    assert len(air) > 5
    assert not set(air["discharge_port"]) & {"AZALA", "KZKUR", "TMKRW"}


def test_honest_documents_differ_from_their_manifest_by_slips_alone(dense: Port) -> None:
    honest = dense.held.query("scheme == 'honest'")
    off = (honest["gross_mass_kg"] - honest["gross"]).abs() > 0.5 + 1e-6
    recounted = honest["package_count"] != honest["packages"]
    assert 0.040 < (off | recounted).mean() < 0.060
    assert off.mean() > 0.02
    assert recounted.mean() > 0.015
    over = (honest["gross_mass_kg"] > honest["gross"])[off].mean()
    assert 0.4 < over < 0.6


def test_without_slips_honest_manifests_agree_up_to_rounding() -> None:
    documents = DocumentSettings(manifest_slip_share=0.0)
    ground, days = lived(one_site(documents=documents), 4)
    lines = Port.of(ground, Day.join(days)).lines.query("scheme == 'honest'")
    both = lines.dropna(subset=["manifest_gross_mass_kg", "manifest_package_count"])
    assert len(both) > 200
    assert (both["manifest_package_count"] == both["packages"]).all()
    away = (both["manifest_gross_mass_kg"] - both["gross"]).abs()
    assert (away <= 0.55 + 1e-6).all()
    assert (away <= 0.005 * both["gross"] + 0.051).all()


def test_lines_add_up_to_the_document(dense: Port) -> None:
    sums = dense.lines.groupby("document")["manifest_gross_mass_kg"].agg(["sum", "size", "count"])
    whole = sums[sums["size"] == sums["count"]]
    held = dense.held.set_index("document")["gross_mass_kg"].loc[whole.index]
    assert ((whole["sum"] - held).abs() <= 0.05 * whole["size"] + 1e-6).all()


@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(1, 3))
@settings(max_examples=6, deadline=None)
def test_joined_days_give_what_single_days_give(seed: int, cut: int) -> None:
    ground, days = lived(one_site(seed=seed), 4)
    parts = [Day.join(days[:cut]), Day.join(days[cut:])]
    apart = pa.concat_tables([versions(ground, day) for day in days])
    assert apart.equals(versions(ground, Day.join(days)))
    assert apart.equals(pa.concat_tables([versions(ground, part) for part in parts]))
    for name, column in columns(ground, Day.join(days)).items():
        assert column.equals(pa.concat_arrays([columns(ground, day)[name] for day in days])), name


@given(seed=st.integers(0, 2**32 - 1), site=st.integers(0, len(SITES) - 1))
@settings(max_examples=8, deadline=None)
def test_every_world_holds_as_many_versions_as_amendments(seed: int, site: int) -> None:
    ground, days = lived(one_site(seed=seed, site=site), 2)
    held = Port.of(ground, Day.join(days)).held
    assert (held["version"] - 1 == held["amendment_count"]).all()
    assert (held["gross_mass_kg"] > 0).all()
    assert (held["package_count"] > 0).all()


@pytest.mark.parametrize(("name", "share"), MANIFEST_BLANKS)
def test_what_is_left_out_says_nothing(dense: Port, name: str, share: float) -> None:
    """Blanks among illicit lines are as frequent as among honest ones, within 4.5 errors."""
    lines = dense.lines
    if name == "sealing_party":
        lines = lines[lines["seal_id"].notna()]
    blank, illicit = lines[name].isna(), lines["illicit"]
    assert abs(blank.mean() - share) < 0.01
    error = np.sqrt(share * (1 - share) / illicit.sum())
    assert abs(blank[illicit].mean() - blank[~illicit].mean()) < 4.5 * error


def test_without_blanks_only_the_unsealed_have_no_sealing_party() -> None:
    ground, days = lived(one_site(documents=DocumentSettings(blanks=0.0)), 2)
    lines = Port.of(ground, Day.join(days)).lines
    assert lines[EXTRA].drop(columns="sealing_party").notna().all(axis=None)
    assert (lines["sealing_party"].isna() == lines["seal_id"].isna()).all()


def test_incoterms_are_a_habit_of_the_trader_by_mode(dense: Port) -> None:
    known = dense.documents.dropna(subset="incoterm")
    groups = known.groupby(["trader", "transport_mode"])["incoterm"]
    most = groups.agg(lambda terms: terms.value_counts().iloc[0])
    size = groups.size()
    often = size >= 8
    assert often.sum() > 50
    assert most[often].sum() / size[often].sum() > 0.75
    assert set(known["incoterm"]) == set(INCOTERMS)


def test_terms_of_the_sea_are_rare_on_land(dense: Port) -> None:
    of_the_sea = dense.documents["incoterm"].isin(["FOB", "CFR", "CIF"])
    share = share_by(of_the_sea, dense.documents["transport_mode"])
    assert share["sea"] > 0.5
    assert all(0 < share[mode] < 0.08 for mode in ("rail", "road", "air"))


def test_freight_is_left_out_where_the_seller_paid_it(dense: Port) -> None:
    first = dense.lines.drop_duplicates("document").dropna(subset="incoterm")
    seller = first["incoterm"].isin(["CFR", "CIF", "CPT", "CIP", "DAP", "DDP"])
    missing = first["freight_cost"].isna()
    assert missing[seller].mean() > 2 * missing[~seller].mean() > 0.02


def test_road_consignments_have_fewer_later_versions(dense: Port) -> None:
    honest = dense.documents.query("scheme == 'honest'")
    late = honest["document"].isin(dense.versions[dense.versions["late"]]["document"])
    share = share_by(late, honest["transport_mode"])
    assert 0 < share["road"] < 0.06
    assert share["road"] < 0.6 * share["rail"] < share["sea"]


def test_every_scheme_has_its_place_in_the_table() -> None:
    assert list(TRACES) == [scheme.name for scheme in SCHEMES]
    shown = {scheme for schemes in SHOWN_BY.values() for scheme in schemes}
    assert {name for name, trace in TRACES.items() if trace.share > 0} == shown
    assert all(0.3 <= TRACES[name].share <= 0.5 for name in shown)


@pytest.mark.parametrize("trace", SHOWN_BY)
def test_part_of_a_scheme_shows_its_trace(dense: Port, trace: str) -> None:
    rows = dense.shown()
    share = share_by(rows[trace], rows["scheme"])
    for scheme in SHOWN_BY[trace]:
        assert (rows["scheme"] == scheme).sum() > 60
        assert 0.25 < share[scheme] < 0.56, scheme


@pytest.mark.parametrize("trace", SHOWN_BY)
def test_schemes_leave_only_the_traces_they_claim(dense: Port, trace: str) -> None:
    rows = dense.shown()
    share = share_by(rows[trace], rows["scheme"])
    for scheme in set(share) - {"honest", *SHOWN_BY[trace]}:
        # Amendments are more frequent among some schemes, and so are the consignees they change.
        usual = share["honest"] * (3.0 if trace == "consignee_mended" else 1.0)
        error = np.sqrt(usual / (rows["scheme"] == scheme).sum())
        assert share[scheme] < usual + 4.5 * error, scheme


@pytest.mark.parametrize("trace", SHOWN_BY)
def test_what_a_trace_looks_like_is_mostly_honest(dense: Port, trace: str) -> None:
    rows = dense.shown()
    shown = rows[rows[trace]]
    assert (shown["scheme"] == "honest").sum() > 1.5 * shown["scheme"].isin(SHOWN_BY[trace]).sum()


def test_diverted_transit_has_its_packages_mended_after_lodging(dense: Port) -> None:
    late = dense.versions.query("late and changed == 'packages'")["document"]
    share = share_by(dense.documents["document"].isin(late), dense.documents["scheme"])
    assert 0.10 < share["transit_diversion"] < 0.35
    assert share["honest"] < 0.03


def test_who_sealed_is_unknown_more_often_where_a_seal_was_changed(dense: Port) -> None:
    sealed = dense.documents.dropna(subset="sealing_party")
    unknown = sealed["sealing_party"] == "unknown"
    share, count = (of(unknown, sealed["scheme"]) for of in (share_by, count_by))
    assert share["rip_on"] > 2 * share["honest"] > 0.1
    assert count["honest"] > 5 * count["rip_on"]


def cross_fit(values: np.ndarray, illicit: np.ndarray) -> float:
    even, areas = np.arange(len(illicit)) % 2 == 0, []
    for fold in (even, ~even):
        tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=10, random_state=0)
        tree.fit(values[fold], illicit[fold])
        chance = np.asarray(tree.predict_proba(values[~fold]))
        areas.append(roc_auc_score(illicit[~fold], chance[:, 1]))
    return float(np.mean(areas))


@pytest.mark.parametrize("name", EXTRA)
def test_no_extra_column_alone_tells_the_truth(dense: Port, name: str) -> None:
    values = dense.lines[name]
    if not pd.api.types.is_numeric_dtype(values):
        values = pd.Series(pd.Categorical(values).codes)
    numbers = values.astype(float).fillna(-1).to_numpy().reshape(-1, 1)
    assert cross_fit(numbers, dense.lines["illicit"].to_numpy()) < 0.62
