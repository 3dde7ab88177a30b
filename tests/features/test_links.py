"""Links of two steps, against a loop that walks every pair of lines; and what a link tells."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from targeting.config import FeatureSettings
from targeting.features.build import build, matrix_of
from targeting.features.engine import Wanted
from targeting.features.links import link_features
from targeting.features.spec import learn_spec
from targeting.language import ENGLISH

if TYPE_CHECKING:
    from targeting.tables.folder import MemoryTables

END = date(2024, 6, 1)


@pytest.fixture(scope="module")
def linked() -> FeatureSettings:
    return FeatureSettings.model_validate(
        {
            "time_zone": "Asia/Baku",
            "keys": [["consignee_id"], ["hs6"], ["hs6", "origin_country"]],
            "links": [
                {"of": "consignee_id", "through": "hs6"},
                {"of": "hs6", "through": "consignee_id"},
                {"of": "consignee_id", "through": ["hs6", "origin_country"]},
            ],
            "categories": [],
        }
    )


def local_days(moments: pd.Series) -> pd.Series:
    local = pd.to_datetime(moments, utc=True).dt.tz_convert("Asia/Baku")
    return local.dt.tz_localize(None).dt.normalize()


def part(line: dict[str, Any], columns: list[str]) -> tuple[Any, ...] | None:
    """Return the line's key; None where a part of it is missing."""
    values = tuple(line[column] for column in columns)
    return None if any(value is None for value in values) else values


def walked(tables: MemoryTables, of: list[str], through: list[str]) -> dict[str, list[float]]:
    """Lines, caught lines and summed hit rates of each line's earlier lines, by plain loops."""
    frame = tables.declarations.to_pandas()
    frame["day"] = local_days(frame["lodged_at"])
    frame = frame.sort_values(["day", "lodged_at", "declaration_id"])
    lines: list[dict[str, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    for line in lines:
        line["hs6"] = line["hs_code"][:6] if len(line["hs_code"]) >= 6 else None
    by_id = {line["declaration_id"]: line for line in lines}
    examined = tables.inspections.to_pandas()
    examined["known"] = local_days(examined["result_known_at"])
    found = [
        (
            part(by_id[one.declaration_id], through),
            max(one.known, by_id[one.declaration_id]["day"]),
            one.result == "hit",
        )
        for one in examined.itertuples()
    ]
    out: dict[str, list[float]] = {"lines": [], "caught": [], "rates": []}
    for line in lines:
        told = [0.0, 0.0, 0.0] if part(line, of) else [np.nan] * 3
        for past in lines:
            key = part(past, through)
            if past["day"] >= line["day"] or part(past, of) != part(line, of) or key is None:
                continue
            hits = [hit for other, known, hit in found if other == key and known < past["day"]]
            if hits:
                told = [told[0] + 1, told[1] + any(hits), told[2] + sum(hits) / len(hits)]
        for name, value in zip(out, told, strict=True):
            out[name].append(value)
    return out


@pytest.mark.parametrize(
    ("name", "of", "through"),
    [
        ("consignee_via_hs6", ["consignee_id"], ["hs6"]),
        ("hs6_via_consignee", ["hs6"], ["consignee_id"]),
        ("consignee_via_hs6_x_origin", ["consignee_id"], ["hs6", "origin_country"]),
    ],
)
def test_a_link_is_what_two_loops_find(
    name: str, of: list[str], through: list[str], port: MemoryTables, linked: FeatureSettings
):
    spec = learn_spec(port, linked)
    rows, matrix = matrix_of(port, spec, Wanted(), until=END)
    expected = walked(port, of, through)
    assert np.nansum(expected["caught"]) > 0
    for which in ("lines", "caught"):
        column = matrix[:, spec.names.index(f"{name}_{which}")]
        np.testing.assert_allclose(column, expected[which], err_msg=which)
    rate = matrix[:, spec.names.index(f"{name}_hit_rate")]
    lines = np.array(expected["lines"])
    known = ~np.isnan(rate)
    assert known.any()
    assert len(rows) == len(rate)
    # Taken apart again: a shrunken rate is between the mean of the rates and the base rate.
    base = (rate * (lines + 20) - np.array(expected["rates"])) / 20
    assert ((base[known] > -1e-6) & (base[known] < 1)).all()


@pytest.mark.parametrize("day", [10, 25, 40])
def test_a_link_from_a_snapshot_is_the_link_from_the_beginning(
    day: int, port: MemoryTables, linked: FeatureSettings
):
    spec, start = learn_spec(port, linked), date(2024, 1, 1) + timedelta(days=day)
    whole = build(port, spec, Wanted(start=start), until=END)
    known = build(port, spec, Wanted(start=start, stop=start), until=start).snapshot
    later = build(port, spec, Wanted(start=start), until=END, snapshot=known)
    np.testing.assert_allclose(later.matrix, whole.matrix, rtol=1e-6)
    for name, profiles in whole.snapshot.profiles.items():
        np.testing.assert_allclose(
            later.snapshot.profiles[name].state.sums, profiles.state.sums, rtol=1e-9, err_msg=name
        )


def test_a_link_reads_as_a_sentence():
    features = link_features(FeatureSettings())["consignee_via_container"]
    sentence = features[0].feature.sentence
    line = {"consignee_via_container_lines": 40.0, "consignee_via_container_caught": 3.0}
    assert ENGLISH.say(sentence(line)) == (
        "this consignee: 3 of 40 earlier lines with a container caught by then"
    )
    assert sentence({}) is None
    none = {"consignee_via_container_lines": 0.0, "consignee_via_container_caught": 0.0}
    assert "no earlier line" in ENGLISH.say(sentence(none))


def test_a_link_goes_through_a_key_that_is_followed():
    with pytest.raises(ValidationError, match="hs6_via_seal go through what is no profile key"):
        FeatureSettings.model_validate(
            {"keys": ["hs6"], "links": [{"of": "hs6", "through": "seal_id"}]}
        )


def test_default_links_follow_the_keys_chosen():
    few = FeatureSettings.model_validate({"keys": ["consignee_id"]})
    assert [link.name for link in few.links] == [
        "consignor_via_consignee", "container_via_consignee", "conveyance_via_consignee",
    ]  # fmt: skip
