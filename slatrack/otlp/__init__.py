"""OTLP, the wire format of spans: reading, cleaning, explaining and packing it.

Consumers read what arrives with it, tracking what it has stored; nobody else knows protobuf.
"""
