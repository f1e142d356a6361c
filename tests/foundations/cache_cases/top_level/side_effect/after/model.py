import csv

csv.field_size_limit(2000)


def answer():
    return csv.field_size_limit()
