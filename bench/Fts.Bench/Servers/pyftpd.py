"""pyftpd.py PORT FOLDER [PEM]: serves FOLDER on 127.0.0.1 to the user "bench", one asynchronous process, sendfile on; with PEM, over TLS for who asks."""
import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

logging.basicConfig(level=logging.ERROR)
handler = FTPHandler
if len(sys.argv) > 3:
    from pyftpdlib.handlers import TLS_FTPHandler as handler
    handler.certfile = sys.argv[3]
handler.authorizer = DummyAuthorizer()
handler.authorizer.add_user("bench", "bench", sys.argv[2], perm="elradfmwMT")
handler.use_sendfile = True
handler.timeout = 3600
server = FTPServer(("127.0.0.1", int(sys.argv[1])), handler, backlog=512)
server.max_cons = server.max_cons_per_ip = 20000
server.serve_forever()
