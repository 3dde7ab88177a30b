"""What customs knows: schema, reference codes, checks out of core, whole-or-nothing output."""
