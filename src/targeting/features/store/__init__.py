"""Living profiles on disk: made once, rolled forward day by day, added up between offices."""

from targeting.features.store.check import verify_store
from targeting.features.store.rolling import ProfileStore, create_store, open_store, roll_store
from targeting.features.store.sums import compact_store, merge_stores

__all__ = (
    "ProfileStore",
    "compact_store",
    "create_store",
    "merge_stores",
    "open_store",
    "roll_store",
    "verify_store",
)
