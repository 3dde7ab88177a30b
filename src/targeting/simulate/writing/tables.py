"""From numbers to tables: declarations, inspections and truth as Arrow, with stable codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from targeting.simulate.control.examination import DEPTHS, recoverable_revenue, result_delay_days
from targeting.simulate.control.selection import REASONS
from targeting.simulate.offences.catalogue import SCHEMES
from targeting.simulate.places import (
    COUNTRIES,
    EXPORT,
    FLOWS,
    IMPORT,
    MODES,
    PORTS,
    TRANSIT,
)
from targeting.simulate.trade.orders import PAYMENTS, SELF
from targeting.simulate.trade.papers import BLANK_SHARES
from targeting.simulate.trade.streams import pick
from targeting.simulate.trade.yard import NONE
from targeting.simulate.writing.codes import (
    DOCUMENTS,
    code,
    either,
    joined,
    moments,
    numbered,
    padded,
    words,
)
from targeting.simulate.writing.containers import container_codes, container_types
from targeting.tables.schema import LOADS

if TYPE_CHECKING:
    from targeting.simulate.control.examination import Examinations
    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.trade.streams import Flags, Ints
    from targeting.simulate.world import Day

Columns = dict[str, pa.Array]
_MILLION = 1_000_000
_IMPORT_PROCEDURES = ("4000", "4071", "5100", "6121")
_PROCEDURE_SHARES = np.array([0.86, 0.92, 0.97, 1.0])
_VEHICLES = ("VSL", "TRN", "TRK", "FLT")


def declarations(ground: Ground, day: Day) -> pa.Table:
    """Write lines as rows of `declarations`.

    Parameters
    ----------
    ground
        What the world stands on.
    day
        What was lodged.
    """
    columns = {"declaration_id": declaration_ids(ground, day)}
    columns |= _times(ground, day) | _parties(day) | _goods(ground, day)
    columns |= _route(ground, day) | _transport(ground, day) | _money(day)
    return pa.table(columns | _blanked(columns, day))


def inspections(ground: Ground, results: Examinations) -> pa.Table:
    """Write examinations as rows of `inspections`.

    Parameters
    ----------
    ground
        What the world stands on.
    results
        Examinations of any days, in order.
    """
    hit, seized = results.hit, results.quantity > 0
    offences = [scheme.offence for scheme in SCHEMES]
    units = [scheme.unit for scheme in SCHEMES]
    return pa.table(
        {
            "inspection_id": numbered(ground, "E", results.day, results.row),
            "declaration_id": numbered(ground, "D", results.day, results.row),
            "selected_by": words(REASONS, results.reason),
            "selection_probability": pa.array(results.probability, from_pandas=True),
            "inspected_at": moments(ground, results.inspected),
            "result_known_at": moments(ground, results.known),
            "result": words(("clear", "hit"), hit.astype(np.int64)),
            "offence": words(offences, _scheme_where(hit, results.scheme)),
            "revenue_recovered": pa.array(results.revenue),
            "seized_quantity": pa.array(results.quantity, mask=~seized),
            "seized_unit": words(units, _scheme_where(seized, results.scheme)),
            "examination_depth": words(DEPTHS, results.depth),
        }
    )


def truth(ground: Ground, day: Day) -> pa.Table:
    """Write the truth of the lines, to be kept beside the tables and never in them.

    Parameters
    ----------
    ground
        What the world stands on.
    day
        What was lodged.
    """
    illicit, found, scheme = day.lines.illicit, day.truth.found, day.orders.scheme
    names = [one.name for one in SCHEMES]
    offences = [one.offence for one in SCHEMES]
    revenue = recoverable_revenue(day.lines, day.truth)
    return pa.table(
        {
            "declaration_id": declaration_ids(ground, day),
            "illicit": pa.array(illicit),
            "scheme": words(names, _scheme_where(illicit, scheme)),
            "wave": _counted(day.truth.wave),
            "move": _counted(day.truth.move),
            "evaded_revenue": pa.array(np.round(day.lines.evaded, 2)),
            "would_be_found": pa.array(found),
            "would_be_offence": words(offences, _scheme_where(found, scheme)),
            "would_be_known_after_days": pa.array(result_delay_days(ground, day)),
            "depth_needed": pa.array(day.truth.hiding, mask=~found),
            "recoverable_revenue": pa.array(np.where(found, revenue, 0.0)),
            "seizable_quantity": pa.array(np.where(found, day.lines.quantity, 0.0)),
        }
    )


def _counted(number: Ints) -> pa.Array:
    """Write counts as small integers; a negative one is null."""
    return pa.array(number.astype(np.int32), mask=number < 0)


def _scheme_where(condition: Flags, scheme: Ints) -> Ints:
    """Turn scheme numbers, counted from 1, into positions in the catalogue; -1 elsewhere."""
    return np.where(condition, scheme - 1, -1)


def declaration_ids(ground: Ground, day: Day) -> pa.Array:
    """Give lines their numbers, in the order of lodging.

    Parameters
    ----------
    ground
        What the world stands on.
    day
        What was lodged.
    """
    return numbered(ground, "D", day.papers.day, day.papers.row)


def _scrambled(number: Ints) -> Ints:
    """Turn running numbers into codes that do not tell who came first; keep what is negative."""
    mixed = number // _MILLION * _MILLION + (number % _MILLION * 7_919 + 31_337) % _MILLION
    return np.where(number < 0, number, mixed)


def _blanked(columns: Columns, day: Day) -> Columns:
    """Leave out what the clerk left out."""
    new: Columns = {}
    for place, (name, _) in enumerate(BLANK_SHARES):
        column = columns[name]
        blank = pa.array(np.ascontiguousarray(day.papers.blanks[:, place]))
        new[name] = either(blank, pa.scalar(None, column.type), column)
    return new


def _times(ground: Ground, day: Day) -> Columns:
    orders = day.orders
    return {
        "lodged_at": moments(ground, orders.lodged),
        "arrival_at": moments(ground, orders.lodged + orders.lead),
        "flow": words(FLOWS, orders.flow),
        "transport_mode": words(MODES, orders.mode),
        "office_id": words(ground.sites, orders.site),
    }


def _parties(day: Day) -> Columns:
    """Write party codes; an exporter is the local trader, and its consignee is abroad."""
    orders = day.orders
    export = pa.array(orders.flow == EXPORT)
    local = padded(_scrambled(orders.trader), 6)
    foreign = padded(_scrambled(orders.supplier), 6)
    pairs = {}
    for name, here, there in (
        ("id", joined("CE", local), joined("CO", foreign)),
        ("name", joined("Trader ", local, " LLC"), joined("Supplier ", foreign, " Ltd")),
    ):
        pairs[f"consignee_{name}"] = either(export, there, here)
        pairs[f"consignor_{name}"] = either(export, here, there)
    itself = pa.array(orders.notify == SELF)
    return pairs | {
        "declarant_id": code("BR", orders.broker, 6),
        "notify_party_id": either(itself, pairs["consignee_id"], code("NP", orders.notify, 4)),
        "carrier_id": code("CR", orders.carrier, 5),
    }


def _goods(ground: Ground, day: Day) -> Columns:
    trade, lines = ground.goods, day.lines
    return {
        "hs_code": words(trade.codes, lines.goods),
        "goods_description": words(trade.words, lines.word),
        "package_count": pa.array(lines.packages),
        "gross_mass_kg": pa.array(np.round(lines.gross, 1)),
        "net_mass_kg": pa.array(lines.net),
        "amendment_count": pa.array(day.orders.amendments),
    }


def _route(ground: Ground, day: Day) -> Columns:
    """Write countries and ports; exports load at the site and discharge abroad."""
    orders, site = day.orders, ground.site_place[day.orders.site]
    abroad = PORTS[orders.destination, orders.mode, orders.trader % 3]
    exported = orders.flow == EXPORT
    return {
        "origin_country": words(COUNTRIES, orders.origin),
        "dispatch_country": words(COUNTRIES, orders.dispatch),
        "destination_country": words(COUNTRIES, orders.destination),
        "loading_port": words(ground.places, np.where(exported, site, orders.loading)),
        "transshipment_port": words(ground.places, orders.hub),
        "discharge_port": words(ground.places, np.where(exported, abroad, site)),
    }


def _transport(ground: Ground, day: Day) -> Columns:
    orders, papers = day.orders, day.papers
    conveyance = code(words(_VEHICLES, orders.mode), papers.conveyance, 6)
    letters = words(DOCUMENTS, orders.mode)
    return {
        "transport_document_id": numbered(ground, letters, papers.day, papers.document),
        "conveyance_id": conveyance,
        "voyage_id": joined(conveyance, "-", padded(papers.trip, 5)),
        "container_load": words(LOADS, np.where(papers.container == NONE, NONE, orders.load)),
        "seal_id": code("SL", papers.seal, 7),
    } | _containers(ground.seed, day)


def _containers(seed: int, day: Day) -> Columns:
    papers = day.papers
    boxed = np.flatnonzero(papers.container != NONE)
    place = np.full(len(day), NONE)
    place[boxed] = np.arange(len(boxed))
    where = pa.array(place, mask=place == NONE)
    box = papers.container[boxed]
    return {
        "container_id": container_codes(seed, box, papers.typo[boxed]).take(where),
        "container_type": container_types(seed, box, papers.kind[boxed]).take(where),
    }


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
        "tax_regime": words(("EXPORT", "SUSPENDED", "PREFERENCE", "GENERAL"), regime),
        "payment_method": words(PAYMENTS, orders.payment),
        "procedure_code": words((*_IMPORT_PROCEDURES, "1000", "8000", "8200"), procedure),
    }
