import lib
print(lib.X)
