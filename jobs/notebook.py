"""Run a notebook and keep what it shows as one page; see `strongroom/flows/notebook.py`."""

from strongroom.run_job import main

if __name__ == "__main__":
    main("notebook", spark=True)
