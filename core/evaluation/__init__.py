"""From the definition of a stage to what it starts with: pure, as the engine is, whose rules ask here and nowhere else."""
