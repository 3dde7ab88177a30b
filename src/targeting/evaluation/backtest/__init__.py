"""What versions would have caught on the same past days: figures, differences, plots, report."""
