"""Why a number is what it is, and why two simulations differ."""
