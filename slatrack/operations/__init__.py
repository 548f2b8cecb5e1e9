"""Running slatrack: does it work, what does it count, can these settings work at all."""
