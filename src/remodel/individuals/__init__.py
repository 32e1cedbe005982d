"""One woman: her readings in, her own course out, with what is uncertain of it."""
