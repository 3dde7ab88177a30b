"""Trees as LightGBM's own text, read back with care."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lightgbm as lgb

from targeting.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path


def read_trees(path: Path) -> lgb.Booster:
    """Read trees from LightGBM's text.

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
        text = path.read_text(encoding="utf-8")
        if not _is_whole(text):
            raise _unreadable(path)
        return lgb.Booster(model_str=text)
    except (lgb.basic.LightGBMError, UnicodeDecodeError, OSError) as error:
        raise _unreadable(path) from error


def _is_whole(text: str) -> bool:
    """Tell whether all trees have their stated length; LightGBM would abort the process if not."""
    head, first, rest = text.partition("\nTree=0\n")
    sizes = head.partition("\ntree_sizes=")[2].split()
    trees, last, _ = rest.partition("end of trees\n")
    if not (first and last and all(map(str.isdecimal, sizes))):
        return False
    return sum(map(int, sizes)) == len("Tree=0\n") + len(trees)


def _unreadable(path: Path) -> BundleError:
    return BundleError(
        "the trees cannot be read",
        where=str(path),
        found="text LightGBM does not understand, or only part of it",
        do="Take the bundle again from where it was trained.",
    )
