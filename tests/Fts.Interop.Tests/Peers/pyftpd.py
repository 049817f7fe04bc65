"""pyftpd.py ADDRESS PORT FOLDER: serves FOLDER to the user "tester", who may do everything."""
import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

address, port, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
logging.basicConfig(level=logging.DEBUG)
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_user("tester", "secret", folder, perm="elradfmwMT")
FTPServer((address, port), FTPHandler).serve_forever()
