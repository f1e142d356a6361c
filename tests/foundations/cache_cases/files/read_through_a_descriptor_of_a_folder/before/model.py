import os


def answer():
    folder = os.open("data", os.O_RDONLY)
    descriptor = os.open("a.csv", os.O_RDONLY, dir_fd=folder)
    try:
        return os.read(descriptor, 10)
    finally:
        os.close(descriptor)
        os.close(folder)
