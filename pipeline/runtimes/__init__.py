"""Other onnxruntimes: their wheels, what each of them can run, and golden calls in a real one."""
