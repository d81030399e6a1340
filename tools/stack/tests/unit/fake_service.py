"""A process like a service: `fake_service.py PORT [ready|unready|stubborn|parent]`."""

import http.server
import signal
import subprocess
import sys

_PORT, _MANNER = int(sys.argv[1]), sys.argv[2]


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503 if _MANNER == "unready" or self.path == "/503" else 200)
        self.end_headers()


if _MANNER == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if _MANNER == "parent":
    subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print(f"listening on {_PORT}", flush=True)
http.server.HTTPServer(("127.0.0.1", _PORT), _Handler).serve_forever()
