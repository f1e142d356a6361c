import sqlite3


def answer():
    connection = sqlite3.connect("data/rows.sqlite")
    try:
        return connection.execute("select * from rows").fetchall()
    finally:
        connection.close()
