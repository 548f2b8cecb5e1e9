"""The addresses of the demo's page."""

from django.urls import URLPattern, URLResolver, path

from slatrack.demo import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("demo/", views.demo, name="demo"),
    path("demo/faults/<slug:fault>", views.switch, name="demo-fault"),
]
