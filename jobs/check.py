"""Check settings, policy and contracts before they are run; see `strongroom/flows/check.py`."""

from strongroom.run_job import main

if __name__ == "__main__":
    main("check", spark=False)
