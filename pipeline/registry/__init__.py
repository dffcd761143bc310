"""What people browse in MLflow: runs, registered models."""
