"""Check, search, prove and report the audit log; see `strongroom/flows/audit.py`."""

from strongroom.launch import main

if __name__ == "__main__":
    main("audit", spark=False)
