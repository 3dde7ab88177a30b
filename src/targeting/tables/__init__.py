"""What customs knows: schema as data, reference codes, checks out of core, whole-or-nothing output."""
