def answer():
    class A:
        """doc"""

        x = 1
    return A.x
