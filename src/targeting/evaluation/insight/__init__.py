"""Whether reasons can be trusted, what the score rests on, and what the model does not see."""
