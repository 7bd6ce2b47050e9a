"""The start button of `consent`: what it does stands in `strongroom/core/jobs.py`, how in `strongroom/flows`."""

from strongroom.run_job import main

if __name__ == "__main__":
    main("consent")
