"""ftplib_check.py HOST PORT USER PASSWORD CHECK: runs one check in /box of an FTP server and raises an AssertionError if it fails."""
import ftplib
import io
import random
import sys

CONTENT = random.Random(1).randbytes(3_000_001)


def get(ftp, name, rest=None):
    chunks = []
    ftp.retrbinary("RETR " + name, chunks.append, rest=rest)
    return b"".join(chunks)


def put(ftp, name, data, rest=None):
    return ftp.storbinary("STOR " + name, io.BytesIO(data), rest=rest)


def expect_negative_reply(code, call, *arguments):
    try:
        call(*arguments)
    except ftplib.Error as error:
        assert str(error).startswith(code), error
    else:
        raise AssertionError(f"{arguments} succeeded, expected {code}")


def binary(ftp):
    for name in ["plain.bin", "zwei Wörter.bin", "日本 語", "-x", 'quo"te']:
        assert put(ftp, name, CONTENT).startswith("226")
        assert get(ftp, name) == CONTENT
        assert ftp.size(name) == len(CONTENT)
    put(ftp, "plain.bin", b"")
    assert get(ftp, "plain.bin") == b""


def active(ftp):
    ftp.set_pasv(False)
    binary(ftp)


def ascii(ftp):
    lines = [f"line {number}" for number in range(5000)]
    ftp.storlines("STOR lines.txt", io.BytesIO("".join(line + "\n" for line in lines).encode()))
    back = []
    ftp.retrlines("RETR lines.txt", back.append)
    assert back == lines
    expected = "".join(line + "\n" for line in lines).encode()
    assert get(ftp, "lines.txt") == expected, "not stored with the line endings of this system"


def mlsd(ftp):
    put(ftp, "file with spaces", b"12345")
    ftp.mkd("folder")
    facts = dict(ftp.mlsd(facts=["type", "size", "modify"]))
    assert facts["file with spaces"]["type"] == "file" and facts["file with spaces"]["size"] == "5", facts
    assert facts["folder"]["type"] == "dir", facts
    assert facts["file with spaces"]["modify"].startswith("20"), facts


def nlst(ftp):
    assert [name for name in names(ftp) if name not in (".", "..")] == []
    for name in ["b", "a", "ü ö"]:
        put(ftp, name, b"x")
    assert sorted(names(ftp)) == ["a", "b", "ü ö"]
    lines = []
    ftp.dir(lines.append)
    assert len([line for line in lines if line.endswith("ü ö")]) == 1, lines


def names(ftp):
    try:
        return [name for name in ftp.nlst() if name not in (".", "..")]
    except ftplib.error_perm as error:
        # Some servers reply 550 for an empty folder. The documentation of ftplib mentions it.
        assert str(error).startswith("550"), error
        return []


def restart(ftp):
    put(ftp, "data", CONTENT)
    assert get(ftp, "data", rest=1_234_567) == CONTENT[1_234_567:]
    assert get(ftp, "data", rest=len(CONTENT)) == b""
    put(ftp, "part", CONTENT[:1_000_000])
    put(ftp, "part", CONTENT[1_000_000:], rest=1_000_000)
    assert get(ftp, "part") == CONTENT
    ftp.storbinary("APPE part", io.BytesIO(b"tail"))
    assert get(ftp, "part") == CONTENT + b"tail"


def rename(ftp):
    put(ftp, "old", b"1")
    ftp.rename("old", "new")
    assert get(ftp, "new") == b"1"
    expect_negative_reply("550", get, ftp, "old")
    expect_negative_reply("550", ftp.rename, "old", "newer")
    ftp.delete("new")
    expect_negative_reply("550", ftp.delete, "new")


def folders(ftp):
    assert ftp.mkd('a "quoted" folder') in ('/box/a "quoted" folder', 'a "quoted" folder')
    ftp.cwd('a "quoted" folder')
    assert ftp.pwd() == '/box/a "quoted" folder', ftp.pwd()
    ftp.mkd("inner")
    ftp.cwd("..")
    expect_negative_reply("550", ftp.rmd, 'a "quoted" folder')
    ftp.rmd('a "quoted" folder/inner')
    ftp.rmd('a "quoted" folder')
    expect_negative_reply("550", ftp.cwd, 'a "quoted" folder')


def abort_download(ftp):
    put(ftp, "long", CONTENT * 20)
    data = ftp.transfercmd("RETR long")
    assert data.recv(1000)
    ftp.putcmd("ABOR")
    data.close()
    expect_end_of_abort(ftp)
    assert get(ftp, "long", rest=len(CONTENT) * 20 - 10) == CONTENT[-10:]


def abort_upload(ftp):
    put(ftp, "kept", b"old")
    data = ftp.transfercmd("STOR kept")
    data.sendall(CONTENT)
    ftp.putcmd("ABOR")
    expect_end_of_abort(ftp)
    data.close()
    put(ftp, "after", b"works")
    assert get(ftp, "after") == b"works"


def expect_end_of_abort(ftp):
    """Accepts 426 and 226 (RFC 959), 226 twice if the transfer ended before the ABOR, or a single 225."""
    replies = [ftp.getmultiline()]
    if replies[0][:3] in ("426", "451") or not replies[0].startswith("225"):
        replies.append(ftp.getmultiline())
    assert replies[-1][:3] in ("225", "226"), replies


def unique(ftp):
    ftp.storbinary("STOU", io.BytesIO(b"1"))
    ftp.storbinary("STOU", io.BytesIO(b"2"))
    assert sorted(get(ftp, name) for name in names(ftp)) == [b"1", b"2"]


host, port, user, password, check = sys.argv[1:]
with ftplib.FTP(timeout=20, encoding="utf-8") as session:
    session.set_debuglevel(1)
    session.connect(host, int(port))
    session.login(user, password)
    session.cwd("/box")
    globals()[check](session)
