"""From the world into tables: any administration's extract, every row accounted for."""
