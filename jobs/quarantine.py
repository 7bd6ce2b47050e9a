"""Work with rows that were set aside: list, show, retry, discard."""

from strongroom.run_job import main

if __name__ == "__main__":
    main("quarantine", spark="retry")
