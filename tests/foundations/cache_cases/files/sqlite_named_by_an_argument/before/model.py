import sqlite3


def answer(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("select * from rows").fetchall()
    finally:
        connection.close()
