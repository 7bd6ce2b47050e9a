"""Check the machine: Python, Java, jars, packages, folders, disk; and say what mends it."""

from strongroom.run_job import main

if __name__ == "__main__":
    main("doctor", spark=False)
