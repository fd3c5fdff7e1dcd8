"""What a repository may decide about the remotes that are asked. Real git, real configuration files of DVC."""

from __future__ import annotations

from pathlib import Path

import pytest

from copydesk.errors import ReleaseError
from copydesk.revisions.dvc_config import Remote, dvc_settings, own_settings
from copydesk.revisions.dvc_objects import cache_odb, remote_odb
from support import run_command

URL, ENDPOINT = "s3://bucket/x", "http://127.0.0.1:9"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(tmp_path / "global"))
    (tmp_path / "global").mkdir()
    root = tmp_path / "root"
    (root / ".dvc").mkdir(parents=True)
    run_command(root, "git", "init", "--quiet")
    return root


def write(folder: Path, name: str = "config", core: str = "remote = store", **settings: str) -> None:
    lines = [f"    {key} = {value}" for key, value in settings.items()]
    (folder / name).write_text("\n".join([f"[core]\n    {core}", "['remote \"store\"']", *lines, ""]))


def remote(root: Path, origin: str | None = None) -> Remote:
    return dvc_settings(root, origin=origin).remotes["store"]


@pytest.mark.parametrize(
    "key",
    "configpath credentialpath profile access_key_id secret_access_key session_token sse_customer_key ssl_verify use_ssl "
    "gdrive_user_credentials_file keyfile ask_password password user auth custom_auth_header bearer_token_command proxy "
    "connection_string account_name gss_auth allow_agent unheard_of".split(),
)
def test_of_a_repository_only_kind_and_address_are_taken(key: str, root: Path) -> None:
    write(root / ".dvc", url=URL, region="eu-west-1", jobs="3", **{key: "x"})
    found = remote(root)
    assert found.settings == {"url": URL, "region": "eu-west-1"}
    assert found.note.startswith(f".dvc/config: remote store: ignored {key}; to allow it: dvc remote modify --local ")


def test_all_of_it_is_obeyed_where_the_repository_is_the_users_own(root: Path) -> None:
    write(root / ".dvc", url=URL, profile="x")
    assert own_settings(root).remotes["store"].settings["profile"] == "x"
    with pytest.raises(ReleaseError, match="no DVC repository"):
        own_settings(root / ".dvc")


def test_what_else_a_repository_sets_is_not_obeyed(root: Path) -> None:
    write(root / ".dvc", url=URL)
    with (root / ".dvc" / "config").open("a") as file:
        file.write("[cache]\n    dir = /elsewhere\n[hydra]\n    enabled = true\n")
    settings = dvc_settings(root)
    assert settings.cache == {"url": str(root / ".dvc" / "cache")}
    assert "cache.dir" in settings.note
    (root / ".dvc" / "config.local").write_text("[cache]\n    dir = /mine\n")
    assert dvc_settings(root).cache == {"url": "/mine"}
    assert cache_odb(dvc_settings(root)).path == "/mine/files/md5"


def test_an_endpoint_gets_no_credentials_unless_the_user_names_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root / ".dvc", url=URL, endpointurl=ENDPOINT)
    unsigned = {"url": URL, "endpointurl": ENDPOINT, "allow_anonymous_login": "true"}
    assert remote(root).settings == unsigned
    (root / ".dvc" / "config.local").write_text("['remote \"store\"']\n    profile = mine\n")
    assert remote(root).settings == unsigned
    write(root.parent / "global", url=URL, profile="mine")
    assert remote(root).settings == unsigned
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"{ENDPOINT}/")
    assert remote(root).settings == {"url": URL, "endpointurl": ENDPOINT, "profile": "mine"}
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    (root / ".dvc" / "config.local").write_text(f"['remote \"store\"']\n    endpointurl = {ENDPOINT}\n")
    assert remote(root).settings == {"url": URL, "endpointurl": ENDPOINT, "profile": "mine"}


def test_settings_of_the_same_name_are_for_the_same_address(root: Path) -> None:
    write(root / ".dvc", url="https://elsewhere.example/x")
    write(root.parent / "global", url="https://mine.example/x", password="secret")
    assert remote(root).settings == {"url": "https://elsewhere.example/x"}
    (root / ".dvc" / "config.local").write_text("['remote \"store\"']\n    password = secret\n")
    found = remote(root)
    assert found.settings == {"url": "https://elsewhere.example/x"}
    assert "your credentials for its url" in found.note
    write(root / ".dvc", "config.local", url="https://mine.example/x", password="secret")
    assert remote(root).settings == {"url": "https://mine.example/x", "password": "secret"}


def test_settings_of_the_system_and_of_the_user_are_united(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_SYSTEM_CONFIG_DIR", str(root.parent / "system"))
    (root.parent / "system").mkdir()
    write(root.parent / "system", url="https://mine.example/x")
    write(root.parent / "global", jobs="2")
    assert remote(root).settings == {"url": "https://mine.example/x", "jobs": "2"}


@pytest.mark.parametrize(
    "text",
    [
        '[\'remote "store"\']\n    url = "/a place, with # signs"\n    jobs = 4  # a comment\n',
        "['remote \"store\"']\n    url = ../beside\n    keyfile = ~/key\n",
        "['remote \"store\"']\n    URL = 's3://bucket/x'\n    Region = eu-west-1\n[cache]\n    dir = here\n",
    ],
)
def test_the_users_settings_are_read_as_dvc_reads_them(text: str, root: Path) -> None:
    from dvc.config import Config

    (root.parent / "global" / "config").write_text(text)
    theirs = Config(local_dvc_dir=None, validate=False).load_one("global")["remote"]["store"]
    assert remote(root).settings == {key: str(value) for key, value in theirs.items()}


def test_a_local_configuration_that_came_with_the_repository_is_not_the_users(root: Path) -> None:
    write(root / ".dvc", url=URL)
    write(root / ".dvc", "config.local", profile="x")
    assert remote(root).settings == {"url": URL, "profile": "x"}
    run_command(root, "git", "add", "--force", ".dvc/config.local")
    assert remote(root).settings == {"url": URL}
    run_command(root, "git", "rm", "--quiet", "--cached", ".dvc/config.local")
    (root / ".dvc").rename(root / "other")
    (root / ".dvc").symlink_to("other")
    assert remote(root).settings == {"url": URL}


@pytest.mark.parametrize(
    ("url", "origin", "refused"),
    [
        ("/etc", None, ""),
        ("../../etc", None, ""),
        ("/etc", "file:///corpus.git", ""),
        ("/etc", "https://host.example/corpus", "a folder of this machine"),
        ("../x", "ssh://host.example/corpus", "a folder of this machine"),
        ("file:///etc", "git@host.example:corpus", "a folder of this machine"),
        ("ssh://host.example/x", "git@host.example:corpus", ""),
        ("ssh://user@host.example:22/x", "ssh://host.example/corpus", ""),
        ("ssh://other.example/x", "ssh://host.example/corpus", "hosts that you named"),
        ("ssh://host.example/x", None, "hosts that you named"),
        ("ssh://-oProxyCommand=x/y", "ssh://host.example/corpus", "not an address"),
        ("https://user:password@host.example/x", None, ""),
        ("gs://bucket/x", None, ""),
        ("s3://user@bucket/x", None, "not an address"),
        ("s3://bucket/x?versionId=1", None, "not an address"),
        ("azure://container/x", None, "not an address"),
        ("webdavs://host.example/x", None, "not an address"),
        ("remote://mine/x", None, "not an address"),
        ("gdrive://x/y", None, "not an address"),
    ],
)
def test_addresses_that_a_repository_may_choose(url: str, origin: str | None, refused: str, root: Path) -> None:
    write(root / ".dvc", url=url)
    run_command(root, "git", "add", ".dvc/config")
    run_command(root, "git", "commit", "--quiet", "--message", "x")
    commit = run_command(root, "git", "rev-parse", "HEAD").strip()
    settings = dvc_settings(root, commit, origin)
    found = settings.remotes["store"]
    assert (refused in found.refused) if refused else (found.refused == "" and found.foreign)
    if refused:
        with pytest.raises(ReleaseError, match="the DVC remote 'store' was not used: "):
            remote_odb(settings, "store")
        write(root.parent / "global", url=url)
        assert remote(root, origin).refused == ""


def test_a_host_gets_neither_the_agent_nor_the_password_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root / ".dvc", url="ssh://host.example/x")
    run_command(root, "git", "add", ".dvc/config")
    run_command(root, "git", "commit", "--quiet", "--message", "x")
    commit = run_command(root, "git", "rev-parse", "HEAD").strip()
    system = remote_odb(dvc_settings(root, commit, "ssh://host.example/corpus"), "store").fs
    assert system.fs_args["agent_forwarding"] is False
    write(root / ".dvc", url="http://host.example/x")
    monkeypatch.setenv("http_proxy", "http://proxy.example:1")
    arguments = remote_odb(dvc_settings(root), "store").fs.fs_args
    assert arguments["client_kwargs"]["trust_env"] is False
    assert arguments["proxy"] == "http://proxy.example:1"


@pytest.mark.parametrize(
    "text",
    [
        *("[core", "core = 1\n[remote]\nx = 1\n", "['remote \"store\"']\n[[url]]\n", "\0", "[a]\nb=%(b)s"),
        "remote = x\n['remote \"store\"']\nurl = https://host.example/x\n",
        "\n".join("[" * depth + "a" + "]" * depth for depth in range(1, 900)),
    ],
)
def test_settings_of_no_form_are_an_error_in_words_or_none(text: str, root: Path) -> None:
    (root / ".dvc" / "config").write_text(text)
    try:
        settings = dvc_settings(root)
    except ReleaseError as error:
        assert "DVC cannot read it" in str(error)
    else:
        assert not settings.remotes or settings.remotes["store"].refused or settings.remotes["store"].settings
