"""Reading `configs/*.yaml` into frozen, typed objects; every mistake is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from targeting.errors import ConfigError, InputError, near_matches

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails


class Settings(BaseModel):
    """Base of every group of settings: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


S = TypeVar("S", bound=Settings)


def valid_zone(name: str) -> str:
    """Return the name of a time zone, or raise ValueError when there is none of that name.

    Parameters
    ----------
    name
        IANA name.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: `Europe` is a folder
        raise ValueError(f"'{name}' is not an IANA time zone such as Asia/Baku") from error
    return name


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping from a file.

    Parameters
    ----------
    path
        The YAML file, in UTF-8.

    Raises
    ------
    InputError
        If the file is not there or cannot be read.
    ConfigError
        If it is not YAML, or its top level is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            "the settings file cannot be read",
            where=str(path),
            found=error.strerror or "no such file",
            do="Name a YAML file; the ones in configs/ are examples.",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            "the settings file is not UTF-8 text",
            where=str(path),
            found=f"byte {error.start} is not UTF-8",
            do="Save the file as UTF-8.",
        ) from error
    try:
        loaded = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: 30 February
        mark = getattr(error, "problem_mark", None)
        raise ConfigError(
            "the settings file is not YAML",
            where=str(path) + (f", line {mark.line + 1}" if mark else ""),
            found=_problem(error),
            do="Mend the line; the files in configs/ show the form.",
        ) from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ConfigError(
            "the settings file is not a mapping of keys to values",
            where=str(path),
            found=f"a {type(loaded).__name__}",
            do="Write `key: value` lines.",
        )
    return loaded


def _problem(error: Exception) -> str:
    if isinstance(error, ValueError):
        return str(error)
    return str(getattr(error, "problem", None) or "a syntax error")


def load(kind: type[S], path: Path | None) -> S:
    """Read settings of one kind from a YAML file; no file means all defaults.

    Parameters
    ----------
    kind
        The settings class.
    path
        A YAML file, or None.

    Raises
    ------
    InputError
        If the file cannot be read.
    ConfigError
        If any key is unknown or any value unfit; every mistake is named.

    Examples
    --------
    >>> from targeting.config import SplitSettings
    >>> load(SplitSettings, None).gap_days
    14
    """
    if path is None:
        return kind()
    return parse(kind, read_yaml(path), where=str(path))


def parse(kind: type[S], values: dict[str, Any], *, where: str) -> S:
    """Turn a mapping into settings, telling every mistake at once.

    Parameters
    ----------
    kind
        The settings class.
    values
        Keys and values as read.
    where
        What to call the mapping in an error, usually its file.

    Raises
    ------
    ConfigError
        If any key is unknown or any value unfit.

    Examples
    --------
    >>> from targeting.config import SplitSettings
    >>> parse(  # doctest: +ELLIPSIS
    ...     SplitSettings, {"gap_day": 3}, where="configs/train.yaml")
    Traceback (most recent call last):
    targeting.errors.ConfigError: configs/train.yaml: the settings do not fit. Found: gap_day: ...
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise ConfigError(
            "the settings do not fit",
            where=where,
            found="; ".join(_say(kind, one) for one in error.errors()),
            do="Mend the keys named; docs/configuration.md lists all.",
        ) from None


def _say(kind: type[Settings], one: ErrorDetails) -> str:
    """Put one pydantic finding in words: the key's path, then what is wrong with it."""
    path = ".".join(str(part) for part in one["loc"]) or "file"
    if one["type"] == "extra_forbidden":
        known = _known_keys(kind, one["loc"][:-1])
        return f"{path}: unknown key. {near_matches(str(one['loc'][-1]), known)}"
    if one["type"] == "missing":
        return f"{path}: required, not given"
    return f"{path}: {one['msg'].removeprefix('Value error, ')}"


def _known_keys(kind: type[Settings], path: tuple[int | str, ...]) -> list[str]:
    """List the keys known at a path inside nested settings."""
    here: Any = kind
    for part in path:
        field = here.model_fields.get(part) if hasattr(here, "model_fields") else None
        if field is None:
            continue
        here = _settings_inside(field.annotation) or here
    fields = here.model_fields.items()
    return [field.alias or name for name, field in fields]


def _settings_inside(annotation: Any) -> type[Settings] | None:
    """Find the settings class in an annotation such as `dict[str, X] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _settings_inside(inner)
        if found is not None:
            return found
    return None
