"""The data dictionary, written from the schema: `python -m targeting.tables.dictionary FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

from targeting.tables.output import staged_file
from targeting.tables.schema import NEVER_FEATURES, TABLES, Column, Table

_HEAD = """# Data dictionary

Generated from `src/targeting/tables/schema.py` by
`python -m targeting.tables.dictionary docs/data-dictionary.md`; do not edit by hand.

A tables folder holds `declarations.parquet` and `inspections.parquet`, a file or a partitioned
folder each. Names are fixed. Extra columns are kept and can be named in a feature configuration.
Times are UTC. `targeting check TABLES` enforces this page.
"""

_FOOT = """## Never features

Known only after the examination, or naming a person. Whatever an extract offers, no model looks at
these columns:

{names}.
"""


def render() -> str:
    """Write the data dictionary as Markdown.

    Examples
    --------
    >>> render().splitlines()[0]
    '# Data dictionary'
    """
    names = ", ".join(f"`{name}`" for name in NEVER_FEATURES)
    return "\n".join([_HEAD, *(_table(table) for table in TABLES), _FOOT.format(names=names)])


def _table(table: Table) -> str:
    head = f"## {table.name}\n\nKey: `{table.key}`.\n"
    rows = ["| column | type | required | unit | values | meaning |", "|---|---|---|---|---|---|"]
    return "\n".join([head, *rows, *(_row(column) for column in table.columns), ""])


def _row(column: Column) -> str:
    cells = (
        f"`{column.name}`",
        column.kind,
        "no" if column.null else "yes",
        column.unit,
        _values(column),
        column.meaning.replace("|", "\\|"),
    )
    return f"| {' | '.join(cells)} |"


def _values(column: Column) -> str:
    if column.choices:
        return ", ".join(column.choices)
    if column.pattern:
        return f"`{column.pattern}`"
    if column.minimum is None:
        return ""
    low = f"above {column.minimum:g}" if column.above_minimum else f"{column.minimum:g} or more"
    return low if column.maximum is None else f"{low}, at most {column.maximum:g}"


def main(arguments: list[str]) -> None:
    """Write the data dictionary to the file named.

    Parameters
    ----------
    arguments
        One path.
    """
    with staged_file(Path(arguments[0])) as stage:
        stage.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or ["docs/data-dictionary.md"])
