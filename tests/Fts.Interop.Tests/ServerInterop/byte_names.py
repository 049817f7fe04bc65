"""Creates, compares and transfers files with names that are not UTF-8. .NET cannot create such names."""
import ftplib
import io
import os
import sys

NAMES = [
    "caf\u00e9.txt".encode("latin-1"),
    "\u8868\u793a.txt".encode("gbk"),
    "\u8868\u793a.txt".encode("shift-jis"),  # its second byte is a backslash
    "\u043f\u0440\u0438\u044f\u0442\u043d\u043e".encode("cp1251"),  # contains the Telnet byte 255
    "Gr\u00f6\u00dfe".encode(),
    b"\xc0\xaf",
]


def make(top):
    top = os.fsencode(top)
    for folder in [top, top + b"/\xdcbung", top + b"/\xdcbung/\x82\xa0"]:
        os.makedirs(folder, exist_ok=True)
        for name in NAMES:
            with open(folder + b"/" + name, "wb") as file:
                file.write(b"content of " + name)


def tree(top):
    found = {}
    for folder, folders, files in os.walk(os.fsencode(top)):
        for name in folders:
            found[os.path.relpath(os.path.join(folder, name), os.fsencode(top))] = None
        for name in files:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, os.fsencode(top))] = file.read()
    return found


def compare(expected, *others):
    wanted = tree(expected)
    assert len(wanted) == 3 * len(NAMES) + 2, wanted
    for other in others:
        assert tree(other) == wanted, (other, sorted(wanted), sorted(tree(other)))


def transfer(host, port, user, password, writable_folder):
    ftp = ftplib.FTP(encoding="latin-1")
    ftp.connect(host, int(port), timeout=30)
    ftp.login(user, password)
    for name in NAMES:
        text = name.decode("latin-1")
        folder = ftp.mkd("/box/" + text + ".d").replace("\xff\xff", "\xff")
        assert folder == "/box/" + text + ".d", ascii(folder)
        ftp.cwd(folder)
        ftp.storbinary("STOR " + text, io.BytesIO(name))
        with open(os.fsencode(writable_folder) + b"/" + name + b".d/" + name, "rb") as file:
            assert file.read() == name
        back = io.BytesIO()
        ftp.retrbinary("RETR " + text, back.write)
        assert back.getvalue() == name
        assert [entry.encode("latin-1") for entry in ftp.nlst()] == [name]
        assert [entry.encode("latin-1") for entry, _ in ftp.mlsd()] == [name]
        lines = []
        ftp.retrlines("LIST", lines.append)
        assert len(lines) == 1 and lines[0].encode("latin-1").endswith(b" " + name), lines
        ftp.voidcmd("TYPE I")
        assert ftp.size(text) == len(name)
        ftp.rename(text, "new" + text)
        ftp.delete("new" + text)
        ftp.cwd("/")
        ftp.rmd(folder)
    ftp.quit()
    assert not os.listdir(writable_folder), os.listdir(writable_folder)


{"make": make, "compare": compare, "transfer": transfer}[sys.argv[1]](*sys.argv[2:])
