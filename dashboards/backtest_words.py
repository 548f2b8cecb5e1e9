"""What a backtest found, in sentences."""

from dashboards.backtest_data import Figures
from dashboards.templatetags.slatrack_flows import share


def finding(found: Figures) -> str:
    """Return what trying a deadline came to, the most important first."""
    if not found.events:
        return "No event of the flow started in this time."
    if not found.judged:
        return f"It would apply to none of {_events(found.events)}."
    of = f"{found.missed:,} of {_events(found.judged)} ({share(found.missed / found.judged)})"
    return f"It would miss {of}{_difference(found)}, and tell people {_alerts(found)}."


def _difference(found: Figures) -> str:
    if not found.compared:
        return ""
    newly, no_longer = found.tally.newly_missed, found.tally.no_longer_missed
    if not newly and not no_longer:
        return ", the same as the rule in force" if found.missed else ""
    parts = [f"{newly:,} that the rule in force does not"] if newly else []
    parts += [f"not {no_longer:,} that it does miss"] if no_longer else []
    return f": {' and '.join(parts)}"


def _alerts(found: Figures) -> str:
    if not found.alerts:
        return "nothing"
    a_day = found.alerts_a_day
    rate = f"{a_day:,.0f}" if a_day >= 10 else f"{a_day:.1f}"
    times = f"{found.alerts:,} time{'' if found.alerts == 1 else 's'}"
    return f"{times}, {rate} a day"


def _events(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"


def noise(found: Figures) -> str:
    """Return a warning where people would learn to look away; empty otherwise."""
    if not found.noisy or found.needless is None:
        return ""
    return (
        f"{found.alerts_a_day:,.0f} alerts a day is much, and {share(found.needless)} of the "
        "events that it warns of arrive in time all the same: warn later, or for fewer events."
    )
