"""What the benchmark of stages runs, each case in a process of its own."""
