import pytest

from dashboards.forms import amounts


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("15 min", "PT15M"),
        ("90 s", "PT1M30S"),
        ("1 h 30 min", "PT1H30M"),
        ("1h30m", "PT1H30M"),
        ("2 hours, 5 minutes", "PT2H5M"),
        ("pt15m", "PT15M"),
        ("-30 min", "-PT30M"),
        ("0.5 s", "PT0.5S"),
    ],
)
def test_lengths(text, iso):
    assert amounts.duration(text) == iso


@pytest.mark.parametrize("text", ["", "soon", "15", "1 day", "15 min please", "P1D", "PT"])
def test_what_is_no_length_is_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        amounts.duration(text)


@pytest.mark.parametrize("iso", ["PT15M", "PT1H30M", "-PT5M", "PT0.25S", "PT72H"])
def test_lengths_come_back_as_they_are_typed(iso):
    assert amounts.duration(amounts.duration_text(iso)) == iso


def test_warnings_there_and_back():
    warn = [{"fraction": 0.5}, {"before": "PT3M"}]

    assert amounts.warnings("50 %, 3 min before") == warn
    assert amounts.warnings(amounts.warnings_text(warn)) == warn
    assert amounts.warnings("") == []
    with pytest.raises(ValueError, match="'half' is no warning"):
        amounts.warnings("half")


def test_conditions_there_and_back():
    when = {
        "asset.class": ["equity", "bond"],
        "venue": ["X = Y"],
        "desk": ["rates, London", 'the "other"', " spaced ", "back\\slash, \n"],
        "odd=name": ["1"],
    }

    assert amounts.conditions(amounts.conditions_text(when)) == when
    with pytest.raises(ValueError, match="'venue'"):
        amounts.conditions("venue")
