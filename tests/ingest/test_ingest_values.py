"""Numbers and times: read exactly, or not at all."""

from __future__ import annotations

import pyarrow as pa
import pytest

from targeting.ingest.values import numbers, times


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "expected"),
    [
        ("1,234.5", ".", ",", 1234.5),
        ("1.234,5", ",", ".", 1234.5),
        ("1\u00a0234", ",", " ", 1234.0),
        ("1'234.5", ".", "'", 1234.5),
        ("+7", ".", "", 7.0),
        ("1e3", ".", "", 1000.0),
        ("12,34", ".", ",", None),
        ("1,5", ".", "", None),
        ("1e999", ".", "", None),
        ("inf", ".", "", None),
        ("5 kg", ".", "", None),
    ],
)
def test_numbers(text: str, decimal: str, thousands: str, expected: float | None) -> None:
    read = numbers(pa.array([text]), decimal=decimal, thousands=thousands)
    assert read.to_pylist() == [expected]


@pytest.mark.parametrize(
    ("text", "formats", "change", "expected"),
    [
        ("2024-01-31", ["iso"], "quarantine", "2024-01-30T23:00:00+00:00"),
        ("2024-01-31T10:00:00Z", ["iso"], "quarantine", "2024-01-31T10:00:00+00:00"),
        ("2024-01-31 10:00:00.5+03:00", ["iso"], "quarantine", "2024-01-31T07:00:00.500000+00:00"),
        ("2024", ["iso"], "quarantine", None),
        ("today", ["iso", "%d.%m.%Y"], "quarantine", None),
        ("31.12.24", ["%d.%m.%y"], "quarantine", "2024-12-30T23:00:00+00:00"),
        ("01/02/2024", ["%d/%m/%Y", "%m/%d/%Y"], "quarantine", None),
        ("13/02/2024", ["%d/%m/%Y", "%m/%d/%Y"], "quarantine", "2024-02-12T23:00:00+00:00"),
        ("45322.5", ["excel_serial"], "quarantine", "2024-01-31T11:00:00+00:00"),
        ("1706695200", ["unix_seconds"], "quarantine", "2024-01-31T10:00:00+00:00"),
        ("1706695200500", ["unix_milliseconds"], "quarantine", "2024-01-31T10:00:00.500000+00:00"),
        ("1e300", ["unix_seconds"], "quarantine", None),
        # Berlin's clocks: 02:30 lived twice on 27 October 2024, skipped on 31 March 2024.
        ("2024-10-27 02:30", ["iso"], "quarantine", None),
        ("2024-10-27 02:30", ["iso"], "earlier", "2024-10-27T00:30:00+00:00"),
        ("2024-10-27 02:30", ["iso"], "later", "2024-10-27T01:30:00+00:00"),
        ("2024-03-31 02:30", ["iso"], "quarantine", None),
        ("2024-03-31 02:30", ["iso"], "earlier", "2024-03-31T01:00:00+00:00"),
    ],
)
def test_times(text: str, formats: list[str], change: str, expected: str | None) -> None:
    read, _ = times(pa.array([text]), formats=formats, zone="Europe/Berlin", clock_change=change)
    found = read.to_pylist()[0]
    assert (found.isoformat() if found else None) == expected


def test_a_midnight_that_the_clocks_skipped_is_the_first_moment_of_the_day() -> None:
    text = pa.array(["2021-03-22"])  # Tehran went from 00:00 to 01:00
    read, _ = times(text, formats=["iso"], zone="Asia/Tehran", clock_change="quarantine")
    assert read.to_pylist()[0].isoformat() == "2021-03-21T20:30:00+00:00"
