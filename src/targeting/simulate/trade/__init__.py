"""Honest trade: sites, parties, goods, routes, consignments and their papers."""
