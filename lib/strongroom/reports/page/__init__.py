"""The page for people: one HTML file that loads nothing and runs nothing."""
