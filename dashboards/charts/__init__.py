"""Charts of the flow page."""
