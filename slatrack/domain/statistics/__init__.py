"""Statistics of two groups of events, each with its source; numbers in, numbers out."""
