"""Contributions of features to a score, and the sentences an officer reads."""
