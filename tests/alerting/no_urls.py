"""No address at all: a worker that mounts no pages."""

urlpatterns: list[object] = []
