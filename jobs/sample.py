"""Make an invented lake to try everything on; see `strongroom/flows/sample.py`."""

from strongroom.run_job import main

if __name__ == "__main__":
    main("sample", spark=False)
