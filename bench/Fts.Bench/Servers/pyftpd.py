"""pyftpd.py PORT FOLDER: serves FOLDER on 127.0.0.1 to the user "bench", one asynchronous process, sendfile on."""
import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

logging.basicConfig(level=logging.ERROR)
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_user("bench", "bench", sys.argv[2], perm="elradfmwMT")
FTPHandler.use_sendfile = True
FTPHandler.timeout = 3600
server = FTPServer(("127.0.0.1", int(sys.argv[1])), FTPHandler, backlog=512)
server.max_cons = server.max_cons_per_ip = 20000
server.serve_forever()
