"""Everything that is struck, shaken or blown up: skins, metals, effects, and the kits made of them."""
