"""The document that a new flow starts from: every part once, to be changed."""

STARTER = """\
flow: my-flow
title: My flow
event_key: [order.id]          # the span attribute that names one event
steps:
  - {step: received, role: ingress, match: {service: gateway, kind: server}}
  - {step: processed, match: {service: worker, kind: consumer}, after: [received]}
  - {step: delivered, role: sink, match: {service: sink}, after: [processed]}
deadlines:
  - deadline: deliver within 15 minutes
    rule: {kind: duration, from: ingress, amount: PT15M, warn: [{fraction: 0.5}, {before: PT3M}]}
    until: delivered
    severity: critical
"""
