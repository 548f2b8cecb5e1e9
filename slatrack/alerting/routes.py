"""Which channels some news goes to."""

from slatrack.alerting.models import Channel, Incident, Route


class Routes:
    """The routes as they were when this was made; cheap to ask often."""

    def __init__(self) -> None:
        self._channels = {row.pk: row for row in Channel.objects.filter(enabled=True)}
        self._routes = [
            (row, {channel.pk for channel in row.channels.all()})
            for row in Route.objects.filter(enabled=True).prefetch_related("channels")
        ]

    def channels_for(self, incident: Incident) -> list[Channel]:
        """Return the enabled channels, paused ones too, of the routes that match.

        Where no route matches, all: news that nobody thought of still reaches people.
        """
        chosen = [channels for row, channels in self._routes if matches(row, incident)]
        ids = set().union(*chosen) if chosen else set(self._channels)
        return [channel for pk, channel in self._channels.items() if pk in ids]


def matches(route: Route, incident: Incident) -> bool:
    """Whether a route wants news of an incident as it is now; an empty matcher matches all."""
    return (
        route.flow_id in (None, incident.flow_id)
        and (not route.severities or incident.severity in route.severities)
        and (not route.rungs or incident.rung in route.rungs)
    )
