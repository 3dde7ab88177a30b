"""As much of Thrift's compact protocol as a Parquet page's header and a file's footer need.

Source: Apache Thrift, `thrift-compact-protocol.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

_TRUE, _FALSE, _BYTE = 1, 2, 3
_INTEGERS = frozenset({4, 5, 6})
_BINARY, _LIST, _STRUCT = 8, 9, 12
_DEEPEST = 10  # a footer: groups, columns, what is said of one, its statistics
_MOST = 1_000_000
"""Values of one struct and all within it; a footer of ours has some ten thousand."""

I64 = 6
"""What a list of numbers of 64 bits holds, in the protocol's words."""

_LONG_LIST = 15
_LONGEST = 10
"""Bytes of one number of 64 bits."""


@dataclass(frozen=True, slots=True)
class Items:
    """A list.

    Parameters
    ----------
    kind
        What it holds, as the protocol numbers its types.
    values
        In order.
    """

    kind: int
    values: tuple[object, ...]


def read_struct(data: bytes) -> tuple[dict[int, object], int]:
    """Read one struct, and tell how many bytes it took.

    Parameters
    ----------
    data
        Bytes that begin with a struct; what follows it is not looked at.

    Raises
    ------
    ValueError
        If the bytes are cut short, hold a type no header and no footer has, or a field twice.

    Examples
    --------
    >>> read_struct(bytes([0x15, 4, 0x15, 0x80, 2, 0, 99]))
    ({1: 2, 2: 128}, 6)
    """
    cursor = _Cursor(data)
    return cursor.struct(_DEEPEST), cursor.at


class _Cursor:
    """Walks over bytes."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.left = data, 0, _MOST

    def byte(self) -> int:
        if self.at >= len(self.data):
            raise ValueError("a header is cut short")
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        value = 0
        for place in range(_LONGEST):
            byte = self.byte()
            value |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                return value
        raise ValueError("a header holds a number without an end")

    def zigzag(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def binary(self) -> bytes:
        length = self.varint()
        if length > len(self.data) - self.at:
            raise ValueError("a header is cut short")
        self.at += length
        return self.data[self.at - length : self.at]

    def struct(self, deepest: int) -> dict[int, object]:
        if not deepest:
            raise ValueError("a header is too deep")
        fields: dict[int, object] = {}
        field = 0
        while byte := self.byte():
            step, kind = byte >> 4, byte & 0x0F
            field = field + step if step else self.zigzag()
            if field in fields:
                raise ValueError("a header says one thing twice")  # readers differ in which counts
            fields[field] = self.value(kind, deepest)
        return fields

    def items(self, deepest: int) -> Items:
        if not deepest:
            raise ValueError("a header is too deep")
        head = self.byte()
        size, kind = head >> 4, head & 0x0F
        if size == _LONG_LIST:
            size = self.varint()
        if size > len(self.data) - self.at:  # each takes a byte at the very least
            raise ValueError("a header is cut short")
        return Items(kind, tuple(self.item(kind, deepest) for _ in range(size)))

    def item(self, kind: int, deepest: int) -> object:
        if kind in {_TRUE, _FALSE}:
            return self.byte() == _TRUE
        return self.value(kind, deepest)

    def value(self, kind: int, deepest: int) -> object:
        self.left -= 1
        if self.left < 0:
            raise ValueError("a header holds too much")
        if kind in {_TRUE, _FALSE}:
            return kind == _TRUE
        if kind == _BYTE:
            return self.byte()
        if kind in _INTEGERS:
            return self.zigzag()
        if kind == _BINARY:
            return self.binary()
        if kind == _LIST:
            return self.items(deepest - 1)
        if kind == _STRUCT:
            return self.struct(deepest - 1)
        raise ValueError("a header holds a type of no page")
