"""Computes the keys pinned in key.test.ts, from the description of the encoding alone.

n null, t true, f false, d float64 big-endian, s<bytes>:<utf-8>, a<items>:…, o<entries>:<key><value>… with sorted keys.
"""
import hashlib, struct

def encode(value):
    if value is None: return b"n"
    if value is True: return b"t"
    if value is False: return b"f"
    if isinstance(value, (int, float)): return b"d" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return b"s%d:" % len(text) + text
    if isinstance(value, list): return b"a%d:" % len(value) + b"".join(map(encode, value))
    items = sorted(value.items())
    return b"o%d:" % len(items) + b"".join(encode(k) + encode(v) for k, v in items)

sha = lambda data: hashlib.sha256(data).hexdigest()
text = lambda s: sha(s.encode())

print("fixed", sha(encode({
    "format": 1, "bundler": "rolldown 1.3.2", "stage": "train", "code": text("code"), "packages": {"effect": "4.1.0"},
    "params": {"epochs": 3, "attack": {"epsilon": 0.1, "norms": ["linf", "l2"]}},
})))
print("bound", sha(encode({
    "format": 1, "fixed": "0" * 64,
    "inputs": {"data": text("data"), "sets": [text("a"), text("b")], "byName": {"x": text("x")}},
    "environment": {"OMP_NUM_THREADS": "2", "UNSET": None}, "files": {"data/labels.csv": text("labels")},
})))
