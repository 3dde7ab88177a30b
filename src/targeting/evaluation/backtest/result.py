"""What a backtest found: every version and baseline on the same days."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from targeting.evaluation.backtest.figures import Figures
    from targeting.evaluation.backtest.parts import OriginRow, Part
    from targeting.evaluation.backtest.weeks import BlockRow
    from targeting.evaluation.measures import Measure, ReasonRow

Unit = Literal["line", "consignment"]


@dataclass(frozen=True, slots=True)
class Row:
    """What one version's list would have found under one policy.

    Parameters
    ----------
    version, policy
        Their names.
    unit
        Whether lines are counted or consignments; a consignment is opened when a line of it is.
    opened, opened_examined
        Lines (or consignments) the list opens, and those of them that were examined.
    found
        Hits among those examined.
    naive
        As if the examined ones spoke for all it opens.
    estimated
        Estimated for all it opens, as recommended.
    estimator
        Which estimator that is.
    real
        By the truth; None outside simulated worlds.
    """

    version: str
    policy: str
    unit: Unit
    opened: float
    opened_examined: float
    found: float
    naive: Figures
    estimated: Figures
    estimator: str
    real: Figures | None


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better or worse a version is than this model, on the same days.

    Parameters
    ----------
    version, policy, unit
        As in `Row`.
    estimated
        Precision less that of this model, as recommended.
    real
        The same by the truth; None outside simulated worlds.
    """

    version: str
    policy: str
    unit: Unit
    estimated: Measure
    real: Measure | None


@dataclass(frozen=True, slots=True)
class VersionResult:
    """One version that lived the days.

    Parameters
    ----------
    name
        As reports call it.
    kind
        `this model`, `given` or `baseline`.
    why
        Why it has no figures; empty when it has.
    blocks
        Block by block, at the offices' own capacity.
    parts
        Parts of the traffic, at the offices' own capacity.
    origins
        Examination share and hit rate by origin.
    """

    name: str
    kind: str
    why: str = ""
    blocks: tuple[BlockRow, ...] = ()
    parts: tuple[Part, ...] = ()
    origins: tuple[OriginRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the days held.

    Parameters
    ----------
    first_day, last_day
        ISO 8601.
    days, blocks, learnings
        Days, blocks of days, and moments at which versions learnt.
    lines, consignments
        Lodged.
    examined, hits
        Lines with a result, and hits among them.
    random, random_hits
        Of those, examined at random.
    """

    first_day: str
    last_day: str
    days: int
    blocks: int
    learnings: int
    lines: int
    consignments: int
    examined: int
    hits: int
    random: int
    random_hits: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """Everything a backtest found.

    Parameters
    ----------
    accounts
        What the days held.
    capacity
        Lines each office opens a day.
    policies
        Name and words of each policy.
    versions
        Every version that lived the days, this model first.
    rows
        Figures by version, policy and unit.
    differences
        Each other version against this model.
    selected_by
        Why lines were examined in practice, and what was found.
    time_zone, seed
        Of the days, and of the resampling.
    """

    accounts: Accounts
    capacity: dict[str, int]
    policies: dict[str, str]
    versions: tuple[VersionResult, ...]
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    selected_by: tuple[ReasonRow, ...]
    time_zone: str
    seed: int

    @property
    def has_truth(self) -> bool:
        """Whether the truth is known, as of a simulated world."""
        return any(row.real is not None for row in self.rows)

    def row(self, version: str, policy: str, unit: Unit = "line") -> Row:
        """Return the figures of a version under a policy.

        Parameters
        ----------
        version, policy, unit
            As in `Row`.
        """
        return next(
            row
            for row in self.rows
            if (row.version, row.policy, row.unit) == (version, policy, unit)
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it: a missing figure is None and says why."""
        return asdict(self)

    def metrics_of(self, version: str) -> dict[str, float]:
        """Figures of one version under the names every version has; a missing one is absent.

        Parameters
        ----------
        version
            Its name.
        """
        named: dict[str, float | None] = {}
        for row in self.rows:
            if row.version == version:
                named |= _of_row(row)
        for one in self.differences:
            if one.version == version:
                at = _at(one.policy, one.unit)
                named |= spread(f"precision_less_this_model{at}", one.estimated)
                named |= spread(f"precision_less_this_model{at}_true", one.real)
        return {name: float(value) for name, value in named.items() if value is not None}

    def flat_metrics(self) -> dict[str, float]:
        """Figures of every version, its name before the figure's, for MLflow and DVC."""
        counts = {
            name: float(value)
            for name, value in asdict(self.accounts).items()
            if isinstance(value, int)
        }
        return counts | {
            f"{version_key(one.name)}__{name}": value
            for one in self.versions
            for name, value in self.metrics_of(one.name).items()
        }


def version_key(name: str) -> str:
    """Write the name of a version as the name of a metric may be.

    Parameters
    ----------
    name
        Of the version.

    Examples
    --------
    >>> version_key("raw LightGBM"), version_key("models:/targeting@champion")
    ('raw_lightgbm', 'models__targeting_champion')
    """
    return "".join(letter if letter.isalnum() else "_" for letter in name.lower())


def _at(policy: str, unit: Unit) -> str:
    return f"_at_{policy}" + ("" if unit == "line" else "_per_consignment")


def _of_row(row: Row) -> dict[str, float | None]:
    at = _at(row.policy, row.unit)
    named: dict[str, float | None] = {
        f"opened{at}": row.opened,
        f"opened_examined{at}": row.opened_examined,
        f"found{at}": row.found,
    }
    for end, figures in (("", row.estimated), ("_naive", row.naive), ("_true", row.real)):
        if figures is not None:
            named |= _of_figures(figures, f"{at}{end}")
    return named


def _of_figures(figures: Figures, at: str) -> dict[str, float | None]:
    measures = {
        name: getattr(figures, name)
        for name in (
            "precision", "recall", "hits", "revenue", "revenue_share", "lift_over_random",
            "lift_over_base",
        )
    }  # fmt: skip
    named: dict[str, float | None] = {f"attainable{at}": figures.attainable}
    for name, measure in measures.items():
        named |= spread(f"{name}{at}", measure)
    return named


def spread(name: str, measure: Measure | None) -> dict[str, float | None]:
    """Name a figure and the bounds of its interval.

    Parameters
    ----------
    name
        Of the figure.
    measure
        The figure; None gives no names.
    """
    if measure is None:
        return {}
    return {name: measure.value, f"{name}_low": measure.low, f"{name}_high": measure.high}
