"""Check the machine: Python, Java, jars, packages, folders, disk; and say what mends it."""

from strongroom.launch import main

if __name__ == "__main__":
    main("doctor", spark=False)
