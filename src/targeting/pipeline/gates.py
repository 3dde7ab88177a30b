"""The gates between a version and the champion's place: each says what it found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import NormalDist
from typing import TYPE_CHECKING

from targeting.evaluation.compare.findings import AT_CAPACITY, EXAMINED, RECOMMENDED
from targeting.evaluation.compare.words import UNDER
from targeting.evaluation.intervals import CONFIDENCE
from targeting.evaluation.words import title

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from targeting.bundle.bundle import Bundle
    from targeting.config.promote import PromoteSettings
    from targeting.evaluation.compare.findings import Comparison, Difference, SliceDifference
    from targeting.evaluation.measures import Measure

NOT_NEEDED = "there is no champion to hold it against"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate said.

    Parameters
    ----------
    gate
        Its name.
    passed
        Whether the version may go through.
    found
        What it found, in words.
    """

    gate: str
    passed: bool
    found: str

    def text(self) -> str:
        """Return the line a command prints."""
        return f"{'pass' if self.passed else 'FAIL'}  {self.gate:<24}{self.found}"


def belongs(comparison: Comparison, candidate: str, champion: str) -> Verdict:
    """Ask whether the evidence is about this version and this champion, on clean days.

    Parameters
    ----------
    comparison
        The evidence.
    candidate, champion
        Ids of the bundles.
    """
    wrong: list[str] = []
    for name, found, wanted, role in (
        ("A", comparison.first.bundle_id, champion, "the champion"),
        ("B", comparison.second.bundle_id, candidate, "this version"),
    ):
        if found != wanted:
            wrong.append(f"its {name} is bundle {found}, {role} is {wanted}")
    if comparison.learnt_from:
        wrong.append("its days are not clean of what a version learnt")
    good = f"compares champion {champion} with {candidate}"
    return Verdict("evidence belongs", passed=not wrong, found="; ".join(wrong) or good)


def fresh(made_at: datetime, settings: PromoteSettings, now: datetime) -> Verdict:
    """Ask whether the evidence is young enough.

    Parameters
    ----------
    made_at
        When it was made.
    settings
        The limits.
    now
        Moment, with time zone.
    """
    age = now - made_at
    found = (
        f"made on {made_at.date()}, {age / timedelta(days=1):,.0f} days ago; "
        f"at most {settings.oldest_days} are allowed"
    )
    # A clock a little ahead is no fraud; a comparison of next week is.
    passed = timedelta(days=-1) <= age <= timedelta(days=settings.oldest_days)
    return Verdict("evidence is fresh", passed=passed, found=found)


def enough(comparison: Comparison, settings: PromoteSettings) -> Verdict:
    """Ask whether there is enough to judge by.

    Parameters
    ----------
    comparison
        The evidence.
    settings
        The limits.
    """
    rows = comparison.accounting
    return _enough({"examined": rows.examined, "hits": rows.hits, "days": rows.days}, settings)


def _enough(counts: Mapping[str, float], settings: PromoteSettings) -> Verdict:
    least = settings.enough.model_dump()
    found = ", ".join(f"{name} {counts[name]:,.0f} of {least[name]:,}" for name in least)
    passed = all(counts[name] >= least[name] for name in least)
    return Verdict("enough to judge", passed=passed, found=found)


def no_worse(comparison: Comparison, settings: PromoteSettings) -> Verdict:
    """Ask whether the version loses no more hits than is allowed, with the stated confidence.

    Judged over all lines by the recommended estimator where it can say, else among examined
    lines.

    Parameters
    ----------
    comparison
        The evidence.
    settings
        The limits.
    """
    name, limits = "no worse overall", settings.overall
    apart = comparison.agreement
    if not apart.only_first.lines + apart.only_second.lines:
        same = f"at {comparison.capacity:,} per office and day both open the same lines"
        return Verdict(name, passed=False, found=f"{same}, so nothing was compared")
    for what in (RECOMMENDED, EXAMINED):
        row = comparison.find(what, "precision", AT_CAPACITY)
        bound = None if row is None else lower_bound(row.difference, limits.confidence)
        if row is None or bound is None:
            continue
        margin = -limits.largest_loss * (row.first or 0.0)
        return Verdict(
            name, passed=bound >= margin, found=_said(row, what, bound, margin, limits.confidence)
        )
    return Verdict(name, passed=False, found="the difference has no interval anywhere")


def _said(row: Difference, what: str, bound: float, margin: float, confidence: float) -> str:
    return (
        f"{UNDER[what]}, hits in 100 opened: {100 * (row.difference.value or 0):+.1f} against the "
        f"champion, and with {100 * confidence:g} % confidence no less than {100 * bound:+.1f}; "
        f"a loss of {abs(100 * margin):.1f} is allowed"
    )


def lower_bound(measure: Measure, confidence: float) -> float | None:
    """Give the one-sided lower bound of a figure from the lower arm of its interval.

    Parameters
    ----------
    measure
        The figure, with its 95 % interval.
    confidence
        One-sided.

    Returns
    -------
    float or None
        None when there is no interval.

    Examples
    --------
    >>> from targeting.evaluation.measures import Measure
    >>> round(lower_bound(Measure(0.02, -0.0192, 0.0592), 0.975), 4)
    -0.0192
    >>> round(lower_bound(Measure(0.02, -0.0192, 0.0592), 0.9), 4)
    -0.0056
    """
    if measure.value is None or measure.low is None:
        return None
    return measure.value - (measure.value - measure.low) * _scale(confidence)


def upper_bound(measure: Measure, confidence: float) -> float | None:
    """Give the one-sided upper bound of a figure from the upper arm of its interval.

    Parameters
    ----------
    measure
        The figure, with its 95 % interval.
    confidence
        One-sided.

    Returns
    -------
    float or None
        None when there is no interval.
    """
    if measure.value is None or measure.high is None:
        return None
    return measure.value + (measure.high - measure.value) * _scale(confidence)


def _scale(confidence: float) -> float:
    normal = NormalDist()
    return normal.inv_cdf(confidence) / normal.inv_cdf((1 + CONFIDENCE) / 2)


def no_collapse(comparison: Comparison, settings: PromoteSettings) -> Verdict:
    """Ask whether the version still finds the hits of every part of the traffic.

    Parameters
    ----------
    comparison
        The evidence.
    settings
        The limits.
    """
    limits = settings.slices
    judged = [
        part
        for part in comparison.slices
        if part.hits >= limits.hits and not part.too_small
        and part.recall.difference.value is not None
    ]  # fmt: skip
    fallen = [part for part in judged if _fell(part, settings)]
    told = [
        f"{title(part.dimension)} {part.value} {100 * (part.recall.difference.value or 0):+.0f}"
        for part in fallen
    ]
    good = f"{len(judged)} parts with {limits.hits} hits or more, none fell too far"
    found = f"share of hits opened, in 100: {', '.join(told)}" if told else good
    return Verdict("no part collapses", passed=not fallen, found=found)


def _fell(part: SliceDifference, settings: PromoteSettings) -> bool:
    difference, limits = part.recall.difference, settings.slices
    if (difference.value or 0.0) >= -limits.largest_fall:
        return False
    bound = upper_bound(difference, limits.confidence)
    return bound is None or bound < 0  # a fall that far is no chance, or cannot be called one


def calibrated(comparison: Comparison, settings: PromoteSettings) -> Verdict:
    """Ask whether the version's probabilities mean what they say.

    Parameters
    ----------
    comparison
        The evidence.
    settings
        The limits.
    """
    row, limits = comparison.calibration[1], settings.calibration
    if row.error is None or row.slope is None:
        return Verdict("calibrated", passed=False, found="it could not be computed")
    found = (
        f"error {100 * row.error:.1f} in 100, at most {100 * limits.largest_error:g}; slope "
        f"{row.slope:.2f}, between {limits.lowest_slope:g} and {limits.highest_slope:g}"
    )
    within = limits.lowest_slope <= row.slope <= limits.highest_slope
    return Verdict("calibrated", passed=within and row.error <= limits.largest_error, found=found)


def first_version(bundle: Bundle, settings: PromoteSettings) -> Iterable[Verdict]:
    """Judge the first champion by its own evaluation, as there is nothing to hold it against.

    Parameters
    ----------
    bundle
        The version.
    settings
        The limits.

    Yields
    ------
    Verdict
        Of every gate but those that need a champion.
    """
    figures = bundle.manifest.metrics
    counts = {
        "examined": figures.get("rows_examined", 0),
        "hits": figures.get("hits", 0),
        "days": figures.get("days", 0),
    }
    yield _enough(counts, settings)
    error, most = figures.get("calibration_error"), settings.calibration.largest_error
    found = (
        "its own evaluation has no calibration error"
        if error is None
        else f"error {100 * error:.1f} in 100 on its own test block, at most {100 * most:g}"
    )
    yield Verdict("calibrated", passed=error is not None and error <= most, found=found)
    for gate in ("no worse overall", "no part collapses"):
        yield Verdict(gate, passed=True, found=NOT_NEEDED)
