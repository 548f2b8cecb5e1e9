"""The chart library for the browser: served from the plotly package, no copy of ours."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

PREFIX = "plotly"
FILE = "plotly.min.js"


class PlotlyFinder(BaseFinder):
    """Finds the one static file `plotly/plotly.min.js`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        folder = str(files("plotly").joinpath("package_data"))
        self.storage = FileSystemStorage(location=folder)
        self.storage.prefix = PREFIX  # type: ignore[attr-defined]

    def check(self, **kwargs: Any) -> list[Any]:
        """Return no complaints: there is nothing to configure."""
        return []

    def find(self, path: str, **kwargs: Any) -> Any:  # type: ignore[override]
        """Return where the file is, in the shape that `find_all` asks for."""
        wants_all = kwargs.get("find_all", kwargs.get("all", False))
        if path != f"{PREFIX}/{FILE}":
            return []
        found = self.storage.path(FILE)
        return [found] if wants_all else found

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, Any]]:
        """Yield the file, for collectstatic."""
        yield FILE, self.storage
