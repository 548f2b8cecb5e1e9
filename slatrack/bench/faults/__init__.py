"""The fault matrix: what may go wrong around slatrack, done to real processes and real servers."""
