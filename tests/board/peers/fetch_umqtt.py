"""Fetches umqtt.simple as it is on the Python index, for the test that speaks MQTT.

Usage: fetch_umqtt.py DIRECTORY. pip finds the archive; it can't install it, because it was made for upip.
"""

import hashlib
import io
import pathlib
import re
import subprocess
import sys
import tarfile
import urllib.request

NAME = "micropython-umqtt.simple==1.3.4"
SHA256 = "b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f"

directory = pathlib.Path(sys.argv[1])
words = ["pip", "download", "--no-deps", "--no-binary", ":all:", "--dest", str(directory), NAME]
pip = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True)
found = re.search(r"from (https?://\S+\.tar\.gz)", pip.stdout + pip.stderr)
if not found:
    sys.exit(f"pip does not find {NAME}:\n{pip.stdout}{pip.stderr}")
with urllib.request.urlopen(found[1], timeout=60) as answer:
    archive = answer.read()
if hashlib.sha256(archive).hexdigest() != SHA256:
    sys.exit(f"{NAME} is not what it was: SHA-256 {hashlib.sha256(archive).hexdigest()}")
with tarfile.open(fileobj=io.BytesIO(archive)) as files:
    (member,) = [name for name in files.getnames() if name.endswith("/umqtt/simple.py")]
    source = files.extractfile(member).read()
target = directory / "umqtt"
target.mkdir(parents=True, exist_ok=True)
(target / "simple.py").write_bytes(source)
