"""The tables of a profile database, and the statements on them: the same on every engine."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

FORMAT_VERSION = 1
METADATA = MetaData()

LEDGER = Table(
    "ledger",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("format_version", Integer, nullable=False),
    Column("settings", String, nullable=False),
    Column("as_of", Integer, nullable=False),
    Column("versions_from", Integer, nullable=False),
    Column("remembered_from", Integer, nullable=False),
    Column("keep_days", Integer, nullable=False),
)
"""One row: whose profiles these are and the day they stand at. It is locked to write."""

PROFILES = Table(
    "profiles",
    METADATA,
    Column("key", LargeBinary, primary_key=True),
    Column("state", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""The living profiles: sums and days of each key, as `states.py` packs them."""

PAST_PROFILES = Table(
    "past_profiles",
    METADATA,
    Column("key", LargeBinary, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("state", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""Profiles as they were before the events of a day, for the last days alone."""

DECLARED = Table(
    "declarations",
    METADATA,
    Column("declaration_id", String, primary_key=True),
    Column("day", Integer, nullable=False),
    Column("lodged_at", BigInteger, nullable=False),
    Column("office_id", String, nullable=False),
    Column("consignment", LargeBinary),
    Column("folded", Integer, nullable=False),
    Column("record", String, nullable=False),
    Index("declarations_by_state", "folded", "day"),
    Index("declarations_by_day", "day", "office_id"),
    Index("declarations_by_consignment", "consignment"),
)
"""Declarations as they came; `folded` once they are in the profiles."""

FOUND = Table(
    "results",
    METADATA,
    Column("inspection_id", String, primary_key=True),
    Column("declaration_id", String, nullable=False),
    Column("day", Integer, nullable=False),
    Column("counts_from", Integer),
    Column("folded", Integer, nullable=False),
    Column("record", String, nullable=False),
    Index("results_by_state", "folded", "counts_from"),
    Index("results_by_declaration", "declaration_id"),
)
"""Results as they came: the day each became known, and the later of that day and its line's, from
which it counts; null while the line is not there."""

REACHED = Table(
    "reached",
    METADATA,
    Column("key", LargeBinary, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("declaration_id", String, primary_key=True),
    sqlite_with_rowid=False,
)
"""Lines by the keys that links go through: a result that comes late changes what they had seen."""

READ_LEDGER = text(
    "SELECT format_version, settings, as_of, versions_from, remembered_from, keep_days FROM ledger"
)
LOCK_LEDGER = text(
    "SELECT format_version, settings, as_of, versions_from, remembered_from, keep_days "
    "FROM ledger FOR UPDATE"
)
WRITE_LEDGER = text(
    "INSERT INTO ledger (id, format_version, settings, as_of, versions_from, remembered_from, "
    "keep_days) VALUES (1, :format_version, :settings, :as_of, :versions_from, :remembered_from, "
    ":keep_days)"
)
MOVE_LEDGER = text("UPDATE ledger SET as_of = :as_of")
VERSIONS_BEGIN = text("UPDATE ledger SET versions_from = :day")

PUT_PROFILE = text(
    "INSERT INTO profiles (key, state) VALUES (:key, :state) "
    "ON CONFLICT (key) DO UPDATE SET state = excluded.state"
)
KEEP_PAST = text(
    "INSERT INTO past_profiles (key, day, state) VALUES (:key, :day, :state) "
    "ON CONFLICT (key, day) DO NOTHING"
)
PUT_PAST = text("UPDATE past_profiles SET state = :state WHERE key = :key AND day = :day")
FORGET_PAST = text("DELETE FROM past_profiles WHERE day < :day")
PROFILES_BETWEEN = text("SELECT key, state FROM profiles WHERE key >= :start AND key < :stop")

PUT_DECLARATION = text(
    "INSERT INTO declarations (declaration_id, day, lodged_at, office_id, consignment, folded, "
    "record) VALUES (:declaration_id, :day, :lodged_at, :office_id, :consignment, :folded, :record)"
)
DECLARATION_FOLDED = text("UPDATE declarations SET folded = 1 WHERE declaration_id = :id")
WAITING_DECLARATIONS = text(
    "SELECT lodged_at, declaration_id FROM declarations WHERE folded = 0 AND day = :day"
)
WAITING_DAYS = text("SELECT DISTINCT day FROM declarations WHERE folded = 0 AND day < :day")
DECLARATIONS_BETWEEN = text(
    "SELECT lodged_at, declaration_id, record FROM declarations WHERE day >= :start AND day < :stop"
)
DECLARATIONS_OF_OFFICE = text(
    "SELECT lodged_at, declaration_id, record FROM declarations "
    "WHERE day >= :start AND day < :stop AND office_id = :office_id"
)

PUT_RESULT = text(
    "INSERT INTO results (inspection_id, declaration_id, day, counts_from, folded, record) "
    "VALUES (:inspection_id, :declaration_id, :day, :counts_from, :folded, :record)"
)
LOAD_DECLARATION = text(
    "INSERT INTO declarations (declaration_id, day, lodged_at, office_id, consignment, folded, "
    "record) VALUES (:declaration_id, :day, :lodged_at, :office_id, :consignment, :folded, "
    ":record) ON CONFLICT (declaration_id) DO UPDATE SET folded = 1"
)
LOAD_RESULT = text(
    "INSERT INTO results (inspection_id, declaration_id, day, counts_from, folded, record) "
    "VALUES (:inspection_id, :declaration_id, :day, :counts_from, :folded, :record) "
    "ON CONFLICT (inspection_id) DO UPDATE SET folded = excluded.folded"
)
RESULT_FOLDED = text("UPDATE results SET folded = 1 WHERE inspection_id = :id")
MATCH_RESULTS = text(
    "UPDATE results SET counts_from = CASE WHEN day > :day THEN day ELSE :day END "
    "WHERE declaration_id = :id AND counts_from IS NULL"
)
MATCH_ALL_RESULTS = text(
    "UPDATE results SET counts_from = (SELECT CASE WHEN d.day > results.day THEN d.day "
    "ELSE results.day END FROM declarations d "
    "WHERE d.declaration_id = results.declaration_id) WHERE counts_from IS NULL"
)
WAITING_RESULTS = text("SELECT inspection_id FROM results WHERE folded = 0 AND counts_from = :day")
LATE_RESULTS = text(
    "SELECT counts_from, inspection_id FROM results WHERE folded = 0 AND counts_from < :day"
)
LATER_RESULTS = text(
    "SELECT r.counts_from, r.record AS result, d.record AS declaration FROM results r "
    "JOIN declarations d ON d.declaration_id = r.declaration_id "
    "WHERE r.folded = 1 AND r.counts_from >= :day"
)

PUT_REACHED = text(
    "INSERT INTO reached (key, day, declaration_id) VALUES (:key, :day, :declaration_id) "
    "ON CONFLICT (key, day, declaration_id) DO NOTHING"
)
REACHED_AFTER = text("SELECT day, declaration_id FROM reached WHERE key = :key AND day > :day")

COUNTS = text(
    "SELECT (SELECT count(*) FROM declarations WHERE folded = 0) AS declarations, "
    "(SELECT count(*) FROM results WHERE folded = 0 AND counts_from IS NOT NULL) AS results, "
    "(SELECT count(*) FROM results WHERE counts_from IS NULL) AS unmatched"
)
