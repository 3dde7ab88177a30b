"""What the door reads is what the scorer would read itself, so that no row is read twice."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.ingest.test_rows import rows_of

from targeting.ingest.rows import RowReader
from targeting.scoring.online.rows import typed, written
from targeting.service.bodies import asked
from targeting.tables.schema import DECLARATIONS

EXTRA = st.dictionaries(
    st.sampled_from(["incoterm", "tare_kg", "urgent"]),
    st.none() | st.booleans() | st.text(max_size=4) | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(row=rows_of(DECLARATIONS), extra=EXTRA)
def test_rows_of_a_request_are_the_rows_the_scorer_types(
    row: dict[str, Any], extra: dict[str, Any]
) -> None:
    reader = RowReader(DECLARATIONS)
    sent = orjson.loads(orjson.dumps(row | extra))
    assume(not reader.read([sent]).faults)

    (taken,) = asked({"declarations": [sent]}, reader, most=1, languages=("en",)).rows

    (again,) = typed([taken], DECLARATIONS)
    assert again == taken
    assert written(again) == written(taken)
    assert {name: type(value) for name, value in again.items()} == {
        name: type(value) for name, value in taken.items()
    }
