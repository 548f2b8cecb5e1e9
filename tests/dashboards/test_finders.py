import re
from pathlib import Path

from django.contrib.staticfiles import finders
from django.template.loader import get_template

from dashboards.finders import PlotlyFinder


def bundle():
    return Path(finders.find("plotly/plotly.min.js"))


def test_the_chart_library_is_served_from_its_package():
    assert "site-packages/plotly/" in bundle().as_posix()
    assert [path for path, _ in PlotlyFinder().list([])] == ["plotly.min.js"]
    assert PlotlyFinder().find("plotly/other.js") == []
    assert PlotlyFinder().find("plotly/plotly.min.js", find_all=True) == [str(bundle())]


def test_the_page_is_ready_for_every_style_that_the_library_would_inject():
    """A new version may inject under another id; then flow.html must carry that one."""
    page = get_template("dashboards/flow.html").template.source

    injected = re.findall(r'getElementById\("([0-9a-f]{64})"\)', bundle().read_text())
    assert injected
    assert all(f'<link id="{one}">' in page for one in injected)
    assert 'id="plotly.js-style-global" class="no-inline-styles"' in page
