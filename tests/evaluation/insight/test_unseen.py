"""What a model does not see: counted by the cut-off, whatever the tables hold after it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from targeting.config import FeatureSettings
from targeting.evaluation.insight.unseen import Area, areas_of, unseen
from targeting.features.spec import learn_spec

BEFORE = datetime(2024, 1, 5, tzinfo=UTC)


def _tables(make_tables):
    """Days 1 to 6 January; of the first two lines results are known before the 5th."""
    lines = [
        {"office_id": office, "hs_code": code}
        for office, code in (
            ("AZALA", "080510"), ("AZALA", "610910"), ("KZAAU", "080510"), ("AZALA", "080510"),
            ("AZALA", "080510"), ("KZAAU", "080510"),
        )
    ]  # fmt: skip
    found = [
        {"declaration_id": "D0000", "result": "hit",
         "result_known_at": datetime(2024, 1, 2, tzinfo=UTC)},
        {"declaration_id": "D0001", "result": "clear",
         "result_known_at": datetime(2024, 1, 3, tzinfo=UTC)},
        {"declaration_id": "D0002", "result": "hit",
         "result_known_at": datetime(2024, 1, 9, tzinfo=UTC)},
    ]  # fmt: skip
    return make_tables(lines, found)


def test_lines_results_and_hits_of_each_part_are_counted_before_the_cut_off(make_tables) -> None:
    areas = areas_of(_tables(make_tables), before=BEFORE)
    assert [one for one in areas if one.dimension in {"office_id", "hs_chapter"}] == [
        Area("hs_chapter", "08", 3, 1, 1),
        Area("hs_chapter", "61", 1, 1, 0),
        Area("office_id", "AZALA", 3, 2, 1),
        Area("office_id", "KZAAU", 1, 0, 0),
    ]


def test_columns_indicators_and_silent_features_are_named(make_tables) -> None:
    tables = _tables(make_tables)
    spec = learn_spec(tables, FeatureSettings(keys=(), links=(), categories=()))
    matrix = np.ones((2, len(spec.features)), dtype=np.float32)
    matrix[:, spec.names.index("duty")] = np.nan
    matrix[0, spec.names.index("detour_km")] = np.nan
    found = unseen(tables, spec, matrix, before=BEFORE)
    assert found.silent == ("duty",)
    assert {"consignee_name", "consignor_name", "voyage_id"} <= set(found.unread)
    assert "customs_value" not in found.unread
    lacking = {one.number: one.lacks for one in found.indicators}
    assert lacking[40] == "volume"
    assert 46 not in lacking
    assert found.areas[0].lines == 4
    assert len(found.areas) == found.areas_in_all
