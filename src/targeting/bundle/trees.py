"""Trees as LightGBM's own text, read back with care."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lightgbm as lgb

from targeting.errors import BundleError
from targeting.training.tree_text import parse_forest

if TYPE_CHECKING:
    from pathlib import Path


def read_trees(path: Path) -> lgb.Booster:
    """Read trees from LightGBM's text, once every letter of it has been understood.

    LightGBM itself ends the process at some texts and never ends at others, so it is handed none
    that `targeting.training.tree_text` would not have written.

    Parameters
    ----------
    path
        A file of `Booster.model_to_string`.

    Raises
    ------
    BundleError
        If the file is missing, cut short, or not such text.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        parse_forest(text)
        return lgb.Booster(model_str=text)
    except (UnicodeDecodeError, OSError) as error:
        raise _unreadable(path, "something else than text") from error
    except (ValueError, lgb.basic.LightGBMError) as error:
        raise _unreadable(path, str(error)[:200]) from error


def _unreadable(path: Path, found: str) -> BundleError:
    return BundleError(
        "the trees cannot be read",
        where=str(path),
        found=found,
        do="Take the bundle again from where it was trained.",
    )
