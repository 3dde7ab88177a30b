"""Manifests: the versions of each transport document, and what they say beside the declaration.

Every draw is a hash of the document's day and number, so joined days give what single ones give.
Whatever is mended, mistyped or left out is so by chance for every document alike; `TRACES` says
what schemes add to that, and adds it to part of their documents only.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from targeting.simulate.offences.catalogue import SCHEMES
from targeting.simulate.places import EXPORT, MODES, PORTS, REGION, REGIONS
from targeting.simulate.trade.papers import BLANK_SHARES
from targeting.simulate.trade.streams import Flags, Floats, Ints, bell, cumulative, habit, pick
from targeting.simulate.trade.yard import NONE
from targeting.simulate.writing.codes import (
    DOCUMENTS,
    code,
    moments,
    numbered,
    words,
)
from targeting.simulate.writing.containers import container_codes

if TYPE_CHECKING:
    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.trade.orders import Orders
    from targeting.simulate.trade.papers import Papers
    from targeting.simulate.world import Day

CHANGES = (
    "consignee", "gross_mass", "packages", "container", "seal", "discharge_port", "description",
)  # fmt: skip
_CONSIGNEE, _MASS, _PACKAGES, _CONTAINER, _SEAL, _PORT, _DESCRIPTION = range(len(CHANGES))
_FIRST = -1
INCOTERMS = ("EXW", "FCA", "FOB", "CFR", "CIF", "CPT", "CIP", "DAP", "DDP")
SEALERS = ("carrier", "shipper", "unknown")
_UNKNOWN = SEALERS.index("unknown")

MANIFEST_BLANKS = (
    ("incoterm", 0.060),
    ("manifest_gross_mass_kg", 0.030),
    ("manifest_package_count", 0.040),
    ("sealing_party", 0.050),
)
"""Columns left out by chance, and how often; the same for every line, honest or not."""

# In the order of `CHANGES`: what is mended before lodging, and what after it.
_BEFORE = cumulative(np.array([0.10, 0.22, 0.18, 0.08, 0.08, 0.08, 0.26]))
_AFTER = cumulative(np.array([0.12, 0.20, 0.18, 0.06, 0.15, 0.14, 0.15]))
# By mode; a road consignment has a CMR note, which is written once and seldom sent again.
_LATER_SHARES = np.array([0.14, 0.12, 0.04, 0.06])
_FILED_HOURS = np.array([40.0, 22.0, 3.0, 5.0])
_HOUR_S = 3_600
_LEAST_GAP_S = 1_800
_LEAST_WAIT_S = 6 * _HOUR_S
# By mode, in the order of `INCOTERMS`: FOB, CFR and CIF belong to the sea, but clerks write them
# elsewhere too.
_TERMS = np.array(
    [
        [0.060, 0.090, 0.270, 0.130, 0.250, 0.060, 0.040, 0.080, 0.020],
        [0.080, 0.240, 0.010, 0.005, 0.010, 0.270, 0.090, 0.260, 0.035],
        [0.130, 0.200, 0.010, 0.003, 0.012, 0.220, 0.060, 0.280, 0.085],
        [0.110, 0.290, 0.012, 0.004, 0.012, 0.212, 0.120, 0.180, 0.060],
    ]
)
_SELLER_PAYS = np.array([False, False, False, True, True, True, True, True, True])
_TERM_SHARES = cumulative(_TERMS)
_SELLER_TERM_SHARES = cumulative(_TERMS * _SELLER_PAYS)
_TERM_LOYALTY = 0.8
_FREIGHT_IN_PRICE = 0.6
_FREIGHT = [name for name, _ in BLANK_SHARES].index("freight_cost")
_SEALER_SHARES = cumulative(np.array([0.66, 0.24, 0.10]))
_RESEALER_SHARES = cumulative(np.array([0.60, 0.15, 0.25]))
_SEALER_LOYALTY = 0.85
_MOST_SLIP = 0.45
_FLEET = 100_000
_SEALS = 10_000_000


@dataclass(frozen=True, slots=True)
class ManifestTrace:
    """What a scheme adds to the manifests of part of its documents.

    Parameters
    ----------
    share
        Share of its documents that show it.
    heavier
        Least and most by which the manifest's mass exceeds the declared one, as shares of it;
        None where they agree.
    mends
        What further versions change after lodging, each with its chance among those that show it.
    before_lodging
        Whether an amendment before lodging takes the place of the first mend, where there is one.
    unknown_sealer
        Share of its sealed documents, whether or not they show it, that hide who sealed them;
        twice that for a seal put on later.
    """

    share: float
    heavier: tuple[float, float] | None = None
    mends: tuple[tuple[str, float], ...] = ()
    before_lodging: bool = False
    unknown_sealer: float = 0.0


_QUIET = ManifestTrace(0.0)
TRACES = MappingProxyType(
    {
        "undervaluation": _QUIET,
        "misclassification": _QUIET,
        "origin_fraud": _QUIET,
        "perishable_cover": ManifestTrace(0.40, heavier=(0.03, 0.30)),
        "rip_on": ManifestTrace(0.45, mends=(("seal", 1.0),), unknown_sealer=0.25),
        "free_zone_tobacco": ManifestTrace(0.40, heavier=(0.03, 0.40)),
        "shell_counterfeit": ManifestTrace(0.35, mends=(("consignee", 1.0),), before_lodging=True),
        "identity_hijack": _QUIET,
        "strategic_diversion": _QUIET,
        "transit_diversion": ManifestTrace(
            0.40, mends=(("discharge_port", 1.0), ("packages", 0.5))
        ),
    }
)
"""By scheme: perishable_cover and free_zone_tobacco (indicators 36, 38), rip_on (65, 66),
shell_counterfeit (36, 68), transit_diversion (35, 68); the others leave the manifest alone.

With the settings as they come, what a trace looks like is honest far more often. Measured with
those of `demo` on 214,000 documents: a slip makes one honest manifest in sixty too heavy, and the
schemes one in 560; after lodging, seals are mended on one honest document in ninety (schemes one
in 1,200), ports on one in 65 (950); consignees are mended on one in 30 (790). Without the slips
(`documents.manifest_slip_share` of 0) a heavier manifest gives its scheme away.
"""
_TRACES = (_QUIET, *(TRACES[scheme.name] for scheme in SCHEMES))
_MENDS = max(len(trace.mends) for trace in _TRACES)


def versions(ground: Ground, day: Day) -> pa.Table:
    """Write the versions of each transport document's manifest, those after lodging too.

    Parameters
    ----------
    ground
        What the world stands on.
    day
        What was lodged, on one day or several; all lines of a document are there.

    Returns
    -------
    pa.Table
        By document in the order of lodging, then by version. `changed` says what the version
        changed, null for the first one. As many versions as `amendment_count`, and one, come
        before `lodged_at`; whoever looks at a document on a day must leave out the versions
        received later.

    Examples
    --------
    >>> from targeting.simulate.presets import preset
    >>> from targeting.simulate.world import World
    >>> world = World(preset("small"))
    >>> versions(world.ground, world.next_day()).column_names[:4]
    ['transport_document_id', 'version', 'received_at', 'changed']
    """
    documents = _Documents.of(ground, day)
    rows = _Versions.of(documents)
    mass, packages = _held(documents)
    return pa.table(
        {
            "transport_document_id": _ids(documents).take(pa.array(rows.document)),
            "version": pa.array(rows.version),
            "received_at": moments(ground, _received(documents, rows)),
            "changed": words(CHANGES, rows.change),
            "gross_mass_kg": pa.array(_masses(documents, rows, mass)),
            "package_count": pa.array(_counts(documents, rows, packages)),
            "discharge_port": words(ground.places, _ports(documents, rows)),
            "container_id": _containers(documents, rows),
            "seal_id": _seals(documents, rows),
            "sealing_party": words(SEALERS, _sealers_by_version(documents, rows)),
        }
    )


def columns(ground: Ground, day: Day) -> dict[str, pa.Array]:
    """Write what the manifest and the contract say of each goods line when it is lodged.

    The manifest's mass and packages are those of the version held at lodging, shared out over the
    lines as these were declared.

    Parameters
    ----------
    ground
        What the world stands on.
    day
        What was lodged, on one day or several; all lines of a document are there.

    Returns
    -------
    dict of str to pa.Array
        Columns of `declarations` by name, one value per line; null where the clerk left it out,
        and for the sealing party where no seal is named.

    Examples
    --------
    >>> from targeting.simulate.presets import preset
    >>> from targeting.simulate.world import World
    >>> world = World(preset("small"))
    >>> sorted(columns(world.ground, world.next_day()))
    ['incoterm', 'manifest_gross_mass_kg', 'manifest_package_count', 'sealing_party']
    """
    documents = _Documents.of(ground, day)
    each = documents.each
    mass, packages = _held(documents)
    share = (mass / documents.gross)[each]
    of_packages = (packages / documents.packages)[each]
    blank = _blanks(ground, day)
    counted = np.maximum(np.rint(day.lines.packages * of_packages), 1).astype(np.int64)
    return {
        "incoterm": words(INCOTERMS, np.where(blank["incoterm"], NONE, _terms(documents)[each])),
        "manifest_gross_mass_kg": pa.array(
            np.round(np.round(day.lines.gross, 1) * share, 1), mask=blank["manifest_gross_mass_kg"]
        ),
        "manifest_package_count": pa.array(counted, mask=blank["manifest_package_count"]),
        "sealing_party": words(
            SEALERS, np.where(blank["sealing_party"], NONE, _sealers(documents)[each])
        ),
    }


@dataclass(frozen=True, slots=True)
class _Documents:
    """Transport documents, one array element each, and the document of each goods line."""

    ground: Ground
    orders: Orders
    papers: Papers
    gross: Floats
    packages: Ints
    each: Ints

    @classmethod
    def of(cls, ground: Ground, day: Day) -> _Documents:
        papers = day.papers
        new = (np.diff(papers.day, prepend=-1) != 0) | (np.diff(papers.document, prepend=-1) != 0)
        first = np.flatnonzero(new)
        return cls(
            ground,
            day.orders.take(first),
            papers.take(first),
            np.round(np.add.reduceat(np.round(day.lines.gross, 1), first), 1),
            np.add.reduceat(day.lines.packages, first),
            np.cumsum(new) - 1,
        )

    def __len__(self) -> int:
        return len(self.gross)

    @property
    def sealed(self) -> Flags:
        return self.papers.seal != NONE

    def chance(self, purpose: str) -> Floats:
        """Draw each document's own number in [0, 1)."""
        return habit(self.ground.seed, f"manifest {purpose}", self.papers.day, self.papers.document)

    def usual(self, purpose: str, loyalty: float) -> Floats:
        """Draw the trader's habit by mode, or the document's own number where it is not kept."""
        own = habit(self.ground.seed, f"manifest {purpose}", self.orders.trader, self.orders.mode)
        return np.where(self.chance(f"{purpose} kept") < loyalty, own, self.chance(purpose))

    def by_scheme(self, values: list[float]) -> Floats:
        """Look a number up by scheme, the honest first."""
        return np.array(values)[self.orders.scheme]

    def shows(self) -> Flags:
        """Tell which documents show the trace of their scheme."""
        return self.chance("trace") < self.by_scheme([trace.share for trace in _TRACES])


@dataclass(frozen=True, slots=True)
class _Versions:
    """Versions, one array element each.

    Parameters
    ----------
    document
        Position of the document.
    version
        From 1.
    change
        Number in `CHANGES`; `_FIRST` for the first version.
    held, after
        By document: the version held at lodging, and how many come later.
    start
        By document: position of its first version.
    """

    document: Ints
    version: Ints
    change: Ints
    held: Ints
    after: Ints
    start: Ints

    @classmethod
    def of(cls, documents: _Documents) -> _Versions:
        mends = _mends(documents)
        held = documents.orders.amendments + 1
        early = _mended_early(documents) & (mends[:, 0] >= 0)
        forced = (mends >= 0) & ~(early[:, None] & (np.arange(_MENDS) == 0))
        after = _later(documents) + forced.sum(axis=1)
        total = held + after
        start = np.cumsum(total) - total
        document = np.repeat(np.arange(len(documents)), total)
        version = np.arange(len(document)) - start[document] + 1
        change = _changes(documents, document, version, held)
        change[(start + held - 1)[early]] = mends[early, 0]
        place = (start + held)[:, None] + np.cumsum(forced, axis=1) - 1
        change[place[forced]] = mends[forced]
        return cls(document, version, change, held, after, start)

    def since_lodging(self, change: int) -> Ints:
        """Count the changes of one thing since the version held at lodging; negative before it."""
        count = np.cumsum(self.change == change)
        return count - count[self.start + self.held - 1][self.document]

    def chance(self, documents: _Documents, purpose: str, rows: Ints, *ids: Ints) -> Floats:
        """Draw a number for some versions: the same for all of a document with the same ids."""
        papers, which = documents.papers, self.document[rows]
        seed = documents.ground.seed
        return habit(seed, f"manifest {purpose}", papers.day[which], papers.document[which], *ids)


def _mends(documents: _Documents) -> Ints:
    """Choose what the scheme has mended, shape (documents, mends); `NONE` for nothing."""
    shows = documents.shows()
    mends = np.full((len(documents), _MENDS), NONE)
    for slot in range(_MENDS):
        given = [trace.mends[slot] if slot < len(trace.mends) else None for trace in _TRACES]
        what = np.array([NONE if one is None else CHANGES.index(one[0]) for one in given])
        mend = what[documents.orders.scheme]
        likely = documents.by_scheme([0.0 if one is None else one[1] for one in given])
        kept = shows & (documents.chance(f"mend {slot}") < likely)
        mends[:, slot] = np.where(kept & ((mend != _SEAL) | documents.sealed), mend, NONE)
    return mends


def _mended_early(documents: _Documents) -> Flags:
    early = documents.by_scheme([float(trace.before_lodging) for trace in _TRACES]) > 0
    return early & (documents.orders.amendments > 0)


def _later(documents: _Documents) -> Ints:
    """Count the versions that come after lodging by chance: none, one, seldom two."""
    share = _LATER_SHARES[documents.orders.mode]
    chance = documents.chance("later")
    return (chance < share).astype(np.int64) + (chance < 0.2 * share)


def _changes(documents: _Documents, document: Ints, version: Ints, held: Ints) -> Ints:
    """Choose what each version changes; a box or a seal only where there is one."""
    papers = documents.papers
    drawn = habit(
        documents.ground.seed, "manifest change",
        papers.day[document], papers.document[document], version,
    )  # fmt: skip
    change = np.where(version <= held[document], pick(_BEFORE, drawn), pick(_AFTER, drawn))
    boxed, sealed = papers.container != NONE, documents.sealed
    change = np.where((change == _CONTAINER) & ~boxed[document], _DESCRIPTION, change)
    change = np.where((change == _SEAL) & ~sealed[document], _PACKAGES, change)
    return np.where(version == 1, _FIRST, change)


def _received(documents: _Documents, rows: _Versions) -> Ints:
    """Spread versions between filing and lodging, and between lodging and arrival.

    Each has a slot of its own, so that they come in order and none at the moment of lodging.
    """
    orders, which = documents.orders, rows.document
    hours = _FILED_HOURS[orders.mode] * np.exp(0.5 * bell(documents.chance("filed")))
    gap = np.maximum((hours * _HOUR_S), _LEAST_GAP_S)[which]
    wait = np.maximum(orders.lead, _LEAST_WAIT_S)[which]
    jitter = rows.chance(documents, "received", np.arange(len(which)), rows.version)
    early = gap * ((rows.version - 1 + 0.9 * jitter) / rows.held[which] - 1.0)
    slot = rows.version - rows.held[which] - 1
    late = wait * (slot + 0.05 + 0.9 * jitter) / np.maximum(rows.after[which], 1)
    return orders.lodged[which] + np.where(slot < 0, early, late).astype(np.int64)


def _held(documents: _Documents) -> tuple[Floats, Ints]:
    """Give mass and packages of the version held at lodging: as declared, but for slips.

    The manifest has whole kilograms from 100 kg up, and tenths below.
    """
    settings = documents.ground.settings.documents
    slipped = documents.chance("slip") < settings.manifest_slip_share
    kind = documents.chance("slip kind")
    gross, packages = documents.gross, documents.packages
    by = np.where(slipped & (kind < 0.7), _slip(documents, "mass"), 0.0)
    extra = _heavier(documents)
    by = np.where(extra > 0, extra, by)
    mass = gross + np.sign(by) * np.maximum(np.abs(by) * gross, np.where(by != 0, 0.5, 0.0))
    mass = np.where(mass >= 100, np.round(mass), np.round(mass, 1))
    by = np.where(slipped & (kind >= 0.55), _slip(documents, "packages"), 0.0)
    by = np.where(packages < 2, np.abs(by), by)
    other = np.sign(by) * np.maximum(np.rint(np.abs(by) * packages), np.abs(np.sign(by)))
    return mass, packages + other.astype(np.int64)


def _slip(documents: _Documents, what: str) -> Floats:
    """Draw the size of a plain error, as a share, up or down."""
    size = -0.13 * np.log1p(-documents.chance(f"slip of {what}"))
    sign = np.where(documents.chance(f"sign of {what}") < 0.5, -1.0, 1.0)
    return sign * np.minimum(0.03 + size, _MOST_SLIP)


def _heavier(documents: _Documents) -> Floats:
    """Give what schemes add to the mass on the manifest, as a share; 0 for nothing."""
    ranges = [trace.heavier or (0.0, 0.0) for trace in _TRACES]
    least = documents.by_scheme([one[0] for one in ranges])
    most = documents.by_scheme([one[1] for one in ranges])
    extra = least + (most - least) * documents.chance("heavier")
    return np.where(documents.shows(), extra, 0.0)


def _masses(documents: _Documents, rows: _Versions, held: Floats) -> Floats:
    moved = rows.since_lodging(_MASS)
    step = np.maximum(np.round(held * (0.01 + 0.07 * documents.chance("mass step"))), 0.2)
    return np.round(_moved(documents, rows, moved, held, step), 1)


def _counts(documents: _Documents, rows: _Versions, held: Ints) -> Ints:
    moved = rows.since_lodging(_PACKAGES)
    step = 1.0 + np.floor(held * 0.08 * documents.chance("packages step"))
    return np.rint(_moved(documents, rows, moved, held.astype(float), step)).astype(np.int64)


def _moved(
    documents: _Documents, rows: _Versions, moved: Ints, held: Floats, step: Floats
) -> Floats:
    """Move away from what was held at lodging by a step per change, so that each version differs.

    Versions before lodging go one way, and those after it may go the other; never below the step.
    """
    value = held[rows.document]
    at = np.flatnonzero(moved)
    which = rows.document[at]
    away = np.abs(moved[at]) * step[which]
    down = rows.chance(documents, "way", at, np.sign(moved[at])) < 0.5
    down &= held[which] > 2 * away
    value[at] += np.where(down, -away, away)
    return value


def _ports(documents: _Documents, rows: _Versions) -> Ints:
    """Give ports of discharge; one that was mended is another port of the corridor."""
    port = _discharge(documents)[rows.document]
    moved = rows.since_lodging(_PORT)
    at = np.flatnonzero(moved)
    which = rows.document[at]
    drawn = rows.chance(documents, "port", at, np.sign(moved[at]))
    for mode in range(len(MODES)):
        mine = documents.orders.mode[which] == mode
        pool = _pool(documents.ground, mode)
        here = at[mine]
        own = np.searchsorted(pool, port[here])
        turn = (drawn[mine] * len(pool)).astype(np.int64) + np.abs(moved[here])
        port[here] = pool[(own + 1 + turn % (len(pool) - 1)) % len(pool)]
    return port


def _discharge(documents: _Documents) -> Ints:
    """Discharge at the site, exports abroad, as the declaration says."""
    ground, orders = documents.ground, documents.orders
    abroad = PORTS[orders.destination, orders.mode, orders.trader % 3]
    return np.where(orders.flow == EXPORT, abroad, ground.site_place[orders.site])


def _pool(ground: Ground, mode: int) -> Ints:
    """Gather the ports of one mode in the sites' countries and all neighbours on land."""
    neighbours = np.flatnonzero(REGIONS.index("S") == REGION)
    countries = np.union1d(neighbours, np.union1d(ground.site_country, ground.onward))
    return np.union1d(PORTS[countries, mode], ground.site_place[ground.with_mode(mode)])


def _sealers(documents: _Documents) -> Ints:
    """Tell who sealed, when it is lodged; `NONE` where no seal is named."""
    party = pick(_SEALER_SHARES, documents.usual("sealer", _SEALER_LOYALTY))
    share = documents.by_scheme([trace.unknown_sealer for trace in _TRACES])
    party = np.where(documents.chance("unknown sealer") < share, _UNKNOWN, party)
    return np.where(documents.sealed, party, NONE)


def _sealers_by_version(documents: _Documents, rows: _Versions) -> Ints:
    """Give another seal a sealing party of its own; a scheme hides it more often still."""
    party = _sealers(documents)[rows.document]
    moved = rows.since_lodging(_SEAL)
    at = np.flatnonzero(moved)
    drawn = rows.chance(documents, "resealer", at, moved[at])
    share = documents.by_scheme([2 * trace.unknown_sealer for trace in _TRACES])
    hidden = rows.chance(documents, "unknown resealer", at, moved[at]) < share[rows.document[at]]
    party[at] = np.where(hidden, _UNKNOWN, pick(_RESEALER_SHARES, drawn))
    return party


def _containers(documents: _Documents, rows: _Versions) -> pa.Array:
    """Write container numbers without the declarant's slips; another box has another number."""
    box = documents.papers.container[rows.document]
    moved = rows.since_lodging(_CONTAINER)
    at = np.flatnonzero(moved)
    drawn = rows.chance(documents, "container", at, np.sign(moved[at]))
    box[at] = (box[at] + 1 + (drawn * _FLEET).astype(np.int64) + np.abs(moved[at])) % (2 * _FLEET)
    boxed = np.flatnonzero(box != NONE)
    place = np.full(len(box), NONE)
    place[boxed] = np.arange(len(boxed))
    return container_codes(documents.ground.seed, box[boxed]).take(
        pa.array(place, mask=place == NONE)
    )


def _seals(documents: _Documents, rows: _Versions) -> pa.Array:
    """Write seals; another seal has the number of another maker's series."""
    seal = documents.papers.seal[rows.document]
    moved = rows.since_lodging(_SEAL)
    at = np.flatnonzero(moved)
    letters = words(("SL", "SR"), (moved != 0).astype(np.int64))
    drawn = rows.chance(documents, "seal", at, np.sign(moved[at]))
    seal[at] = ((drawn * _SEALS).astype(np.int64) + np.abs(moved[at])) % _SEALS
    return code(letters, seal, 7)


def _terms(documents: _Documents) -> Ints:
    """Choose the Incoterm by the trader's habit and the mode.

    Where freight is left out it is most often part of the price: the seller paid it.
    """
    usual, mode = documents.usual("incoterm", _TERM_LOYALTY), documents.orders.mode
    silent = documents.papers.blanks[:, _FREIGHT]
    paid = silent & (documents.chance("freight in price") < _FREIGHT_IN_PRICE)
    return np.where(paid, pick(_SELLER_TERM_SHARES[mode], usual), pick(_TERM_SHARES[mode], usual))


def _blanks(ground: Ground, day: Day) -> dict[str, Flags]:
    papers, times = day.papers, ground.settings.documents.blanks
    return {
        name: habit(ground.seed, f"blank {name}", papers.day, papers.row) < share * times
        for name, share in MANIFEST_BLANKS
    }


def _ids(documents: _Documents) -> pa.Array:
    """Write document numbers as `declarations` has them."""
    papers, letters = documents.papers, words(DOCUMENTS, documents.orders.mode)
    return numbered(documents.ground, letters, papers.day, papers.document)
