"""The servers of the tests are what tests take them for: if they were not, tests that need them would prove little."""

from __future__ import annotations

import socket
import subprocess

import pytest

from servers import HOST, S3, Ssh, wire


def test_buckets_are_apart_and_keep_what_is_put_into_them(s3: S3) -> None:
    one, other = s3.bucket(), s3.bucket()
    s3.files().pipe(f"{one}/a/b", b"kept")
    assert s3.files().cat(f"{one}/a/b") == b"kept"
    assert s3.files().find(other) == []


def test_a_stranger_may_not_look_into_a_bucket(s3: S3) -> None:
    import s3fs  # type: ignore[import-untyped]

    bucket = s3.bucket()
    stranger = s3fs.S3FileSystem(key="loopback", secret="wrong", endpoint_url=s3.endpoint, skip_instance_cache=True)
    with pytest.raises(PermissionError):
        stranger.pipe(f"{bucket}/a", b"no")


def test_files_are_reached_by_ssh(ssh: Ssh) -> None:
    folder = ssh.new_folder()
    command = [*ssh.environment["GIT_SSH_COMMAND"].split(), "-p", str(ssh.port), f"{ssh.user}@{HOST}"]
    done = subprocess.run([*command, "touch", str(folder / "here")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [p.name for p in folder.iterdir()] == ["here"]


def test_a_wire_is_cut_after_so_many_bytes_and_mended() -> None:
    with socket.create_server((HOST, 0)) as server, wire(server.getsockname()[1]) as laid:

        def received(data: bytes) -> bytes:
            with socket.create_connection((HOST, laid.port), timeout=10) as client:
                there, _ = server.accept()
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                with there:
                    return b"".join(iter(lambda: there.recv(100), b""))

        assert received(b"whole") == b"whole"
        laid.cut_after(3)
        assert received(b"whole") == b"who"
        assert laid.was_cut
        with socket.create_connection((HOST, laid.port), timeout=10) as client:
            assert client.recv(1) == b""
        laid.mend()
        assert received(b"whole") == b"whole"
