"""A deadline tried over what is on record."""

from datetime import UTC, datetime, timedelta

from slatrack.tracking import backtesting
from slatrack.tracking.models import Backtest, RuleVersion


def tried(amount: str) -> Backtest:
    """Return a finished backtest of the only deadline with another length of time."""
    rule, now = RuleVersion.objects.select_related("flow").get(), datetime.now(UTC)
    document = {**rule.document, "rule": {**rule.document["rule"], "amount": amount}}
    since = now - timedelta(days=7)
    question = backtesting.Question(rule.flow, document, since, now, rule.name)
    row = backtesting.ask(question, by=None, now=now)
    backtesting.carry_on(row.pk, clock=lambda: datetime.now(UTC))
    row.refresh_from_db()
    return row
