"""Turn raw files into a protected, checked, governed training table."""

from strongroom.launch import main

if __name__ == "__main__":
    main("prepare", spark=True)
