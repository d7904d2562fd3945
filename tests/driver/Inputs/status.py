# status.py STATUS COMMAND…: succeeds when the command exits with that status.
import subprocess
import sys

got = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
sys.exit(0 if got == int(sys.argv[1]) else f"exit status {got}, not {sys.argv[1]}")
