"""A corridor with known truth, selective examination and late results."""
