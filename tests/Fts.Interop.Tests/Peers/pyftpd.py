"""pyftpd.py ADDRESS PORT FOLDER [PEM]: serves FOLDER to the user "tester" with all permissions. With a certificate it requires TLS."""
import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

address, port, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
logging.basicConfig(level=logging.DEBUG)
handler = TLS_FTPHandler if len(sys.argv) > 4 else FTPHandler
if handler is TLS_FTPHandler:
    handler.certfile = handler.keyfile = sys.argv[4]
    handler.tls_control_required = handler.tls_data_required = True
handler.authorizer = DummyAuthorizer()
handler.authorizer.add_user("tester", "secret", folder, perm="elradfmwMT")
FTPServer((address, port), handler).serve_forever()
