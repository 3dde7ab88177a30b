"""From numbers to tables: declarations, inspections and truth as Arrow, with stable codes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from targeting.simulate.catalogue import SCHEMES
from targeting.simulate.goods import goods
from targeting.simulate.orders import MISSING, PAYMENTS, SELF
from targeting.simulate.papers import BLANK_SHARES
from targeting.simulate.places import (
    COUNTRIES,
    EXPORT,
    FLOWS,
    IMPORT,
    MODES,
    PLACES,
    PORTS,
    SITE_PLACE,
    SITES,
    TRANSIT,
)
from targeting.simulate.selection import REASONS
from targeting.simulate.streams import pick
from targeting.simulate.yard import NONE, container_codes, container_types
from targeting.tables.schema import LOADS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from targeting.simulate.examination import Examinations
    from targeting.simulate.settings import SimulateSettings
    from targeting.simulate.world import Day

Columns = dict[str, pa.Array]
_MILLION = 1_000_000
_IMPORT_PROCEDURES = ("4000", "4071", "5100", "6121")
_PROCEDURE_SHARES = np.array([0.86, 0.92, 0.97, 1.0])
_DOCUMENTS = ("BL", "RW", "CM", "AW")
_VEHICLES = ("VSL", "TRN", "TRK", "FLT")


def declarations(settings: SimulateSettings, day: Day) -> pa.Table:
    """Write lines as rows of `declarations`.

    Parameters
    ----------
    settings
        The world's settings: its seed and first day.
    day
        What was lodged.
    """
    columns = {"declaration_id": declaration_ids(settings, day)}
    columns |= _times(settings, day) | _parties(day) | _goods(day)
    columns |= _route(day) | _transport(settings, day) | _money(day)
    return pa.table(columns | _blanked(columns, day))


def inspections(settings: SimulateSettings, results: Examinations) -> pa.Table:
    """Write examinations as rows of `inspections`.

    Parameters
    ----------
    settings
        The world's settings.
    results
        Examinations of any days, in order.
    """
    offences = ["", *(scheme.offence for scheme in SCHEMES)]
    units = ["", *(scheme.unit for scheme in SCHEMES)]
    seized = results.quantity > 0
    return pa.table(
        {
            "inspection_id": _numbered(settings, "E", results.day, results.row),
            "declaration_id": _numbered(settings, "D", results.day, results.row),
            "selected_by": _words(REASONS, results.reason),
            "selection_probability": pa.array(results.probability, from_pandas=True),
            "inspected_at": _moments(settings, results.inspected),
            "result_known_at": _moments(settings, results.known),
            "result": _words(("clear", "hit"), results.hit.astype(np.int64)),
            "offence": _words(offences, np.where(results.hit, results.scheme, MISSING)),
            "revenue_recovered": pa.array(results.revenue),
            "seized_quantity": pa.array(results.quantity, mask=~seized),
            "seized_unit": _words(units, np.where(seized, results.scheme, MISSING)),
        }
    )


def truth(settings: SimulateSettings, day: Day) -> pa.Table:
    """Write the truth of the lines, to be kept beside the tables and never in them.

    Parameters
    ----------
    settings
        The world's settings.
    day
        What was lodged.
    """
    names = ["", *(scheme.name for scheme in SCHEMES)]
    offences = ["", *(scheme.offence for scheme in SCHEMES)]
    illicit, found, scheme = day.lines.illicit, day.truth.found, day.orders.scheme
    return pa.table(
        {
            "declaration_id": declaration_ids(settings, day),
            "illicit": pa.array(illicit),
            "scheme": _words(names, np.where(illicit, scheme, MISSING)),
            "evaded_revenue": pa.array(np.round(day.lines.evaded, 2)),
            "would_be_found": pa.array(found),
            "would_be_offence": _words(offences, np.where(found, scheme, MISSING)),
        }
    )


def declaration_ids(settings: SimulateSettings, day: Day) -> pa.Array:
    """Give lines their numbers, in the order of lodging.

    Parameters
    ----------
    settings
        The world's settings.
    day
        What was lodged.
    """
    return _numbered(settings, "D", day.papers.day, day.papers.row)


def _numbered(
    settings: SimulateSettings, letters: str, day: np.ndarray, number: np.ndarray
) -> pa.Array:
    """Write letters, date and number, such as D240131000017."""
    pairs = zip(_dates(settings, day), number.tolist(), strict=True)
    return _strings([f"{letters}{date}{one:06d}" for date, one in pairs])


def _dates(settings: SimulateSettings, day: np.ndarray) -> list[str]:
    """Write days as yymmdd."""
    distinct, which = np.unique(day, return_inverse=True)
    first = np.datetime64(settings.first_day)
    texts = [str(first + one).replace("-", "")[2:] for one in distinct]
    return [texts[one] for one in which.tolist()]


def _strings(values: Sequence[str | None]) -> pa.Array:
    return pa.array(values, type=pa.string())


def _words(words: Sequence[str], number: np.ndarray) -> pa.Array:
    """Look words up by number; a negative number is null."""
    return _strings(words).take(pa.array(number, mask=number < 0))


def _coded(number: np.ndarray, write: Callable[[int], str]) -> pa.Array:
    """Write each distinct number once; a negative number is null."""
    distinct, which = np.unique(number, return_inverse=True)
    return _strings([write(one) if one >= 0 else None for one in distinct.tolist()]).take(
        pa.array(which)
    )


def _moments(settings: SimulateSettings, seconds: np.ndarray) -> pa.Array:
    start = datetime.combine(settings.first_day, datetime.min.time(), tzinfo=UTC)
    micro = (seconds + int(start.timestamp())) * 1_000_000
    return pa.array(micro, type=pa.timestamp("us", tz="UTC"))


def _scrambled(number: int) -> int:
    """Turn a running number into a code that does not tell who came first."""
    return number // _MILLION * _MILLION + (number % _MILLION * 7_919 + 31_337) % _MILLION


def _blanked(columns: Columns, day: Day) -> Columns:
    """Leave out what the clerk left out."""
    new: Columns = {}
    for place, (name, _) in enumerate(BLANK_SHARES):
        column = columns[name]
        blank = pa.array(day.papers.blanks[:, place])
        new[name] = _either(blank, pa.scalar(None, column.type), column)
    return new


def _either(condition: pa.Array, yes: pa.Array | pa.Scalar, no: pa.Array) -> pa.Array:
    return pc.call_function("if_else", [condition, yes, no])


def _times(settings: SimulateSettings, day: Day) -> Columns:
    orders = day.orders
    return {
        "lodged_at": _moments(settings, orders.lodged),
        "arrival_at": _moments(settings, orders.lodged + orders.lead),
        "flow": _words(FLOWS, orders.flow),
        "transport_mode": _words(MODES, orders.mode),
        "office_id": _words([site.code for site in SITES], orders.site),
    }


def _parties(day: Day) -> Columns:
    """Write party codes; an exporter is the local trader, and its consignee is abroad."""
    orders = day.orders
    export = pa.array(orders.flow == EXPORT)
    pairs = {}
    for name, local, foreign in (
        ("id", "CE{:06d}", "CO{:06d}"),
        ("name", "Trader {:06d} LLC", "Supplier {:06d} Ltd"),
    ):
        here = _coded(orders.trader, lambda one, text=local: text.format(_scrambled(one)))
        there = _coded(orders.supplier, lambda one, text=foreign: text.format(_scrambled(one)))
        pairs[f"consignee_{name}"] = _either(export, there, here)
        pairs[f"consignor_{name}"] = _either(export, here, there)
    forwarder = _coded(orders.notify, "NP{:04d}".format)
    itself = pa.array(orders.notify == SELF)
    return pairs | {
        "declarant_id": _coded(orders.broker, "BR{:06d}".format),
        "notify_party_id": _either(itself, pairs["consignee_id"], forwarder),
        "carrier_id": _coded(orders.carrier, "CR{:05d}".format),
    }


def _goods(day: Day) -> Columns:
    trade, lines = goods(), day.lines
    return {
        "hs_code": _words(trade.codes, lines.goods),
        "goods_description": _words(trade.words, lines.word),
        "package_count": pa.array(lines.packages),
        "gross_mass_kg": pa.array(np.round(lines.gross, 1)),
        "net_mass_kg": pa.array(lines.net),
        "amendment_count": pa.array(day.orders.amendments),
    }


def _route(day: Day) -> Columns:
    """Write countries and ports; exports load at the site and discharge abroad."""
    orders, site = day.orders, SITE_PLACE[day.orders.site]
    abroad = PORTS[orders.destination, orders.mode, orders.trader % 3]
    exported = orders.flow == EXPORT
    return {
        "origin_country": _words(COUNTRIES, orders.origin),
        "dispatch_country": _words(COUNTRIES, orders.dispatch),
        "destination_country": _words(COUNTRIES, orders.destination),
        "loading_port": _words(PLACES, np.where(exported, site, orders.loading)),
        "transshipment_port": _words(PLACES, orders.hub),
        "discharge_port": _words(PLACES, np.where(exported, abroad, site)),
    }


def _transport(settings: SimulateSettings, day: Day) -> Columns:
    orders, papers = day.orders, day.papers
    modes = orders.mode.tolist()
    numbers = zip(modes, _dates(settings, papers.day), papers.document.tolist(), strict=True)
    vehicles = papers.conveyance.tolist()
    names = [f"{_VEHICLES[mode]}{one:06d}" for mode, one in zip(modes, vehicles, strict=True)]
    trips = papers.trip.tolist()
    return {
        "transport_document_id": _strings(
            [f"{_DOCUMENTS[mode]}{date}{one:06d}" for mode, date, one in numbers]
        ),
        "conveyance_id": _strings(names),
        "voyage_id": _strings([f"{n}-{t:05d}" for n, t in zip(names, trips, strict=True)]),
        "container_load": _words(LOADS, np.where(papers.container == NONE, NONE, orders.load)),
        "seal_id": _coded(papers.seal, "SL{:07d}".format),
    } | _containers(settings.seed, day)


def _containers(seed: int, day: Day) -> Columns:
    papers = day.papers
    boxed = np.flatnonzero(papers.container != NONE)
    codes = container_codes(seed, papers.container[boxed])
    slips = papers.typo[boxed].tolist()
    written = [_mistyped(code, slip) for code, slip in zip(codes, slips, strict=True)]
    types = container_types(seed, papers.container[boxed], papers.kind[boxed])
    place = np.full(len(day), NONE)
    place[boxed] = np.arange(len(boxed))
    return {"container_id": _words(written, place), "container_type": _words(types, place)}


def _mistyped(code: str, slip: int) -> str:
    """Raise the last serial digit by the slip, leaving the check digit as it was."""
    return code[:9] + str((int(code[9]) + slip) % 10) + code[10] if slip else code


def _money(day: Day) -> Columns:
    orders, lines = day.orders, day.lines
    regime = np.select(
        [orders.flow == EXPORT, orders.flow >= TRANSIT, orders.preference], [0, 1, 2], 3
    )
    importing = pick(_PROCEDURE_SHARES, day.papers.procedure)
    procedure = np.where(
        orders.flow == IMPORT, importing, len(_IMPORT_PROCEDURES) + orders.flow - 1
    )
    return {
        "customs_value": pa.array(lines.value),
        "freight_cost": pa.array(lines.freight),
        "duty_rate_pct": pa.array(lines.duty),
        "tax_regime": _words(("EXPORT", "SUSPENDED", "PREFERENCE", "GENERAL"), regime),
        "payment_method": _words(PAYMENTS, orders.payment),
        "procedure_code": _words((*_IMPORT_PROCEDURES, "1000", "8000", "8200"), procedure),
    }
