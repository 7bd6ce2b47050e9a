"""Turn raw files into a protected, checked, governed training table."""

from strongroom.run_job import main

if __name__ == "__main__":
    main("prepare", spark=True)
