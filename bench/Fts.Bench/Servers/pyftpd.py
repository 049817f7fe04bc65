"""pyftpd.py ADDRESS PORT FOLDER [PEM]: serves FOLDER to the user "bench" in one asynchronous process, with sendfile. With PEM, TLS is optional."""
import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

logging.basicConfig(level=logging.ERROR)
handler = FTPHandler
address, port, folder = sys.argv[1:4]
if len(sys.argv) > 4:
    from pyftpdlib.handlers import TLS_FTPHandler as handler
    handler.certfile = sys.argv[4]
handler.authorizer = DummyAuthorizer()
handler.authorizer.add_user("bench", "bench", folder, perm="elradfmwMT")
handler.use_sendfile = True
handler.timeout = 3600
server = FTPServer((address, int(port)), handler, backlog=512)
server.max_cons = server.max_cons_per_ip = 20000
server.serve_forever()
