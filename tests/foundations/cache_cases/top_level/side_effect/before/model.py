import csv

csv.field_size_limit(1000)


def answer():
    return csv.field_size_limit()
