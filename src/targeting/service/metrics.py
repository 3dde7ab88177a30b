"""What is measured of a running service, as Prometheus reads it.

One worker measures itself: with several, scrape each, or take the service's own address as a
sample. Labels are the service's own words, never anything a request brought.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.001, 0.002, 0.004, 0.008, 0.012, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Seconds; the bounds of the latency histogram."""

Labels = tuple[str, ...]


@dataclass(slots=True)
class Count:
    """A number that only grows, by labels.

    Parameters
    ----------
    name, meaning
        As Prometheus shows them.
    labels
        Names of the labels.
    """

    name: str
    meaning: str
    labels: Labels = ()
    _values: dict[Labels, float] = field(default_factory=dict)

    def add(self, *values: str, by: float = 1.0) -> None:
        """Add to the number.

        Parameters
        ----------
        *values
            Of the labels, in their order.
        by
            How much.
        """
        self._values[values] = self._values.get(values, 0.0) + by

    def lines(self) -> Iterator[str]:
        """Write it as Prometheus reads it."""
        yield from _head(self.name, self.meaning, "counter")
        for values, total in sorted(self._values.items()):
            yield f"{self.name}{_braced(self.labels, values)} {total:.17g}"


@dataclass(slots=True)
class Timing:
    """Seconds that things took, in buckets.

    Parameters
    ----------
    name, meaning, labels
        As for `Count`.
    """

    name: str
    meaning: str
    labels: Labels
    _buckets: dict[Labels, list[int]] = field(default_factory=dict)
    _sums: dict[Labels, float] = field(default_factory=dict)

    def observe(self, seconds: float, *values: str) -> None:
        """Count one.

        Parameters
        ----------
        seconds
            How long it took.
        *values
            Of the labels, in their order.
        """
        buckets = self._buckets.setdefault(values, [0] * (len(BOUNDS) + 1))
        buckets[bisect_left(BOUNDS, seconds)] += 1
        self._sums[values] = self._sums.get(values, 0.0) + seconds

    def lines(self) -> Iterator[str]:
        """Write it as Prometheus reads it."""
        yield from _head(self.name, self.meaning, "histogram")
        for values, buckets in sorted(self._buckets.items()):
            labels, below = (*self.labels, "le"), 0
            for bound, count in zip((*map(str, BOUNDS), "+Inf"), buckets, strict=True):
                below += count
                yield f"{self.name}_bucket{_braced(labels, (*values, bound))} {below}"
            yield f"{self.name}_sum{_braced(self.labels, values)} {self._sums[values]:.9f}"
            yield f"{self.name}_count{_braced(self.labels, values)} {below}"


@dataclass(slots=True)
class Metrics:
    """Everything one worker counts."""

    requests: Count = field(
        default_factory=lambda: Count(
            "targeting_requests_total", "Requests answered.", ("route", "status")
        )
    )
    seconds: Timing = field(
        default_factory=lambda: Timing(
            "targeting_request_seconds", "From the first byte to the last.", ("route",)
        )
    )
    scored: Count = field(
        default_factory=lambda: Count("targeting_declarations_scored_total", "Declarations scored.")
    )
    events: Count = field(
        default_factory=lambda: Count(
            "targeting_events_total", "Declarations and results handed in.", ("what",)
        )
    )
    refused: Count = field(
        default_factory=lambda: Count(
            "targeting_problems_total", "Requests refused, by kind.", ("kind",)
        )
    )
    reloads: Count = field(
        default_factory=lambda: Count(
            "targeting_reloads_total", "Attempts to load a model.", ("outcome",)
        )
    )

    def text(self, gauges: Iterable[tuple[str, str, float]] = ()) -> str:
        """Write everything as Prometheus reads it.

        Parameters
        ----------
        gauges
            Name, meaning and value of what can go up and down, as it stands now.
        """
        kept = (self.requests, self.seconds, self.scored, self.events, self.refused, self.reloads)
        lines = [line for one in kept for line in one.lines()]
        for name, meaning, value in gauges:
            lines += [*_head(name.partition("{")[0], meaning, "gauge"), f"{name} {value:.17g}"]
        return "\n".join([*lines, ""])


def labelled(name: str, values: Mapping[str, str]) -> str:
    """Write the name of a gauge with its labels.

    Parameters
    ----------
    name
        Of the gauge.
    values
        Label to value.

    Examples
    --------
    >>> labelled("targeting_bundle", {"bundle_id": "ab12"})
    'targeting_bundle{bundle_id="ab12"}'
    """
    return name + _braced(tuple(values), tuple(values.values()))


def _head(name: str, meaning: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"


def _braced(labels: Labels, values: Labels) -> str:
    if not labels:
        return ""
    escaped = (value.replace("\\", r"\\").replace('"', r"\"") for value in values)
    pairs = (f'{label}="{value}"' for label, value in zip(labels, escaped, strict=True))
    return "{" + ",".join(pairs) + "}"
