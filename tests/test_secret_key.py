"""The embedded secret key is made once and is nobody else's to read."""

from slatrack import secret_key


def test_made_once_and_kept(tmp_path):
    first = secret_key.kept_in(tmp_path)

    assert len(first) > 50
    assert secret_key.kept_in(tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_readable_by_its_user_only(tmp_path):
    secret_key.kept_in(tmp_path)

    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_two_folders_have_two_keys(tmp_path):
    (tmp_path / "other").mkdir()

    assert secret_key.kept_in(tmp_path) != secret_key.kept_in(tmp_path / "other")
