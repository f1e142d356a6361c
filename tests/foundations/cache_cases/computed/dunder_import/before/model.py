def answer():
    return __import__("plug" + "in").value()
