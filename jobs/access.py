"""Ask the policy, see all of it, compare two policies; see `strongroom/flows/access/__init__.py`."""

from strongroom.run_job import main

if __name__ == "__main__":
    main("access", spark=False)
