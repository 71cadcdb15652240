# The verification of docs/receipts.md: python verify-receipt.py KEYS.json SENT.json (needs PyJWT with cryptography)
import base64
import hashlib
import json
import sys
import unicodedata

import jwt

keys, sent = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:3])
kid = jwt.get_unverified_header(sent["receipt"])["kid"]
[key] = [jwt.PyJWK(one).key for one in keys["keys"] if one["kid"] == kid]
receipt = json.loads(jwt.api_jws.decode(sent["receipt"], key, algorithms=["EdDSA"]))


def digest(pointer, value):
    text = " ".join(unicodedata.normalize("NFC", str(value)).split())
    hashed = hashlib.sha256(f"{receipt['salt']}\n{pointer}\n{text}".encode()).digest()[:16]
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def state(pointer, value):
    known = receipt["fields"].get(pointer)
    return "typed" if known is None else "verified" if known[0] == digest(pointer, value) else "modified"


assert receipt["subject"] == digest("siret", sent["siret"]), "another company"
print(json.dumps({pointer: state(pointer, value) for pointer, value in sent["values"].items()}))
