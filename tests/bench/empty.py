"""Nothing: what every other program of this directory also pays."""
