import os


def answer():
    here = os.getcwd()
    os.chdir("data")
    try:
        with open("a.csv") as file:
            return file.read()
    finally:
        os.chdir(here)
