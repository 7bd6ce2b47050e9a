"""Check, search, prove and report the audit log; see `strongroom/flows/audit/__init__.py`."""

from strongroom.run_job import main

if __name__ == "__main__":
    main("audit", spark=False)
