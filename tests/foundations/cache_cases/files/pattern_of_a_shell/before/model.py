import subprocess

def answer():
    return subprocess.getoutput('cat data/*.txt | tr a-z A-Z')
