"""The addresses of flows, rules, alerts, set aside, health and first run."""

from django.urls import URLPattern, URLResolver, path

from dashboards.views import (
    alerts,
    channels,
    discover,
    drift,
    first_run,
    flow_editor,
    flows,
    health,
    rules,
    set_aside,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("flows/", flows.flow_list, name="flows"),
    path("new-flow/", flow_editor.flow_new, name="flow-new"),
    path("flows/<slug:flow>/", flows.flow_page, name="flow"),
    path("flows/<slug:flow>/edit", flow_editor.flow_edit, name="flow-edit"),
    path("flows/<slug:flow>/versions/<int:version>", flow_editor.flow_version, name="flow-version"),
    path("flows/<slug:flow>/drift/<slug:ident>/dismiss", drift.dismiss, name="drift-dismiss"),
    path("flows/<slug:flow>/new-deadline", rules.deadline_edit, name="deadline-new"),
    path("flows/<slug:flow>/deadlines/<path:name>/edit", rules.deadline_edit, name="deadline-edit"),
    path(
        "flows/<slug:flow>/deadlines/<path:name>/retire",
        rules.deadline_retire,
        name="deadline-retire",
    ),
    path("rules/", rules.rule_list, name="rules"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/act", alerts.act, name="alerts-act"),
    path("alerts/incidents/<int:incident_id>", alerts.incident, name="incident"),
    path("channels/", channels.channels, name="channels"),
    path("channels/new/<slug:kind>", channels.channel_new, name="channel-new"),
    path("channels/<int:channel_id>", channels.channel, name="channel"),
    path("channels/<int:channel_id>/edit", channels.channel_edit, name="channel-edit"),
    path("channels/<int:channel_id>/test", channels.channel_test, name="channel-test"),
    path("channels/<int:channel_id>/resume", channels.channel_resume, name="channel-resume"),
    path("set-aside/", set_aside.set_aside, name="set-aside"),
    path("set-aside/replay", set_aside.replay, name="set-aside-replay"),
    path("set-aside/<int:record_id>", set_aside.record, name="set-aside-record"),
    path("set-aside/<int:record_id>/bytes", set_aside.record_bytes, name="set-aside-bytes"),
    path("health/", health.health_page, name="health"),
    path("discover/", discover.discover, name="discover"),
    path("discover/look", discover.look, name="discover-look"),
    path("first-run/", first_run.first_run, name="first-run"),
]
