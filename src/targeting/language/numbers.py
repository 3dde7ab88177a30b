"""How a language writes numbers, percentages and days; Babel and the CLDR know it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from targeting.language.values import Amount, Count, Day, Moment, Percent

if TYPE_CHECKING:
    from datetime import date

    from babel import Locale

_PROBES = (0.5, 7.25, 1234.0, -1234.5, 123456.0, 1234567.125)


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes numbers and days the way one language does.

    Parameters
    ----------
    locale
        What Babel knows of the language.
    marks
        Python's own grouping and decimal marks to those of the language; empty where the language
        groups its digits otherwise, and Babel itself must write each number.
    percent
        A percentage, `0` standing for the number.
    """

    locale: Locale
    marks: dict[int, str]
    percent: str

    @classmethod
    def of(cls, locale: Locale) -> Writing:
        """Learn once how a language writes: a page of reasons holds thousands of numbers.

        Parameters
        ----------
        locale
            What Babel knows of the language.
        """
        from babel.numbers import (
            format_percent,
            get_decimal_symbol,
            get_group_symbol,
            get_minus_sign_symbol,
        )

        marks = {
            ord(","): get_group_symbol(locale),
            ord("."): get_decimal_symbol(locale),
            ord("-"): get_minus_sign_symbol(locale),
        }
        percent = format_percent(0, locale=locale)
        quick = cls(locale, marks, percent)
        alike = all(quick.number(probe, 2) == _babels(probe, 2, locale) for probe in _PROBES)
        return quick if alike else cls(locale, {}, percent)

    def number(self, value: float, decimals: int) -> str:
        """Write a number.

        Parameters
        ----------
        value
            Any finite number.
        decimals
            Digits after the mark.

        Examples
        --------
        >>> from babel import Locale
        >>> Writing.of(Locale("de")).number(18402.5, 1)
        '18.402,5'
        >>> Writing.of(Locale("hi")).number(1234567, 0)
        '12,34,567'
        """
        if not self.marks:
            return _babels(value, decimals, self.locale)
        written = f"{value:,.{decimals}f}"
        return written.translate(self.marks)

    def day(self, day: date, form: str = "long") -> str:
        """Write a day.

        Parameters
        ----------
        day
            Any day.
        form
            A form of the CLDR, or a pattern such as `EEEE`, which is the weekday.

        Examples
        --------
        >>> from datetime import date
        >>> from babel import Locale
        >>> Writing.of(Locale("en", "GB")).day(date(2025, 3, 1))
        '1 March 2025'
        """
        from babel.dates import format_date

        # Old fonts and terminals have no narrow space that does not break.
        return format_date(day, form, locale=self.locale).replace("\u202f", "\xa0")

    def slot(self, slot: Count | Amount | Percent | Day | Moment) -> str | None:
        """Write a number or a day; None where it is not stated.

        Parameters
        ----------
        slot
            What to write.
        """
        match slot:
            case Day():
                return self.day(slot.day)
            case Moment():
                return f"{self.day(slot.at.date(), 'medium')}, {slot.at:%H:%M}"
            case Percent():
                return self._percent(slot)
            case _:
                return self._number(slot)

    def _number(self, slot: Count | Amount) -> str | None:
        if not math.isfinite(slot.value):
            return None
        return self.number(slot.value, slot.decimals if isinstance(slot, Amount) else 0)

    def _percent(self, slot: Percent) -> str | None:
        if not math.isfinite(slot.share):
            return None
        return self.percent.replace("0", self.number(100 * slot.share, slot.decimals))


def _babels(value: float, decimals: int, locale: Locale) -> str:
    """Let Babel write a number, rounded as Python rounds it so that all languages agree."""
    from babel.numbers import NumberPattern, parse_pattern

    pattern: NumberPattern = parse_pattern(locale.decimal_formats[None].pattern)
    rounded = Decimal(f"{value:.{decimals}f}")
    pattern.frac_prec = (decimals, decimals)
    return pattern.apply(rounded, locale)
