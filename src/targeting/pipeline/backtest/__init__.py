"""Past days lived again, week by week, by every version and baseline alike."""

from targeting.pipeline.backtest.run import Asked, BacktestReport, Given, backtest

__all__ = ["Asked", "BacktestReport", "Given", "backtest"]
