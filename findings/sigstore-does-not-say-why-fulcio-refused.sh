#!/usr/bin/env bash
# Package: sigstore 4.5.1 (the Python library).
#
# Expected: when Fulcio refuses to give a certificate, it answers with a status
# of 400 and a message, such as that the token has another audience. The library
# reads "message" from the answer and raises FulcioClientError with it; the code
# to do so is there.
#
# Seen: the error is empty, and the message is lost. The code asks
# "if http_error.response:", and a requests.Response is false for every status
# from 400 on. So it never runs where it was meant to run. The answer can still
# be had from the error's __cause__.
#
# Output seen:
#   sigstore 4.5.1
#   the error says: ''
#   its cause has: the token has another audience
#
# Why it matters: whoever signs in CI sees that signing failed and not what to
# change; a tool that prints the error prints nothing.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check sigstore==4.5.1 pyjwt==2.15.1

env/bin/python - <<'PY'
import importlib.metadata
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt
from sigstore.models import ClientTrustConfig
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext

REASON = "the token has another audience"


class Fulcio(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        data = json.dumps({"code": 3, "message": REASON, "details": []}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Fulcio)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
service = {"url": url, "majorApiVersion": 1, "operator": "loopback", "validFor": {"start": "2020-01-01T00:00:00Z"}}
config = ClientTrustConfig.from_json(json.dumps({
    "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
    "trustedRoot": {
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [], "ctlogs": [], "certificateAuthorities": [], "timestampAuthorities": [],
    },
    "signingConfig": {
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [service], "oidcUrls": [], "rekorTlogUrls": [service], "tsaUrls": [],
        "rekorTlogConfig": {"selector": "ANY"}, "tsaConfig": {"selector": "ANY"},
    },
}))
now = int(time.time())
claims = {"iss": "https://issuer.example.org", "sub": "ada@example.org", "aud": "sigstore", "iat": now, "exp": now + 600}
token = IdentityToken(jwt.encode(claims, "a key of thirty-two bytes or more", algorithm="HS256"))
try:
    with SigningContext.from_trust_config(config).signer(token):
        raise SystemExit("a certificate was given")
except Exception as error:
    seen, answer = error, error.__cause__.response
print("sigstore", importlib.metadata.version("sigstore"))
print("the error says:", repr(str(seen)))
print("its cause has:", answer.json()["message"])
assert type(seen).__name__ == "FulcioClientError", type(seen)
assert str(seen) == "", seen
assert answer.json()["message"] == REASON and not answer
PY
