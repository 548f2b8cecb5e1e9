"""Forecasts: how long what remains of an event's way will take, from how long it took others."""
