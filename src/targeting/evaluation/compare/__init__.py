"""Two versions of the model on the same days: what differs, how surely, and who was right."""
