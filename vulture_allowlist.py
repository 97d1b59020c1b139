"""What nothing in these folders uses and is kept all the same; vulture reads this as its use. Each line says why."""
