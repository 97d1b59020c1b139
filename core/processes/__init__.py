"""Other programs: the one door through which they are started."""
