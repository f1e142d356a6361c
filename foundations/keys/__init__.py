"""What a cache key is made of: the code that a stage can reach, its arguments, and what it reads while it runs."""
