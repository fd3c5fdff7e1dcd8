"""Where tasks run. An engine knows how to run a function over tasks, and nothing about text."""
