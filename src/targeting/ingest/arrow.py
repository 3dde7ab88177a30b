"""Arrow's compute functions for type checkers, which cannot see what pyarrow makes at import."""

from __future__ import annotations

from typing import Any

import pyarrow.compute

pc: Any = pyarrow.compute
"""`pyarrow.compute`."""
