import csv


def configure():
    csv.register_dialect("ours", delimiter="|")


configure()
